/* Nodes that go without a word again and again. */
#include "tests/groupmgr/world.h"

static void setup_flapping(struct world *w, const char *plot, unsigned departures)
{
    world_setup(w, plot);
    for (unsigned i = 0; i < departures; i++) {
        check_code(world_do(w, "down A"), 0);
        world_do(w, "wait 1000");
        check_code(world_do(w, "up A"), 0);
    }
    world_run(w);
}

static bool is_quarantined(const struct world *w, const char *node)
{
    return (node_status(w->cluster, world_node(w, node)) & NODE_STATUS_QUARANTINED) != 0;
}

Test(quarantine, third_departure_in_an_hour_brings_it)
{
    struct world w;

    setup_flapping(&w, "A B; db prefers A: app", 2);
    cr_assert_not(is_quarantined(&w, "A"));
    world_do(&w, "online db on A");
    world_run(&w);
    world_do(&w, "down A");
    cr_assert_not(is_quarantined(&w, "A"), "that is for when it comes back");
    world_story(&w);
    world_do(&w, "up A");
    check_text(world_story(&w), "A@A quarantined\nA@A Down -> Up, node-up\n");
    cr_assert(is_quarantined(&w, "A"));
    cr_assert_eq(world_node(&w, "A")->state, NODE_UP);
    cr_assert_eq(world_node(&w, "A")->quarantined_until_ms, w.now_ms + 7200000);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_code(world_do(&w, "move db to A"), ERROR_CLUSTER_NODE_QUARANTINED);
    world_teardown(&w);
}

Test(quarantine, ends_by_time_with_its_count)
{
    struct world w;

    setup_flapping(&w, "A B; db prefers A: app", 3);
    world_do(&w, "set db AutoFailbackType 1");
    world_do(&w, "online db on B");
    world_run(&w);
    world_do(&w, "wait 7199999");
    cr_assert(is_quarantined(&w, "A"));
    world_do(&w, "wait 1");
    cr_assert_not(is_quarantined(&w, "A"));
    cr_assert_eq(world_node(&w, "A")->departures, 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A"); /* It may host again: failback. */
    world_teardown(&w);
}

Test(quarantine, ends_when_the_node_is_resumed)
{
    struct world w;

    setup_flapping(&w, "A B; db", 3);
    check_code(world_do(&w, "resume A"), 0);
    cr_assert_not(is_quarantined(&w, "A"));
    cr_assert_eq(world_node(&w, "A")->departures, 0);
    check_code(world_do(&w, "resume A"), ERROR_CLUSTER_NODE_NOT_PAUSED);
    world_do(&w, "down A");
    world_do(&w, "up A");
    cr_assert_not(is_quarantined(&w, "A"));
    world_teardown(&w);
}

Test(quarantine, hour_begins_with_the_first_departure)
{
    struct world w;

    setup_flapping(&w, "A B", 2); /* 2 s gone. */
    world_do(&w, "wait %u", 3600000 - 2000);
    world_do(&w, "down A");
    world_do(&w, "up A");
    cr_assert_not(is_quarantined(&w, "A"));
    cr_assert_eq(world_node(&w, "A")->departures, 1);
    world_teardown(&w);

    setup_flapping(&w, "A B", 2);
    world_do(&w, "wait %u", 3600000 - 2001);
    world_do(&w, "down A");
    world_do(&w, "up A");
    cr_assert(is_quarantined(&w, "A"));
    world_teardown(&w);
}

Test(quarantine, is_not_for_one_that_comes_back_after_the_hour)
{
    struct world w;

    setup_flapping(&w, "A B", 2);
    world_do(&w, "down A");
    world_do(&w, "wait 3600000");
    world_do(&w, "up A");
    cr_assert_not(is_quarantined(&w, "A"));
    world_teardown(&w);
}

Test(quarantine, orderly_stops_and_restarts_do_not_count)
{
    struct world w;

    world_setup(&w, "A B");
    for (unsigned i = 0; i < 5; i++) {
        world_do(&w, "stopped A");
        world_do(&w, "up A");
        world_do(&w, "up A");
    }
    cr_assert_eq(world_node(&w, "A")->departures, 0);
    cr_assert_not(is_quarantined(&w, "A"));
    world_teardown(&w);
}

Test(quarantine, threshold_or_duration_zero_is_never)
{
    struct world w;

    setup_flapping(&w, "A B", 2);
    world_do(&w, "cluster QuarantineThreshold 0");
    world_do(&w, "down A");
    world_do(&w, "up A");
    cr_assert_not(is_quarantined(&w, "A"));
    world_do(&w, "cluster QuarantineThreshold 3");
    world_do(&w, "cluster QuarantineDuration 0");
    world_do(&w, "up A");
    cr_assert_not(is_quarantined(&w, "A"));
    world_do(&w, "cluster QuarantineDuration 60");
    world_do(&w, "up A");
    cr_assert(is_quarantined(&w, "A"));
    world_teardown(&w);
}

Test(quarantine, last_node_is_never_in_it)
{
    struct world w;

    setup_flapping(&w, "A; db: app", 5);
    cr_assert_not(is_quarantined(&w, "A"));
    world_teardown(&w);
}

Test(quarantine, is_lifted_when_nobody_else_can_host)
{
    static const char *const ends[] = {"down B", "leaving B", "pause B", "evict B flags 1"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct world w;

        setup_flapping(&w, "A B; db: app", 3);
        cr_assert(is_quarantined(&w, "A"));
        world_do(&w, "%s", ends[i]);
        cr_assert_not(is_quarantined(&w, "A"), "%s", ends[i]);
        world_run(&w);
        if (i != 2)
            check_text(world_owner(&w, "db"), "A");
        world_teardown(&w);
    }
}

Test(quarantine, outlasts_another_life)
{
    struct world w;

    setup_flapping(&w, "A B", 3);
    world_do(&w, "stopped A");
    cr_assert(is_quarantined(&w, "A"));
    world_do(&w, "up A");
    cr_assert(is_quarantined(&w, "A"));
    world_do(&w, "stopped A");
    world_do(&w, "wait 7200000");
    cr_assert_not(is_quarantined(&w, "A"));
    world_do(&w, "up A");
    cr_assert_not(is_quarantined(&w, "A"));
    world_teardown(&w);
}
