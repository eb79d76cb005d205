#include "node/calls.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "groupmgr/groupmgr.h"
#include "tests/node/world.h"

struct answer {
    unsigned count;
    uint32_t code;
    bool has_reply;
    struct reply reply;
    bool seen; /* By a read: the cluster had its name when it was answered. */
    struct world *world;
};

static void on_change(uint32_t code, const struct reply *reply, void *data)
{
    struct answer *a = data;

    a->count++;
    a->code = code;
    a->has_reply = reply != NULL;
    if (reply != NULL)
        a->reply = *reply;
}

static void on_read(uint32_t code, void *data)
{
    struct answer *a = data;

    a->count++;
    a->code = code;
    if (a->world != NULL)
        a->seen = cluster_name(replica_cluster(a->world->replica))[0] != '\0';
}

static void init_cluster(struct world *w)
{
    struct answer a = {0};
    struct command cmd = {.kind = COMMAND_CLUSTER_INIT, .name = "test"};

    world_change(w, &cmd, 20000, on_change, &a);
    RUN_UNTIL(w, a.count > 0);
    cr_assert_eq(a.code, 0);
    cr_assert_eq(a.reply.code, 0, "%s", a.reply.detail);
}

TestSuite(calls, .timeout = 90);

Test(calls, a_change_waits_for_a_leader_and_is_answered_once_with_its_reply)
{
    struct answer a = {0}, refused = {0};
    struct command cmd = {.kind = COMMAND_CLUSTER_INIT, .name = "test"};
    struct world w;

    world_setup(&w);
    world_change(&w, &cmd, 20000, on_change, &a); /* No log yet at all. */
    cr_assert_eq(a.count, 0, "never from inside");
    world_start(&w);
    RUN_UNTIL(&w, a.count > 0);
    cr_assert_eq(a.code, 0);
    cr_assert(a.has_reply);
    cr_assert_eq(a.reply.code, 0);
    cr_assert_str_eq(cluster_name(replica_cluster(w.replica)), "test");

    cmd = (struct command){.kind = COMMAND_GROUP_ONLINE, .client = 9, .seq = 1, .name = "absent"};
    world_change(&w, &cmd, 20000, on_change, &refused);
    RUN_UNTIL(&w, refused.count > 0);
    cr_assert_eq(refused.code, 0, "a refusal is a result");
    cr_assert_eq(refused.reply.code, ERROR_GROUP_NOT_FOUND);
    world_teardown(&w);
    cr_assert_eq(a.count, 1);
    cr_assert_eq(refused.count, 1);
}

Test(calls, without_a_leader_a_call_ends_at_its_deadline)
{
    struct answer change = {0}, read = {0};
    struct command cmd = {.kind = COMMAND_CLUSTER_INIT, .name = "test"};
    struct world w;

    world_setup(&w);
    world_change(&w, &cmd, 50, on_change, &change);
    calls_read(w.calls, 50, on_read, &read);
    RUN_UNTIL(&w, change.count > 0 && read.count > 0);
    cr_assert_eq(change.code, ERROR_CLUSTER_NO_QUORUM);
    cr_assert_not(change.has_reply);
    cr_assert_eq(read.code, ERROR_CLUSTER_NO_QUORUM);
    world_teardown(&w);
    cr_assert_eq(change.count, 1);
    cr_assert_eq(read.count, 1);
}

Test(calls, what_waits_at_close_is_told_and_told_once)
{
    struct answer waiting = {0}, under_way = {0}, read = {0};
    struct command cmd = {.kind = COMMAND_TICK};
    struct world w;

    world_setup(&w);
    world_change(&w, &cmd, 20000, on_change, &waiting);
    calls_read(w.calls, 20000, on_read, &read);
    world_teardown(&w);
    cr_assert_eq(waiting.count, 1);
    cr_assert_eq(waiting.code, ERROR_CLUSTER_NODE_SHUTTING_DOWN);
    cr_assert_eq(read.count, 1);
    cr_assert_eq(read.code, ERROR_CLUSTER_NODE_SHUTTING_DOWN);

    memset(&read, 0, sizeof read);
    world_setup(&w);
    world_start(&w);
    init_cluster(&w);
    world_change(&w, &cmd, 20000, on_change, &under_way); /* In the log's hands, */
    calls_read(w.calls, 20000, on_read, &read);
    world_teardown(&w); /* which gives it back later. */
    cr_assert_eq(under_way.count, 1);
    cr_assert_eq(under_way.code, ERROR_CLUSTER_NODE_SHUTTING_DOWN);
    cr_assert_eq(read.count, 1);
    cr_assert_eq(read.code, ERROR_CLUSTER_NODE_SHUTTING_DOWN);
}

Test(calls, a_read_sees_the_changes_that_were_made_before_it)
{
    struct answer named = {0}, read;
    struct command cmd = {.kind = COMMAND_CLUSTER_INIT, .name = "test"};
    struct world w;

    world_setup(&w);
    world_start(&w);
    RUN_UNTIL(&w, consensus_is_leader(w.consensus));
    read = (struct answer){.world = &w};
    world_change(&w, &cmd, 20000, on_change, &named);
    calls_read(w.calls, 20000, on_read, &read);
    RUN_UNTIL(&w, read.count > 0);
    cr_assert_eq(read.code, 0);
    cr_assert(read.seen, "they share an entry, and it was applied first");
    cr_assert_eq(named.count, 1);
    world_teardown(&w);
}

/* A read that began while a barrier was under way must not be answered by it:
 * what was committed in between would be missing. */
Test(calls, a_read_is_not_answered_by_a_barrier_that_began_before_it)
{
    struct answer first = {0}, second = {0};
    struct world w;

    world_setup(&w);
    world_start(&w);
    init_cluster(&w);
    uint64_t before = consensus_position(w.consensus);
    calls_read(w.calls, 20000, on_read, &first);
    calls_read(w.calls, 20000, on_read, &second);
    RUN_UNTIL(&w, first.count > 0);
    cr_assert_eq(consensus_position(w.consensus), before + 1);
    cr_assert_eq(second.count, 0, "it waits for the next");
    RUN_UNTIL(&w, second.count > 0);
    cr_assert_eq(consensus_position(w.consensus), before + 2);
    cr_assert_eq(second.code, 0);
    world_teardown(&w);
}

Test(calls, reads_that_wait_share_a_barrier)
{
    struct answer many[200] = {0};
    struct world w;

    world_setup(&w);
    world_start(&w);
    init_cluster(&w);
    uint64_t before = consensus_position(w.consensus);
    for (unsigned i = 0; i < 200; i++)
        calls_read(w.calls, 20000, on_read, &many[i]);
    RUN_UNTIL(&w, many[199].count > 0);
    for (unsigned i = 0; i < 200; i++) {
        cr_assert_eq(many[i].count, 1);
        cr_assert_eq(many[i].code, 0);
    }
    cr_assert_eq(consensus_position(w.consensus), before + 2);
    world_teardown(&w);
}
