/* The walk: plans become states as far as the dependencies allow.
 *
 * Dependents stop before their providers and start after them; what does not
 * depend on one another goes in parallel. Every command that touches a group
 * ends with one walk over it, so the order is a property of the states alone
 * and survives a restart, a failure half-way or a change of leader. */
#include "groupmgr/rules.h"

void plan_set(struct cluster *c, struct resource_record *r, enum plan plan, enum cause cause)
{
    assert((unsigned)plan <= PLAN_CYCLE && cause < CAUSE_COUNT);
    r->plan = plan;
    r->plan_cause = plan == PLAN_NONE ? CAUSE_NONE : cause;
    /* Whatever is planned anew replaces what stood before. */
    r->waits = false;
    timer_set(c, &r->retry, 0);
    if ((plan & PLAN_STOP) == 0)
        r->resource.terminate = false;
    digest_touch(c, &r->tracked);
}

void plan_stop_all(struct cluster *c, struct group_record *g, enum cause cause)
{
    assert(g->cluster == c);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        timer_set(c, &r->restart, 0);
        plan_set(c, r, resource_runs(r) ? PLAN_STOP : PLAN_NONE, cause);
    }
    group_touch(c, g, cause);
}

void plan_start_wanted(struct cluster *c, struct group_record *g, enum cause cause)
{
    assert(g->cluster == c && node_is_up(g->owner));
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);
        bool start = resource_is_wanted(r) && r->resource.state != RESOURCE_ONLINE;

        timer_set(c, &r->restart, 0);
        plan_set(c, r, start ? PLAN_START : PLAN_NONE, cause);
    }
    group_touch(c, g, cause);
}

/* ------------------------------------------------------------- conditions */

/* Online, and meant to stay so. */
static bool stands(const struct resource_record *r)
{
    assert((unsigned)r->plan <= PLAN_CYCLE);
    return r->resource.state == RESOURCE_ONLINE && (r->plan & PLAN_STOP) == 0;
}

/* Will be online without anybody asking again. */
static bool is_coming(const struct resource_record *r)
{
    return stands(r) || (r->plan & PLAN_START) != 0 || r->resource.restart_at_ms != 0 ||
           (r->resource.state == RESOURCE_ONLINE_PENDING && (r->plan & PLAN_STOP) == 0);
}

/* What runs over a resource in maintenance stays, whatever becomes of that one:
 * somebody works on it and knows. */
bool resource_holds_up(const struct resource_record *p)
{
    bool may_go = (p->plan & PLAN_STOP) != 0 || p->resource.state == RESOURCE_OFFLINE;

    assert(!stands(p) || !may_go);
    return stands(p) || (p->resource.maintenance && !may_go);
}

/* Nobody who runs over `r` would still do so without it. */
static bool dependents_need_it_no_more(const struct resource_record *r)
{
    assert(!resource_holds_up(r)); /* So that none is held up by `r` itself. */
    for (unsigned i = 0; i < r->dependent_count; i++)
        if (resource_runs(r->dependents[i]) &&
            !resource_is_provided(r->dependents[i], resource_holds_up))
            return false;
    return true;
}

bool resource_may_stop(const struct resource_record *r)
{
    assert((unsigned)r->plan <= PLAN_CYCLE);
    return (r->plan & PLAN_STOP) != 0 &&
           (r->resource.state == RESOURCE_ONLINE || r->resource.state == RESOURCE_ONLINE_PENDING) &&
           dependents_need_it_no_more(r);
}

/* Dependents may still be on their way down when a provider that failed is to
 * come back: it waits for them, or they would run over one that is not there.
 * Those that have another provider, or that a maintenance keeps, stay. */
bool resource_may_start(const struct resource_record *r)
{
    assert((unsigned)r->plan <= PLAN_CYCLE);
    return r->plan == PLAN_START && !resource_runs(r) && resource_is_provided(r, stands) &&
           (resource_holds_up(r) || dependents_need_it_no_more(r));
}

bool start_is_vain(const struct resource_record *r)
{
    bool is_starting = r->resource.state == RESOURCE_ONLINE_PENDING && r->plan == PLAN_START;

    assert(r->resource.provider_count <= PROVIDERS_MAX);
    return (r->plan & PLAN_START) != 0 && !is_starting && !resource_is_provided(r, is_coming);
}

bool wait_is_over(const struct resource_record *r)
{
    assert(!r->waits || (r->plan & PLAN_START) == 0);
    return r->waits && resource_is_wanted(r) && resource_is_provided(r, is_coming);
}

bool group_has_pending(const struct group_record *g)
{
    assert(g->group.resources != NULL || g->group.resource_count == 0);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (resource_is_pending(resource_record(g->group.resources[i])))
            return true;
    return false;
}

bool group_runs(const struct group_record *g)
{
    assert(g->group.resources != NULL || g->group.resource_count == 0);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (resource_runs(resource_record(g->group.resources[i])))
            return true;
    return false;
}

bool operation_is_busy(const struct group_record *g)
{
    uint64_t only = g->group.operation.resource;

    assert(operation_runs(&g->group.operation));
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource_record *r = resource_record(g->group.resources[i]);

        if (resource_is_pending(r))
            return true;
        /* A call for one resource is not kept by what is planned for others:
         * what it needs of them, it waits for itself. */
        if ((only == 0 || only == r->resource.id) &&
            (r->plan != PLAN_NONE || r->resource.restart_at_ms != 0))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------- walk */

/* Give up starts that wait for a provider which is not coming; again until
 * that frees nobody else, since they may be somebody's provider themselves. */
static void drop_vain_starts(struct cluster *c, struct group_record *g)
{
    bool dropped;

    assert(g->cluster == c);
    do {
        dropped = false;
        for (unsigned i = 0; i < g->group.resource_count; i++) {
            struct resource_record *r = resource_record(g->group.resources[i]);

            if (!start_is_vain(r))
                continue;
            plan_set(c, r, r->plan & PLAN_STOP, r->plan_cause);
            r->waits = true;
            dropped = true;
        }
    } while (dropped);
}

/* And take them up again when one comes, by whatever way. */
static void end_waits(struct cluster *c, struct group_record *g)
{
    bool ended;

    assert(g->group.resource_count <= c->resource_count);
    do {
        ended = false;
        for (unsigned i = 0; i < g->group.resource_count; i++) {
            struct resource_record *r = resource_record(g->group.resources[i]);

            if (!wait_is_over(r))
                continue;
            plan_set(c, r, r->plan | PLAN_START, CAUSE_PERSISTENT_STATE);
            ended = true;
        }
    } while (ended);
}

static void walk(struct cluster *c, struct group_record *g)
{
    assert(g->cluster == c);
    drop_vain_starts(c, g);
    end_waits(c, g);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        if (resource_may_stop(r))
            resource_enter(c, r, RESOURCE_OFFLINE_PENDING, r->plan_cause);
        else if (resource_may_start(r))
            resource_enter(c, r, RESOURCE_ONLINE_PENDING, r->plan_cause);
    }
}

/* What follows when nothing is under way; true if there is more to walk. */
static bool follow_up(struct cluster *c, struct group_record *g)
{
    if (!operation_runs(&g->group.operation))
        return preempted_wait(c, g) || queue_go_on(c, g);
    if (operation_is_busy(g))
        return false;
    assert(!group_has_pending(g));
    if (operation_is_leaving(g))
        transfer_arrive(c, g);
    else
        operation_end(c, g);
    return true;
}

void group_settle(struct cluster *c, struct group_record *g)
{
    assert(g->owner != NULL);
    do {
        walk(c, g);
    } while (follow_up(c, g));
    group_show(c, g);
    drain_progress(c, g);
}
