/* Groups of higher priority push out lower ones. */
#include <string.h>

#include "tests/groupmgr/choice.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

/* A node of 10 with g1 and g2 of 5 each, of low and medium priority, and big of
 * high priority, which needs `need`. */
static void setup(struct world *w, unsigned need)
{
    world_setup(w, "A; g1: r1; g2: r2; big: r3");
    world_do(w, "configure A Capacities memory=10");
    world_do(w, "set g1 Needs memory=5");
    world_do(w, "set g2 Needs memory=5");
    world_do(w, "set big Needs memory=%u", need);
    world_do(w, "set g1 Priority 1000");
    world_do(w, "set big Priority 3000");
    world_do(w, "online g1");
    world_do(w, "online g2");
    world_run(w);
    check_text(world_state(w, "g1"), "Online");
    check_text(world_state(w, "g2"), "Online");
    world_story(w);
}

static bool is_pushed_out(struct world *w, const char *group)
{
    const struct group *g = world_group(w, group);

    return g->preempted && g->persistent_online && (group_status(g) & GROUP_STATUS_PREEMPTED) != 0;
}

Test(preempt, the_lowest_goes_first_waits_and_comes_back)
{
    struct world w;

    setup(&w, 5);
    check_code(world_do(&w, "online big"), ERROR_CLUSTER_GROUP_QUEUED);
    check_text(world_story(&w), "big@A waits-for-capacity\n"
                                "r1@A Online -> OfflinePending, preempted\n"
                                "g1@A Online -> Pending, preempted\n");
    check_text(world_state(&w, "r1"), "OfflinePending");
    check_text(world_state(&w, "r2"), "Online");
    cr_assert(is_pushed_out(&w, "g1"));
    cr_assert_eq(world_group(&w, "g1")->operation.kind, OPERATION_OFFLINE);
    cr_assert_eq(world_group(&w, "g1")->operation.cause, CAUSE_PREEMPTED);
    cr_assert(world_group(&w, "big")->operation.queued);
    world_run(&w);
    check_text(world_state(&w, "big"), "Online");
    check_text(world_state(&w, "g1"), "Offline");
    cr_assert(world_group(&w, "g1")->operation.queued);
    cr_assert_eq(world_group(&w, "g1")->operation.wait, CAUSE_WAITS_FOR_CAPACITY);
    cr_assert(is_pushed_out(&w, "g1"));

    world_do(&w, "offline big");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    cr_assert(!world_group(&w, "g1")->preempted);
    cr_assert_eq(world_group(&w, "g1")->operation.kind, OPERATION_NONE);
    world_teardown(&w);
}

Test(preempt, as_many_go_as_must)
{
    struct world w;

    setup(&w, 6);
    world_do(&w, "online big");
    cr_assert(is_pushed_out(&w, "g1") && is_pushed_out(&w, "g2"));
    world_run(&w);
    check_text(world_state(&w, "big"), "Online");
    world_teardown(&w);
}

Test(preempt, nobody_goes_if_that_would_not_be_enough)
{
    struct world w;

    setup(&w, 11);
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted && !world_group(&w, "g2")->preempted);
    cr_assert(world_group(&w, "big")->operation.queued);
    world_teardown(&w);
}

Test(preempt, equals_stay)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "set big Priority 1000");
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted && !world_group(&w, "g2")->preempted);
    world_teardown(&w);
}

Test(preempt, from_MinimumNeverPreemptPriority_on_nobody_goes)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "cluster MinimumNeverPreemptPriority 1000");
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted);
    world_do(&w, "cluster MinimumNeverPreemptPriority 1001");
    world_do(&w, "offline big");
    world_do(&w, "online big");
    cr_assert(is_pushed_out(&w, "g1"));
    world_teardown(&w);
}

Test(preempt, below_MinimumPreemptorPriority_nobody_pushes)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "cluster MinimumPreemptorPriority 3001");
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted);
    world_do(&w, "cluster MinimumPreemptorPriority 3000");
    world_do(&w, "offline big");
    world_do(&w, "online big");
    cr_assert(is_pushed_out(&w, "g1"));
    world_teardown(&w);
}

Test(preempt, room_elsewhere_is_better_than_a_victim)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "up B");
    world_do(&w, "online big");
    world_run(&w);
    check_text(world_owner(&w, "big"), "B");
    cr_assert(!world_group(&w, "g1")->preempted);
    world_teardown(&w);
}

Test(preempt, who_is_not_needed_after_all_stays)
{
    struct world w;

    world_setup(&w, "A; g1: r1; g2: r2; g3: r3; big: r4");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "set g1 Needs memory=1");
    world_do(&w, "set g2 Needs memory=2");
    world_do(&w, "set g3 Needs memory=7");
    world_do(&w, "set big Needs memory=7");
    world_do(&w, "set big Priority 3000");
    for (unsigned i = 1; i <= 3; i++)
        world_do(&w, "online g%u", i);
    world_run(&w);
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted && !world_group(&w, "g2")->preempted);
    cr_assert(is_pushed_out(&w, "g3"));
    world_teardown(&w);
}

Test(preempt, only_what_helps_goes)
{
    struct world w;

    world_setup(&w, "A; g1: r1; g2: r2; big: r4");
    world_do(&w, "configure A Capacities memory=10,cpu=10");
    world_do(&w, "set g1 Needs memory=10");
    world_do(&w, "set g2 Needs cpu=10");
    world_do(&w, "set big Needs cpu=1");
    world_do(&w, "set g1 Priority 1");
    world_do(&w, "set big Priority 3000");
    world_do(&w, "online g1");
    world_do(&w, "online g2");
    world_run(&w);
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted);
    cr_assert(is_pushed_out(&w, "g2"));
    world_teardown(&w);
}

Test(preempt, the_node_with_the_fewest_and_then_the_lowest_victims_is_taken)
{
    struct world w;

    world_setup(&w, "A B C; a1 prefers A: r1; a2 prefers A: r2; b prefers B: r3; c prefers C: r4; "
                    "big: r5");
    for (unsigned i = 0; i < 3; i++)
        world_do(&w, "configure %c Capacities memory=10", 'A' + i);
    world_do(&w, "set a1 Needs memory=5");
    world_do(&w, "set a2 Needs memory=5");
    world_do(&w, "set b Needs memory=10");
    world_do(&w, "set c Needs memory=10");
    world_do(&w, "set big Needs memory=10");
    world_do(&w, "set a1 Priority 1");
    world_do(&w, "set a2 Priority 1");
    world_do(&w, "set c Priority 1999");
    world_do(&w, "set big Priority 3000");
    world_do(&w, "online a1");
    world_do(&w, "online a2");
    world_do(&w, "online b");
    world_do(&w, "online c");
    world_run(&w);
    world_do(&w, "online big");
    cr_assert(is_pushed_out(&w, "c"));
    cr_assert(!world_group(&w, "a1")->preempted && !world_group(&w, "b")->preempted);
    world_run(&w);
    check_text(world_owner(&w, "big"), "C");
    world_teardown(&w);
}

Test(preempt, of_equal_nodes_and_groups_the_lower_id_goes)
{
    struct world w;

    world_setup(&w, "A B; b prefers B: r3; a1 prefers A: r1; a2 prefers A: r2; big: r5");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "configure B Capacities memory=5");
    world_do(&w, "set a1 Needs memory=5");
    world_do(&w, "set a2 Needs memory=5");
    world_do(&w, "set b Needs memory=5");
    world_do(&w, "set big Needs memory=5");
    world_do(&w, "set big Priority 3000");
    world_do(&w, "online a2");
    world_do(&w, "online a1");
    world_do(&w, "online b");
    world_run(&w);
    world_do(&w, "online big");
    cr_assert(is_pushed_out(&w, "a1"));
    world_teardown(&w);
}

Test(preempt, locked_and_pending_groups_are_left_alone)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "report r1 locked");
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted);
    cr_assert(is_pushed_out(&w, "g2"));
    world_teardown(&w);

    setup(&w, 5);
    world_do(&w, "stop r1");
    world_do(&w, "online big");
    cr_assert(!world_group(&w, "g1")->preempted);
    cr_assert(is_pushed_out(&w, "g2"));
    world_teardown(&w);
}

/* Between the first victim that is down and the last nobody takes what is free. */
Test(preempt, freed_room_is_kept_for_whom_it_is_freed)
{
    struct world w;

    setup(&w, 10);
    world_do(&w, "group small");
    world_do(&w, "add r4 to small");
    world_do(&w, "set small Needs memory=5");
    world_do(&w, "online big");
    world_do(&w, "report r1 offline");
    check_text(world_state(&w, "g1"), "Offline");
    check_text(world_state(&w, "r2"), "OfflinePending");
    check_code(placement_target_code(w.cluster, choice_group(&w, "big"), choice_of(&w, "A"),
                                     &(struct question){.ignore_affinity = false}),
               ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION);
    check_code(world_do(&w, "online small"), ERROR_CLUSTER_GROUP_QUEUED);
    check_text(world_state(&w, "small"), "Offline");
    world_run(&w);
    check_text(world_state(&w, "big"), "Online");
    check_text(world_state(&w, "small"), "Offline");
    check_text(world_state(&w, "g1"), "Offline");
    world_teardown(&w);
}

Test(preempt, while_victims_go_nobody_else_has_to)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "online big");
    world_do(&w, "wait 1");
    cr_assert(preempt_for(w.cluster, choice_group(&w, "big")));
    cr_assert(!world_group(&w, "g2")->preempted);
    world_run(&w);
    check_text(world_state(&w, "g2"), "Online");
    world_teardown(&w);
}

Test(preempt, a_victim_that_fails_to_stop_is_out_all_the_same)
{
    struct world w;

    setup(&w, 5);
    world_break(&w, "r1");
    world_do(&w, "online big");
    world_run(&w);
    check_text(world_state(&w, "big"), "Online");
    check_text(world_state(&w, "g1"), "Failed");
    cr_assert(world_group(&w, "g1")->operation.queued);
    world_teardown(&w);
}

Test(preempt, a_victim_that_cannot_start_again_does_not_try_for_ever)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "set r1 RestartAction 0");
    world_do(&w, "online big");
    world_run(&w);
    world_break(&w, "r1");
    world_do(&w, "offline big");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Failed");
    cr_assert_eq(world_group(&w, "g1")->operation.kind, OPERATION_NONE);
    cr_assert(!world_group(&w, "g1")->preempted);
    world_teardown(&w);
}

Test(preempt, a_client_has_the_last_word)
{
    struct world w;

    setup(&w, 5);
    world_do(&w, "online big");
    world_run(&w);
    cr_assert(is_pushed_out(&w, "g1"));
    check_code(world_do(&w, "offline g1"), 0);
    cr_assert(!world_group(&w, "g1")->preempted);
    cr_assert_eq(world_group(&w, "g1")->operation.kind, OPERATION_NONE);
    world_do(&w, "offline big");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Offline");
    world_teardown(&w);

    setup(&w, 5);
    world_do(&w, "online big");
    world_run(&w);
    check_code(world_do(&w, "online g1"), ERROR_CLUSTER_GROUP_QUEUED);
    cr_assert(!world_group(&w, "g1")->preempted);
    world_teardown(&w);
}

Test(preempt, a_failover_pushes_out_too)
{
    struct world w;

    world_setup(&w, "A B; big prefers A: r1; low prefers B: r2");
    world_do(&w, "configure B Capacities memory=10");
    world_do(&w, "set big Needs memory=6");
    world_do(&w, "set low Needs memory=6");
    world_do(&w, "set low Priority 1000");
    world_do(&w, "online big");
    world_do(&w, "online low");
    world_run(&w);
    world_do(&w, "down A");
    cr_assert(is_pushed_out(&w, "low"));
    world_run(&w);
    check_text(world_owner(&w, "big"), "B");
    check_text(world_state(&w, "big"), "Online");
    check_text(world_state(&w, "low"), "Offline");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "low"), "A");
    check_text(world_state(&w, "low"), "Online");
    world_teardown(&w);
}

Test(preempt, it_is_all_in_the_snapshot)
{
    struct world w;
    struct arena a = {0};
    struct cluster *again = NULL;

    setup(&w, 10);
    world_do(&w, "online big");
    world_do(&w, "report r1 offline");
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
    arena_release(&a);
    cluster_free(w.cluster);
    w.cluster = again;
    cluster_check(again);
    cr_assert_eq(choice_of(&w, "A")->giving_way, 1);
    world_run(&w);
    check_text(world_state(&w, "big"), "Online");
    world_do(&w, "offline big");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    check_text(world_state(&w, "g2"), "Online");
    world_teardown(&w);
}
