/* Where an operation is to take its group, and what keeps it from that: the
 * questions that a call asks when it comes, and again when a queued one's turn
 * has come. */
#include "groupmgr/rules.h"

uint32_t group_idle_check(const struct group_record *g, struct reply *reply)
{
    assert(g->owner != NULL);
    if (operation_runs(&g->group.operation))
        return refuse(reply, ERROR_INVALID_STATE, "%s: %s under way", g->group.name,
                      operation_kind_name(g->group.operation.kind));
    if (group_has_pending(g))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", g->group.name);
    return 0;
}

bool group_possible_on(const struct group_record *g, const struct node_record *n)
{
    assert(n != NULL);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (!resource_possible_on(g->group.resources[i], n->node.id))
            return false;
    return true;
}

const struct resource *group_locked(const struct group_record *g)
{
    assert(g->group.resources != NULL || g->group.resource_count == 0);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (g->group.resources[i]->locked)
            return g->group.resources[i];
    return NULL;
}

uint32_t target_check(struct cluster *c, struct group_record *g, struct node_record *n,
                      enum operation_kind kind, bool ignore_affinity, struct reply *reply)
{
    struct question q = {.ignore_affinity = ignore_affinity,
                         .ignore_refusals = kind == OPERATION_ONLINE};
    uint32_t code = node_host_code(n);

    assert(kind != OPERATION_NONE);
    if (code != 0)
        return refuse(reply, code, "%s%s", n->node.name,
                      n->node.log != LOG_CURRENT ? ": its log waits for its disk" : "");
    if (!group_possible_on(g, n))
        return refuse(reply, ERROR_HOST_NODE_NOT_RESOURCE_OWNER, "%s", n->node.name);
    /* What is there already has its place; only what is to start needs one. */
    if (n == g->owner && (kind == OPERATION_MOVE || group_runs(g)))
        return 0;
    code = placement_target_code(c, g, n, &q);
    if (code != 0)
        return refuse(reply, code, "%s", n->node.name);
    /* There is no choice, but what was not chosen is told all the same. */
    if (n != g->owner) {
        q.target = n;
        placement_choose(c, g, &q);
    }
    return 0;
}

/* Placement has found nobody: for want of room, which may come, or of a node? */
static uint32_t nobody_code(struct cluster *c, struct group_record *g, const struct question *q,
                            uint32_t otherwise)
{
    assert(otherwise != 0);
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i] != q->not_this &&
            placement_target_code(c, g, c->nodes[i], q) ==
                ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION)
            return ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION;
    return otherwise;
}

uint32_t target_elsewhere(struct cluster *c, struct group_record *g, bool ignore_affinity,
                          struct reply *reply, struct node_record **ret)
{
    struct question q = {.not_this = g->owner, .ignore_affinity = ignore_affinity};
    struct node_record *n = placement_choose(c, g, &q);
    uint32_t code;

    assert(n != g->owner);
    if (n != NULL) {
        *ret = n;
        return 0;
    }
    code = nobody_code(c, g, &q, ERROR_HOST_NODE_NOT_AVAILABLE);
    return refuse(reply, code, "no other node can take %s", g->group.name);
}

uint32_t target_for_online(struct cluster *c, struct group_record *g, bool choose,
                           bool ignore_affinity, struct reply *reply, struct node_record **ret)
{
    uint32_t owner_code = target_check(c, g, g->owner, OPERATION_ONLINE, ignore_affinity, reply);
    struct question q = {.ignore_affinity = ignore_affinity, .ignore_refusals = true};
    struct node_record *n = g->owner;
    uint32_t code;

    /* What runs stays where it is; the rest of the group comes to it. */
    if (owner_code != 0 || (choose && !group_runs(g)))
        n = placement_choose(c, g, &q);
    reply->detail[0] = '\0';
    if (n != NULL) {
        *ret = n;
        return 0;
    }
    /* Only what does not run can wait for room. */
    code =
        group_runs(g)
            ? owner_code
            : nobody_code(c, g, &q, owner_code != 0 ? owner_code : ERROR_HOST_NODE_NOT_AVAILABLE);
    assert(code != 0);
    return refuse(reply, code, "%s, and there is no other node", g->owner->node.name);
}
