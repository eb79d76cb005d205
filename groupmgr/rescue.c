/* Groups whose owner is gone, is back, or cannot start them. */
#include <stdlib.h>

#include "groupmgr/rules.h"

void group_lose_lives(struct cluster *c, struct group_record *g, enum cause cause)
{
    operation_drop(c, g, cause, ERROR_OPERATION_ABORTED);
    timer_set(c, &g->start, 0);
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
    /* At once: whoever is started next asks what is left. */
    capacity_account(c, g);
    assert(!group_runs(g) && g->share.at == NULL);
}

/* -------------------------------------------------------------- isolation */

static uint64_t resiliency_ms(const struct cluster *c, const struct group *g)
{
    uint32_t period_s = g->resiliency_period_s;

    assert(c->settings.resiliency_period_s != UINT32_MAX);
    return (uint64_t)(period_s != UINT32_MAX ? period_s : c->settings.resiliency_period_s) * 1000;
}

void group_lose_owner(struct cluster *c, struct group_record *g, enum cause cause)
{
    uint64_t wait_ms = resiliency_ms(c, &g->group);

    assert(!node_is_up(g->owner));
    if (cause == CAUSE_NODE_LEASE_EXPIRED)
        ending_begin(c, g); /* First: then nothing of it seems to run any more. */
    group_lose_lives(c, g, cause);
    /* Only one that went without a word may be back in a moment. */
    if (cause == CAUSE_NODE_LEASE_EXPIRED && wait_ms > 0) {
        timer_set_in(c, &g->rescue, wait_ms);
        group_note(c, g, CAUSE_ISOLATED, NULL);
        return;
    }
    group_rescue(c, g, cause);
}

void rescue_due(struct cluster *c, struct group_record *g)
{
    assert(g->group.rescue_at_ms == 0 && !node_is_up(g->owner));
    group_note(c, g, CAUSE_RESILIENCY_ENDED, NULL);
    /* After a cold start all wait for their owners, this one no less. */
    if (c->forming_until_ms == 0)
        group_rescue(c, g, CAUSE_RESILIENCY_ENDED);
}

/* -------------------------------------------------------------- last resort
 * Only paused nodes are left for it. The group lands on one, so that it has an
 * owner that is up and goes where that node goes, but does not start: a paused
 * node takes up no work. The cause of its placement marks it. */

bool group_is_parked(const struct group_record *g)
{
    assert(g->owner != NULL);
    return g->group.placement.why.cause == CAUSE_WAITS_FOR_NODE && node_is_up(g->owner) &&
           !node_can_host(g->owner) && group_is_idle(g) && group_rests(g);
}

static bool node_can_keep(const struct node_record *n, const struct group_record *g)
{
    if (n->node.state != NODE_PAUSED || n->node.leaving || n->node.witness)
        return false;
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (!resource_possible_on(g->group.resources[i], n->node.id))
            return false;
    return true;
}

/* The owner if it will do, else the first preferred one, else the one with the
 * fewest groups. */
static struct node_record *parking_place(const struct cluster *c, const struct group_record *g)
{
    struct node_record *best = NULL;

    /* One that is in quarantine keeps what only it may own. */
    if (node_is_up(g->owner) && !g->owner->node.leaving)
        return g->owner;
    for (unsigned i = 0; i < g->group.preferred_count; i++) {
        struct node_record *n = find_node(c, g->group.preferred[i]);

        if (node_can_keep(n, g))
            return n;
    }
    for (unsigned i = 0; i < c->node_count; i++)
        if (node_can_keep(c->nodes[i], g) &&
            (best == NULL || c->nodes[i]->group_count < best->group_count))
            best = c->nodes[i];
    assert(best != g->owner);
    return best;
}

static void group_park(struct cluster *c, struct group_record *g)
{
    struct node_record *place = parking_place(c, g);

    if (place == NULL || group_is_parked(g))
        return;
    if (place != g->owner) {
        group_give(c, g, place, CAUSE_WAITS_FOR_NODE);
        return;
    }
    placement_settle(c, g, CAUSE_WAITS_FOR_NODE);
    group_note(c, g, CAUSE_WAITS_FOR_NODE, NULL);
    group_touch(c, g, CAUSE_WAITS_FOR_NODE); /* It counts here no more. */
    assert(g->group.placement.chosen == g->group.owner);
}

/* ------------------------------------------------------------------ rescue */

void group_rescue(struct cluster *c, struct group_record *g, enum cause cause)
{
    struct node_record *host;

    assert(!group_runs(g) && !node_can_host(g->owner));
    assert(cause != CAUSE_WAITS_FOR_NODE); /* It marks what is parked. */
    timer_set(c, &g->rescue, 0);
    host = placement_choose(c, g, &(struct question){.not_this = g->owner});
    if (group_is_held(g)) {
        /* It is looked for again when that has ended. */
        assert(host == NULL);
        placement_nowhere(c, g);
        return;
    }
    if (host == NULL) {
        /* Room may come of others giving way; then it is looked for again. */
        placement_nowhere(c, g);
        if (group_is_to_start(g))
            preempt_for(c, g);
        group_park(c, g);
        return;
    }
    group_give(c, g, host, cause);
    group_start(c, g, OPERATION_FAILOVER, cause);
}

void group_restore(struct cluster *c, struct group_record *g)
{
    assert(node_is_up(g->owner));
    timer_set(c, &g->rescue, 0);
    placement_found(c, g);
    /* It owns it for want of another (recover.c), and an operator is to say what now. */
    if (!group_possible_on(g, g->owner)) {
        group_note(c, g, CAUSE_WAITS_FOR_NODE, NULL);
        return;
    }
    group_start(c, g, OPERATION_ONLINE, CAUSE_PERSISTENT_STATE);
}

/* Without those that wait for their owner to come back, to be switched off, or to have
 * ended what it ran. */
static bool group_is_stranded(const struct group_record *g)
{
    if (node_is_up(g->owner))
        return group_is_parked(g);
    return g->group.rescue_at_ms == 0 && !group_is_held(g);
}

static enum cause stranded_cause(const struct group_record *g)
{
    assert(group_is_stranded(g));
    return node_is_up(g->owner) ? CAUSE_PERSISTENT_STATE : g->owner->node.why.cause;
}

void rescue_stranded(struct cluster *c)
{
    struct group_record **stranded = NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < c->node_count; i++) {
        const struct node_record *n = c->nodes[i];

        if (node_can_host(n) || n->group_count == 0)
            continue;
        stranded = xrealloc(stranded, (count + n->group_count) * sizeof(*stranded));
        for (unsigned j = 0; j < n->group_count; j++)
            if (group_is_stranded(n->groups[j]))
                stranded[count++] = n->groups[j];
    }
    /* One order over all nodes: what matters most takes the room there is. */
    groups_sort_by_priority(stranded, count);
    for (unsigned i = 0; i < count; i++)
        group_rescue(c, stranded[i], stranded_cause(stranded[i]));
    free(stranded);
}
