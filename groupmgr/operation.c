/* The calls for whole groups: online, offline, move. Each checks, writes what
 * the administrator wants, begins an operation and makes plans; the walk does
 * the rest. What cannot begin yet and may wait is queued. */
#include <string.h>

#include "groupmgr/rules.h"

enum {
    ONLINE_FLAGS = GROUP_ONLINE_IGNORE_RESOURCE_STATUS | GROUP_ONLINE_SYNCHRONOUS |
                   GROUP_ONLINE_BEST_POSSIBLE_NODE | GROUP_ONLINE_IGNORE_AFFINITY_RULE,
    OFFLINE_FLAGS = GROUP_OFFLINE_IGNORE_RESOURCE_STATUS,
    MOVE_FLAGS = GROUP_MOVE_IGNORE_RESOURCE_STATUS | GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR |
                 GROUP_MOVE_QUEUE_ENABLED | GROUP_MOVE_HIGH_PRIORITY_START | GROUP_MOVE_FAILBACK |
                 GROUP_MOVE_IGNORE_AFFINITY_RULE,
};

/* ----------------------------------------------------------------- checks */

/* What all three calls ask first: flags, instructions, the group. */
static uint32_t call_check(struct cluster *c, const struct command *cmd, uint32_t flags_valid,
                           struct reply *reply, struct group_record **ret)
{
    struct group_record *g = find_group_by_name(c, cmd->name);
    uint32_t code;

    assert(*ret == NULL);
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

/* The flag that lets a lock pass has the same number in all three calls. */
static uint32_t lock_check(const struct group_record *g, const struct command *cmd,
                           struct reply *reply)
{
    const struct resource *locked = group_locked(g);

    _Static_assert(
        (int)GROUP_ONLINE_IGNORE_RESOURCE_STATUS == (int)GROUP_OFFLINE_IGNORE_RESOURCE_STATUS &&
            (int)GROUP_MOVE_IGNORE_RESOURCE_STATUS == (int)GROUP_OFFLINE_IGNORE_RESOURCE_STATUS,
        "one flag");
    if (locked == NULL || (cmd->flags & GROUP_OFFLINE_IGNORE_RESOURCE_STATUS) != 0)
        return 0;
    return refuse(reply, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, "%s", locked->name);
}

/* The node that a client named. */
static uint32_t node_named(const struct cluster *c, const char *name, struct reply *reply,
                           struct node_record **ret)
{
    assert(name != NULL);
    *ret = find_node_by_name(c, name);
    return *ret != NULL ? 0 : refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s", name);
}

/* ----------------------------------------------------------------- online */

static uint32_t online_host(struct cluster *c, struct group_record *g, const struct command *cmd,
                            struct reply *reply, struct node_record **ret)
{
    bool choose = (cmd->flags & GROUP_ONLINE_BEST_POSSIBLE_NODE) != 0;
    bool ignore = (cmd->flags & GROUP_ONLINE_IGNORE_AFFINITY_RULE) != 0;
    uint32_t code;

    assert(*ret == NULL);
    if (cmd->other == NULL)
        return target_for_online(c, g, choose, ignore, reply, ret);
    code = node_named(c, cmd->other, reply, ret);
    return code != 0 ? code : target_check(c, g, *ret, OPERATION_ONLINE, ignore, reply);
}

static void online_begin(struct cluster *c, struct group_record *g, const struct command *cmd,
                         struct node_record *host)
{
    assert(node_can_host(host));
    if (host != g->owner) {
        transfer_begin(c, g, OPERATION_ONLINE, host, CAUSE_REQUESTED_ONLINE);
    } else {
        operation_begin(c, g, OPERATION_ONLINE, CAUSE_REQUESTED_ONLINE);
        plan_start_wanted(c, g, CAUSE_REQUESTED_ONLINE);
        g->group.default_owner = host->node.id;
    }
    operation_instruct(c, g, cmd);
}

/* No node has room: it starts when there is some. */
static void online_queue(struct cluster *c, struct group_record *g, const struct command *cmd)
{
    assert(!group_runs(g));
    operation_begin(c, g, OPERATION_ONLINE, CAUSE_REQUESTED_ONLINE);
    operation_instruct(c, g, cmd);
    queue_put(c, g, CAUSE_WAITS_FOR_CAPACITY);
}

uint32_t apply_group_online(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = NULL;
    struct node_record *host = NULL;
    bool was_online, waits;
    uint32_t code = call_check(c, cmd, ONLINE_FLAGS, reply, &g);

    assert(cmd->kind == COMMAND_GROUP_ONLINE);
    if (code == 0)
        code = group_idle_check(g, reply);
    if (code == 0)
        code = online_host(c, g, cmd, reply, &host);
    /* Who names a node is told that it is full; who does not, waits for room. */
    waits = code == ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION &&
            cmd->other == NULL && !group_runs(g);
    if (code != 0 && !waits)
        return code;
    code = lock_check(g, cmd, reply);
    if (code != 0)
        return code;

    operation_drop(c, g, CAUSE_CANCELLED, ERROR_CANCELLED);
    timer_set(c, &g->start, 0);
    was_online = g->group.persistent_online;
    words_set(c, g, true);
    counters_reset(c, g);
    if (waits) {
        online_queue(c, g, cmd);
        preempt_for(c, g);
    } else {
        online_begin(c, g, cmd, host);
    }
    g->group.operation.was_persistent_online = was_online;
    code = operation_outcome(c, g);
    return waits && code == 0 ? ERROR_CLUSTER_GROUP_QUEUED : code;
}

/* ---------------------------------------------------------------- offline */

uint32_t apply_group_offline(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct group_record *g = NULL;
    uint32_t code = call_check(c, cmd, OFFLINE_FLAGS, reply, &g);
    bool was_online;

    if (code == 0)
        code = group_idle_check(g, reply);
    if (code == 0)
        code = lock_check(g, cmd, reply);
    if (code != 0)
        return code;

    operation_drop(c, g, CAUSE_CANCELLED, ERROR_CANCELLED);
    timer_set(c, &g->start, 0);
    was_online = g->group.persistent_online;
    words_set(c, g, false);
    operation_begin(c, g, OPERATION_OFFLINE, CAUSE_REQUESTED_OFFLINE);
    g->group.operation.was_persistent_online = was_online;
    operation_instruct(c, g, cmd);
    plan_stop_all(c, g, CAUSE_REQUESTED_OFFLINE);
    /* Only what fails from now on may make the group Failed: a caller that
     * polls takes an old failure for one of its own call. */
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (g->group.resources[i]->state == RESOURCE_FAILED)
            resource_enter(c, resource_record(g->group.resources[i]), RESOURCE_OFFLINE,
                           CAUSE_REQUESTED_OFFLINE);
    assert(!g->group.persistent_online);
    return operation_outcome(c, g);
}

/* ------------------------------------------------------------------- move */

/* *ret is also set when the named node is refused: the call may wait for it. */
static uint32_t move_target(struct cluster *c, struct group_record *g, const struct command *cmd,
                            struct reply *reply, struct node_record **ret)
{
    bool ignore = (cmd->flags & GROUP_MOVE_IGNORE_AFFINITY_RULE) != 0;
    uint32_t code;

    assert(*ret == NULL);
    if (cmd->other == NULL)
        return target_elsewhere(c, g, ignore, reply, ret);
    code = node_named(c, cmd->other, reply, ret);
    return code != 0 ? code : target_check(c, g, *ret, OPERATION_MOVE, ignore, reply);
}

/* What a move that may be queued waits for instead of being refused. */
static enum cause move_wait(uint32_t code)
{
    switch (code) {
    case ERROR_INVALID_STATE:
        return CAUSE_WAITS_FOR_PENDING;
    case ERROR_CLUSTER_RESOURCE_LOCKED_STATUS:
        return CAUSE_WAITS_FOR_LOCK;
    case ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION:
        return CAUSE_WAITS_FOR_CAPACITY;
    default:
        assert(code != 0);
        return CAUSE_NONE;
    }
}

static uint32_t move_queue(struct cluster *c, struct group_record *g, const struct command *cmd,
                           const struct node_record *target, enum cause wait)
{
    struct operation running = g->group.operation;
    uint64_t shown = g->shown_operation;
    bool runs = operation_runs(&running);

    assert(g->group.next.kind == OPERATION_NONE && !running.queued);
    /* What runs is laid aside for a moment, so that all operations are made alike. */
    memset(&g->group.operation, 0, sizeof(g->group.operation));
    g->shown_operation = 0;
    operation_begin(c, g, OPERATION_MOVE, CAUSE_REQUESTED_MOVE);
    operation_instruct(c, g, cmd);
    if (target != NULL)
        operation_target(c, g, target);
    if (!runs) {
        queue_put(c, g, wait);
    } else {
        g->group.next = g->group.operation;
        g->group.operation = running;
        g->shown_operation = shown;
        queue_put_next(c, g);
    }
    group_settle(c, g);
    return ERROR_CLUSTER_GROUP_QUEUED;
}

/* All that may stand in the way of a move, in the order in which it is told. */
static uint32_t move_check(struct cluster *c, struct group_record *g, const struct command *cmd,
                           struct reply *reply, struct node_record **ret)
{
    struct reply busy_reply = *reply;
    uint32_t busy = group_idle_check(g, &busy_reply);
    uint32_t code;

    if (busy != 0 && (cmd->flags & GROUP_MOVE_QUEUE_ENABLED) == 0) {
        *reply = busy_reply;
        return busy;
    }
    if (g->group.next.kind == OPERATION_MOVE ||
        (g->group.operation.queued && g->group.operation.kind == OPERATION_MOVE))
        return refuse(reply, ERROR_CLUSTER_GROUP_MOVING, "a move of %s waits already",
                      g->group.name);
    code = move_target(c, g, cmd, reply, ret);
    if (code != 0 && move_wait(code) == CAUSE_NONE)
        return code;
    if (busy != 0) {
        *reply = busy_reply;
        return busy;
    }
    if (code != 0 || *ret == g->owner)
        return code;
    return lock_check(g, cmd, reply);
}

uint32_t apply_group_move(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    enum { CONTRADICTION = GROUP_MOVE_IGNORE_RESOURCE_STATUS | GROUP_MOVE_QUEUE_ENABLED };
    struct group_record *g = NULL;
    struct node_record *target = NULL;
    uint32_t code;

    if ((cmd->flags & CONTRADICTION) == CONTRADICTION)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", (unsigned)CONTRADICTION);
    code = call_check(c, cmd, MOVE_FLAGS, reply, &g);
    if (code != 0)
        return code;
    code = move_check(c, g, cmd, reply, &target);
    if (code == 0 && target == g->owner)
        return 0;
    if (code != 0) {
        if ((cmd->flags & GROUP_MOVE_QUEUE_ENABLED) == 0 || move_wait(code) == CAUSE_NONE)
            return code;
        /* There is one place to wait in, and the group's start has it. */
        if (g->group.operation.queued || g->group.next.kind != OPERATION_NONE)
            return refuse(reply, ERROR_CLUSTER_GROUP_MOVING, "%s waits already", g->group.name);
        return move_queue(c, g, cmd, cmd->other != NULL ? target : NULL, move_wait(code));
    }
    assert(target != NULL);
    transfer_begin(c, g, OPERATION_MOVE, target, CAUSE_REQUESTED_MOVE);
    operation_instruct(c, g, cmd);
    return operation_outcome(c, g);
}
