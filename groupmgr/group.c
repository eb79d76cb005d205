/* Groups: created, deleted, configured. */
#include <stdlib.h>

#include "groupmgr/rules.h"

static uint32_t preferred_check(const struct cluster *c, const struct command *cmd,
                                struct reply *reply)
{
    for (unsigned i = 0; i < cmd->name_count; i++) {
        const struct node_record *n = find_node_by_name(c, cmd->names[i]);

        if (n == NULL)
            return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                          cmd->names[i] != NULL ? cmd->names[i] : "");
        for (unsigned j = 0; j < i; j++)
            if (find_node_by_name(c, cmd->names[j]) == n)
                return refuse(reply, ERROR_INVALID_PARAMETER, "%s is preferred twice",
                              n->node.name);
    }
    return 0;
}

static void preferred_set(const struct cluster *c, struct group *g, const struct command *cmd)
{
    assert(cmd->name_count <= c->node_count);
    free(g->preferred);
    g->preferred = xcalloc(cmd->name_count + 1, sizeof(*g->preferred));
    g->preferred_count = cmd->name_count;
    for (unsigned i = 0; i < cmd->name_count; i++)
        g->preferred[i] = find_node_by_name(c, cmd->names[i])->node.id;
}

static uint32_t group_create_check(const struct cluster *c, const struct command *cmd,
                                   struct reply *reply)
{
    uint32_t code;

    assert(cmd->kind == COMMAND_GROUP_CREATE);
    if (!name_is_valid(cmd->name))
        return refuse(reply, ERROR_INVALID_NAME, "name of the group");
    if (find_group_by_name(c, cmd->name) != NULL)
        return refuse(reply, ERROR_OBJECT_ALREADY_EXISTS, "%s", cmd->name);
    if (c->group_count >= GROUPS_MAX)
        return refuse(reply, ERROR_CLUSTER_MAXNUM_OF_RESOURCES_EXCEEDED, "%u groups",
                      (unsigned)GROUPS_MAX);
    code = preferred_check(c, cmd, reply);
    return code != 0 ? code : commons_check(c, OBJECT_GROUP, cmd, reply);
}

/* Groups are placed one way only: so the new one is there before its owner. */
static struct group_record *group_create(struct cluster *c, const struct command *cmd)
{
    struct group_record *g = group_insert(c, c->index, cmd->name, NULL);
    struct node_record *owner;

    preferred_set(c, &g->group, cmd);
    commons_set(c, OBJECT_GROUP, &g->group, cmd);
    group_configured(c, g);
    owner = placement_choose(c, g, &(struct question){0});
    if (owner == NULL) {
        group_remove(c, g);
        return NULL;
    }
    group_book(g, owner);
    assert(g->owner == owner && g->share.at == NULL);
    return g;
}

uint32_t apply_group_create(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    uint32_t code = group_create_check(c, cmd, reply);
    struct group_record *g;

    assert(cmd->kind == COMMAND_GROUP_CREATE);
    if (code != 0)
        return code;
    g = group_create(c, cmd);
    if (g == NULL)
        return refuse(reply, ERROR_HOST_NODE_NOT_AVAILABLE, "no node is up");
    g->group.token = c->index;
    g->group.why = why_now(c, CAUSE_CREATED);
    g->group.since_ms = c->now_ms;
    group_index(c, g);
    placement_settle(c, g, CAUSE_CREATED);
    group_note_owner(c, g, CAUSE_CREATED, NULL);
    return 0;
}

uint32_t apply_group_delete(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = find_group_by_name(c, cmd->name);

    assert(cmd->kind == COMMAND_GROUP_DELETE);
    if (g == NULL)
        return refuse(reply, ERROR_GROUP_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (operation_runs(&g->group.operation))
        return refuse(reply, ERROR_INVALID_STATE, "%s: %s under way", g->group.name,
                      operation_kind_name(g->group.operation.kind));
    if (g->group.resource_count > 0)
        return refuse(reply, ERROR_DIR_NOT_EMPTY, "%s has %u resources", g->group.name,
                      g->group.resource_count);
    operation_drop(c, g, CAUSE_DELETED, ERROR_OPERATION_ABORTED);
    group_note(c, g, CAUSE_DELETED, NULL);
    group_remove(c, g);
    return 0;
}

uint32_t apply_group_set(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = find_group_by_name(c, cmd->name);
    uint32_t code = 0;

    assert(cmd->kind == COMMAND_GROUP_SET);
    if (g == NULL)
        return refuse(reply, ERROR_GROUP_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (cmd->has_names)
        code = preferred_check(c, cmd, reply);
    if (code == 0)
        code = commons_check(c, OBJECT_GROUP, cmd, reply);
    if (code != 0)
        return code;
    group_unindex(c, g);
    if (cmd->has_names)
        preferred_set(c, &g->group, cmd);
    commons_set(c, OBJECT_GROUP, &g->group, cmd);
    group_index(c, g);
    failback_replan(c, g);
    group_configured(c, g);
    /* One that waits may be let in by another priority, list or need. */
    room_ask(c, g);
    group_note(c, g, CAUSE_CONFIGURED, NULL);
    return 0;
}
