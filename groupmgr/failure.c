/* What becomes of a resource that failed: a restart on its node, a failover of
 * its group, or Failed it stays. */
#include "groupmgr/rules.h"

/* ---------------------------------------------------------------- windows */

/* Count one more in a window that began with its first; false if `max` of them
 * have happened in it. */
static bool window_take(unsigned *count, uint64_t *since_ms, uint64_t now_ms, uint64_t period_ms,
                        uint32_t max)
{
    if (*count > 0 && now_ms - *since_ms >= period_ms)
        *count = 0;
    if (*count >= max)
        return false;
    if (*count == 0)
        *since_ms = now_ms;
    ++*count;
    return true;
}

static bool restart_take(struct cluster *c, struct resource *r)
{
    return r->restart_action != 0 && window_take(&r->restarts, &r->restarts_since_ms, c->now_ms,
                                                 r->restart_period_ms, r->restart_threshold);
}

static bool failover_take(struct cluster *c, struct group *g)
{
    uint32_t max = g->failover_threshold;

    if (max == UINT32_MAX)
        max = c->node_count - 1;
    return window_take(&g->failovers, &g->failovers_since_ms, c->now_ms,
                       (uint64_t)g->failover_period_h * 3600 * 1000, max);
}

void counters_reset(struct cluster *c, struct group_record *g)
{
    g->group.failovers = 0;
    g->group.failovers_since_ms = 0;
    digest_touch(c, &g->tracked);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        r->resource.restarts = 0;
        r->resource.restarts_since_ms = 0;
        digest_touch(c, &r->tracked);
    }
}

/* --------------------------------------------------------------- recovery */

/* All that runs over `r` stops, and comes back when `r` does. */
static void dependents_cycle(struct cluster *c, struct resource_record *r)
{
    for (unsigned i = 0; i < r->dependent_count; i++) {
        struct resource_record *d = r->dependents[i];

        /* One that is on its way down or up again has been here before, and
         * so have those over it. */
        if (!resource_runs(d) || (d->plan & PLAN_STOP) != 0)
            continue;
        plan_set(c, d, PLAN_CYCLE, CAUSE_PROVIDER_FAILED);
        dependents_cycle(c, d);
    }
}

static void restart_plan(struct cluster *c, struct resource_record *r)
{
    uint64_t delay_ms = r->resource.restart_delay_ms;

    if (delay_ms == 0)
        plan_set(c, r, PLAN_START, CAUSE_RESTART);
    else
        timer_set_in(c, &r->restart, delay_ms);
}

static void recover(struct cluster *c, struct resource_record *r)
{
    struct group_record *g = group_record(r->resource.group);
    struct node_record *target;

    if (!resource_is_wanted(r))
        return;
    if (restart_take(c, &r->resource)) {
        restart_plan(c, r);
        return;
    }
    if (r->resource.restart_action != 2)
        return;
    target = placement_choose(c, g, &(struct question){.not_this = g->owner, .next = true});
    if (target != NULL && failover_take(c, &g->group))
        transfer_begin(c, g, OPERATION_FAILOVER, target, CAUSE_FAILOVER);
}

void resource_fails(struct cluster *c, struct resource_record *r, uint32_t code, const char *text)
{
    bool was_to_stop = (r->plan & PLAN_STOP) != 0;

    assert(was_to_stop || r->resource.state != RESOURCE_OFFLINE_PENDING);
    resource_enter_failed(c, r, CAUSE_FAILED, code, text);
    /* It was to go down and is down, if not well: what was to follow follows. */
    if (was_to_stop)
        return;
    plan_set(c, r, PLAN_NONE, CAUSE_NONE);
    dependents_cycle(c, r);
    recover(c, r);
}

void restart_due(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.state == RESOURCE_FAILED && r->resource.restart_at_ms == 0);
    plan_set(c, r, PLAN_START, CAUSE_RESTART);
    group_touch(c, group_record(r->resource.group), CAUSE_RESTART);
}
