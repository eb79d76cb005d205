/* The words of the state machine: its limits, states, causes, commands and rules of
 * placement, as numbers and as names. Numbers are those of the Windows API where it
 * has them. Names are static. Included by groupmgr/objects.h. */
#ifndef HOLDFAST_GROUPMGR_NAMES_H
#define HOLDFAST_GROUPMGR_NAMES_H

#include <stdint.h>

/* ----------------------------------------------------------------- limits */

enum {
    GROUPS_MAX = 8192,
    RESOURCES_MAX = 65536,
    NODES_MAX = 64,
    DEPENDENCY_DEPTH_MAX = 100,       /* ERROR_DEPENDENCY_TREE_TOO_COMPLEX beyond. */
    PROVIDERS_MAX = 128,              /* Of one resource. */
    EXPRESSION_BYTES_MAX = 16384,     /* Text of a dependency expression. */
    CLASSES_MAX = 32,                 /* AffinityClassNames of a group; AntiAffinityClassNames. */
    QUANTITIES_MAX = 32,              /* Needs of a group, Capacities of a node. */
    PROPERTIES_PER_RESOURCE_MAX = 128,
    PROPERTY_BYTES_MAX = 32768,       /* One value. */
    FENCE_DEVICES_MAX = 256,
    FENCE_LEVELS_MAX = 9,             /* Of one node, */
    FENCE_ITEMS_MAX = 8,              /* devices of one level, */
    FENCE_VALUES_MAX = 64,            /* parameters of one device, */
    FENCE_VALUE_BYTES_MAX = 1024,     /* and bytes of one. */
    INSTRUCTIONS_BYTES_MAX = 65536,   /* The input buffer of an offline, online or move. */
    EVENTS_MAX = 512,                 /* Kept in the replicated state. */
    SESSIONS_MAX = 65536,             /* See "exactly once" in groupmgr.h. */
    SESSION_IDLE_MS_MIN = 60000,
};

#define PERIOD_ENDLESS UINT32_MAX /* Of RetryPeriodOnFailure: never. */

/* ------------------------------------------------------------------ states
 * Numbers are those of the Windows API (CLUSTER_GROUP_STATE and its kin). */

enum node_state { NODE_UP = 0, NODE_DOWN = 1, NODE_PAUSED = 2, NODE_JOINING = 3 };

/* CLUSTER_NODE_STATUS: bits beside the state. */
enum node_status {
    NODE_STATUS_NORMAL = 0,
    NODE_STATUS_ISOLATED = 0x1,    /* Down, and its groups wait for it (ResiliencyPeriod). */
    NODE_STATUS_QUARANTINED = 0x2, /* Left too often: receives no groups. */
    NODE_STATUS_DRAIN_IN_PROGRESS = 0x4,
    NODE_STATUS_DRAIN_COMPLETED = 0x8,
    NODE_STATUS_DRAIN_FAILED = 0x10,
};

enum drain_status { /* CLUSTER_NODE_DRAIN_STATUS. */
    DRAIN_NOT_INITIATED = 0,
    DRAIN_IN_PROGRESS = 1,
    DRAIN_COMPLETED = 2,
    DRAIN_FAILED = 3, /* Something stayed behind. */
};

enum group_state {
    GROUP_ONLINE = 0,
    GROUP_OFFLINE = 1,
    GROUP_FAILED = 2,
    GROUP_PARTIAL_ONLINE = 3,
    GROUP_PENDING = 4,
};

/* CLUSGRP_STATUS_*: bits of a group's StatusInformation. */
enum group_status {
    GROUP_STATUS_LOCKED_MODE = 0x1,
    GROUP_STATUS_PREEMPTED = 0x2,
    GROUP_STATUS_WAITING_IN_QUEUE_FOR_MOVE = 0x4,
    GROUP_STATUS_PHYSICAL_RESOURCES_LACKING = 0x8,
    GROUP_STATUS_WAITING_TO_START = 0x10,
    GROUP_STATUS_EMBEDDED_FAILURE = 0x20,
    GROUP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT = 0x40,
};

enum resource_state {
    RESOURCE_INITIALIZING = 1,
    RESOURCE_ONLINE = 2,
    RESOURCE_OFFLINE = 3,
    RESOURCE_FAILED = 4,
    RESOURCE_ONLINE_PENDING = 0x81,
    RESOURCE_OFFLINE_PENDING = 0x82,
};

/* CLUSRES_STATUS_*: bits of a resource's StatusInformation. */
enum resource_status {
    RESOURCE_STATUS_LOCKED_MODE = 0x1,
    RESOURCE_STATUS_EMBEDDED_FAILURE = 0x2,
};

const char *node_state_name(enum node_state s);         /* "Up", "Down", ... */
const char *drain_status_name(enum drain_status s);     /* "in-progress", ... */
const char *group_state_name(enum group_state s);       /* "Online", "PartialOnline", ... */
const char *resource_state_name(enum resource_state s); /* "OnlinePending", ... */

/* Group priorities (CLUSTER_GROUP_PRIORITY). */
enum {
    PRIORITY_DISABLED = 0,
    PRIORITY_LOW = 1000,
    PRIORITY_MEDIUM = 2000,
    PRIORITY_HIGH = 3000,
    PRIORITY_THOUSANDS = 5, /* The highest is 4999. */
};

/* The rule behind a change. Data, not text: events carry it, tools print it. */
enum cause {
    CAUSE_NONE,
    CAUSE_CREATED,
    CAUSE_DELETED,
    CAUSE_REQUESTED_ONLINE,   /* By a client's call. */
    CAUSE_REQUESTED_OFFLINE,
    CAUSE_REQUESTED_MOVE,
    CAUSE_REQUESTED_FAIL,     /* FailClusterResource. */
    CAUSE_REPORTED,           /* The owner's monitor says so. */
    CAUSE_FAILED,             /* The owner's monitor reports a failure. */
    CAUSE_PROVIDER_FAILED,    /* Something it depends on failed. */
    CAUSE_RESTART,            /* Restart on the same node after a failure. */
    CAUSE_FAILOVER,           /* Restarts used up: to another node. */
    CAUSE_NODE_UP,
    CAUSE_NODE_LEASE_EXPIRED, /* Not heard of for a lease. */
    CAUSE_NODE_STOPPED,       /* The node's own orderly word. */
    CAUSE_NODE_RESTARTED,     /* A new incarnation came up: the old one is over. */
    CAUSE_NODE_LEAVING,       /* Orderly stop: groups move away first. */
    CAUSE_PERSISTENT_STATE,   /* Goes to what the administrator wants. */
    CAUSE_OPERATION_ENDED,
    CAUSE_LOCKED,
    CAUSE_UNLOCKED,
    CAUSE_CONFIGURED,         /* A property was set. */
    CAUSE_REQUESTED_RESTART,  /* RestartClusterResource. */
    CAUSE_CANCELLED,          /* CancelClusterGroupOperation. */
    CAUSE_RETURNED,           /* The move failed: back to where it came from. */
    CAUSE_RETRY,              /* RetryPeriodOnFailure is over: tried again. */
    CAUSE_CANNOT_ONLINE_HERE, /* The handler cannot bring it online on this node, */
    CAUSE_CANNOT_ONLINE_ANYWHERE, /* or on none. */
    CAUSE_EMBEDDED_FAILURE,   /* Something within it (a guest) failed. */
    CAUSE_EMBEDDED_RECOVERED,
    CAUSE_MAINTENANCE_BEGUN,
    CAUSE_MAINTENANCE_ENDED,
    /* Why a failed resource was not recovered. */
    CAUSE_RESTART_ACTION_NONE,   /* RestartAction 0. */
    CAUSE_RESTARTS_USED_UP,      /* RestartAction 1: the group is not affected. */
    CAUSE_FAILOVERS_USED_UP,     /* FailoverThreshold. */
    CAUSE_NO_OTHER_NODE,         /* No candidate to fail over to. */
    CAUSE_NOT_WANTED,            /* Its persistent state is offline. */
    CAUSE_IN_MAINTENANCE,
    CAUSE_WAS_STOPPING,          /* It was to go offline anyway. */
    /* Why an operation waits. */
    CAUSE_WAITS_FOR_LOCK,        /* Queued: a resource is locked. */
    CAUSE_WAITS_FOR_CAPACITY,    /* Queued: no node has room. */
    CAUSE_WAITS_FOR_NODE,        /* Queued: no node can host it. */
    CAUSE_WAITS_FOR_PENDING,     /* Queued: something else is under way. */
    CAUSE_WAITS_FOR_TURN,        /* Queued: as many moves as are allowed are under way. */
    CAUSE_START_DELAY,           /* GroupStartDelay. */
    CAUSE_PREEMPTED,             /* A group of higher priority took its room. */
    CAUSE_PRIORITY_DISABLED,     /* Priority 0: not started by the cluster. */
    CAUSE_COLD_START_SETTING,    /* ColdStartSetting: not started by a cold start. */
    CAUSE_IGNORE_PERSISTENT_STATE, /* IgnorePersistentStateOnStartup. */
    /* Nodes. */
    CAUSE_PAUSED,
    CAUSE_RESUMED,
    CAUSE_DRAIN,                 /* Moved away from a paused node. */
    CAUSE_DRAIN_COMPLETED,
    CAUSE_DRAIN_FAILED,
    CAUSE_EVICTED,
    CAUSE_FAILBACK,              /* Back to a preferred node. */
    CAUSE_QUARANTINED,
    CAUSE_QUARANTINE_ENDED,
    CAUSE_ISOLATED,              /* Its groups wait for it to come back. */
    CAUSE_JOINED,                /* Added, and not up yet. */
    CAUSE_RESILIENCY_ENDED,      /* ResiliencyPeriod is over: they wait no more. */
    /* Fencing. */
    CAUSE_FENCING_BEGUN,         /* It is to be switched off by its fence devices. */
    CAUSE_FENCING_ATTEMPT,       /* A level of its fence devices is tried. */
    CAUSE_FENCING_LEVEL_FAILED,
    CAUSE_FENCING_FAILED,        /* All levels. */
    CAUSE_FENCING_CANCELLED,     /* It has stopped by itself, and said so. */
    CAUSE_FENCED,                /* Its fence devices say that it is off. */
    CAUSE_FENCING_CONFIRMED,     /* A client says that it is off. */
    CAUSE_POWERED_ON,            /* After that it was switched on again, */
    CAUSE_POWER_ON_FAILED,       /* or could not be. */
    /* What a node says of the lease that it lost (NODE_UP). In this order. */
    CAUSE_LAPSE_NO_CONNECTION,   /* It reached no other node. */
    CAUSE_LAPSE_NO_LEADER,       /* It reached others, and nobody led. */
    CAUSE_LAPSE_NO_ANSWER,       /* It reached the leader, which renewed nothing. */
    CAUSE_LAPSE_DISK,            /* Its disk took that long to write the log. */
    CAUSE_LAPSE_BUSY,            /* Its daemon ran, and did not come to its timers. */
    CAUSE_LAPSE_FROZEN,          /* Its daemon did not run: frozen, suspended, starved. */
    CAUSE_LAPSE_DAEMON_DEAD,     /* The daemon had died, and the next one came too late. */
    /* TerminateBudget: see ending.c. */
    CAUSE_ENDING,                /* Its node is down and may still be ending something of it. */
    CAUSE_ENDED,                 /* No longer. */
    CAUSE_LEVEL_RAISED,          /* The functional level. */
    CAUSE_RECOVERED,             /* A majority was lost for good: it went on without that. */
    /* A node's log: behind.c. */
    CAUSE_LOG_BEHIND,            /* What is committed does not reach its copy. */
    CAUSE_LOG_BEHIND_WORK,       /* And something is wanted of it: its lease is not renewed. */
    CAUSE_LOG_CAUGHT_UP,
    CAUSE_DISK_LOW,              /* Its disk has no room for more of the log, */
    CAUSE_DISK_ROOM,             /* and has again. */
    CAUSE_COUNT
};
const char *cause_name(enum cause c); /* "node-lease-expired"; stable, for programs. */
const char *cause_text(enum cause c); /* "its node was not heard of for a lease"; for people. */

/* ---------------------------------------------------------------- commands
 * Here only their names: a change tells which command led to it. */

enum command_kind {
    COMMAND_TICK = 1,        /* Only its stamp. */
    COMMAND_CLUSTER_INIT,    /* First command of a cluster: its name. */
    COMMAND_NODE_UP,
    COMMAND_NODE_DOWN,
    COMMAND_NODE_LEAVING,
    COMMAND_PULSE,
    COMMAND_REPORT,
    COMMAND_GROUP_CREATE,
    COMMAND_GROUP_DELETE,
    COMMAND_GROUP_ONLINE,
    COMMAND_GROUP_OFFLINE,
    COMMAND_GROUP_MOVE,
    COMMAND_GROUP_SET,
    COMMAND_RESOURCE_CREATE,
    COMMAND_RESOURCE_DELETE,
    COMMAND_RESOURCE_ONLINE,
    COMMAND_RESOURCE_OFFLINE,
    COMMAND_RESOURCE_FAIL,
    COMMAND_RESOURCE_DEPEND,
    COMMAND_RESOURCE_UNDEPEND,
    COMMAND_RESOURCE_SET,
    COMMAND_CLUSTER_SET,
    COMMAND_GROUP_CANCEL,
    COMMAND_RESOURCE_RESTART,
    COMMAND_RESOURCE_MOVE,         /* To another group, with all it hangs together with. */
    COMMAND_RESOURCE_MAINTENANCE,
    COMMAND_RESOURCE_DEPENDENCIES, /* A whole expression instead of what was there. */
    COMMAND_RESOURCE_ADD_OWNER,
    COMMAND_RESOURCE_REMOVE_OWNER,
    COMMAND_NODE_SET,
    COMMAND_NODE_PAUSE,
    COMMAND_NODE_RESUME,
    COMMAND_NODE_EVICT,
    COMMAND_FENCE_CREATE,  /* A fence device. */
    COMMAND_FENCE_DELETE,
    COMMAND_FENCE_LEVEL,   /* The devices of one level of a node. */
    COMMAND_FENCE_NODE,    /* By a client, or by the leader for one that it does not hear. */
    COMMAND_FENCE_CONFIRM, /* A client's word that a node is off. */
    COMMAND_FENCE_ATTEMPT, /* A node begins to work on a level; */
    COMMAND_FENCE_RESULT,  /* what became of it. */
    COMMAND_NODE_JOIN,     /* A new node asks for an id of its own. */
    COMMAND_NODE_REMOVED,  /* An evicted node is in the raft configuration no more. */
    COMMAND_NODE_ENDED,    /* A dead node has had so long to end what it ran. */
    COMMAND_CLUSTER_LEVEL, /* Raise the functional level: see level.c. */
    COMMAND_CLUSTER_RECOVER, /* It goes on with one node, in a new epoch: see recover.c. */
    COMMAND_KIND_END
};
const char *command_kind_name(enum command_kind k); /* "group-offline" */

/* ------------------------------------------------------------- placements */

/* Why a node was not taken. The first of these that excludes it; or, of a node
 * that was possible, the first point in which the chosen one was better. */
enum placement_rule {
    PLACEMENT_CHOSEN,
    /* Excluded. */
    PLACEMENT_DOWN,
    PLACEMENT_PAUSED,
    PLACEMENT_LEAVING,
    PLACEMENT_QUARANTINED,
    PLACEMENT_WITNESS,              /* It only votes. */
    PLACEMENT_BEING_FENCED,
    PLACEMENT_OWNER_NOT_FENCED,     /* Its owner may still run it. */
    PLACEMENT_NOT_POSSIBLE_OWNER,   /* Of some resource. */
    PLACEMENT_REFUSED_BY_HANDLER,   /* A resource cannot come online there. */
    PLACEMENT_LEFT_BEHIND,          /* It is the one to get away from. */
    PLACEMENT_ANTI_AFFINITY_ENFORCED,
    PLACEMENT_CAPACITY,             /* Not enough of `detail`. */
    /* Possible, but another was better. In this order. */
    PLACEMENT_NOT_TARGET,           /* Another was asked for. */
    PLACEMENT_ANTI_AFFINITY,        /* More groups to keep away from (value). */
    PLACEMENT_AVOIDED,              /* Its AvoidPlacement is set. */
    PLACEMENT_LESS_PREFERRED,       /* Further down the list of preferred owners. */
    PLACEMENT_NOT_DEFAULT_OWNER,
    PLACEMENT_SITE,                 /* Not the preferred or the present site. */
    PLACEMENT_ANTI_AFFINITY_RACK,   /* More groups to keep away from in its rack, */
    PLACEMENT_ANTI_AFFINITY_SITE,   /* in its site. */
    PLACEMENT_AFFINITY,             /* Fewer groups to be near to. */
    PLACEMENT_MORE_LOADED,          /* More groups (value). */
    PLACEMENT_HIGHER_ID,
    /* Excluded, too; it stands here since snapshots hold the numbers. */
    PLACEMENT_OWNER_ENDING,         /* Its owner may still be ending it. */
    PLACEMENT_LOG_BEHIND,           /* The same: it would not learn of it. */
    PLACEMENT_RULE_COUNT
};
const char *placement_rule_name(enum placement_rule r); /* "anti-affinity" */
const char *placement_rule_text(enum placement_rule r); /* "is paused" */

#endif
