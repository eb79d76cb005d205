/* The rules of the state machine, as its files call each other. Private to
 * groupmgr. What a client sees of each rule is told in docs/semantics.md.
 *
 * A rule never starts or stops a resource itself. It writes plans (this one
 * shall stop, that one start) and touches the group; group_settle() turns plans
 * into states as far as the dependencies allow, again after every report, until
 * nothing is left to do. So order is kept in one place, advance.c. */
#ifndef HOLDFAST_GROUPMGR_RULES_H
#define HOLDFAST_GROUPMGR_RULES_H

#include "groupmgr/records.h"

/* ------------------------------------------------ command handlers
 * Each checks everything, then changes something: a code other than 0,
 * ERROR_IO_PENDING and ERROR_RESOURCE_PROPERTIES_STORED means that nothing has
 * changed. `reply` is for its detail. */

typedef uint32_t command_handler(struct cluster *c, const struct command *cmd, struct reply *reply);

command_handler apply_node_up, apply_node_down, apply_node_leaving, apply_pulse; /* node.c */
command_handler apply_report;                                                    /* report.c */
command_handler apply_group_create, apply_group_delete, apply_group_set;         /* group.c */
command_handler apply_group_online, apply_group_offline, apply_group_move;       /* operation.c */
command_handler apply_resource_create, apply_resource_delete;                    /* resource.c */
command_handler apply_resource_set, apply_resource_fail;                         /* resource.c */
command_handler apply_resource_online, apply_resource_offline;                   /* single.c */
command_handler apply_resource_depend, apply_resource_undepend;                  /* depend.c */
command_handler apply_resource_dependencies;                                     /* depend.c */
command_handler apply_resource_restart;                                          /* single.c */
command_handler apply_resource_maintenance;                                      /* maintenance.c */
command_handler apply_resource_move;                                             /* regroup.c */
command_handler apply_resource_add_owner, apply_resource_remove_owner;           /* owners.c */
command_handler apply_group_cancel;                                              /* cancel.c */
command_handler apply_node_pause, apply_node_resume;                             /* drain.c */
command_handler apply_node_evict, apply_node_set;                                /* evict.c */
command_handler apply_cluster_set;                                               /* cluster.c */

/* Refuse: put what it is about into the reply and return `code`. */
uint32_t refuse(struct reply *reply, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 0, or what is wrong with the instructions of `cmd`. */
uint32_t instructions_check(const struct command *cmd, struct reply *reply);

/* -------------------------------------------- state.c: who writes states */

void node_enter(struct cluster *c, struct node_record *n, enum node_state next, enum cause cause);
void resource_enter(struct cluster *c, struct resource_record *r, enum resource_state next,
                    enum cause cause);
/* As resource_enter() by the owner's word, with what the handler said: `text`
 * (copied) may be NULL. */
void resource_enter_reported(struct cluster *c, struct resource_record *r,
                             enum resource_state next, const char *text);
/* As resource_enter() to Failed, with why: `text` (copied) may be NULL. */
void resource_enter_failed(struct cluster *c, struct resource_record *r, enum cause cause,
                           uint32_t code, const char *text);
/* Something else about the resource changed: an event without a move. */
void resource_note(struct cluster *c, struct resource_record *r, enum cause cause);
void group_note(struct cluster *c, struct group_record *g, enum cause cause, const char *text);
/* The same of a new owner, with the decision that led to it. */
void group_note_owner(struct cluster *c, struct group_record *g, enum cause cause,
                      const char *text);
/* By the command that is being applied. */
struct why why_now(const struct cluster *c, enum cause cause);
/* Let the group show the state that the formula gives; an event if it is new. */
void group_show(struct cluster *c, struct group_record *g);
enum group_state group_formula(const struct group_record *g);
/* The group is to be settled, because of `cause`. */
void group_touch(struct cluster *c, struct group_record *g, enum cause cause);

/* Something of it may run: Online or pending. */
static inline bool resource_runs(const struct resource_record *r)
{
    return r->resource.state != RESOURCE_OFFLINE && r->resource.state != RESOURCE_FAILED;
}

static inline bool resource_is_pending(const struct resource_record *r)
{
    return r->resource.state == RESOURCE_ONLINE_PENDING ||
           r->resource.state == RESOURCE_OFFLINE_PENDING;
}

/* What the administrator wants of it: its own word, else the group's. */
static inline bool resource_is_wanted(const struct resource_record *r)
{
    return r->resource.persistent < 0 ? r->resource.group->persistent_online
                                      : r->resource.persistent == 1;
}

/* ---------------------------------------------------- advance.c: the walk */

void plan_set(struct cluster *c, struct resource_record *r, enum plan plan, enum cause cause);
/* Stop all that runs; forget every start and restart. */
void plan_stop_all(struct cluster *c, struct group_record *g, enum cause cause);
/* Start all that is wanted online and is not; forget every stop. */
void plan_start_wanted(struct cluster *c, struct group_record *g, enum cause cause);
/* What `plan` asks of `r` may happen now. */
bool resource_may_stop(const struct resource_record *r);
bool resource_may_start(const struct resource_record *r);
bool group_has_pending(const struct group_record *g);
bool group_runs(const struct group_record *g);
/* Its operation has something under way, planned, or about to be restarted. */
bool operation_is_busy(const struct group_record *g);
/* Start and stop what may be, end what has ended, go on with what follows, and
 * show the state. Idempotent. */
void group_settle(struct cluster *c, struct group_record *g);

/* ------------------------------------------- transfer.c: owners, operations */

/* Begin an operation instead of the one that runs, if any. */
void operation_begin(struct cluster *c, struct group_record *g, enum operation_kind kind,
                     enum cause cause);
void operation_target(struct cluster *c, struct group_record *g, const struct node_record *target);
/* Keep flags and instructions of `cmd` with the operation. */
void operation_instruct(struct cluster *c, struct group_record *g, const struct command *cmd);
void operation_end(struct cluster *c, struct group_record *g);
/* The operation is still emptying the node that it leaves. */
bool operation_is_leaving(const struct group_record *g);
/* Begin to move what runs to `target`: stop, change owner, start what is wanted. */
void transfer_begin(struct cluster *c, struct group_record *g, enum operation_kind kind,
                    const struct node_record *target, enum cause cause);
/* Nothing runs any more: change the owner and start what is wanted. */
void transfer_arrive(struct cluster *c, struct group_record *g);
/* It owns the group from now on; nothing of it runs. */
void group_give(struct cluster *c, struct group_record *g, struct node_record *owner,
                enum cause cause);
/* As if there had never been one. */
void operation_clear(struct group_record *g);

/* -------------------------------------------- queue.c: operations that wait */

/* The operation, which has just begun, is to wait for `wait`; nothing of it has
 * been planned. It is begun anew when its turn comes. */
void queue_put(struct cluster *c, struct group_record *g, enum cause wait);
/* Something that operations may wait for has changed: room, a lock, a node, an
 * operation that ended. */
void queue_wake(struct cluster *c);
/* Begin what can begin, if queue_wake() was called; at the end of each command. */
void queue_run(struct cluster *c);

/* ------------------------------- rescue.c, start.c: owners gone and come back */

/* The owner's life is over, and with it all that ran there. */
void group_lose_lives(struct cluster *c, struct group_record *g, enum cause cause);
/* Give a group whose owner is down to a live node, if there is one. */
void group_rescue(struct cluster *c, struct group_record *g, enum cause cause);
/* Its owner is up: bring it to what the administrator wants. */
void group_restore(struct cluster *c, struct group_record *g);
/* The owner is leaving: move away as soon as nothing else is under way. Returns
 * true if that has begun. */
bool group_leave(struct cluster *c, struct group_record *g);

/* The cluster, not a client, is to start what is wanted of `g`, whose owner is
 * up: now, later (GroupStartDelay), or not at all (Priority 0). */
void group_start(struct cluster *c, struct group_record *g, enum operation_kind kind,
                 enum cause cause);
void rescue_due(struct cluster *c, struct group_record *g);
void start_due(struct cluster *c, struct group_record *g);

/* ------------------------------------------------------------ failure.c */

/* The life of `r` ended by itself or could not be ended well. */
void resource_fails(struct cluster *c, struct resource_record *r, uint32_t code, const char *text);
void restart_due(struct cluster *c, struct resource_record *r);
void retry_due(struct cluster *c, struct resource_record *r);
void counters_reset(struct cluster *c, struct group_record *g);

/* ---------------------------------------------------------- placement.c */

/* Groups may be given to it. */
bool node_can_host(const struct node_record *n);
/* 0, or why groups may not be given to it. */
uint32_t node_host_code(const struct node_record *n);
/* What is asked of a placement. */
struct question {
    const struct node_record *not_this; /* To get away from; NULL. */
    const struct node_record *target;   /* This one or none; NULL: any. */
    bool next;            /* After a failure: goes on behind the owner in the list of
                           * preferred owners, so that each gets its turn. */
    bool ignore_affinity; /* Anti-affinity excludes nobody. */
};
/* The best node for `g`, NULL if there is none. Each node and why it was not
 * taken is kept until placement_settle(). */
struct node_record *placement_choose(struct cluster *c, struct group_record *g,
                                     const struct question *q);
/* Is there any? Keeps nothing. */
bool placement_exists(const struct cluster *c, const struct group_record *g,
                      const struct question *q);
/* For a group that is about to be created, without preferred owners. */
struct node_record *placement_for_new(const struct cluster *c);
/* The group has got its owner, because of `cause`: what was kept of the choice
 * is now the group's placement. */
void placement_settle(struct cluster *c, struct group_record *g, enum cause cause);

/* ------------------------------------------- capacity.c, preempt.c: room */

/* Keep the account of its owner's room: a group counts where it runs or is
 * wanted online. After each change of owner, need, wish or state. */
void capacity_account(struct cluster *c, struct group_record *g);
/* Take groups of lower priority offline so that `g` can go to some node; false
 * if that would not help. They wait for room in the queue. */
bool preempt_for(struct cluster *c, struct group_record *g);

/* -------------------------------------------------- drain.c, failback.c */

/* A group has come to rest: a drain or failback that waited for it goes on. */
void drain_progress(struct cluster *c, struct group_record *g);
/* `n` can host again: groups that prefer it come back, or plan to. */
void failback_consider(struct cluster *c, struct node_record *n);
void failback_due(struct cluster *c, struct group_record *g);
void quarantine_due(struct cluster *c, struct node_record *n);

/* -------------------------------------------------------------- node.c */

/* The wait of a cold start is over: place what has no live owner. */
void forming_due(struct cluster *c);

/* ------------------------------------------------ expression.c, depend.c */

/* Does what `r` depends on hold, if those providers hold of which `holds` says so? */
bool resource_is_provided(const struct resource_record *r,
                          bool (*holds)(const struct resource_record *));

bool depends_on(struct cluster *c, struct resource_record *r, struct resource_record *provider);
/* Resources in the longest chain of providers from `r` on, itself included;
 * more than DEPENDENCY_DEPTH_MAX is told as one more. No circles. */
unsigned providers_depth(struct cluster *c, struct resource_record *r);

/* ---------------------------------------------------------- property.c */

/* Check all of cmd->properties; 0 or what is wrong, with detail. */
uint32_t commons_check(enum object_kind object, const struct command *cmd, struct reply *reply);
uint32_t resource_properties_check(const struct resource_record *r, const struct command *cmd,
                                   struct reply *reply);
/* Set checked ones. The second returns true if something changed that the
 * resource's handler learns with its next online. */
void commons_set(enum object_kind object, void *of, const struct command *cmd);
bool resource_properties_set(struct resource_record *r, const struct command *cmd);
void property_release(struct property *p);

#endif
