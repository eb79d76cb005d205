/* How often a leader repeats what a follower does not acknowledge.
 *
 * libraft, once a follower has missed one message, sends it all that it lacks, up to as
 * many entries as may be in flight, with every heartbeat, until the follower has written more than
 * before (progress.c: PROBE ends only when match_index rises). One whose disk is
 * full writes nothing for hours: it is sent 25 MB twelve times a second, over which leader
 * and follower lose their elections and leases. (Measured: 344 MB/s on loopback.)
 *
 * So what was sent twice from the same entry on is repeated after pauses that double,
 * and no more than a part of it; in between go heartbeats without entries. A leader
 * repeats from the same entry only while it probes, when it takes nothing for
 * sent; should that be otherwise, the follower finds a gap and says so.
 *
 * Invariant: a follower that is back gets entries with the heartbeat after its first answer,
 * whatever was sent to it in vain. The pauses are for those who answer and write
 * nothing; whoever was silent for RESEND_SILENT_MS and answers begins anew. Otherwise a node
 * that returns would wait for as long as it was away, and for so long the loss of another
 * would leave no majority that could commit. Pure; loop thread only. */
#ifndef HOLDFAST_CONSENSUS_RESEND_H
#define HOLDFAST_CONSENSUS_RESEND_H

#include <raft.h>
#include <stdint.h>

enum {
    RESEND_FREE = 2,       /* So often without a pause. */
    RESEND_PAUSE_MS = 200, /* The first one, */
    RESEND_PAUSE_MS_MAX = 5000,
    RESEND_SILENT_MS = 300, /* A few heartbeats. */
    RESEND_BYTES_MAX = 1 << 20, /* Of entries; at least one. */
    RESEND_SERVERS_MAX = 256,
};

struct resend {
    struct {
        raft_id id; /* 0: free. */
        raft_term term;
        raft_index prev; /* Of the last message with entries. */
        unsigned times;
        uint64_t pause_ms, at_ms;
        uint64_t heard_ms; /* When it answered last. */
    } servers[RESEND_SERVERS_MAX];
};

/* How many of the entries of `a`, which goes to the server `id` now, are to be sent. */
unsigned resend_entries(struct resend *r, raft_id id, const struct raft_append_entries *a,
                        uint64_t now_ms);
/* The server `id` has answered. */
void resend_heard(struct resend *r, raft_id id, uint64_t now_ms);

#endif
