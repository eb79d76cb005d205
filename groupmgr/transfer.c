/* Operations of a group, and its way from one owner to the next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ------------------------------------------------------------- operations */

void operation_clear(struct group_record *g)
{
    if (g->group.operation.queued)
        queue_unlink(g);
    assert(g->queue.next == NULL);
    free(g->group.operation.instructions);
    memset(&g->group.operation, 0, sizeof(g->group.operation));
}

/* Whoever follows the one that ends here is told, if he can know of it. */
static void operation_tell_end(struct cluster *c, struct group_record *g, enum cause cause,
                               uint32_t code)
{
    const struct operation *op = &g->group.operation;

    assert(op->kind != OPERATION_NONE);
    if (g->shown_operation == op->id)
        group_note_operation(c, g, op, cause, code);
    g->shown_operation = 0;
}

void operation_drop(struct cluster *c, struct group_record *g, enum cause cause, uint32_t code)
{
    struct operation *next = &g->group.next;

    assert(cause != CAUSE_NONE);
    if (next->kind != OPERATION_NONE) {
        group_note_operation(c, g, next, cause, code);
        free(next->instructions);
        memset(next, 0, sizeof(*next));
    }
    if (g->group.operation.kind == OPERATION_NONE)
        return;
    operation_tell_end(c, g, cause, code);
    operation_clear(g);
    words_settle(c, g);
    digest_touch(c, &g->tracked);
}

void operation_begin(struct cluster *c, struct group_record *g, enum operation_kind kind,
                     enum cause cause)
{
    assert(kind != OPERATION_NONE);
    if (g->group.operation.queued)
        queue_set_aside(g);
    else if (operation_runs(&g->group.operation))
        operation_tell_end(c, g, cause, g->group.operation.code);
    else if (g->shown_operation != 0) /* One has ended a moment ago. */
        group_show(c, g);
    operation_clear(g);
    placement_forget(c, g);
    g->group.operation.kind = kind;
    g->group.operation.id = c->index;
    g->group.operation.source = g->group.owner;
    g->group.operation.was_persistent_online = g->group.persistent_online;
    g->group.operation.since_ms = c->now_ms;
    g->group.operation.cause = cause;
    group_touch(c, g, cause);
}

void operation_target(struct cluster *c, struct group_record *g, const struct node_record *target)
{
    assert(operation_runs(&g->group.operation));
    g->group.operation.target = target->node.id;
    placement_plan(c, g, target);
    capacity_account(c, g);
    digest_touch(c, &g->tracked);
}

void operation_instruct(struct cluster *c, struct group_record *g, const struct command *cmd)
{
    struct operation *op = &g->group.operation;

    assert(op->instructions == NULL);
    op->flags = cmd->flags;
    if (cmd->instructions_len > 0) {
        op->instructions = xmalloc(cmd->instructions_len);
        memcpy(op->instructions, cmd->instructions, cmd->instructions_len);
        op->instructions_len = cmd->instructions_len;
    }
    digest_touch(c, &g->tracked);
}

/* Why it did not end as it should have: the failure that sent it back, the
 * client's cancelling it, or what stands Failed of what it was about. */
static uint32_t operation_failure(const struct group_record *g)
{
    const struct operation *op = &g->group.operation;

    assert(op->kind != OPERATION_NONE);
    if (op->code != 0)
        return op->code;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource *r = g->group.resources[i];

        if (r->state == RESOURCE_FAILED && (op->resource == 0 || op->resource == r->id))
            return r->status_code != 0 ? r->status_code : ERROR_RESOURCE_FAILED;
    }
    return 0;
}

void operation_end(struct cluster *c, struct group_record *g)
{
    /* One that was done within its own command shows what asked for it. */
    enum cause cause =
        g->group.operation.id == c->index ? g->group.operation.cause : CAUSE_OPERATION_ENDED;

    assert(operation_runs(&g->group.operation));
    g->ended_code = operation_failure(g);
    operation_clear(g);
    words_settle(c, g);
    group_touch(c, g, cause);
    queue_wake(c);
    if (g->group.next.kind == OPERATION_NONE)
        return;
    group_show(c, g);
    queue_promote(c, g);
}

uint32_t operation_outcome(struct cluster *c, struct group_record *g)
{
    group_settle(c, g);
    assert(!operation_runs(&g->group.operation) || g->group.state == GROUP_PENDING);
    return operation_runs(&g->group.operation) ? ERROR_IO_PENDING : 0;
}

bool operation_is_leaving(const struct group_record *g)
{
    const struct operation *op = &g->group.operation;

    return operation_runs(op) && op->target != 0 && op->target != g->group.owner;
}

bool operation_ignores_affinity(const struct operation *op)
{
    assert(op->kind != OPERATION_NONE);
    if (op->cause == CAUSE_REQUESTED_ONLINE && op->resource == 0)
        return (op->flags & GROUP_ONLINE_IGNORE_AFFINITY_RULE) != 0;
    if (op->cause == CAUSE_REQUESTED_ONLINE)
        return (op->flags & RESOURCE_ONLINE_IGNORE_AFFINITY_RULE) != 0;
    return op->kind == OPERATION_MOVE && (op->flags & GROUP_MOVE_IGNORE_AFFINITY_RULE) != 0;
}

/* ----------------------------------------------------------------- owners */

/* Where a client has brought it: there it starts, and comes back to. */
static void default_owner_follow(struct cluster *c, struct group_record *g, enum cause cause)
{
    bool by_client = cause == CAUSE_REQUESTED_MOVE || cause == CAUSE_REQUESTED_ONLINE;

    assert(g->owner != NULL);
    if (by_client || (cause == CAUSE_RETURNED && g->group.drained_from != g->group.owner))
        g->group.default_owner = g->group.owner;
    if (by_client && g->group.drained_from != 0)
        group_drained_from(c, g, 0); /* Nobody takes it from there again but he. */
}

void group_give(struct cluster *c, struct group_record *g, struct node_record *owner,
                enum cause cause)
{
    char text[NAME_BYTES_MAX + 16];

    assert(!group_runs(g) && !group_is_held(g));
    snprintf(text, sizeof(text), "owner was %s", g->owner->node.name);
    group_book(g, owner);
    timer_set(c, &g->rescue, 0); /* It waits for its old one no longer. */
    g->group.token = c->index;
    placement_settle(c, g, cause);
    default_owner_follow(c, g, cause);
    if (g->group.drained_from != g->group.owner)
        g->group.drain_failed = false;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        /* Failures and restarts are counted per stay on a node. */
        r->resource.restarts = 0;
        r->resource.restarts_since_ms = 0;
        digest_touch(c, &r->tracked);
        if (r->resource.state == RESOURCE_FAILED)
            resource_enter(c, r, RESOURCE_OFFLINE, cause);
    }
    group_note_owner(c, g, cause, text);
    group_touch(c, g, cause);
}

void transfer_begin(struct cluster *c, struct group_record *g, enum operation_kind kind,
                    const struct node_record *target, enum cause cause)
{
    operation_begin(c, g, kind, cause);
    operation_target(c, g, target);
    plan_stop_all(c, g, cause);
    assert(g->group.operation.source == g->group.owner);
}

bool transfer_may_take(const struct group_record *g, const struct node_record *n)
{
    bool back = g->group.operation.returning && g->group.drained_from == n->node.id;

    assert(operation_runs(&g->group.operation));
    return node_can_host(n) || (back && n->node.state == NODE_PAUSED && !n->node.leaving);
}

/* The target may have gone while the group was stopping: then another one, and
 * as a last resort the owner itself, which has all it needs. */
static struct node_record *transfer_host(struct cluster *c, struct group_record *g)
{
    struct node_record *target = find_node(c, g->group.operation.target);
    struct why why = g->planned.why; /* What the operation goes by, also to another one. */
    struct question q = {.not_this = g->owner, .why = why.index != 0 ? &why : NULL};

    assert(target != g->owner);
    q.ignore_affinity = operation_ignores_affinity(&g->group.operation);
    if (target == NULL || !transfer_may_take(g, target) || !group_possible_on(g, target))
        target = placement_choose(c, g, &q);
    return target != NULL ? target : g->owner;
}

void transfer_arrive(struct cluster *c, struct group_record *g)
{
    struct node_record *host = transfer_host(c, g);
    enum cause cause = g->group.operation.cause;

    assert(operation_is_leaving(g));
    operation_target(c, g, host);
    if (host != g->owner)
        group_give(c, g, host, cause);
    plan_start_wanted(c, g, cause);
}

bool transfer_return(struct cluster *c, struct group_record *g)
{
    struct operation *op = &g->group.operation;
    struct node_record *source = find_node(c, op->source);
    struct question q = {0};

    if (!operation_runs(op) || op->kind != OPERATION_MOVE || op->returning || op->cancelled ||
        (op->flags & GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR) == 0)
        return false;
    q.ignore_affinity = operation_ignores_affinity(op);
    /* From a paused node only its drain sends anything away. */
    q.back = op->cause == CAUSE_DRAIN && source != NULL && !source->node.leaving;
    if (operation_is_leaving(g) || source == NULL || source == g->owner ||
        placement_target_code(c, g, source, &q) != 0)
        return false;
    op->code = operation_failure(g);
    assert(op->code != 0);
    if (op->cause == CAUSE_DRAIN)
        g->group.drain_failed = true;
    op->returning = true;
    op->cause = CAUSE_RETURNED;
    operation_target(c, g, source);
    plan_stop_all(c, g, CAUSE_RETURNED);
    group_note_operation(c, g, op, CAUSE_RETURNED, op->code);
    return true;
}
