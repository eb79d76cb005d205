/* Failed rounds of an election that do not cost another whole time-out.
 *
 * A follower asks for votes T to 2T after it last heard of a leader, and a
 * candidate that got no majority waits T to 2T again (election.c,
 * electionResetTimer). With pre-vote that is what nearly every other election
 * costs: who comes first is refused by all that still believe in the dead leader
 * (recv_request_vote.c, has_leader), and if their logs are shorter than its own
 * it alone can win, up to 2T later: 4T in all, while leases run out.
 *
 * So the time-out of a round is shortened as soon as it has begun:
 *
 * - a pre-vote round to T/8 .. T/4. It changes neither term nor vote on any node,
 *   so that asking more often costs messages only, and who still hears a leader
 *   goes on refusing;
 * - the first real round, in which two may have taken each other's votes, to
 *   T/4 .. 3T/4. Only the first: where votes take longer than that to reach the
 *   disks, the rounds that follow have libraft's own time.
 *
 * Safe because raft's safety does not depend on time (Raft thesis, section 3.9).
 * From it follows how long an election may take, which node/config.c holds
 * against the lease (check_timing()). Loop thread. */
#ifndef HOLDFAST_CONSENSUS_ROUND_H
#define HOLDFAST_CONSENSUS_ROUND_H

#include <raft.h>
#include <stdbool.h>

struct round {
    raft_time began_ms; /* Of the round last seen, */
    raft_term term;     /* and its term: two can begin in one millisecond. */
    bool candidate;     /* This node was one at the end of the last turn. */
    bool voted;         /* A real round of this election has been shortened. */
};

/* At the end of every turn of the loop, before anything waits for a timer. */
void round_on_turn(struct round *r, struct raft *raft);

#endif
