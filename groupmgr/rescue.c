/* Groups whose owner is gone, is back, or is about to go. */
#include "groupmgr/rules.h"

void group_lose_lives(struct cluster *c, struct group_record *g, enum cause cause)
{
    operation_clear(g);
    group_touch(c, g, cause);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        timer_set(c, &r->restart, 0);
        plan_set(c, r, PLAN_NONE, CAUSE_NONE);
        /* On a node that started anew a failure still says something. */
        if (resource_runs(r) ||
            (r->resource.state == RESOURCE_FAILED && cause != CAUSE_NODE_RESTARTED))
            resource_enter(c, r, RESOURCE_OFFLINE, cause);
    }
}

/* Begin an operation that starts what is wanted; none if nothing is. */
static void start_wanted(struct cluster *c, struct group_record *g, enum operation_kind kind,
                         enum cause cause)
{
    operation_begin(c, g, kind, cause);
    if (kind == OPERATION_FAILOVER)
        operation_target(c, g, g->owner);
    plan_start_wanted(c, g, cause);
}

void group_rescue(struct cluster *c, struct group_record *g, enum cause cause)
{
    struct node_record *host = placement_choose(c, g, &(struct question){.not_this = g->owner});

    if (host == NULL)
        return;
    group_give(c, g, host, cause);
    start_wanted(c, g, OPERATION_FAILOVER, cause);
}

void group_restore(struct cluster *c, struct group_record *g)
{
    start_wanted(c, g, OPERATION_ONLINE, CAUSE_PERSISTENT_STATE);
}

bool group_leave(struct cluster *c, struct group_record *g)
{
    struct node_record *host;

    if (!g->owner->node.leaving || group_has_pending(g))
        return false;
    host = placement_choose(c, g, &(struct question){.not_this = g->owner});
    if (host == NULL)
        return false;
    transfer_begin(c, g, OPERATION_MOVE, host, CAUSE_NODE_LEAVING);
    return true;
}
