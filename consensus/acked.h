/* Remembers, in a file of its own, up to which entry the log has told others
 * "it is on my disk".
 *
 * Raft is safe only if a server never forgets what it acknowledged. libraft
 * cannot tell a log that lost its tail from a clean one: a bad batch at the
 * end of an open segment is taken for a torn write and cut off without a word
 * (uv_segment.c, uvSegmentLoadOpen). With this mark it is told apart: an entry
 * that was only half written when the power failed was never acknowledged, so
 * the mark is below it; a log that ends below the mark has lost something.
 *
 * The file is one page, mapped: setting the mark is a store, costs no system
 * call, and survives the death of the process. After a power cut the mark may
 * be older than the log, never newer: it is only raised once the entry is
 * durable, and lowered, on the disk too, before a suffix is truncated.
 *
 * A second word says that a cut of the log is under way (cut.h): from before it is asked for
 * until it has happened, and on the disk at each of these moments. Loop thread only. */
#ifndef HOLDFAST_CONSENSUS_ACKED_H
#define HOLDFAST_CONSENSUS_ACKED_H

#include <stdint.h>

struct acked;

/* Opens or makes `dir`/acknowledged. Returns 0 or an error code
 * (ERROR_FILE_CORRUPT: it is there but not ours). The disk space is reserved,
 * so that a full disk cannot fault a later store. */
uint32_t acked_open(const char *dir, struct acked **ret);
void acked_close(struct acked *a); /* NULL is fine. */

uint64_t acked_index(const struct acked *a);
void acked_raise(struct acked *a, uint64_t index); /* No effect if not higher. */
/* No effect if not lower; else waits for the disk. Returns 0 or the code of a
 * failed write: then nothing may be truncated. */
uint32_t acked_lower(struct acked *a, uint64_t index);

/* Where the log is being cut off: before that entry; 0: nowhere. */
uint64_t acked_cut(const struct acked *a);
/* Waits for the disk. Returns 0 or the code of a failed write. */
uint32_t acked_set_cut(struct acked *a, uint64_t index);

#endif
