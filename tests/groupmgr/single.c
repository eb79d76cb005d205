/* Online and offline of single resources. */
#include "tests/groupmgr/world.h"

Test(single, online_brings_its_providers_along)
{
    struct world w;

    world_setup(&w, "A B; db: disk app>disk log");
    check_code(world_do(&w, "bring app"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk OnlinePending, app Offline, log Offline");
    cr_assert_eq(world_group(&w, "db")->operation.resource, world_resource(&w, "app")->id);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    /* The group is wanted offline, the two are wanted all the same. */
    cr_assert_not(world_group(&w, "db")->persistent_online);
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(single, offline_takes_its_dependents_first)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk log");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "stop disk"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk Online, app OfflinePending, log Online");
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Offline, app Offline, log Online");
    cr_assert_eq(world_resource(&w, "disk")->persistent, 0);
    cr_assert_eq(world_resource(&w, "app")->persistent, -1);
    /* Online removes the word. */
    world_do(&w, "bring app");
    cr_assert_eq(world_resource(&w, "disk")->persistent, -1);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(single, what_is_done_already_needs_no_operation)
{
    struct world w;

    world_setup(&w, "A; db: app");
    check_code(world_do(&w, "stop app"), 0);
    check_code(world_do(&w, "bring app"), ERROR_IO_PENDING);
    world_run(&w);
    check_code(world_do(&w, "bring app"), 0);
    world_teardown(&w);
}

Test(single, offline_of_a_failed_one_is_done_at_once)
{
    struct world w;

    world_setup(&w, "A; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    check_code(world_do(&w, "stop app"), 0);
    check_text(world_states(&w, "db"), "PartialOnline: app Offline, log Online");
    world_do(&w, "wait 10000");
    check_text(world_states(&w, "db"), "PartialOnline: app Offline, log Online");
    world_teardown(&w);
}

Test(single, one_time_offline_leaves_what_is_wanted)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop app flags 4");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    cr_assert_eq(world_resource(&w, "app")->persistent, -1);
    world_do(&w, "move db");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(single, new_resource_of_an_online_group_waits_to_be_asked)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "add new to db"), 0);
    cr_assert_eq(world_resource(&w, "new")->id, w.reply.index);
    check_text(world_states(&w, "db"), "PartialOnline: app Online, new Offline");
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(single, deleted_resource_is_gone)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk");
    check_code(world_do(&w, "remove app"), 0);
    cr_assert_null(cluster_resource_by_name(w.cluster, "app"));
    check_code(world_do(&w, "remove disk"), 0);
    check_code(world_do(&w, "drop db"), 0);
    world_teardown(&w);
}

Test(single, deleting_one_that_failed_lets_the_group_recover_its_state)
{
    struct world w;

    world_setup(&w, "A; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    check_text(world_state(&w, "db"), "Failed");
    check_code(world_do(&w, "remove app"), 0);
    check_text(world_states(&w, "db"), "Online: log Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

/* ------------------------------------------------------------------ flags */

Test(single, best_possible_node_is_chosen_while_nothing_runs)
{
    struct world w;

    world_setup(&w, "A B; db prefers B A: app log");
    world_do(&w, "move db to A");
    check_code(world_do(&w, "bring app flags 8"), ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_group(&w, "db")->default_owner, world_node(&w, "B")->id);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: app Online, log Offline");
    world_do(&w, "move db to A");
    world_run(&w);
    check_code(world_do(&w, "bring log flags 8"), ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(single, flags_without_effect_are_accepted)
{
    struct world w;

    world_setup(&w, "A; db: app");
    check_code(world_do(&w, "bring app flags 0x24"), ERROR_IO_PENDING);
    world_teardown(&w);
}

Test(single, one_time_online_leaves_what_is_wanted)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "bring app flags 2");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_resource(&w, "app")->persistent, -1);
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(single, forced_offline_terminates_it_and_what_runs_over_it)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk log");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "stop disk flags 2"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk Online, app OfflinePending, log Online");
    cr_assert(world_resource(&w, "app")->terminate);
    cr_assert(world_resource(&w, "disk")->terminate, "it is, when its turn comes");
    world_do(&w, "report app offline");
    check_text(world_state(&w, "disk"), "OfflinePending");
    cr_assert(world_resource(&w, "disk")->terminate);
    cr_assert_not(world_resource(&w, "app")->terminate);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Offline, app Offline, log Online");
    cr_assert_not(world_resource(&w, "disk")->terminate);
    cr_assert_eq(world_resource(&w, "disk")->persistent, 0);
    world_teardown(&w);
}

Test(single, forced_offline_ends_an_offline_that_hangs)
{
    struct world w;

    world_setup(&w, "A; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "offline db");
    check_code(world_do(&w, "stop app"), ERROR_INVALID_STATE);
    cr_assert_not(world_resource(&w, "app")->terminate);
    check_code(world_do(&w, "stop app flags 2"), ERROR_IO_PENDING);
    cr_assert(world_resource(&w, "app")->terminate);
    cr_assert_not(world_resource(&w, "log")->terminate);
    cr_assert_eq(world_group(&w, "db")->operation.resource, 0, "within the one that runs");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(single, forced_offline_ends_a_start_that_hangs)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk log");
    world_do(&w, "online db");
    check_code(world_do(&w, "stop disk flags 2"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"),
               "Pending: disk OfflinePending, app Offline, log OnlinePending");
    cr_assert(world_resource(&w, "disk")->terminate);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Offline, app Offline, log Online");
    world_teardown(&w);
}

Test(single, forced_offline_lets_a_move_go_on)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db to B");
    world_do(&w, "report log offline");
    check_code(world_do(&w, "stop app flags 6"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: app Online, log Online");
    world_teardown(&w);
}

/* ---------------------------------------------------------------- restart */

Test(single, restart_cycles_it_and_what_runs_over_it)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk log");
    world_do(&w, "online db");
    world_run(&w);
    world_story(&w);
    check_code(world_do(&w, "restart disk flags 0xff"), ERROR_IO_PENDING);
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_RESTART);
    world_run(&w);
    check_text(world_story(&w), "app@A Online -> OfflinePending, requested-restart\n"
                                "db@A Online -> Pending, requested-restart\n"
                                "app@A OfflinePending -> Offline, reported\n"
                                "disk@A Online -> OfflinePending, requested-restart\n"
                                "disk@A OfflinePending -> Offline, reported\n"
                                "disk@A Offline -> OnlinePending, requested-restart\n"
                                "disk@A OnlinePending -> Online, reported\n"
                                "app@A Offline -> OnlinePending, requested-restart\n"
                                "app@A OnlinePending -> Online, reported\n"
                                "db@A Pending -> Online, operation-ended\n");
    cr_assert_eq(world_resource(&w, "disk")->persistent, -1);
    world_teardown(&w);
}

Test(single, restart_of_what_is_not_wanted_ends_offline)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "bring app flags 2");
    world_run(&w);
    check_code(world_do(&w, "restart app"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}
