/* Nodes that stop orderly, and what a resumed node gets back. */
#include <stdio.h>

#include "tests/groupmgr/world.h"

/* ----------------------------------------------------------------- leaving */

Test(resume, orderly_stop_goes_by_priority_and_in_turn)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2; g3: r3");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "set g3 Priority 3000");
    check_code(world_do(&w, "leaving A"), 0);
    cr_assert_eq(world_moving(&w), 1);
    cr_assert_eq(world_group(&w, "g3")->operation.cause, CAUSE_NODE_LEAVING);
    while (world_step(&w) > 0)
        cr_assert_leq(world_moving(&w), 1);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    cr_assert_gt(world_group(&w, "g2")->token, world_group(&w, "g1")->token);
    cr_assert_gt(world_group(&w, "g1")->token, world_group(&w, "g3")->token);
    world_teardown(&w);
}

Test(resume, orderly_stop_leaves_nothing_to_come_back)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "leaving A");
    world_run(&w);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_COMPLETED);
    cr_assert_eq(world_group(&w, "db")->drained_from, 0);
    world_do(&w, "stopped A");
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_NOT_INITIATED);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(resume, orderly_stop_without_drain_keeps_the_groups_to_the_end)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "cluster DrainOnShutdown 0");
    world_do(&w, "leaving A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    world_do(&w, "stopped A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

/* ------------------------------------------------------------------ resume */

Test(resume, resume_without_failback_brings_nothing_back)
{
    struct world w;

    world_setup_online(&w, "A B; db prefers A B: app");
    world_do(&w, "set db AutoFailbackType 1");
    world_do(&w, "pause A drain");
    world_run(&w);
    check_code(world_do(&w, "resume A flags 0"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_group(&w, "db")->drained_from, 0);
    world_teardown(&w);
}

Test(resume, resume_with_failback_brings_back_what_was_drained)
{
    struct world w;

    world_setup_online(&w, "A B; db prefers B A: app; idle: x; other: y");
    world_do(&w, "offline idle");
    world_run(&w);
    check_code(world_do(&w, "move other to B"), ERROR_IO_PENDING);
    world_run(&w);
    /* Neither the list nor the window matters. */
    world_do(&w, "set db FailbackWindowStart 5");
    world_do(&w, "set db FailbackWindowEnd 6");
    world_do(&w, "pause A drain");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_code(world_do(&w, "resume A flags 1"), 0);
    check_text(world_owner(&w, "idle"), "A");
    cr_assert_eq(world_group(&w, "db")->operation.cause, CAUSE_FAILBACK);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    check_text(world_owner(&w, "other"), "B");
    cr_assert_eq(world_group(&w, "db")->drained_from, 0);
    world_teardown(&w);
}

Test(resume, resume_brings_back_by_priority_and_a_bounded_number_at_once)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2; g3: r3; g4: r4");
    world_do(&w, "pause A drain");
    world_run(&w);
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "set g3 Priority 3000");
    world_do(&w, "resume A flags 1");
    cr_assert_eq(world_moving(&w), 1);
    cr_assert_eq(world_group(&w, "g3")->operation.kind, OPERATION_MOVE);
    while (world_step(&w) > 0)
        cr_assert_leq(world_moving(&w), 1);
    for (unsigned i = 1; i <= 4; i++) {
        char name[8];

        snprintf(name, sizeof(name), "g%u", i);
        check_text(world_owner(&w, name), "A");
        check_text(world_state(&w, name), "Online");
    }
    world_teardown(&w);
}

Test(resume, resume_waits_for_a_locked_group)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "pause A drain");
    world_run(&w);
    world_do(&w, "report app locked");
    world_do(&w, "resume A flags 1");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "report app unlocked");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(resume, resume_by_policy_brings_back_what_prefers_the_node)
{
    struct world w;

    world_setup_online(&w, "A B; g1 prefers A B: r1; g2 prefers A B: r2; g3 prefers B A: r3");
    world_do(&w, "set g1 AutoFailbackType 1");
    world_do(&w, "set g3 AutoFailbackType 1");
    world_do(&w, "set g1 FailbackWindowStart 5"); /* It is ignored. */
    world_do(&w, "set g1 FailbackWindowEnd 6");
    world_do(&w, "pause A drain");
    world_run(&w);
    check_code(world_do(&w, "resume A flags 2"), 0);
    world_run(&w);
    check_text(world_owner(&w, "g1"), "A");
    check_text(world_owner(&w, "g2"), "B");
    check_text(world_owner(&w, "g3"), "B");
    world_teardown(&w);
}

Test(resume, resume_in_the_middle_lets_moves_under_way_finish)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "pause A drain");
    check_code(world_do(&w, "resume A"), 0);
    cr_assert_eq(world_node(&w, "A")->drain, DRAIN_NOT_INITIATED);
    world_run(&w);
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_owner(&w, "g2"), "A");
    world_teardown(&w);
}

Test(resume, group_that_fails_after_coming_back_does_not_come_again)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "set app RestartAction 2");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "pause A drain");
    world_run(&w);
    world_do(&w, "resume A flags 1");
    world_do(&w, "report app offline");
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(resume, death_of_the_resumed_node_forgets_who_was_to_come)
{
    struct world w;

    world_setup_online(&w, "A B; g1: r1; g2: r2");
    world_do(&w, "pause A drain");
    world_run(&w);
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "resume A flags 1");
    world_do(&w, "down A");
    world_run(&w);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_owner(&w, "g2"), "B");
    check_text(world_state(&w, "g1"), "Online");
    world_teardown(&w);
}

/* It has room for the next move then, and nobody else would tell it. */
Test(resume, goes_on_when_another_node_claims_what_it_was_moving)
{
    struct world w;

    world_setup(&w, "A B C; high prefers A B: r1; low prefers B: r2");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "set high AutoFailbackType 1");
    world_do(&w, "set high Priority 3000");
    world_do(&w, "move high to B");
    world_do(&w, "online high on B");
    world_do(&w, "online low");
    world_run(&w);
    world_do(&w, "pause A");
    check_code(world_do(&w, "pause B drain"), ERROR_IO_PENDING);
    world_do(&w, "report r1 offline"); /* It arrives at C. */
    check_text(world_owner(&w, "high"), "C");
    check_text(world_state(&w, "low"), "Online");
    check_code(world_do(&w, "resume A flags 2"), 0);
    check_text(world_state(&w, "low"), "Pending");
    world_run(&w);
    check_text(world_owner(&w, "high"), "A");
    cr_assert_eq(world_node(&w, "B")->drain, DRAIN_COMPLETED);
    world_teardown(&w);
}
