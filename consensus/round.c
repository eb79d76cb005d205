#include "consensus/round.h"

#include <assert.h>
#include <sys/random.h>

/* From `least` to `most`, both included. */
static unsigned within(unsigned least, unsigned most)
{
    unsigned draw = 0;

    assert(least <= most);
    /* Without one it is the least: only that two nodes then meet more often. */
    if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw)
        return least;
    return least + draw % (most - least + 1);
}

void round_on_turn(struct round *r, struct raft *raft)
{
    unsigned t = raft->election_timeout;
    unsigned timeout;

    if (raft->state != RAFT_CANDIDATE) {
        r->candidate = false;
        return;
    }
    if (!r->candidate) {
        r->candidate = true;
        r->voted = false;
    } else if (raft->election_timer_start == r->began_ms && raft->current_term == r->term) {
        return;
    }
    r->began_ms = raft->election_timer_start;
    r->term = raft->current_term;
    if (raft->candidate_state.in_pre_vote) {
        timeout = within(t / 8, t / 4);
    } else if (!r->voted) {
        r->voted = true;
        timeout = within(t / 4, t * 3 / 4);
    } else {
        return;
    }
    raft->candidate_state.randomized_election_timeout = timeout;
}
