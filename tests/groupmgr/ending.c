/* TerminateBudget: what is kept of a wait, over snapshots and digests, and what only one
 * that is not the leader would say. What it decides stands in tests/scenarios/budget-*.txt. */
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static void start(struct world *w)
{
    world_setup_online(w, "A B; db prefers A: app");
    world_do(w, "set app TerminateBudget 5000");
    world_do(w, "offline db");
    world_run(w);
    world_do(w, "online db");
    world_run(w);
    check_text(world_state(w, "db"), "Online");
}

static uint32_t ended(struct world *w, uint64_t incarnation, uint32_t ms)
{
    return world_apply(w, &(struct command){.kind = COMMAND_NODE_ENDED,
                                            .node = world_node(w, "A")->id,
                                            .incarnation = incarnation,
                                            .ms = ms});
}

Test(ending, survives_a_snapshot_and_is_in_the_digest)
{
    struct arena a = {0};
    struct cluster *copy;
    struct world w;
    uint64_t before;

    start(&w);
    world_do(&w, "down A");
    cr_assert_eq(node_next_ending_ms(w.cluster, world_node(&w, "A")), 5000);
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &copy), 0);
    cr_assert_eq(cluster_digest(copy), cluster_digest(w.cluster));
    cr_assert_eq(node_next_ending_ms(copy, cluster_node_by_name(copy, "A")), 5000);
    cr_assert_eq(cluster_group_by_name(copy, "db")->ending_resource, world_resource(&w, "app")->id);
    cluster_free(copy);
    arena_release(&a);
    before = cluster_objects_digest(w.cluster);
    world_do(&w, "ended A 5000");
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    world_teardown(&w);
}

Test(ending, is_a_matter_of_the_dead_life_only)
{
    struct world w;
    uint64_t first;

    start(&w);
    first = world_node(&w, "A")->incarnation;
    check_code(ended(&w, first, 5000), ERROR_INVALID_STATE); /* It is up. */
    world_do(&w, "down A");
    check_code(ended(&w, first + 1, 5000), ERROR_INVALID_STATE);
    check_code(ended(&w, first, 4999), ERROR_INVALID_STATE);
    check_text(world_owner(&w, "db"), "A");
    check_code(ended(&w, first, 5000), 0);
    check_text(world_owner(&w, "db"), "B");
    check_code(ended(&w, first, 5000), ERROR_INVALID_STATE); /* Nobody waits any more. */
    world_teardown(&w);
}

Test(ending, of_a_deleted_resource_is_waited_for_all_the_same)
{
    struct world w;

    start(&w);
    world_do(&w, "add log to db");
    world_do(&w, "down A");
    check_code(world_do(&w, "remove app"), 0);
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "ended A 5000"), 0);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

/* A life that the owner may not have heard of yet counts, one that it has reported as
 * ended does not. */
Test(ending, counts_what_may_run)
{
    struct world w;

    start(&w);
    world_do(&w, "offline db");
    world_run(&w);
    world_do(&w, "online db");
    check_text(world_state(&w, "app"), "OnlinePending");
    world_do(&w, "down A");
    cr_assert_eq(node_next_ending_ms(w.cluster, world_node(&w, "A")), 5000);
    world_do(&w, "ended A 5000");
    world_run(&w);
    world_do(&w, "up A");
    world_do(&w, "offline db");
    world_do(&w, "down B");
    cr_assert_eq(node_next_ending_ms(w.cluster, world_node(&w, "B")), 5000); /* OfflinePending. */
    world_do(&w, "ended B 5000");
    world_do(&w, "down A");
    cr_assert_eq(node_next_ending_ms(w.cluster, world_node(&w, "A")), 0);
    world_teardown(&w);
}

/* Both waits must be over: for the owner to come back, and for its end. */
Test(ending, is_waited_for_beside_the_resiliency_period)
{
    struct world w;

    start(&w);
    world_do(&w, "set db ResiliencyPeriod 2");
    world_do(&w, "down A");
    world_do(&w, "wait 2000");
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "ended A 5000");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}
