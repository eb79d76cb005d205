/* Paused nodes, and what calls that pause and resume answer. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/world.h"

/* ------------------------------------------------------------------- codes */

static const struct refusal {
    const char *before[4];
    const char *words;
    uint32_t code;
} refusals[] = {
    {{0}, "pause Z", ERROR_CLUSTER_NODE_NOT_FOUND},
    {{0}, "pause Z flags 8", ERROR_INVALID_PARAMETER},
    {{0}, "pause A flags 0x80000000", ERROR_INVALID_PARAMETER},
    {{0}, "pause A drain flags 2", ERROR_INVALID_PARAMETER},
    {{"down A"}, "pause A", ERROR_CLUSTER_NODE_DOWN},
    {{0}, "pause A drain to Z", ERROR_CLUSTER_NODE_NOT_FOUND},
    {{0}, "pause A drain to A", ERROR_INVALID_TARGET_HANDLE},
    {{"down B"}, "pause A drain to B", ERROR_HOST_NODE_NOT_AVAILABLE},
    {{"leaving B"}, "pause A drain to B", ERROR_HOST_NODE_NOT_AVAILABLE},
    {{"pause B"}, "pause A drain to B", ERROR_SHARING_PAUSED},
    {{"pause A drain"}, "pause A drain", ERROR_CLUSTER_NODE_DRAIN_IN_PROGRESS},
    {{"pause A drain"}, "pause A", 0},
    {{"pause A"}, "pause A", 0},
    {{"pause A"}, "pause A drain", ERROR_IO_PENDING},
    {{"pause B", "pause C"}, "pause A drain", ERROR_CLUSTER_NODE_DOWN},
    {{"pause B", "down C"}, "pause A", 0},
    {{0}, "pause B drain", 0},
    {{0}, "resume A flags 3", ERROR_INVALID_PARAMETER},
    {{0}, "resume Z", ERROR_CLUSTER_NODE_NOT_FOUND},
    {{0}, "resume Z flags 3", ERROR_INVALID_PARAMETER},
    {{"pause A", "down A"}, "resume A", ERROR_CLUSTER_NODE_DOWN},
    {{0}, "resume A", ERROR_CLUSTER_NODE_NOT_PAUSED},
    {{"pause A"}, "resume A", 0},
    {{"pause A"}, "resume A flags 2", 0},
    {{"pause A flags 2"}, "resume A", 0},
    {{"pause A", "resume A"}, "resume A", ERROR_CLUSTER_NODE_NOT_PAUSED},
};

Test(pause, codes_of_pause_and_resume)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct world w;
        uint64_t digest;
        uint32_t code;

        world_setup_online(&w, "A B C; db: app");
        for (unsigned j = 0; j < 4 && refusals[i].before[j] != NULL; j++)
            world_do(&w, "%s", refusals[i].before[j]);
        digest = cluster_objects_digest(w.cluster);
        code = world_do(&w, "%s", refusals[i].words);
        cr_assert_eq(code, refusals[i].code, "%s: %u", refusals[i].words, code);
        if (code != 0 && code != ERROR_IO_PENDING)
            cr_assert_eq(cluster_objects_digest(w.cluster), digest, "%s", refusals[i].words);
        world_teardown(&w);
    }
}

/* ------------------------------------------------------------------- pause */

Test(pause, paused_node_keeps_its_groups_and_receives_none)
{
    struct world w;

    world_setup_online(&w, "A B; db prefers A B: app; web: page");
    check_code(world_do(&w, "move web to B"), ERROR_IO_PENDING);
    world_run(&w);
    world_story(&w);
    check_code(world_do(&w, "pause A"), 0);
    check_text(world_story(&w), "A@A Up -> Paused, paused\n");
    check_text(world_states(&w, "db"), "Online: app Online");
    check_code(world_do(&w, "move web to A"), ERROR_SHARING_PAUSED);
    check_code(world_do(&w, "move web"), ERROR_HOST_NODE_NOT_AVAILABLE);
    check_code(world_do(&w, "online web on A"), ERROR_SHARING_PAUSED);
    check_code(world_do(&w, "group new"), 0);
    check_text(world_owner(&w, "new"), "B");
    world_teardown(&w);
}

Test(pause, what_fails_on_a_paused_node_is_restarted_there)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "pause A");
    world_do(&w, "report app failed");
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    check_text(world_owner(&w, "db"), "A");
    /* The second failure moves it away: to the other node, never back. */
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "report app failed");
    world_do(&w, "wait 500");
    world_run(&w);
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    world_teardown(&w);
}

Test(pause, pause_outlasts_death_and_restart)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "pause A");
    world_do(&w, "up A");
    cr_assert_eq(world_node(&w, "A")->state, NODE_PAUSED);
    world_do(&w, "down A");
    cr_assert(world_node(&w, "A")->paused);
    world_do(&w, "up A");
    cr_assert_eq(world_node(&w, "A")->state, NODE_PAUSED);
    check_code(world_do(&w, "resume A"), 0);
    cr_assert_eq(world_node(&w, "A")->state, NODE_UP);
    world_do(&w, "up A");
    cr_assert_eq(world_node(&w, "A")->state, NODE_UP);
    world_teardown(&w);
}

Test(pause, avoided_node_is_not_paused)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    check_code(world_do(&w, "pause B flags 2"), 0);
    cr_assert_eq(world_node(&w, "B")->avoid_placement, 1);
    cr_assert_eq(world_node(&w, "B")->state, NODE_UP);
    check_code(world_do(&w, "resume B"), 0);
    cr_assert_eq(world_node(&w, "B")->avoid_placement, 0);
    check_code(world_do(&w, "configure B AvoidPlacement 1"), 0);
    check_code(world_do(&w, "resume B"), 0);
    cr_assert_eq(world_node(&w, "B")->avoid_placement, 0);
    world_teardown(&w);
}

/* ------------------------------------------------- only paused nodes remain */

Test(pause, groups_land_on_a_paused_node_but_do_not_start)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "pause B");
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    cr_assert_eq(world_group(&w, "db")->placement.why.cause, CAUSE_WAITS_FOR_NODE);
    check_code(world_do(&w, "online db"), ERROR_SHARING_PAUSED);
    check_code(world_do(&w, "resume B"), 0);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_group(&w, "db")->placement.why.cause, CAUSE_RESUMED);
    world_teardown(&w);
}

Test(pause, next_node_takes_what_waits_on_a_paused_one)
{
    struct world w;

    world_setup_online(&w, "A B; db: app");
    world_do(&w, "pause B");
    world_do(&w, "down A");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(pause, paused_node_that_comes_back_starts_nothing)
{
    struct world w;

    world_setup_online(&w, "A; db: app");
    world_do(&w, "pause A");
    world_do(&w, "up A");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: app Online");
    /* With others there its groups go to them at once. */
    world_do(&w, "move db to B");
    world_do(&w, "pause B");
    world_do(&w, "resume A");
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}
