/* What raft's folder says of the end of the log, by the names of its segments. libraft cuts
 * a log off by writing the segment anew that holds the place, under its new name, and then
 * removing the old one and those behind it (uv_truncate.c), without telling whether it could.
 * Blocks for a few system calls. */
#ifndef HOLDFAST_CONSENSUS_SEGMENTS_H
#define HOLDFAST_CONSENSUS_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* No file holds an entry of index `index` or behind it, durably so: each closed segment ends
 * before, and nothing is written in the open ones. False also if the folder cannot be read. */
bool segments_end_before(const char *dir, uint64_t index);

/* Before the log is loaded: remove what a cut left that a crash has interrupted, so that the
 * log is as before it or as after it; libraft would refuse it. Of two segments that begin with
 * the same entry the shorter one goes, whether it was written to its end or not; behind a gap
 * all go if nothing was acknowledged there, by the mark `acked`, which is lowered before a
 * cut begins. Returns 0, or a code with *ret_why (to free). */
uint32_t segments_repair(const char *dir, uint64_t acked, char **ret_why);

#endif
