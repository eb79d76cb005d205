/* Nodes are configured, and leave the cluster for good. */
#include <string.h>

#include "tests/groupmgr/world.h"

static const struct refusal {
    const char *before[4];
    const char *words;
    uint32_t code;
    const char *detail;
} refusals[] = {
    {{0}, "evict Z", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{0}, "evict Z flags 2", ERROR_INVALID_PARAMETER, "0x2"},
    {{"online db"}, "evict A", ERROR_CANT_EVICT_ACTIVE_NODE, "db"},
    {{"online db"}, "evict A flags 1", ERROR_CANT_EVICT_ACTIVE_NODE, "drain it first"},
    {{"online db", "run"}, "evict A flags 1", ERROR_CANT_EVICT_ACTIVE_NODE, "db"},
    {{0}, "evict A", ERROR_CANT_EVICT_ACTIVE_NODE, "A owns db"},
    {{"cluster ResiliencyDefaultPeriod 60", "down A"},
     "evict A",
     ERROR_CANT_EVICT_ACTIVE_NODE,
     "db"},
    {{"down C", "down B", "down A"}, "evict A", ERROR_CANT_EVICT_ACTIVE_NODE, "db"},
    {{"down C", "down B", "down A"}, "evict A flags 1", ERROR_HOST_NODE_NOT_AVAILABLE, "db"},
    {{"down C", "down B"}, "evict A flags 1", ERROR_HOST_NODE_NOT_AVAILABLE, "db"},
    {{"evict C", "evict B"}, "evict A flags 1", ERROR_HOST_NODE_NOT_AVAILABLE, "last node"},
    {{0}, "configure Z Site here", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{0}, "configure A NoSuch 1", ERROR_INVALID_PARAMETER, "NoSuch"},
    {{0}, "configure A AvoidPlacement 2", ERROR_INVALID_PARAMETER, "AvoidPlacement"},
};

Test(evict, refusals_leave_everything_as_it_was)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct world w;
        uint64_t digest;
        uint32_t code;

        world_setup(&w, "A B C; db: app");
        for (unsigned j = 0; j < 4 && refusals[i].before[j] != NULL; j++)
            if (strcmp(refusals[i].before[j], "run") == 0)
                world_run(&w);
            else
                world_do(&w, "%s", refusals[i].before[j]);
        digest = cluster_objects_digest(w.cluster);
        code = world_do(&w, "%s", refusals[i].words);
        cr_assert_eq(code, refusals[i].code, "%zu %s: %u %s", i, refusals[i].words, code,
                     w.reply.detail);
        cr_assert_not_null(strstr(w.reply.detail, refusals[i].detail), "%s", w.reply.detail);
        cr_assert_eq(cluster_objects_digest(w.cluster), digest, "%s", refusals[i].words);
        world_teardown(&w);
    }
}

Test(evict, node_that_owns_nothing_goes_up_or_down)
{
    struct world w;

    world_setup(&w, "A B C; db: app");
    world_story(&w);
    check_code(world_do(&w, "evict B"), 0);
    check_text(world_story(&w), "B@- Up -> Down, evicted\n");
    world_do(&w, "down C");
    check_code(world_do(&w, "evict C"), 0);
    cr_assert_null(cluster_node_by_name(w.cluster, "B"));
    cr_assert_null(cluster_node_by_name(w.cluster, "C"));
    /* Its name and id may come again. */
    check_code(world_do(&w, "up B"), 0);
    world_teardown(&w);
}

Test(evict, forced_takes_what_does_not_run_to_others)
{
    struct world w;

    world_setup(&w, "A B; db: app; empty");
    world_do(&w, "move empty to A");
    check_code(world_do(&w, "evict A flags 1"), 0);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_owner(&w, "empty"), "B");
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(evict, forced_ends_the_wait_for_an_isolated_node)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "cluster ResiliencyDefaultPeriod 60");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "evict A flags 1"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(evict, drained_node_can_go_and_nothing_names_it_any_more)
{
    struct world w;
    const struct group *db;

    world_setup(&w, "A B C; db prefers A B C: app");
    world_do(&w, "set db AutoFailbackType 1");
    world_do(&w, "set db DefaultOwner 1");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "pause A drain to B");
    world_run(&w);
    check_code(world_do(&w, "evict A"), 0);
    db = world_group(&w, "db");
    cr_assert_eq(db->preferred_count, 2);
    cr_assert_eq(db->preferred[0], world_node(&w, "B")->id);
    cr_assert_eq(db->default_owner, UINT32_MAX);
    cr_assert_eq(db->drained_from, 0);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(evict, drain_target_that_goes_is_forgotten)
{
    struct world w;

    world_setup(&w, "A B C; db: app; web: page");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move web to A");
    world_do(&w, "online web");
    world_run(&w);
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "pause A drain to C");
    cr_assert_eq(world_group(&w, "db")->operation.target, world_node(&w, "C")->id);
    check_code(world_do(&w, "evict C"), 0);
    cr_assert_eq(world_node(&w, "A")->drain_target, 0);
    cr_assert_eq(world_group(&w, "db")->operation.target, world_node(&w, "B")->id);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_owner(&w, "web"), "B");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(evict, group_on_its_way_to_it_comes_up_again_where_it_was)
{
    struct world w;

    world_setup(&w, "A B; db: disk app>disk log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop log");
    world_run(&w);
    world_do(&w, "move db to B");
    world_do(&w, "report app offline");
    check_code(world_do(&w, "evict B"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    world_teardown(&w);
}

Test(evict, wait_of_a_cold_start_ends_when_only_an_evicted_node_was_missing)
{
    struct world w;

    world_setup(&w, "A B C; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "down C");
    world_do(&w, "down B");
    world_do(&w, "down A");
    world_do(&w, "up B");
    world_do(&w, "up C");
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "evict A flags 1"), 0);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(evict, configured_node_keeps_what_was_set)
{
    struct world w;

    world_setup(&w, "A B");
    check_code(world_do(&w, "configure A Site north"), 0);
    check_code(world_do(&w, "configure A Capacities cpu=4,memory=100"), 0);
    check_text(world_node(&w, "A")->site, "north");
    cr_assert_eq(world_node(&w, "A")->capacities.len, strlen("cpu=4") + strlen("memory=100") + 2);
    check_text(world_story(&w), "A@A configured\nA@A configured\n");
    world_teardown(&w);
}
