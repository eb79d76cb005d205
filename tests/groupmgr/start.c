/* When the cluster starts a group of its own decision. */
#include <string.h>

#include "tests/groupmgr/world.h"

static void setup_online(struct world *w, const char *plot)
{
    world_setup(w, plot);
    world_do(w, "online db");
    world_run(w);
    check_text(world_owner(w, "db"), "A");
    world_story(w);
}

/* All nodes stop, the two come back. */
static void cold_start(struct world *w)
{
    world_do(w, "down B");
    world_do(w, "down A");
    world_do(w, "up A");
    world_do(w, "up B");
    world_run(w);
}

/* ---------------------------------------------------------------- Priority */

Test(start, priority_0_is_not_started_by_a_nodes_death)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "set db Priority 0");
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    cr_assert_not_null(strstr(world_story(&w), "db@B priority-disabled\n"));
    cr_assert(world_group(&w, "db")->persistent_online, "it is still wanted");
    world_do(&w, "set db Priority 2000");
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, priority_0_is_not_started_by_its_node_coming_back)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "set db Priority 0");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    cold_start(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(start, priority_0_is_started_by_a_client_and_then_fails_over)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "set db Priority 0");
    world_do(&w, "set app RestartThreshold 0");
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    world_run(&w);
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, drain_moves_priority_0_and_starts_it_only_if_it_ran)
{
    struct world w;

    setup_online(&w, "A B; db: app; web: page");
    world_do(&w, "move web to A");
    world_do(&w, "online web");
    world_run(&w);
    world_do(&w, "set web Priority 0");
    world_do(&w, "up A");
    world_run(&w);
    world_do(&w, "set db Priority 0");
    check_text(world_state(&w, "web"), "Offline");
    world_do(&w, "pause A drain");
    world_run(&w);
    check_text(world_owner(&w, "web"), "B");
    check_text(world_state(&w, "web"), "Offline");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, order_is_by_priority_and_then_by_age)
{
    struct world w;
    const char *story;

    world_setup(&w, "A B; g1: r1; g2: r2; g3: r3");
    for (unsigned i = 1; i <= 3; i++) {
        world_do(&w, "move g%u to A", i);
        world_do(&w, "online g%u", i);
        world_run(&w);
    }
    world_do(&w, "set g3 Priority 3000");
    world_story(&w);
    world_do(&w, "down A");
    story = world_story(&w);
    cr_assert_lt(strstr(story, "g3@B"), strstr(story, "g1@B"));
    cr_assert_lt(strstr(story, "g1@B"), strstr(story, "g2@B"));
    world_do(&w, "up B");
    story = world_story(&w);
    cr_assert_lt(strstr(story, "r3@B Offline -> OnlinePending"),
                 strstr(story, "r1@B Offline -> OnlinePending"));
    cr_assert_lt(strstr(story, "r1@B Offline -> OnlinePending"),
                 strstr(story, "r2@B Offline -> OnlinePending"));
    world_teardown(&w);
}

Test(start, order_at_the_end_of_forming_is_over_all_nodes)
{
    struct world w;
    const char *story;

    world_setup(&w, "A B C; g1: r1; g2: r2");
    world_do(&w, "move g1 to A");
    world_do(&w, "move g2 to B");
    world_do(&w, "online g1");
    world_do(&w, "online g2");
    world_run(&w);
    world_do(&w, "set g2 Priority 3000");
    world_do(&w, "down C");
    world_do(&w, "cluster ResiliencyDefaultPeriod 1");
    world_do(&w, "down B");
    world_do(&w, "down A");
    world_do(&w, "up C");
    world_story(&w);
    world_do(&w, "wait 5000");
    story = world_story(&w);
    cr_assert_lt(strstr(story, "g2@C node-"), strstr(story, "g1@C node-"));
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    check_text(world_state(&w, "g2"), "Online");
    world_teardown(&w);
}

/* -------------------------------------------------------------- cold start */

Test(start, cold_start_setting_1_is_not_started_by_a_cold_start)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "set db ColdStartSetting 1");
    cold_start(&w);
    check_text(world_state(&w, "db"), "Offline");
    cr_assert_not_null(strstr(world_story(&w), "cold-start-setting\n"));
    /* Any other start is as ever. */
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, cold_start_holds_also_what_was_placed_at_the_end_of_its_wait)
{
    struct world w;

    setup_online(&w, "A B C; db: app");
    world_do(&w, "set db ColdStartSetting 1");
    world_do(&w, "down C");
    world_do(&w, "down B");
    world_do(&w, "down A");
    world_do(&w, "up B");
    world_do(&w, "wait 5000");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Offline");
    /* Its owner's return says nothing of it, nor does its death. */
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_do(&w, "up A");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Offline");
    /* A client's word does, wherever it goes after that. */
    world_do(&w, "online db");
    world_do(&w, "down A");
    world_do(&w, "up C");
    world_do(&w, "wait 5000");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline"); /* Another cold start. */
    world_do(&w, "online db");
    world_do(&w, "up A");
    world_do(&w, "down C");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, each_cold_start_decides_anew_who_is_held_back)
{
    struct world w;

    setup_online(&w, "A B; db: app log");
    world_do(&w, "cluster IgnorePersistentStateOnStartup 1");
    cold_start(&w);
    cr_assert_eq(world_group(&w, "db")->held, CAUSE_IGNORE_PERSISTENT_STATE);
    world_do(&w, "cluster IgnorePersistentStateOnStartup 0");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    cold_start(&w);
    cr_assert_eq(world_group(&w, "db")->held, CAUSE_NONE);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, single_resource_that_a_client_starts_ends_the_being_held_back)
{
    struct world w;

    setup_online(&w, "A B; db: app log");
    world_do(&w, "set db ColdStartSetting 1");
    cold_start(&w);
    world_do(&w, "stop log");
    cr_assert_eq(world_group(&w, "db")->held, CAUSE_COLD_START_SETTING);
    world_do(&w, "bring app");
    world_run(&w);
    cr_assert_eq(world_group(&w, "db")->held, CAUSE_NONE);
    world_do(&w, "up B");
    world_do(&w, "down %s", world_owner(&w, "db"));
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: app Online, log Offline");
    world_teardown(&w);
}

Test(start, cold_start_settings_0_and_2_go_by_the_persistent_state)
{
    for (unsigned setting = 0; setting <= 2; setting += 2) {
        struct world w;

        setup_online(&w, "A B; db: app; off: x");
        world_do(&w, "set db ColdStartSetting %u", setting);
        world_do(&w, "set off ColdStartSetting %u", setting);
        cold_start(&w);
        check_text(world_state(&w, "db"), "Online");
        check_text(world_state(&w, "off"), "Offline");
        world_teardown(&w);
    }
}

Test(start, nothing_starts_by_a_cold_start_that_ignores_the_persistent_state)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "cluster IgnorePersistentStateOnStartup 1");
    cold_start(&w);
    check_text(world_state(&w, "db"), "Offline");
    cr_assert_not_null(strstr(world_story(&w), "ignore-persistent-state\n"));
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

/* ------------------------------------------------------------------- delay */

static void setup_delayed(struct world *w)
{
    setup_online(w, "A B; db: app log");
    world_do(w, "set db GroupStartDelay 3000");
    world_do(w, "down A");
    world_run(w);
}

static bool waits_to_start(const struct world *w)
{
    return (group_status(world_group(w, "db")) & GROUP_STATUS_WAITING_TO_START) != 0;
}

Test(start, group_with_a_delay_waits)
{
    struct world w;

    setup_delayed(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Offline");
    cr_assert(waits_to_start(&w));
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 3000);
    world_do(&w, "wait 2999");
    check_text(world_state(&w, "db"), "Offline");
    world_do(&w, "wait 1");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    cr_assert_not(waits_to_start(&w));
    world_teardown(&w);
}

Test(start, client_does_not_wait_for_the_delay)
{
    struct world w;

    setup_delayed(&w);
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    cr_assert_not(waits_to_start(&w));
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);

    setup_delayed(&w);
    check_code(world_do(&w, "offline db"), 0);
    cr_assert_not(waits_to_start(&w));
    world_do(&w, "wait 5000");
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(start, delay_begins_anew_with_another_owner)
{
    struct world w;

    setup_delayed(&w);
    world_do(&w, "up A");
    world_do(&w, "wait 1000");
    world_do(&w, "down B");
    check_text(world_owner(&w, "db"), "A");
    cr_assert_eq(world_group(&w, "db")->start_at_ms, w.now_ms + 3000);
    world_do(&w, "wait 3000");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, drain_takes_the_waiting_group_along_and_it_waits_on)
{
    struct world w;

    setup_delayed(&w);
    world_do(&w, "up A");
    check_code(world_do(&w, "pause B drain"), 0);
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "wait 3000");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, group_whose_owner_was_paused_meanwhile_starts_elsewhere)
{
    struct world w;

    setup_delayed(&w);
    world_do(&w, "up A");
    world_do(&w, "pause B");
    world_do(&w, "wait 3000");
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "wait 3000");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, single_resource_does_not_use_up_the_delay)
{
    struct world w;

    setup_delayed(&w);
    world_do(&w, "bring log");
    world_do(&w, "wait 3000");
    check_text(world_states(&w, "db"), "Pending: app Offline, log OnlinePending");
    world_do(&w, "report log online");
    world_do(&w, "wait 1000");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online, log Online");
    world_teardown(&w);
}

/* -------------------------------------------------------------- resiliency */

Test(start, isolated_group_waits_for_its_node)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "cluster ResiliencyDefaultPeriod 60");
    world_do(&w, "down A");
    check_text(world_story(&w), "world@- configured\n"
                                "A@A Up -> Down, node-lease-expired\n"
                                "app@A Online -> Offline, node-lease-expired\n"
                                "db@A isolated\n"
                                "db@A Online -> Offline, node-lease-expired\n");
    cr_assert_eq(node_status(w.cluster, world_node(&w, "A")), NODE_STATUS_ISOLATED);
    cr_assert_eq(world_group(&w, "db")->rescue_at_ms, w.now_ms + 60000);
    world_do(&w, "wait 59999");
    world_do(&w, "up A");
    cr_assert_eq(world_group(&w, "db")->rescue_at_ms, 0);
    cr_assert_eq(node_status(w.cluster, world_node(&w, "A")), NODE_STATUS_NORMAL);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(start, isolation_ends)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "set db ResiliencyPeriod 60");
    world_do(&w, "down A");
    world_story(&w);
    world_do(&w, "wait 60000");
    check_text(world_story(&w), "db@A resiliency-ended\n"
                                "db@B resiliency-ended\n"
                                "app@B Offline -> OnlinePending, resiliency-ended\n"
                                "db@B Offline -> Pending, resiliency-ended\n");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(node_status(w.cluster, world_node(&w, "A")), NODE_STATUS_NORMAL);
    world_teardown(&w);
}

Test(start, only_silence_isolates_and_a_groups_own_period_counts)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "cluster ResiliencyDefaultPeriod 60");
    world_do(&w, "stopped A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "up A");
    world_do(&w, "set db ResiliencyPeriod 0");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "up B");
    world_do(&w, "set db ResiliencyPeriod -1");
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(start, client_may_take_an_isolated_group_elsewhere)
{
    struct world w;

    setup_online(&w, "A B; db: app");
    world_do(&w, "cluster ResiliencyDefaultPeriod 60");
    world_do(&w, "down A");
    check_code(world_do(&w, "online db on B"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}
