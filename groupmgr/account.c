/* Where groups count: for their classes, their needs, and as somebody who could
 * be pushed out. Each group's share is booked once and compared with what its
 * state says; only a difference costs anything. */
#include "groupmgr/rules.h"

bool group_is_wanted(const struct group_record *g)
{
    if (g->group.persistent_online)
        return true;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        assert(g->group.resources[i]->group == &g->group);
        if (g->group.resources[i]->persistent == 1)
            return true;
    }
    return false;
}

/* The calls that bring something online choose a node before they write down
 * that it is wanted. */
bool group_will_run(const struct cluster *c, const struct group_record *g)
{
    assert(g->cluster == c);
    return c->command == COMMAND_GROUP_ONLINE || c->command == COMMAND_RESOURCE_ONLINE ||
           group_is_wanted(g) || group_runs(g);
}

/* Something of it runs or is about to, without anybody asking for room again. */
static bool has_place(const struct group_record *g)
{
    if (operation_runs(&g->group.operation))
        return true;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource_record *r = resource_record(g->group.resources[i]);

        assert(r->resource.group == &g->group);
        if (resource_runs(r) || r->plan != PLAN_NONE || r->resource.restart_at_ms != 0)
            return true;
    }
    return false;
}

static struct share share_now(const struct group_record *g)
{
    const struct operation *op = &g->group.operation;
    struct share share = {.thousand = g->group.priority / 1000};

    assert(share.thousand < PRIORITY_THOUSANDS);
    if (g->owner == NULL || !has_place(g))
        return share;
    share.at = g->owner;
    if (operation_runs(op) && op->target != 0 && op->target != g->group.owner)
        share.toward = find_node(g->cluster, op->target);
    share.gives_way = operation_runs(op) && op->kind == OPERATION_OFFLINE &&
                      op->cause == CAUSE_PREEMPTED && group_runs(g);
    return share;
}

static bool share_equal(const struct share *a, const struct share *b)
{
    assert(a->at != NULL || a->toward == NULL);
    return a->at == b->at && a->toward == b->toward && a->gives_way == b->gives_way &&
           (a->at == NULL || a->thousand == b->thousand);
}

static void share_book(const struct group_record *g, bool add)
{
    const struct share *share = &g->share;
    struct node_record *const places[] = {share->at, share->toward};
    unsigned by = add ? 1 : -1u;

    for (unsigned i = 0; i < 2; i++) {
        if (places[i] == NULL)
            continue;
        class_list_count(&g->apart, places[i], add ? 1 : -1);
        class_list_count(&g->together, places[i], add ? 1 : -1);
        needs_book(g, places[i], add);
    }
    if (share->at != NULL) {
        share->at->by_thousand[share->thousand] += by;
        share->at->giving_way += share->gives_way ? by : 0;
        assert(share->at->by_thousand[share->thousand] <= GROUPS_MAX);
    }
    if (share->toward != NULL)
        share->toward->arriving += by;
}

void room_freed(struct cluster *c)
{
    assert(c->index > 0);
    c->room_freed = true;
    queue_wake(c);
}

void room_ask(struct cluster *c, const struct group_record *g)
{
    assert(g->owner != NULL);
    if (g->group.operation.queued || !node_can_host(g->owner))
        room_freed(c);
}

static void share_set(struct cluster *c, struct group_record *g, struct share next)
{
    struct share last = g->share;
    bool matters = g->need_count > 0 || g->apart.count > 0;
    bool leaves = (last.at != NULL && last.at != next.at && last.at != next.toward) ||
                  (last.toward != NULL && last.toward != next.at && last.toward != next.toward);

    share_book(g, false);
    g->share = next;
    share_book(g, true);
    assert(next.at == NULL || next.at == g->owner);
    if (matters && (leaves || (last.gives_way && !next.gives_way)))
        room_freed(c);
}

void capacity_account(struct cluster *c, struct group_record *g)
{
    struct share next = share_now(g);

    assert(g->cluster == c);
    if (!share_equal(&g->share, &next))
        share_set(c, g, next);
}

void account_claim(struct cluster *c, struct group_record *g)
{
    struct share next = {.at = g->owner, .thousand = g->group.priority / 1000};

    assert(g->owner != NULL);
    if (!share_equal(&g->share, &next))
        share_set(c, g, next);
}

void group_configured(struct cluster *c, struct group_record *g)
{
    struct share none = {0};

    /* What was booked goes by the old lists. */
    if (g->share.at != NULL)
        share_set(c, g, none);
    class_list_set(&c->apart, &g->apart, &g->group.anti_affinity);
    class_list_set(&c->together, &g->together, &g->group.affinity);
    needs_set(c, g, &g->group.needs);
    capacity_account(c, g);
    assert(g->apart.count <= CLASSES_MAX && g->need_count <= QUANTITIES_MAX);
}

void node_configured(struct cluster *c, struct node_record *n)
{
    assert(find_node(c, n->node.id) == n);
    offers_set(c, n, &n->node.capacities);
    domains_update(c);
    room_freed(c);
}

void account_forget_group(struct cluster *c, struct group_record *g)
{
    const struct strings none = {NULL, 0};
    struct share nowhere = {0};

    share_set(c, g, nowhere);
    class_list_set(&c->apart, &g->apart, &none);
    class_list_set(&c->together, &g->together, &none);
    needs_set(c, g, &none);
    if (c->decided_for == g)
        c->decided_for = NULL;
    assert(g->apart.count == 0 && g->together.count == 0 && g->need_count == 0);
}

void account_forget_node(struct cluster *c, struct node_record *n)
{
    const struct strings none = {NULL, 0};
    struct group_record *g;

    /* Whoever was on the way here goes elsewhere by now. A node is removed
     * seldom enough to ask everybody. */
    if (n->arriving > 0)
        DL_FOREACH(c->groups, g) capacity_account(c, g);
    assert(n->arriving == 0 && n->giving_way == 0);
    offers_set(c, n, &none);
}

void account_release(struct cluster *c)
{
    assert(c->touched == NULL);
    classes_release(&c->apart);
    classes_release(&c->together);
    quantities_release(c);
}

/* ---------------------------------------------------------------- recount */

static const char *shares_fault(const struct cluster *c)
{
    const struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        struct share next = share_now(g);

        if (!share_equal(&g->share, &next))
            return "a group counts where its state says";
    }
    return NULL;
}

static const char *node_fault(const struct cluster *c, const struct node_record *n)
{
    unsigned arriving = 0, giving_way = 0, by_thousand[PRIORITY_THOUSANDS] = {0};
    const struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        arriving += g->share.toward == n;
        giving_way += g->share.at == n && g->share.gives_way;
        by_thousand[g->group.priority / 1000] += g->share.at == n;
    }
    if (arriving != n->arriving || giving_way != n->giving_way)
        return "a node knows who arrives and who gives way";
    for (unsigned i = 0; i < PRIORITY_THOUSANDS; i++)
        if (by_thousand[i] != n->by_thousand[i])
            return "a node knows the priorities of what counts on it";
    return NULL;
}

const char *account_fault(const struct cluster *c)
{
    const char *fault = shares_fault(c);

    for (unsigned i = 0; fault == NULL && i < c->node_count; i++)
        fault = node_fault(c, c->nodes[i]);
    if (fault == NULL)
        fault = classes_fault(c);
    return fault != NULL ? fault : capacity_fault(c);
}
