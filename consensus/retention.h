/* When to take a snapshot, and how much log to keep behind it.
 *
 * By number of entries: both 8192, so that a follower that lags a little, or
 * restarts, is fed from the log and never needs a snapshot installed, which is
 * slow and where libraft's own bugs are. But an entry holds a whole turn's
 * commands, and libraft keeps every entry in memory until it is compacted away:
 * under heavy load 16384 entries would be hundreds of megabytes. So bytes are
 * counted as well: a snapshot is due after `RETENTION_BYTES`, and no more than
 * that much is kept behind it. Pure arithmetic; loop thread. */
#ifndef HOLDFAST_CONSENSUS_RETENTION_H
#define HOLDFAST_CONSENSUS_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETENTION_BYTES ((uint64_t)16 << 20)

struct retention {
    unsigned threshold; /* As configured. */
    unsigned trailing;
    uint64_t bytes;  /* Applied since the last snapshot. */
    uint32_t *sizes; /* Ring of the last `trailing` entries' sizes. Owned. */
    unsigned next;
    unsigned count;
};

void retention_init(struct retention *r, unsigned threshold, unsigned trailing);
void retention_release(struct retention *r);
/* An entry of `len` bytes was applied. */
void retention_note(struct retention *r, size_t len);
/* So many bytes were applied that a snapshot should be taken now. */
bool retention_is_due(const struct retention *r);
/* How many entries to keep behind a snapshot taken now; at least 1. */
unsigned retention_trailing(const struct retention *r);
/* A snapshot was taken. */
void retention_restart(struct retention *r);

#endif
