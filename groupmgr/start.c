/* The cluster starts a group of its own decision: after its owner died, came
 * back, or was resumed. What the administrator set for such starts is asked
 * here, and nowhere else; a client's call never comes by. */
#include "groupmgr/rules.h"

enum { BUSY_RETRY_MS = 1000 };

bool group_is_wanting(const struct group_record *g)
{
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource_record *r = resource_record(g->group.resources[i]);

        assert(r->resource.group == &g->group);
        if (resource_is_wanted(r) && r->resource.state != RESOURCE_ONLINE)
            return true;
    }
    return false;
}

/* There is no room, or somebody to keep away from: it starts when that has changed.
 * A move that waits would bring nothing along but that wish, and ends. */
static void start_wait(struct cluster *c, struct group_record *g, enum cause cause)
{
    const struct operation *op = &g->group.operation;
    bool lacks = need_lacking(g, g->owner) < g->need_count;

    assert(!operation_runs(op));
    if (op->queued && op->kind == OPERATION_ONLINE)
        return;
    operation_drop(c, g, CAUSE_WAITS_FOR_CAPACITY,
                   ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION);
    operation_begin(c, g, OPERATION_ONLINE, cause);
    queue_put(c, g, lacks ? CAUSE_WAITS_FOR_CAPACITY : CAUSE_WAITS_FOR_NODE);
}

bool start_admit(struct cluster *c, struct group_record *g, enum cause cause)
{
    assert(node_is_up(g->owner) && group_is_wanted(g));
    if (g->share.at == g->owner || room_for_start(c, g))
        return true;
    start_wait(c, g, cause);
    return false;
}

/* Begin an operation that starts what is wanted. */
static void start_now(struct cluster *c, struct group_record *g, enum operation_kind kind,
                      enum cause cause)
{
    assert(node_is_up(g->owner) && group_is_wanting(g));
    if (!start_admit(c, g, cause))
        return;
    operation_begin(c, g, kind, cause);
    if (kind == OPERATION_FAILOVER)
        operation_target(c, g, g->owner);
    plan_start_wanted(c, g, cause);
}

/* Held back by a cold start, it stays as it is, whoever comes and goes. */
void starts_hold(struct cluster *c)
{
    struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        enum cause held = CAUSE_NONE;

        assert(!group_runs(g));
        if (group_is_wanting(g) && c->settings.ignore_persistent_state == 1)
            held = CAUSE_IGNORE_PERSISTENT_STATE;
        else if (group_is_wanting(g) && g->group.cold_start == 1)
            held = CAUSE_COLD_START_SETTING;
        if (held == g->group.held)
            continue;
        g->group.held = held;
        digest_touch(c, &g->tracked);
    }
}

void start_release(struct cluster *c, struct group_record *g)
{
    assert(g->cluster == c);
    if (g->group.held == CAUSE_NONE)
        return;
    g->group.held = CAUSE_NONE;
    digest_touch(c, &g->tracked);
}

/* Why it is not to be started; CAUSE_NONE: it is. */
static enum cause start_refusal(const struct group *g)
{
    assert(g->owner != 0);
    return g->priority == PRIORITY_DISABLED ? CAUSE_PRIORITY_DISABLED : g->held;
}

bool group_is_to_start(const struct group_record *g)
{
    assert(g->owner != NULL);
    return start_refusal(&g->group) == CAUSE_NONE && group_is_wanting(g);
}

void group_start(struct cluster *c, struct group_record *g, enum operation_kind kind,
                 enum cause cause)
{
    enum cause refusal = start_refusal(&g->group);

    assert(node_is_up(g->owner));
    group_touch(c, g, cause);
    if (!group_is_wanting(g))
        return;
    if (refusal != CAUSE_NONE) {
        group_note(c, g, refusal, NULL);
        return;
    }
    if (g->group.group_start_delay_ms > 0) {
        timer_set_in(c, &g->start, g->group.group_start_delay_ms);
        group_note(c, g, CAUSE_START_DELAY, NULL);
        return;
    }
    start_now(c, g, kind, cause);
}

void start_due(struct cluster *c, struct group_record *g)
{
    assert(node_is_up(g->owner) && g->group.start_at_ms == 0);
    if (!group_rests(g)) {
        timer_set_in(c, &g->start, BUSY_RETRY_MS);
        return;
    }
    if (!group_is_wanting(g))
        return;
    /* Paused or leaving meanwhile: another node takes it, after its delay. */
    if (!node_can_host(g->owner) && !group_runs(g)) {
        group_rescue(c, g, CAUSE_START_DELAY);
        return;
    }
    start_now(c, g, OPERATION_ONLINE, CAUSE_START_DELAY);
}
