/* Exactly once. */
#include <string.h>

#include "tests/groupmgr/world.h"

Test(session, repeated_call_gets_the_same_reply_and_does_nothing)
{
    struct world w;
    struct command create = {.kind = COMMAND_GROUP_CREATE, .name = "db", .client = 5, .seq = 1};
    struct reply first;
    uint64_t digest;

    world_setup(&w, "A");
    check_code(world_apply(&w, &create), 0);
    first = w.reply;
    digest = cluster_objects_digest(w.cluster);
    check_code(world_apply(&w, &create), 0);
    cr_assert_eq(memcmp(&first, &w.reply, sizeof(first)), 0);
    cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    create.seq = 2;
    check_code(world_apply(&w, &create), ERROR_OBJECT_ALREADY_EXISTS);
    world_teardown(&w);
}

Test(session, refusal_is_remembered_too)
{
    struct world w;
    struct command drop = {.kind = COMMAND_GROUP_DELETE, .name = "db", .client = 5, .seq = 1};

    world_setup(&w, "A");
    check_code(world_apply(&w, &drop), ERROR_GROUP_NOT_FOUND);
    world_do(&w, "group db");
    check_code(world_apply(&w, &drop), ERROR_GROUP_NOT_FOUND);
    cr_assert_not_null(cluster_group_by_name(w.cluster, "db"));
    world_teardown(&w);
}

Test(session, older_call_is_refused)
{
    struct world w;
    struct command tick = {.kind = COMMAND_TICK, .client = 5, .seq = 9};

    world_setup(&w, "A");
    check_code(world_apply(&w, &tick), 0);
    tick.seq = 8;
    check_code(world_apply(&w, &tick), ERROR_INVALID_PARAMETER);
    tick.client = 6;
    check_code(world_apply(&w, &tick), 0);
    world_teardown(&w);
}

Test(session, time_passes_with_a_repeated_call)
{
    struct world w;
    struct command tick = {.kind = COMMAND_TICK, .client = 5, .seq = 1};

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    world_apply(&w, &tick);
    w.now_ms += 500;
    world_apply(&w, &tick);
    check_text(world_state(&w, "app"), "OnlinePending");
    world_teardown(&w);
}

Test(session, idlest_makes_room_but_not_too_soon)
{
    struct world w;
    struct command tick = {.kind = COMMAND_TICK, .seq = 1};
    struct command drop = {.kind = COMMAND_GROUP_DELETE, .name = "x", .client = 1, .seq = 1};
    struct reply reply;

    world_setup(&w, "A");
    /* Client 1 calls first, the others later, then client 1 repeats its call:
     * client 2 is the one idle longest. */
    cluster_apply(w.cluster, w.now_ms, &drop, &reply);
    for (tick.client = 2; tick.client <= SESSIONS_MAX; tick.client++)
        cluster_apply(w.cluster, w.now_ms, &tick, &reply);
    w.now_ms += SESSION_IDLE_MS_MIN - 1;
    cluster_apply(w.cluster, w.now_ms, &drop, &reply);
    check_code(reply.code, ERROR_GROUP_NOT_FOUND);
    check_code(world_apply(&w, &tick), RPC_S_SERVER_TOO_BUSY);
    w.now_ms += 1;
    check_code(world_apply(&w, &tick), 0);
    /* Client 1 is still known, client 2 is not. */
    drop.seq = 0;
    check_code(world_apply(&w, &drop), ERROR_INVALID_PARAMETER);
    drop.client = 2;
    check_code(world_apply(&w, &drop), ERROR_GROUP_NOT_FOUND);
    world_teardown(&w);
}
