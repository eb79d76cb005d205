/* What the state machine keeps: the objects of groupmgr.h with what only the
 * rules need to know, and the tables that find them. Private to groupmgr.
 *
 * Each record begins with its public object, so that a pointer to one is a
 * pointer to the other. Hash tables only ever answer look-ups; whatever is
 * walked is an ordered list or array, since the order decides placements. */
#ifndef HOLDFAST_GROUPMGR_RECORDS_H
#define HOLDFAST_GROUPMGR_RECORDS_H

#include <assert.h>

#include "base/error.h"
#include "base/memory.h"
#include "groupmgr/groupmgr.h"
#include "groupmgr/timer.h"

#define uthash_malloc(size) xmalloc(size)
#include <uthash.h>
#include <utlist.h>

#include "groupmgr/account.h"

/* A part of the state with a digest of its own, see digest.c. */
struct tracked {
    enum tracked_kind { TRACKED_NODE, TRACKED_GROUP, TRACKED_RESOURCE, TRACKED_SESSION } kind;
    bool dirty;                  /* Changed since `digest` was taken. */
    uint64_t digest;             /* As counted in the sum; 0 before the first time. */
    struct tracked *prev, *next; /* Among the dirty ones. */
};

/* Groups, by id. */
struct group_set {
    struct group_record **groups;
    unsigned count;
    unsigned size;
};

struct node_record {
    struct node node;
    struct tracked tracked;
    struct timer quarantine;
    struct group_record **groups; /* That it owns, in no order: see node_groups_by_priority(). */
    unsigned group_count;
    unsigned group_size;
    /* Read off the groups, see group_index(). */
    struct group_set preferring; /* With AutoFailbackType 1 that name it as preferred owner. */
    struct group_set drained;    /* Whose `drained_from` it is. */
    bool woken;                  /* Its drain and its failbacks are to be looked at, drain.c. */
    /* account.h. */
    unsigned slot;              /* Its own among the nodes, for as long as it exists. */
    unsigned site_slot;         /* The lowest slot of a node in its site, its own if it has none. */
    unsigned rack_slot;
    struct offer *offers;       /* Its Capacities. */
    unsigned offer_count;
    unsigned arriving;          /* Groups on their way to it. */
    unsigned giving_way;        /* Groups on it that are being pushed out. */
    unsigned by_thousand[PRIORITY_THOUSANDS]; /* Groups that count, by priority / 1000. */
};

/* A circle of groups whose operation is queued, in no order. The cluster's link
 * is its beginning; an unlinked one is all NULL. */
struct queue_link {
    struct queue_link *prev, *next;
};

struct group_record {
    struct group group;
    struct tracked tracked;
    struct queue_link queue;
    uint64_t shown_operation; /* The one that events have told of and that is not over; 0. */
    uint32_t ended_code;      /* Of the one that ended, until that is shown. */
    struct node_record *owner;
    unsigned owner_slot;        /* Its place in owner->groups. */
    struct timer rescue, start, failback;
    struct placement planned; /* Why its operation goes where it goes; `chosen` 0: none. */
    struct cluster *cluster;
    struct class_list apart, together; /* account.h: what its properties name, */
    struct need *needs;
    unsigned need_count;
    struct share share;                /* and where it counts. */
    enum cause touched_cause;   /* Why the group was last touched. */
    bool touched;               /* To be settled before the command ends. */
    struct group_record *next_touched;
    struct group_record *prev, *next; /* In order of creation. */
    char *folded_name;
    UT_hash_handle by_id, by_name;
};

/* What the walk is to do about a resource. Both: stop it, then start it again. */
enum plan { PLAN_NONE = 0, PLAN_START = 1, PLAN_STOP = 2, PLAN_CYCLE = PLAN_START | PLAN_STOP };

struct resource_record {
    struct resource resource;
    struct tracked tracked;
    enum plan plan;
    enum cause plan_cause;
    bool waits; /* A start of it was given up, since a provider was not coming: it is
                 * planned anew when one comes. */
    struct resource_record **dependents; /* In an order that differs between replicas. */
    unsigned dependent_count;
    struct timer restart, retry;
    uint64_t visit;    /* Marks of a walk over dependencies, see depend.c. */
    unsigned depth;
    struct resource_record *prev_refusing, *next_refusing; /* If it has refusals. */
    char *folded_name;
    UT_hash_handle by_id, by_name;
};

/* What a client's last call got, so that a repeated call gets it again. */
struct session {
    uint64_t client;
    uint64_t seq;
    uint64_t used_ms;
    struct reply reply;
    struct tracked tracked;
    struct session *prev, *next; /* Idle longest first. */
    UT_hash_handle by_client;
};

/* A node that was evicted. Kept for good, since its id must never come back; a few
 * bytes for each eviction. */
struct departed {
    uint32_t id;
    bool removed; /* From the raft configuration, too. */
};

/* The events kept. Those of the last command live in `latest`, however many;
 * with the next command the last EVENTS_MAX of all move into `ring`. */
struct event_log {
    struct event *ring; /* Oldest at `first`, wrapping round. */
    unsigned first;
    unsigned count;
    struct event *latest;
    unsigned latest_count;
    unsigned latest_size;
    uint64_t total;               /* Ever recorded. */
    uint64_t digested;            /* How many of `total` are in the digests. */
    uint64_t digests[EVENTS_MAX]; /* Of the event numbered n at n % EVENTS_MAX. */
    uint64_t sum;                 /* Of `digests`. */
};

struct cluster {
    char *name;
    uint64_t index;
    uint64_t now_ms;
    enum command_kind command; /* Being applied. */
    uint64_t forming_until_ms; /* After a cold start; 0: not forming. */
    struct timer forming;
    struct settings settings;
    uint32_t level; /* Functional. */
    uint32_t epoch; /* > 0. */

    struct node_record *nodes[NODES_MAX]; /* By id, ascending. */
    unsigned node_count;
    uint32_t node_id_max;      /* The highest ever: none is given twice. */
    struct departed *departed; /* Evicted nodes, by id, ascending. */
    unsigned departed_count;
    struct group_record *groups; /* In order of creation. */
    struct group_record *groups_by_id, *groups_by_name;
    unsigned group_count;
    struct group_set wishes; /* Groups with a failback planned, see group_index(). */
    struct resource_record *resources_by_id, *resources_by_name;
    unsigned resource_count;
    struct resource_record *refusing; /* Those with refusals, in no order. */
    struct session *sessions; /* Idle longest first. */
    struct session *sessions_by_client;
    unsigned session_count;
    struct event_log events;

    struct fence_device **fence_devices; /* In order of creation. */
    unsigned fence_device_count;
    uint64_t fence_digest; /* Of all of them. */

    struct affinity_class *apart, *together; /* account.h */
    struct quantity *quantities;
    /* The last choice, and the command that it was made by: good for that long. */
    struct candidate candidates[NODES_MAX];
    struct placement decision;
    const struct group_record *decided_for;
    uint64_t decided_at;
    bool room_freed; /* By this command; nothing of it outlasts the command. */
    uint64_t placement_steps; /* Ever taken: what choices cost, for those who count. */

    struct timers timers;
    struct queue_link queue;
    bool queue_woken; /* Never between commands. */
    struct group_record *touched, *touched_last;
    uint64_t visit;

    struct tracked *dirty;
    uint64_t objects_sum, sessions_sum;
};

static inline struct node_record *node_record(const struct node *n)
{
    return (struct node_record *)n;
}

static inline struct group_record *group_record(const struct group *g)
{
    return (struct group_record *)g;
}

static inline struct resource_record *resource_record(const struct resource *r)
{
    return (struct resource_record *)r;
}

/* ------------------------------------------------- record.c: come and go */

/* Insert an object that has its id and name (taken) and nothing else. A group
 * may have no owner yet: NULL. */
struct node_record *node_insert(struct cluster *c, uint32_t id, const char *name);
struct group_record *group_insert(struct cluster *c, uint64_t id, const char *name,
                                  struct node_record *owner);
struct resource_record *resource_insert(struct cluster *c, uint64_t id, const char *name,
                                        struct group_record *g);
void node_rename(struct node_record *n, const char *name);
/* It owns nothing, and no list names it any more. */
void node_remove(struct cluster *c, struct node_record *n);
/* A group must be empty, a resource without dependents. */
void group_remove(struct cluster *c, struct group_record *g);
void resource_remove(struct cluster *c, struct resource_record *r);
void dependency_add(struct resource_record *dependent, struct resource_record *provider);
void dependency_remove(struct resource_record *dependent, struct resource_record *provider);
/* Book `g` as one of `owner`'s; it is on nobody's books or on g->owner's. */
void group_book(struct group_record *g, struct node_record *owner);
/* The groups that `n` owns by Priority, the highest first, and then in order of
 * creation; the caller frees the array. */
struct group_record **node_groups_by_priority(const struct node_record *n, unsigned *ret_count);
void groups_sort_by_priority(struct group_record **groups, unsigned count);

/* Groups are found by what they say of where they may go back to: their preferred
 * owners with AutoFailbackType, `drained_from`, `failback_at_ms`. Take a group out
 * of these sets before any of that is changed, and put it in again after. */
void group_unindex(struct cluster *c, struct group_record *g);
void group_index(struct cluster *c, struct group_record *g);
bool group_set_has(const struct group_set *set, const struct group_record *g);
/* Free all objects and sessions, in one sweep. */
void records_release(struct cluster *c);

/* Without case; the caller frees it. */
char *name_fold(const char *name);

/* Look-ups for the rules, which may change what they find. */
struct node_record *find_node(const struct cluster *c, uint32_t id);
struct node_record *find_node_by_name(const struct cluster *c, const char *name);
struct group_record *find_group(const struct cluster *c, uint64_t id);
struct group_record *find_group_by_name(const struct cluster *c, const char *name);
struct resource_record *find_resource(const struct cluster *c, uint64_t id);
struct resource_record *find_resource_by_name(const struct cluster *c, const char *name);

/* ------------------------------------------------- session.c: exactly once */

struct session *session_find(const struct cluster *c, uint64_t client);
/* Room for one more; false if every session was in use a moment ago. */
bool session_admit(struct cluster *c);
struct session *session_insert(struct cluster *c, uint64_t client);
void session_remove(struct cluster *c, struct session *s);
/* Now the one used last. */
void session_use(struct cluster *c, struct session *s);

/* ------------------------------------------------------- event.c, digest.c */

/* The caller frees the copy; NULL if there are none. */
struct candidate *candidates_copy(const struct candidate *candidates, unsigned count);
/* Record a change; `name`, `text` and `candidates` (may be NULL) are copied. */
void event_record(struct cluster *c, const struct event *e);
/* Make room for the next command's events. */
void events_absorb(struct event_log *log);
void events_release(struct event_log *log);
/* The event numbered `n` of all ever recorded; it must be kept still. */
const struct event *event_numbered(const struct event_log *log, uint64_t n);

/* The object has changed, or is new. */
void digest_touch(struct cluster *c, struct tracked *t);
/* The object goes away. */
void digest_forget(struct cluster *c, struct tracked *t);

/* ---------------------------------------------------- snapshot.c: its parts */

void node_write(const struct node_record *n, struct sink *s);
void group_write(const struct group_record *g, struct sink *s);
void resource_write(const struct resource_record *r, struct sink *s);
void session_write(const struct session *session, struct sink *s);
void event_write(const struct event *e, struct sink *s);
void fence_device_write(const struct fence_device *d, struct sink *s);

/* In a function that tells what is wrong: the first condition that does not hold. */
#define MUST(condition)        \
    do {                       \
        if (!(condition))      \
            return #condition; \
    } while (0)

/* What is wrong between the objects of `c`; NULL: nothing. Total: works on
 * whatever a snapshot may have said. */
const char *cluster_fault(const struct cluster *c);

#endif
