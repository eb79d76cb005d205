/* Operations that wait. */
#include <string.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

/* db runs on A, and app is locked. */
static void setup_locked(struct world *w)
{
    world_setup(w, "A B C; db: disk app>disk; web: srv");
    world_do(w, "online db");
    world_run(w);
    world_do(w, "report app locked");
}

Test(queue, move_waits_for_a_lock_and_then_goes)
{
    struct world w;
    uint64_t id;

    setup_locked(&w);
    check_code(world_do(&w, "move db to B flags 4"), ERROR_CLUSTER_GROUP_QUEUED);
    id = w.reply.index;
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    cr_assert_eq(group_status(world_group(&w, "db")),
                 GROUP_STATUS_LOCKED_MODE | GROUP_STATUS_WAITING_IN_QUEUE_FOR_MOVE);
    cr_assert_eq(world_group(&w, "db")->operation.wait, CAUSE_WAITS_FOR_LOCK);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_WAITS_FOR_LOCK);
    world_do(&w, "report app unlocked");
    check_text(world_state(&w, "db"), "Pending");
    cr_assert_eq(world_group(&w, "db")->operation.id, id, "it is the one that was asked for");
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_REQUESTED_MOVE);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_OPERATION_ENDED);
    cr_assert_eq(world_operation_event(&w, id)->code, 0);
    world_teardown(&w);
}

Test(queue, move_waits_for_the_operation_that_runs)
{
    struct world w;
    uint64_t id;

    world_setup(&w, "A B C; db: disk app>disk");
    world_do(&w, "online db");
    id = w.reply.index;
    check_code(world_do(&w, "move db to B flags 4"), ERROR_CLUSTER_GROUP_QUEUED);
    cr_assert_eq(world_group(&w, "db")->operation.id, id);
    cr_assert_eq(world_group(&w, "db")->next.wait, CAUSE_WAITS_FOR_PENDING);
    cr_assert(group_status(world_group(&w, "db")) & GROUP_STATUS_WAITING_IN_QUEUE_FOR_MOVE);
    world_story(&w);
    world_run(&w);
    check_text(world_story(&w), "disk@A OnlinePending -> Online, reported\n"
                                "app@A Offline -> OnlinePending, requested-online\n"
                                "app@A OnlinePending -> Online, reported\n"
                                "db@A Pending -> Online, operation-ended\n"
                                "app@A Online -> OfflinePending, requested-move\n"
                                "db@A Online -> Pending, requested-move\n"
                                "app@A OfflinePending -> Offline, reported\n"
                                "disk@A Online -> OfflinePending, requested-move\n"
                                "disk@A OfflinePending -> Offline, reported\n"
                                "db@B requested-move\n"
                                "disk@B Offline -> OnlinePending, requested-move\n"
                                "disk@B OnlinePending -> Online, reported\n"
                                "app@B Offline -> OnlinePending, requested-move\n"
                                "app@B OnlinePending -> Online, reported\n"
                                "db@B Pending -> Online, operation-ended\n");
    world_teardown(&w);
}

Test(queue, move_waits_for_a_restart)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "set app RestartDelay 0");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    check_text(world_states(&w, "db"), "Pending: app OnlinePending, log Online");
    check_code(world_do(&w, "move db"), ERROR_INVALID_STATE);
    check_code(world_do(&w, "move db flags 4"), ERROR_CLUSTER_GROUP_QUEUED);
    cr_assert_eq(world_group(&w, "db")->operation.wait, CAUSE_WAITS_FOR_PENDING);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(queue, reason_changes_with_what_stands_in_the_way)
{
    struct world w;
    uint64_t id;

    setup_locked(&w);
    world_do(&w, "move db to B flags 4");
    id = w.reply.index;
    world_do(&w, "down B");
    world_do(&w, "report app unlocked");
    cr_assert_eq(world_group(&w, "db")->operation.wait, CAUSE_WAITS_FOR_NODE);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_WAITS_FOR_NODE);
    check_text(world_state(&w, "db"), "Online");
    world_do(&w, "up B");
    check_text(world_state(&w, "db"), "Pending");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(queue, move_whose_target_is_no_owner_any_more_fails)
{
    struct world w;
    uint64_t id;

    setup_locked(&w);
    world_do(&w, "move db to B flags 4");
    id = w.reply.index;
    check_code(world_do(&w, "forbid app B"), 0);
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_NONE);
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_HOST_NODE_NOT_RESOURCE_OWNER);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(queue, group_call_drops_what_waits)
{
    struct world w;
    uint64_t id;

    setup_locked(&w);
    world_do(&w, "move db to B flags 4");
    id = w.reply.index;
    check_code(world_do(&w, "offline db flags 1"), ERROR_IO_PENDING);
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_CANCELLED);
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_CANCELLED);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Offline");
    world_teardown(&w);
}

Test(queue, refused_group_call_drops_nothing)
{
    struct world w;

    setup_locked(&w);
    world_do(&w, "move db to B flags 4");
    check_code(world_do(&w, "offline db"), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    cr_assert(world_group(&w, "db")->operation.queued);
    world_teardown(&w);
}

Test(queue, single_call_passes_what_waits)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app locked");
    world_do(&w, "move db to B flags 4");
    check_code(world_do(&w, "restart log"), ERROR_IO_PENDING);
    cr_assert_eq(world_group(&w, "db")->next.kind, OPERATION_MOVE);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online, log Online");
    cr_assert(world_group(&w, "db")->operation.queued);
    cr_assert_eq(world_group(&w, "db")->operation.wait, CAUSE_WAITS_FOR_LOCK);
    world_do(&w, "report app unlocked");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(queue, loss_of_the_owner_drops_a_queued_move)
{
    struct world w;
    uint64_t id;

    setup_locked(&w);
    world_do(&w, "move db to B flags 4");
    id = w.reply.index;
    world_do(&w, "down A");
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_NODE_LEASE_EXPIRED);
    cr_assert_neq(world_group(&w, "db")->operation.id, id);
    cr_assert_not(world_group(&w, "db")->operation.queued);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(queue, loss_of_the_owner_drops_one_behind_a_running_one)
{
    struct world w;
    uint64_t id;

    world_setup(&w, "A B C; db: app");
    world_do(&w, "online db");
    world_do(&w, "move db to B flags 4");
    id = w.reply.index;
    world_do(&w, "down A");
    cr_assert_eq(world_group(&w, "db")->next.kind, OPERATION_NONE);
    cr_assert_eq(world_operation_event(&w, id)->code, ERROR_OPERATION_ABORTED);
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(queue, move_elsewhere_is_done_when_the_group_has_gone_elsewhere)
{
    struct world w;
    uint64_t id;

    world_setup(&w, "A B C; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db to B");
    check_code(world_do(&w, "move db flags 4"), ERROR_CLUSTER_GROUP_QUEUED);
    id = w.reply.index;
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_operation_event(&w, id)->cause, CAUSE_OPERATION_ENDED);
    cr_assert_eq(world_operation_event(&w, id)->code, 0);
    world_teardown(&w);
}

Test(queue, deleted_group_leaves_the_queue)
{
    struct world w;

    world_setup(&w, "A B; db: app; web: srv");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app locked");
    world_do(&w, "move db to B flags 4");
    world_do(&w, "down B");
    world_do(&w, "report app failed");
    world_do(&w, "stop app");
    check_code(world_do(&w, "remove app"), 0);
    cr_assert_eq(world_group(&w, "db")->operation.wait, CAUSE_WAITS_FOR_NODE);
    check_code(world_do(&w, "drop db"), 0);
    world_do(&w, "up B");
    world_teardown(&w);
}

/* Three groups that all wait for B: the order in which they begin when it comes. */
static void setup_three(struct world *w)
{
    static const char *const groups[] = {"g1", "g2", "g3"};

    world_setup(w, "A B; g1: r1; g2: r2; g3: r3");
    for (unsigned i = 0; i < 3; i++) {
        world_do(w, "move %s to A", groups[i]);
        world_do(w, "online %s", groups[i]);
    }
    world_run(w);
    for (unsigned i = 0; i < 3; i++) {
        world_do(w, "report r%u locked", i + 1);
        check_code(world_do(w, "move g%u to B flags %u", i + 1, i == 2 ? 0xcu : 0x4u),
                   ERROR_CLUSTER_GROUP_QUEUED);
    }
    world_do(w, "set g2 Priority 3000");
    world_do(w, "set g3 Priority 1000");
    world_do(w, "down B");
    for (unsigned i = 0; i < 3; i++)
        world_do(w, "report r%u unlocked", i + 1);
    world_story(w);
}

Test(queue, order_is_high_priority_start_then_priority_then_age)
{
    struct world w;

    setup_three(&w);
    world_do(&w, "up B");
    check_text(world_story(&w), "B@B Down -> Up, node-up\n"
                                "r3@A Online -> OfflinePending, requested-move\n"
                                "g3@A Online -> Pending, requested-move\n"
                                "r2@A Online -> OfflinePending, requested-move\n"
                                "g2@A Online -> Pending, requested-move\n"
                                "r1@A Online -> OfflinePending, requested-move\n"
                                "g1@A Online -> Pending, requested-move\n");
    world_teardown(&w);
}

/* As it comes out of a snapshot. */
static void write_and_read(struct world *w)
{
    struct arena a = {0};
    struct cluster *again = NULL;

    check_code(cluster_read(tree_of_cluster(w->cluster, &a), &again), 0);
    arena_release(&a);
    cr_assert_eq(cluster_digest(again), cluster_digest(w->cluster));
    cluster_free(w->cluster);
    w->cluster = again;
    cluster_check(again);
}

Test(queue, order_outlasts_a_snapshot)
{
    struct world w;

    setup_three(&w);
    write_and_read(&w);
    world_do(&w, "up B");
    cr_assert_str_eq(world_story(&w), "B@B Down -> Up, node-up\n"
                                      "r3@A Online -> OfflinePending, requested-move\n"
                                      "g3@A Online -> Pending, requested-move\n"
                                      "r2@A Online -> OfflinePending, requested-move\n"
                                      "g2@A Online -> Pending, requested-move\n"
                                      "r1@A Online -> OfflinePending, requested-move\n"
                                      "g1@A Online -> Pending, requested-move\n");
    world_teardown(&w);
}

Test(queue, what_waits_behind_what_runs_outlasts_a_snapshot)
{
    struct world w;

    world_setup(&w, "A B; db: disk app>disk log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop log");
    world_run(&w);
    world_do(&w, "online db");
    world_do(&w, "move db to B flags 4");
    world_do(&w, "stop app flags 2");
    cr_assert(world_resource(&w, "app")->terminate);
    write_and_read(&w);
    cr_assert(world_resource(&w, "app")->terminate);
    cr_assert_eq(world_group(&w, "db")->next.kind, OPERATION_MOVE);
    check_code(world_do(&w, "cancel db"), 0);
    check_code(world_do(&w, "cancel db"), ERROR_IO_PENDING);
    write_and_read(&w);
    cr_assert_eq(world_resource(&w, "log")->persistent, 0, "its word has come back");
    cr_assert(world_group(&w, "db")->operation.cancelled);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(queue, loss_of_a_lock_with_its_resource_frees_the_move)
{
    struct world w;

    setup_locked(&w);
    world_do(&w, "set app RestartAction 0");
    world_do(&w, "move db to B flags 4");
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}
