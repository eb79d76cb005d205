/* What the state machine holds, as everybody but groupmgr may read it: nodes,
 * groups, resources, operations, events, and the numbers and names for them.
 *
 * Names are UTF-8, owned by their object. Times are stamps of commands in ms of
 * wall-clock time since 1970; periods say their unit. Included by groupmgr.h. */
#ifndef HOLDFAST_GROUPMGR_OBJECTS_H
#define HOLDFAST_GROUPMGR_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h" /* NAME_BYTES_MAX: of a node, group, resource or type, in UTF-8. */

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
    COMMAND_KIND_END
};
const char *command_kind_name(enum command_kind k); /* "group-offline" */

/* The command and the rule that made something what it is. */
struct why {
    uint64_t index; /* Of the command. */
    uint64_t stamp_ms;
    enum command_kind command; /* COMMAND_TICK also when time itself brought it about. */
    enum cause cause;
};

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
    PLACEMENT_RULE_COUNT
};
const char *placement_rule_name(enum placement_rule r); /* "anti-affinity" */
const char *placement_rule_text(enum placement_rule r); /* "is paused" */

/* One node that was considered. */
struct candidate {
    uint32_t node;
    enum placement_rule rule;
    uint32_t value; /* What the rule counted on this node, */
    uint32_t best;  /* and on the chosen one, if it was possible. */
};

/* The decision that put a group on its node. */
struct placement {
    struct why why;
    uint32_t chosen;              /* Node id; 0: none. */
    struct candidate *candidates; /* By node id. */
    unsigned candidate_count;
};

/* ----------------------------------------------------------------- objects */

struct cluster;

enum property_type { PROPERTY_SZ, PROPERTY_DWORD, PROPERTY_MULTI_SZ };

struct property {
    char *name; /* Unique in its list, compared without case. */
    enum property_type type;
    uint32_t dword;
    char *text;      /* SZ: the string. MULTI_SZ: strings, each with its NUL, then a NUL. */
    size_t text_len; /* All bytes of `text` but the last NUL. */
};

/* A MULTI_SZ: strings, each with its NUL; `text` is never NULL. */
struct strings {
    char *text;
    size_t len; /* All NULs but one behind the last string. */
};

/* Common properties of the cluster. */
struct settings {
    char *description;
    uint32_t enforced_anti_affinity;     /* ClusterEnforcedAntiAffinity */
    uint32_t group_wait_delay_s;         /* ClusterGroupWaitDelay: of a cold start. */
    uint32_t resiliency_period_s;        /* ResiliencyDefaultPeriod */
    uint32_t quarantine_threshold;       /* Leavings in an hour; 0: never. */
    uint32_t quarantine_duration_s;
    uint32_t never_preempt_priority;     /* MinimumNeverPreemptPriority */
    uint32_t preemptor_priority;         /* MinimumPreemptorPriority */
    uint32_t drain_on_shutdown;
    uint32_t parallel_moves;             /* ParallelMoves: of a drain or failback, at once. */
    uint32_t ignore_persistent_state;    /* IgnorePersistentStateOnStartup */
    uint32_t utc_offset_min;             /* UtcOffset, signed: of the failback windows. */
    uint32_t fencing_required;           /* FencingRequired: of every node. */
};

/* Where the fencing of a node stands. */
enum fencing_state {
    FENCING_NONE,      /* Since its incarnation began. */
    FENCING_UNDER_WAY, /* Wanted: whoever leads has it done. Its lease is not renewed. */
    FENCING_CONFIRMED, /* Nothing of its incarnation runs. */
    FENCING_FAILED,
};
const char *fencing_state_name(enum fencing_state s); /* "under-way" */

struct fencing {
    enum fencing_state state;
    bool power_on;     /* A reboot: to be switched on again, once it was off. */
    uint32_t by;       /* Node that works at it, or that did last; 0: none yet. */
    uint32_t level;    /* Being tried, tried last, or the one that did it; 0: none yet. */
    uint64_t attempt;  /* Index of the command that began what is tried now; 0: nothing is. */
    struct why why;    /* Of its state. */
};

/* The last lease that a node lost: see lapse.c. */
struct lapse {
    uint64_t down_index; /* Of the command that declared it down; 0: it came back before. */
    uint32_t unheard_ms; /* For so long the leader had not heard of it; 0: it does not say. */
    struct why why;      /* What the node said when it came back, and when; index 0: nothing. */
    uint32_t ms;         /* For so long. */
};

struct node {
    uint32_t id; /* Its raft id, > 0. */
    char *name;
    char *address;
    char *disk;              /* Identity of its data directory. */
    enum node_state state;
    uint64_t incarnation;    /* Index of the command that brought it up; 0 never. */
    uint64_t renewed_seq;    /* Of the last renewal accepted in this incarnation. */
    uint64_t since_ms;       /* Stamp of the last change of state. */
    bool leaving;            /* Orderly stop under way: receives no groups. */
    bool witness;            /* It votes and never owns a group. */
    struct why why;          /* Of its state. */
    /* Pause and drain; they outlast the node's being down. */
    bool paused;
    enum drain_status drain;
    uint32_t drain_flags;    /* PAUSE_* of the call. */
    uint32_t drain_target;   /* Node; 0: as placement chooses. */
    struct why drain_why;    /* The command that began the drain; index 0: none. */
    /* Quarantine: how often it went without a word, in the hour that began at: */
    unsigned departures;
    uint64_t departures_since_ms;
    uint64_t quarantined_until_ms; /* 0: not. */
    struct fencing fencing;
    /* "1=ipmi-a,pdu:7": level, and devices with the outlet of each, by level. */
    struct strings fence_levels;
    struct lapse lapse;
    /* Common properties. */
    char *description;
    char *site, *rack;         /* Fault domains; "": none. */
    struct strings capacities; /* "memory=65536": what it offers. Not named: not limited. */
    uint32_t avoid_placement;  /* Takes groups only if no other node can. */
    uint32_t fencing_required; /* FencingRequired: its groups wait until it is confirmed. */
    uint32_t fencing_off;      /* FencingStaysOff: not switched on again by itself. */
    uint32_t fencing_after_ms; /* FencingAfter: unheard of for so long; 0: for a lease. */
    uint32_t fencing_delay_ms; /* FencingDelay: before its first device is used. */
};

enum operation_kind {
    OPERATION_NONE,
    OPERATION_ONLINE,
    OPERATION_OFFLINE,
    OPERATION_MOVE,     /* Asked for, or a drain, a failback, an orderly stop. */
    OPERATION_FAILOVER, /* Decided here. */
    OPERATION_RESTART,  /* Of a single resource. */
};

/* What a group is in the middle of, or waiting to begin. */
struct operation {
    enum operation_kind kind;
    uint64_t id;       /* Index of the command that began it. */
    uint32_t flags;
    uint32_t target;   /* Node of a move or failover, or of an online elsewhere; 0 otherwise. */
    uint32_t source;   /* Owner when it began. */
    uint64_t resource; /* Of an operation of a single resource: its id; 0: the group. */
    uint64_t since_ms;
    enum cause cause;  /* Why it runs. */
    bool queued;       /* It waits; the group is as if there were none. */
    enum cause wait;   /* What for. */
    bool returning;    /* A move that failed, on its way back. */
    bool cancelled;
    uint32_t code;     /* Why it came back or was given up; 0. */
    bool was_persistent_online; /* The group's, before the call. */
    uint8_t *instructions;      /* Property list, 16-bit layout; NULL if none. */
    size_t instructions_len;
};

struct group {
    uint64_t id; /* Index of the command that created it. */
    char *name;
    uint32_t owner;            /* Node id, never 0. */
    uint64_t token;            /* Fencing token: index at which `owner` became owner. */
    bool persistent_online;    /* What the administrator wants. */
    struct operation operation;
    struct operation next;     /* While one runs: a queued one that waits for its end. */
    enum group_state state;    /* Kept by the formula; Pending while an operation runs. */
    uint64_t since_ms;
    struct why why;              /* Of its state. */
    struct placement placement;  /* Of its owner. */
    struct placement nowhere;    /* No node could take it from its owner; why.index 0: not so. */
    uint32_t *preferred;       /* Node ids in order. */
    unsigned preferred_count;
    struct resource **resources; /* In order of creation. */
    unsigned resource_count;
    unsigned failovers;          /* In the period that began at: */
    uint64_t failovers_since_ms;
    bool preempted;          /* Taken offline for a group of higher priority. */
    uint32_t drained_from;   /* Node that it left by a drain, to come back to; 0. */
    bool drain_failed;       /* Its move failed and came back: this drain leaves it where it is. */
    enum cause held;         /* Why a cold start left it offline, for a client to start; NONE. */
    uint64_t start_at_ms;    /* GroupStartDelay: started then; 0: not planned. */
    uint64_t rescue_at_ms;   /* ResiliencyPeriod: waits so long for its owner; 0. */
    uint64_t failback_at_ms; /* Goes back to a preferred owner then; 0. */
    /* Common properties (docs/semantics.md for each). */
    char *description;
    uint32_t failover_threshold; /* 0xFFFFFFFF: number of nodes - 1. */
    uint32_t failover_period_h;
    uint32_t priority;
    uint32_t auto_failback;              /* AutoFailbackType */
    uint32_t failback_window_start;      /* Hour; 0xFFFFFFFF: none. */
    uint32_t failback_window_end;
    uint32_t default_owner;              /* Node id; 0xFFFFFFFF: none yet. */
    struct strings anti_affinity;        /* AntiAffinityClassNames */
    struct strings affinity;             /* AffinityClassNames */
    uint32_t cold_start;                 /* ColdStartSetting */
    uint32_t resiliency_period_s;        /* 0xFFFFFFFF: the cluster's. */
    uint32_t group_start_delay_ms;
    char *preferred_site;
    struct strings needs;                /* "memory=4096": of its node's Capacities. */
};

/* How to switch a node off. Its parameters are secret unless known to be harmless
 * (base/secret.h). */
struct fence_value {
    char *name, *value;
};
struct fence_device {
    char *name;
    struct fence_value *values; /* In the order given: `agent`, Fence..., the agent's own. */
    unsigned value_count;
};
/* Its agent; never NULL. */
const char *fence_device_agent(const struct fence_device *d);
/* FenceTimeout (ms, of one call), FenceRetries, FenceDelay (ms): by name. */
uint32_t fence_device_number(const struct fence_device *d, const char *name);
/* Not for the agent, but about it. */
bool fence_value_is_ours(const char *name);

/* One device of a level: which, and which outlet of it ("": not said). */
struct fence_item {
    char device[NAME_BYTES_MAX + 1];
    char plug[NAME_BYTES_MAX + 1];
};
/* The devices of `level` of `n`, *ret_count of them, all to succeed; false: it has
 * no such level. */
bool fence_level_items(const struct node *n, unsigned level,
                       struct fence_item ret[FENCE_ITEMS_MAX], unsigned *ret_count);
/* The lowest level of `n` above `after`; 0: none. */
unsigned fence_level_next(const struct node *n, unsigned after);

/* A dependency expression over a resource's providers, in postfix order: each
 * token is an index into `providers`, or one of: */
#define EXPRESSION_AND 0xFFFFFFFEu /* The two before it. */
#define EXPRESSION_OR 0xFFFFFFFFu

struct resource {
    uint64_t id; /* Index of the command that created it. */
    char *name;  /* Unique in the cluster, compared without case, as on Windows. */
    char *type;  /* Canonical name. */
    struct group *group;
    enum resource_state state;
    uint64_t operation; /* Index at which it last entered a pending state: one life of it. */
    bool fail_requested; /* The owner is to treat life `operation` as failed. */
    bool terminate;      /* OfflinePending: not in order, at once. Before: when its turn comes. */
    uint64_t since_ms;
    struct why why;      /* Of its state. */
    struct why verdict;  /* Of its last failure: what was done about it, or why nothing. */
    int persistent;          /* -1: inherits the group's; 0 offline; 1 online. */
    unsigned was_persistent; /* The same and 2, before the call under way changed it; 0: did not. */
    bool locked;             /* Volatile word of its handler. */
    bool maintenance;        /* Failures are noted, not acted upon. */
    bool embedded_failure;   /* Volatile: something within it failed. */
    uint32_t status_code;    /* Of the last operation: 0 or why it failed. */
    char *status_text;       /* The handler's words; may be NULL. */
    struct resource **providers; /* What it depends on, each once. */
    unsigned provider_count;
    uint32_t *expression;        /* NULL: all of them. */
    unsigned expression_len;
    uint32_t *possible;          /* Possible owners, ascending; NULL: all nodes. */
    unsigned possible_count;
    uint32_t *refused;           /* Nodes on which it cannot come online, ascending. */
    unsigned refused_count;
    struct property *properties; /* Private ones, in the order set. */
    unsigned property_count;
    /* Common properties (docs/semantics.md for each). Milliseconds. */
    char *description;
    uint32_t restart_action;    /* 0 never, 1 restart, 2 restart then fail over. */
    uint32_t restart_threshold;
    uint32_t restart_period_ms;
    uint32_t restart_delay_ms;
    uint32_t retry_period_ms;         /* RetryPeriodOnFailure */
    uint32_t embedded_failure_action; /* 0 none, 1 log only, 2 recover. */
    uint32_t separate_monitor;
    uint32_t pending_timeout_ms;
    uint32_t deadlock_timeout_ms;
    uint32_t looks_alive_ms;
    uint32_t is_alive_ms;
    unsigned restarts;          /* In the period that began at: */
    uint64_t restarts_since_ms;
    uint64_t restart_at_ms;     /* Stamp at which to try again; 0: not planned. */
    uint64_t retry_at_ms;       /* The same, after all was used up. */
};

/* What the owner has to do about a resource, read off its state.
 *
 *   OnlinePending   have it started as life `operation`, with the group's token
 *   OfflinePending  have life `operation` taken offline, with the instructions
 *                   of the group's operation; if `terminate`, ended at once
 *   Online          keep it; if fail_requested, have it failed; if maintenance,
 *                   do not ask whether it is alive
 *   Offline, Failed nothing of it may run: terminate what does
 *
 * The owner's reports end the pending states. A report OFFLINE or FAILED is the
 * owner's word that nothing of the resource runs any more. */

const char *operation_kind_name(enum operation_kind k); /* "offline"; OPERATION_NONE: "none". */

/* ------------------------------------------------------------------ events */

enum object_kind { OBJECT_NODE = 1, OBJECT_GROUP, OBJECT_RESOURCE, OBJECT_CLUSTER };

/* One change of one object. Also the event that is kept and shown. */
struct event {
    uint64_t index;    /* Of the command that caused it. */
    uint64_t stamp_ms;
    enum command_kind command;
    enum object_kind object;
    uint64_t id;       /* Of the node, group or resource. */
    char *name;        /* Its name; owned by the ring. */
    uint32_t node;     /* Owner (of a group or resource), or the node itself. */
    uint32_t from, to; /* States of that kind of object; equal for other changes. */
    enum cause cause;
    uint64_t operation; /* Of a group: id of the one that runs, waits, or has just ended; 0. */
    uint32_t code;     /* Error code where one belongs to it. */
    char *text;        /* More words (a handler's); NULL. */
    struct candidate *candidates; /* Of a placement; NULL. */
    unsigned candidate_count;
};

const char *object_kind_name(enum object_kind k); /* "group" */
/* `e->from` or `e->to` by name; "?" where there are no states. */
const char *event_state_name(const struct event *e, uint32_t state);

#endif
