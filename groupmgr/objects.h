/* What the state machine holds, as everybody but groupmgr may read it: nodes,
 * groups, resources, operations, events. The numbers and names for them: names.h.
 *
 * Names are UTF-8, owned by their object. Times are stamps of commands in ms of
 * wall-clock time since 1970; periods say their unit. Included by groupmgr.h. */
#ifndef HOLDFAST_GROUPMGR_OBJECTS_H
#define HOLDFAST_GROUPMGR_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h" /* NAME_BYTES_MAX: of a node, group, resource or type, in UTF-8. */
#include "groupmgr/names.h"

/* --------------------------------------------------------------------- why */

/* The command and the rule that made something what it is. */
struct why {
    uint64_t index; /* Of the command. */
    uint64_t stamp_ms;
    enum command_kind command; /* COMMAND_TICK also when time itself brought it about. */
    enum cause cause;
};

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

/* Does what is committed reach a node? See behind.c. */
enum log_state {
    LOG_CURRENT,
    LOG_BEHIND,  /* No: it can be given nothing to do. */
    LOG_REFUSED, /* And it has something to do: its lease is not renewed. */
};
const char *log_state_name(enum log_state s); /* "behind" */

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
    uint32_t level_min, level_max; /* Functional levels that its build knows; 0: not said yet. */
    enum log_state log;
    bool disk_low;           /* No room for more of the log than has been taken. */
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
    /* The owner is down and may be ending something of it for so long after its lease
     * (TerminateBudget, ending.c); 0: not. Of which resource, and since when. */
    uint32_t ending_ms;
    uint64_t ending_resource, ending_since_ms;
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
    uint32_t budget_ms;  /* Its TerminateBudget when the present life, or the last, began. */
    bool fenced_by_self; /* The same of its SelfFencing. */
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
    uint32_t terminate_budget_ms; /* What its node has beyond its lease to end it. */
    uint32_t self_fencing;        /* Its node must be able to reset itself. */
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
