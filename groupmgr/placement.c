#include "groupmgr/rules.h"

#include <stdlib.h>
#include <string.h>

struct candidate *candidates_copy(const struct candidate *candidates, unsigned count)
{
    struct candidate *copy;

    if (count == 0)
        return NULL;
    assert(candidates != NULL && count <= NODES_MAX);
    copy = xcalloc(count, sizeof(*copy));
    memcpy(copy, candidates, count * sizeof(*copy));
    return copy;
}

bool node_can_host(const struct node_record *n)
{
    return n->node.state == NODE_UP && !n->node.leaving && n->node.quarantined_until_ms == 0;
}

uint32_t node_host_code(const struct node_record *n)
{
    if (n->node.state == NODE_PAUSED)
        return ERROR_SHARING_PAUSED;
    if (n->node.state == NODE_UP && n->node.quarantined_until_ms != 0)
        return ERROR_CLUSTER_NODE_QUARANTINED;
    return node_can_host(n) ? 0 : ERROR_HOST_NODE_NOT_AVAILABLE;
}

bool resource_possible_on(const struct resource *r, uint32_t node)
{
    if (r->possible == NULL)
        return true;
    for (unsigned i = 0; i < r->possible_count; i++)
        if (r->possible[i] == node)
            return true;
    return false;
}

uint32_t placement_target_code(struct cluster *c, struct group_record *g,
                               const struct node_record *n, bool ignore_affinity)
{
    (void)c, (void)ignore_affinity;
    for (unsigned i = 0; node_host_code(n) == 0 && i < g->group.resource_count; i++)
        if (!resource_possible_on(g->group.resources[i], n->node.id))
            return ERROR_HOST_NODE_NOT_RESOURCE_OWNER;
    return node_host_code(n);
}

static bool candidate_can_host(const struct group_record *g, const struct node_record *n,
                               const struct question *q)
{
    if (n == q->not_this || !node_can_host(n) || (q->target != NULL && n != q->target))
        return false;
    for (unsigned i = 0; g != NULL && i < g->group.resource_count; i++)
        if (!resource_possible_on(g->group.resources[i], n->node.id))
            return false;
    return true;
}

static struct node_record *fewest_groups(const struct cluster *c, const struct group_record *g,
                                         const struct question *q)
{
    struct node_record *best = NULL;

    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        if (!candidate_can_host(g, n, q))
            continue;
        if (best == NULL || n->group_count < best->group_count)
            best = n;
    }
    return best;
}

/* The first of the preferred owners that can host, beginning at `from` and
 * going round. */
static struct node_record *preferred_from(const struct cluster *c, const struct group_record *g,
                                          unsigned from, const struct question *q)
{
    unsigned count = g->group.preferred_count;

    for (unsigned i = 0; i < count; i++) {
        struct node_record *n = find_node(c, g->group.preferred[(from + i) % count]);

        assert(n != NULL);
        if (candidate_can_host(g, n, q))
            return n;
    }
    return NULL;
}

static struct node_record *placement_find(const struct cluster *c, const struct group_record *g,
                                          const struct question *q)
{
    struct node_record *n;
    unsigned from = 0;

    for (unsigned i = 0; q->next && i < g->group.preferred_count; i++)
        if (g->group.preferred[i] == g->group.owner)
            from = i + 1;
    n = preferred_from(c, g, from, q);
    return n != NULL ? n : fewest_groups(c, g, q);
}

struct node_record *placement_for_new(const struct cluster *c)
{
    return fewest_groups(c, NULL, &(struct question){0});
}

bool placement_exists(const struct cluster *c, const struct group_record *g,
                      const struct question *q)
{
    return placement_find(c, g, q) != NULL;
}

struct node_record *placement_choose(struct cluster *c, struct group_record *g,
                                     const struct question *q)
{
    return placement_find(c, g, q);
}

void placement_settle(struct cluster *c, struct group_record *g, enum cause cause)
{
    struct placement *p = &g->group.placement;

    free(p->candidates);
    *p = (struct placement){.why = why_now(c, cause), .chosen = g->group.owner};
    digest_touch(c, &g->tracked);
}
