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
command_handler apply_fence_create, apply_fence_delete, apply_fence_level;        /* fence_device.c */
command_handler apply_fence_node, apply_fence_confirm;                           /* fencing.c */
command_handler apply_fence_attempt, apply_fence_result;                         /* fencing.c */
/* NODE_UP and NODE_JOIN: does the node know the level? And note what it knows. */
uint32_t level_check_node(const struct cluster *c, const struct command *cmd, struct reply *reply);
void level_note(struct node_record *n, const struct command *cmd);
command_handler apply_cluster_level;                                             /* level.c */
/* The level is `level` from now on: founded with it, or raised to it. */
void level_enter(struct cluster *c, uint32_t level);
command_handler apply_cluster_set;                                               /* cluster.c */

/* Refuse: put what it is about into the reply and return `code`. */
uint32_t refuse(struct reply *reply, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 0, or what is wrong with the instructions of `cmd`. */
uint32_t instructions_check(const struct command *cmd, struct reply *reply);

/* -------------------------------------------- state.c: who writes states */

/* lapse.c: its lease has run out, by the leader's word; and what it says itself. */
bool cause_is_lapse(enum cause cause);
void lapse_begin(struct cluster *c, struct node_record *n, const struct command *cmd);
void lapse_tell(struct cluster *c, struct node_record *n, const struct command *cmd);

void node_enter(struct cluster *c, struct node_record *n, enum node_state next, enum cause cause);
/* Something about `n` has changed, or is worth telling, while its state stays: an event
 * of `cause`. `text` is copied and may be NULL. */
void node_note(struct cluster *c, struct node_record *n, enum cause cause, const char *text);
void resource_enter(struct cluster *c, struct resource_record *r, enum resource_state next,
                    enum cause cause);
/* As resource_enter() by the owner's word, with what the handler said: `text`
 * (copied) may be NULL. */
void resource_enter_reported(struct cluster *c, struct resource_record *r,
                             enum resource_state next, const char *text);
/* As resource_enter() to Failed, with why: `text` (copied) may be NULL. */
void resource_enter_failed(struct cluster *c, struct resource_record *r, enum cause cause,
                           uint32_t code, const char *text);
void resource_note(struct cluster *c, struct resource_record *r, enum cause cause);
void group_note(struct cluster *c, struct group_record *g, enum cause cause, const char *text);
/* The same of an operation of its. */
void group_note_operation(struct cluster *c, struct group_record *g, const struct operation *op,
                          enum cause cause, uint32_t code);
/* The same of a new owner, with the decision that led to it. */
void group_note_owner(struct cluster *c, struct group_record *g, enum cause cause,
                      const char *text);
/* The same of there being no node for it (`nowhere`), with the reason of each. */
void group_note_nowhere(struct cluster *c, struct group_record *g);
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
/* A start of it is planned although its providers are not coming; it waits
 * although they are. The walk leaves neither behind. */
bool start_is_vain(const struct resource_record *r);
bool wait_is_over(const struct resource_record *r);
/* What runs over `p` may go on: it is Online and to stay so, or in maintenance,
 * which is nobody else's business. */
bool resource_holds_up(const struct resource_record *p);
bool group_has_pending(const struct group_record *g);
bool group_runs(const struct group_record *g);
/* Its operation has something under way, planned, or about to be restarted. */
bool operation_is_busy(const struct group_record *g);
/* Start and stop what may be, end what has ended, go on with what follows, and
 * show the state. Idempotent. */
void group_settle(struct cluster *c, struct group_record *g);

/* ------------------------------------------- transfer.c: owners, operations */

/* Begin an operation instead of the one that runs, if any. One that is queued
 * waits for its end. */
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
/* `n` may be given the group: as any node may, or, paused, as the one that it was
 * drained from and comes back to. */
bool transfer_may_take(const struct group_record *g, const struct node_record *n);
/* What runs at the target failed, and its move is to come back on error: true
 * if it is on its way back now. Before anything else is done about a failure. */
bool transfer_return(struct cluster *c, struct group_record *g);
/* As if there had never been one. */
void operation_clear(struct group_record *g);
/* It is over without having been done, and so is one that waits behind it. */
void operation_drop(struct cluster *c, struct group_record *g, enum cause cause, uint32_t code);
/* It asks for anti-affinity to be ignored. */
bool operation_ignores_affinity(const struct operation *op);
/* 0, or ERROR_IO_PENDING while an operation runs: what a call answers. */
uint32_t operation_outcome(struct cluster *c, struct group_record *g);

/* ------------------------------- target.c: where an operation is to take it */

/* What keeps calls from `g`: ERROR_INVALID_STATE with detail, or 0. */
uint32_t group_idle_check(const struct group_record *g, struct reply *reply);
/* Every resource of `g` may be owned by `n`. */
bool group_possible_on(const struct group_record *g, const struct node_record *n);
/* The first locked resource, NULL if there is none. */
const struct resource *group_locked(const struct group_record *g);
/* May `g` be brought to `n`, which a client named? */
uint32_t target_check(struct cluster *c, struct group_record *g, struct node_record *n,
                      enum operation_kind kind, bool ignore_affinity, struct reply *reply);
/* The node that a move without a target goes to. */
uint32_t target_elsewhere(struct cluster *c, struct group_record *g, bool ignore_affinity,
                          struct reply *reply, struct node_record **ret);
/* The node that an online without a target goes to: the owner if it can, unless
 * placement is to choose. */
uint32_t target_for_online(struct cluster *c, struct group_record *g, bool choose,
                           bool ignore_affinity, struct reply *reply, struct node_record **ret);

/* ------------------------------------------------ owners.c: possible owners */

/* cmd->names as possible owners of `r`; 0 or what is wrong, with detail. */
uint32_t owners_check(const struct cluster *c, const struct resource_record *r,
                      const struct command *cmd, struct reply *reply);
/* Set checked ones. */
void owners_set(struct cluster *c, struct resource_record *r, const struct command *cmd);

/* -------------------- words.c: what the administrator wants, before and after */

/* `r` shall have this word (-1: none); what it had is kept until the call is over. */
void word_set(struct cluster *c, struct resource_record *r, int persistent);
/* The group's word; those of its resources are dropped. */
void words_set(struct cluster *c, struct group_record *g, bool online);
/* The operation `op` of a client is cancelled: what it wrote is taken back. */
void words_restore(struct cluster *c, struct group_record *g, const struct operation *op);
/* The call is over: what was kept is forgotten. */
void words_settle(struct cluster *c, struct group_record *g);

/* -------------------------------------------- queue.c: operations that wait */

/* The operation, which has just begun, is to wait for `wait`; nothing of it has
 * been planned. It is begun anew when its turn comes. */
void queue_put(struct cluster *c, struct group_record *g, enum cause wait);
/* Something that operations may wait for has changed: room, a lock, a node, an
 * operation that ended. */
void queue_wake(struct cluster *c);
/* Begin what can begin, if queue_wake() was called; at the end of each command. */
void queue_run(struct cluster *c);
/* Something about `g` itself has changed: try to begin its queued operation.
 * Returns true if it has begun, or is over. */
bool queue_go_on(struct cluster *c, struct group_record *g);
bool queue_try(struct cluster *c, struct group_record *g);
/* The operation in `next`, which is filled in, waits for the one that runs; */
void queue_put_next(struct cluster *c, struct group_record *g);
/* which has ended: it is the group's own now. */
void queue_promote(struct cluster *c, struct group_record *g);
/* A queued one makes way for one that is about to begin: it becomes the next. */
void queue_set_aside(struct group_record *g);
/* Into the circle and out of it, without a word. */
void queue_link(struct cluster *c, struct group_record *g);
void queue_unlink(struct group_record *g);
struct group_record *queue_group(struct queue_link *link);

/* ------------------------------- rescue.c, start.c: owners gone and come back */

/* The owner's life is over, and with it all that ran there. */
void group_lose_lives(struct cluster *c, struct group_record *g, enum cause cause);
/* The same, for good: another node takes the group, at once or after its
 * ResiliencyPeriod. */
void group_lose_owner(struct cluster *c, struct group_record *g, enum cause cause);
/* Nothing of it runs and its owner cannot host: give it to a node that can and
 * start it there; if there is none, to a paused one, where it waits. */
void group_rescue(struct cluster *c, struct group_record *g, enum cause cause);
/* Its owner is up: bring it to what the administrator wants. */
void group_restore(struct cluster *c, struct group_record *g);
/* It waits on a node that is up for one that can host it. */
bool group_is_parked(const struct group_record *g);
/* Try again to place all whose owner is down, and all that are parked: a node, room
 * or a possible owner has come. Costs what there is of them. */
void rescue_stranded(struct cluster *c);

/* The cluster, not a client, is to start what is wanted of `g`, whose owner is
 * up: now, later (GroupStartDelay), or not at all (Priority 0). */
void group_start(struct cluster *c, struct group_record *g, enum operation_kind kind,
                 enum cause cause);
/* The cluster is about to start something of `g` on its owner: if it does not count
 * there already, is there room? Then it is taken. False: it waits in the queue, and
 * is started when its turn comes. */
bool start_admit(struct cluster *c, struct group_record *g, enum cause cause);
/* All nodes were down, and the first is up again: who is not to be started by that? */
void starts_hold(struct cluster *c);
/* A client asks for it, or it runs: from now on it is started like any other. */
void start_release(struct cluster *c, struct group_record *g);
/* The cluster would start what is wanted of it. */
bool group_is_to_start(const struct group_record *g);
/* Something of it is wanted and not online. */
bool group_is_wanting(const struct group_record *g);
void rescue_due(struct cluster *c, struct group_record *g);
void start_due(struct cluster *c, struct group_record *g);

/* ------------------------------------------------------------ failure.c */

/* The life of `r` ended by itself or could not be ended well. `cause` says how:
 * CAUSE_FAILED, CAUSE_CANNOT_ONLINE_HERE or CAUSE_CANNOT_ONLINE_ANYWHERE. */
void resource_fails(struct cluster *c, struct resource_record *r, enum cause cause, uint32_t code,
                    const char *text);
/* For the end of its maintenance, which it is not in any more, and which must not
 * end while `r` is pending: if it is Failed, what runs over it is to stop, and
 * unless something is planned already, what is to be done about it is done now. */
void resource_recover(struct cluster *c, struct resource_record *r);
void restart_due(struct cluster *c, struct resource_record *r);
void retry_due(struct cluster *c, struct resource_record *r);
/* Of `g` and all its resources, refusals too. */
void counters_reset(struct cluster *c, struct group_record *g);

/* ------------------------------------------- refusal.c: not on that node */

/* Its handler cannot bring `r` online on `node`. */
void refusal_add(struct cluster *c, struct resource_record *r, uint32_t node);
/* Something has changed about `r`: each node may be tried again. */
void refusals_clear(struct cluster *c, struct resource_record *r);
/* `n` comes up anew, or is evicted. Costs what refuses anything. */
void refusals_forget(struct cluster *c, const struct node_record *n);
/* `r`, which has refusals (or none any more), goes on or off the list of those. */
void refusing_add(struct cluster *c, struct resource_record *r);
void refusing_remove(struct cluster *c, struct resource_record *r);

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
    bool ignore_refusals; /* What could not come online there is to be tried again. */
    bool back;            /* It was drained from the target and comes back: paused is no matter. */
    const struct why *why; /* What has led to this; NULL: the present command. */
};
/* The best node for `g`, NULL if there is none. Each node and why it was not
 * taken is known until the command ends: to operation_target(), which lets the
 * operation carry it along, and to placement_settle(). By itself it changes
 * nothing, so that a call may still be refused. */
struct node_record *placement_choose(struct cluster *c, struct group_record *g,
                                     const struct question *q);
/* Is there any? Keeps nothing. */
bool placement_exists(const struct cluster *c, const struct group_record *g,
                      const struct question *q);
/* Where `g`, of which nothing runs, can be started now: its owner if that will
 * do, else as placement_choose(); NULL: nowhere. */
struct node_record *placement_for_start(struct cluster *c, struct group_record *g);
/* 0, or why a client may not send `g` to `n`: paused 70, quarantined 5985, down
 * or leaving 5005, no possible owner or refused by a handler 5015, enforced
 * anti-affinity 5071, no room 5957. */
uint32_t placement_target_code(struct cluster *c, struct group_record *g,
                               const struct node_record *n, const struct question *q);
/* The operation goes to `target`: the choice goes with it. */
void placement_plan(struct cluster *c, struct group_record *g, const struct node_record *target);
/* Nothing came of it. */
void placement_forget(struct cluster *c, struct group_record *g);
/* The last choice found no node to take `g` from its owner: keep why, for whoever
 * asks, and tell it the first time. */
void placement_nowhere(struct cluster *c, struct group_record *g);
/* It needs no other node any more. */
void placement_found(struct cluster *c, struct group_record *g);
/* The group has got its owner, because of `cause`: what was kept of the choice
 * is now the group's placement. */
void placement_settle(struct cluster *c, struct group_record *g, enum cause cause);

/* --------------------------------- account.c, capacity.c, preempt.c: room */

/* Keep the account of where `g` counts (account.h). After each change of owner,
 * target, wish or state: group_book(), operation_target() and the end of each
 * group_settle() do it. */
void capacity_account(struct cluster *c, struct group_record *g);
/* Room, or one to keep away from, has gone: whoever waits for that looks again
 * before the command ends, in the queue or with an owner that is down. */
void room_freed(struct cluster *c);
/* `g` asks less of a node than before, or something else: a possible owner more, a
 * resource less, other needs. If it waits, or its owner cannot host it, the same. */
void room_ask(struct cluster *c, const struct group_record *g);
/* Before something of a group that does not run is started on its owner: is
 * there room? Then it is taken, and the caller starts it in this command. False:
 * it has to wait; the caller does queue_put(c, g, CAUSE_WAITS_FOR_CAPACITY), and
 * groups of lower priority make room if that helps. When its turn comes it is
 * started where placement_for_start() says, or if that is nowhere asks again. */
bool room_for_start(struct cluster *c, struct group_record *g);
/* Take groups of lower priority offline so that `g` can go to some node; false
 * if that would not help. They wait for room in the queue. */
bool preempt_for(struct cluster *c, struct group_record *g);
/* A group that was pushed out is down: it waits for room from now on. True if
 * that has begun. */
bool preempted_wait(struct cluster *c, struct group_record *g);
/* It is no longer pushed out once it is back, or a client has decided otherwise. */
void preempted_update(struct cluster *c, struct group_record *g);

/* -------------------------------------------------- drain.c, failback.c */

/* The group was settled: a drain or failback that waited for it goes on. */
void drain_progress(struct cluster *c, struct group_record *g);
/* Begin to move all groups away from `n`, which is paused or leaving. */
void drain_begin(struct cluster *c, struct node_record *n, uint32_t flags,
                 const struct node_record *target);
/* The node is up no longer, or may keep its groups after all. */
void drain_end(struct cluster *c, struct node_record *n);
/* Look at the drain of `n` and at what is to come back to it, before the command ends. */
void drain_wake(struct node_record *n);
/* A node, a lock or room has changed: drains that failed and are to be tried again,
 * and what is to come back to where it was drained from. */
void drains_retry(struct cluster *c);
/* Do that; true if there was anything to do. */
bool drains_run(struct cluster *c);
/* A drain that is in progress has something to wait for. */
bool drain_is_moving(const struct cluster *c, const struct node_record *n);
/* Nothing of it runs and nothing has failed: it has only an owner to change. */
bool group_is_idle(const struct group_record *g);
bool group_is_locked(const struct group_record *g);
/* Nothing of it is under way. */
bool group_rests(const struct group_record *g);
/* Take a group that rests to `host`, the choice that placement_choose() made last.
 * True if that takes its time. */
bool group_relocate(struct cluster *c, struct group_record *g, struct node_record *host,
                    enum cause cause);
/* It has left `n` (0: none) by a drain and may come back. */
void group_drained_from(struct cluster *c, struct group_record *g, uint32_t n);
/* Nothing is to come back to `n`. */
void drained_forget(struct cluster *c, struct node_record *n);

/* `n` can host again: groups that prefer it come back, or plan to. */
void failback_consider(struct cluster *c, struct node_record *n);
void failback_due(struct cluster *c, struct group_record *g);
/* Its preferred owners, AutoFailbackType or window have changed. */
void failback_replan(struct cluster *c, struct group_record *g);
/* What was planned for `g` goes on, or is given up, now that it was settled. */
void failback_progress(struct cluster *c, struct group_record *g);
/* Bring back to `n` what is to come now, as many at once as may be. */
void failback_run(struct cluster *c, struct node_record *n);
/* `n` was resumed: which of the groups that were drained from it, or prefer it,
 * come back now. */
void failback_resume(struct cluster *c, struct node_record *n, enum node_resume_type type);

/* --------------------------------------------- ending.c: TerminateBudget */

command_handler apply_node_ended;
/* The owner of `g` has died, and what ran there may be ended for longer than its
 * lease: then the group waits. Before its lives are taken from it. */
void ending_begin(struct cluster *c, struct group_record *g);
/* Nothing of the former life of `n` runs any more. */
void endings_forget(struct cluster *c, struct node_record *n);
/* A dead node's own word that nothing of it runs any more: done, if groups of it
 * wait for that. */
bool ending_is_over(struct cluster *c, struct node_record *n, const struct command *cmd);
/* Its owner is down and may still run something of it: no node may have it. */
bool group_is_held(const struct group_record *g);

/* ----------------------------------------------------- quarantine.c */

/* `n` went without a word: count it. */
void quarantine_count(struct cluster *c, struct node_record *n);
/* `n` comes up: in quarantine, if it left too often and others can host. */
void quarantine_consider(struct cluster *c, struct node_record *n);
/* Nobody can host any more: end all quarantines. */
void quarantine_review(struct cluster *c);
/* It may host from now on, if nothing else is against it; nothing happens yet. */
void quarantine_end(struct cluster *c, struct node_record *n);
void quarantine_due(struct cluster *c, struct node_record *n);

/* ---------------------------------------------- fence_device.c, fencing.c */

struct fence_device *fence_device_insert(struct cluster *c, const char *name);
void fence_value_add(struct fence_device *d, const char *name, const char *value);
void fence_devices_release(struct cluster *c);
/* To be called after each change of them. */
void fence_devices_digest(struct cluster *c);
void fence_levels_store(struct strings *levels, const char *text, size_t len);
/* What is wrong with the devices, or with what nodes say of them; NULL: nothing. */
const char *fence_devices_fault(const struct cluster *c);
const char *fencing_fault(const struct cluster *c, const struct node_record *n);

static inline bool node_is_fenced_now(const struct node_record *n)
{
    return n->node.fencing.state == FENCING_UNDER_WAY;
}

/* `n` is about to be down: have it fenced, if there is reason to and a way. */
void fencing_on_death(struct cluster *c, struct node_record *n, enum cause cause);
/* Its next life begins: what was done to the last one says nothing any more. */
void fencing_forget(struct node_record *n);

/* -------------------------------------------------------------- node.c */

/* `n`, which is up, is down from now on, and its groups have lost it. */
void node_die(struct cluster *c, struct node_record *n, enum cause cause);
/* Do something to each group that `n` owns, the highest priority first. It may take
 * groups away from `n`. */
void node_for_groups(struct cluster *c, struct node_record *n,
                     void (*act)(struct cluster *, struct group_record *, enum cause),
                     enum cause cause);
/* `n` takes no more groups, for a while: nothing comes back to it by itself. */
void node_shun(struct cluster *c, struct node_record *n);

static inline bool node_is_up(const struct node_record *n)
{
    return n->node.state == NODE_UP || n->node.state == NODE_PAUSED;
}

/* ------------------------------------------------------------ behind.c */

/* `n`, which is up, asks for a renewal, with enum renewal_flags: note what they say
 * of its log, with all that follows from it. May its lease be renewed? */
bool behind_admits(struct cluster *c, struct node_record *n, uint32_t flags);
/* Its life is over. */
void behind_forget(struct node_record *n);

/* ------------------------------------------------------ evict.c, recover.c */

/* From here on nothing is placed on `n`. */
void node_retire(struct cluster *c, struct node_record *n, enum cause cause);
/* `n`, which was retired and whose groups wait for no fencing, is a member no longer.
 * What it owns goes to `last`, which is down; if that is NULL, to others as after its
 * death, and what none can take, to one that may own it at least. Frees `n`. */
void node_part(struct cluster *c, struct node_record *n, struct node_record *last,
               enum cause cause);
/* Members have gone: the wait of a cold start, or a quarantine, may be over. */
void members_reviewed(struct cluster *c);
uint32_t apply_cluster_recover(struct cluster *c, const struct command *cmd, struct reply *reply);

/* -------------------------------------------------------- membership.c */

uint32_t apply_node_join(struct cluster *c, const struct command *cmd, struct reply *reply);
uint32_t apply_node_removed(struct cluster *c, const struct command *cmd, struct reply *reply);
/* NULL: it was never evicted. */
struct departed *departed_find(const struct cluster *c, uint32_t id);
void departed_add(struct cluster *c, uint32_t id, bool removed);
/* The id is taken from now on. */
void node_id_note(struct cluster *c, uint32_t id);

/* Nodes that may own groups: all but witnesses. */
unsigned hosts_count(const struct cluster *c);
/* The wait of a cold start is over: place what has no live owner. */
void forming_due(struct cluster *c);
/* A node came, went or was evicted: the wait of a cold start may be over. */
void forming_update(struct cluster *c, bool cold_start);
/* `n` can host again, after a pause or a quarantine: what waited for a node goes on. */
void node_hosts(struct cluster *c, struct node_record *n, enum cause cause);

/* ------------------------------------------------ expression.c, depend.c */

/* Does what `r` depends on hold, if those providers hold of which `holds` says so? */
bool resource_is_provided(const struct resource_record *r,
                          bool (*holds)(const struct resource_record *));

/* What is wrong with the expression of `r` as such; NULL: nothing. */
const char *resource_expression_fault(const struct resource_record *r);
/* The marks of both: visit == c->visit, after c->visit++ by the caller. */
/* `r` and all that runs over it and would lose what it depends on if `r` went,
 * what would be lost by that, and so on. */
void mark_lost_dependents(struct cluster *c, struct resource_record *r);
/* `r` and what must be online for it: of alternatives the first that is Online,
 * else the first. */
void mark_needed_providers(struct cluster *c, struct resource_record *r);

/* ---------------------------------------------------------- property.c */

/* Check all of cmd->properties; 0 or what is wrong, with detail. */
uint32_t commons_check(const struct cluster *c, enum object_kind object, const struct command *cmd,
                       struct reply *reply);
uint32_t resource_properties_check(const struct cluster *c, const struct resource_record *r,
                                   const struct command *cmd, struct reply *reply);
/* Set checked ones. The second returns true if something changed that the
 * resource's handler learns with its next online. */
void commons_set(const struct cluster *c, enum object_kind object, void *of,
                 const struct command *cmd);
bool resource_properties_set(const struct cluster *c, struct resource_record *r,
                             const struct command *cmd);
/* Private ones that bear the name of a common one of `level` are private no more: they become
 * that one if their value will do, else they go. True if there were any. */
bool resource_private_adopt(struct resource_record *r, uint32_t level);
void property_release(struct property *p);

#endif
