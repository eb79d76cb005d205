/* Nodes are added, and those that were evicted are remembered.
 *
 * What is wanted of the raft configuration stands here, in the replicated state: a node
 * that is there belongs into it, one that has departed does not. The leader brings the
 * configuration there, one change at a time, whoever it is by then (node/members.c); so
 * no request is ever refused because another one is under way. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ------------------------------------------------------------------- ids */

void node_id_note(struct cluster *c, uint32_t id)
{
    assert(id != 0 && departed_find(c, id) == NULL);
    if (id > c->node_id_max)
        c->node_id_max = id;
}

struct departed *departed_find(const struct cluster *c, uint32_t id)
{
    for (unsigned i = 0; i < c->departed_count; i++)
        if (c->departed[i].id == id)
            return &c->departed[i];
    return NULL;
}

void departed_add(struct cluster *c, uint32_t id, bool removed)
{
    unsigned at = c->departed_count;

    assert(id != 0 && departed_find(c, id) == NULL);
    c->departed = xrealloc(c->departed, (at + 1) * sizeof(*c->departed));
    for (; at > 0 && c->departed[at - 1].id > id; at--)
        c->departed[at] = c->departed[at - 1];
    c->departed[at] = (struct departed){.id = id, .removed = removed};
    c->departed_count++;
}

bool cluster_departed(const struct cluster *c, uint32_t id, bool *ret_removed)
{
    const struct departed *d = departed_find(c, id);

    if (d != NULL && ret_removed != NULL)
        *ret_removed = d->removed;
    assert(d == NULL || find_node(c, id) == NULL);
    return d != NULL;
}

uint32_t cluster_next_departing(const struct cluster *c, uint32_t after)
{
    for (unsigned i = 0; i < c->departed_count; i++)
        if (c->departed[i].id > after && !c->departed[i].removed)
            return c->departed[i].id;
    return 0;
}

/* ------------------------------------------------------------------ join */

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

static uint32_t join_check(const struct cluster *c, const struct command *cmd, struct reply *reply,
                           struct node_record **ret_known)
{
    struct node_record *namesake = find_node_by_name(c, cmd->name);
    uint32_t code;

    assert(cmd->kind == COMMAND_NODE_JOIN);
    if ((cmd->flags & ~(uint32_t)NODE_UP_WITNESS) != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags);
    if (!name_is_valid(cmd->name))
        return refuse(reply, ERROR_INVALID_NAME, "name of the new node");
    if (is_empty(cmd->address) || is_empty(cmd->disk))
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s names no address or no disk", cmd->name);
    code = level_check_node(c, cmd, reply);
    if (code != 0)
        return code;
    /* The same node again, whose answer was lost: it gets the same one. */
    if (namesake != NULL && strcmp(namesake->node.disk, cmd->disk) == 0) {
        *ret_known = namesake;
        return 0;
    }
    if (namesake != NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_EXISTS,
                      "%s is a member with another data folder: if that one is gone for good, "
                      "evict it first",
                      namesake->node.name);
    if (c->node_count == NODES_MAX || c->node_id_max == UINT32_MAX || cmd->node == UINT32_MAX)
        return refuse(reply, ERROR_CLUSTER_TOO_MANY_NODES, "%u nodes", c->node_count);
    return 0;
}

/* Down until it says that it is up: it has no life yet, but as if it had had one. */
uint32_t apply_node_join(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = NULL;
    uint32_t code = join_check(c, cmd, reply, &n);
    uint32_t id;

    if (code != 0 || n != NULL)
        return code;
    id = (cmd->node > c->node_id_max ? cmd->node : c->node_id_max) + 1;
    node_id_note(c, id);
    n = node_insert(c, id, cmd->name);
    free(n->node.address);
    free(n->node.disk);
    n->node.address = xstrdup(cmd->address);
    n->node.disk = xstrdup(cmd->disk);
    n->node.witness = (cmd->flags & NODE_UP_WITNESS) != 0;
    n->node.incarnation = c->index;
    level_note(n, cmd);
    n->node.since_ms = c->now_ms;
    node_enter(c, n, NODE_DOWN, CAUSE_JOINED);
    assert(!node_is_up(n) && n->group_count == 0);
    return 0;
}

/* ------------------------------------------------------------------ gone */

uint32_t apply_node_removed(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct departed *d = departed_find(c, cmd->node);

    assert(cmd->kind == COMMAND_NODE_REMOVED);
    if (d == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "node %u was not evicted", cmd->node);
    d->removed = true;
    return 0;
}
