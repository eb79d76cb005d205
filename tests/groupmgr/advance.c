/* The walk: what may start and stop next. */
#include "tests/groupmgr/world.h"

#define DIAMOND "A B; db: disk left>disk right>disk top>left,right"

Test(advance, providers_start_before_dependents_and_independent_ones_together)
{
    struct world w;

    world_setup(&w, DIAMOND);
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk OnlinePending, left Offline, "
                                       "right Offline, top Offline");
    world_step(&w);
    check_text(world_states(&w, "db"), "Pending: disk Online, left OnlinePending, "
                                       "right OnlinePending, top Offline");
    world_do(&w, "report right online");
    check_text(world_states(&w, "db"), "Pending: disk Online, left OnlinePending, "
                                       "right Online, top Offline");
    world_do(&w, "report left online");
    check_text(world_states(&w, "db"), "Pending: disk Online, left Online, "
                                       "right Online, top OnlinePending");
    world_step(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, left Online, "
                                       "right Online, top Online");
    world_teardown(&w);
}

Test(advance, dependents_stop_before_providers)
{
    struct world w;

    world_setup(&w, DIAMOND);
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "offline db"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk Online, left Online, "
                                       "right Online, top OfflinePending");
    world_step(&w);
    check_text(world_states(&w, "db"), "Pending: disk Online, left OfflinePending, "
                                       "right OfflinePending, top Offline");
    world_do(&w, "report left offline");
    check_text(world_states(&w, "db"), "Pending: disk Online, left Offline, "
                                       "right OfflinePending, top Offline");
    world_do(&w, "report right offline");
    check_text(world_states(&w, "db"), "Pending: disk OfflinePending, left Offline, "
                                       "right Offline, top Offline");
    world_step(&w);
    check_text(world_states(&w, "db"), "Offline: disk Offline, left Offline, "
                                       "right Offline, top Offline");
    world_teardown(&w);
}

Test(advance, waiting_resource_is_seen_pending_before_its_turn)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk");
    world_do(&w, "online db");
    cr_assert_eq(resource_visible_state(world_resource(&w, "app")), RESOURCE_ONLINE_PENDING);
    world_run(&w);
    cr_assert_eq(resource_visible_state(world_resource(&w, "app")), RESOURCE_ONLINE);
    world_do(&w, "offline db");
    cr_assert_eq(world_resource(&w, "disk")->state, RESOURCE_ONLINE);
    cr_assert_eq(resource_visible_state(world_resource(&w, "disk")), RESOURCE_OFFLINE_PENDING);
    world_run(&w);
    cr_assert_eq(resource_visible_state(world_resource(&w, "disk")), RESOURCE_OFFLINE);
    world_teardown(&w);
}

Test(advance, resource_that_fails_to_stop_does_not_keep_the_others)
{
    struct world w;

    world_setup(&w, "A B; db: disk app>disk log");
    world_do(&w, "online db");
    world_run(&w);
    world_break(&w, "app");
    check_code(world_do(&w, "offline db"), ERROR_IO_PENDING);
    world_run(&w);
    /* No restart, no failover: nobody wants it. */
    check_text(world_states(&w, "db"), "Failed: disk Offline, app Failed, log Offline");
    check_text(world_owner(&w, "db"), "A");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    /* A second offline makes it Offline at once. */
    check_code(world_do(&w, "offline db"), 0);
    check_text(world_states(&w, "db"), "Offline: disk Offline, app Offline, log Offline");
    world_teardown(&w);
}

Test(advance, story_of_an_offline_reads_as_it_happened)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk");
    world_do(&w, "online db");
    world_run(&w);
    world_story(&w);
    world_do(&w, "offline db");
    world_run(&w);
    check_text(world_story(&w), "app@A Online -> OfflinePending, requested-offline\n"
                                "db@A Online -> Pending, requested-offline\n"
                                "app@A OfflinePending -> Offline, reported\n"
                                "disk@A Online -> OfflinePending, requested-offline\n"
                                "disk@A OfflinePending -> Offline, reported\n"
                                "db@A Pending -> Offline, operation-ended\n");
    world_teardown(&w);
}

Test(advance, each_life_has_its_own_operation)
{
    struct world w;
    uint64_t first;

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    first = world_resource(&w, "app")->operation;
    cr_assert_eq(first, cluster_index(w.cluster));
    world_run(&w);
    cr_assert_eq(world_resource(&w, "app")->operation, first, "Online goes on with the life");
    world_do(&w, "offline db");
    cr_assert_gt(world_resource(&w, "app")->operation, first);
    cr_assert_eq(world_group(&w, "db")->operation.id, cluster_index(w.cluster));
    world_teardown(&w);
}

/* ------------------------------------------------------------- alternatives */

Test(advance, one_alternative_is_enough_to_start)
{
    struct world w;

    world_setup(&w, "A; db: a b top");
    world_do(&w, "needs top [a] or [b]");
    world_do(&w, "online db");
    check_text(world_states(&w, "db"), "Pending: a OnlinePending, b OnlinePending, top Offline");
    world_do(&w, "report b online");
    check_text(world_states(&w, "db"), "Pending: a OnlinePending, b Online, top OnlinePending");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    /* Of a group that stops, all alternatives wait for what runs over them. */
    world_do(&w, "offline db");
    check_text(world_states(&w, "db"), "Pending: a Online, b Online, top OfflinePending");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(advance, start_is_given_up_when_no_alternative_is_coming)
{
    struct world w;

    world_setup(&w, "A; db: a b top");
    world_do(&w, "needs top [a] or [b]");
    world_do(&w, "set a RestartThreshold 0");
    world_do(&w, "set b RestartThreshold 0");
    world_break(&w, "a");
    world_do(&w, "online db");
    world_do(&w, "report a failed");
    check_text(world_states(&w, "db"), "Pending: a Failed, b OnlinePending, top Offline");
    cr_assert_eq(resource_visible_state(world_resource(&w, "top")), RESOURCE_ONLINE_PENDING);
    world_do(&w, "report b failed");
    check_text(world_states(&w, "db"), "Failed: a Failed, b Failed, top Offline");
    cr_assert_eq(resource_visible_state(world_resource(&w, "top")), RESOURCE_OFFLINE);
    /* It is wanted all the same, and comes with whichever comes. */
    check_code(world_do(&w, "bring b"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: a Failed, b Online, top Online");
    cr_assert_eq(world_resource(&w, "top")->persistent, -1);
    world_teardown(&w);
}

Test(advance, what_was_never_started_does_not_come_with_its_provider)
{
    struct world w;

    world_setup(&w, "A; db: disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "add app to db");
    world_do(&w, "depend app disk");
    world_do(&w, "report disk failed");
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: disk Online, app Offline");
    world_teardown(&w);
}

Test(advance, what_was_stopped_by_hand_does_not_come_with_its_provider)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop disk");
    world_run(&w);
    check_code(world_do(&w, "stop app"), 0);
    world_do(&w, "bring disk");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: disk Online, app Offline");
    world_teardown(&w);
}

Test(advance, alternative_stops_while_another_one_stands)
{
    struct world w;

    world_setup(&w, "A; db: a b top over>top");
    world_do(&w, "needs top [a] or [b]");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop a");
    check_text(world_states(&w, "db"),
               "Pending: a OfflinePending, b Online, top Online, over Online");
    /* Now the other one goes: what runs over both goes, and comes back with it. */
    world_do(&w, "report b failed");
    check_text(world_states(&w, "db"),
               "Pending: a OfflinePending, b Failed, top Online, over OfflinePending");
    world_do(&w, "wait 500");
    world_do(&w, "report a offline");
    check_text(world_state(&w, "b"), "Failed");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: a Offline, b Online, top Online, over Online");
    world_teardown(&w);
}
