/* Fencing, held against the power of the machines. What is under way is followed from
 * the commands alone. */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/oracle.h"
#include "tests/sim/truth.h"

enum { HELD_GROUPS_MAX = 64 };

/* Of a node, by its id. */
static struct watch {
    bool under_way, failed;
    bool held; /* Before the command: its groups wait. */
    uint64_t attempt, began_ns;
    uint64_t incarnation, renewed_seq; /* Before the command. */
} watched[MACHINES_MAX + 1];

static uint64_t attempted_ns[MACHINES_MAX + 1]; /* The last time. */

static struct {
    uint64_t id;
    uint32_t owner;
} owned[HELD_GROUPS_MAX];
static unsigned owned_count;

static bool is_required(const struct cluster *c, const struct node *n)
{
    return n->fencing_required == 1 || cluster_settings(c)->fencing_required == 1;
}

static bool is_held(const struct cluster *c, const struct node *n)
{
    const struct watch *w = &watched[n->id];

    return n->state == NODE_DOWN && (w->under_way || (w->failed && is_required(c, n)));
}

void oracle_before_fencing(const struct cluster *c)
{
    owned_count = 0;
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL;
         n = cluster_next_node(c, n)) {
        struct watch *w = &watched[n->id];
        w->held = is_held(c, n);
        w->incarnation = n->incarnation;
        w->renewed_seq = n->renewed_seq;
    }
    for (const struct group *g = cluster_next_group(c, NULL);
         g != NULL && owned_count < HELD_GROUPS_MAX; g = cluster_next_group(c, g)) {
        owned[owned_count].id = g->id;
        owned[owned_count++].owner = g->owner;
    }
}

/* It was off at some time since the attempt was in the log; nothing has run there since, as
 * it could not join. */
static void judge_power(const struct command *cmd)
{
    const struct machine *m = machine_of(cmd->node);
    const struct watch *w = &watched[cmd->node];

    if (cmd->attempt != w->attempt)
        fail("the result of attempt %" PRIu64 " to fence n%u counts, and %" PRIu64 " is under way",
             cmd->attempt, cmd->node, w->attempt);
    else if (m->on && m->booted_ns < w->began_ns)
        fail("n%u is taken for fenced, and was not off since attempt %" PRIu64, cmd->node,
             w->attempt);
    else if (truth_runs_anything(cmd->node))
        fail("n%u is taken for fenced, and something runs there", cmd->node);
}

static void follow_result(const struct command *cmd)
{
    struct watch *w = &watched[cmd->node];

    if (cmd->flags == FENCE_RESULT_OFF) {
        judge_power(cmd);
        w->under_way = w->failed = false;
    } else if (cmd->flags == FENCE_RESULT_FAILED) {
        w->under_way = false;
        w->failed = true;
    }
    if (cmd->flags != FENCE_RESULT_ON && cmd->flags != FENCE_RESULT_NOT_ON)
        w->attempt = 0;
}

static void follow_death(const struct cluster *c, const struct command *cmd)
{
    const struct node *n = cluster_node(c, cmd->node);
    struct watch *w = &watched[cmd->node];
    bool has_devices = n->fence_levels.len > 0;

    if (cmd->cause == CAUSE_NODE_STOPPED) {
        w->under_way = false;
    } else if (!w->under_way) {
        w->under_way = has_devices;
        w->failed = !has_devices && is_required(c, n);
    }
}

static void follow_confirm(const struct node *n)
{
    const struct machine *m = machine_of(n->id);

    if (m->on || truth_runs_anything(n->id))
        fail("n%u is confirmed to be off, and is not", n->id);
    watched[n->id] = (struct watch){0};
}

/* `n`: whom the command is about. */
static void follow(const struct cluster *c, const struct command *cmd, const struct node *n)
{
    struct watch *w = &watched[n->id];

    switch (cmd->kind) {
    case COMMAND_FENCE_NODE:
        *w = (struct watch){.under_way = true};
        break;
    case COMMAND_FENCE_ATTEMPT:
        w->attempt = cluster_index(c);
        w->began_ns = attempted_ns[n->id] = sim.now_ns;
        break;
    case COMMAND_FENCE_RESULT:
        follow_result(cmd);
        break;
    case COMMAND_FENCE_CONFIRM:
        follow_confirm(n);
        break;
    case COMMAND_NODE_DOWN:
        follow_death(c, cmd);
        break;
    case COMMAND_NODE_UP:
        if (w->under_way)
            fail("n%u comes up while it is being fenced", n->id);
        *w = (struct watch){0};
        break;
    default:
        break;
    }
}

/* Groups of a lost node stay where they are until it is known to be off. One that fell due
 * with the very command that lost the node may have gone before. */
static void judge_groups(const struct cluster *c, bool due, const bool was_held[])
{
    for (unsigned i = 0; i < owned_count; i++) {
        const struct group *g = cluster_group(c, owned[i].id);
        const struct node *n = cluster_node(c, owned[i].owner);
        if (g != NULL && n != NULL && g->owner != n->id && is_held(c, n) &&
            (was_held[n->id] || !due))
            fail("[%" PRIu64 "] group %s goes on while its node %s is being fenced",
                 cluster_index(c), g->name, n->name);
    }
}

static void judge_renewals(const struct cluster *c)
{
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL;
         n = cluster_next_node(c, n)) {
        const struct watch *w = &watched[n->id];
        if (w->under_way && w->incarnation == n->incarnation && n->renewed_seq != w->renewed_seq)
            fail("[%" PRIu64 "] the lease of %s is renewed while it is being fenced",
                 cluster_index(c), n->name);
    }
}

void oracle_judge_fencing(const struct cluster *c, const struct command *cmd, uint32_t code,
                          bool due)
{
    const struct node *n =
        cmd->name != NULL ? cluster_node_by_name(c, cmd->name) : cluster_node(c, cmd->node);
    bool was_held[MACHINES_MAX + 1];

    for (uint32_t id = 0; id <= MACHINES_MAX; id++)
        was_held[id] = watched[id].held;
    judge_renewals(c);
    if (code == 0 && n != NULL)
        follow(c, cmd, n);
    judge_groups(c, due, was_held);
}

uint64_t oracle_attempted_ns(uint32_t node)
{
    return attempted_ns[node];
}

void oracle_forget_fencing(void)
{
    memset(attempted_ns, 0, sizeof attempted_ns);
    memset(watched, 0, sizeof watched);
}
