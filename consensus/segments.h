/* What raft's folder says of the end of the log, by the names of its files. libraft cuts a log
 * off by writing the segment anew that holds the place, under its new name, and then removing
 * the old one and those behind it (uv_truncate.c), without telling whether it could; and by
 * writing a snapshot and then removing the segments. Blocks for a few system calls. */
#ifndef HOLDFAST_CONSENSUS_SEGMENTS_H
#define HOLDFAST_CONSENSUS_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* No file holds an entry of index `index` or behind it: each closed segment ends before, and
 * nothing is written in the open ones. False also if that cannot be seen now. */
bool segments_end_before(const char *dir, uint64_t index);

/* Each open segment that was written to is closed, but for the one that is being written. One
 * that is full is open yet for a moment, and for good if raft_uv could not close it, of which
 * it tells nobody. False also if that cannot be seen now. */
bool segments_are_closed(const char *dir);

/* The folder itself is durable. */
bool segments_sync(const char *dir);

/* Before the log is loaded, when a process has ended within a cut at `cut`: make of the folder
 * a log again, the one of before the cut or a part of it that goes up to the cut at least.
 * Since nothing is written behind a cut before it has happened, all that is behind it is of
 * the old log, and was never acknowledged:
 *
 * - with a snapshot that goes up to the cut, all segments go;
 * - closed segments from there on go;
 * - open ones go if the closed ones reach the cut without a gap, for then they begin behind it,
 *   and libraft would number their entries anew;
 * - the segment that was written anew goes, to its end or not, if the old one is there.
 *
 * Returns 0, or a code with *ret_why (to free). Can be done again after a crash. */
uint32_t segments_repair(const char *dir, uint64_t cut, char **ret_why);

#endif
