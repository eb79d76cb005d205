/* How much the disk of the log still takes.
 *
 * raft_uv writes into segments of 8 MiB that it has prepared: their room is taken
 * before anything is written, so a full disk is first met by the preparing of the
 * next one, and what is left until then (`raft_io.capacity`, in KB) is a reserve that
 * nobody can take away. A snapshot has no such reserve, and one that
 * cannot be written ends the process (guard.h, 1): so none is begun without room for it.
 *
 * Loop thread. room_free() may wait for the disk, as any look at a file may. */
#ifndef HOLDFAST_CONSENSUS_ROOM_H
#define HOLDFAST_CONSENSUS_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#define ROOM_SEGMENT_BYTES ((uint64_t)8 << 20)

/* Bytes that the file system of `dir` has left for this process; UINT64_MAX if it
 * does not say: then nothing is held back. */
uint64_t room_free(const char *dir);

/* A log that has `capacity_kb` of room prepared has next to nothing left, and could not
 * prepare more: less than a segment, and no room for another. */
bool room_is_low(const char *dir, unsigned capacity_kb);

/* A snapshot of `bytes` may be written: there is room for it, and to spare for what
 * others write meanwhile. */
bool room_for_snapshot(const char *dir, uint64_t bytes);

/* A file `spare` in `dir` takes 1 MiB that nobody needs: raft_uv cannot start on a full
 * disk, since it first tries out what the file system can, in a file of its own. So
 * a daemon that is restarted on a full disk gives that up first. The segments that it
 * then closes give back what they had not used, and their room is prepared anew. */
void room_spare_keep(const char *dir);    /* Unless it is there, or there is little room. */
void room_spare_give_up(const char *dir); /* If there is no room. */

#endif
