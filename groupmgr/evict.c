/* A node is configured, or is a member no longer. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

uint32_t apply_node_set(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node_by_name(c, cmd->name);
    uint32_t code;

    assert(cmd->kind == COMMAND_NODE_SET);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                      cmd->name != NULL ? cmd->name : "");
    code = commons_check(c, OBJECT_NODE, cmd, reply);
    if (code != 0)
        return code;
    commons_set(c, OBJECT_NODE, &n->node, cmd);
    node_configured(c, n);
    node_note(c, n, CAUSE_CONFIGURED, NULL);
    rescue_stranded(c);
    drains_retry(c);
    queue_wake(c);
    return 0;
}

/* ----------------------------------------------------------------- checks */

/* A node that is up and may own `g` instead of `n`; of those that can host the one
 * with the fewest groups, else a paused one. */
static struct node_record *heir_of(const struct cluster *c, const struct group_record *g,
                                   const struct node_record *n)
{
    struct node_record *best = NULL;

    assert(g->owner == n);
    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *heir = c->nodes[i];

        if (heir == n || heir->node.witness || !node_is_up(heir) || !group_possible_on(g, heir))
            continue;
        if (best == NULL || node_can_host(heir) > node_can_host(best) ||
            (node_can_host(heir) == node_can_host(best) && heir->group_count < best->group_count))
            best = heir;
    }
    assert(best == NULL || best != n);
    return best;
}

static uint32_t group_check(const struct cluster *c, const struct group_record *g, bool force,
                            struct reply *reply)
{
    const struct node_record *n = g->owner;

    assert(n != NULL);
    if (node_is_up(n) && (group_runs(g) || !group_rests(g)))
        return refuse(reply, ERROR_CANT_EVICT_ACTIVE_NODE, "%s runs on %s: drain it first",
                      g->group.name, n->node.name);
    if (!force)
        return refuse(reply, ERROR_CANT_EVICT_ACTIVE_NODE, "%s owns %s", n->node.name,
                      g->group.name);
    if (g->group.ending_ms != 0)
        return refuse(reply, ERROR_CANT_EVICT_ACTIVE_NODE,
                      "%s may still be ending %s: wait, or say with `fence confirm` that it is off",
                      n->node.name, g->group.name);
    if (heir_of(c, g, n) == NULL)
        return refuse(reply, ERROR_HOST_NODE_NOT_AVAILABLE, "no other node can take %s",
                      g->group.name);
    return 0;
}

/* What `n` owns is in the way. In an order that is the same on every replica: the
 * reply names the first. */
static uint32_t groups_check(const struct cluster *c, const struct node_record *n, bool force,
                             struct reply *reply)
{
    unsigned count;
    struct group_record **groups = node_groups_by_priority(n, &count);
    uint32_t code = 0;

    for (unsigned i = 0; code == 0 && i < count; i++)
        code = group_check(c, groups[i], force, reply);
    free(groups);
    return code;
}

static uint32_t evict_check(const struct cluster *c, const struct command *cmd, struct reply *reply,
                            struct node_record **ret)
{
    uint32_t unknown = cmd->flags & ~(uint32_t)NODE_EVICT_FORCE;
    struct node_record *n = find_node_by_name(c, cmd->name);

    assert(cmd->kind == COMMAND_NODE_EVICT);
    if (unknown != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", unknown);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                      cmd->name != NULL ? cmd->name : "");
    if (c->node_count == 1 || (!n->node.witness && hosts_count(c) == 1))
        return refuse(reply, ERROR_HOST_NODE_NOT_AVAILABLE, "%s is the last node", n->node.name);
    if (node_is_fenced_now(n))
        return refuse(reply, ERROR_CANT_EVICT_ACTIVE_NODE, "%s is being fenced", n->node.name);
    if (n->group_count > 0 && node_awaits_fencing(c, &n->node))
        return refuse(reply, ERROR_CANT_EVICT_ACTIVE_NODE,
                      "%s could not be fenced: switch it off, and say so with `fence confirm`",
                      n->node.name);
    *ret = n;
    return groups_check(c, n, (cmd->flags & NODE_EVICT_FORCE) != 0, reply);
}

/* ------------------------------------------------------------------ parts */

static void groups_inherit(struct cluster *c, struct node_record *n, struct node_record *last,
                           enum cause cause)
{
    unsigned count;
    struct group_record **groups = node_groups_by_priority(n, &count);

    for (unsigned i = 0; i < count; i++) {
        struct group_record *g = groups[i];

        group_lose_lives(c, g, cause);
        if (last == NULL)
            group_rescue(c, g, cause);
        /* Room or affinity forbids it everywhere: it needs an owner all the same. */
        if (g->owner == n)
            group_give(c, g, last != NULL ? last : heir_of(c, g, n), cause);
    }
    free(groups);
    assert(n->group_count == 0);
}

/* Take `id` out of a row of ids. */
static unsigned row_remove(uint32_t *row, unsigned count, uint32_t id)
{
    assert(row != NULL || count == 0);
    for (unsigned i = 0; i < count; i++) {
        if (row[i] != id)
            continue;
        memmove(&row[i], &row[i + 1], (count - i - 1) * sizeof(*row));
        return count - 1;
    }
    return count;
}

/* A group that was on its way to the node goes to another, or stays: then what is
 * being stopped comes up again where it is. */
static void operation_forget(struct cluster *c, struct group_record *g, uint32_t id)
{
    struct operation *op = &g->group.operation;
    struct node_record *host;

    if (op->source == id)
        op->source = g->group.owner;
    /* One that waits finds out when its turn comes, and ends. */
    if (op->target != id || op->queued)
        return;
    assert(g->group.owner != id);
    host = placement_choose(c, g, &(struct question){.not_this = g->owner});
    op->target = host != NULL ? host->node.id : 0;
    for (unsigned i = 0; host == NULL && i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        if (!resource_is_wanted(r) || r->resource.state == RESOURCE_FAILED)
            continue;
        plan_set(c, r, resource_runs(r) ? r->plan | PLAN_START : PLAN_START, op->cause);
    }
    group_touch(c, g, op->cause);
}

static void group_forget(struct cluster *c, struct group_record *g, uint32_t id)
{
    assert(g->group.owner != id);
    group_unindex(c, g);
    g->group.preferred_count = row_remove(g->group.preferred, g->group.preferred_count, id);
    if (g->group.default_owner == id)
        g->group.default_owner = UINT32_MAX;
    if (g->group.drained_from == id)
        g->group.drained_from = 0;
    group_index(c, g);
    failback_replan(c, g);
    operation_forget(c, g, id);
    digest_touch(c, &g->tracked);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource *r = g->group.resources[i];

        r->possible_count = row_remove(r->possible, r->possible_count, id);
        digest_touch(c, &resource_record(r)->tracked);
    }
}

/* Goes over all groups and resources: a node is seldom evicted, and any of them
 * may name it. */
static void node_forget(struct cluster *c, uint32_t id)
{
    struct group_record *g;

    assert(id != 0);
    refusals_forget(c, find_node(c, id));
    queue_wake(c);
    DL_FOREACH(c->groups, g) group_forget(c, g, id);
    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        if (n->node.drain_target != id)
            continue;
        n->node.drain_target = 0;
        digest_touch(c, &n->tracked);
        assert(n->node.id != id);
    }
}

void node_retire(struct cluster *c, struct node_record *n, enum cause cause)
{
    n->node.paused = false;
    n->node.leaving = false;
    drain_end(c, n);
    node_enter(c, n, NODE_DOWN, cause);
    assert(!node_can_host(n));
}

void node_part(struct cluster *c, struct node_record *n, struct node_record *last, enum cause cause)
{
    assert(!node_is_up(n) && n != last);
    groups_inherit(c, n, last, cause);
    node_forget(c, n->node.id);
    departed_add(c, n->node.id, false);
    assert(n->drained.count == 0 && n->preferring.count == 0);
    node_remove(c, n);
}

void members_reviewed(struct cluster *c)
{
    if (c->forming_until_ms != 0) {
        forming_update(c, false);
        if (c->forming_until_ms == 0)
            forming_due(c);
    }
    quarantine_review(c);
}

/* ------------------------------------------------------------------ evict */

uint32_t apply_node_evict(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = NULL;
    uint32_t code = evict_check(c, cmd, reply, &n);

    if (code != 0)
        return code;
    node_retire(c, n, CAUSE_EVICTED);
    node_part(c, n, NULL, CAUSE_EVICTED);
    members_reviewed(c);
    return 0;
}
