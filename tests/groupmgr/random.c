/* Thousands of arbitrary commands, sensible and not, on two clusters. One of
 * them is written and read again at random points: nobody must be able to tell
 * them apart, by reply, event, digest or byte. */
#include <string.h>

#include "tests/groupmgr/throw.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static struct cluster *write_and_read(struct cluster *c)
{
    struct arena a = {0};
    struct cluster *again = NULL;

    check_code(cluster_read(tree_of_cluster(c, &a), &again), 0);
    arena_release(&a);
    cluster_free(c);
    return again;
}

static void check_same_bytes(const struct cluster *one, const struct cluster *two)
{
    struct arena a = {0};
    struct bytes left = BYTES_INIT, right = BYTES_INIT;

    tree_bytes(tree_of_cluster(one, &a), &left);
    tree_bytes(tree_of_cluster(two, &a), &right);
    cr_assert_eq(left.len, right.len);
    cr_assert_eq(memcmp(left.data, right.data, left.len), 0);
    bytes_release(&left);
    bytes_release(&right);
    arena_release(&a);
}

/* The command as it comes out of the log. */
static void apply_from_log(struct cluster *c, uint64_t now_ms, const struct command *cmd,
                           struct reply *ret)
{
    struct arena a = {0};
    struct command again = *cmd;

    if (cmd->kind >= COMMAND_TICK && cmd->kind < COMMAND_KIND_END)
        check_code(command_read(tree_of_command(cmd, &a), &a, &again), 0);
    cluster_apply(c, now_ms, &again, ret);
    arena_release(&a);
}

static void check_refusal(const struct command *cmd, const struct reply *reply, bool same)
{
    bool accepted = reply->code == 0 || reply->code == ERROR_IO_PENDING ||
                    reply->code == ERROR_RESOURCE_PROPERTIES_STORED ||
                    reply->code == ERROR_CLUSTER_GROUP_QUEUED;

    cr_assert(accepted || same, "%s was refused with %u and changed something",
              command_kind_name(cmd->kind), reply->code);
}

static void play(uint64_t seed, unsigned rounds)
{
    struct dice d = {seed};
    struct world w;
    struct cluster *twin = cluster_new();
    struct reply reply;
    struct throw t;

    world_setup(&w, "");
    cluster_apply(
        twin, w.now_ms,
        &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "world", .level = LEVEL_MAX},
        &reply);
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t before;

        /* What falls due is not the refused command's doing: tick first. */
        w.now_ms += roll(&d, 4) == 0 ? roll(&d, 2000) : 0;
        world_apply(&w, &(struct command){.kind = COMMAND_TICK});
        cluster_apply(twin, w.now_ms, &(struct command){.kind = COMMAND_TICK}, &reply);
        before = cluster_objects_digest(w.cluster);

        throw_any(w.cluster, &d, &t);
        world_apply(&w, &t.cmd);
        check_refusal(&t.cmd, &w.reply, cluster_objects_digest(w.cluster) == before);
        apply_from_log(twin, w.now_ms, &t.cmd, &reply);
        cr_assert_eq(memcmp(&reply, &w.reply, sizeof(reply)), 0, "seed %llu, round %u",
                     (unsigned long long)seed, i);
        cr_assert_eq(cluster_digest(w.cluster), cluster_digest(twin), "seed %llu, round %u",
                     (unsigned long long)seed, i);
        cr_assert_eq(cluster_next_deadline(w.cluster), cluster_next_deadline(twin));
        if (roll(&d, 50) == 0) {
            check_same_bytes(w.cluster, twin);
            twin = write_and_read(twin);
            cr_assert_eq(cluster_digest(w.cluster), cluster_digest(twin));
        }
        bytes_clear(&w.story);
    }
    cluster_free(twin);
    world_teardown(&w);
}

Test(random, clusters_stay_equal_and_sound_seeds_1_to_5)
{
    for (uint64_t seed = 1; seed <= 5; seed++)
        play(seed, 3000);
}

Test(random, clusters_stay_equal_and_sound_seeds_6_to_10)
{
    for (uint64_t seed = 6; seed <= 10; seed++)
        play(seed, 3000);
}

/* Once owners do as they are told and time passes, everything comes to rest. */
Test(random, every_operation_ends)
{
    for (uint64_t seed = 100; seed < 130; seed++) {
        struct dice d = {seed};
        struct world w;
        struct throw t;
        const struct group *g = NULL;

        world_setup(&w, "A B C D");
        for (unsigned i = 0; i < 400; i++) {
            throw_any(w.cluster, &d, &t);
            world_apply(&w, &t.cmd);
        }
        for (unsigned i = 0; i < 50; i++) {
            world_run(&w);
            world_do(&w, "wait 1000");
        }
        for (const struct node *n = NULL; (n = cluster_next_node(w.cluster, n)) != NULL;)
            cr_assert_neq(n->drain, DRAIN_IN_PROGRESS, "seed %llu: %s", (unsigned long long)seed,
                          n->name);
        while ((g = cluster_next_group(w.cluster, g)) != NULL)
            cr_assert(!operation_runs(&g->operation), "seed %llu: %s", (unsigned long long)seed,
                      g->name);
        world_teardown(&w);
    }
}
