/* Which reports count. */
#include "tests/groupmgr/world.h"

static void starting(struct world *w, struct report *report, struct command *cmd)
{
    world_setup(w, "A B; db: app");
    world_do(w, "online db");
    *report = (struct report){.resource = world_resource(w, "app")->id,
                              .operation = world_resource(w, "app")->operation,
                              .event = REPORT_ONLINE};
    *cmd = (struct command){.kind = COMMAND_REPORT,
                            .node = 1,
                            .incarnation = world_node(w, "A")->incarnation,
                            .reports = report,
                            .report_count = 1};
}

Test(report, stale_ones_are_dropped_in_silence)
{
    struct world w;
    struct report report;
    struct command cmd;
    uint64_t digest;

    starting(&w, &report, &cmd);
    digest = cluster_objects_digest(w.cluster);
    report.operation--;
    check_code(world_apply(&w, &cmd), 0);
    report.operation++;
    cmd.incarnation--;
    check_code(world_apply(&w, &cmd), 0);
    cmd.incarnation = world_node(&w, "B")->incarnation;
    cmd.node = 2;
    check_code(world_apply(&w, &cmd), 0);
    cmd.node = 9;
    check_code(world_apply(&w, &cmd), 0);
    report.resource = 9999;
    cmd.node = 1;
    cmd.incarnation = world_node(&w, "A")->incarnation;
    check_code(world_apply(&w, &cmd), 0);
    cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    world_teardown(&w);
}

Test(report, repeated_ones_do_no_harm)
{
    struct world w;
    struct report report;
    struct command cmd;
    uint64_t digest;

    starting(&w, &report, &cmd);
    world_apply(&w, &cmd);
    check_text(world_state(&w, "db"), "Online");
    digest = cluster_objects_digest(w.cluster);
    world_apply(&w, &cmd);
    cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    world_teardown(&w);
}

Test(report, unexpected_stop_is_a_failure)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app offline");
    check_text(world_state(&w, "app"), "Failed");
    cr_assert_eq(world_resource(&w, "app")->status_code, (uint32_t)ERROR_RESOURCE_NOT_ONLINE);
    world_do(&w, "wait 500");
    check_text(world_state(&w, "app"), "OnlinePending");
    world_do(&w, "report app offline");
    check_text(world_state(&w, "app"), "Failed");
    world_teardown(&w);
}

Test(report, lock_lasts_as_long_as_the_life_it_was_raised_in)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "report app locked");
    cr_assert_not(world_resource(&w, "app")->locked, "nothing runs that could be locked");
    world_do(&w, "online db");
    world_do(&w, "report app locked");
    world_run(&w);
    cr_assert(world_resource(&w, "app")->locked);
    world_do(&w, "report app unlocked");
    cr_assert_not(world_resource(&w, "app")->locked);
    world_do(&w, "report app locked");
    world_do(&w, "down A");
    cr_assert_not(world_resource(&w, "app")->locked);
    world_teardown(&w);
}

Test(report, of_what_runs_already_no_node_is_refused)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app cannot-here");
    check_text(world_state(&w, "app"), "Failed");
    cr_assert_eq(world_resource(&w, "app")->why.cause, CAUSE_FAILED);
    cr_assert_eq(world_resource(&w, "app")->verdict.cause, CAUSE_RESTART);
    cr_assert_eq(world_resource(&w, "app")->refused_count, 0);
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app cannot-anywhere");
    cr_assert_eq(world_resource(&w, "app")->verdict.cause, CAUSE_RESTART);
    world_teardown(&w);
}

/* ---------------------------------------------------------- embedded failures */

static void embedded(struct world *w, unsigned action)
{
    world_setup(w, "A; db: app");
    world_do(w, "set app EmbeddedFailureAction %u", action);
    world_do(w, "online db");
    world_do(w, "report app embedded-failure");
    cr_assert_not(world_resource(w, "app")->embedded_failure, "it does not run yet");
    world_run(w);
    world_story(w);
    world_do(w, "report app embedded-failure");
}

Test(report, embedded_failure_may_be_nobodys_business)
{
    struct world w;

    embedded(&w, 0);
    cr_assert_not(world_resource(&w, "app")->embedded_failure);
    check_text(world_story(&w), "");
    world_teardown(&w);
}

Test(report, embedded_failure_may_only_be_told)
{
    struct world w;

    embedded(&w, 1);
    world_do(&w, "report app embedded-failure");
    check_text(world_story(&w), "app@A embedded-failure\n");
    cr_assert(world_resource(&w, "app")->embedded_failure);
    cr_assert_not(world_resource(&w, "app")->fail_requested);
    cr_assert_eq(group_status(world_group(&w, "db")), (uint32_t)GROUP_STATUS_EMBEDDED_FAILURE);
    world_do(&w, "report app embedded-recovered");
    world_do(&w, "report app embedded-recovered");
    check_text(world_story(&w), "app@A embedded-recovered\n");
    cr_assert_not(world_resource(&w, "app")->embedded_failure);
    check_text(world_state(&w, "app"), "Online");
    world_teardown(&w);
}

Test(report, embedded_failure_may_be_recovered_like_any_other)
{
    struct world w;

    embedded(&w, 2);
    cr_assert(world_resource(&w, "app")->fail_requested);
    check_text(world_state(&w, "app"), "Online");
    world_step(&w);
    check_text(world_state(&w, "app"), "Failed");
    cr_assert_not(world_resource(&w, "app")->embedded_failure, "it was this life's");
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_state(&w, "app"), "Online");
    world_teardown(&w);
}

Test(report, embedded_failure_ends_nothing_that_would_not_come_back)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "set app RestartAction 0");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app embedded-failure");
    cr_assert(world_resource(&w, "app")->embedded_failure);
    cr_assert_not(world_resource(&w, "app")->fail_requested);
    world_do(&w, "offline db");
    world_run(&w);
    world_do(&w, "set app RestartAction 2");
    world_do(&w, "bring app flags 2");
    world_run(&w);
    world_do(&w, "report app embedded-failure");
    cr_assert_not(world_resource(&w, "app")->fail_requested, "nobody wants it");
    world_teardown(&w);
}
