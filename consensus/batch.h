/* What one raft entry holds: the commands of one loop turn.
 *
 *   u32 magic "HFB1"   u32 count
 *   u64 stamp_ms       wall clock of the proposing leader
 *   u64 origin         node that proposed it
 *   u64 tag            the proposer's own number for it, unique for its life
 *   count x { u32 len, len bytes }, then zeros up to a multiple of 8
 *
 * Little-endian. The padding is a rule of libraft: an entry whose length is no
 * multiple of 8 corrupts the segment that it is written to (canonical/raft 180,
 * 304). Pure functions. */
#ifndef HOLDFAST_CONSENSUS_BATCH_H
#define HOLDFAST_CONSENSUS_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct batch_header {
    uint64_t stamp_ms;
    uint64_t origin;
    uint64_t tag;
    uint32_t count;
};

/* Build in three steps; the count is that of the batch_add() calls. */
void batch_begin(struct bytes *out);
void batch_add(struct bytes *out, const void *command, size_t len);
void batch_end(struct bytes *out, const struct batch_header *h);

/* Reads a batch. A zeroed cursor starts at the first command. */
struct batch_cursor {
    const uint8_t *data;
    size_t len;
    size_t offset;
    uint32_t left;
};
/* Returns false unless the whole entry is well-formed, to its last byte. */
bool batch_open(struct batch_cursor *c, const void *data, size_t len, struct batch_header *ret);
/* The next command (borrowed); false after the last. */
bool batch_next(struct batch_cursor *c, const uint8_t **ret, size_t *ret_len);

#endif
