/* What must hold between the objects after every command. The same list judges
 * a snapshot before it is believed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

#define MUST(condition)        \
    do {                       \
        if (!(condition))      \
            return #condition; \
    } while (0)

static bool is_up(const struct node_record *n)
{
    return n->node.state == NODE_UP || n->node.state == NODE_PAUSED;
}

static const char *nodes_fault(const struct cluster *c)
{
    unsigned up = 0;

    for (unsigned i = 0; i < c->node_count; i++) {
        const struct node_record *n = c->nodes[i];

        MUST(i == 0 || c->nodes[i - 1]->node.id < n->node.id);
        MUST(n->node.state != NODE_JOINING);
        MUST(n->node.incarnation > 0 && n->node.incarnation <= c->index);
        MUST(!n->node.leaving || is_up(n));
        up += is_up(n);
        for (unsigned j = 0; j < n->group_count; j++)
            MUST(n->groups[j]->owner == n && n->groups[j]->owner_slot == j);
    }
    MUST(c->forming_until_ms == 0 || (up > 0 && up < c->node_count));
    return NULL;
}

/* ----------------------------------------------------------- dependencies */

/* Take away resources whose providers are all gone, again and again; what is
 * left over is a circle. No recursion: the depth is what is being judged. */
static const char *graph_fault(const struct group_record *g)
{
    unsigned count = g->group.resource_count, ready = 0;
    struct resource_record **order = xcalloc(count + 1, sizeof(struct resource_record *));
    const char *fault = NULL;

    for (unsigned i = 0; i < count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        r->visit = r->resource.provider_count;
        r->depth = 1;
        if (r->visit == 0)
            order[ready++] = r;
    }
    for (unsigned at = 0; at < ready; at++) {
        for (unsigned i = 0; i < order[at]->dependent_count; i++) {
            struct resource_record *d = order[at]->dependents[i];

            if (d->depth <= order[at]->depth)
                d->depth = order[at]->depth + 1;
            if (--d->visit == 0)
                order[ready++] = d;
        }
        if (order[at]->depth > DEPENDENCY_DEPTH_MAX)
            fault = "depth <= DEPENDENCY_DEPTH_MAX";
    }
    if (ready != count)
        fault = "no circle of dependencies";
    /* These marks are not numbers of walks: take them away again. */
    for (unsigned i = 0; i < count; i++)
        resource_record(g->group.resources[i])->visit = 0;
    free(order);
    return fault;
}

/* -------------------------------------------------------------- resources */

static const char *plan_fault(const struct resource_record *r)
{
    switch (r->resource.state) {
    case RESOURCE_ONLINE:
        MUST(r->plan == PLAN_NONE || (r->plan & PLAN_STOP) != 0);
        break;
    case RESOURCE_ONLINE_PENDING:
        MUST(r->plan == PLAN_START);
        break;
    case RESOURCE_OFFLINE_PENDING:
        MUST((r->plan & PLAN_STOP) != 0);
        break;
    case RESOURCE_OFFLINE:
    case RESOURCE_FAILED:
        MUST((r->plan & PLAN_STOP) == 0);
        break;
    default:
        return "a known state";
    }
    /* The walk leaves nothing undone. */
    MUST(!resource_may_start(r) && !resource_may_stop(r));
    return NULL;
}

static const char *providers_fault(const struct resource_record *r)
{
    for (unsigned i = 0; i < r->resource.provider_count; i++) {
        const struct resource_record *p = resource_record(r->resource.providers[i]);

        MUST(p->resource.group == r->resource.group);
        if (!resource_runs(r))
            continue;
        /* One that failed keeps those over it only for as long as they stop. */
        MUST(p->resource.state == RESOURCE_ONLINE ||
             (p->resource.state == RESOURCE_FAILED && (r->plan & PLAN_STOP) != 0));
        MUST((p->plan & PLAN_STOP) == 0 || (r->plan & PLAN_STOP) != 0);
    }
    return NULL;
}

static const char *resource_fault(const struct cluster *c, const struct resource_record *r)
{
    const struct resource *res = &r->resource;
    const struct group_record *g = group_record(res->group);
    const char *fault = plan_fault(r);

    MUST(res->id <= c->index && res->operation <= c->index);
    MUST(!resource_runs(r) || (res->operation > 0 && is_up(g->owner)));
    MUST(resource_runs(r) || (!res->locked && !res->fail_requested));
    MUST(res->restart_at_ms == 0 || (res->state == RESOURCE_FAILED && r->plan == PLAN_NONE));
    MUST((res->restart_at_ms != 0) == (r->restart.slot != 0));
    MUST(res->property_count <= PROPERTIES_PER_RESOURCE_MAX);
    return fault != NULL ? fault : providers_fault(r);
}

/* ----------------------------------------------------------------- groups */

static const char *operation_fault(const struct cluster *c, const struct group_record *g)
{
    const struct operation *op = &g->group.operation;
    const struct resource_record *r = find_resource(c, op->resource);

    if (op->kind == OPERATION_NONE) {
        MUST(op->id == 0 && op->flags == 0 && op->target == 0 && op->resource == 0);
        MUST(op->since_ms == 0 && op->instructions_len == 0);
        MUST(op->cause == CAUSE_NONE && op->source == 0);
        MUST(!op->queued && op->wait == CAUSE_NONE && !op->returning && !op->cancelled);
        return NULL;
    }
    MUST(op->id > 0 && op->id <= c->index);
    MUST(op->target == 0 || find_node(c, op->target) != NULL);
    MUST(op->resource == 0 || (r != NULL && r->resource.group == &g->group));
    MUST(op->instructions_len <= INSTRUCTIONS_BYTES_MAX);
    MUST(is_up(g->owner));
    MUST(operation_is_busy(g)); /* Or it would never end. */
    return NULL;
}

static const char *owner_fault(const struct cluster *c, const struct group_record *g)
{
    bool elsewhere = placement_exists(c, g, &(struct question){.not_this = g->owner});

    MUST(g->owner != NULL && g->group.owner == g->owner->node.id);
    MUST(g->owner_slot < g->owner->group_count && g->owner->groups[g->owner_slot] == g);
    MUST(g->group.token > 0 && g->group.token <= c->index);
    if (!is_up(g->owner))
        MUST(!elsewhere || c->forming_until_ms != 0);
    if (g->owner->node.leaving && elsewhere)
        MUST(g->group.operation.kind != OPERATION_NONE || group_has_pending(g));
    return NULL;
}

static const char *group_fault(const struct cluster *c, const struct group_record *g)
{
    const char *fault = graph_fault(g);

    if (fault == NULL)
        fault = owner_fault(c, g);
    if (fault == NULL)
        fault = operation_fault(c, g);
    for (unsigned i = 0; fault == NULL && i < g->group.resource_count; i++)
        fault = resource_fault(c, resource_record(g->group.resources[i]));
    if (fault != NULL)
        return fault;
    MUST(!g->touched);
    MUST(g->group.id <= c->index);
    MUST(g->group.placement.chosen == g->group.owner);
    MUST(g->group.state == group_formula(g));
    return NULL;
}

/* ------------------------------------------------------------------ tables */

static const char *sessions_fault(const struct cluster *c)
{
    const struct session *s;
    uint64_t used_ms = 0;

    DL_FOREACH(c->sessions, s)
    {
        MUST(s->used_ms >= used_ms && s->used_ms <= c->now_ms);
        MUST(s->reply.index <= c->index);
        used_ms = s->used_ms;
    }
    return NULL;
}

static const char *events_fault(const struct cluster *c)
{
    const struct event_log *log = &c->events;
    uint64_t expected = log->total < EVENTS_MAX ? log->total : EVENTS_MAX;

    MUST(cluster_event_count(c) == expected);
    return NULL;
}

const char *cluster_fault(const struct cluster *c)
{
    const char *fault = nodes_fault(c);
    unsigned resources = 0, groups = 0;
    const struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        if (fault == NULL)
            fault = group_fault(c, g);
        resources += g->group.resource_count;
        groups++;
    }
    if (fault == NULL)
        fault = timers_fault(&c->timers);
    if (fault == NULL)
        fault = sessions_fault(c);
    if (fault == NULL)
        fault = events_fault(c);
    if (fault != NULL)
        return fault;
    MUST(groups == c->group_count && groups <= GROUPS_MAX);
    MUST(resources == c->resource_count && resources <= RESOURCES_MAX);
    MUST(HASH_CNT(by_id, c->groups_by_id) == groups);
    MUST(HASH_CNT(by_id, c->resources_by_id) == resources);
    return NULL;
}

void cluster_check(const struct cluster *c)
{
    const char *fault = cluster_fault(c);

    if (fault == NULL)
        return;
    fprintf(stderr, "cluster at index %llu: this must hold: %s\n", (unsigned long long)c->index,
            fault);
    abort();
}
