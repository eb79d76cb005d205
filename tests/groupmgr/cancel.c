/* Operations that are cancelled: each of them ends. */
#include <string.h>

#include "tests/groupmgr/world.h"

#define PLOT "A B C; db: disk app>disk log"

static void setup_online(struct world *w)
{
    world_setup(w, PLOT);
    world_do(w, "online db");
    world_run(w);
}

Test(cancel, move_turns_round_while_it_empties_its_source)
{
    struct world w;
    uint64_t id;

    setup_online(&w);
    world_do(&w, "move db to B");
    id = w.reply.index;
    check_text(world_states(&w, "db"),
               "Pending: disk Online, app OfflinePending, log OfflinePending");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_CANCELLED);
    world_story(&w);
    world_run(&w);
    check_text(world_story(&w), "app@A OfflinePending -> Offline, reported\n"
                                "log@A OfflinePending -> Offline, reported\n"
                                "app@A Offline -> OnlinePending, cancelled\n"
                                "log@A Offline -> OnlinePending, cancelled\n"
                                "app@A OnlinePending -> Online, reported\n"
                                "log@A OnlinePending -> Online, reported\n"
                                "db@A Pending -> Online, operation-ended\n");
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_CANCELLED);
    world_teardown(&w);
}

Test(cancel, move_that_has_arrived_has_happened)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "move db to B");
    while (world_owner(&w, "db")[0] == 'A')
        world_step(&w);
    check_text(world_state(&w, "db"), "Pending");
    check_code(world_do(&w, "cancel db"), ERROR_INVALID_STATE);
    cr_assert_not_null(strstr(w.reply.detail, "arrived at B"));
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(cancel, online_stops_what_is_starting_and_takes_the_word_back)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    check_text(world_states(&w, "db"),
               "Pending: disk OnlinePending, app Offline, log OnlinePending");
    world_do(&w, "report log online");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk OfflinePending, app Offline, log Online");
    cr_assert_not(world_group(&w, "db")->persistent_online);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Offline, app Offline, log Online");
    world_teardown(&w);
}

Test(cancel, online_of_a_group_that_waits_for_a_restart_ends_at_once)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_break(&w, "app");
    world_do(&w, "online db");
    world_run(&w);
    check_text(world_states(&w, "db"), "Pending: app Failed");
    check_code(world_do(&w, "cancel db"), 0);
    check_text(world_states(&w, "db"), "Failed: app Failed");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(cancel, words_of_single_resources_come_back)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "stop log");
    world_run(&w);
    cr_assert_eq(world_resource(&w, "log")->persistent, 0);
    world_do(&w, "online db");
    cr_assert_eq(world_resource(&w, "log")->persistent, -1);
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    cr_assert_eq(world_resource(&w, "log")->persistent, 0);
    cr_assert(world_group(&w, "db")->persistent_online);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    world_teardown(&w);
}

Test(cancel, online_elsewhere_turns_round)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "online db on B");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(cancel, offline_comes_back_up)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "offline db");
    world_do(&w, "report app offline");
    check_text(world_states(&w, "db"),
               "Pending: disk OfflinePending, app Offline, log OfflinePending");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    cr_assert(world_group(&w, "db")->persistent_online);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online, log Online");
    world_teardown(&w);
}

Test(cancel, offline_that_has_not_begun_with_a_resource_leaves_it)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "offline db");
    world_do(&w, "cancel db");
    check_text(world_states(&w, "db"),
               "Pending: disk Online, app OfflinePending, log OfflinePending");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(cancel, single_offline_brings_back_its_own_only)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "stop log flags 4");
    world_run(&w);
    world_do(&w, "stop disk");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    cr_assert_eq(world_resource(&w, "disk")->persistent, -1);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    world_teardown(&w);
}

Test(cancel, single_online_takes_back_the_words_of_its_providers)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "bring app");
    cr_assert_eq(world_resource(&w, "disk")->persistent, 1);
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    cr_assert_eq(world_resource(&w, "disk")->persistent, -1);
    cr_assert_eq(world_resource(&w, "app")->persistent, -1);
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(cancel, failover_stays_where_it_is)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "set log RestartThreshold 0");
    world_do(&w, "report log failed");
    check_text(world_states(&w, "db"), "Pending: disk Online, app OfflinePending, log Failed");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Failed: disk Online, app Offline, log Failed");
    cr_assert(world_group(&w, "db")->persistent_online);
    world_teardown(&w);
}

Test(cancel, failover_takes_down_what_has_lost_its_ground)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "set disk RestartThreshold 0");
    world_do(&w, "report disk failed");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Offline, log Offline");
    world_teardown(&w);
}

Test(cancel, restart_ends_down)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "restart disk");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Offline, log Online");
    world_teardown(&w);
}

Test(cancel, queued_one_is_dropped)
{
    struct world w;
    uint64_t id;

    setup_online(&w);
    world_do(&w, "report app locked");
    world_do(&w, "move db to B flags 4");
    id = w.reply.index;
    check_code(world_do(&w, "cancel db"), 0);
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_NONE);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_CANCELLED);
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_CANCELLED);
    check_code(world_do(&w, "cancel db"), ERROR_INVALID_STATE);
    world_do(&w, "report app unlocked");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(cancel, what_waits_is_cancelled_before_what_runs)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_do(&w, "move db to B flags 4");
    check_code(world_do(&w, "cancel db"), 0);
    cr_assert_eq(world_group(&w, "db")->next.kind, OPERATION_NONE);
    cr_assert_not(world_group(&w, "db")->operation.cancelled);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

/* A handler that says nothing any more keeps the group Pending; after a cancel
 * and a termination it is the operator's again. */
Test(cancel, hanging_start_is_got_back)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: app OfflinePending");
    check_code(world_do(&w, "stop app flags 2"), ERROR_IO_PENDING);
    cr_assert(world_resource(&w, "app")->terminate);
    world_do(&w, "report app offline");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_teardown(&w);
}

Test(cancel, leaves_alone_what_has_failed_in_maintenance)
{
    struct world w;

    setup_online(&w);
    world_do(&w, "maintain app flags 1");
    world_do(&w, "report app failed");
    world_do(&w, "move db to B");
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "Online: disk Online, app Online, log Online");
    world_teardown(&w);
}
