/* The time-outs of election rounds. */
#include "consensus/round.h"

#include <criterion/criterion.h>

enum { T = 400, UNTOUCHED = 777 };

static void begin(struct raft *raft, raft_time at_ms, raft_term term, bool pre_vote)
{
    raft->state = RAFT_CANDIDATE;
    raft->election_timeout = T;
    raft->election_timer_start = at_ms;
    raft->current_term = term;
    raft->candidate_state.in_pre_vote = pre_vote;
    raft->candidate_state.randomized_election_timeout = UNTOUCHED;
}

static void expect(const struct raft *raft, unsigned least, unsigned most)
{
    cr_assert_geq(raft->candidate_state.randomized_election_timeout, least);
    cr_assert_leq(raft->candidate_state.randomized_election_timeout, most);
}

Test(round, every_pre_vote_round_is_short)
{
    struct raft raft = {0};
    struct round r = {0};

    for (raft_time at = 1; at < 100; at++) {
        begin(&raft, at, 5, true);
        round_on_turn(&r, &raft);
        expect(&raft, T / 8, T / 4);
    }
}

Test(round, the_first_real_round_is_short_and_the_next_is_librafts)
{
    struct raft raft = {0};
    struct round r = {0};

    begin(&raft, 10, 5, true);
    round_on_turn(&r, &raft);
    begin(&raft, 10, 6, false); /* In the same millisecond. */
    round_on_turn(&r, &raft);
    expect(&raft, T / 4, T * 3 / 4);
    begin(&raft, 300, 7, false);
    round_on_turn(&r, &raft);
    expect(&raft, UNTOUCHED, UNTOUCHED);
}

Test(round, a_round_is_touched_once)
{
    struct raft raft = {0};
    struct round r = {0};

    begin(&raft, 10, 5, true);
    round_on_turn(&r, &raft);
    raft.candidate_state.randomized_election_timeout = UNTOUCHED;
    round_on_turn(&r, &raft);
    expect(&raft, UNTOUCHED, UNTOUCHED);
}

Test(round, a_new_election_begins_anew)
{
    struct raft raft = {0};
    struct round r = {0};

    begin(&raft, 10, 5, false);
    round_on_turn(&r, &raft);
    raft.state = RAFT_FOLLOWER;
    round_on_turn(&r, &raft);
    begin(&raft, 10, 6, false);
    round_on_turn(&r, &raft);
    expect(&raft, T / 4, T * 3 / 4);
}
