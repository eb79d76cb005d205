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
