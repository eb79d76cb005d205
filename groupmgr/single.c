/* The calls for single resources: online takes its providers along, offline and
 * restart its dependents. They are operations of the group like any other. */
#include "groupmgr/rules.h"

enum {
    ONLINE_FLAGS = RESOURCE_ONLINE_IGNORE_RESOURCE_STATUS |
                   RESOURCE_ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE |
                   RESOURCE_ONLINE_NECESSARY_FOR_QUORUM | RESOURCE_ONLINE_BEST_POSSIBLE_NODE |
                   RESOURCE_ONLINE_IGNORE_AFFINITY_RULE,
    OFFLINE_FLAGS = RESOURCE_OFFLINE_IGNORE_RESOURCE_STATUS |
                    RESOURCE_OFFLINE_FORCE_WITH_TERMINATION |
                    RESOURCE_OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE,
};

/* ----------------------------------------------------------------- checks */

static uint32_t call_check(struct cluster *c, const struct command *cmd, uint32_t flags_valid,
                           struct reply *reply, struct resource_record **ret)
{
    uint32_t code;

    assert(*ret == NULL);
    if ((cmd->flags & ~flags_valid) != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags & ~flags_valid);
    code = instructions_check(cmd, reply);
    if (code != 0)
        return code;
    *ret = find_resource_by_name(c, cmd->name);
    return *ret != NULL
               ? 0
               : refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
}

/* Of those that are marked. */
static uint32_t lock_check(const struct cluster *c, const struct group *g,
                           const struct command *cmd, struct reply *reply)
{
    assert((int)RESOURCE_ONLINE_IGNORE_RESOURCE_STATUS ==
           (int)RESOURCE_OFFLINE_IGNORE_RESOURCE_STATUS);
    if (cmd->kind != COMMAND_RESOURCE_RESTART &&
        (cmd->flags & RESOURCE_OFFLINE_IGNORE_RESOURCE_STATUS) != 0)
        return 0;
    for (unsigned i = 0; i < g->resource_count; i++)
        if (resource_record(g->resources[i])->visit == c->visit && g->resources[i]->locked)
            return refuse(reply, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, "%s", g->resources[i]->name);
    return 0;
}

/* ------------------------------------------------------ whom it concerns */

static void begin(struct cluster *c, struct resource_record *r, enum operation_kind kind,
                  enum cause cause, const struct command *cmd)
{
    struct group_record *g = group_record(r->resource.group);

    operation_begin(c, g, kind, cause);
    operation_instruct(c, g, cmd);
    g->group.operation.resource = r->resource.id;
    assert(operation_runs(&g->group.operation));
}

/* ----------------------------------------------------------------- online */

static void bring(struct cluster *c, struct resource_record *r, bool persist)
{
    assert(r->visit == c->visit);
    /* A provider that is brought along is wanted as much as what needs it, or
     * the next failover would leave both down. */
    if (persist)
        word_set(c, r, r->resource.group->persistent_online ? -1 : 1);
    if (r->resource.state != RESOURCE_ONLINE) {
        r->resource.restarts = 0;
        r->resource.restarts_since_ms = 0;
        refusals_clear(c, r);
        timer_set(c, &r->restart, 0);
        plan_set(c, r, PLAN_START, CAUSE_REQUESTED_ONLINE);
    }
    digest_touch(c, &r->tracked);
}

/* Where it is to start: on the owner, unless nothing of the group runs there and
 * placement is asked to choose. */
static uint32_t online_host(struct cluster *c, struct group_record *g, const struct command *cmd,
                            struct reply *reply, struct node_record **ret)
{
    bool ignore = (cmd->flags & RESOURCE_ONLINE_IGNORE_AFFINITY_RULE) != 0;

    assert(*ret == NULL);
    if ((cmd->flags & RESOURCE_ONLINE_BEST_POSSIBLE_NODE) != 0 && !group_runs(g))
        return target_for_online(c, g, true, ignore, reply, ret);
    *ret = g->owner;
    return target_check(c, g, g->owner, OPERATION_ONLINE, ignore, reply);
}

uint32_t apply_resource_online(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    bool persist = (cmd->flags & RESOURCE_ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE) == 0;
    struct resource_record *r = NULL;
    struct node_record *host = NULL;
    struct group_record *g;
    uint32_t code = call_check(c, cmd, ONLINE_FLAGS, reply, &r);

    assert(cmd->kind == COMMAND_RESOURCE_ONLINE);
    if (code != 0)
        return code;
    g = group_record(r->resource.group);
    code = group_idle_check(g, reply);
    if (code == 0)
        code = online_host(c, g, cmd, reply, &host);
    if (code != 0)
        return code;
    c->visit++;
    mark_needed_providers(c, r);
    code = lock_check(c, &g->group, cmd, reply);
    if (code != 0)
        return code;

    begin(c, r, OPERATION_ONLINE, CAUSE_REQUESTED_ONLINE, cmd);
    /* Nothing runs: it is there at once, and what else is wanted comes up too. */
    if (host != g->owner) {
        group_give(c, g, host, CAUSE_REQUESTED_ONLINE);
        plan_start_wanted(c, g, CAUSE_REQUESTED_ONLINE);
    }
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (resource_record(g->group.resources[i])->visit == c->visit)
            bring(c, resource_record(g->group.resources[i]), persist);
    return operation_outcome(c, g);
}

/* ---------------------------------------------------------------- offline */

/* `r` and what runs over it, which are marked; that comes back when `r` does. */
static void take_down(struct cluster *c, struct resource_record *r, bool terminate)
{
    struct group_record *g = group_record(r->resource.group);

    assert(r->visit == c->visit);
    timer_set(c, &r->restart, 0);
    plan_set(c, r, PLAN_NONE, CAUSE_NONE);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *d = resource_record(g->group.resources[i]);

        if (d->visit != c->visit || !resource_runs(d))
            continue;
        plan_set(c, d, d == r ? PLAN_STOP : PLAN_CYCLE, CAUSE_REQUESTED_OFFLINE);
        if (terminate && !d->resource.terminate) {
            d->resource.terminate = true;
            resource_note(c, d, CAUSE_REQUESTED_OFFLINE);
        }
    }
    if (r->resource.state == RESOURCE_FAILED)
        resource_enter(c, r, RESOURCE_OFFLINE, CAUSE_REQUESTED_OFFLINE);
}

uint32_t apply_resource_offline(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    bool terminate = (cmd->flags & RESOURCE_OFFLINE_FORCE_WITH_TERMINATION) != 0;
    struct resource_record *r = NULL;
    struct group_record *g;
    uint32_t code = call_check(c, cmd, OFFLINE_FLAGS, reply, &r);

    if (code != 0)
        return code;
    g = group_record(r->resource.group);
    /* To terminate is what is left when something hangs: it is never too early. */
    code = terminate ? 0 : group_idle_check(g, reply);
    if (code != 0)
        return code;
    c->visit++;
    mark_lost_dependents(c, r);
    code = lock_check(c, &g->group, cmd, reply);
    if (code != 0)
        return code;

    if (!operation_runs(&g->group.operation))
        begin(c, r, OPERATION_OFFLINE, CAUSE_REQUESTED_OFFLINE, cmd);
    if ((cmd->flags & RESOURCE_OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE) == 0)
        word_set(c, r, 0);
    take_down(c, r, terminate);
    assert(!resource_runs(r) || (r->plan & PLAN_STOP) != 0);
    return operation_outcome(c, g);
}

/* ---------------------------------------------------------------- restart */

uint32_t apply_resource_restart(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r = NULL;
    struct group_record *g;
    uint32_t code = call_check(c, cmd, UINT32_MAX, reply, &r);

    if (code != 0)
        return code;
    g = group_record(r->resource.group);
    code = group_idle_check(g, reply);
    if (code != 0)
        return code;
    if (r->resource.state != RESOURCE_ONLINE)
        return refuse(reply, ERROR_RESOURCE_NOT_ONLINE, "%s is %s", r->resource.name,
                      resource_state_name(r->resource.state));
    c->visit++;
    mark_lost_dependents(c, r);
    code = lock_check(c, &g->group, cmd, reply);
    if (code != 0)
        return code;

    begin(c, r, OPERATION_RESTART, CAUSE_REQUESTED_RESTART, cmd);
    g->group.operation.flags = 0;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *d = resource_record(g->group.resources[i]);

        /* Dependents come back when `r` does, as far as they are wanted. */
        if (d->visit == c->visit && resource_runs(d))
            plan_set(c, d, resource_is_wanted(d) ? PLAN_CYCLE : PLAN_STOP, CAUSE_REQUESTED_RESTART);
    }
    assert((r->plan & PLAN_STOP) != 0);
    return operation_outcome(c, g);
}
