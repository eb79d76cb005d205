/* Drains of paused nodes. */
#include "tests/groupmgr/world.h"

/* ------------------------------------------------------------------- drain */

Test(drain, moves_all_groups_away)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    check_code(world_do(&w, "pause A drain"), ERROR_IO_PENDING);
    cr_assert_eq(world_node_status(&w, "A"), NODE_STATUS_DRAIN_IN_PROGRESS);
    world_run(&w);
    check_text(world_story(&w), "A@A Up -> Paused, paused\n"
                                "A@A drain\n"
                                "app@A Online -> OfflinePending, drain\n"
                                "db@A Online -> Pending, drain\n"
                                "app@A OfflinePending -> Offline, reported\n"
                                "db@B drain\n"
                                "app@B Offline -> OnlinePending, drain\n"
                                "A@A drain-completed\n"
                                "app@B OnlinePending -> Online, reported\n"
                                "db@B Pending -> Online, operation-ended\n");
    cr_assert_eq(world_node_status(&w, "A"), NODE_STATUS_DRAIN_COMPLETED);
    cr_assert_eq(world_group(&w, "db")->drained_from, world_node(&w, "A")->id);
    cr_assert_eq(world_node(&w, "A")->state, NODE_PAUSED);
    world_teardown(&w);
}

Test(drain, goes_by_priority_and_a_bounded_number_at_once)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2; g3: r3; g4: r4; g5: r5");
    world_do(&w, "cluster ParallelMoves 2");
    world_do(&w, "set g4 Priority 3000");
    world_do(&w, "set g2 Priority 1000");
    check_code(world_do(&w, "pause A drain"), ERROR_IO_PENDING);
    cr_assert_eq(world_moving(&w), 2);
    check_text(world_state(&w, "g4"), "Pending");
    check_text(world_state(&w, "g1"), "Pending");
    while (world_step(&w) > 0)
        cr_assert_leq(world_moving(&w), 2);
    cr_assert_eq(world_node_status(&w, "A"), NODE_STATUS_DRAIN_COMPLETED);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    cr_assert_gt(world_group(&w, "g2")->token, world_group(&w, "g5")->token);
    cr_assert_gt(world_group(&w, "g5")->token, world_group(&w, "g1")->token);
    world_teardown(&w);
}

Test(drain, what_does_not_run_changes_owner_at_once_and_does_not_count)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2; g3: r3; idle: x; empty");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "offline idle");
    world_run(&w);
    world_do(&w, "set idle Priority 1");
    world_do(&w, "pause A drain");
    check_text(world_owner(&w, "idle"), "B");
    check_text(world_owner(&w, "empty"), "B");
    cr_assert_eq(world_moving(&w), 1);
    world_run(&w);
    check_text(world_state(&w, "idle"), "Offline");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, of_idle_groups_only_is_done_at_once)
{
    struct world w;

    world_setup(&w, "A B; one: x; two");
    check_code(world_do(&w, "move one to A"), 0);
    check_code(world_do(&w, "move two to A"), 0);
    check_code(world_do(&w, "pause A drain"), 0);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    check_text(world_owner(&w, "one"), "B");
    world_teardown(&w);
}

Test(drain, goes_to_the_target_if_that_is_possible)
{
    struct world w;

    world_setup_online(&w, "A B C; g1 prefers A B C: r1; g2 prefers A B: r2");
    world_do(&w, "pause A drain to C");
    cr_assert_eq(world_node(&w, "A")->drain_target, world_node(&w, "C")->id);
    world_step(&w);
    check_text(world_owner(&w, "g1"), "C");
    world_run(&w);
    check_text(world_owner(&w, "g2"), "C");
    world_teardown(&w);
}

Test(drain, goes_elsewhere_once_the_target_is_gone)
{
    struct world w;

    world_setup_online(&w, "A B C; g1: r1; g2: r2");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "pause A drain to C");
    world_do(&w, "down C");
    world_run(&w);
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_owner(&w, "g2"), "B");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, waits_for_a_group_that_is_busy)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2");
    world_do(&w, "offline g1");
    world_do(&w, "report r2 failed");
    world_do(&w, "wait 500");
    check_text(world_state(&w, "r2"), "OnlinePending");
    check_code(world_do(&w, "pause A drain"), ERROR_IO_PENDING);
    cr_assert_eq(world_group(&w, "g1")->operation.kind, OPERATION_OFFLINE);
    check_code(world_do(&w, "report r1 offline"), 0);
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_state(&w, "g1"), "Offline");
    check_code(world_do(&w, "report r2 online"), 0);
    cr_assert_eq(world_group(&w, "g2")->operation.kind, OPERATION_MOVE);
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, takes_a_locked_group_along)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "report app locked");
    check_code(world_do(&w, "pause A drain"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, leaves_a_locked_group_where_it_is_if_told_so)
{
    struct world w;

    world_setup_online(&w, "A B; db: app; web: page");
    world_do(&w, "report app locked");
    check_code(world_do(&w, "pause A drain flags 1"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_owner(&w, "web"), "B");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_node_status(&w, "A"), NODE_STATUS_DRAIN_FAILED);
    cr_assert_not_null(strstr(world_story(&w), "db@A locked\nA@A drain-failed\n"));
    /* It stays failed; asked again it begins again. */
    world_do(&w, "report app unlocked");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED);
    check_code(world_do(&w, "pause A drain"), ERROR_IO_PENDING);
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, that_failed_is_tried_again_if_told_so)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "report app locked");
    check_code(world_do(&w, "pause A drain flags 5"), ERROR_IO_PENDING);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED);
    check_code(world_do(&w, "report app unlocked"), 0);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_IN_PROGRESS);
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, whose_hosts_went_fails_and_the_group_comes_up_where_it_was)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "pause A drain");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Online: app Online");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED);
    cr_assert_not_null(strstr(world_story(&w), "db@A no-other-node\nA@A drain-failed\n"));
    cr_assert_eq(world_group(&w, "db")->drained_from, 0);
    world_do(&w, "up B");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED, "nobody asked for more");
    world_teardown(&w);
}

Test(drain, goes_on_when_a_node_comes_up_or_is_resumed)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "pause A drain flags 4");
    world_do(&w, "down B");
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED);
    world_do(&w, "up B");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_IN_PROGRESS);
    world_do(&w, "pause B");
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED);
    world_do(&w, "resume B");
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(drain, ends_with_the_node_but_what_is_completed_stays_so)
{
    struct world w;

    world_setup_online(&w, "A B; db: app; web: page");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "pause A drain");
    world_do(&w, "down A");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_NOT_INITIATED);
    world_run(&w);
    check_text(world_owner(&w, "web"), "B");
    check_text(world_states(&w, "web"), "Online: page Online");
    world_do(&w, "up A");
    check_code(world_do(&w, "pause A drain"), 0);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_do(&w, "up A");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_do(&w, "resume A");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_NOT_INITIATED);
    world_teardown(&w);
}

Test(drain, failure_at_the_target_is_a_failure_like_any_other)
{
    struct world w;

    world_setup_online(&w, "A B C; db: app");
    world_break(&w, "app");
    world_do(&w, "pause A drain to B");
    world_do(&w, "report app offline");
    world_do(&w, "report app failed");
    cr_assert_eq(world_resource(&w, "app")->restarts, 1);
    world_do(&w, "wait 500");
    world_mend(&w, "app");
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_group(&w, "db")->failovers, 1);
    world_teardown(&w);
}

/* db moves to B, where it fails, and web is on its way. */
static void setup_failing_move(struct world *w, const char *plot)
{
    world_setup_online(w, plot);
    world_break(w, "app");
    world_do(w, "pause A drain flags 1");
    world_do(w, "report app offline");
    check_text(world_owner(w, "db"), "B");
    world_do(w, "report page offline");
    cr_assert_eq(world_node(w, "A")->drain, DRAIN_IN_PROGRESS); /* Something may come back. */
    world_do(w, "report app failed");
    world_mend(w, "app");
}

Test(drain, failed_move_comes_back_to_the_paused_node_if_told_so)
{
    struct world w;

    setup_failing_move(&w, "A B; db: app; web: page");
    cr_assert(world_group(&w, "db")->operation.returning);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    check_text(world_owner(&w, "web"), "B");
    check_text(world_state(&w, "web"), "Online");
    cr_assert_eq(world_node(&w, "A")->state, NODE_PAUSED);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_FAILED);
    cr_assert_eq(world_resource(&w, "app")->restarts, 0);
    cr_assert_eq(world_group(&w, "db")->failovers, 0);
    cr_assert_eq(world_group(&w, "db")->drained_from, 0);
    /* This drain leaves it there, another takes it along. */
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "pause A drain flags 1"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, failed_move_whose_source_has_gone_follows_the_failure_policy)
{
    struct world w;

    world_setup_online(&w, "A B C; db: app");
    world_do(&w, "pause A drain to B flags 1");
    world_do(&w, "report app offline");
    world_do(&w, "down A");
    world_do(&w, "report app failed");
    cr_assert_eq(world_resource(&w, "app")->restarts, 1);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(drain, way_back_whose_end_dies_ends_elsewhere_and_the_drain_with_it)
{
    struct world w;

    world_setup_online(&w, "A B C; db: app disk");
    world_do(&w, "pause A drain to B flags 1");
    world_do(&w, "report app offline");
    world_do(&w, "report disk offline");
    world_do(&w, "report disk online");
    world_do(&w, "report app failed");
    cr_assert(world_group(&w, "db")->operation.returning);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_IN_PROGRESS);
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_not(world_group(&w, "db")->drain_failed);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}

Test(drain, names_its_own_command_for_every_group_that_it_moves)
{
    struct world w;
    uint64_t index;

    world_setup_online(&w, "A B; one: x; two: y; three: z");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "pause A drain");
    index = w.reply.index;
    world_run(&w);
    for (const struct group *g = NULL; (g = cluster_next_group(w.cluster, g)) != NULL;) {
        check_text(world_owner(&w, g->name), "B");
        cr_assert_eq(g->placement.why.index, index, "%s", g->name);
        cr_assert_eq(g->placement.why.command, COMMAND_NODE_PAUSE, "%s", g->name);
        cr_assert_eq(g->placement.why.cause, CAUSE_DRAIN, "%s", g->name);
        cr_assert_gt(g->placement.candidate_count, 0, "%s", g->name);
    }
    check_code(world_do(&w, "resume A flags 1"), 0);
    index = w.reply.index;
    world_run(&w);
    cr_assert_eq(world_group(&w, "three")->placement.why.index, index);
    cr_assert_eq(world_group(&w, "three")->placement.why.command, COMMAND_NODE_RESUME);
    world_teardown(&w);
}

Test(drain, what_a_client_moved_on_is_not_brought_back)
{
    struct world w;

    world_setup_online(&w, "A B C; db: app; web: page; idle: x");
    world_do(&w, "offline idle");
    world_run(&w);
    world_do(&w, "pause A drain to B");
    world_run(&w);
    check_code(world_do(&w, "move db to C"), ERROR_IO_PENDING);
    world_run(&w);
    check_code(world_do(&w, "online idle on C"), ERROR_IO_PENDING);
    world_run(&w);
    cr_assert_eq(world_group(&w, "db")->drained_from, 0);
    check_code(world_do(&w, "resume A flags 1"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_owner(&w, "idle"), "C");
    check_text(world_owner(&w, "web"), "A");
    world_teardown(&w);
}

Test(drain, group_that_leaves_by_itself_ends_it_too)
{
    struct world w;

    world_setup_online(&w, "A B; db: app; web: page");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "pause A drain");
    check_code(world_do(&w, "move web to B"), ERROR_IO_PENDING);
    world_do(&w, "report page offline");
    world_do(&w, "report app offline");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    world_run(&w);
    world_teardown(&w);
}
