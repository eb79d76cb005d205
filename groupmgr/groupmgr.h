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

#include "groupmgr/command.h"
#include "groupmgr/objects.h"

/* The functional levels that this build knows; see level.c. 1: what was there before there
 * were levels. 2: TerminateBudget, SelfFencing, and what renewals say of a node's log
 * (RENEWAL_FLAGS_LEVEL). Whatever is added to commands, properties or
 * the state after a release gets a new level. */
enum { LEVEL_MIN = 1, LEVEL_MAX = 2 };

/* Common properties, which have a meaning here, are set by name and are members
 * of their object. `position` counts from 0; NULL beyond the last. */
struct common_property {
    const char *name;
    enum property_type type;
    uint32_t min, max, preset; /* DWORD. */
    bool or_minus_one;         /* DWORD: 0xFFFFFFFF too, which may be written "-1". */
    bool is_signed;            /* DWORD: two's complement, -max to max. */
};
const struct common_property *common_property(enum object_kind object, unsigned position);
/* Its present value: `ret` borrows from the object. False if there is none of that name. */
bool common_property_value(enum object_kind object, const void *of, const char *name,
                           struct property *ret);
/* Is `name` a common property of resources (RestartAction, ...), as against a
 * private one of their type? */
bool property_is_common(const char *name);

/* What a client is to see: as `state`, but a resource that waits for its turn
 * (its dependents stop first, its providers start first) reads pending. So a
 * caller that polls after ERROR_IO_PENDING never takes the old state for the end. */
enum resource_state resource_visible_state(const struct resource *r);

uint32_t node_status(const struct cluster *c, const struct node *n); /* enum node_status bits. */
uint32_t group_status(const struct group *g);                        /* enum group_status bits. */
uint32_t resource_status(const struct resource *r);
/* May `node` own `r`, as far as its possible owners say? */
bool resource_possible_on(const struct resource *r, uint32_t node);
/* The operation runs: it is there and not queued. */
bool operation_runs(const struct operation *op);
/* What `r` depends on as text, "([a] and [b]) or [c]", appended to `text`. */
struct bytes;
void resource_expression_text(const struct resource *r, struct bytes *text);

/* ----------------------------------------------------------------- results */

struct reply {
    /* 0, ERROR_IO_PENDING, ERROR_CLUSTER_GROUP_QUEUED (accepted, and waits),
     * ERROR_RESOURCE_PROPERTIES_STORED (done, and in force from the next online
     * on), or why it was refused: then nothing changed. */
    uint32_t code;
    uint64_t index;    /* Of the command: the id of the operation it began. */
    char detail[256];  /* What the refusal is about, e.g. the locked resource; "" if clear. */
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
/* The functional level in force; and the highest that all members' builds know. */
uint32_t cluster_level(const struct cluster *c);
uint32_t cluster_level_possible(const struct cluster *c);
/* To be asked before a client's command is proposed: 0, or that it is, or sets, what is of a
 * later functional level. An older state may say no where a newer one would not. */
uint32_t cluster_level_check(const struct cluster *c, const struct command *cmd,
                             struct reply *ret);
/* 1 at first; one more each time that a majority was lost for good and the cluster went on
 * without it: nodes of an older epoch are not of this cluster. */
uint32_t cluster_epoch(const struct cluster *c);
const struct settings *cluster_settings(const struct cluster *c);

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

/* Fence devices by name without case, and in order of creation (NULL to start). */
const struct fence_device *cluster_fence_device(const struct cluster *c, const char *name);
const struct fence_device *cluster_next_fence_device(const struct cluster *c,
                                                     const struct fence_device *after);
/* Do the groups of `n`, which is down, wait until it is known to be off? */
bool node_awaits_fencing(const struct cluster *c, const struct node *n);

/* The least time after the death of `n`, in ms by its own clock, after which a group of it
 * waits no longer for the end of what `n` ran (COMMAND_NODE_ENDED); 0: none waits. */
uint32_t node_next_ending_ms(const struct cluster *c, const struct node *n);

/* Was the node `id` evicted? `ret_removed` (NULL is fine): it is in the raft configuration
 * no more, as the leader has said, and never will be again: ids are not given twice. */
bool cluster_departed(const struct cluster *c, uint32_t id, bool *ret_removed);
/* The evicted nodes that are still to be removed from the raft configuration, by id;
 * start with 0, ends with 0. */
uint32_t cluster_next_departing(const struct cluster *c, uint32_t after);

/* A call of that client with that number, or a later one, was applied here. */
bool cluster_knows_call(const struct cluster *c, uint64_t client, uint64_t seq);

/* Digest of the whole state: equal on replicas that applied the same commands.
 * Incremental: costs what was touched since the last call. */
uint64_t cluster_digest(struct cluster *c);
/* The same without sessions, events, index, clock and lease renewals: what a refused command
 * and a repeated one leave as it was. */
uint64_t cluster_objects_digest(struct cluster *c);

/* The whole state as a map with a version; cluster_read() of it gives an equal
 * cluster (same digest, same bytes when written again). */
void cluster_write(const struct cluster *c, struct sink *s);
/* Returns 0 or ERROR_INVALID_DATA, or ERROR_CLUSTER_INCOMPATIBLE_VERSIONS if it is of a
 * functional level that this build does not know (*ret untouched). */
uint32_t cluster_read(const struct value *v, struct cluster **ret);

/* Assert everything that must hold between objects. For tests and debug builds. */
void cluster_check(const struct cluster *c);

#endif
