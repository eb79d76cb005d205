/* The calls for whole groups: online, offline, move. Each checks, writes what
 * the administrator wants, begins an operation and makes plans; the walk does
 * the rest. */
#include "groupmgr/rules.h"

enum {
    IGNORE_RESOURCE_STATUS = 0x1, /* CLUSAPI_GROUP_{ONLINE,OFFLINE,MOVE}_... */
    ONLINE_SYNCHRONOUS = 0x2,
    ONLINE_BEST_POSSIBLE_NODE = 0x4,
    ONLINE_FLAGS = IGNORE_RESOURCE_STATUS | ONLINE_SYNCHRONOUS | ONLINE_BEST_POSSIBLE_NODE,
    OFFLINE_FLAGS = IGNORE_RESOURCE_STATUS,
    MOVE_QUEUE_ENABLED = 0x4,
    MOVE_FLAGS = 0x3f,
};

/* ----------------------------------------------------------------- checks */

/* What all three calls ask first: flags, instructions, the group. */
static uint32_t call_check(struct cluster *c, const struct command *cmd, uint32_t flags_valid,
                           struct reply *reply, struct group_record **ret)
{
    struct group_record *g = find_group_by_name(c, cmd->name);
    uint32_t code;

    if ((cmd->flags & ~flags_valid) != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags & ~flags_valid);
    code = instructions_check(cmd, reply);
    if (code != 0)
        return code;
    if (g == NULL)
        return refuse(reply, ERROR_GROUP_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    *ret = g;
    return 0;
}

static uint32_t idle_check(const struct group_record *g, struct reply *reply)
{
    if (g->group.operation.kind != OPERATION_NONE)
        return refuse(reply, ERROR_INVALID_STATE, "%s: %s under way", g->group.name,
                      operation_kind_name(g->group.operation.kind));
    if (group_has_pending(g))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", g->group.name);
    return 0;
}

static uint32_t lock_check(const struct group_record *g, const struct command *cmd,
                           struct reply *reply)
{
    if ((cmd->flags & IGNORE_RESOURCE_STATUS) != 0)
        return 0;
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (g->group.resources[i]->locked)
            return refuse(reply, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, "%s",
                          g->group.resources[i]->name);
    return 0;
}

/* The node that a client named. */
static uint32_t target_check(const struct cluster *c, const char *name, struct reply *reply,
                             struct node_record **ret)
{
    struct node_record *n = find_node_by_name(c, name);

    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s", name);
    if (node_host_code(n) != 0)
        return refuse(reply, node_host_code(n), "%s", n->node.name);
    *ret = n;
    return 0;
}

/* ------------------------------------------------------------------ parts */

/* What the administrator wants of the group as a whole; what was said of single
 * resources before is dropped. */
static void persist(struct cluster *c, struct group_record *g, bool online)
{
    g->group.persistent_online = online;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        g->group.resources[i]->persistent = -1;
        digest_touch(c, &resource_record(g->group.resources[i])->tracked);
    }
    digest_touch(c, &g->tracked);
}

static uint32_t outcome(struct cluster *c, struct group_record *g)
{
    group_settle(c, g);
    return g->group.operation.kind == OPERATION_NONE ? 0 : ERROR_IO_PENDING;
}

/* ----------------------------------------------------------------- online */

static uint32_t online_host(struct cluster *c, struct group_record *g, const struct command *cmd,
                            struct reply *reply, struct node_record **ret)
{
    bool choose = (cmd->flags & ONLINE_BEST_POSSIBLE_NODE) != 0 && !group_runs(g);
    struct node_record *host = g->owner;

    if (cmd->other != NULL)
        return target_check(c, cmd->other, reply, ret);
    if (choose || !node_can_host(host))
        host = placement_choose(c, g, &(struct question){0});
    if (host == NULL)
        return refuse(reply, node_host_code(g->owner), "%s, and there is no other node",
                      g->owner->node.name);
    *ret = host;
    return 0;
}

uint32_t apply_group_online(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = NULL;
    struct node_record *host = NULL;
    uint32_t code = call_check(c, cmd, ONLINE_FLAGS, reply, &g);

    if (code == 0)
        code = idle_check(g, reply);
    if (code == 0)
        code = online_host(c, g, cmd, reply, &host);
    if (code == 0)
        code = lock_check(g, cmd, reply);
    if (code != 0)
        return code;

    persist(c, g, true);
    counters_reset(c, g);
    if (host != g->owner) {
        transfer_begin(c, g, OPERATION_ONLINE, host, CAUSE_REQUESTED_ONLINE);
    } else {
        operation_begin(c, g, OPERATION_ONLINE, CAUSE_REQUESTED_ONLINE);
        plan_start_wanted(c, g, CAUSE_REQUESTED_ONLINE);
    }
    operation_instruct(c, g, cmd);
    return outcome(c, g);
}

/* ---------------------------------------------------------------- offline */

uint32_t apply_group_offline(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = NULL;
    uint32_t code = call_check(c, cmd, OFFLINE_FLAGS, reply, &g);

    if (code == 0)
        code = idle_check(g, reply);
    if (code == 0)
        code = lock_check(g, cmd, reply);
    if (code != 0)
        return code;

    persist(c, g, false);
    operation_begin(c, g, OPERATION_OFFLINE, CAUSE_REQUESTED_OFFLINE);
    operation_instruct(c, g, cmd);
    plan_stop_all(c, g, CAUSE_REQUESTED_OFFLINE);
    /* Only what fails from now on may make the group Failed: a caller that
     * polls takes an old failure for one of its own call. */
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (g->group.resources[i]->state == RESOURCE_FAILED)
            resource_enter(c, resource_record(g->group.resources[i]), RESOURCE_OFFLINE,
                           CAUSE_REQUESTED_OFFLINE);
    return outcome(c, g);
}

/* ------------------------------------------------------------------- move */

static uint32_t move_target(struct cluster *c, struct group_record *g, const struct command *cmd,
                            struct reply *reply, struct node_record **ret)
{
    struct node_record *other;

    if (cmd->other != NULL)
        return target_check(c, cmd->other, reply, ret);
    other = placement_choose(c, g, &(struct question){.not_this = g->owner});
    if (other == NULL)
        return refuse(reply, ERROR_HOST_NODE_NOT_AVAILABLE, "no other node is up");
    *ret = other;
    return 0;
}

uint32_t apply_group_move(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    enum { CONTRADICTION = IGNORE_RESOURCE_STATUS | MOVE_QUEUE_ENABLED };
    struct group_record *g = NULL;
    struct node_record *target = NULL;
    uint32_t code;

    if ((cmd->flags & CONTRADICTION) == CONTRADICTION)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", (unsigned)CONTRADICTION);
    code = call_check(c, cmd, MOVE_FLAGS, reply, &g);
    if (code == 0)
        code = idle_check(g, reply);
    if (code == 0)
        code = move_target(c, g, cmd, reply, &target);
    if (code != 0 || target == g->owner)
        return code;
    code = lock_check(g, cmd, reply);
    if (code != 0)
        return code;

    transfer_begin(c, g, OPERATION_MOVE, target, CAUSE_REQUESTED_MOVE);
    operation_instruct(c, g, cmd);
    return outcome(c, g);
}
