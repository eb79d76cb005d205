/* What would happen is what then happens. */
#include "groupmgr/rehearse.h"

#include <stdlib.h>
#include <string.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static struct cluster *copy_of(const struct world *w)
{
    struct arena a = {0};
    struct cluster *copy = NULL;

    check_code(cluster_read(tree_of_cluster(w->cluster, &a), &copy), 0);
    arena_release(&a);
    return copy;
}

/* "db: Online on B; web: Online on B; " */
static char *shape(const struct cluster *c)
{
    struct bytes b = BYTES_INIT;

    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g)) {
        bytes_printf(&b, "%s: %s on %s; ", g->name, group_state_name(g->state),
                     cluster_node(c, g->owner)->name);
        for (unsigned i = 0; i < g->resource_count; i++)
            bytes_printf(&b, "%s %s, ", g->resources[i]->name,
                         resource_state_name(g->resources[i]->state));
    }
    bytes_append(&b, "", 1);
    return (char *)b.data;
}

static void count_change(const struct event *e, uint64_t after_ms, void *data)
{
    cr_assert_not_null(e->name);
    cr_assert_leq(after_ms, REHEARSAL_HORIZON_MS);
    ++*(unsigned *)data;
}

static struct rehearsal_result play(struct cluster *copy, const struct command *cmd,
                                    uint32_t expected, unsigned *ret_changes)
{
    struct rehearsal how = {.horizon_ms = REHEARSAL_HORIZON_MS,
                            .commands_max = REHEARSAL_COMMANDS_MAX,
                            .changed = count_change,
                            .data = ret_changes};
    struct rehearsal_result result;
    struct reply reply;

    *ret_changes = 0;
    result = rehearse(copy, &how, cmd, 1, &reply);
    check_code(reply.code, expected);
    cluster_check(copy);
    return result;
}

/* Rehearse on a copy, do it in earnest, compare. */
static void check_same(struct world *w, const struct command *cmd, uint32_t expected)
{
    uint64_t before = cluster_digest(w->cluster);
    struct cluster *copy = copy_of(w);
    unsigned changes;
    char *rehearsed, *real;

    play(copy, cmd, expected, &changes);
    cr_assert_eq(cluster_digest(w->cluster), before, "a rehearsal changes nothing");
    check_code(world_apply(w, cmd), expected);
    world_run(w);
    rehearsed = shape(copy);
    real = shape(w->cluster);
    check_text(rehearsed, real);
    free(rehearsed);
    free(real);
    cluster_free(copy);
}

static struct command node_down(struct world *w, const char *name)
{
    const struct node *n = world_node(w, name);

    return (struct command){.kind = COMMAND_NODE_DOWN,
                            .node = n->id,
                            .incarnation = n->incarnation,
                            .node_seq = n->renewed_seq,
                            .cause = CAUSE_NODE_LEASE_EXPIRED};
}

#define PLOT "A B C; db prefers A B: disk ip app>disk,ip; web: www"

static void start(struct world *w)
{
    world_setup(w, PLOT);
    world_do(w, "online db on A");
    world_run(w);
    world_do(w, "online web on A");
    world_run(w);
    check_text(world_state(w, "web"), "Online");
}

Test(rehearse, the_loss_of_a_node_ends_as_it_then_does)
{
    struct world w;
    struct command cmd;

    start(&w);
    cmd = node_down(&w, "A");
    check_same(&w, &cmd, 0);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Online: disk Online, ip Online, app Online");
    world_teardown(&w);
}

Test(rehearse, calls_of_clients_end_as_they_then_do)
{
    struct world w;

    start(&w);
    check_same(&w, &(struct command){.kind = COMMAND_GROUP_MOVE, .name = "db", .other = "C"},
               ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "C");
    check_same(&w, &(struct command){.kind = COMMAND_RESOURCE_OFFLINE, .name = "disk"},
               ERROR_IO_PENDING);
    check_same(&w, &(struct command){.kind = COMMAND_GROUP_OFFLINE, .name = "web"},
               ERROR_IO_PENDING);
    check_same(&w, &(struct command){.kind = COMMAND_GROUP_OFFLINE, .name = "none"},
               ERROR_GROUP_NOT_FOUND);
    world_teardown(&w);
}

Test(rehearse, what_is_under_way_goes_on)
{
    struct world w;
    struct cluster *copy;
    unsigned changes;

    start(&w);
    world_do(&w, "move db to B");
    check_text(world_state(&w, "db"), "Pending");
    copy = copy_of(&w);
    play(copy, &(struct command){.kind = COMMAND_TICK}, 0, &changes);
    cr_assert_eq(cluster_group_by_name(copy, "db")->state, GROUP_ONLINE);
    check_text(cluster_node(copy, cluster_group_by_name(copy, "db")->owner)->name, "B");
    cr_assert_gt(changes, 6u);
    cluster_free(copy);
    world_teardown(&w);
}

Test(rehearse, time_jumps_to_what_falls_due)
{
    struct world w;
    struct cluster *copy;
    struct rehearsal_result result;
    unsigned changes;

    start(&w);
    world_do(&w, "set www RestartDelay 700");
    copy = copy_of(&w);
    result =
        play(copy, &(struct command){.kind = COMMAND_RESOURCE_FAIL, .name = "www"}, 0, &changes);
    cr_assert_eq(cluster_group_by_name(copy, "web")->state, GROUP_ONLINE);
    cr_assert_eq(result.after_ms, 700);
    cr_assert_eq(result.end, REHEARSAL_SETTLED);
    cr_assert_eq(result.next_ms, UINT64_MAX);
    cluster_free(copy);
    world_teardown(&w);
}

Test(rehearse, nothing_is_played_beyond_the_horizon)
{
    struct world w;
    struct cluster *copy;
    struct rehearsal_result result;
    unsigned changes;

    start(&w);
    world_do(&w, "set www RestartDelay %d", REHEARSAL_HORIZON_MS + 1);
    copy = copy_of(&w);
    result =
        play(copy, &(struct command){.kind = COMMAND_RESOURCE_FAIL, .name = "www"}, 0, &changes);
    cr_assert_neq(cluster_group_by_name(copy, "web")->state, GROUP_ONLINE);
    cr_assert_eq(result.end, REHEARSAL_HORIZON);
    cr_assert_eq(result.next_ms, REHEARSAL_HORIZON_MS + 1);
    cluster_free(copy);
    world_teardown(&w);
}

Test(rehearse, the_work_is_bounded)
{
    struct world w;
    struct cluster *copy;
    struct rehearsal how = {.horizon_ms = REHEARSAL_HORIZON_MS, .commands_max = 3};
    struct command cmd;
    struct reply reply;
    struct rehearsal_result result;

    start(&w);
    copy = copy_of(&w);
    cmd = node_down(&w, "A");
    result = rehearse(copy, &how, &cmd, 1, &reply);
    cr_assert_eq(result.commands, 3u);
    cr_assert_eq(result.end, REHEARSAL_LIMIT);
    cluster_free(copy);
    world_teardown(&w);
}
