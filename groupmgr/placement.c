#include "groupmgr/rules.h"

bool node_can_host(const struct node_record *n)
{
    return n->node.state == NODE_UP && !n->node.leaving;
}

uint32_t node_host_code(const struct node_record *n)
{
    if (n->node.state == NODE_PAUSED)
        return ERROR_SHARING_PAUSED;
    return node_can_host(n) ? 0 : ERROR_HOST_NODE_NOT_AVAILABLE;
}

static struct node_record *fewest_groups(const struct cluster *c,
                                         const struct node_record *not_this)
{
    struct node_record *best = NULL;

    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        if (n == not_this || !node_can_host(n))
            continue;
        if (best == NULL || n->group_count < best->group_count)
            best = n;
    }
    return best;
}

/* The first of the preferred owners that can host, beginning at `from` and
 * going round. */
static struct node_record *preferred_from(const struct cluster *c, const struct group_record *g,
                                          unsigned from, const struct node_record *not_this)
{
    unsigned count = g->group.preferred_count;

    for (unsigned i = 0; i < count; i++) {
        struct node_record *n = find_node(c, g->group.preferred[(from + i) % count]);

        assert(n != NULL);
        if (n != not_this && node_can_host(n))
            return n;
    }
    return NULL;
}

struct node_record *placement_choose(const struct cluster *c, const struct group_record *g,
                                     const struct node_record *not_this)
{
    struct node_record *n = g != NULL ? preferred_from(c, g, 0, not_this) : NULL;

    return n != NULL ? n : fewest_groups(c, not_this);
}

struct node_record *placement_next(const struct cluster *c, const struct group_record *g)
{
    struct node_record *n;
    unsigned from = 0;

    for (unsigned i = 0; i < g->group.preferred_count; i++)
        if (g->group.preferred[i] == g->group.owner)
            from = i + 1;
    n = preferred_from(c, g, from, g->owner);
    return n != NULL ? n : fewest_groups(c, g->owner);
}
