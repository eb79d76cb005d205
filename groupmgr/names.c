#include "groupmgr/groupmgr.h"

#define NAME_IN(table, i) \
    ((size_t)(i) < sizeof(table) / sizeof((table)[0]) && (table)[i] ? (table)[i] : "?")

const char *node_state_name(enum node_state s)
{
    static const char *const names[] = {
        [NODE_UP] = "Up",
        [NODE_DOWN] = "Down",
        [NODE_PAUSED] = "Paused",
        [NODE_JOINING] = "Joining",
    };
    return NAME_IN(names, s);
}

const char *group_state_name(enum group_state s)
{
    static const char *const names[] = {
        [GROUP_ONLINE] = "Online",   [GROUP_OFFLINE] = "Offline",
        [GROUP_FAILED] = "Failed",   [GROUP_PARTIAL_ONLINE] = "PartialOnline",
        [GROUP_PENDING] = "Pending",
    };
    return NAME_IN(names, s);
}

const char *resource_state_name(enum resource_state s)
{
    static const char *const names[] = {
        [RESOURCE_INITIALIZING] = "Initializing",
        [RESOURCE_ONLINE] = "Online",
        [RESOURCE_OFFLINE] = "Offline",
        [RESOURCE_FAILED] = "Failed",
        [RESOURCE_ONLINE_PENDING] = "OnlinePending",
        [RESOURCE_OFFLINE_PENDING] = "OfflinePending",
    };
    return NAME_IN(names, s);
}

const char *operation_kind_name(enum operation_kind k)
{
    static const char *const names[] = {
        [OPERATION_NONE] = "none",         [OPERATION_ONLINE] = "online",
        [OPERATION_OFFLINE] = "offline",   [OPERATION_MOVE] = "move",
        [OPERATION_FAILOVER] = "failover",
    };
    return NAME_IN(names, k);
}

static const struct {
    const char *name;
    const char *text;
} causes[CAUSE_COUNT] = {
    [CAUSE_NONE] = {"none", ""},
    [CAUSE_CREATED] = {"created", "it was created"},
    [CAUSE_DELETED] = {"deleted", "it was deleted"},
    [CAUSE_REQUESTED_ONLINE] = {"requested-online", "a client asked for online"},
    [CAUSE_REQUESTED_OFFLINE] = {"requested-offline", "a client asked for offline"},
    [CAUSE_REQUESTED_MOVE] = {"requested-move", "a client asked for a move"},
    [CAUSE_REQUESTED_FAIL] = {"requested-fail", "a client asked for it to fail"},
    [CAUSE_REPORTED] = {"reported", "its node says so"},
    [CAUSE_FAILED] = {"failed", "it failed"},
    [CAUSE_PROVIDER_FAILED] = {"provider-failed", "something it depends on failed"},
    [CAUSE_RESTART] = {"restart", "it is restarted after a failure"},
    [CAUSE_FAILOVER] = {"failover", "its restarts on the node are used up"},
    [CAUSE_NODE_UP] = {"node-up", "the node came up"},
    [CAUSE_NODE_LEASE_EXPIRED] = {"node-lease-expired", "its node was not heard of for a lease"},
    [CAUSE_NODE_STOPPED] = {"node-stopped", "its node was stopped in order"},
    [CAUSE_NODE_RESTARTED] = {"node-restarted", "its node started anew"},
    [CAUSE_NODE_LEAVING] = {"node-leaving", "its node is about to stop"},
    [CAUSE_PERSISTENT_STATE] = {"persistent-state", "it goes to what the administrator wants"},
    [CAUSE_OPERATION_ENDED] = {"operation-ended", "the operation has ended"},
    [CAUSE_LOCKED] = {"locked", "its handler locked it"},
    [CAUSE_UNLOCKED] = {"unlocked", "its handler unlocked it"},
    [CAUSE_CONFIGURED] = {"configured", "a client changed its settings"},
};

const char *cause_name(enum cause c)
{
    return (unsigned)c < CAUSE_COUNT ? causes[c].name : "?";
}

const char *cause_text(enum cause c)
{
    return (unsigned)c < CAUSE_COUNT ? causes[c].text : "?";
}

const char *command_kind_name(enum command_kind k)
{
    static const char *const names[COMMAND_KIND_END] = {
        [COMMAND_TICK] = "tick",
        [COMMAND_CLUSTER_INIT] = "cluster-init",
        [COMMAND_NODE_UP] = "node-up",
        [COMMAND_NODE_DOWN] = "node-down",
        [COMMAND_NODE_LEAVING] = "node-leaving",
        [COMMAND_PULSE] = "pulse",
        [COMMAND_REPORT] = "report",
        [COMMAND_GROUP_CREATE] = "group-create",
        [COMMAND_GROUP_DELETE] = "group-delete",
        [COMMAND_GROUP_ONLINE] = "group-online",
        [COMMAND_GROUP_OFFLINE] = "group-offline",
        [COMMAND_GROUP_MOVE] = "group-move",
        [COMMAND_GROUP_SET] = "group-set",
        [COMMAND_RESOURCE_CREATE] = "resource-create",
        [COMMAND_RESOURCE_DELETE] = "resource-delete",
        [COMMAND_RESOURCE_ONLINE] = "resource-online",
        [COMMAND_RESOURCE_OFFLINE] = "resource-offline",
        [COMMAND_RESOURCE_FAIL] = "resource-fail",
        [COMMAND_RESOURCE_DEPEND] = "resource-depend",
        [COMMAND_RESOURCE_UNDEPEND] = "resource-undepend",
        [COMMAND_RESOURCE_SET] = "resource-set",
    };
    return NAME_IN(names, k);
}
