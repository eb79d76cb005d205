/* Commands: what is proposed, replicated and applied. Included by groupmgr.h. */
#ifndef HOLDFAST_GROUPMGR_COMMAND_H
#define HOLDFAST_GROUPMGR_COMMAND_H

#include "base/value.h"
#include "groupmgr/objects.h"

/* ------------------------------------------------------------------- flags
 * Numbers are those of the Ex calls of the Windows API. */

enum group_offline_flags { GROUP_OFFLINE_IGNORE_RESOURCE_STATUS = 0x1 };
enum group_online_flags {
    GROUP_ONLINE_IGNORE_RESOURCE_STATUS = 0x1,
    GROUP_ONLINE_SYNCHRONOUS = 0x2, /* The caller's library waits. */
    GROUP_ONLINE_BEST_POSSIBLE_NODE = 0x4,
    GROUP_ONLINE_IGNORE_AFFINITY_RULE = 0x8,
};
enum group_move_flags {
    GROUP_MOVE_IGNORE_RESOURCE_STATUS = 0x1,
    GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR = 0x2,
    GROUP_MOVE_QUEUE_ENABLED = 0x4,
    GROUP_MOVE_HIGH_PRIORITY_START = 0x8,
    GROUP_MOVE_FAILBACK = 0x10, /* Reserved: accepted, without effect. */
    GROUP_MOVE_IGNORE_AFFINITY_RULE = 0x20,
};
enum resource_offline_flags {
    RESOURCE_OFFLINE_IGNORE_RESOURCE_STATUS = 0x1,
    RESOURCE_OFFLINE_FORCE_WITH_TERMINATION = 0x2,
    RESOURCE_OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE = 0x4,
};
enum resource_online_flags {
    RESOURCE_ONLINE_IGNORE_RESOURCE_STATUS = 0x1,
    RESOURCE_ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE = 0x2,
    RESOURCE_ONLINE_NECESSARY_FOR_QUORUM = 0x4, /* Accepted, without effect. */
    RESOURCE_ONLINE_BEST_POSSIBLE_NODE = 0x8,
    RESOURCE_ONLINE_IGNORE_AFFINITY_RULE = 0x20,
};
enum node_pause_flags {
    NODE_PAUSE_REMAIN_ON_PAUSED_NODE_ON_MOVE_ERROR = 0x1,
    NODE_PAUSE_AVOID_PLACEMENT = 0x2,
    NODE_PAUSE_RETRY_DRAIN_ON_FAILURE = 0x4,
};
enum node_resume_type { /* CLUSTER_NODE_RESUME_FAILBACK_TYPE, in `flags`. */
    NODE_RESUME_NO_FAILBACK = 0,
    NODE_RESUME_FAILBACK_NOW = 1,
    NODE_RESUME_FAILBACK_PER_POLICY = 2,
};
enum node_evict_flags { NODE_EVICT_FORCE = 0x1 };
enum node_up_flags { NODE_UP_WITNESS = 0x1 }; /* It votes and owns no groups. */
enum fence_action { /* FENCE_NODE, in `flags`. */
    FENCE_AS_CONFIGURED = 0,
    FENCE_TURN_OFF = 1,
    FENCE_REBOOT = 2, /* Off, and on again. */
};
enum fence_result { /* FENCE_RESULT, in `flags`. */
    FENCE_RESULT_OFF = 1, /* Each device of the level has said that it is off. */
    FENCE_RESULT_LEVEL_FAILED,
    FENCE_RESULT_FAILED, /* And there is no other level. */
    FENCE_RESULT_ON,     /* Switched on again, */
    FENCE_RESULT_NOT_ON,
};

/* ------------------------------------------------------------------- parts */

enum report_event {
    REPORT_ONLINE = 1,
    REPORT_OFFLINE,
    REPORT_FAILED,
    REPORT_LOCKED,
    REPORT_UNLOCKED,
    REPORT_CANNOT_ONLINE_HERE,     /* Failed, and no use trying again on this node, */
    REPORT_CANNOT_ONLINE_ANYWHERE, /* or on any. */
    REPORT_EMBEDDED_FAILURE,       /* It runs; something within it failed, */
    REPORT_EMBEDDED_RECOVERED,     /* or is well again. */
    REPORT_EVENT_END
};

struct report {
    uint64_t resource;  /* Id. */
    uint64_t operation; /* The life it speaks of. */
    enum report_event event;
    uint32_t code;      /* FAILED: why. */
    const char *text;   /* The handler's words; NULL. */
};

enum renewal_flags {
    RENEWAL_BEHIND = 0x1, /* For a lease its log has not reached what the leader told it of. */
    RENEWAL_TELL = 0x2,   /* Its log may be behind: tell it if this is accepted. */
    RENEWAL_LOW = 0x4,    /* Its disk has no room for more than what its log has taken. */
    RENEWAL_FLAGS_ALL = 0x7,
    RENEWAL_FLAGS_LEVEL = 2, /* Builds that know only earlier levels could not read them. */
};

struct renewal {
    uint32_t node;
    uint64_t incarnation;
    uint64_t seq;
    uint32_t flags;
};

/* One command. Unused members are zero. Everything pointed to is borrowed for
 * the duration of cluster_apply() or command_write(). */
struct command {
    enum command_kind kind;
    /* Exactly once: (client, seq) names a call. client 0: none (the cluster's
     * own commands, which are harmless twice). */
    uint64_t client;
    uint64_t seq;
    const char *name;    /* Of the group, resource or node that a client names; of the cluster. */
    const char *other;   /* GROUP_MOVE/ONLINE: node name or NULL. RESOURCE_CREATE/MOVE: group.
                          * RESOURCE_DEPEND/UNDEPEND: provider. RESOURCE_*_OWNER: node.
                          * NODE_PAUSE: node to drain to or NULL. FENCE_RESULT: words. */
    const char *type;    /* RESOURCE_CREATE. */
    const char *expression; /* RESOURCE_DEPENDENCIES: "([a] and [b]) or [c]"; NULL, "": none. */
    uint32_t flags;      /* Of the Ex calls. RESOURCE_MAINTENANCE: 1 begin, 0 end. */
    uint32_t level;      /* FENCE_LEVEL, FENCE_ATTEMPT. NODE_UP, NODE_JOIN: the highest functional
                          * level that the node knows. CLUSTER_INIT, CLUSTER_LEVEL: the new one. */
    uint32_t level_min;  /* NODE_UP, NODE_JOIN: the lowest. */
    bool drain;          /* NODE_PAUSE: move all groups away. */
    const uint8_t *instructions; /* 16-bit property list, already checked. */
    size_t instructions_len;
    const struct property *properties; /* *_CREATE and *_SET: common (by name) and private. */
    unsigned property_count;
    const char *const *names; /* GROUP_CREATE, GROUP_SET: preferred owners.
                               * RESOURCE_SET: possible owners; none: all nodes.
                               * FENCE_LEVEL: devices; none: no such level. */
    unsigned name_count;
    bool has_names;           /* *_SET: replace the owners. */
    /* Nodes. */
    uint32_t node;            /* NODE_UP/DOWN/LEAVING/REMOVED/ENDED, REPORT, FENCE_*: who. NODE_JOIN: the
                               * highest id in the raft configuration, as its proposer knows it.
                               * CLUSTER_RECOVER: the node that it goes on with. */
    uint64_t incarnation;     /* NODE_DOWN/LEAVING/ENDED, REPORT, FENCE_*: of which life. */
    uint64_t node_seq;        /* NODE_DOWN, FENCE_NODE: last renewal that the proposer saw. */
    uint64_t attempt;         /* FENCE_RESULT: of which attempt. */
    uint32_t by;              /* FENCE_ATTEMPT: the node that makes it. CLUSTER_RECOVER: the
                               * highest id in the raft configuration that was given up. */
    uint32_t epoch;           /* CLUSTER_RECOVER: that begins with it. */
    enum cause cause;         /* NODE_DOWN: CAUSE_NODE_LEASE_EXPIRED or CAUSE_NODE_STOPPED.
                               * NODE_UP: why it lost its last lease, a CAUSE_LAPSE_*, or 0. */
    uint32_t ms;              /* NODE_UP: for how long. NODE_DOWN: since it was last heard.
                               * NODE_ENDED: since it was declared down, by its own clock. */
    const char *address;      /* NODE_UP, NODE_JOIN. */
    const char *disk;         /* NODE_UP, NODE_JOIN. */
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

#endif
