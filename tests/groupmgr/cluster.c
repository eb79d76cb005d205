/* The machine as a whole: index, stamps, events, digests, names. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/world.h"

Test(cluster, index_counts_every_command)
{
    struct world w;
    uint64_t index;

    world_setup(&w, "A");
    index = cluster_index(w.cluster);
    world_do(&w, "wait 1");
    world_do(&w, "offline none");
    cr_assert_eq(cluster_index(w.cluster), index + 2);
    cr_assert_eq(w.reply.index, index + 2);
    world_teardown(&w);
}

Test(cluster, time_never_runs_backwards)
{
    struct world w;

    world_setup(&w, "A");
    w.now_ms -= 1000;
    world_do(&w, "wait 1");
    cr_assert_eq(cluster_now_ms(w.cluster), w.now_ms + 999);
    world_teardown(&w);
}

Test(cluster, has_one_name_for_good)
{
    struct world w;
    struct command init = {.kind = COMMAND_CLUSTER_INIT, .name = "other"};

    world_setup(&w, "A");
    check_text(cluster_name(w.cluster), "world");
    check_code(world_apply(&w, &init), ERROR_ALREADY_EXISTS);
    check_text(cluster_name(w.cluster), "world");
    world_teardown(&w);
}

Test(cluster, names_are_found_without_case_and_walked_in_order)
{
    struct world w;
    const struct group *g;

    world_setup(&w, "A; Zebra; apple; Mango: Resource");
    cr_assert_eq(cluster_group_by_name(w.cluster, "ZEBRA"), world_group(&w, "Zebra"));
    cr_assert_not_null(cluster_resource_by_name(w.cluster, "resource"));
    cr_assert_not_null(cluster_node_by_name(w.cluster, "a"));
    g = cluster_next_group(w.cluster, NULL);
    check_text(g->name, "Zebra");
    g = cluster_next_group(w.cluster, g);
    check_text(g->name, "apple");
    g = cluster_next_group(w.cluster, g);
    check_text(g->name, "Mango");
    cr_assert_null(cluster_next_group(w.cluster, g));
    cr_assert_eq(cluster_group(w.cluster, g->id), g);
    cr_assert_null(cluster_group(w.cluster, 99999));
    cr_assert_null(cluster_resource(w.cluster, 99999));
    cr_assert_null(cluster_node(w.cluster, 99));
    world_teardown(&w);
}

Test(cluster, last_events_are_kept)
{
    struct world w;
    unsigned count;
    const struct event *last;

    world_setup(&w, "A; db: app");
    for (unsigned i = 0; i < EVENTS_MAX; i++)
        world_do(&w, "set db Description %c%u", 'x', i);
    cr_assert_eq(cluster_event_count(w.cluster), EVENTS_MAX);
    cr_assert_eq(cluster_event(w.cluster, EVENTS_MAX - 1)->index, cluster_index(w.cluster));
    cr_assert_eq(cluster_event(w.cluster, 0)->index, cluster_index(w.cluster) - EVENTS_MAX + 1);
    last = cluster_changes(w.cluster, &count);
    cr_assert_eq(count, 1);
    cr_assert_eq(last, cluster_event(w.cluster, EVENTS_MAX - 1));
    world_do(&w, "wait 1");
    cluster_changes(w.cluster, &count);
    cr_assert_eq(count, 0);
    cr_assert_eq(cluster_event_count(w.cluster), EVENTS_MAX);
    world_teardown(&w);
}

Test(cluster, one_command_may_change_more_than_the_ring_holds)
{
    struct world w;
    unsigned count;

    world_setup(&w, "A B");
    for (unsigned g = 0; g < 60; g++) {
        world_do(&w, "group g%u", g);
        for (unsigned r = 0; r < 4; r++)
            world_do(&w, "add g%u-%u to g%u", g, r, g);
        world_do(&w, "online g%u on A", g);
    }
    world_run(&w);
    world_do(&w, "down A");
    cluster_changes(w.cluster, &count);
    cr_assert_eq(count, 1 + 60 * (4 + 1 + 4 + 1));
    cr_assert_eq(cluster_event_count(w.cluster), EVENTS_MAX);
    cluster_digest(w.cluster);
    world_run(&w);
    check_text(world_state(&w, "g59"), "Online");
    world_teardown(&w);
}

Test(cluster, digest_tells_states_apart_and_forgets_nothing)
{
    struct world w, v;
    uint64_t before;

    world_setup(&w, "A B; db: app");
    world_setup(&v, "A B; db: app");
    cr_assert_eq(cluster_digest(w.cluster), cluster_digest(v.cluster));
    before = cluster_objects_digest(w.cluster);
    world_do(&w, "online db");
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    world_do(&v, "online db");
    /* Asked for at other times, it is the same. */
    world_run(&w);
    cluster_digest(w.cluster);
    world_run(&v);
    world_do(&w, "offline db");
    world_do(&v, "offline db");
    cluster_digest(w.cluster);
    world_run(&w);
    world_run(&v);
    cr_assert_eq(cluster_digest(w.cluster), cluster_digest(v.cluster));
    world_do(&v, "wait 1");
    cr_assert_neq(cluster_digest(w.cluster), cluster_digest(v.cluster));
    world_teardown(&w);
    world_teardown(&v);
}

Test(cluster, names_of_states_and_causes_are_whole)
{
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
        cr_assert_not_null(cause_name((enum cause)i), "%u", i);
        cr_assert_not_null(cause_text((enum cause)i), "%u", i);
    }
    check_text(cause_name(CAUSE_COUNT), "?");
    check_text(cause_name(CAUSE_NODE_LEASE_EXPIRED), "node-lease-expired");
    check_text(group_state_name(GROUP_PARTIAL_ONLINE), "PartialOnline");
    check_text(group_state_name((enum group_state) - 1), "?");
    check_text(resource_state_name(RESOURCE_OFFLINE_PENDING), "OfflinePending");
    check_text(resource_state_name((enum resource_state)5), "?");
    check_text(node_state_name(NODE_DOWN), "Down");
    check_text(operation_kind_name(OPERATION_FAILOVER), "failover");
    check_text(command_kind_name(COMMAND_GROUP_OFFLINE), "group-offline");
}

Test(cluster, has_room_for_its_maxima, .timeout = 120)
{
    struct world w;
    struct reply reply;
    char name[24];
    struct command cmd = {.kind = COMMAND_GROUP_CREATE, .name = name};

    world_setup(&w, "A B");
    for (unsigned i = 0; i < GROUPS_MAX; i++) {
        snprintf(name, sizeof(name), "group %u", i);
        cluster_apply(w.cluster, w.now_ms, &cmd, &reply);
        check_code(reply.code, 0);
    }
    snprintf(name, sizeof(name), "one more");
    cluster_apply(w.cluster, w.now_ms, &cmd, &reply);
    check_code(reply.code, ERROR_CLUSTER_MAXNUM_OF_RESOURCES_EXCEEDED);

    cmd = (struct command){.kind = COMMAND_RESOURCE_CREATE, .name = name, .type = "dummy"};
    for (unsigned i = 0; i < RESOURCES_MAX; i++) {
        char group[24];

        snprintf(name, sizeof(name), "resource %u", i);
        snprintf(group, sizeof(group), "group %u", i % GROUPS_MAX);
        cmd.other = group;
        cluster_apply(w.cluster, w.now_ms, &cmd, &reply);
        check_code(reply.code, 0);
    }
    snprintf(name, sizeof(name), "one more");
    cmd.other = "group 0";
    check_code(world_apply(&w, &cmd), ERROR_CLUSTER_MAXNUM_OF_RESOURCES_EXCEEDED);
    /* Half of them lose their owner at once. */
    world_do(&w, "down A");
    check_text(world_owner(&w, "group 0"), "B");
    world_teardown(&w);
}

Test(cluster, detail_stays_text_when_it_is_cut)
{
    struct world w;
    char name[NAME_BYTES_MAX + 1];
    struct command cmd = {.kind = COMMAND_RESOURCE_UNDEPEND, .name = "ap", .other = name};

    world_setup(&w, "A; db: ap");
    /* 127 letters of two bytes: the detail ends inside one of them. */
    for (unsigned i = 0; i + 1 < NAME_BYTES_MAX; i += 2)
        memcpy(name + i, "\xc3\xa4", 3);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_RESOURCE_CREATE,
                                                 .name = name,
                                                 .other = "db",
                                                 .type = "dummy"}),
               0);
    check_code(world_apply(&w, &cmd), ERROR_DEPENDENCY_NOT_FOUND);
    cr_assert(utf8_is_valid(w.reply.detail, strlen(w.reply.detail)));
    cr_assert_gt(strlen(w.reply.detail), 250);
    world_teardown(&w);
}
