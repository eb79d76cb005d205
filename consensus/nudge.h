/* Tells followers soon that an entry is committed.
 *
 * raft carries the commit index on AppendEntries messages. When nothing more is
 * being written, a follower learns that the last entry is committed only from
 * the next heartbeat: up to 80 ms in which the owner of a group does not yet
 * know that it is to start something. So when the commit index has risen and no
 * message has told a peer, a heartbeat of our own does: an empty AppendEntries
 * behind the last entry that this peer has acknowledged, such as the leader may
 * send at any time (Raft thesis, figure 3.1).
 *
 * Invariant: what is sent differs from the last message that libraft itself sent
 * to this peer in this term only by being empty, standing behind that message's
 * entries, and carrying a commit index that libraft has reached since. It is sent
 * only if the peer has acknowledged those entries, so the consistency check at
 * the peer succeeds. Loop thread. */
#ifndef HOLDFAST_CONSENSUS_NUDGE_H
#define HOLDFAST_CONSENSUS_NUDGE_H

#include <raft.h>
#include <uv.h>

struct guard;
struct nudge;

/* `raft` and `guard` are borrowed until the close has been told. */
struct nudge *nudge_open(uv_loop_t *loop, struct raft *raft, struct guard *guard);
/* `closed` is called from the loop when nothing of it is left. */
void nudge_close(struct nudge *n, void (*closed)(void *data), void *data);

/* Once a turn: has the commit index risen? */
void nudge_on_turn(struct nudge *n);

#endif
