/* What a rehearsal says is what then happens: arbitrary calls and deaths in
 * arbitrary states are rehearsed on a copy, and then done, with nodes that obey
 * and time that passes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rehearse.h"
#include "tests/groupmgr/throw.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

struct tally {
    unsigned rehearsed, accepted, moving, later;
};

/* "db: Online on B: disk Online, ip Online; " of all groups. */
static char *shape(const struct cluster *c)
{
    struct bytes b = BYTES_INIT;

    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g)) {
        bytes_printf(&b, "%s: %s on %s:", g->name, group_state_name(g->state),
                     cluster_node(c, g->owner)->name);
        for (unsigned i = 0; i < g->resource_count; i++)
            bytes_printf(&b, " %s %s,", g->resources[i]->name,
                         resource_state_name(g->resources[i]->state));
        bytes_printf(&b, "; ");
    }
    bytes_append(&b, "", 1);
    return (char *)b.data;
}

static struct cluster *copy_of(const struct world *w)
{
    struct arena a = {0};
    struct cluster *copy = NULL;

    check_code(cluster_read(tree_of_cluster(w->cluster, &a), &copy), 0);
    arena_release(&a);
    return copy;
}

static const struct resource *next_asked(const struct cluster *c, uint64_t after)
{
    const struct resource *first = NULL;

    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g)) {
        if (cluster_node(c, g->owner)->state == NODE_DOWN)
            continue;
        for (unsigned i = 0; i < g->resource_count; i++) {
            const struct resource *r = g->resources[i];
            bool asked = r->state == RESOURCE_ONLINE_PENDING ||
                         r->state == RESOURCE_OFFLINE_PENDING || r->fail_requested;

            if (asked && r->operation > after && (first == NULL || r->operation < first->operation))
                first = r;
        }
    }
    return first;
}

/* Nodes do what they are asked to, in the order in which they were asked. */
static void obey(struct world *w)
{
    const struct resource *r;

    for (unsigned rounds = 0; (r = next_asked(w->cluster, 0)) != NULL; rounds++) {
        const struct node *n = cluster_node(w->cluster, r->group->owner);
        struct report report = {.resource = r->id, .operation = r->operation};

        cr_assert_lt(rounds, 10000u, "no end");
        report.event = r->fail_requested                     ? REPORT_FAILED
                       : r->state == RESOURCE_ONLINE_PENDING ? REPORT_ONLINE
                                                             : REPORT_OFFLINE;
        world_apply(w, &(struct command){.kind = COMMAND_REPORT,
                                         .node = n->id,
                                         .incarnation = n->incarnation,
                                         .reports = &report,
                                         .report_count = 1});
    }
}

/* What happens next by itself, and when. The leader's clock runs as the stamps do: it says
 * of a dead node that it has had its time (TerminateBudget) when that has passed. */
static uint64_t next_due(const struct world *w, struct command *ret)
{
    uint64_t due_ms = cluster_next_deadline(w->cluster);

    *ret = (struct command){.kind = COMMAND_TICK};
    for (const struct node *n = cluster_next_node(w->cluster, NULL); n != NULL;
         n = cluster_next_node(w->cluster, n)) {
        uint32_t ms = node_next_ending_ms(w->cluster, n);

        if (ms == 0 || n->since_ms + ms > due_ms ||
            (n->since_ms + ms == due_ms && ret->kind == COMMAND_NODE_ENDED))
            continue;
        due_ms = n->since_ms + ms;
        *ret = (struct command){
            .kind = COMMAND_NODE_ENDED, .node = n->id, .incarnation = n->incarnation, .ms = ms};
    }
    return due_ms;
}

/* All that happens in `ms`. */
static void live(struct world *w, uint64_t ms)
{
    uint64_t until_ms = w->now_ms + ms;
    struct command cmd;

    obey(w);
    for (uint64_t due_ms; (due_ms = next_due(w, &cmd)) <= until_ms;) {
        w->now_ms = due_ms > w->now_ms ? due_ms : w->now_ms;
        world_apply(w, &cmd);
        obey(w);
    }
}

static void check_foreseen(struct world *w, const struct command *cmd, uint64_t seed,
                           unsigned round, struct tally *tally)
{
    struct rehearsal how = {.horizon_ms = REHEARSAL_HORIZON_MS,
                            .commands_max = REHEARSAL_COMMANDS_MAX};
    struct cluster *copy = copy_of(w);
    struct reply reply;
    struct rehearsal_result result = rehearse(copy, &how, cmd, 1, &reply);
    char *before = shape(w->cluster), *foreseen = shape(copy), *real;

    cr_assert_neq(result.end, REHEARSAL_LIMIT);
    cluster_check(copy);
    check_code(world_apply(w, cmd), reply.code);
    live(w, REHEARSAL_HORIZON_MS);
    real = shape(w->cluster);
    cr_assert_str_eq(foreseen, real,
                     "seed %llu, round %u: %s %s\n  before   %s\n  foreseen %s\n  real     %s",
                     (unsigned long long)seed, round, command_kind_name(cmd->kind),
                     cmd->name == NULL ? "" : cmd->name, before, foreseen, real);
    cr_assert_eq(cluster_next_deadline(copy) == UINT64_MAX,
                 cluster_next_deadline(w->cluster) == UINT64_MAX);
    tally->rehearsed++;
    tally->accepted += reply.code == 0 || reply.code == ERROR_IO_PENDING;
    tally->moving += strcmp(before, real) != 0;
    tally->later += result.after_ms > 0;
    free(before);
    free(foreseen);
    free(real);
    cluster_free(copy);
}

/* Not what nodes report, but what clients call and what happens to nodes. */
static bool is_call(const struct command *cmd)
{
    return cmd->kind != COMMAND_REPORT && cmd->kind != COMMAND_PULSE && cmd->kind != COMMAND_TICK &&
           cmd->kind < COMMAND_KIND_END;
}

/* A death as it is rehearsed. */
static void kill_a_node(const struct cluster *c, struct dice *d, struct throw *t)
{
    const struct node *n = cluster_node(c, (uint32_t)(1 + roll(d, 4)));

    if (n == NULL || n->state == NODE_DOWN)
        return;
    memset(t, 0, sizeof(*t));
    t->cmd = (struct command){.kind = COMMAND_NODE_DOWN,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .node_seq = n->renewed_seq,
                              .cause = CAUSE_NODE_LEASE_EXPIRED};
}

/* Nobody lives on in a story in which all nodes stay dead. */
static void raise_nodes(struct world *w)
{
    static const char *const names[] = {"A", "B", "C", "D"};

    for (unsigned i = 0; i < 4; i++) {
        const struct node *n = cluster_node(w->cluster, i + 1);
        if (n == NULL || n->state == NODE_DOWN)
            world_do(w, "up %s", names[i]);
    }
}

/* What is refused as a repeated call or for its flags foresees little. */
static void make_sensible(struct dice *d, struct command *cmd)
{
    cmd->client = 0;
    if (roll(d, 2) == 0 && cmd->kind != COMMAND_RESOURCE_MAINTENANCE)
        cmd->flags = 0;
    if (roll(d, 2) == 0 &&
        (cmd->kind == COMMAND_GROUP_DELETE || cmd->kind == COMMAND_RESOURCE_DELETE ||
         cmd->kind == COMMAND_GROUP_OFFLINE || cmd->kind == COMMAND_NODE_EVICT))
        cmd->kind =
            cmd->kind == COMMAND_RESOURCE_DELETE ? COMMAND_RESOURCE_ONLINE : COMMAND_GROUP_ONLINE;
}

static void play(uint64_t seed, unsigned rounds, struct tally *tally)
{
    struct dice d = {seed};
    struct world w;
    struct throw t;

    world_setup(&w, "A B C D; g1 prefers A B: r1 r2>r1 r3>r2; g2: r4 r5>r4; g3: r6; g4: r7 r8");
    for (unsigned i = 0; i < rounds; i++) {
        w.now_ms += roll(&d, 4) == 0 ? roll(&d, 2000) : 0;
        world_apply(&w, &(struct command){.kind = COMMAND_TICK});
        throw_any(w.cluster, &d, &t);
        if (roll(&d, 40) == 0)
            kill_a_node(w.cluster, &d, &t);
        if (roll(&d, 15) == 0)
            raise_nodes(&w);
        make_sensible(&d, &t.cmd);
        if (is_call(&t.cmd) && roll(&d, 3) == 0)
            check_foreseen(&w, &t.cmd, seed, i, tally);
        else
            world_apply(&w, &t.cmd);
        bytes_clear(&w.story);
    }
    world_teardown(&w);
}

static void play_seeds(uint64_t from, uint64_t to)
{
    struct tally tally = {0};

    for (uint64_t seed = from; seed <= to; seed++)
        play(seed, 1000, &tally);
    printf("%u rehearsed, %u accepted, %u moving something, %u taking time\n", tally.rehearsed,
           tally.accepted, tally.moving, tally.later);
    /* The stories are about something. */
    cr_assert_gt(tally.accepted, 200u);
    cr_assert_gt(tally.moving, 100u);
    cr_assert_gt(tally.later, 20u);
}

Test(foresight, what_is_foreseen_comes_true_seeds_1_to_5)
{
    play_seeds(1, 5);
}

Test(foresight, what_is_foreseen_comes_true_seeds_6_to_10)
{
    play_seeds(6, 10);
}
