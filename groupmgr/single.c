/* The calls for single resources: online takes its providers along, offline its
 * dependents. They are operations of the group like any other. */
#include "groupmgr/rules.h"

enum {
    IGNORE_RESOURCE_STATUS = 0x1, /* CLUSAPI_RESOURCE_{ONLINE,OFFLINE}_... */
    ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE = 0x2,
    ONLINE_FLAGS = IGNORE_RESOURCE_STATUS | ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE,
    OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE = 0x4,
    OFFLINE_FLAGS = IGNORE_RESOURCE_STATUS | OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE,
};

/* ----------------------------------------------------------------- checks */

static uint32_t call_check(struct cluster *c, const struct command *cmd, uint32_t flags_valid,
                           struct reply *reply, struct resource_record **ret)
{
    struct resource_record *r = find_resource_by_name(c, cmd->name);
    const struct group *g;
    uint32_t code;

    if ((cmd->flags & ~flags_valid) != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags & ~flags_valid);
    code = instructions_check(cmd, reply);
    if (code != 0)
        return code;
    if (r == NULL)
        return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    g = r->resource.group;
    if (g->operation.kind != OPERATION_NONE)
        return refuse(reply, ERROR_INVALID_STATE, "%s: %s under way", g->name,
                      operation_kind_name(g->operation.kind));
    if (group_has_pending(group_record(g)))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", g->name);
    *ret = r;
    return 0;
}

/* ------------------------------------------------------ whom it concerns */

/* Mark `r` and all its providers, theirs too. */
static void mark_providers(struct cluster *c, struct resource_record *r)
{
    if (r->visit == c->visit)
        return;
    r->visit = c->visit;
    for (unsigned i = 0; i < r->resource.provider_count; i++)
        mark_providers(c, resource_record(r->resource.providers[i]));
}

static void mark_dependents(struct cluster *c, struct resource_record *r)
{
    if (r->visit == c->visit)
        return;
    r->visit = c->visit;
    for (unsigned i = 0; i < r->dependent_count; i++)
        mark_dependents(c, r->dependents[i]);
}

static uint32_t lock_check(const struct cluster *c, const struct group *g,
                           const struct command *cmd, struct reply *reply)
{
    if ((cmd->flags & IGNORE_RESOURCE_STATUS) != 0)
        return 0;
    for (unsigned i = 0; i < g->resource_count; i++)
        if (resource_record(g->resources[i])->visit == c->visit && g->resources[i]->locked)
            return refuse(reply, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, "%s", g->resources[i]->name);
    return 0;
}

static uint32_t outcome(struct cluster *c, struct group_record *g)
{
    group_settle(c, g);
    return g->group.operation.kind == OPERATION_NONE ? 0 : ERROR_IO_PENDING;
}

static void begin(struct cluster *c, struct resource_record *r, enum operation_kind kind,
                  enum cause cause, const struct command *cmd)
{
    struct group_record *g = group_record(r->resource.group);

    operation_begin(c, g, kind, cause);
    operation_instruct(c, g, cmd);
    g->group.operation.resource = r->resource.id;
}

/* ----------------------------------------------------------------- online */

static void bring(struct cluster *c, struct resource_record *r, bool persist)
{
    /* A provider that is brought along is wanted as much as what needs it, or
     * the next failover would leave both down. */
    if (persist)
        r->resource.persistent = r->resource.group->persistent_online ? -1 : 1;
    if (r->resource.state != RESOURCE_ONLINE) {
        r->resource.restarts = 0;
        r->resource.restarts_since_ms = 0;
        timer_set(c, &r->restart, 0);
        plan_set(c, r, PLAN_START, CAUSE_REQUESTED_ONLINE);
    }
    digest_touch(c, &r->tracked);
}

uint32_t apply_resource_online(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    bool persist = (cmd->flags & ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE) == 0;
    struct resource_record *r = NULL;
    struct group_record *g;
    uint32_t code = call_check(c, cmd, ONLINE_FLAGS, reply, &r);

    if (code != 0)
        return code;
    g = group_record(r->resource.group);
    code = node_host_code(g->owner);
    if (code != 0)
        return refuse(reply, code, "%s", g->owner->node.name);
    c->visit++;
    mark_providers(c, r);
    code = lock_check(c, &g->group, cmd, reply);
    if (code != 0)
        return code;

    begin(c, r, OPERATION_ONLINE, CAUSE_REQUESTED_ONLINE, cmd);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (resource_record(g->group.resources[i])->visit == c->visit)
            bring(c, resource_record(g->group.resources[i]), persist);
    return outcome(c, g);
}

/* ---------------------------------------------------------------- offline */

uint32_t apply_resource_offline(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r = NULL;
    struct group_record *g;
    uint32_t code = call_check(c, cmd, OFFLINE_FLAGS, reply, &r);

    if (code != 0)
        return code;
    g = group_record(r->resource.group);
    c->visit++;
    mark_dependents(c, r);
    code = lock_check(c, &g->group, cmd, reply);
    if (code != 0)
        return code;

    begin(c, r, OPERATION_OFFLINE, CAUSE_REQUESTED_OFFLINE, cmd);
    if ((cmd->flags & OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE) == 0)
        r->resource.persistent = 0;
    timer_set(c, &r->restart, 0);
    plan_set(c, r, PLAN_NONE, CAUSE_NONE);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *d = resource_record(g->group.resources[i]);

        if (d->visit == c->visit && resource_runs(d))
            plan_set(c, d, PLAN_STOP, CAUSE_REQUESTED_OFFLINE);
    }
    if (r->resource.state == RESOURCE_FAILED)
        resource_enter(c, r, RESOURCE_OFFLINE, CAUSE_REQUESTED_OFFLINE);
    return outcome(c, g);
}
