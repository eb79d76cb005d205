/* Nodes and what becomes of their groups. */
#include <stdio.h>

#include "tests/groupmgr/world.h"

#define ONLINE(plot)               \
    do {                           \
        world_setup(&w, plot);     \
        world_do(&w, "online db"); \
        world_run(&w);             \
    } while (0)

/* -------------------------------------------------------------------- down */

Test(node, groups_of_a_dead_node_start_elsewhere)
{
    struct world w;
    uint64_t token;

    ONLINE("A B; db: disk app>disk");
    token = world_group(&w, "db")->token;
    world_story(&w);
    check_code(world_do(&w, "down A"), 0);
    check_text(world_story(&w), "A@A Up -> Down, node-lease-expired\n"
                                "disk@A Online -> Offline, node-lease-expired\n"
                                "app@A Online -> Offline, node-lease-expired\n"
                                "db@B node-lease-expired\n"
                                "disk@B Offline -> OnlinePending, node-lease-expired\n"
                                "db@B Online -> Pending, node-lease-expired\n");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    check_text(world_owner(&w, "db"), "B");
    cr_assert_gt(world_group(&w, "db")->token, token);
    cr_assert_eq(world_group(&w, "db")->failovers, 0, "a node's death is not counted");
    world_teardown(&w);
}

Test(node, offline_under_way_ends_when_the_owner_dies)
{
    struct world w;

    ONLINE("A B; db: disk app>disk");
    world_do(&w, "offline db");
    world_step(&w);
    world_do(&w, "down A");
    check_text(world_states(&w, "db"), "Offline: disk Offline, app Offline");
    check_text(world_owner(&w, "db"), "B");
    world_run(&w);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: disk Offline, app Offline");
    world_teardown(&w);
}

Test(node, offline_groups_change_owner_too)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_teardown(&w);
}

Test(node, single_resource_taken_offline_stays_so_elsewhere)
{
    struct world w;

    ONLINE("A B; db: disk app log");
    world_do(&w, "stop log");
    world_run(&w);
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_states(&w, "db"), "PartialOnline: disk Online, app Online, log Offline");
    world_teardown(&w);
}

Test(node, renewal_that_the_proposer_had_not_seen_saves_the_node)
{
    struct world w;
    struct renewal renewal = {.node = 1, .seq = 5};
    struct command pulse = {.kind = COMMAND_PULSE, .renewals = &renewal, .renewal_count = 1};
    struct command down = {
        .kind = COMMAND_NODE_DOWN, .node = 1, .node_seq = 4, .cause = CAUSE_NODE_LEASE_EXPIRED};

    world_setup(&w, "A B");
    renewal.incarnation = down.incarnation = world_node(&w, "A")->incarnation;
    check_code(world_apply(&w, &pulse), 0);
    cr_assert_eq(world_node(&w, "A")->renewed_seq, 5);
    check_code(world_apply(&w, &down), ERROR_INVALID_STATE);
    cr_assert_eq(world_node(&w, "A")->state, NODE_UP);
    /* Its own word that it has stopped counts all the same. */
    down.cause = CAUSE_NODE_STOPPED;
    check_code(world_apply(&w, &down), 0);
    cr_assert_eq(world_node(&w, "A")->state, NODE_DOWN);
    check_code(world_apply(&w, &down), ERROR_INVALID_STATE);
    world_teardown(&w);
}

Test(node, death_of_another_life_or_for_no_reason_is_refused)
{
    struct world w;
    struct command down = {
        .kind = COMMAND_NODE_DOWN, .node = 1, .incarnation = 1, .cause = CAUSE_NODE_LEASE_EXPIRED};

    world_setup(&w, "A B");
    check_code(world_apply(&w, &down), ERROR_INVALID_STATE);
    down.node = 9;
    check_code(world_apply(&w, &down), ERROR_CLUSTER_NODE_NOT_FOUND);
    down = (struct command){
        .kind = COMMAND_NODE_DOWN, .node = 1, .incarnation = world_node(&w, "A")->incarnation};
    check_code(world_apply(&w, &down), ERROR_INVALID_PARAMETER);
    world_teardown(&w);
}

Test(node, renewals_of_another_life_or_out_of_order_are_dropped)
{
    struct world w;
    struct renewal renewals[3] = {{1, 0, 7, 0}, {1, 0, 6, 0}, {2, 1, 9, 0}};
    struct command pulse = {.kind = COMMAND_PULSE, .renewals = renewals, .renewal_count = 3};
    unsigned count;

    world_setup(&w, "A B");
    renewals[0].incarnation = renewals[1].incarnation = world_node(&w, "A")->incarnation;
    world_apply(&w, &pulse);
    cr_assert_eq(world_node(&w, "A")->renewed_seq, 7);
    cr_assert_eq(world_node(&w, "B")->renewed_seq, 0);
    cluster_changes(w.cluster, &count);
    cr_assert_eq(count, 0);
    world_do(&w, "down A");
    renewals[0].seq = 8;
    world_apply(&w, &pulse);
    cr_assert_eq(world_node(&w, "A")->renewed_seq, 7, "the dead renew nothing");
    world_teardown(&w);
}

/* ---------------------------------------------------------------------- up */

Test(node, restarted_node_starts_its_groups_again)
{
    struct world w;
    uint64_t incarnation;

    ONLINE("A B; db: disk app>disk");
    incarnation = world_node(&w, "A")->incarnation;
    world_story(&w);
    check_code(world_do(&w, "up A"), 0);
    cr_assert_gt(world_node(&w, "A")->incarnation, incarnation);
    check_text(world_story(&w), "A@A Up -> Down, node-restarted\n"
                                "disk@A Online -> Offline, node-restarted\n"
                                "app@A Online -> Offline, node-restarted\n"
                                "A@A Down -> Up, node-up\n"
                                "disk@A Offline -> OnlinePending, persistent-state\n"
                                "db@A Online -> Pending, persistent-state\n");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(node, restarted_node_ends_an_offline_under_way)
{
    struct world w;

    ONLINE("A B; db: disk app>disk");
    world_do(&w, "offline db");
    world_do(&w, "up A");
    check_text(world_states(&w, "db"), "Offline: disk Offline, app Offline");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: disk Offline, app Offline");
    world_teardown(&w);
}

Test(node, identity_is_guarded)
{
    struct world w;
    struct command up = {
        .kind = COMMAND_NODE_UP, .level = LEVEL_MAX, .node = 1, .name = "A", .disk = "emptied"};

    world_setup(&w, "A B");
    check_code(world_apply(&w, &up), ERROR_CLUSTER_INSTANCE_ID_MISMATCH);
    up = (struct command){
        .kind = COMMAND_NODE_UP, .level = LEVEL_MAX, .node = 3, .name = "b", .disk = "d"};
    check_code(world_apply(&w, &up), ERROR_CLUSTER_NODE_EXISTS);
    up.name = "";
    check_code(world_apply(&w, &up), ERROR_INVALID_NAME);
    up.name = "C";
    up.node = 0;
    check_code(world_apply(&w, &up), ERROR_INVALID_PARAMETER);
    cr_assert_eq(world_node(&w, "A")->state, NODE_UP);
    world_teardown(&w);
}

Test(node, cluster_has_room_for_its_maximum)
{
    struct world w;
    struct command up = {.kind = COMMAND_NODE_UP, .level = LEVEL_MAX, .disk = "d"};
    char name[16];

    world_setup(&w, "");
    up.name = name;
    for (up.node = 1; up.node <= NODES_MAX; up.node++) {
        snprintf(name, sizeof(name), "n%u", up.node);
        check_code(world_apply(&w, &up), 0);
    }
    snprintf(name, sizeof(name), "n%u", up.node);
    check_code(world_apply(&w, &up), ERROR_CLUSTER_TOO_MANY_NODES);
    world_teardown(&w);
}

/* -------------------------------------------------------------- cold start */

Test(node, after_a_cold_start_groups_wait_for_their_owners)
{
    struct world w;

    ONLINE("A B; db: app; web: page");
    world_do(&w, "move web to B");
    world_do(&w, "online web");
    world_run(&w);
    world_do(&w, "down B");
    world_do(&w, "down A");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    check_text(world_owner(&w, "web"), "A");
    world_do(&w, "up B");
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 5000);
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_do(&w, "wait 4999");
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "up A");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX, "all are there");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(node, after_a_cold_start_the_wait_is_bounded)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "down B");
    world_do(&w, "down A");
    world_do(&w, "up B");
    world_do(&w, "wait 5000");
    check_text(world_owner(&w, "db"), "B");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(node, stranded_group_is_taken_by_the_next_node_that_comes)
{
    struct world w;

    ONLINE("A; db: app");
    world_do(&w, "down A");
    world_do(&w, "up B");
    world_do(&w, "wait 5000");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

/* ----------------------------------------------------------------- leaving */

Test(node, leaving_node_gives_its_groups_away)
{
    struct world w;

    ONLINE("A B; db: disk app>disk; idle: x");
    check_code(world_do(&w, "move idle to A"), 0);
    check_code(world_do(&w, "leaving A"), 0);
    check_text(world_owner(&w, "idle"), "B");
    check_text(world_states(&w, "db"), "Pending: disk Online, app OfflinePending");
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_MOVE);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    check_code(world_do(&w, "stopped A"), 0);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    world_teardown(&w);
}

Test(node, leaving_waits_for_an_operation_under_way)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "offline db");
    world_do(&w, "leaving A");
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_OFFLINE);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_teardown(&w);
}

Test(node, leaving_with_nowhere_to_go_keeps_the_groups_until_there_is)
{
    struct world w;

    ONLINE("A; db: app");
    world_do(&w, "leaving A");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(node, leaving_node_receives_nothing)
{
    struct world w;

    ONLINE("A B C; db prefers A B C: app");
    world_do(&w, "leaving B");
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "C");
    world_do(&w, "up B");
    cr_assert_not(world_node(&w, "B")->leaving, "a new life is here to stay");
    world_teardown(&w);
}

Test(node, leaving_waits_for_a_resource_that_is_starting)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "report app failed");
    world_do(&w, "wait 500");
    world_do(&w, "leaving A");
    check_text(world_states(&w, "db"), "Pending: app OnlinePending");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(node, death_of_the_last_node_ends_a_move_under_way)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "move db to B");
    world_do(&w, "down B");
    world_do(&w, "down A");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}
