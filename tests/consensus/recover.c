/* A majority is lost for good: one node goes on alone, and no word of the others counts. */
#include <criterion/criterion.h>

#include "base/error.h"
#include "tests/consensus/world.h"

static void commit(struct world *w, const char *command)
{
    struct ask ask = {.code = ERROR_RETRY};

    while (ask.code != 0) {
        ask = (struct ask){0};
        RUN_UNTIL(w, world_leader(w) != NULL);
        node_propose(world_leader(w), command, &ask);
        RUN_UNTIL(w, ask.finished > 0);
    }
}

/* Three voters of four have `count` commands; then all are closed. */
static void live_and_close(struct world *w, unsigned count)
{
    world_setup(w, 4, NULL);
    w->first = 3;
    for (unsigned i = 0; i < 3; i++)
        node_open(&w->nodes[i]);
    for (unsigned i = 0; i < count; i++)
        commit(w, "before");
    RUN_UNTIL(w, w->nodes[0].commands == count);
    for (unsigned i = 0; i < 3; i++)
        node_close(&w->nodes[i]);
}

static void open_alone(struct world *w)
{
    struct node *n = &w->nodes[0];

    struct ask ask = {0};

    n->alone = true;
    n->epoch = 2;
    node_open(n);
    RUN_UNTIL(w, consensus_is_leader(n->consensus));
    node_barrier(n, &ask);
    RUN_UNTIL(w, ask.finished > 0);
    cr_assert(consensus_is_settled(n->consensus));
    n->alone = false;
}

Test(recover, one_of_three_goes_on_with_all_that_it_had)
{
    struct world w;
    struct consensus_server s;
    struct consensus_end end;

    live_and_close(&w, 5);
    open_alone(&w);
    struct node *n = &w.nodes[0];
    RUN_UNTIL(&w, n->commands == 5);
    cr_assert(consensus_server_at(n->consensus, 0, &s) && s.id == 1);
    cr_assert_not(consensus_server_at(n->consensus, 1, &s));
    commit(&w, "after");
    consensus_log_end(n->consensus, &end);
    cr_assert_eq(end.term, consensus_term(n->consensus));
    cr_assert_geq(end.index, end.committed);

    /* And so after any restart. */
    node_close(n);
    node_open(n);
    RUN_UNTIL(&w, n->commands == 6);
    cr_assert(consensus_is_leader(n->consensus));
    world_teardown(&w);
}

Test(recover, done_again_it_is_the_same)
{
    struct world w;
    struct consensus_server s;

    live_and_close(&w, 3);
    for (unsigned i = 0; i < 4; i++) {
        open_alone(&w);
        RUN_UNTIL(&w, w.nodes[0].commands == 3);
        cr_assert_not(consensus_server_at(w.nodes[0].consensus, 1, &s));
        node_close(&w.nodes[0]);
    }
    world_teardown(&w);
}

/* The snapshot has the old configuration, and no entry is behind it. */
Test(recover, a_log_that_is_only_a_snapshot_will_do)
{
    struct world w;
    struct consensus_server s;

    world_setup(&w, 3, NULL);
    w.threshold = 4;
    w.trailing = 1;
    for (unsigned i = 0; i < 3; i++)
        node_open(&w.nodes[i]);
    while (consensus_snapshots(w.nodes[0].consensus) == 0)
        commit(&w, "before");
    unsigned count = w.nodes[0].commands;
    for (unsigned i = 0; i < 3; i++)
        node_close(&w.nodes[i]);
    open_alone(&w);
    commit(&w, "after");
    cr_assert_geq(w.nodes[0].commands + w.nodes[0].restores, 1);
    cr_assert_not(consensus_server_at(w.nodes[0].consensus, 1, &s));
    cr_assert_geq(count, 1);
    world_teardown(&w);
}

Test(recover, new_servers_can_be_added)
{
    struct world w;
    struct node *n;

    live_and_close(&w, 2);
    open_alone(&w);
    n = &w.nodes[0];
    w.nodes[3].epoch = 2;
    node_open(&w.nodes[3]);
    cr_assert_eq(consensus_add(n->consensus, 4, w.nodes[3].address), 0);
    RUN_UNTIL(&w, !consensus_is_changing(n->consensus));
    cr_assert_eq(consensus_assign(n->consensus, 4, CONSENSUS_STANDBY), 0);
    RUN_UNTIL(&w, !consensus_is_changing(n->consensus));
    cr_assert_eq(consensus_assign(n->consensus, 4, CONSENSUS_VOTER), 0);
    RUN_UNTIL(&w, consensus_role(w.nodes[3].consensus) == CONSENSUS_VOTER);
    commit(&w, "after");
    RUN_UNTIL(&w, node_equal(n, &w.nodes[3]));
    cr_assert_eq(w.nodes[3].commands, 3);
    world_teardown(&w);
}

/* They are a majority of the old configuration, and know of no other. */
Test(recover, nodes_of_the_old_epoch_are_told_and_change_nothing)
{
    struct world w;
    unsigned entries;

    live_and_close(&w, 2);
    open_alone(&w);
    commit(&w, "after");
    uint64_t term = consensus_term(w.nodes[0].consensus);
    node_open(&w.nodes[1]);
    node_open(&w.nodes[2]);
    /* Those two elect one of them, who calls and is told: to end is his to see to. */
    RUN_UNTIL(&w, w.nodes[1].outlived > 0 || w.nodes[2].outlived > 0);
    entries = w.nodes[0].entries;
    struct ask ask = {0};
    node_propose(&w.nodes[0], "more", &ask);
    RUN_UNTIL(&w, ask.finished > 0);
    cr_assert_eq(ask.code, 0);
    cr_assert_gt(w.nodes[0].entries, entries);
    cr_assert_eq(consensus_term(w.nodes[0].consensus), term);
    cr_assert_eq(w.nodes[0].outlived, 0);
    world_teardown(&w);
}
