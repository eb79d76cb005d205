/* Where groups count, and what has to ask for a place before it is started. */
#include "tests/groupmgr/choice.h"
#include "tests/groupmgr/world.h"

/* A node of 10 with g1 and g2, of which it has room for one. */
static void setup(struct world *w)
{
    world_setup(w, "A; g1: r1; g2: r2");
    world_do(w, "configure A Capacities memory=10");
    world_do(w, "set g1 Needs memory=6");
    world_do(w, "set g2 Needs memory=6");
}

static bool waits(struct world *w, const char *group)
{
    return world_group(w, group)->operation.queued;
}

Test(account, what_is_wanted_but_not_started_takes_up_nothing)
{
    struct world w;

    setup(&w);
    world_do(&w, "set g1 Priority 0");
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "up A"); /* Anew: Priority 0 is not started by itself. */
    check_text(world_state(&w, "g1"), "Offline");
    cr_assert_eq(choice_used(&w, "A", "memory"), 0);
    check_code(world_do(&w, "online g2"), ERROR_IO_PENDING);
    check_code(world_do(&w, "online g1"), ERROR_CLUSTER_GROUP_QUEUED);
    world_teardown(&w);
}

Test(account, a_planned_restart_keeps_its_place)
{
    struct world w;

    setup(&w);
    check_code(world_do(&w, "up B"), 0);
    world_do(&w, "configure B Capacities memory=0");
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "report r1 failed");
    check_text(world_state(&w, "g1"), "Failed");
    check_code(world_do(&w, "online g2"), ERROR_CLUSTER_GROUP_QUEUED);
    /* A move that waits, too, takes nothing from it. */
    check_code(world_do(&w, "move g1 to B flags 4"), ERROR_CLUSTER_GROUP_QUEUED);
    cr_assert_eq(choice_used(&w, "A", "memory"), 6);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    check_text(world_state(&w, "g2"), "Offline");
    world_teardown(&w);
}

Test(account, a_retry_asks_for_its_place_again)
{
    struct world w;

    setup(&w);
    world_do(&w, "set r1 RestartThreshold 0");
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "report r1 failed");
    check_code(world_do(&w, "online g2"), ERROR_IO_PENDING);
    world_run(&w);
    world_do(&w, "wait 3600000");
    check_text(world_state(&w, "r1"), "Failed");
    cr_assert(waits(&w, "g1"));
    world_do(&w, "offline g2");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    world_teardown(&w);
}

Test(account, the_end_of_a_maintenance_asks_for_its_place_again)
{
    struct world w;

    setup(&w);
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "maintain r1 flags 1");
    world_do(&w, "report r1 failed");
    check_code(world_do(&w, "online g2"), ERROR_IO_PENDING);
    world_run(&w);
    check_code(world_do(&w, "maintain r1 flags 0"), 0);
    check_text(world_state(&w, "r1"), "Failed");
    cr_assert_eq(world_resource(&w, "r1")->verdict.cause, CAUSE_WAITS_FOR_CAPACITY);
    cr_assert(waits(&w, "g1"));
    world_do(&w, "offline g2");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    world_teardown(&w);
}

Test(account, a_start_beside_one_to_keep_away_from_waits_for_its_going)
{
    struct world w;

    world_setup(&w, "A; g1: r1; g2: r2");
    world_do(&w, "cluster ClusterEnforcedAntiAffinity 1");
    world_do(&w, "set g1 AntiAffinityClassNames x");
    world_do(&w, "set g2 AntiAffinityClassNames x");
    world_do(&w, "set r1 RestartThreshold 0");
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "report r1 failed");
    check_code(world_do(&w, "online g2"), ERROR_IO_PENDING);
    world_run(&w);
    world_do(&w, "wait 3600000");
    cr_assert(waits(&w, "g1"));
    cr_assert_eq(world_group(&w, "g1")->operation.wait, CAUSE_WAITS_FOR_NODE);
    world_do(&w, "offline g2");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    world_teardown(&w);
}

/* All lives there have ended with the node's: what comes back first, by priority,
 * need not push out what is down anyway. */
Test(account, on_a_node_that_started_anew_room_is_given_out_by_priority)
{
    struct world w;

    setup(&w);
    world_do(&w, "set g2 Priority 3000");
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "report r1 locked"); /* So nobody pushes it out. */
    check_code(world_do(&w, "online g2"), ERROR_CLUSTER_GROUP_QUEUED);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_state(&w, "g2"), "Online");
    cr_assert(waits(&w, "g1") && !world_group(&w, "g1")->preempted);
    world_teardown(&w);
}
