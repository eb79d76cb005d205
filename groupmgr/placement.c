/* Which node a group goes to, and why no other.
 *
 * Every node is judged: the first rule that excludes it, or else how it stands
 * in each point in which nodes are compared. The points are compared one after
 * the other, in the order of enum placement_rule; the lowest id decides last,
 * so there is always exactly one best node. decision.c keeps the outcome. */
#include "groupmgr/decision.h"

#include <string.h>

/* ----------------------------------------------------------- single nodes */

bool node_can_host(const struct node_record *n)
{
    return n->node.state == NODE_UP && !n->node.witness && !n->node.leaving &&
           n->node.quarantined_until_ms == 0 && n->node.fencing.state != FENCING_UNDER_WAY &&
           n->node.log == LOG_CURRENT;
}

uint32_t node_host_code(const struct node_record *n)
{
    assert(n->node.state != NODE_JOINING);
    if (n->node.witness)
        return ERROR_NODE_CANT_HOST_RESOURCE;
    if (n->node.state == NODE_PAUSED)
        return ERROR_SHARING_PAUSED;
    if (n->node.state == NODE_UP && n->node.quarantined_until_ms != 0)
        return ERROR_CLUSTER_NODE_QUARANTINED;
    return node_can_host(n) ? 0 : ERROR_HOST_NODE_NOT_AVAILABLE;
}

static bool is_among(uint32_t node, const uint32_t *nodes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (nodes[i] == node)
            return true;
    return false;
}

bool resource_possible_on(const struct resource *r, uint32_t node)
{
    assert(r->possible != NULL || r->possible_count == 0);
    return r->possible == NULL || is_among(node, r->possible, r->possible_count);
}

/* -------------------------------------------------------------- exclusion */

static enum placement_rule state_rule(const struct node_record *n)
{
    if (n->node.witness) /* For good, whatever its state. */
        return PLACEMENT_WITNESS;
    if (n->node.state == NODE_PAUSED)
        return PLACEMENT_PAUSED;
    if (n->node.state != NODE_UP)
        return PLACEMENT_DOWN;
    if (n->node.leaving)
        return PLACEMENT_LEAVING;
    if (n->node.quarantined_until_ms != 0)
        return PLACEMENT_QUARANTINED;
    if (node_is_fenced_now(n))
        return PLACEMENT_BEING_FENCED;
    return n->node.log != LOG_CURRENT ? PLACEMENT_LOG_BEHIND : PLACEMENT_CHOSEN;
}

/* The first resource, from 0, that cannot be on `n`; resource_count: none. */
static unsigned resource_not_possible(const struct group *g, const struct node_record *n)
{
    unsigned i = 0;

    while (i < g->resource_count && resource_possible_on(g->resources[i], n->node.id))
        i++;
    return i;
}

static unsigned resource_refused(const struct group *g, const struct node_record *n)
{
    unsigned i = 0;

    while (i < g->resource_count &&
           !is_among(n->node.id, g->resources[i]->refused, g->resources[i]->refused_count))
        i++;
    return i;
}

/* What the group would have to put up with on the node, if it is to run there. */
static void judge_burden(struct judging *j, struct judged *one)
{
    const struct group_record *g = j->g;
    unsigned lacking = need_lacking(g, one->n);

    if (j->c->settings.enforced_anti_affinity != 0 && !j->q->ignore_affinity &&
        one->points[PLACEMENT_ANTI_AFFINITY] > 0) {
        one->rule = PLACEMENT_ANTI_AFFINITY_ENFORCED;
        one->value = one->points[PLACEMENT_ANTI_AFFINITY];
    } else if (lacking < g->need_count) {
        one->rule = PLACEMENT_CAPACITY;
        one->value = lacking;
    }
    assert(one->rule == PLACEMENT_CHOSEN || one->rule <= PLACEMENT_CAPACITY);
}

/* Leaves PLACEMENT_CHOSEN where nothing excludes the node. */
static void judge_exclusion(struct judging *j, struct judged *one)
{
    const struct group *g = &j->g->group;

    one->rule = state_rule(one->n);
    assert((one->rule == PLACEMENT_CHOSEN) == node_can_host(one->n));
    if (one->rule == PLACEMENT_PAUSED && j->q->back && one->n == j->q->target)
        one->rule = PLACEMENT_CHOSEN;
    /* Wherever it went, it might run twice. The one place at which this is asked, and
     * group_give() asserts it. */
    if (one->rule == PLACEMENT_CHOSEN && j->g->owner != NULL &&
        node_awaits_fencing(j->c, &j->g->owner->node))
        one->rule = PLACEMENT_OWNER_NOT_FENCED;
    else if (one->rule == PLACEMENT_CHOSEN && g->ending_ms != 0)
        one->rule = PLACEMENT_OWNER_ENDING;
    if (one->rule != PLACEMENT_CHOSEN)
        return;
    one->value = resource_not_possible(g, one->n);
    if (one->value < g->resource_count) {
        one->rule = PLACEMENT_NOT_POSSIBLE_OWNER;
        return;
    }
    one->value = resource_refused(g, one->n);
    if (one->value < g->resource_count && !j->q->ignore_refusals) {
        one->rule = PLACEMENT_REFUSED_BY_HANDLER;
        return;
    }
    one->value = 0;
    if (one->n == j->q->not_this)
        one->rule = PLACEMENT_LEFT_BEHIND;
    else if (j->will_run)
        judge_burden(j, one);
}

/* ----------------------------------------------------------------- points */

/* How far down the list of preferred owners; its length: not in it. */
static uint32_t preferred_rank(const struct judging *j, const struct node_record *n)
{
    const struct group *g = &j->g->group;
    unsigned count = g->preferred_count, from = 0, at = 0;

    for (unsigned i = 0; j->q->next && i < count; i++)
        if (g->preferred[i] == g->owner)
            from = i + 1;
    while (at < count && g->preferred[at] != n->node.id)
        at++;
    assert(from <= count);
    return at == count ? count : (at + count - from) % count;
}

static uint32_t site_rank(const struct judging *j, const struct node_record *n)
{
    const char *preferred = j->g->group.preferred_site;
    const struct node_record *owner = j->g->owner;

    assert(preferred != NULL && n->node.site != NULL);
    if (preferred[0] != '\0' && name_equal(n->node.site, preferred))
        return 0;
    return owner != NULL && name_equal(n->node.site, owner->node.site) ? 1 : 2;
}

static void judge_points(struct judging *j, struct judged *one)
{
    const struct group *g = &j->g->group;
    const struct node_record *n = one->n;
    uint32_t *points = one->points;

    assert(n != NULL);
    points[PLACEMENT_NOT_TARGET] = j->q->target != NULL && j->q->target != n;
    points[PLACEMENT_AVOIDED] = n->node.avoid_placement;
    points[PLACEMENT_LESS_PREFERRED] = preferred_rank(j, n);
    if (g->preferred_count == 0 && g->default_owner != UINT32_MAX)
        points[PLACEMENT_NOT_DEFAULT_OWNER] = n->node.id != g->default_owner;
    points[PLACEMENT_SITE] = site_rank(j, n);
    points[PLACEMENT_ANTI_AFFINITY_RACK] = j->in_rack[n->rack_slot];
    points[PLACEMENT_ANTI_AFFINITY_SITE] = j->in_site[n->site_slot];
    points[PLACEMENT_AFFINITY] = class_list_others(&j->g->together, j->g, n);
    points[PLACEMENT_MORE_LOADED] = n->group_count + n->arriving;
    points[PLACEMENT_HIGHER_ID] = n->node.id;
}

/* Is `a` better than `b` in the point? */
static bool point_is_better(enum placement_rule point, uint32_t a, uint32_t b)
{
    assert(point >= PLACEMENT_NOT_TARGET && point < PLACEMENT_RULE_COUNT);
    return point == PLACEMENT_AFFINITY ? a > b : a < b;
}

/* The first point in which two nodes differ: ids always do. */
static enum placement_rule first_difference(const struct judged *a, const struct judged *b)
{
    enum placement_rule point = PLACEMENT_NOT_TARGET;

    while (a->points[point] == b->points[point])
        point++;
    assert(point <= PLACEMENT_HIGHER_ID);
    return point;
}

/* ------------------------------------------------------------------ whole */

void judge_begin(struct judging *j, const struct cluster *c, const struct group_record *g,
                 const struct question *q)
{
    assert(c->node_count <= NODES_MAX);
    memset(j, 0, sizeof(*j));
    j->c = c;
    j->g = g;
    j->q = q;
    j->will_run = group_will_run(c, g);
    for (unsigned i = 0; i < c->node_count; i++) {
        struct judged *one = &j->nodes[i];
        unsigned others = class_list_others(&g->apart, g, c->nodes[i]);

        one->n = c->nodes[i];
        one->points[PLACEMENT_ANTI_AFFINITY] = others;
        j->in_rack[one->n->rack_slot] += others;
        j->in_site[one->n->site_slot] += others;
        judge_exclusion(j, one);
        j->steps += 1 + g->apart.count + g->together.count + g->need_count;
    }
}

/* The best of those that nothing excludes; NULL: there is none. */
static struct judged *judge_best(struct judging *j)
{
    struct judged *best = NULL;

    for (unsigned i = 0; i < j->c->node_count; i++) {
        struct judged *one = &j->nodes[i];
        enum placement_rule point;

        if (one->rule != PLACEMENT_CHOSEN)
            continue;
        judge_points(j, one);
        point = best != NULL ? first_difference(one, best) : PLACEMENT_CHOSEN;
        if (best == NULL || point_is_better(point, one->points[point], best->points[point]))
            best = one;
        j->steps++;
    }
    if (best != NULL && best->points[PLACEMENT_NOT_TARGET] != 0)
        best = NULL;
    assert(best == NULL || node_can_host(best->n));
    return best;
}

/* Put each possible node but the best below it, by the point that decided. */
static void judge_losers(struct judging *j, const struct judged *best)
{
    for (unsigned i = 0; i < j->c->node_count; i++) {
        struct judged *one = &j->nodes[i];

        if (one->rule != PLACEMENT_CHOSEN || one == best)
            continue;
        one->rule = best != NULL ? first_difference(one, best) : PLACEMENT_NOT_TARGET;
        assert(one->rule >= PLACEMENT_NOT_TARGET);
        if (one->rule == PLACEMENT_NOT_TARGET)
            continue;
        one->value = one->points[one->rule];
        one->best = best->points[one->rule];
    }
}

struct node_record *placement_choose(struct cluster *c, struct group_record *g,
                                     const struct question *q)
{
    struct judging j;
    struct judged *best;

    judge_begin(&j, c, g, q);
    best = judge_best(&j);
    judge_losers(&j, best);
    decision_keep(c, &j, best);
    c->placement_steps += j.steps;
    assert(best == NULL || q->target == NULL || best->n == q->target);
    return best != NULL ? best->n : NULL;
}

bool placement_exists(const struct cluster *c, const struct group_record *g,
                      const struct question *q)
{
    struct judging j;
    bool exists = false;

    judge_begin(&j, c, g, q);
    for (unsigned i = 0; i < c->node_count; i++)
        exists |=
            j.nodes[i].rule == PLACEMENT_CHOSEN && (q->target == NULL || q->target == j.nodes[i].n);
    assert(!exists || c->node_count > 0);
    return exists;
}

/* ---------------------------------------------------- by those who start */

struct node_record *placement_for_start(struct cluster *c, struct group_record *g)
{
    struct question here = {.target = g->owner}, anywhere = {0};

    assert(!group_runs(g));
    if (placement_exists(c, g, &here))
        return g->owner;
    return placement_choose(c, g, &anywhere);
}

uint32_t placement_target_code(struct cluster *c, struct group_record *g,
                               const struct node_record *n, const struct question *q)
{
    struct question there = *q;
    struct judging j;
    unsigned at = 0;

    there.target = n;
    judge_begin(&j, c, g, &there);
    while (j.nodes[at].n != n)
        at++;
    assert(at < c->node_count);
    switch (j.nodes[at].rule) {
    case PLACEMENT_CHOSEN:
        return 0;
    case PLACEMENT_NOT_POSSIBLE_OWNER:
    case PLACEMENT_REFUSED_BY_HANDLER:
        return ERROR_HOST_NODE_NOT_RESOURCE_OWNER;
    case PLACEMENT_ANTI_AFFINITY_ENFORCED:
        return ERROR_NODE_CANT_HOST_RESOURCE;
    case PLACEMENT_CAPACITY:
        return ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION;
    case PLACEMENT_OWNER_NOT_FENCED:
    case PLACEMENT_OWNER_ENDING:
        return ERROR_HOST_NODE_NOT_AVAILABLE;
    default:
        return node_host_code(n);
    }
}
