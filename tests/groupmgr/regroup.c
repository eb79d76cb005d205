/* Resources that go to another group. */
#include "tests/groupmgr/world.h"

Test(regroup, takes_along_all_that_hangs_together)
{
    struct world w;

    world_setup(&w, "A; one: disk ip app>disk,ip log>disk alone; two: x");
    check_code(world_do(&w, "regroup ip to two"), 0);
    check_text(world_states(&w, "one"), "Offline: alone Offline");
    check_text(world_states(&w, "two"),
               "Offline: disk Offline, ip Offline, app Offline, log Offline, x Offline");
    check_code(world_do(&w, "online two"), ERROR_IO_PENDING);
    check_text(world_states(&w, "two"), "Pending: disk OnlinePending, ip OnlinePending, "
                                        "app Offline, log Offline, x OnlinePending");
    world_teardown(&w);
}

Test(regroup, what_runs_goes_on_running_under_the_same_owner)
{
    struct world w;
    uint64_t operation;

    world_setup(&w, "A; one: app; two: x");
    world_do(&w, "online one");
    world_run(&w);
    operation = world_resource(&w, "app")->operation;
    world_story(&w);
    check_code(world_do(&w, "regroup app to two"), 0);
    check_text(world_story(&w), "app@A configured\n"
                                "one@A Online -> Offline, configured\n"
                                "two@A Offline -> PartialOnline, configured\n");
    cr_assert_eq(world_resource(&w, "app")->operation, operation);
    world_teardown(&w);
}

Test(regroup, is_wanted_as_much_as_before)
{
    struct world w;

    world_setup(&w, "A; one: app off; two: x");
    world_do(&w, "online one");
    world_run(&w);
    world_do(&w, "stop off");
    world_run(&w);
    world_do(&w, "regroup app to two");
    world_do(&w, "regroup off to two");
    cr_assert_eq(world_resource(&w, "app")->persistent, 1);
    cr_assert_eq(world_resource(&w, "off")->persistent, -1);
    world_do(&w, "regroup app to one");
    cr_assert_eq(world_resource(&w, "app")->persistent, -1);
    world_teardown(&w);
}

Test(regroup, failure_stays_on_the_node_where_it_happened)
{
    struct world w;

    world_setup(&w, "A B; one: app log; two: x");
    world_do(&w, "move one to A");
    world_do(&w, "move two to B");
    world_do(&w, "online one");
    world_run(&w);
    world_do(&w, "report app failed");
    cr_assert_neq(cluster_next_deadline(w.cluster), UINT64_MAX);
    check_code(world_do(&w, "regroup app to two"), 0);
    check_text(world_states(&w, "two"), "Offline: app Offline, x Offline");
    check_text(world_states(&w, "one"), "Online: log Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    cr_assert_eq(world_resource(&w, "app")->restarts, 0);
    world_teardown(&w);
}

Test(regroup, planned_restart_goes_along_under_the_same_owner)
{
    struct world w;

    world_setup(&w, "A; one: app; two: x");
    world_do(&w, "online one");
    world_run(&w);
    world_do(&w, "report app failed");
    check_code(world_do(&w, "regroup app to two"), 0);
    check_text(world_states(&w, "two"), "Failed: app Failed, x Offline");
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "two"), "PartialOnline: app Online, x Offline");
    world_teardown(&w);
}

Test(regroup, resources_stay_in_order_of_creation)
{
    struct world w;

    world_setup(&w, "A; one: a c; two: b d");
    world_do(&w, "add e to one");
    world_do(&w, "regroup c to two");
    world_do(&w, "regroup e to two");
    world_do(&w, "regroup a to two");
    check_text(world_states(&w, "two"),
               "Offline: a Offline, c Offline, b Offline, d Offline, e Offline");
    world_teardown(&w);
}

Test(regroup, leaves_behind_what_a_waiting_call_would_take_back)
{
    struct world w;

    world_setup(&w, "A; db: app log; web");
    world_do(&w, "stop app");
    world_do(&w, "configure A Capacities memory=0");
    world_do(&w, "set db Needs memory=1");
    check_code(world_do(&w, "online db"), ERROR_CLUSTER_GROUP_QUEUED);
    check_code(world_do(&w, "regroup app to web"), 0);
    cr_assert_eq(world_resource(&w, "app")->persistent, 1);
    check_code(world_do(&w, "cancel db"), 0);
    cr_assert_eq(world_resource(&w, "app")->persistent, 1);
    world_teardown(&w);
}
