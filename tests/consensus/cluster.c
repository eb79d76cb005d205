/* Several nodes of real libraft over real connections. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "consensus/consensus.h"
#include "tests/consensus/world.h"

TestSuite(cluster, .timeout = 120);

static void open_all(struct world *w)
{
    for (unsigned i = 0; i < w->count; i++)
        node_open(&w->nodes[i]);
}

static struct node *other_than(struct world *w, const struct node *n)
{
    for (unsigned i = 0; i < w->count; i++)
        if (&w->nodes[i] != n && w->nodes[i].consensus != NULL)
            return &w->nodes[i];
    return NULL;
}

static bool all_equal(struct world *w)
{
    const struct node *first = NULL;

    for (unsigned i = 0; i < w->count; i++) {
        const struct node *n = &w->nodes[i];
        if (n->consensus == NULL)
            continue;
        if (first != NULL && !node_equal(first, n))
            return false;
        first = first != NULL ? first : n;
    }
    return true;
}

/* Whether the cluster has it, and if not, will not have it of itself. */
static bool has(struct world *w, const char *command)
{
    struct node *leader;
    struct ask ask;

    do {
        ask = (struct ask){0};
        leader = world_elect(w);
        node_barrier(leader, &ask);
        RUN_UNTIL(w, ask.finished > 0);
    } while (ask.code != 0);
    return leader->state.len > 0 &&
           memmem(leader->state.data, leader->state.len, command, strlen(command)) != NULL;
}

/* Commits once, through whoever leads by then: what may have been committed when its leader
 * went is looked for. No command is a part of one before it. */
static void commit(struct world *w, const char *command)
{
    for (;;) {
        struct ask ask = {0};
        struct node *leader = world_elect(w);

        node_propose(leader, command, &ask);
        RUN_UNTIL(w, ask.finished > 0);
        if (ask.code == 0 || has(w, command))
            return;
    }
}

static void run_over(const char *host)
{
    struct world w;
    char command[16];

    world_setup(&w, 3, host);
    open_all(&w);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(command, sizeof command, "command %u", i);
        commit(&w, command);
    }
    RUN_UNTIL(&w, w.nodes[0].applied_position >= 20 && all_equal(&w));
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_geq(w.nodes[i].commands, 20);
        cr_assert_eq(w.nodes[i].stamp_ms, w.nodes[0].stamp_ms, "one stamp on every node");
        cr_assert_eq(consensus_role(w.nodes[i].consensus), CONSENSUS_VOTER);
    }
    world_teardown(&w);
}

Test(cluster, three_nodes_apply_the_same)
{
    run_over("127.0.0.1");
}

Test(cluster, a_host_name_will_do)
{
    run_over("localhost");
}

Test(cluster, so_will_ipv6)
{
    run_over("[::1]");
}

Test(cluster, a_follower_proposes_nothing)
{
    struct ask command = {0}, barrier = {0};
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    struct node *follower = other_than(&w, world_elect(&w));
    if (!consensus_is_leader(follower->consensus)) {
        node_propose(follower, "no", &command);
        node_barrier(follower, &barrier);
        cr_assert_eq(command.finished, 0, "never from inside");
        RUN_UNTIL(&w, w.finished == 2);
        cr_assert_eq(command.code, ERROR_NOT_READY);
        cr_assert_eq(barrier.code, ERROR_NOT_READY);
    }
    commit(&w, "yes");
    RUN_UNTIL(&w, follower->commands >= 1 && all_equal(&w));
    /* Not how many came: a change of leader may repeat the other one. */
    cr_assert_null(memmem(follower->state.data, follower->state.len, "no", 2),
                   "what was refused never comes");
    world_teardown(&w);
}

Test(cluster, when_the_leader_goes_another_takes_over_and_nothing_is_lost)
{
    struct ask pending[3] = {0};
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    commit(&w, "before");
    struct node *leader = world_elect(&w);
    uint64_t term = consensus_term(leader->consensus);
    for (unsigned i = 0; i < 3; i++)
        node_propose(leader, "pending", &pending[i]);
    node_close(leader);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(pending[i].finished, 1);
        cr_assert_eq(pending[i].code, ERROR_RETRY, "it may or may not have happened");
    }
    struct node *next = world_elect(&w);
    cr_assert_neq(next, leader);
    cr_assert_gt(consensus_term(next->consensus), term);
    commit(&w, "after");
    RUN_UNTIL(&w, all_equal(&w));
    cr_assert(next->commands == 2 || next->commands == 5, "all or none of the entry");
    node_open(leader);
    RUN_UNTIL(&w, leader->applied_position == next->applied_position && all_equal(&w));
    world_teardown(&w);
}

static uint64_t log_end(const struct node *n)
{
    struct consensus_end end;

    consensus_log_end(n->consensus, &end);
    return end.index;
}

/* The next leader commits what the last one left, long after it came. */
Test(cluster, an_entry_that_a_dead_leader_left_came_while_that_lived)
{
    struct ask pending = {0};
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    commit(&w, "before");
    RUN_UNTIL(&w, all_equal(&w));
    struct node *leader = world_elect(&w), *follower = other_than(&w, leader);
    uint64_t end = log_end(follower), asked_ms = clock_boot_ms();
    node_propose(leader, "left", &pending);
    RUN_UNTIL(&w, log_end(follower) > end);
    unsigned commands = follower->commands;
    node_close(leader);
    uint64_t closed_ms = clock_boot_ms();
    cr_assert_eq(commands, 1, "in its log, and not known to be committed");
    RUN_UNTIL(&w, follower->commands == 2);
    cr_assert_geq(follower->arrived_ms, asked_ms);
    cr_assert_leq(follower->arrived_ms, closed_ms, "not when the next leader has it applied");
    cr_assert_geq(clock_boot_ms(), closed_ms + w.election_ms / 2, "which is much later");
    world_teardown(&w);
}

/* A leader that is cut off from the majority loses its office by itself, and
 * what it had under way is answered. */
Test(cluster, a_leader_without_a_majority_gives_up_and_says_so)
{
    struct ask pending = {0};
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    commit(&w, "before");
    struct node *leader = world_elect(&w);
    for (unsigned i = 0; i < 3; i++)
        if (&w.nodes[i] != leader)
            node_close(&w.nodes[i]);
    if (consensus_is_leader(leader->consensus)) {
        node_propose(leader, "pending", &pending);
        RUN_UNTIL(&w, pending.finished > 0);
        cr_assert_eq(pending.code, ERROR_RETRY);
        cr_assert_eq(pending.applied, 0);
    }
    RUN_UNTIL(&w, !consensus_is_leader(leader->consensus));
    cr_assert_eq(leader->commands, 1);
    /* Back again, the entry may yet be committed: once. */
    for (unsigned i = 0; i < 3; i++)
        if (w.nodes[i].consensus == NULL)
            node_open(&w.nodes[i]);
    commit(&w, "after");
    RUN_UNTIL(&w, all_equal(&w));
    cr_assert_leq(leader->commands, 3);
    world_teardown(&w);
}

/* As after elections that it lost; the node is closed. */
static void lose_elections(const struct node *n, uint64_t terms)
{
    enum { TERM_AT = 16 }; /* Behind the format and the version (uv_metadata.c). */
    char path[128];
    size_t len;

    for (unsigned nth = 0; file_find(n->dir, "metadata", "", nth, path, sizeof path); nth++) {
        uint8_t *data = file_read(path, &len);
        uint64_t term;
        memcpy(&term, data + TERM_AT, sizeof term);
        term += terms;
        memcpy(data + TERM_AT, &term, sizeof term);
        file_write(path, data, len);
        free(data);
    }
}

/* Only the one with the longer log can win, and with pre-vote it must be told of the other's
 * term first. */
Test(cluster, two_of_which_one_has_the_later_term_and_one_the_longer_log_elect_a_leader)
{
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    commit(&w, "for all");
    RUN_UNTIL(&w, all_equal(&w));
    struct node *behind = other_than(&w, world_elect(&w));
    node_close(behind);
    commit(&w, "for two");
    struct node *leader = world_elect(&w);
    uint64_t term = consensus_term(leader->consensus);
    node_close(other_than(&w, leader));
    node_close(leader);

    lose_elections(behind, 10);
    node_open(behind);
    node_open(leader);
    cr_assert_eq(world_elect(&w), leader);
    cr_assert_gt(consensus_term(leader->consensus), term + 10);
    world_teardown(&w);
}

/* The entry of its former life carries this node's id and a tag that nobody
 * waits for now. It is committed by the new life, with a batch under way. */
Test(cluster, an_entry_of_a_former_life_comes_without_its_request)
{
    struct ask lost = {0}, first = {0};
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    commit(&w, "for all");
    RUN_UNTIL(&w, all_equal(&w));
    struct node *leader = world_elect(&w), *other;
    uint64_t position = leader->applied_position;
    for (unsigned i = 0; i < 3; i++)
        if (&w.nodes[i] != leader)
            node_close(&w.nodes[i]);
    node_propose(leader, "of a former life", &lost);
    RUN_UNTIL(&w, lost.finished > 0);
    node_close(leader);
    if (lost.code == ERROR_RETRY) { /* Else it had given up before. */
        other = leader == &w.nodes[0] ? &w.nodes[1] : &w.nodes[0];
        leader->when_leading = &first;
        node_open(leader);
        node_open(other); /* Cannot be elected: its log is shorter. */
        RUN_UNTIL(&w, first.finished > 0 && all_equal(&w));
        cr_assert_eq(first.code, 0);
        cr_assert_eq(first.applied, 1);
        cr_assert_eq(first.position, position + 2, "behind the other");
        cr_assert_eq(leader->commands, 3);
        cr_assert_eq(lost.applied, 0);
    }
    world_teardown(&w);
}

static void count_tick(uv_timer_t *timer)
{
    ++*(unsigned *)timer->data;
}

Test(cluster, a_standby_gets_the_log_and_does_not_vote)
{
    struct world w;
    unsigned ticks = 0;
    uv_timer_t timer;

    world_setup(&w, 3, NULL);
    w.nodes[2].role = CONSENSUS_STANDBY;
    w.election_ms = 500; /* Enough for an election under valgrind, too. */
    open_all(&w);
    commit(&w, "for all");
    RUN_UNTIL(&w, w.nodes[2].commands == 1 && all_equal(&w));
    cr_assert_eq(consensus_role(w.nodes[2].consensus), CONSENSUS_STANDBY);

    /* With its vote node 1 would stay or become leader again within 2 T. */
    node_close(&w.nodes[1]);
    RUN_UNTIL(&w, !consensus_is_leader(w.nodes[0].consensus));
    uint64_t term = consensus_term(w.nodes[0].consensus);
    uv_timer_init(&w.loop, &timer);
    timer.data = &ticks;
    uv_timer_start(&timer, count_tick, w.election_ms, w.election_ms);
    while (ticks < 6) {
        world_step(&w);
        cr_assert_not(consensus_is_leader(w.nodes[0].consensus));
        cr_assert_not(consensus_is_leader(w.nodes[2].consensus));
    }
    cr_assert_eq(consensus_term(w.nodes[0].consensus), term, "pre-vote: no term is burnt");
    uv_close((uv_handle_t *)&timer, NULL);
    node_open(&w.nodes[1]);
    commit(&w, "again");
    RUN_UNTIL(&w, w.nodes[2].commands == 2 && all_equal(&w));
    world_teardown(&w);
}

Test(cluster, a_node_that_lags_too_far_is_sent_a_snapshot)
{
    struct world w;
    char command[16];

    world_setup(&w, 3, NULL);
    w.threshold = 8;
    w.trailing = 2;
    node_open(&w.nodes[0]);
    node_open(&w.nodes[1]);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(command, sizeof command, "command %u", i);
        commit(&w, command);
    }
    cr_assert_gt(consensus_snapshots(world_elect(&w)->consensus), 2);
    node_open(&w.nodes[2]);
    RUN_UNTIL(&w, w.nodes[2].applied_position >= 60 && all_equal(&w));
    cr_assert_geq(w.nodes[2].restores, 1);
    cr_assert_lt(w.nodes[2].commands, 60, "it did not get all by the log");
    commit(&w, "and on");
    RUN_UNTIL(&w, w.nodes[2].applied_position >= 61 && all_equal(&w));

    /* It can be read again: the mark and the snapshot agree. */
    node_close(&w.nodes[2]);
    node_open(&w.nodes[2]);
    RUN_UNTIL(&w, w.nodes[2].applied_position >= 61 && all_equal(&w));
    world_teardown(&w);
}

Test(cluster, leadership_is_handed_over)
{
    struct world w;

    world_setup(&w, 3, NULL);
    open_all(&w);
    commit(&w, "before");
    struct node *leader = world_elect(&w);
    RUN_UNTIL(&w, all_equal(&w));
    consensus_transfer(other_than(&w, leader)->consensus); /* Not its to give: nothing. */
    consensus_transfer(leader->consensus);
    consensus_transfer(leader->consensus); /* Under way already. */
    RUN_UNTIL(&w, !consensus_is_leader(leader->consensus));
    world_elect(&w);
    commit(&w, "after");
    RUN_UNTIL(&w, all_equal(&w));
    world_teardown(&w);
}

Test(cluster, a_node_with_another_disk_takes_no_part)
{
    struct world w;

    world_setup(&w, 3, NULL);
    strcpy(w.nodes[2].disk, "emptied");
    open_all(&w);
    /* Both others must hear of it: as who dials and as who is dialled. */
    RUN_UNTIL(&w, w.nodes[0].refusals > 2 && w.nodes[1].refusals > 2);
    RUN_UNTIL(&w, world_leader(&w) != NULL);
    struct ask ask = {0};
    do {
        ask = (struct ask){0};
        RUN_UNTIL(&w, world_leader(&w) != NULL);
        node_propose(world_leader(&w), "without it", &ask);
        RUN_UNTIL(&w, ask.finished > 0);
    } while (ask.code != 0);
    unsigned before = w.nodes[0].refusals + w.nodes[1].refusals;
    RUN_UNTIL(&w, w.nodes[0].refusals + w.nodes[1].refusals > before + 3);
    cr_assert_eq(w.nodes[2].applied_position, 0);
    cr_assert_eq(consensus_leader(w.nodes[2].consensus), 0);
    world_teardown(&w);
}
