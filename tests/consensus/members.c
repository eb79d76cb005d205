/* Changes of the configuration: joining, voting, leaving. */
#include <criterion/criterion.h>

#include "base/error.h"
#include "tests/consensus/world.h"

static void open_all(struct world *w)
{
    for (unsigned i = 0; i < w->count; i++)
        node_open(&w->nodes[i]);
}

/* Who leads and has shown it by an entry of its own. */
static struct node *leader_of(struct world *w)
{
    for (;;) {
        struct ask ask = {0};

        RUN_UNTIL(w, world_leader(w) != NULL);
        struct node *leader = world_leader(w);
        if (consensus_is_settled(leader->consensus))
            return leader;
        node_barrier(leader, &ask);
        RUN_UNTIL(w, ask.finished > 0);
    }
}

static uint32_t try(struct world *w, const char *verb, uint32_t id, enum consensus_role role)
{
    struct consensus *c = leader_of(w)->consensus;

    return verb[0] == 'a'   ? consensus_add(c, id, w->nodes[id - 1].address)
           : verb[0] == 'r' ? consensus_remove(c, id)
                            : consensus_assign(c, id, role);
}

static bool has_role(struct world *w, uint32_t id, enum consensus_role role)
{
    enum consensus_role now;

    return consensus_role_of(leader_of(w)->consensus, id, &now) && now == role;
}

/* A spare, a stand-by, a voter: as far as `last`, again where the leader changed. */
static void join(struct world *w, uint32_t id, enum consensus_role last)
{
    enum consensus_role now;

    while (!has_role(w, id, last)) {
        if (!consensus_role_of(leader_of(w)->consensus, id, &now))
            (void)try(w, "add", id, CONSENSUS_SPARE);
        else
            (void)try(w, "set", id, now == CONSENSUS_SPARE ? CONSENSUS_STANDBY : last);
        world_step(w);
    }
    RUN_UNTIL(w, !consensus_is_changing(leader_of(w)->consensus));
}

static void commit(struct world *w, const char *command)
{
    struct ask ask = {.code = ERROR_RETRY};

    while (ask.code != 0) {
        ask = (struct ask){0};
        node_propose(leader_of(w), command, &ask);
        RUN_UNTIL(w, ask.finished > 0);
    }
}

static void setup(struct world *w, unsigned count)
{
    world_setup(w, count, NULL);
    w->first = 1;
    open_all(w);
    commit(w, "before");
}

Test(members, nodes_join_one_as_stand_bys_and_then_vote)
{
    struct world w;

    setup(&w, 3);
    cr_assert_eq(consensus_role(w.nodes[1].consensus), CONSENSUS_SPARE,
                 "it is in no configuration");
    join(&w, 2, CONSENSUS_STANDBY);
    RUN_UNTIL(&w, w.nodes[1].commands == 1 && node_equal(&w.nodes[0], &w.nodes[1]));
    cr_assert_eq(consensus_role(w.nodes[1].consensus), CONSENSUS_STANDBY);
    join(&w, 3, CONSENSUS_VOTER);
    join(&w, 2, CONSENSUS_VOTER);
    cr_assert_eq(consensus_highest_id(leader_of(&w)->consensus), 3);

    /* Those two carry on alone, with what was there before they came. */
    node_close(&w.nodes[0]);
    commit(&w, "after");
    RUN_UNTIL(&w, w.nodes[1].commands == 2 && node_equal(&w.nodes[1], &w.nodes[2]));
    world_teardown(&w);
}

Test(members, what_joined_knows_it_after_a_restart)
{
    struct world w;

    setup(&w, 3);
    join(&w, 2, CONSENSUS_VOTER);
    join(&w, 3, CONSENSUS_VOTER);
    commit(&w, "more");
    for (unsigned i = 0; i < 3; i++)
        node_close(&w.nodes[i]);
    node_open(&w.nodes[1]);
    node_open(&w.nodes[2]);
    commit(&w, "again");
    RUN_UNTIL(&w, w.nodes[1].commands == 3 && node_equal(&w.nodes[1], &w.nodes[2]));
    world_teardown(&w);
}

Test(members, one_change_at_a_time_and_only_where_it_makes_sense)
{
    struct world w;

    setup(&w, 3);
    cr_assert_eq(try(&w, "set", 2, CONSENSUS_VOTER), ERROR_INVALID_PARAMETER, "no such server");
    cr_assert_eq(try(&w, "remove", 2, 0), ERROR_INVALID_PARAMETER);
    cr_assert_eq(try(&w, "set", 1, CONSENSUS_VOTER), ERROR_INVALID_PARAMETER, "it is one already");
    cr_assert_eq(consensus_add(w.nodes[1].consensus, 3, "h:1"), ERROR_NOT_READY, "no leader");
    node_close(&w.nodes[1]);
    join(&w, 3, CONSENSUS_VOTER);
    join(&w, 2, CONSENSUS_STANDBY);
    /* It is closed and cannot catch up, so this one lasts. */
    cr_assert_eq(try(&w, "set", 2, CONSENSUS_VOTER), 0);
    cr_assert(consensus_is_changing(leader_of(&w)->consensus));
    cr_assert_eq(try(&w, "remove", 2, 0), ERROR_BUSY);
    cr_assert_eq(try(&w, "add", 2, 0), ERROR_BUSY);
    node_open(&w.nodes[1]);
    RUN_UNTIL(&w, has_role(&w, 2, CONSENSUS_VOTER));
    world_teardown(&w);
}

Test(members, a_change_under_way_ends_with_the_node)
{
    struct world w;

    setup(&w, 3);
    node_close(&w.nodes[1]);
    join(&w, 2, CONSENSUS_STANDBY);
    cr_assert_eq(try(&w, "set", 2, CONSENSUS_VOTER), 0);
    world_teardown(&w);
}

Test(members, the_leader_itself_can_be_removed)
{
    struct world w;

    setup(&w, 3);
    join(&w, 2, CONSENSUS_VOTER);
    join(&w, 3, CONSENSUS_VOTER);
    struct node *leader = leader_of(&w);
    cr_assert_eq(consensus_remove(leader->consensus, leader->id), 0);
    RUN_UNTIL(&w, world_leader(&w) != NULL && world_leader(&w) != leader);
    commit(&w, "without it");
    cr_assert_neq(leader_of(&w), leader);
    world_teardown(&w);
}
