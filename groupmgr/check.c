/* What must hold between the objects after every command. The same list judges
 * a snapshot before it is believed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

static const char *set_fault(const struct group_set *set)
{
    for (unsigned i = 1; i < set->count; i++)
        MUST(set->groups[i - 1]->group.id < set->groups[i]->group.id);
    return NULL;
}

/* Pause, drain, quarantine. */
static const char *duty_fault(const struct cluster *c, const struct node_record *n)
{
    const struct node *node = &n->node;
    bool host = false;

    for (unsigned i = 0; i < c->node_count; i++)
        host |= node_can_host(c->nodes[i]);
    MUST(!node_is_up(n) || node->paused == (node->state == NODE_PAUSED));
    MUST(node->drain == DRAIN_NOT_INITIATED || node->paused || node->leaving);
    MUST(node->drain == DRAIN_NOT_INITIATED || node->drain == DRAIN_COMPLETED || node_is_up(n));
    MUST(node->drain != DRAIN_IN_PROGRESS || drain_is_moving(c, n)); /* Or it would never end. */
    MUST(node->drain == DRAIN_NOT_INITIATED || node->drain_why.index != 0);
    MUST(node->drain_target != node->id);
    MUST(node->drain_target == 0 || find_node(c, node->drain_target) != NULL);
    MUST(node->departures_since_ms <= c->now_ms);
    MUST(node->quarantined_until_ms == 0 || !node_is_up(n) || host);
    MUST((node->quarantined_until_ms != 0) == (n->quarantine.slot != 0));
    for (unsigned i = 0; i < n->preferring.count; i++)
        MUST(n->preferring.groups[i]->group.auto_failback == 1);
    for (unsigned i = 0; i < n->drained.count; i++)
        MUST(n->drained.groups[i]->group.drained_from == node->id);
    MUST(!n->woken);
    return set_fault(&n->preferring) != NULL ? set_fault(&n->preferring) : set_fault(&n->drained);
}

static const char *nodes_fault(const struct cluster *c)
{
    const char *fault = NULL;
    unsigned up = 0;

    assert(hosts_count(c) <= c->node_count);
    for (unsigned i = 0; i < c->node_count; i++) {
        const struct node_record *n = c->nodes[i];

        MUST(i == 0 || c->nodes[i - 1]->node.id < n->node.id);
        MUST(n->node.state != NODE_JOINING);
        MUST(n->node.level_min <= n->node.level_max);
        MUST(n->node.id <= c->node_id_max && departed_find(c, n->node.id) == NULL);
        MUST(n->node.incarnation > 0 && n->node.incarnation <= c->index);
        MUST(!n->node.leaving || node_is_up(n));
        MUST((n->node.log == LOG_CURRENT && !n->node.disk_low) || node_is_up(n));
        up += node_is_up(n) && !n->node.witness;
        MUST(!n->node.witness || (n->group_count == 0 && n->node.quarantined_until_ms == 0));
        if (fault == NULL)
            fault = duty_fault(c, n);
        if (fault == NULL)
            fault = fencing_fault(c, n);
        for (unsigned j = 0; j < n->group_count; j++)
            MUST(n->groups[j]->owner == n && n->groups[j]->owner_slot == j);
    }
    if (fault == NULL)
        fault = fence_devices_fault(c);
    MUST(c->level >= LEVEL_MIN && cluster_level_possible(c) >= c->level); /* See level.c. */
    MUST(c->forming_until_ms == 0 || (up > 0 && up < hosts_count(c)));
    return fault;
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
        /* To stop, it may have to wait for what has another provider still. */
        MUST(r->plan != PLAN_NONE);
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
    MUST(!r->waits || ((r->plan & PLAN_START) == 0 && r->resource.restart_at_ms == 0));
    MUST(!r->waits || !resource_runs(r) || (r->plan & PLAN_STOP) != 0);
    /* The walk leaves nothing undone. */
    MUST(!resource_may_start(r) && !resource_may_stop(r));
    MUST(!start_is_vain(r) && !wait_is_over(r));
    return NULL;
}

static const char *expressions_fault(const struct group_record *g)
{
    const char *fault = NULL;

    for (unsigned i = 0; fault == NULL && i < g->group.resource_count; i++)
        fault = resource_expression_fault(resource_record(g->group.resources[i]));
    return fault;
}

static const char *providers_fault(const struct resource_record *r)
{
    /* What has lost its providers is on its way down. */
    MUST(!resource_runs(r) || (r->plan & PLAN_STOP) != 0 ||
         resource_is_provided(r, resource_holds_up));
    for (unsigned i = 0; i < r->resource.provider_count; i++) {
        const struct resource_record *p = resource_record(r->resource.providers[i]);

        MUST(p->resource.group == r->resource.group);
        if (!resource_runs(r) || r->resource.expression != NULL)
            continue;
        /* It neither stops nor starts again under what runs over it alone. */
        MUST(p->resource.state != RESOURCE_OFFLINE_PENDING);
        MUST(p->resource.state != RESOURCE_ONLINE_PENDING || p->resource.maintenance);
    }
    return NULL;
}

static const char *owners_fault(const struct cluster *c, const struct resource *r)
{
    MUST(r->possible != NULL || r->possible_count == 0);
    for (unsigned i = 0; i < r->possible_count; i++) {
        MUST(find_node(c, r->possible[i]) != NULL);
        MUST(i == 0 || r->possible[i - 1] < r->possible[i]);
    }
    return NULL;
}

static const char *resource_fault(const struct cluster *c, const struct resource_record *r)
{
    const struct resource *res = &r->resource;
    const struct group_record *g = group_record(res->group);
    const char *fault = plan_fault(r);

    MUST(res->id <= c->index && res->operation <= c->index);
    MUST(!resource_runs(r) || (res->operation > 0 && node_is_up(g->owner)));
    MUST(resource_runs(r) || (!res->locked && !res->fail_requested));
    MUST(!res->terminate || (resource_runs(r) && (r->plan & PLAN_STOP) != 0));
    MUST(!res->maintenance || res->state == RESOURCE_ONLINE || res->state == RESOURCE_FAILED ||
         res->state == RESOURCE_ONLINE_PENDING);
    MUST(res->was_persistent == 0 || g->group.operation.kind != OPERATION_NONE);
    MUST(res->was_persistent <= 3 && res->persistent >= -1 && res->persistent <= 1);
    MUST(res->restart_at_ms == 0 || (res->state == RESOURCE_FAILED && r->plan == PLAN_NONE));
    MUST((res->restart_at_ms != 0) == (r->restart.slot != 0));
    MUST(res->retry_at_ms == 0 ||
         (res->state == RESOURCE_FAILED && r->plan == PLAN_NONE && res->restart_at_ms == 0));
    MUST((res->retry_at_ms != 0) == (r->retry.slot != 0));
    MUST(!res->embedded_failure || res->state == RESOURCE_ONLINE);
    for (unsigned i = 1; i < res->refused_count; i++)
        MUST(res->refused[i - 1] < res->refused[i]);
    MUST((res->refused_count != 0) == (r->prev_refusing != NULL));
    MUST(res->property_count <= PROPERTIES_PER_RESOURCE_MAX);
    if (fault == NULL)
        fault = owners_fault(c, res);
    return fault != NULL ? fault : providers_fault(r);
}

/* ----------------------------------------------------------------- groups */

static const char *operation_empty_fault(const struct operation *op)
{
    MUST(op->id == 0 && op->flags == 0 && op->target == 0 && op->resource == 0);
    MUST(op->since_ms == 0 && op->instructions_len == 0);
    MUST(op->cause == CAUSE_NONE && op->source == 0);
    MUST(!op->queued && op->wait == CAUSE_NONE && !op->returning && !op->cancelled);
    MUST(op->code == 0 && !op->was_persistent_online);
    return NULL;
}

/* Of one that runs as of one that waits. */
static const char *operation_common_fault(const struct cluster *c, const struct group_record *g,
                                          const struct operation *op)
{
    const struct resource_record *r = find_resource(c, op->resource);

    MUST(op->id > 0 && op->id <= c->index);
    MUST(op->resource == 0 || (r != NULL && r->resource.group == &g->group));
    MUST(op->instructions_len <= INSTRUCTIONS_BYTES_MAX);
    MUST(op->queued == (op->wait != CAUSE_NONE));
    MUST(!op->queued || (!op->returning && !op->cancelled && op->code == 0));
    return NULL;
}

static const char *operation_fault(const struct cluster *c, const struct group_record *g)
{
    const struct operation *op = &g->group.operation, *next = &g->group.next;
    const char *fault = operation_empty_fault(next);

    if (next->kind != OPERATION_NONE) {
        fault = operation_common_fault(c, g, next);
        MUST(next->queued && operation_runs(op)); /* Or it would wait for nothing. */
    }
    if (fault == NULL)
        fault = op->kind == OPERATION_NONE ? operation_empty_fault(op)
                                           : operation_common_fault(c, g, op);
    if (fault != NULL)
        return fault;
    MUST(g->shown_operation == op->id && g->ended_code == 0);
    MUST(op->queued == (g->queue.next != NULL));
    if (!operation_runs(op))
        return NULL;
    MUST(op->target == 0 || find_node(c, op->target) != NULL);
    MUST(!op->returning || op->kind == OPERATION_MOVE);
    MUST((op->returning || op->cancelled) == (op->code != 0));
    MUST(node_is_up(g->owner));
    MUST(operation_is_busy(g)); /* Or it would never end. */
    return NULL;
}

static const char *queue_fault(const struct cluster *c, unsigned queued)
{
    unsigned linked = 0;

    MUST(!c->queue_woken);
    for (const struct queue_link *l = c->queue.next; l != &c->queue; l = l->next) {
        MUST(l->next->prev == l && l->prev->next == l);
        linked++;
    }
    MUST(linked == queued);
    return NULL;
}

static const char *owner_fault(const struct cluster *c, const struct group_record *g)
{
    bool elsewhere = placement_exists(c, g, &(struct question){.not_this = g->owner});

    MUST(g->owner != NULL && g->group.owner == g->owner->node.id);
    MUST(g->owner_slot < g->owner->group_count && g->owner->groups[g->owner_slot] == g);
    MUST(g->group.token > 0 && g->group.token <= c->index);
    if (!node_is_up(g->owner) || group_is_parked(g))
        MUST(!elsewhere || c->forming_until_ms != 0 || g->group.rescue_at_ms != 0);
    return NULL;
}

/* What is to happen to it later, and where it may go back to. */
static const char *plans_fault(const struct cluster *c, const struct group_record *g)
{
    const struct group *group = &g->group;
    const struct node_record *from = find_node(c, group->drained_from);

    MUST((group->rescue_at_ms != 0) == (g->rescue.slot != 0));
    MUST((group->start_at_ms != 0) == (g->start.slot != 0));
    MUST((group->failback_at_ms != 0) == (g->failback.slot != 0));
    MUST(group->rescue_at_ms == 0 || !node_is_up(g->owner));
    MUST(group->ending_ms == 0 || !node_is_up(g->owner));
    MUST((group->ending_ms == 0) == (group->ending_resource == 0));
    MUST(group->ending_ms != 0 || group->ending_since_ms == 0);
    MUST(group->start_at_ms == 0 || node_is_up(g->owner));
    MUST(group_set_has(&c->wishes, g) == (group->failback_at_ms != 0));
    MUST(group->drained_from == 0 || from != NULL);
    MUST(from == NULL || group_set_has(&from->drained, g));
    for (unsigned i = 0; i < group->preferred_count; i++)
        MUST(group_set_has(&find_node(c, group->preferred[i])->preferring, g) ==
             (group->auto_failback == 1));
    /* It would come back, but is not on its way and waits for nobody. */
    MUST(from == NULL || from->node.paused || node_can_host(from) || !group_rests(g));
    return NULL;
}

static const char *group_fault(const struct cluster *c, const struct group_record *g)
{
    const char *fault = expressions_fault(g);

    if (fault == NULL)
        fault = graph_fault(g);
    if (fault == NULL)
        fault = owner_fault(c, g);
    if (fault == NULL)
        fault = plans_fault(c, g);
    if (fault == NULL)
        fault = operation_fault(c, g);
    for (unsigned i = 0; fault == NULL && i < g->group.resource_count; i++)
        fault = resource_fault(c, resource_record(g->group.resources[i]));
    for (unsigned i = 1; i < g->group.resource_count; i++)
        MUST(g->group.resources[i - 1]->id < g->group.resources[i]->id);
    if (fault != NULL)
        return fault;
    MUST(!g->touched);
    MUST(g->group.held == CAUSE_NONE || !group_runs(g));
    MUST(g->group.nowhere.why.index == 0 || !node_can_host(g->owner));
    MUST(g->group.id <= c->index);
    MUST(g->group.placement.chosen == g->group.owner);
    MUST(g->planned.chosen == 0 || g->group.operation.kind != OPERATION_NONE);
    MUST(!g->group.preempted || group_is_wanted(g));
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
    unsigned resources = 0, groups = 0, queued = 0;
    const struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        if (fault == NULL)
            fault = group_fault(c, g);
        resources += g->group.resource_count;
        queued += g->group.operation.queued;
        groups++;
    }
    if (fault == NULL)
        fault = queue_fault(c, queued);
    if (fault == NULL)
        fault = set_fault(&c->wishes);
    if (fault == NULL)
        fault = timers_fault(&c->timers);
    if (fault == NULL)
        fault = sessions_fault(c);
    if (fault == NULL)
        fault = events_fault(c);
    if (fault != NULL)
        return fault;
    MUST(c->epoch > 0);
    MUST(groups == c->group_count && groups <= GROUPS_MAX);
    MUST(resources == c->resource_count && resources <= RESOURCES_MAX);
    MUST(HASH_CNT(by_id, c->groups_by_id) == groups);
    MUST(HASH_CNT(by_id, c->resources_by_id) == resources);
    return NULL;
}

void cluster_check(const struct cluster *c)
{
    const char *fault = cluster_fault(c);

    /* A snapshot brings no accounts: they were just made from it. */
    if (fault == NULL)
        fault = account_fault(c);
    if (fault == NULL)
        return;
    fprintf(stderr, "cluster at index %llu: this must hold: %s\n", (unsigned long long)c->index,
            fault);
    abort();
}
