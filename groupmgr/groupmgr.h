/* The cluster as a pure state machine: nodes, groups, resources, and every
 * decision about them.
 *
 *     state + stamped command  ->  state + reply + changes
 *
 * Pure: no I/O, no clock, no randomness, no threads, no hash order. Time comes
 * in with the command (the stamp of the leader that committed it), and equal
 * calls give equal states, byte for byte, on every node. It links without
 * libuv, libraft and msgpack-c; it knows nothing of Raft, sockets or processes.
 *
 * What must be done is not ordered here but can be read off the state
 * (level-triggered): a resource that is OnlinePending with operation 17 on node
 * 2 is to be started there, whoever looks, however often (see "what the owner
 * has to do" below). So a restart that applies the log again does no harm.
 *
 * One thread. Every pointer handed out is borrowed and valid until the next
 * cluster_apply() unless said otherwise. Out of memory aborts before anything
 * has been changed half-way (base/memory.h): the replica starts anew. */
#ifndef HOLDFAST_GROUPMGR_GROUPMGR_H
#define HOLDFAST_GROUPMGR_GROUPMGR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h" /* NAME_BYTES_MAX: of a node, group, resource or type, in UTF-8. */
#include "base/value.h"

/* ----------------------------------------------------------------- limits */

enum {
    GROUPS_MAX = 8192,
    RESOURCES_MAX = 65536,
    NODES_MAX = 64,
    DEPENDENCY_DEPTH_MAX = 100,       /* ERROR_DEPENDENCY_TREE_TOO_COMPLEX beyond. */
    PROPERTIES_PER_RESOURCE_MAX = 128,
    PROPERTY_BYTES_MAX = 32768,       /* One value. */
    INSTRUCTIONS_BYTES_MAX = 65536,   /* The input buffer of an offline, online or move. */
    EVENTS_MAX = 512,                 /* Kept in the replicated state. */
    SESSIONS_MAX = 65536,             /* See "exactly once" below. */
    SESSION_IDLE_MS_MIN = 60000,
    FORMING_MS_MAX = 5000, /* After a cold start groups wait so long for their owners. */
};

/* ------------------------------------------------------------------ states
 * Numbers are those of the Windows API (CLUSTER_GROUP_STATE and its kin). */

enum node_state { NODE_UP = 0, NODE_DOWN = 1, NODE_PAUSED = 2, NODE_JOINING = 3 };

enum group_state {
    GROUP_ONLINE = 0,
    GROUP_OFFLINE = 1,
    GROUP_FAILED = 2,
    GROUP_PARTIAL_ONLINE = 3,
    GROUP_PENDING = 4,
};

enum resource_state {
    RESOURCE_INITIALIZING = 1,
    RESOURCE_ONLINE = 2,
    RESOURCE_OFFLINE = 3,
    RESOURCE_FAILED = 4,
    RESOURCE_ONLINE_PENDING = 0x81,
    RESOURCE_OFFLINE_PENDING = 0x82,
};

const char *node_state_name(enum node_state s);         /* "Up", "Down", ... */
const char *group_state_name(enum group_state s);       /* "Online", "PartialOnline", ... */
const char *resource_state_name(enum resource_state s); /* "OnlinePending", ... */

/* Why something changed. Data, not text: events carry it, tools print it. */
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
    CAUSE_COUNT
};
const char *cause_name(enum cause c); /* "node-lease-expired"; stable, for programs. */
const char *cause_text(enum cause c); /* "its node was not heard of for a lease"; for people. */

/* ----------------------------------------------------------------- objects
 * Read-only for everybody but groupmgr. Names are UTF-8, owned by the object. */

struct cluster;

enum property_type { PROPERTY_SZ, PROPERTY_DWORD, PROPERTY_MULTI_SZ };

struct property {
    char *name; /* Unique in its list, compared without case. */
    enum property_type type;
    uint32_t dword;
    char *text;      /* SZ: the string. MULTI_SZ: strings, each with its NUL, then a NUL. */
    size_t text_len; /* All bytes of `text` but the last NUL. */
};

/* Is `name` a common property of resources (RestartAction, ...), which has a
 * meaning here, as against a private one of their type? */
bool property_is_common(const char *name);

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
    enum cause cause;        /* Of the last change of state. */
};

enum operation_kind {
    OPERATION_NONE,
    OPERATION_ONLINE,
    OPERATION_OFFLINE,
    OPERATION_MOVE,     /* Asked for. */
    OPERATION_FAILOVER, /* Decided here. */
};

struct operation {
    enum operation_kind kind;
    uint64_t id;       /* Index of the command that began it. */
    uint32_t flags;
    uint32_t target;   /* Node of a move or failover, or of an online elsewhere; 0 otherwise. */
    uint64_t resource; /* Of the online or offline of a single resource: its id; 0: the group. */
    uint64_t since_ms;
    uint8_t *instructions; /* Property list, 16-bit layout; NULL if none. */
    size_t instructions_len;
};

struct group {
    uint64_t id; /* Index of the command that created it. */
    char *name;
    uint32_t owner;            /* Node id, never 0. */
    uint64_t token;            /* Fencing token: index at which `owner` became owner. */
    bool persistent_online;    /* What the administrator wants. */
    struct operation operation;
    enum group_state state;    /* Kept by the formula; Pending while an operation runs. */
    uint64_t since_ms;
    uint32_t *preferred;       /* Node ids in order. */
    unsigned preferred_count;
    struct resource **resources; /* In order of creation. */
    unsigned resource_count;
    uint32_t failover_threshold; /* 0xFFFFFFFF: number of nodes - 1. */
    uint32_t failover_period_h;  /* Default 6. */
    unsigned failovers;          /* In the period that began at: */
    uint64_t failovers_since_ms;
    char *description;
};

struct resource {
    uint64_t id; /* Index of the command that created it. */
    char *name;  /* Unique in the cluster, compared without case, as on Windows. */
    char *type;  /* Canonical name. */
    struct group *group;
    enum resource_state state;
    uint64_t operation; /* Index at which it last entered a pending state: one life of it. */
    bool fail_requested; /* The owner is to treat life `operation` as failed. */
    uint64_t since_ms;
    enum cause cause;
    int persistent;          /* -1: inherits the group's; 0 offline; 1 online. */
    bool locked;             /* Volatile word of its handler. */
    uint32_t status_code;    /* Of the last operation: 0 or why it failed. */
    char *status_text;       /* The handler's words; may be NULL. */
    struct resource **providers; /* What it depends on. */
    unsigned provider_count;
    struct property *properties; /* Private ones, in the order set. */
    unsigned property_count;
    /* Common properties (see docs/semantics.md for each). Milliseconds. */
    uint32_t restart_action;    /* 0 never, 1 restart, 2 restart then fail over. */
    uint32_t restart_threshold;
    uint32_t restart_period_ms;
    uint32_t restart_delay_ms;
    uint32_t pending_timeout_ms;
    uint32_t looks_alive_ms;
    uint32_t is_alive_ms;
    unsigned restarts;          /* In the period that began at: */
    uint64_t restarts_since_ms;
    uint64_t restart_at_ms;     /* Stamp at which to try again; 0: not planned. */
};

/* What the owner has to do about a resource, read off its state.
 *
 *   OnlinePending   have it started as life `operation`, with the group's token
 *   OfflinePending  have life `operation` taken offline, with the instructions
 *                   of the group's operation
 *   Online          keep it; if fail_requested, have it failed
 *   Offline, Failed nothing of it may run: terminate what does
 *
 * The owner's reports end the pending states. A report OFFLINE or FAILED is the
 * owner's word that nothing of the resource runs any more. */

const char *operation_kind_name(enum operation_kind k); /* "offline"; OPERATION_NONE: "none". */

/* What a client is to see: as `state`, but a resource that waits for its turn
 * (its dependents stop first, its providers start first) reads pending. So a
 * caller that polls after ERROR_IO_PENDING never takes the old state for the end. */
enum resource_state resource_visible_state(const struct resource *r);

/* ---------------------------------------------------------------- commands */

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
    COMMAND_KIND_END
};
const char *command_kind_name(enum command_kind k); /* "group-offline" */

enum report_event {
    REPORT_ONLINE = 1,
    REPORT_OFFLINE,
    REPORT_FAILED,
    REPORT_LOCKED,
    REPORT_UNLOCKED,
};

struct report {
    uint64_t resource;  /* Id. */
    uint64_t operation; /* The life it speaks of. */
    enum report_event event;
    uint32_t code;      /* FAILED: why. */
    const char *text;   /* The handler's words; NULL. */
};

struct renewal {
    uint32_t node;
    uint64_t incarnation;
    uint64_t seq;
};

/* One command. Unused members are zero. Everything pointed to is borrowed for
 * the duration of cluster_apply() or command_write(). */
struct command {
    enum command_kind kind;
    /* Exactly once: (client, seq) names a call. client 0: none (the cluster's
     * own commands, which are harmless twice). */
    uint64_t client;
    uint64_t seq;
    const char *name;    /* Of the group, or of the cluster, or of the resource. */
    const char *other;   /* GROUP_MOVE/ONLINE: node name or NULL. RESOURCE_CREATE: group.
                          * RESOURCE_DEPEND/UNDEPEND: provider. */
    const char *type;    /* RESOURCE_CREATE. */
    uint32_t flags;      /* Of the Ex calls. */
    const uint8_t *instructions; /* 16-bit property list, already checked. */
    size_t instructions_len;
    const struct property *properties; /* *_CREATE and *_SET: common (by name) and private. */
    unsigned property_count;
    const char *const *names; /* GROUP_CREATE, GROUP_SET: preferred owners. */
    unsigned name_count;
    bool has_names;           /* GROUP_SET: replace the preferred owners. */
    /* Nodes. */
    uint32_t node;            /* NODE_*, REPORT: who. */
    uint64_t incarnation;     /* NODE_DOWN, NODE_LEAVING, REPORT: of which life. */
    uint64_t node_seq;        /* NODE_DOWN: last renewal that the proposer saw. */
    enum cause cause;         /* NODE_DOWN: CAUSE_NODE_LEASE_EXPIRED or CAUSE_NODE_STOPPED. */
    const char *address;      /* NODE_UP. */
    const char *disk;         /* NODE_UP. */
    const struct renewal *renewals; /* PULSE. */
    unsigned renewal_count;
    const struct report *reports;   /* REPORT. */
    unsigned report_count;
};

/* As a map with a version: for the log. */
void command_write(const struct command *cmd, struct sink *s);
/* Total: anything that is no valid command gives ERROR_INVALID_DATA. Fills
 * *ret with pointers into `v` and `a`. */
uint32_t command_read(const struct value *v, struct arena *a, struct command *ret);

/* ----------------------------------------------------------------- results */

struct reply {
    /* 0, ERROR_IO_PENDING, ERROR_RESOURCE_PROPERTIES_STORED (done, and in force from
     * the next online on), or why it was refused: then nothing changed. */
    uint32_t code;
    uint64_t index;    /* Of the command: the id of the operation it began. */
    char detail[256];  /* What the refusal is about, e.g. the locked resource; "" if clear. */
};

enum object_kind { OBJECT_NODE = 1, OBJECT_GROUP, OBJECT_RESOURCE };

/* One change of one object. Also the event that is kept and shown. */
struct event {
    uint64_t index;    /* Of the command that caused it. */
    uint64_t stamp_ms;
    enum object_kind object;
    uint64_t id;       /* Of the node, group or resource. */
    char *name;        /* Its name; owned by the ring. */
    uint32_t node;     /* Owner (of a group or resource), or the node itself. */
    uint32_t from, to; /* States of that kind of object; equal for other changes. */
    enum cause cause;
    uint32_t code;     /* Error code where one belongs to it. */
    char *text;        /* More words (a handler's); NULL. */
};

/* ------------------------------------------------------------------ calls */

struct cluster *cluster_new(void);
void cluster_free(struct cluster *c); /* NULL is fine. */

/* Apply one command stamped `stamp_ms` (an earlier stamp counts as the last
 * one: time never runs backwards). Advances the index by one and first does
 * what has fallen due. Always succeeds: a refusal is a reply.
 *
 * Exactly once: a command whose (client, seq) was applied before changes
 * nothing and gets the same reply again. A client has one call under way at a
 * time; a lower seq than its last is ERROR_INVALID_PARAMETER. */
void cluster_apply(struct cluster *c, uint64_t stamp_ms, const struct command *cmd,
                   struct reply *ret);

/* Events of the last cluster_apply(), oldest first. Every change of state of
 * any object is among them. */
const struct event *cluster_changes(const struct cluster *c, unsigned *ret_count);
/* The kept events, oldest first: position 0 .. *ret_count - 1. */
const struct event *cluster_event(const struct cluster *c, unsigned position);
unsigned cluster_event_count(const struct cluster *c);

/* Stamp at which something falls due by itself; UINT64_MAX: nothing. */
uint64_t cluster_next_deadline(const struct cluster *c);

uint64_t cluster_index(const struct cluster *c); /* Commands applied. */
uint64_t cluster_now_ms(const struct cluster *c); /* Last stamp. */
const char *cluster_name(const struct cluster *c); /* "" before COMMAND_CLUSTER_INIT. */

/* Look-ups; NULL if there is none. Names compare without case (ASCII). */
const struct node *cluster_node(const struct cluster *c, uint32_t id);
const struct node *cluster_node_by_name(const struct cluster *c, const char *name);
const struct group *cluster_group(const struct cluster *c, uint64_t id);
const struct group *cluster_group_by_name(const struct cluster *c, const char *name);
const struct resource *cluster_resource(const struct cluster *c, uint64_t id);
const struct resource *cluster_resource_by_name(const struct cluster *c, const char *name);
/* Walks in order of creation (nodes: of id); start with NULL, ends with NULL. */
const struct node *cluster_next_node(const struct cluster *c, const struct node *after);
const struct group *cluster_next_group(const struct cluster *c, const struct group *after);

/* Digest of the whole state: equal on replicas that applied the same commands.
 * Incremental: costs what was touched since the last call. */
uint64_t cluster_digest(struct cluster *c);
/* The same without sessions, events, index, clock and lease renewals: what a refused command
 * and a repeated one leave as it was. */
uint64_t cluster_objects_digest(struct cluster *c);

/* The whole state as a map with a version; cluster_read() of it gives an equal
 * cluster (same digest, same bytes when written again). */
void cluster_write(const struct cluster *c, struct sink *s);
/* Returns 0 or ERROR_INVALID_DATA (*ret untouched). */
uint32_t cluster_read(const struct value *v, struct cluster **ret);

/* Assert everything that must hold between objects. For tests and debug builds. */
void cluster_check(const struct cluster *c);

#endif
