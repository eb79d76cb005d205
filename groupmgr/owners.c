/* Possible owners of a resource: the nodes that may own it. No list: all nodes. */
#include <stdlib.h>

#include "groupmgr/rules.h"

/* ------------------------------------------------------------------- lists */

static int id_compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    assert(left != 0 && right != 0);
    return left < right ? -1 : left > right;
}

/* A list of its own from now on, with room for one more; even an empty one. */
static void owners_take(struct resource *r, uint32_t *ids, unsigned count)
{
    assert(ids != NULL && count <= NODES_MAX);
    qsort(ids, count, sizeof(*ids), id_compare);
    free(r->possible);
    r->possible = ids;
    r->possible_count = count;
}

static void owners_changed(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.possible != NULL || r->resource.possible_count == 0);
    resource_note(c, r, CAUSE_CONFIGURED);
    group_touch(c, group_record(r->resource.group), CAUSE_CONFIGURED);
    room_ask(c, group_record(r->resource.group));
}

/* ----------------------------------------------------------- a list at once */

uint32_t owners_check(const struct cluster *c, const struct resource_record *r,
                      const struct command *cmd, struct reply *reply)
{
    const struct node_record *owner = group_record(r->resource.group)->owner;
    bool keeps_owner = cmd->name_count == 0 || !resource_runs(r);

    assert(cmd->has_names);
    for (unsigned i = 0; i < cmd->name_count; i++) {
        const struct node_record *n = find_node_by_name(c, cmd->names[i]);

        if (n == NULL)
            return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                          cmd->names[i] != NULL ? cmd->names[i] : "");
        for (unsigned j = 0; j < i; j++)
            if (find_node_by_name(c, cmd->names[j]) == n)
                return refuse(reply, ERROR_INVALID_PARAMETER, "%s is named twice", n->node.name);
        keeps_owner |= n == owner;
    }
    if (!keeps_owner)
        return refuse(reply, ERROR_INVALID_STATE, "%s runs on %s", r->resource.name,
                      owner->node.name);
    return 0;
}

void owners_set(struct cluster *c, struct resource_record *r, const struct command *cmd)
{
    uint32_t *ids;

    assert(cmd->has_names && cmd->name_count <= NODES_MAX);
    if (cmd->name_count == 0) {
        free(r->resource.possible);
        r->resource.possible = NULL;
        r->resource.possible_count = 0;
    } else {
        ids = xcalloc(cmd->name_count, sizeof(*ids));
        for (unsigned i = 0; i < cmd->name_count; i++)
            ids[i] = find_node_by_name(c, cmd->names[i])->node.id;
        owners_take(&r->resource, ids, cmd->name_count);
    }
    group_touch(c, group_record(r->resource.group), CAUSE_CONFIGURED);
    room_ask(c, group_record(r->resource.group));
}

/* ---------------------------------------------------------------- one node */

static uint32_t pair_find(struct cluster *c, const struct command *cmd, struct reply *reply,
                          struct resource_record **ret, struct node_record **ret_node)
{
    *ret = find_resource_by_name(c, cmd->name);
    *ret_node = find_node_by_name(c, cmd->other);
    if (*ret == NULL)
        return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (*ret_node == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                      cmd->other != NULL ? cmd->other : "");
    assert((*ret)->resource.possible_count <= NODES_MAX);
    return 0;
}

uint32_t apply_resource_add_owner(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r;
    struct node_record *n;
    uint32_t code = pair_find(c, cmd, reply, &r, &n);
    unsigned count;
    uint32_t *ids;

    if (code != 0)
        return code;
    if (resource_possible_on(&r->resource, n->node.id))
        return refuse(reply, ERROR_OBJECT_ALREADY_EXISTS, "%s may own %s already", n->node.name,
                      r->resource.name);
    count = r->resource.possible_count;
    ids = xcalloc(count + 1, sizeof(*ids));
    for (unsigned i = 0; i < count; i++)
        ids[i] = r->resource.possible[i];
    ids[count] = n->node.id;
    owners_take(&r->resource, ids, count + 1);
    owners_changed(c, r);
    assert(resource_possible_on(&r->resource, n->node.id));
    return 0;
}

uint32_t apply_resource_remove_owner(struct cluster *c, const struct command *cmd,
                                     struct reply *reply)
{
    struct resource_record *r;
    struct node_record *n;
    uint32_t code = pair_find(c, cmd, reply, &r, &n);
    unsigned count = 0;
    uint32_t *ids;

    if (code != 0)
        return code;
    if (!resource_possible_on(&r->resource, n->node.id))
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s is no possible owner of %s",
                      n->node.name, r->resource.name);
    if (resource_runs(r) && r->resource.group->owner == n->node.id)
        return refuse(reply, ERROR_INVALID_STATE, "%s runs on %s", r->resource.name, n->node.name);
    ids = xcalloc(c->node_count, sizeof(*ids));
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i] != n && resource_possible_on(&r->resource, c->nodes[i]->node.id))
            ids[count++] = c->nodes[i]->node.id;
    owners_take(&r->resource, ids, count);
    owners_changed(c, r);
    assert(!resource_possible_on(&r->resource, n->node.id));
    return 0;
}
