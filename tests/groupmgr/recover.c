/* A majority is lost for good: the cluster goes on with one node. */
#include <string.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

Test(recover, the_others_are_gone_and_what_they_had_is_started_here)
{
    struct world w;
    bool removed = false;

    world_setup_online(&w, "A B C D E; db prefers A: app; web prefers A: page");
    world_do(&w, "move web to C");
    world_run(&w);
    world_story(&w);
    cr_assert_eq(cluster_epoch(w.cluster), 1);
    check_code(world_do(&w, "recover B"), 0);
    cr_assert_eq(cluster_epoch(w.cluster), 2);
    cr_assert(strstr(world_story(&w), "recovered") != NULL);
    for (uint32_t id = 1; id <= 5; id++) {
        cr_assert_eq(cluster_departed(w.cluster, id, &removed), id != 2);
        cr_assert(id == 2 || removed, "the configuration has nobody else");
    }
    cr_assert_eq(cluster_next_departing(w.cluster, 0), 0);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    cr_assert_eq(world_node(&w, "B")->state, NODE_DOWN);
    check_code(world_do(&w, "up B"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_owner(&w, "web"), "B");
    check_text(world_states(&w, "db"), "Online: app Online");
    check_text(world_states(&w, "web"), "Online: page Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(recover, the_event_says_the_epoch_and_who_is_gone)
{
    struct world w;
    const struct event *e;

    world_setup(&w, "A B C; db");
    check_code(world_do(&w, "recover C"), 0);
    e = cluster_event(w.cluster, 0);
    for (unsigned i = 0; e != NULL && e->object != OBJECT_CLUSTER; i++)
        e = i < cluster_event_count(w.cluster) ? cluster_event(w.cluster, i) : NULL;
    cr_assert_not_null(e);
    check_text(cause_name(e->cause), "recovered");
    check_text(e->text, "epoch 2, without A, B");
    cr_assert_eq(e->node, 3);
    world_teardown(&w);
}

Test(recover, twice_is_once)
{
    struct world w;
    struct command again = {.kind = COMMAND_CLUSTER_RECOVER, .node = 1, .epoch = 2};
    uint64_t digest;

    world_setup(&w, "A B C; db");
    check_code(world_apply(&w, &again), 0);
    check_code(world_do(&w, "up D"), 0);
    digest = cluster_objects_digest(w.cluster);
    check_code(world_apply(&w, &again), ERROR_INVALID_STATE);
    again.epoch = 1;
    check_code(world_apply(&w, &again), ERROR_INVALID_STATE);
    cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    cr_assert_not_null(world_node(&w, "D"));
    again.epoch = 3;
    again.node = 9;
    check_code(world_apply(&w, &again), ERROR_CLUSTER_NODE_NOT_FOUND);
    cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    world_teardown(&w);
}

/* Its lease has run out as well: what it had is started anew, and no failure is counted. */
Test(recover, the_life_of_the_node_that_is_left_is_over_too)
{
    struct world w;

    world_setup_online(&w, "A B C; db prefers A: app");
    uint64_t life = world_resource(&w, "app")->operation;
    world_do(&w, "leaving A");
    check_code(world_do(&w, "recover A"), 0);
    check_text(world_states(&w, "db"), "Offline: app Offline");
    cr_assert_not(world_node(&w, "A")->leaving);
    check_code(world_do(&w, "up A"), 0);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    cr_assert_neq(world_resource(&w, "app")->operation, life);
    cr_assert_eq(world_resource(&w, "app")->restarts, 0);
    world_teardown(&w);
}

Test(recover, a_pause_lasts)
{
    struct world w;

    world_setup_online(&w, "A B C; db prefers A: app");
    world_do(&w, "pause B drain");
    check_code(world_do(&w, "recover B"), 0);
    check_code(world_do(&w, "up B"), 0);
    world_run(&w);
    cr_assert_eq(world_node(&w, "B")->state, NODE_PAUSED);
    check_text(world_owner(&w, "db"), "B");
    check_code(world_do(&w, "resume B"), 0);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(recover, what_may_not_run_here_is_owned_and_not_started)
{
    struct world w;

    world_setup(&w, "A B C; db: app");
    world_do(&w, "forbid app B");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "recover B"), 0);
    check_code(world_do(&w, "up B"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Offline: app Offline");
    check_code(world_do(&w, "allow app B"), 0);
    world_do(&w, "online db");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

/* Whoever says that it is gone for good says that it is off. */
Test(recover, a_fencing_that_is_waited_for_is_waited_for_no_longer)
{
    struct world w;

    world_setup(&w, "A B C; db: app");
    world_do(&w, "cluster FencingRequired 1");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "recover C"), 0);
    check_code(world_do(&w, "up C"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_states(&w, "db"), "Online: app Online");
    world_teardown(&w);
}

Test(recover, ids_of_the_old_configuration_are_not_given_again)
{
    struct world w;
    struct command recover = {.kind = COMMAND_CLUSTER_RECOVER, .node = 2, .by = 7, .epoch = 2};
    struct command join = {.kind = COMMAND_NODE_JOIN,
                           .name = "A",
                           .address = "somewhere:7400",
                           .disk = "new",
                           .node = 2,
                           .level = LEVEL_MAX};

    world_setup(&w, "A B C; db");
    check_code(world_apply(&w, &recover), 0);
    check_code(world_do(&w, "up B"), 0);
    check_code(world_apply(&w, &join), 0);
    cr_assert_eq(world_node(&w, "A")->id, 8);
    world_teardown(&w);
}

Test(recover, the_epoch_is_in_snapshots_and_digests)
{
    struct world w;
    struct arena a = {0};
    struct cluster *again = NULL;
    uint64_t before;

    world_setup(&w, "A; db: app");
    before = cluster_objects_digest(w.cluster);
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
    cr_assert_eq(cluster_epoch(again), 1);
    cluster_free(again);
    check_code(world_do(&w, "recover A"), 0);
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
    cr_assert_eq(cluster_epoch(again), 2);
    cr_assert_eq(cluster_digest(again), cluster_digest(w.cluster));
    cluster_free(again);
    arena_release(&a);
    world_teardown(&w);
}
