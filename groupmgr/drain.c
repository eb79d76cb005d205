/* Pause, drain and resume of nodes; the drain of one that is about to stop.
 *
 * A drain is looked at again at the end of each command in which something
 * happened that it may have waited for. Each look goes over what is left, the
 * highest priority first, and begins as many moves as may be under way at once.
 * What to look at follows from the state alone, so a look too many does no harm. */
#include <stdlib.h>

#include "groupmgr/rules.h"

/* ----------------------------------------------------------------- groups */

bool group_is_idle(const struct group_record *g)
{
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource_record *r = resource_record(g->group.resources[i]);

        assert(r->resource.group == &g->group);
        if (r->resource.state != RESOURCE_OFFLINE || r->plan != PLAN_NONE)
            return false;
    }
    return true;
}

bool group_is_locked(const struct group_record *g)
{
    assert(g->group.resources != NULL || g->group.resource_count == 0);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (g->group.resources[i]->locked)
            return true;
    return false;
}

bool group_rests(const struct group_record *g)
{
    return !operation_runs(&g->group.operation) && !group_has_pending(g);
}

void group_drained_from(struct cluster *c, struct group_record *g, uint32_t n)
{
    struct node_record *last = find_node(c, g->group.drained_from);

    assert(n == 0 || find_node(c, n) != NULL);
    /* A move that its drain counted, and waits for, is no longer one of its own. */
    if (last != NULL && last->node.id != n && last->node.drain == DRAIN_IN_PROGRESS)
        drain_wake(last);
    group_unindex(c, g);
    g->group.drained_from = n;
    group_index(c, g);
    digest_touch(c, &g->tracked);
}

bool group_relocate(struct cluster *c, struct group_record *g, struct node_record *host,
                    enum cause cause)
{
    assert(host != g->owner && group_rests(g));
    if (group_is_parked(g)) {
        group_give(c, g, host, cause);
        group_start(c, g, OPERATION_FAILOVER, cause);
        return true;
    }
    /* What does not run is not started by being moved out of the way: it may be
     * off for a reason of its own. */
    if (group_is_idle(g)) {
        group_give(c, g, host, cause);
        return false;
    }
    transfer_begin(c, g, OPERATION_MOVE, host, cause);
    return true;
}

void drained_forget(struct cluster *c, struct node_record *n)
{
    for (unsigned i = n->drained.count; i > 0; i--)
        group_drained_from(c, n->drained.groups[i - 1], 0);
    assert(n->drained.count == 0);
}

/* --------------------------------------------------------------- the drain */

void drain_wake(struct node_record *n)
{
    assert(n != NULL);
    n->woken = true;
}

static bool drain_may_retry(const struct node_record *n)
{
    assert(n->node.drain != DRAIN_FAILED || node_is_up(n));
    return n->node.drain == DRAIN_FAILED &&
           (n->node.leaving || (n->node.drain_flags & NODE_PAUSE_RETRY_DRAIN_ON_FAILURE) != 0);
}

void drains_retry(struct cluster *c)
{
    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        if (drain_may_retry(n) || (n->drained.count > 0 && node_can_host(n)))
            drain_wake(n);
    }
}

static void drain_enter(struct cluster *c, struct node_record *n, enum drain_status next,
                        enum cause cause)
{
    assert(n->node.paused || n->node.leaving);
    n->node.drain = next;
    node_note(c, n, cause, NULL);
}

static void drain_failure_forget(struct cluster *c, struct group_record *g)
{
    if (!g->group.drain_failed)
        return;
    g->group.drain_failed = false;
    digest_touch(c, &g->tracked);
}

/* What came back from a move may go again, and so may what is on its way back. */
static void drain_failures_forget(struct cluster *c, struct node_record *n)
{
    for (unsigned i = 0; i < n->group_count; i++)
        drain_failure_forget(c, n->groups[i]);
    for (unsigned i = 0; i < n->drained.count; i++)
        drain_failure_forget(c, n->drained.groups[i]);
    assert(n->drained.count <= c->group_count);
}

void drain_begin(struct cluster *c, struct node_record *n, uint32_t flags,
                 const struct node_record *target)
{
    n->node.drain_flags = flags;
    n->node.drain_target = target != NULL ? target->node.id : 0;
    n->node.drain_why = why_now(c, CAUSE_DRAIN);
    drain_failures_forget(c, n);
    drain_enter(c, n, DRAIN_IN_PROGRESS, CAUSE_DRAIN);
    drain_wake(n);
}

void drain_end(struct cluster *c, struct node_record *n)
{
    assert(!n->node.leaving);
    n->node.drain = DRAIN_NOT_INITIATED;
    n->node.drain_flags = 0;
    n->node.drain_target = 0;
    n->node.drain_why = (struct why){0};
    drain_failures_forget(c, n);
    digest_touch(c, &n->tracked);
}

static enum cause drain_cause(const struct node_record *n)
{
    assert(n->node.leaving || n->node.paused);
    return n->node.leaving ? CAUSE_NODE_LEAVING : CAUSE_DRAIN;
}

static bool drain_lets_remain(const struct node_record *n)
{
    return (n->node.drain_flags & NODE_PAUSE_REMAIN_ON_PAUSED_NODE_ON_MOVE_ERROR) != 0;
}

/* Its operation takes it away from `n` because of a drain, or back after that. */
static bool is_move_from(const struct group_record *g, const struct node_record *n)
{
    const struct operation *op = &g->group.operation;
    bool back = op->returning && g->group.drained_from == n->node.id;

    assert(n != NULL);
    return operation_runs(op) && op->kind == OPERATION_MOVE && op->source == n->node.id &&
           (op->cause == CAUSE_DRAIN || op->cause == CAUSE_NODE_LEAVING || back);
}

/* Moves of the drain that have not ended, here or at their targets. */
static unsigned drain_moves(const struct node_record *n)
{
    unsigned moves = 0;

    for (unsigned i = 0; i < n->group_count; i++)
        moves += is_move_from(n->groups[i], n);
    for (unsigned i = 0; i < n->drained.count; i++)
        moves += n->drained.groups[i]->owner != n && is_move_from(n->drained.groups[i], n);
    assert(moves <= n->group_count + n->drained.count);
    return moves;
}

bool drain_is_moving(const struct cluster *c, const struct node_record *n)
{
    assert(n->node.drain == DRAIN_IN_PROGRESS);
    (void)c;
    for (unsigned i = 0; i < n->group_count; i++)
        if (!group_rests(n->groups[i]))
            return true;
    return (n->group_count > 0 || drain_lets_remain(n)) && drain_moves(n) > 0;
}

static struct node_record *drain_host(struct cluster *c, struct node_record *n,
                                      struct group_record *g)
{
    struct node_record *target = find_node(c, n->node.drain_target), *host = NULL;
    /* Its turn may come much later: what sends it away is the call all the same. */
    struct question q = {.not_this = n, .why = &n->node.drain_why};

    assert(target != n && q.why->index != 0);
    if (target != NULL) {
        q.target = target;
        host = placement_choose(c, g, &q);
        q.target = NULL;
    }
    return host != NULL ? host : placement_choose(c, g, &q);
}

/* Does the group go on? False: it cannot go now. */
static bool drain_group(struct cluster *c, struct node_record *n, struct group_record *g,
                        unsigned *moves)
{
    bool remain = drain_lets_remain(n);
    struct node_record *host;

    assert(g->owner == n);
    if (!group_rests(g))
        return true; /* Moving already, or waited for. */
    if (g->group.drain_failed || (remain && group_is_locked(g)))
        return false;
    if (!group_is_idle(g) && *moves >= c->settings.parallel_moves)
        return true;
    host = drain_host(c, n, g);
    if (host == NULL)
        return false;
    group_drained_from(c, g, n->node.id);
    *moves += group_relocate(c, g, host, drain_cause(n));
    if (remain && operation_runs(&g->group.operation) && g->group.operation.kind == OPERATION_MOVE)
        g->group.operation.flags |= GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR;
    return true;
}

static enum cause remain_cause(const struct node_record *n, const struct group_record *g)
{
    assert(g->owner == n);
    if (g->group.drain_failed)
        return CAUSE_RETURNED;
    return drain_lets_remain(n) && group_is_locked(g) ? CAUSE_LOCKED : CAUSE_NO_OTHER_NODE;
}

/* One line for each group that stays behind. */
static void drain_fail(struct cluster *c, struct node_record *n)
{
    unsigned count;
    struct group_record **groups = node_groups_by_priority(n, &count);

    assert(count > 0);
    for (unsigned i = 0; i < count; i++)
        group_note(c, groups[i], remain_cause(n, groups[i]), NULL);
    free(groups);
    drain_enter(c, n, DRAIN_FAILED, CAUSE_DRAIN_FAILED);
}

static void drain_run(struct cluster *c, struct node_record *n)
{
    unsigned count, moves = drain_moves(n), before = moves, stuck = 0;
    struct group_record **groups;

    if (n->node.drain != DRAIN_IN_PROGRESS && !drain_may_retry(n))
        return;
    groups = node_groups_by_priority(n, &count);
    for (unsigned i = 0; i < count; i++)
        stuck += !drain_group(c, n, groups[i], &moves);
    free(groups);

    if (n->node.drain == DRAIN_FAILED && stuck < count)
        drain_enter(c, n, DRAIN_IN_PROGRESS, CAUSE_DRAIN);
    /* What may come back has not gone before it has arrived. */
    if (n->group_count == 0 && (moves == 0 || !drain_lets_remain(n)))
        drain_enter(c, n, DRAIN_COMPLETED, CAUSE_DRAIN_COMPLETED);
    else if (n->node.drain == DRAIN_IN_PROGRESS && stuck == n->group_count && stuck > 0 &&
             moves == 0)
        drain_fail(c, n);
    assert(moves >= before);
}

/* ---------------------------------------------------------------- progress */

/* Where it came from wants to know that it has gone, or is here again. */
static void drained_progress(struct cluster *c, struct group_record *g)
{
    struct node_record *from = find_node(c, g->group.drained_from);

    if (from == NULL)
        return;
    assert(group_set_has(&from->drained, g));
    if (from->node.drain == DRAIN_IN_PROGRESS && !is_move_from(g, from))
        drain_wake(from);
    /* It has come back, or never went, or there is no coming back. */
    if (g->owner == from ? group_rests(g) || node_can_host(from)
                         : group_rests(g) && !from->node.paused && !node_can_host(from))
        group_drained_from(c, g, 0);
}

void drain_progress(struct cluster *c, struct group_record *g)
{
    assert(g->owner->node.id == g->group.owner);
    drained_progress(c, g);
    failback_progress(c, g);
    if (!group_rests(g))
        return;
    if (g->owner->node.drain == DRAIN_IN_PROGRESS)
        drain_wake(g->owner);
    /* What came to rest may have made room, or way for the next one. */
    drains_retry(c);
}

bool drains_run(struct cluster *c)
{
    bool any = false;

    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        if (!n->woken)
            continue;
        n->woken = false;
        any = true;
        drain_run(c, n);
        failback_run(c, n);
        assert(!n->node.leaving || node_is_up(n));
    }
    return any;
}

/* ------------------------------------------------------------------- pause */

enum {
    PAUSE_FLAGS = NODE_PAUSE_REMAIN_ON_PAUSED_NODE_ON_MOVE_ERROR | NODE_PAUSE_AVOID_PLACEMENT |
                  NODE_PAUSE_RETRY_DRAIN_ON_FAILURE,
};

static uint32_t pause_form_check(const struct command *cmd, struct reply *reply)
{
    uint32_t unknown = cmd->flags & ~(uint32_t)PAUSE_FLAGS;

    assert(cmd->kind == COMMAND_NODE_PAUSE);
    if (unknown != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", unknown);
    if ((cmd->flags & NODE_PAUSE_AVOID_PLACEMENT) != 0 && cmd->drain)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x: that does not drain",
                      (unsigned)NODE_PAUSE_AVOID_PLACEMENT);
    return 0;
}

/* The node that a client names, which is up. */
static uint32_t node_check(const struct cluster *c, const struct command *cmd, struct reply *reply,
                           struct node_record **ret)
{
    struct node_record *n = find_node_by_name(c, cmd->name);

    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                      cmd->name != NULL ? cmd->name : "");
    if (!node_is_up(n))
        return refuse(reply, ERROR_CLUSTER_NODE_DOWN, "%s", n->node.name);
    assert(node_is_up(n));
    *ret = n;
    return 0;
}

static uint32_t drain_target_check(const struct cluster *c, const struct node_record *n,
                                   const char *name, struct reply *reply, struct node_record **ret)
{
    struct node_record *target = find_node_by_name(c, name);

    if (target == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s", name);
    if (target == n)
        return refuse(reply, ERROR_INVALID_TARGET_HANDLE, "%s", name);
    if (node_host_code(target) != 0)
        return refuse(reply, node_host_code(target), "%s", target->node.name);
    assert(node_can_host(target));
    *ret = target;
    return 0;
}

static uint32_t drain_check(const struct cluster *c, const struct node_record *n,
                            struct reply *reply)
{
    assert(node_is_up(n));
    if (n->node.drain == DRAIN_IN_PROGRESS)
        return refuse(reply, ERROR_CLUSTER_NODE_DRAIN_IN_PROGRESS, "%s", n->node.name);
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i] != n && node_can_host(c->nodes[i]))
            return 0;
    return refuse(reply, ERROR_CLUSTER_NODE_DOWN, "no other node can take what %s has",
                  n->node.name);
}

static uint32_t avoid_placement(struct cluster *c, struct node_record *n)
{
    assert(n->node.avoid_placement <= 1);
    n->node.avoid_placement = 1;
    node_note(c, n, CAUSE_CONFIGURED, NULL);
    return 0;
}

uint32_t apply_node_pause(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = NULL, *target = NULL;
    uint32_t code = pause_form_check(cmd, reply);

    assert(cmd->kind == COMMAND_NODE_PAUSE);
    if (code == 0)
        code = node_check(c, cmd, reply, &n);
    if (code == 0 && cmd->other != NULL)
        code = drain_target_check(c, n, cmd->other, reply, &target);
    if (code == 0 && cmd->drain)
        code = drain_check(c, n, reply);
    if (code != 0)
        return code;
    if ((cmd->flags & NODE_PAUSE_AVOID_PLACEMENT) != 0)
        return avoid_placement(c, n);

    if (!n->node.paused) {
        n->node.paused = true;
        node_enter(c, n, NODE_PAUSED, CAUSE_PAUSED);
        quarantine_review(c);
    }
    if (!cmd->drain)
        return 0;
    drain_begin(c, n, cmd->flags, target);
    drain_run(c, n);
    return n->node.drain == DRAIN_COMPLETED ? 0 : ERROR_IO_PENDING;
}

/* ------------------------------------------------------------------ resume */

uint32_t apply_node_resume(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = NULL;
    uint32_t code;

    assert(cmd->kind == COMMAND_NODE_RESUME);
    if (cmd->flags > NODE_RESUME_FAILBACK_PER_POLICY)
        return refuse(reply, ERROR_INVALID_PARAMETER, "failback type %u", cmd->flags);
    code = node_check(c, cmd, reply, &n);
    if (code != 0)
        return code;
    if (!n->node.paused && n->node.avoid_placement == 0 && n->node.quarantined_until_ms == 0)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_PAUSED, "%s", n->node.name);

    if (n->node.quarantined_until_ms != 0)
        quarantine_end(c, n);
    n->node.avoid_placement = 0;
    n->node.paused = false;
    /* One that is about to stop is still to be emptied. */
    if (!n->node.leaving)
        drain_end(c, n);
    node_enter(c, n, NODE_UP, CAUSE_RESUMED);
    failback_resume(c, n, (enum node_resume_type)cmd->flags);
    node_hosts(c, n, CAUSE_RESUMED);
    return 0;
}
