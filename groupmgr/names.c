#include <assert.h>

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

const char *log_state_name(enum log_state s)
{
    static const char *const names[] = {
        [LOG_CURRENT] = "current",
        [LOG_BEHIND] = "behind",
        [LOG_REFUSED] = "refused",
    };
    return NAME_IN(names, s);
}

const char *operation_kind_name(enum operation_kind k)
{
    static const char *const names[] = {
        [OPERATION_NONE] = "none",         [OPERATION_ONLINE] = "online",
        [OPERATION_OFFLINE] = "offline",   [OPERATION_MOVE] = "move",
        [OPERATION_FAILOVER] = "failover", [OPERATION_RESTART] = "restart",
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
    [CAUSE_REQUESTED_RESTART] = {"requested-restart", "a client asked for a restart"},
    [CAUSE_CANCELLED] = {"cancelled", "a client cancelled the operation"},
    [CAUSE_RETURNED] = {"returned", "the move failed: it goes back to where it was"},
    [CAUSE_RETRY] = {"retry", "its RetryPeriodOnFailure is over: it is tried again"},
    [CAUSE_CANNOT_ONLINE_HERE] = {"cannot-online-here", "it cannot come online on this node"},
    [CAUSE_CANNOT_ONLINE_ANYWHERE] = {"cannot-online-anywhere",
                                      "it cannot come online on any node"},
    [CAUSE_EMBEDDED_FAILURE] = {"embedded-failure", "something within it failed"},
    [CAUSE_EMBEDDED_RECOVERED] = {"embedded-recovered", "what had failed within it is well again"},
    [CAUSE_MAINTENANCE_BEGUN] = {"maintenance-begun", "a client put it into maintenance"},
    [CAUSE_MAINTENANCE_ENDED] = {"maintenance-ended", "its maintenance is over"},
    [CAUSE_RESTART_ACTION_NONE] = {"restart-action-none", "its RestartAction is 0"},
    [CAUSE_RESTARTS_USED_UP] = {"restarts-used-up",
                                "its restarts are used up, and its RestartAction is 1"},
    [CAUSE_FAILOVERS_USED_UP] = {"failovers-used-up", "the failovers of its group are used up"},
    [CAUSE_NO_OTHER_NODE] = {"no-other-node", "no other node can take its group"},
    [CAUSE_NOT_WANTED] = {"not-wanted", "it is not wanted online"},
    [CAUSE_IN_MAINTENANCE] = {"in-maintenance", "it is in maintenance"},
    [CAUSE_WAS_STOPPING] = {"was-stopping", "it was going offline anyway"},
    [CAUSE_WAITS_FOR_LOCK] = {"waits-for-lock", "it waits until a resource is unlocked"},
    [CAUSE_WAITS_FOR_CAPACITY] = {"waits-for-capacity", "no node has the room that it needs"},
    [CAUSE_WAITS_FOR_NODE] = {"waits-for-node", "no node can take it now"},
    [CAUSE_WAITS_FOR_PENDING] = {"waits-for-pending", "it waits for what is under way"},
    [CAUSE_WAITS_FOR_TURN] = {"waits-for-turn", "as many moves as are allowed are under way"},
    [CAUSE_START_DELAY] = {"start-delay", "its GroupStartDelay is not over"},
    [CAUSE_PREEMPTED] = {"preempted", "a group of higher priority needs its room"},
    [CAUSE_PRIORITY_DISABLED] = {"priority-disabled", "groups of priority 0 are not started"},
    [CAUSE_COLD_START_SETTING] = {"cold-start-setting",
                                  "its ColdStartSetting keeps it from starting"},
    [CAUSE_IGNORE_PERSISTENT_STATE] = {"ignore-persistent-state",
                                       "IgnorePersistentStateOnStartup keeps it from starting"},
    [CAUSE_PAUSED] = {"paused", "a client paused the node"},
    [CAUSE_RESUMED] = {"resumed", "a client resumed the node"},
    [CAUSE_DRAIN] = {"drain", "its node is being drained"},
    [CAUSE_DRAIN_COMPLETED] = {"drain-completed", "all its groups have moved away"},
    [CAUSE_DRAIN_FAILED] = {"drain-failed", "some of its groups could not move away"},
    [CAUSE_EVICTED] = {"evicted", "a client evicted the node"},
    [CAUSE_FAILBACK] = {"failback", "it goes back to a node that it prefers"},
    [CAUSE_QUARANTINED] = {"quarantined", "it left too often"},
    [CAUSE_QUARANTINE_ENDED] = {"quarantine-ended", "its quarantine is over"},
    [CAUSE_ISOLATED] = {"isolated", "it waits for its node to come back"},
    [CAUSE_JOINED] = {"joined", "it was added and has not come up yet"},
    [CAUSE_RESILIENCY_ENDED] = {"resiliency-ended", "its node did not come back in time"},
    [CAUSE_FENCING_BEGUN] = {"fencing-begun", "the node is to be switched off"},
    [CAUSE_FENCING_ATTEMPT] = {"fencing-attempt", "its fence devices are being used"},
    [CAUSE_FENCING_LEVEL_FAILED] = {"fencing-level-failed", "a level of its fence devices failed"},
    [CAUSE_FENCING_FAILED] = {"fencing-failed", "the node could not be switched off"},
    [CAUSE_FENCING_CANCELLED] = {"fencing-cancelled", "the node has stopped by itself"},
    [CAUSE_FENCED] = {"fenced", "its node was switched off"},
    [CAUSE_FENCING_CONFIRMED] = {"fencing-confirmed", "a client says that its node is off"},
    [CAUSE_POWERED_ON] = {"powered-on", "the node was switched on again"},
    [CAUSE_POWER_ON_FAILED] = {"power-on-failed", "the node could not be switched on again"},
    [CAUSE_LAPSE_NO_CONNECTION] = {"lapse-no-connection", "it had no connection to any other node"},
    [CAUSE_LAPSE_NO_LEADER] = {"lapse-no-leader", "it knew of no leader"},
    [CAUSE_LAPSE_NO_ANSWER] = {"lapse-no-answer", "the leader did not renew its lease"},
    [CAUSE_LAPSE_DISK] = {"lapse-disk", "its disk stalled"},
    [CAUSE_LAPSE_BUSY] = {"lapse-busy", "its daemon was stalled by its own work"},
    [CAUSE_LAPSE_FROZEN] = {"lapse-frozen", "its daemon was frozen"},
    [CAUSE_LAPSE_DAEMON_DEAD] = {"lapse-daemon-dead", "its daemon was dead"},
    [CAUSE_ENDING] = {"ending", "its node is down and has its TerminateBudget to end it"},
    [CAUSE_ENDED] = {"ended", "nothing of it runs on the node that is down any more"},
    [CAUSE_LEVEL_RAISED] = {"level-raised", "an operator raised the functional level"},
    [CAUSE_RECOVERED] = {"recovered", "a majority was lost for good, and the cluster went on "
                                      "without it"},
    [CAUSE_LOG_BEHIND] = {"log-behind", "its log waits: its disk is full or too slow"},
    [CAUSE_LOG_BEHIND_WORK] = {"log-behind-work", "its log waits for its disk and something is "
                                                  "wanted of it: its lease is not renewed"},
    [CAUSE_LOG_CAUGHT_UP] = {"log-caught-up", "its log has caught up"},
    [CAUSE_DISK_LOW] = {"disk-low", "its disk has no room for more of the log"},
    [CAUSE_DISK_ROOM] = {"disk-room", "its disk has room again"},
};

const char *cause_name(enum cause c)
{
    assert((unsigned)c >= CAUSE_COUNT || causes[c].name != NULL);
    return (unsigned)c < CAUSE_COUNT ? causes[c].name : "?";
}

const char *cause_text(enum cause c)
{
    assert((unsigned)c >= CAUSE_COUNT || causes[c].text != NULL);
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
        [COMMAND_CLUSTER_SET] = "cluster-set",
        [COMMAND_GROUP_CANCEL] = "group-cancel",
        [COMMAND_RESOURCE_RESTART] = "resource-restart",
        [COMMAND_RESOURCE_MOVE] = "resource-move",
        [COMMAND_RESOURCE_MAINTENANCE] = "resource-maintenance",
        [COMMAND_RESOURCE_DEPENDENCIES] = "resource-dependencies",
        [COMMAND_RESOURCE_ADD_OWNER] = "resource-add-owner",
        [COMMAND_RESOURCE_REMOVE_OWNER] = "resource-remove-owner",
        [COMMAND_NODE_SET] = "node-set",
        [COMMAND_NODE_PAUSE] = "node-pause",
        [COMMAND_NODE_RESUME] = "node-resume",
        [COMMAND_NODE_EVICT] = "node-evict",
        [COMMAND_FENCE_CREATE] = "fence-create",
        [COMMAND_FENCE_DELETE] = "fence-delete",
        [COMMAND_FENCE_LEVEL] = "fence-level",
        [COMMAND_FENCE_NODE] = "fence-node",
        [COMMAND_FENCE_CONFIRM] = "fence-confirm",
        [COMMAND_FENCE_ATTEMPT] = "fence-attempt",
        [COMMAND_FENCE_RESULT] = "fence-result",
        [COMMAND_NODE_JOIN] = "node-join",
        [COMMAND_NODE_REMOVED] = "node-removed",
        [COMMAND_NODE_ENDED] = "node-ended",
        [COMMAND_CLUSTER_LEVEL] = "cluster-level",
        [COMMAND_CLUSTER_RECOVER] = "cluster-recover",
    };
    return NAME_IN(names, k);
}

const char *fencing_state_name(enum fencing_state s)
{
    static const char *const names[] = {
        [FENCING_NONE] = "none",
        [FENCING_UNDER_WAY] = "under-way",
        [FENCING_CONFIRMED] = "confirmed",
        [FENCING_FAILED] = "failed",
    };
    return NAME_IN(names, s);
}

const char *drain_status_name(enum drain_status s)
{
    static const char *const names[] = {
        [DRAIN_NOT_INITIATED] = "not-initiated",
        [DRAIN_IN_PROGRESS] = "in-progress",
        [DRAIN_COMPLETED] = "completed",
        [DRAIN_FAILED] = "failed",
    };
    return NAME_IN(names, s);
}

static const struct {
    const char *name;
    const char *text;
} placement_rules[PLACEMENT_RULE_COUNT] = {
    [PLACEMENT_CHOSEN] = {"chosen", "was chosen"},
    [PLACEMENT_DOWN] = {"down", "is down"},
    [PLACEMENT_PAUSED] = {"paused", "is paused"},
    [PLACEMENT_LEAVING] = {"leaving", "is about to stop"},
    [PLACEMENT_QUARANTINED] = {"quarantined", "is in quarantine"},
    [PLACEMENT_WITNESS] = {"witness", "is a witness: it votes and owns no groups"},
    [PLACEMENT_BEING_FENCED] = {"being-fenced", "is being switched off"},
    [PLACEMENT_OWNER_NOT_FENCED] = {"owner-not-fenced",
                                    "has to wait until its present node is known to be off"},
    [PLACEMENT_OWNER_ENDING] = {"owner-ending",
                                "has to wait until its present node has ended it for certain"},
    [PLACEMENT_NOT_POSSIBLE_OWNER] = {"not-possible-owner",
                                      "is no possible owner of one of its resources"},
    [PLACEMENT_REFUSED_BY_HANDLER] = {"refused-by-handler",
                                      "one of its resources cannot come online there"},
    [PLACEMENT_LEFT_BEHIND] = {"left-behind", "is the node to get away from"},
    [PLACEMENT_ANTI_AFFINITY_ENFORCED] = {"anti-affinity-enforced",
                                          "has a group that it must not be together with"},
    [PLACEMENT_CAPACITY] = {"capacity", "has not enough room"},
    [PLACEMENT_NOT_TARGET] = {"not-target", "is not the node that was asked for"},
    [PLACEMENT_ANTI_AFFINITY] = {"anti-affinity", "has more groups to keep away from"},
    [PLACEMENT_AVOIDED] = {"avoided", "is to be avoided"},
    [PLACEMENT_LESS_PREFERRED] = {"less-preferred", "is less preferred"},
    [PLACEMENT_NOT_DEFAULT_OWNER] = {"not-default-owner", "is not its default owner"},
    [PLACEMENT_SITE] = {"site", "is in another site"},
    [PLACEMENT_ANTI_AFFINITY_RACK] = {"anti-affinity-rack",
                                      "has more groups to keep away from in its rack"},
    [PLACEMENT_ANTI_AFFINITY_SITE] = {"anti-affinity-site",
                                      "has more groups to keep away from in its site"},
    [PLACEMENT_AFFINITY] = {"affinity", "has fewer groups to be near to"},
    [PLACEMENT_MORE_LOADED] = {"more-loaded", "has more groups"},
    [PLACEMENT_HIGHER_ID] = {"higher-id", "is as good, and has the higher id"},
    [PLACEMENT_LOG_BEHIND] = {"log-behind", "would not learn of it: its log waits for its disk"},
};

const char *placement_rule_name(enum placement_rule r)
{
    assert((unsigned)r >= PLACEMENT_RULE_COUNT || placement_rules[r].name != NULL);
    return (unsigned)r < PLACEMENT_RULE_COUNT ? placement_rules[r].name : "?";
}

const char *placement_rule_text(enum placement_rule r)
{
    assert((unsigned)r >= PLACEMENT_RULE_COUNT || placement_rules[r].text != NULL);
    return (unsigned)r < PLACEMENT_RULE_COUNT ? placement_rules[r].text : "?";
}

const char *object_kind_name(enum object_kind k)
{
    static const char *const names[] = {
        [OBJECT_NODE] = "node",
        [OBJECT_GROUP] = "group",
        [OBJECT_RESOURCE] = "resource",
        [OBJECT_CLUSTER] = "cluster",
    };
    return NAME_IN(names, k);
}

const char *event_state_name(const struct event *e, uint32_t state)
{
    assert(e != NULL);
    switch (e->object) {
    case OBJECT_NODE:
        return node_state_name((enum node_state)state);
    case OBJECT_GROUP:
        return group_state_name((enum group_state)state);
    case OBJECT_RESOURCE:
        return resource_state_name((enum resource_state)state);
    case OBJECT_CLUSTER:
        break;
    }
    return "?";
}
