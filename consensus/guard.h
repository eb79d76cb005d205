/* A raft_io that fails safe: raft_uv with its dangerous edges wrapped.
 *
 * 1. Fail-stop. In 0.22.1 an error of truncate, set_term, set_vote, append or
 *    snapshot_put only skips the rest of that step (legacy.c, tickCb and recvCb
 *    assert on it, and both Debian builds are NDEBUG), with the term or vote
 *    already changed in memory: a vote could be given twice, a follower's memory
 *    could differ from its disk. There is no RAFT_UNAVAILABLE state any more to
 *    poll for. So each of these errors ends the process, whose next life starts
 *    from what the disk holds.
 * 2. Acknowledged entries: raises and lowers the mark of acked.h, and refuses to
 *    load a log that ends below it. What is truncated while it is being written
 *    does not raise the mark when that write ends.
 * 3. No snapshot is installed while one is being taken: takeSnapshotCb sets
 *    snapshot_pending to NULL and then uses it (cowsql src/legacy.c:530-534,
 *    still so in main). Such messages are dropped; the leader repeats them.
 * 4. A failed write of the open segment never reaches the caller: raft_uv means
 *    to repeat it, but starts the wrong timer for that (uv_append.c,
 *    uvAliveSegmentWriteCb: prepare_retry for append_retry), whose data is
 *    another struct, and writes through it. guard_watch() sees the failure in
 *    the turn of the loop in which it happens, and that ends the process before.
 * 5. A follower that is sent a change of the configuration behind other entries
 *    of the same message takes it for an entry of the index of the first of them
 *    (replication.c, replicationAppend: membershipUncommittedChange(r, index,
 *    ...) for index + i). It never learns that the change was committed: its
 *    snapshots carry the configuration of before, and as leader it refuses every
 *    further change for good. So such messages are taken apart: a change always
 *    comes first.
 * 6. A snapshot that is due while several changes of the configuration are being
 *    applied at once (a node that reads its log again, or lags) is taken behind
 *    the first of them, with all entries and the configuration of that first one
 *    (legacy.c: legacyApply() queues an event for each, and the snapshot is taken
 *    between two of these). A node that starts from it counts votes by an old
 *    configuration. The right one is written instead.
 * 7. A snapshot that is taken while an older one is being read for a follower is
 *    sent instead of it, with its own index and the term of the older one
 *    (legacy.c, legacyLoadSnapshotCb). If the terms differ the follower is lost:
 *    no entry will ever match, and each attempt frees memory twice. The term is
 *    set right.
 * 8. Entries that a follower has long had, sent again with a newer commit index,
 *    set its commit index back (replication.c, replicationAppend: the smaller of
 *    the leader's and the last entry of the message, without regard to what was
 *    committed already). A snapshot taken then has an index below what its state
 *    holds, and a node that starts from it applies entries twice. Such a message
 *    is given no newer commit index than the follower's own.
 * 9. A configuration that is forced upon a log (raft_recover) is appended to whatever loads:
 *    to a log that has lost its tail, too, and then reaches the mark again. So the log is
 *    loaded and judged by the mark before.
 * 10. A snapshot for which the disk has no room ends the process (1), and the next
 *    life is sent it again. So one from the leader is dropped like those of 3 until
 *    there is room.
 * 11. A follower that writes nothing is sent everything again with every heartbeat:
 *    see resend.h.
 * 12. A cut of the log that fails (a full disk: a segment is written anew) is told to
 *    nobody: uvTruncateAfterWorkCb and uvFinalizeAfterWorkCb set `errored`, which
 *    nothing reads, and the entries that follow are written as if it had been done.
 *    The next start takes the entries that were to be cut off for part of the log,
 *    with all that follow moved behind them: another log, in which nothing is
 *    missing. So nothing is written behind a cut before the folder shows it, and one
 *    that does not come about ends the process: see cut.h. A full segment that
 *    cannot be closed is told to nobody either: that ends the process before another
 *    one is full, or a snapshot is taken (fsm.c), with all still to be read in order.
 * 13. Entries of one batch are freed when the last of them leaves the log that no
 *    message holds (log.c, isBatchReferenced: it looks at the log alone), also if a
 *    message that is on its way holds others: it is sent from freed memory, which is
 *    freed again behind it. Only what is loaded has batches of more than one entry:
 *    it is taken apart.
 * 14. A pre-vote is answered with the term that was asked for (recv_request_vote.c), by one
 *    whose own is later, too. The candidate never learns of it, and is refused for ever: if
 *    nobody else has a log as long, nobody is elected. So a refusal carries the later term,
 *    which the candidate takes over (recv_request_vote_result.c).
 *
 * Loop thread only. */
#ifndef HOLDFAST_CONSENSUS_GUARD_H
#define HOLDFAST_CONSENSUS_GUARD_H

#include <raft.h>
#include <stdbool.h>
#include <stdint.h>

#include "consensus/acked.h"

struct guard;

/* Ends the process: see consensus_callbacks.fatal. */
typedef void (*guard_fatal)(const char *message, void *data) __attribute__((noreturn));

/* Wrap `io` in place, after raft_uv_init() and before raft_init(). `acked` is
 * borrowed until guard_close(). One raft_io of a process can be found by its
 * address alone, since raft_uv uses every other field itself. */
struct guard *guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal, void *data);
/* After raft has been closed. */
void guard_close(struct guard *g); /* NULL is fine. */

/* At the end of every turn of the loop, while raft is open: see 4 and 12. */
void guard_watch(struct guard *g);

/* Hear of every message that raft sends (borrowed during the call); NULL: no
 * longer. And send one as raft would. */
void guard_on_send(struct guard *g, void (*sent)(const struct raft_message *message, void *data),
                   void *data);
int guard_send(struct guard *g, struct raft_io_send *req, const struct raft_message *message,
               raft_io_send_cb cb);

/* Is there room for a snapshot of so many bytes? See 10. NULL: there always is. */
void guard_ask_room(struct guard *g, bool (*has_room)(uint64_t bytes, void *data), void *data);

/* Where the segments are, for 12; borrowed. NULL: each cut is taken for done. */
void guard_look_into(struct guard *g, const char *dir);

/* For how long the oldest append has not been written; 0: none is under way. */
uint64_t guard_writing_ms(const struct guard *g);

/* When raft gave the entry that is or was `index` to this node's log, on clock_boot_ms(): its
 * own proposal, or a leader's message. 0: not known, that was long ago or in a former life. */
uint64_t guard_arrived_ms(const struct guard *g, raft_index index);

/* A snapshot of our own is being written. */
bool guard_is_taking_snapshot(const struct guard *g);

#endif
