/* CancelClusterGroupOperation: what waits is dropped, what runs turns round. What
 * has begun with a resource is never broken off half-way: it ends, and then goes
 * the other way. So a cancelled operation ends like any other. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ------------------------------------------------------------------- plans */

/* The operation is about all of its group, or about those that are marked. */
static bool is_concerned(const struct cluster *c, const struct resource_record *r)
{
    const struct operation *op = &r->resource.group->operation;

    assert(op->kind != OPERATION_NONE);
    return op->resource == 0 || r->visit == c->visit;
}

/* Those that were about to stop stay, unless the ground has gone from under
 * them already; again until that takes it from nobody else. */
static void keep_online(struct cluster *c, struct group_record *g, enum plan otherwise)
{
    bool lost;

    assert((otherwise & PLAN_STOP) != 0);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        if (is_concerned(c, r) && r->resource.state == RESOURCE_ONLINE)
            plan_set(c, r, PLAN_NONE, CAUSE_NONE);
    }
    do {
        lost = false;
        for (unsigned i = 0; i < g->group.resource_count; i++) {
            struct resource_record *r = resource_record(g->group.resources[i]);

            /* One in maintenance may be Failed: there is nothing of it to stop. */
            if (!resource_runs(r) || !resource_holds_up(r) ||
                resource_is_provided(r, resource_holds_up))
                continue;
            plan_set(c, r, resource_is_wanted(r) ? otherwise : PLAN_STOP, CAUSE_CANCELLED);
            lost = true;
        }
    } while (lost);
}

/* Back to what is wanted, on the present owner. */
static void turn_round(struct cluster *c, struct group_record *g)
{
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);
        enum plan start = resource_is_wanted(r) ? PLAN_START : PLAN_NONE;

        assert(r->resource.state != RESOURCE_INITIALIZING);
        if (r->resource.state == RESOURCE_ONLINE || !is_concerned(c, r))
            continue;
        if (resource_runs(r))
            plan_set(c, r, start == PLAN_START ? PLAN_CYCLE : PLAN_STOP, CAUSE_CANCELLED);
        else if (r->resource.restart_at_ms == 0)
            plan_set(c, r, start, CAUSE_CANCELLED);
    }
    keep_online(c, g, PLAN_CYCLE);
}

/* Nothing more starts; what is starting is stopped. */
static void halt(struct cluster *c, struct group_record *g)
{
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        if (r->resource.state == RESOURCE_ONLINE || !is_concerned(c, r))
            continue;
        timer_set(c, &r->restart, 0);
        plan_set(c, r, resource_runs(r) ? PLAN_STOP : PLAN_NONE, CAUSE_CANCELLED);
    }
    keep_online(c, g, PLAN_STOP);
    assert(operation_runs(&g->group.operation));
}

/* -------------------------------------------------------------------- call */

static void cancel_running(struct cluster *c, struct group_record *g)
{
    struct operation *op = &g->group.operation;
    struct resource_record *r = find_resource(c, op->resource);
    bool leaving = operation_is_leaving(g);

    assert(operation_runs(op) && !op->cancelled);
    words_restore(c, g, op);
    op->cancelled = true;
    op->code = ERROR_CANCELLED;
    if (leaving)
        operation_target(c, g, g->owner);
    c->visit++;
    if (r != NULL && op->kind == OPERATION_ONLINE)
        mark_needed_providers(c, r);
    else if (r != NULL)
        mark_lost_dependents(c, r);
    if (op->kind == OPERATION_OFFLINE || (leaving && op->kind != OPERATION_FAILOVER))
        turn_round(c, g);
    else
        halt(c, g);
    group_note_operation(c, g, op, CAUSE_CANCELLED, 0);
    group_touch(c, g, CAUSE_CANCELLED);
}

/* What waits: the operation behind the running one, a queued one, a planned
 * start. True if there was something. */
static bool cancel_waiting(struct cluster *c, struct group_record *g)
{
    struct operation *next = &g->group.next;

    if (next->kind != OPERATION_NONE) {
        words_restore(c, g, next);
        group_note_operation(c, g, next, CAUSE_CANCELLED, ERROR_CANCELLED);
        free(next->instructions);
        memset(next, 0, sizeof(*next));
    } else if (g->group.operation.queued) {
        words_restore(c, g, &g->group.operation);
        operation_drop(c, g, CAUSE_CANCELLED, ERROR_CANCELLED);
    } else if (g->group.start_at_ms != 0) {
        timer_set(c, &g->start, 0);
        group_note(c, g, CAUSE_CANCELLED, NULL);
    } else {
        return false;
    }
    assert(g->group.next.kind == OPERATION_NONE);
    group_touch(c, g, CAUSE_CANCELLED);
    return true;
}

/* A move is cancelled while it still empties its source; from then on it has
 * happened, and the way back is another move. */
static uint32_t running_check(const struct group_record *g, struct reply *reply)
{
    const struct operation *op = &g->group.operation;
    const char *name = g->group.name;

    assert(!op->queued);
    if (!operation_runs(op))
        return refuse(reply, ERROR_INVALID_STATE, "%s: nothing to cancel", name);
    if (op->cancelled)
        return refuse(reply, ERROR_INVALID_STATE, "%s: %s is cancelled already", name,
                      operation_kind_name(op->kind));
    if (op->returning)
        return refuse(reply, ERROR_INVALID_STATE, "%s is on its way back", name);
    if (op->kind == OPERATION_MOVE && !operation_is_leaving(g))
        return refuse(reply, ERROR_INVALID_STATE, "%s has arrived at %s", name,
                      g->owner->node.name);
    return 0;
}

uint32_t apply_group_cancel(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = find_group_by_name(c, cmd->name);
    uint32_t code;

    if (cmd->flags != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags);
    if (g == NULL)
        return refuse(reply, ERROR_GROUP_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (cancel_waiting(c, g))
        return 0;
    code = running_check(g, reply);
    if (code != 0)
        return code;
    cancel_running(c, g);
    assert(g->group.operation.cancelled);
    return operation_outcome(c, g);
}
