/* Resources: created, deleted, configured, made to fail. */
#include <stdlib.h>

#include "groupmgr/rules.h"

static uint32_t resource_create_check(struct cluster *c, const struct command *cmd,
                                      struct reply *reply)
{
    assert(cmd->kind == COMMAND_RESOURCE_CREATE);
    if (find_group_by_name(c, cmd->other) == NULL)
        return refuse(reply, ERROR_GROUP_NOT_FOUND, "%s", cmd->other != NULL ? cmd->other : "");
    if (!name_is_valid(cmd->name))
        return refuse(reply, ERROR_INVALID_NAME, "name of the resource");
    if (find_resource_by_name(c, cmd->name) != NULL)
        return refuse(reply, ERROR_OBJECT_ALREADY_EXISTS, "%s", cmd->name);
    if (!name_is_valid(cmd->type))
        return refuse(reply, ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND, "a resource needs a type");
    if (c->resource_count >= RESOURCES_MAX)
        return refuse(reply, ERROR_CLUSTER_MAXNUM_OF_RESOURCES_EXCEEDED, "%u resources",
                      (unsigned)RESOURCES_MAX);
    return resource_properties_check(c, NULL, cmd, reply);
}

uint32_t apply_resource_create(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    uint32_t code = resource_create_check(c, cmd, reply);
    struct resource_record *r;

    assert(cmd->kind == COMMAND_RESOURCE_CREATE);
    if (code != 0)
        return code;
    r = resource_insert(c, c->index, cmd->name, find_group_by_name(c, cmd->other));
    free(r->resource.type);
    r->resource.type = xstrdup(cmd->type);
    r->resource.since_ms = c->now_ms;
    r->resource.why = why_now(c, CAUSE_CREATED);
    resource_properties_set(c, r, cmd);
    resource_note(c, r, CAUSE_CREATED);
    group_touch(c, group_record(r->resource.group), CAUSE_CREATED);
    return 0;
}

static uint32_t resource_find(struct cluster *c, const struct command *cmd, struct reply *reply,
                              struct resource_record **ret)
{
    assert(ret != NULL);
    *ret = find_resource_by_name(c, cmd->name);
    return *ret != NULL
               ? 0
               : refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
}

/* The oldest one: the order of r->dependents differs between replicas. */
static const struct resource *first_dependent(const struct resource_record *r)
{
    const struct resource *first = NULL;

    for (unsigned i = 0; i < r->dependent_count; i++)
        if (first == NULL || r->dependents[i]->resource.id < first->id)
            first = &r->dependents[i]->resource;
    assert((first == NULL) == (r->dependent_count == 0));
    return first;
}

static uint32_t resource_delete_check(const struct resource_record *r, struct reply *reply)
{
    const struct resource *dependent = first_dependent(r);
    const struct group *g = r->resource.group;

    assert(g != NULL);
    if (dependent != NULL)
        return refuse(reply, ERROR_DEPENDENT_RESOURCE_EXISTS, "%s depends on %s", dependent->name,
                      r->resource.name);
    if (resource_is_pending(r))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", r->resource.name);
    if (resource_runs(r))
        return refuse(reply, ERROR_RESOURCE_ONLINE, "%s", r->resource.name);
    if (operation_runs(&g->operation))
        return refuse(reply, ERROR_INVALID_STATE, "%s: %s under way", g->name,
                      operation_kind_name(g->operation.kind));
    return 0;
}

uint32_t apply_resource_delete(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g;
    struct resource_record *r;
    uint32_t code = resource_find(c, cmd, reply, &r);

    if (code == 0)
        code = resource_delete_check(r, reply);
    if (code != 0)
        return code;
    g = group_record(r->resource.group);
    assert(!operation_runs(&g->group.operation));
    resource_note(c, r, CAUSE_DELETED);
    group_touch(c, g, CAUSE_DELETED);
    resource_remove(c, r);
    room_ask(c, g);
    return 0;
}

uint32_t apply_resource_set(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r;
    uint32_t code = resource_find(c, cmd, reply, &r);
    bool for_handler;

    assert(cmd->kind == COMMAND_RESOURCE_SET);
    if (code == 0)
        code = resource_properties_check(c, r, cmd, reply);
    if (code == 0 && cmd->has_names)
        code = owners_check(c, r, cmd, reply);
    if (code != 0)
        return code;
    if (cmd->has_names)
        owners_set(c, r, cmd);
    for_handler = resource_properties_set(c, r, cmd);
    refusals_clear(c, r); /* Its handler may think otherwise now. */
    room_ask(c, group_record(r->resource.group));
    resource_note(c, r, CAUSE_CONFIGURED);
    /* The handler was given its settings when it was started. */
    return for_handler && resource_runs(r) ? ERROR_RESOURCE_PROPERTIES_STORED : 0;
}

uint32_t apply_resource_fail(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r;
    uint32_t code = resource_find(c, cmd, reply, &r);

    assert(cmd->kind == COMMAND_RESOURCE_FAIL);
    if (code != 0)
        return code;
    if (!resource_runs(r))
        return refuse(reply, ERROR_INVALID_STATE, "%s is %s", r->resource.name,
                      resource_state_name(r->resource.state));
    if (r->resource.fail_requested)
        return 0;
    /* Failing is the owner's to do: only its report says that nothing of the
     * resource runs any more. */
    r->resource.fail_requested = true;
    resource_note(c, r, CAUSE_REQUESTED_FAIL);
    return 0;
}
