/* Moves that fail and come back, and what is remembered of moves. */
#include "tests/groupmgr/world.h"

static void setup_moving(struct world *w, unsigned flags)
{
    world_setup(w, "A B C; db: disk app>disk");
    world_do(w, "set app RestartDelay 0");
    world_do(w, "online db");
    world_run(w);
    check_code(world_do(w, "move db to B flags %u", flags), ERROR_IO_PENDING);
    world_step(w);
    world_step(w);
    check_text(world_states(w, "db"), "Pending: disk Online, app OnlinePending");
    check_text(world_owner(w, "db"), "B");
}

Test(transfer, failure_at_the_target_brings_the_group_back)
{
    struct world w;
    uint64_t id;

    setup_moving(&w, GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR);
    id = world_group(&w, "db")->operation.id;
    world_do(&w, "report app failed");
    cr_assert(world_group(&w, "db")->operation.returning);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_RETURNED);
    check_code(world_do(&w, "cancel db"), ERROR_INVALID_STATE);
    check_text(world_states(&w, "db"), "Pending: disk OfflinePending, app Failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    cr_assert_eq(world_group(&w, "db")->failovers, 0, "it counts as no failover");
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_OPERATION_ENDED);
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_RESOURCE_FAILED);
    cr_assert_eq(world_group(&w, "db")->default_owner, world_node(&w, "A")->id);
    world_teardown(&w);
}

Test(transfer, without_the_flag_the_recovery_policy_applies)
{
    struct world w;

    setup_moving(&w, 0);
    world_do(&w, "report app failed");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Pending: disk Online, app OnlinePending");
    world_teardown(&w);
}

Test(transfer, source_that_cannot_host_is_no_way_back)
{
    struct world w;

    setup_moving(&w, GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR);
    world_do(&w, "down A");
    world_do(&w, "report app failed");
    cr_assert_not(world_group(&w, "db")->operation.returning);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Pending: disk Online, app OnlinePending");
    world_teardown(&w);
}

Test(transfer, failure_on_the_way_back_is_an_ordinary_one)
{
    struct world w;

    setup_moving(&w, GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR);
    world_do(&w, "report app failed");
    world_step(&w);
    check_text(world_owner(&w, "db"), "A");
    world_step(&w);
    world_do(&w, "report app failed");
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Pending: disk Online, app OnlinePending");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(transfer, failure_while_the_source_is_emptied_is_none_of_the_target)
{
    struct world w;

    world_setup(&w, "A B; db: disk app>disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db to B flags 2");
    world_do(&w, "report app failed");
    cr_assert_not(world_group(&w, "db")->operation.returning);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(transfer, default_owner_is_where_a_client_brought_it)
{
    struct world w;

    world_setup(&w, "A B C; db: app; web: srv");
    cr_assert_eq(world_group(&w, "db")->default_owner, UINT32_MAX);
    world_do(&w, "online db");
    world_run(&w);
    cr_assert_eq(world_group(&w, "db")->default_owner, world_node(&w, "A")->id);
    world_do(&w, "move db to B");
    world_run(&w);
    cr_assert_eq(world_group(&w, "db")->default_owner, world_node(&w, "B")->id);
    world_do(&w, "down B");
    world_run(&w);
    cr_assert_eq(world_group(&w, "db")->default_owner, world_node(&w, "B")->id,
                 "a failover is nobody's wish");
    world_do(&w, "online db on C");
    world_run(&w);
    cr_assert_eq(world_group(&w, "db")->default_owner, world_node(&w, "C")->id);
    world_teardown(&w);
}

Test(transfer, operation_that_another_replaces_is_told_as_over)
{
    struct world w;
    uint64_t id;

    world_setup(&w, "A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "online db");
    id = w.reply.index;
    world_do(&w, "report app failed");
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_FAILOVER);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_FAILOVER);
    id = world_group(&w, "db")->operation.id;
    cr_assert_not_null(world_operation_event(&w, id));
    world_run(&w);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_OPERATION_ENDED);
    world_teardown(&w);
}

Test(transfer, end_of_an_operation_tells_why_it_failed)
{
    struct world w;
    uint64_t id;

    world_setup(&w, "A; db: app");
    world_do(&w, "set app RestartAction 0");
    world_do(&w, "online db");
    id = w.reply.index;
    world_do(&w, "report app failed");
    check_text(world_state(&w, "db"), "Failed");
    cr_assert_eq(world_operation_event(&w, id)->to, GROUP_FAILED);
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_RESOURCE_FAILED);
    world_teardown(&w);
}
