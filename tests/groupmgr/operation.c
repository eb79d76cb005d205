/* Online, offline and move of whole groups. */
#include <string.h>

#include "tests/groupmgr/world.h"

#define PLOT "A B C; db: disk app>disk; idle: x; empty"

/* ---------------------------------------------------------------- refusals */

static const struct refusal {
    const char *before[4]; /* What leads to it. */
    const char *words;
    uint32_t code;
    const char *detail; /* Some of it; NULL: none asked for. */
} refusals[] = {
    {{"online db"}, "offline db", ERROR_INVALID_STATE, "db: online"},
    {{0}, "offline db flags 2", ERROR_INVALID_PARAMETER, "0x2"},
    {{0}, "offline db flags 0x80000000", ERROR_INVALID_PARAMETER, NULL},
    {{0}, "offline none", ERROR_GROUP_NOT_FOUND, "none"},
    {{0}, "offline none flags 2", ERROR_INVALID_PARAMETER, NULL},
    {{"online db", "run", "report app locked"},
     "offline db",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "app"},
    {{"online db", "run", "offline db"}, "offline db flags 1", ERROR_INVALID_STATE, "offline"},
    {{"online db", "run", "offline db"}, "online db", ERROR_INVALID_STATE, "offline"},
    {{"online db", "run", "offline db"}, "move db", ERROR_INVALID_STATE, "offline"},
    {{"online db", "run", "offline db"}, "bring app", ERROR_INVALID_STATE, NULL},
    {{"online db", "run", "offline db"}, "stop app", ERROR_INVALID_STATE, NULL},
    {{"online db", "run", "offline db"}, "depend disk app", ERROR_CIRCULAR_DEPENDENCY, NULL},
    {{"online db", "run", "offline db"}, "undepend app disk", ERROR_INVALID_STATE, NULL},
    {{0}, "online none", ERROR_GROUP_NOT_FOUND, "none"},
    {{0}, "online db flags 0x10", ERROR_INVALID_PARAMETER, "0x10"},
    {{0}, "online db on Z", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{"down B"}, "online db on B", ERROR_HOST_NODE_NOT_AVAILABLE, "B"},
    {{"leaving B"}, "online db on B", ERROR_HOST_NODE_NOT_AVAILABLE, "B"},
    {{"online db", "run", "report disk locked"},
     "online db",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "disk"},
    {{"down A", "down B", "down C"}, "online db", ERROR_HOST_NODE_NOT_AVAILABLE, NULL},
    {{0}, "move none", ERROR_GROUP_NOT_FOUND, "none"},
    {{0}, "move db flags 0x40", ERROR_INVALID_PARAMETER, NULL},
    {{0}, "move db flags 5", ERROR_INVALID_PARAMETER, NULL},
    {{0}, "move db to Z", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{"down B"}, "move db to B", ERROR_HOST_NODE_NOT_AVAILABLE, "B"},
    {{"leaving B"}, "move db to B", ERROR_HOST_NODE_NOT_AVAILABLE, "B"},
    {{"down B", "down C"}, "move db", ERROR_HOST_NODE_NOT_AVAILABLE, NULL},
    {{"online db"}, "move db", ERROR_INVALID_STATE, NULL},
    {{"online db", "run", "report app locked"},
     "move db",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "app"},
    {{"forbid app B"}, "move db to B", ERROR_HOST_NODE_NOT_RESOURCE_OWNER, "B"},
    {{"forbid app B"}, "online db on B", ERROR_HOST_NODE_NOT_RESOURCE_OWNER, "B"},
    {{"forbid app B", "forbid app C"}, "move db", ERROR_HOST_NODE_NOT_AVAILABLE, "db"},
    {{"forbid app A", "forbid app B", "forbid app C"},
     "online db",
     ERROR_HOST_NODE_NOT_RESOURCE_OWNER,
     "A"},
    {{"online db"}, "move db to Z flags 4", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{"online db", "down B"}, "move db to B flags 4", ERROR_HOST_NODE_NOT_AVAILABLE, "B"},
    {{"online db", "move db flags 4"}, "move db flags 4", ERROR_CLUSTER_GROUP_MOVING, "db"},
    {{"online db", "run", "report app locked", "move db flags 4"},
     "move db",
     ERROR_CLUSTER_GROUP_MOVING,
     "db"},
    {{0}, "cancel none", ERROR_GROUP_NOT_FOUND, "none"},
    {{0}, "cancel none flags 1", ERROR_INVALID_PARAMETER, "0x1"},
    {{0}, "cancel db", ERROR_INVALID_STATE, "nothing"},
    {{"online db", "cancel db"}, "cancel db", ERROR_INVALID_STATE, "already"},
    {{0}, "restart none", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "restart app", ERROR_RESOURCE_NOT_ONLINE, "Offline"},
    {{"online db"}, "restart disk", ERROR_INVALID_STATE, "db"},
    {{"online db", "run", "report app locked"},
     "restart disk flags 1",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "app"},
    {{0}, "maintain app flags 2", ERROR_INVALID_PARAMETER, "0x2"},
    {{0}, "maintain none flags 1", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "maintain app flags 1", ERROR_RESOURCE_NOT_ONLINE, "Offline"},
    {{0}, "regroup none to db", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "regroup app to none", ERROR_GROUP_NOT_FOUND, "none"},
    {{0}, "regroup app to db", ERROR_ALREADY_EXISTS, "db"},
    {{"online db"}, "regroup x to db", ERROR_INVALID_STATE, "db"},
    {{"online db"}, "regroup app to idle", ERROR_INVALID_STATE, "db"},
    {{"online db", "run", "report app locked"},
     "regroup x to db",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "app"},
    {{"online db", "run", "move idle to C"}, "regroup app to idle", ERROR_RESOURCE_ONLINE, "disk"},
    {{"forbid disk C", "move idle to C"},
     "regroup app to idle",
     ERROR_HOST_NODE_NOT_RESOURCE_OWNER,
     "disk"},
    {{0}, "allow none A", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "allow app Z", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{0}, "allow app A", ERROR_OBJECT_ALREADY_EXISTS, "A"},
    {{"forbid app B"}, "allow app A", ERROR_OBJECT_ALREADY_EXISTS, "A"},
    {{0}, "forbid app Z", ERROR_CLUSTER_NODE_NOT_FOUND, "Z"},
    {{"forbid app B"}, "forbid app B", ERROR_CLUSTER_NODE_NOT_FOUND, "B"},
    {{"online db", "run"}, "forbid app A", ERROR_INVALID_STATE, "A"},
    {{0}, "group db", ERROR_OBJECT_ALREADY_EXISTS, "db"},
    {{0}, "group DB", ERROR_OBJECT_ALREADY_EXISTS, "DB"},
    {{"down A", "down B", "down C"}, "group new", ERROR_HOST_NODE_NOT_AVAILABLE, NULL},
    {{0}, "drop db", ERROR_DIR_NOT_EMPTY, "2 resources"},
    {{0}, "drop none", ERROR_GROUP_NOT_FOUND, NULL},
    {{0}, "set db NoSuch 1", ERROR_INVALID_PARAMETER, "NoSuch"},
    {{0}, "set db PersistentState 1", ERROR_INVALID_PARAMETER, "PersistentState"},
    {{0}, "set db FailoverPeriod 1194", ERROR_INVALID_PARAMETER, "FailoverPeriod"},
    {{0}, "set db Description 5", ERROR_INVALID_PARAMETER, "Description"},
    {{0}, "add app to db", ERROR_OBJECT_ALREADY_EXISTS, "app"},
    {{0}, "add new to none", ERROR_GROUP_NOT_FOUND, "none"},
    {{0}, "bring none", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "bring app flags 0x10", ERROR_INVALID_PARAMETER, NULL},
    {{0}, "stop none", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "stop app flags 8", ERROR_INVALID_PARAMETER, NULL},
    {{"online db", "run", "report disk locked"},
     "bring app",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "disk"},
    {{"online db", "run", "report app locked"},
     "stop disk",
     ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
     "app"},
    {{"down A", "down B", "down C"}, "bring app", ERROR_HOST_NODE_NOT_AVAILABLE, NULL},
    {{0}, "fail app", ERROR_INVALID_STATE, "Offline"},
    {{0}, "fail none", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "remove none", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "remove disk", ERROR_DEPENDENT_RESOURCE_EXISTS, "app depends on disk"},
    {{"online db", "run"}, "remove app", ERROR_RESOURCE_ONLINE, "app"},
    {{"online idle"}, "remove x", ERROR_INVALID_STATE, "x"},
    {{0}, "depend app none", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "depend none app", ERROR_RESOURCE_NOT_FOUND, "none"},
    {{0}, "depend app app", ERROR_INVALID_PARAMETER, NULL},
    {{0}, "depend app x", ERROR_INVALID_PARAMETER, "idle"},
    {{0}, "depend app disk", ERROR_DEPENDENCY_ALREADY_EXISTS, NULL},
    {{0}, "depend disk app", ERROR_CIRCULAR_DEPENDENCY, NULL},
    {{0}, "undepend disk app", ERROR_DEPENDENCY_NOT_FOUND, NULL},
    {{"online idle", "run", "add y to idle"}, "depend x y", ERROR_RESOURCE_ONLINE, NULL},
    {{0}, "set app RestartAction 3", ERROR_INVALID_PARAMETER, "RestartAction"},
    {{0}, "set app PendingTimeout 9", ERROR_INVALID_PARAMETER, "PendingTimeout"},
    {{0}, "set app RestartDelay soon", ERROR_INVALID_PARAMETER, "RestartDelay"},
    {{0}, "set none A 1", ERROR_RESOURCE_NOT_FOUND, "none"},
};

Test(operation, refusal_has_its_code_and_changes_nothing)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal *r = &refusals[i];
        struct world w;
        uint64_t digest;
        unsigned count;

        world_setup(&w, PLOT);
        for (unsigned j = 0; j < 4 && r->before[j] != NULL; j++) {
            if (strcmp(r->before[j], "run") == 0)
                world_run(&w);
            else
                world_do(&w, "%s", r->before[j]);
        }
        digest = cluster_objects_digest(w.cluster);
        cr_assert_eq(world_do(&w, "%s", r->words), r->code, "%s: %u", r->words, w.reply.code);
        cr_assert_eq(cluster_objects_digest(w.cluster), digest, "%s changed something", r->words);
        cluster_changes(w.cluster, &count);
        cr_assert_eq(count, 0, "%s left an event", r->words);
        if (r->detail != NULL)
            cr_assert_not_null(strstr(w.reply.detail, r->detail), "%s: \"%s\"", r->words,
                               w.reply.detail);
        world_teardown(&w);
    }
}

/* ----------------------------------------------------------------- offline */

Test(operation, offline_reads_pending_from_the_reply_on)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "offline db flags 1"), ERROR_IO_PENDING);
    check_text(world_state(&w, "db"), "Pending");
    cr_assert_not(world_group(&w, "db")->persistent_online);
    while (world_step(&w) > 0)
        cr_assert(strcmp(world_state(&w, "db"), "Pending") == 0 ||
                  world_group(&w, "db")->operation.kind == OPERATION_NONE);
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(operation, offline_of_what_is_offline_is_done_at_once)
{
    struct world w;

    world_setup(&w, PLOT);
    check_code(world_do(&w, "offline db"), 0);
    check_code(world_do(&w, "offline empty"), 0);
    check_text(world_state(&w, "db"), "Offline");
    check_text(world_state(&w, "empty"), "Offline");
    world_teardown(&w);
}

Test(operation, offline_of_an_empty_group_is_remembered)
{
    struct world w;

    world_setup(&w, PLOT);
    check_code(world_do(&w, "online empty"), 0);
    cr_assert(world_group(&w, "empty")->persistent_online);
    check_text(world_state(&w, "empty"), "Offline");
    check_code(world_do(&w, "offline empty"), 0);
    cr_assert_not(world_group(&w, "empty")->persistent_online);
    world_teardown(&w);
}

Test(operation, offline_clears_old_failures_within_the_command)
{
    struct world w;

    world_setup(&w, "A; db: disk app bad");
    world_do(&w, "set bad RestartAction 0");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report bad failed");
    check_text(world_states(&w, "db"), "Failed: disk Online, app Online, bad Failed");
    check_code(world_do(&w, "offline db"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"),
               "Pending: disk OfflinePending, app OfflinePending, bad Offline");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: disk Offline, app Offline, bad Offline");
    world_teardown(&w);
}

Test(operation, offline_forgets_a_restart_that_was_planned)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    cr_assert_neq(cluster_next_deadline(w.cluster), UINT64_MAX);
    check_code(world_do(&w, "offline db"), 0);
    check_text(world_states(&w, "db"), "Offline: app Offline");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_do(&w, "wait 10000");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_teardown(&w);
}

Test(operation, offline_keeps_its_instructions_until_it_ends)
{
    struct world w;
    const uint8_t list[] = {1, 2, 3};
    struct command cmd = {.kind = COMMAND_GROUP_OFFLINE,
                          .name = "db",
                          .instructions = list,
                          .instructions_len = sizeof(list)};

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_apply(&w, &cmd), ERROR_IO_PENDING);
    cr_assert_eq(world_group(&w, "db")->operation.instructions_len, sizeof(list));
    cr_assert_arr_eq(world_group(&w, "db")->operation.instructions, list, sizeof(list));
    world_run(&w);
    cr_assert_null(world_group(&w, "db")->operation.instructions);
    world_teardown(&w);
}

Test(operation, instructions_have_a_limit)
{
    struct world w;
    static const uint8_t list[INSTRUCTIONS_BYTES_MAX + 1];
    struct command cmd = {.kind = COMMAND_GROUP_OFFLINE,
                          .name = "db",
                          .instructions = list,
                          .instructions_len = sizeof(list)};

    world_setup(&w, PLOT);
    check_code(world_apply(&w, &cmd), ERROR_INVALID_PARAMETER);
    cmd.instructions_len--;
    check_code(world_apply(&w, &cmd), 0);
    world_teardown(&w);
}

Test(operation, locked_resource_yields_to_the_flag)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app locked");
    check_code(world_do(&w, "offline db"), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    check_code(world_do(&w, "offline db flags 1"), ERROR_IO_PENDING);
    cr_assert_not(world_resource(&w, "app")->locked, "a lock ends with what it protects");
    world_teardown(&w);
}

/* ------------------------------------------------------------------ online */

Test(operation, online_of_what_is_online_is_done_at_once)
{
    struct world w;

    world_setup(&w, PLOT);
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    world_run(&w);
    check_code(world_do(&w, "online db"), 0);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(operation, online_elsewhere_moves_first)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "online db on B"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk Online, app OfflinePending");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(operation, online_with_a_dead_owner_is_placed)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "down A");
    world_do(&w, "up B");
    /* Every node that is known is not up yet: the cluster is still forming. */
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "B");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(operation, best_possible_node_is_the_first_preferred_one)
{
    struct world w;

    world_setup(&w, "A B; db prefers B A: app");
    world_do(&w, "move db to A");
    check_code(world_do(&w, "online db flags 4"), ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(operation, online_ends_when_nothing_more_is_planned)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk log");
    world_do(&w, "set disk RestartAction 0");
    world_break(&w, "disk");
    world_do(&w, "online db");
    world_run(&w);
    /* app waits for a disk that is not coming: it is not waited for. */
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Offline, log Online");
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_NONE);
    cr_assert(world_group(&w, "db")->persistent_online);
    world_teardown(&w);
}

Test(operation, online_waits_for_a_restart)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_break(&w, "app");
    world_do(&w, "online db");
    world_run(&w);
    check_text(world_states(&w, "db"), "Pending: app Failed");
    world_mend(&w, "app");
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 500);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(operation, online_drops_what_was_said_of_single_resources)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop app");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: disk Online, app Offline");
    cr_assert_eq(world_resource(&w, "app")->persistent, 0);
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    cr_assert_eq(world_resource(&w, "app")->persistent, -1);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

/* -------------------------------------------------------------------- move */

Test(operation, move_stops_changes_owner_and_starts)
{
    struct world w;
    uint64_t token;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    token = world_group(&w, "db")->token;
    world_story(&w);
    check_code(world_do(&w, "move db to C"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_story(&w), "app@A Online -> OfflinePending, requested-move\n"
                                "db@A Online -> Pending, requested-move\n"
                                "app@A OfflinePending -> Offline, reported\n"
                                "disk@A Online -> OfflinePending, requested-move\n"
                                "disk@A OfflinePending -> Offline, reported\n"
                                "db@C requested-move\n"
                                "disk@C Offline -> OnlinePending, requested-move\n"
                                "disk@C OnlinePending -> Online, reported\n"
                                "app@C Offline -> OnlinePending, requested-move\n"
                                "app@C OnlinePending -> Online, reported\n"
                                "db@C Pending -> Online, operation-ended\n");
    cr_assert_gt(world_group(&w, "db")->token, token);
    world_teardown(&w);
}

Test(operation, move_of_an_offline_group_is_done_at_once)
{
    struct world w;

    world_setup(&w, PLOT);
    check_code(world_do(&w, "move db to C"), 0);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_state(&w, "db"), "Offline");
    check_code(world_do(&w, "move db to C"), 0);
    cr_assert_lt(world_group(&w, "db")->token, cluster_index(w.cluster));
    world_teardown(&w);
}

Test(operation, move_brings_each_resource_to_its_persistent_state)
{
    struct world w;

    world_setup(&w, "A B; db: disk app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop log");
    world_run(&w);
    world_do(&w, "move db");
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(operation, move_goes_elsewhere_when_its_target_dies)
{
    struct world w;

    world_setup(&w, PLOT);
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db to B");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(operation, move_comes_back_when_nobody_is_left)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db to B");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(operation, move_goes_on_when_a_resource_fails_to_stop)
{
    struct world w;

    world_setup(&w, "A B; db: disk app>disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db");
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    world_teardown(&w);
}

/* Only what does not run can wait for room. */
Test(operation, online_of_what_runs_on_a_paused_node_is_told_so)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "configure B Capacities memory=0");
    world_do(&w, "set db Needs memory=1");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop log");
    world_run(&w);
    world_do(&w, "pause A");
    check_code(world_do(&w, "online db"), ERROR_SHARING_PAUSED);
    world_teardown(&w);
}

Test(operation, start_that_comes_to_nothing_leaves_no_trace)
{
    struct world w;

    world_setup(&w, "A; db: disk app>disk");
    world_do(&w, "set app RestartAction 0");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    world_do(&w, "stop disk");
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: disk Offline, app Failed");
    check_code(world_do(&w, "up A"), 0);
    check_text(world_states(&w, "db"), "Failed: disk Offline, app Failed");
    cr_assert_eq(world_group(&w, "db")->operation.id, 0);
    world_teardown(&w);
}
