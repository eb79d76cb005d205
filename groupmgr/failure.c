/* What becomes of a resource that failed: a restart on its node, a failover of
 * its group, or Failed it stays, until it is tried once more. */
#include "groupmgr/rules.h"

/* ---------------------------------------------------------------- windows */

/* Count one more in a window that began with its first; false if `max` of them
 * have happened in it. */
static bool window_take(unsigned *count, uint64_t *since_ms, uint64_t now_ms, uint64_t period_ms,
                        uint32_t max)
{
    assert(*count == 0 || now_ms >= *since_ms);
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

static uint32_t failovers_max(const struct cluster *c, const struct group *g)
{
    assert(hosts_count(c) > 0); /* The owner is one. */
    return g->failover_threshold == UINT32_MAX ? hosts_count(c) - 1 : g->failover_threshold;
}

static bool failover_take(struct cluster *c, struct group *g)
{
    assert(g->failover_period_h <= UINT32_MAX / 3600);
    return window_take(&g->failovers, &g->failovers_since_ms, c->now_ms,
                       (uint64_t)g->failover_period_h * 3600 * 1000, failovers_max(c, g));
}

/* Would failover_take() be granted? */
static bool failover_is_left(const struct cluster *c, const struct group *g)
{
    struct group trial = *g;

    assert(trial.owner != 0);
    return window_take(&trial.failovers, &trial.failovers_since_ms, c->now_ms,
                       (uint64_t)g->failover_period_h * 3600 * 1000, failovers_max(c, g));
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
        refusals_clear(c, r);
        digest_touch(c, &r->tracked);
    }
}

/* --------------------------------------------------------------- recovery */

/* What runs over `r` and has no other provider stops, and comes back when `r`
 * does; and so what runs over that. One that still has another is asked again
 * when that one stops. */
static void dependents_cycle(struct cluster *c, struct resource_record *r)
{
    assert(!resource_holds_up(r));
    for (unsigned i = 0; i < r->dependent_count; i++) {
        struct resource_record *d = r->dependents[i];

        /* One that is on its way down or up again has been here before, and
         * so have those over it. */
        if (!resource_runs(d) || (d->plan & PLAN_STOP) != 0 ||
            resource_is_provided(d, resource_holds_up))
            continue;
        plan_set(c, d, PLAN_CYCLE, CAUSE_PROVIDER_FAILED);
        dependents_cycle(c, d);
    }
}

static void restart_plan(struct cluster *c, struct resource_record *r)
{
    uint64_t delay_ms = r->resource.restart_delay_ms;

    assert(r->resource.state == RESOURCE_FAILED);
    if (delay_ms == 0)
        plan_set(c, r, PLAN_START, CAUSE_RESTART);
    else
        timer_set_in(c, &r->restart, delay_ms);
}

/* After all was used up: once more from the beginning, some time later. */
static void retry_plan(struct cluster *c, struct resource_record *r)
{
    const struct resource *res = &r->resource;
    bool sooner = res->retry_period_ms < res->restart_period_ms;

    assert(res->state == RESOURCE_FAILED && r->plan == PLAN_NONE && res->restart_at_ms == 0);
    if (res->retry_period_ms != PERIOD_ENDLESS)
        timer_set_in(c, &r->retry, sooner ? res->restart_period_ms : res->retry_period_ms);
}

/* Tell what is done about the failure of `r`, or why nothing. */
static void judge(struct cluster *c, struct resource_record *r, enum cause verdict)
{
    assert(r->resource.state == RESOURCE_FAILED && verdict != CAUSE_NONE);
    r->resource.verdict = why_now(c, verdict);
    resource_note(c, r, verdict);
}

static enum cause fail_over(struct cluster *c, struct group_record *g)
{
    struct question q = {.not_this = g->owner, .next = true};
    struct node_record *target;
    bool taken;

    if (!failover_is_left(c, &g->group))
        return CAUSE_FAILOVERS_USED_UP;
    target = placement_choose(c, g, &q);
    if (target == NULL)
        return CAUSE_NO_OTHER_NODE;
    taken = failover_take(c, &g->group);
    assert(taken);
    transfer_begin(c, g, OPERATION_FAILOVER, target, CAUSE_FAILOVER);
    return CAUSE_FAILOVER;
}

/* The ladder: restart, failover, and nothing. Returns the step that was taken,
 * or why there was none left. */
static enum cause climb(struct cluster *c, struct resource_record *r)
{
    struct resource *res = &r->resource;
    enum cause cause = res->why.cause; /* How it failed. */

    assert(res->state == RESOURCE_FAILED);
    if (res->restart_action == 0)
        return CAUSE_RESTART_ACTION_NONE;
    if (cause == CAUSE_CANNOT_ONLINE_ANYWHERE)
        return cause;
    if (cause != CAUSE_CANNOT_ONLINE_HERE && restart_take(c, res)) {
        /* Its place may be taken by now, if it failed in maintenance. */
        if (!start_admit(c, group_record(res->group), CAUSE_RESTART))
            return CAUSE_WAITS_FOR_CAPACITY;
        restart_plan(c, r);
        return CAUSE_RESTART;
    }
    if (res->restart_action == 1)
        return cause == CAUSE_CANNOT_ONLINE_HERE ? cause : CAUSE_RESTARTS_USED_UP;
    return fail_over(c, group_record(res->group));
}

static void recover(struct cluster *c, struct resource_record *r)
{
    enum cause verdict;

    assert(r->resource.state == RESOURCE_FAILED);
    if (!resource_is_wanted(r)) {
        judge(c, r, CAUSE_NOT_WANTED);
        return;
    }
    if (transfer_return(c, group_record(r->resource.group))) {
        judge(c, r, CAUSE_RETURNED);
        return;
    }
    verdict = climb(c, r);
    judge(c, r, verdict);
    if (verdict != CAUSE_RESTART && verdict != CAUSE_FAILOVER &&
        verdict != CAUSE_WAITS_FOR_CAPACITY && verdict != CAUSE_RESTART_ACTION_NONE)
        retry_plan(c, r);
}

void resource_fails(struct cluster *c, struct resource_record *r, enum cause cause, uint32_t code,
                    const char *text)
{
    bool was_to_stop = (r->plan & PLAN_STOP) != 0;

    assert(was_to_stop || r->resource.state != RESOURCE_OFFLINE_PENDING);
    if (cause == CAUSE_CANNOT_ONLINE_HERE)
        refusal_add(c, r, r->resource.group->owner);
    resource_enter_failed(c, r, cause, code, text);
    /* It was to go down and is down, if not well: what was to follow follows. */
    if (was_to_stop) {
        judge(c, r, CAUSE_WAS_STOPPING);
        return;
    }
    plan_set(c, r, PLAN_NONE, CAUSE_NONE);
    if (r->resource.maintenance) {
        judge(c, r, CAUSE_IN_MAINTENANCE);
        return;
    }
    dependents_cycle(c, r);
    recover(c, r);
}

void resource_recover(struct cluster *c, struct resource_record *r)
{
    struct group_record *g = group_record(r->resource.group);

    assert(!r->resource.maintenance && r->resource.state != RESOURCE_ONLINE_PENDING);
    if (r->resource.state != RESOURCE_FAILED)
        return;
    dependents_cycle(c, r);
    group_touch(c, g, r->resource.why.cause);
    /* A group on its way to another node starts there what is wanted. */
    if (r->plan != PLAN_NONE || r->resource.restart_at_ms != 0 || operation_is_leaving(g))
        return;
    plan_set(c, r, PLAN_NONE, CAUSE_NONE); /* It waits for nothing. */
    recover(c, r);
}

void restart_due(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.state == RESOURCE_FAILED && r->resource.restart_at_ms == 0);
    if (r->resource.maintenance) /* Begun since: its end will see to it. */
        judge(c, r, CAUSE_IN_MAINTENANCE);
    else
        plan_set(c, r, PLAN_START, CAUSE_RESTART);
    group_touch(c, group_record(r->resource.group), CAUSE_RESTART);
}

/* What waits for `r` starts with it. What has been said of it meanwhile counts:
 * it may be wanted no more. */
void retry_due(struct cluster *c, struct resource_record *r)
{
    struct group_record *g = group_record(r->resource.group);

    assert(r->resource.state == RESOURCE_FAILED && r->resource.retry_at_ms == 0);
    if (!resource_is_wanted(r) || r->resource.maintenance ||
        r->resource.retry_period_ms == PERIOD_ENDLESS)
        return;
    g->group.failovers = 0;
    g->group.failovers_since_ms = 0;
    r->resource.restarts = 0;
    r->resource.restarts_since_ms = 0;
    refusals_clear(c, r);
    if (start_admit(c, g, CAUSE_RETRY))
        plan_set(c, r, PLAN_START, CAUSE_RETRY);
    group_touch(c, g, CAUSE_RETRY);
}
