/* The one place that writes the states of nodes, groups and resources. Each
 * move is checked against the table of legal ones and leaves an event. */
#include <stdlib.h>

#include "groupmgr/rules.h"

struct why why_now(const struct cluster *c, enum cause cause)
{
    assert(cause < CAUSE_COUNT);
    return (struct why){
        .index = c->index, .stamp_ms = c->now_ms, .command = c->command, .cause = cause};
}

/* ------------------------------------------------------------------ nodes */

void node_enter(struct cluster *c, struct node_record *n, enum node_state next, enum cause cause)
{
    struct event e = {.object = OBJECT_NODE,
                      .id = n->node.id,
                      .name = n->node.name,
                      .node = n->node.id,
                      .from = n->node.state,
                      .to = next,
                      .cause = cause};

    assert(next != NODE_JOINING && cause != CAUSE_NONE);
    if (n->node.state != next)
        n->node.since_ms = c->now_ms;
    n->node.state = next;
    n->node.why = why_now(c, cause);
    if (next == NODE_DOWN)
        behind_forget(n);
    digest_touch(c, &n->tracked);
    event_record(c, &e);
    if (next == NODE_UP) /* It may be the one that an operation waits for. */
        queue_wake(c);
}

void node_note(struct cluster *c, struct node_record *n, enum cause cause, const char *text)
{
    struct event e = {.object = OBJECT_NODE,
                      .id = n->node.id,
                      .name = n->node.name,
                      .node = n->node.id,
                      .from = n->node.state,
                      .to = n->node.state,
                      .cause = cause,
                      .text = (char *)(uintptr_t)text};

    assert(cause != CAUSE_NONE);
    digest_touch(c, &n->tracked);
    event_record(c, &e);
}

/* -------------------------------------------------------------- resources */

/* 0x81 and 0x82 are pending: fold the numbers of the states into 1 to 10. */
#define SLOT(state) (((unsigned)(state)&7u) | ((unsigned)(state) >> 4))
#define TO(state) (1u << SLOT(RESOURCE_##state))

static const unsigned resource_next[] = {
    [SLOT(RESOURCE_INITIALIZING)] = 0, /* Internal to a handler; never entered here. */
    [SLOT(RESOURCE_OFFLINE)] = TO(ONLINE_PENDING),
    [SLOT(RESOURCE_ONLINE_PENDING)] = TO(ONLINE) | TO(OFFLINE_PENDING) | TO(FAILED),
    [SLOT(RESOURCE_ONLINE)] = TO(OFFLINE_PENDING) | TO(FAILED),
    [SLOT(RESOURCE_OFFLINE_PENDING)] = TO(OFFLINE) | TO(FAILED),
    [SLOT(RESOURCE_FAILED)] = TO(ONLINE_PENDING) | TO(OFFLINE),
};
#undef TO

/* A node takes all that runs on it along when it goes: then, and only then, a
 * resource is Offline without having been told to stop. */
static bool ends_lives(enum cause cause)
{
    return cause == CAUSE_NODE_LEASE_EXPIRED || cause == CAUSE_NODE_STOPPED ||
           cause == CAUSE_NODE_RESTARTED || cause == CAUSE_FENCED ||
           cause == CAUSE_FENCING_CONFIRMED || cause == CAUSE_RECOVERED;
}

static bool resource_may_enter(const struct resource_record *r, enum resource_state next,
                               enum cause cause)
{
    if (next == RESOURCE_OFFLINE && ends_lives(cause))
        return r->resource.state != RESOURCE_OFFLINE;
    return (resource_next[SLOT(r->resource.state)] & (1u << SLOT(next))) != 0;
}

static void resource_event(struct cluster *c, const struct resource_record *r,
                           enum resource_state from, enum cause cause)
{
    const struct resource *res = &r->resource;
    struct event e = {.object = OBJECT_RESOURCE,
                      .id = res->id,
                      .name = res->name,
                      .node = res->group->owner,
                      .from = from,
                      .to = res->state,
                      .cause = cause};

    assert(res->group->owner != 0);
    if (!resource_is_pending(r)) { /* What ended the last pending state, or the life. */
        e.code = res->status_code;
        e.text = res->status_text;
    }
    event_record(c, &e);
}

/* Maintenance lasts while an operator works on what runs, and survives what he
 * stops by hand; it does not outlast the resource's being taken offline. */
static void maintenance_follow(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.group != NULL);
    if (!r->resource.maintenance || r->resource.state == RESOURCE_ONLINE ||
        r->resource.state == RESOURCE_ONLINE_PENDING || r->resource.state == RESOURCE_FAILED)
        return;
    r->resource.maintenance = false;
    resource_note(c, r, CAUSE_MAINTENANCE_ENDED);
}

static void resource_move(struct cluster *c, struct resource_record *r, enum resource_state next,
                          enum cause cause, uint32_t code, const char *text)
{
    struct resource *res = &r->resource;
    enum resource_state from = res->state;

    assert(resource_may_enter(r, next, cause));
    res->state = next;
    res->why = why_now(c, cause);
    res->since_ms = c->now_ms;
    if (resource_is_pending(r))
        res->operation = c->index;
    if (next == RESOURCE_ONLINE_PENDING) {
        res->budget_ms = res->terminate_budget_ms;
        res->fenced_by_self = res->self_fencing != 0;
    }
    /* What its handler or an operator said of this life ends with it. */
    if (next != RESOURCE_ONLINE)
        res->locked = res->fail_requested = res->embedded_failure = false;
    if (!resource_runs(r))
        res->terminate = false;
    /* A plan is done once its state is reached. */
    if (!resource_runs(r))
        r->plan &= ~(unsigned)PLAN_STOP;
    else if (next == RESOURCE_ONLINE && r->plan == PLAN_START)
        r->plan = PLAN_NONE;
    if (!resource_is_pending(r)) {
        free(res->status_text);
        res->status_text = xstrdup(text);
        res->status_code = code;
    }
    if (resource_runs(r)) /* Somebody has started it. */
        start_release(c, group_record(res->group));
    digest_touch(c, &r->tracked);
    resource_event(c, r, from, cause);
    maintenance_follow(c, r);
    group_touch(c, group_record(res->group), cause);
}

void resource_enter(struct cluster *c, struct resource_record *r, enum resource_state next,
                    enum cause cause)
{
    assert(next != RESOURCE_FAILED);
    resource_move(c, r, next, cause, 0, NULL);
}

void resource_enter_reported(struct cluster *c, struct resource_record *r, enum resource_state next,
                             const char *text)
{
    assert(next == RESOURCE_ONLINE || next == RESOURCE_OFFLINE);
    resource_move(c, r, next, CAUSE_REPORTED, 0, text);
}

void resource_enter_failed(struct cluster *c, struct resource_record *r, enum cause cause,
                           uint32_t code, const char *text)
{
    assert(cause != CAUSE_NONE);
    resource_move(c, r, RESOURCE_FAILED, cause, code, text);
}

void resource_note(struct cluster *c, struct resource_record *r, enum cause cause)
{
    assert(cause != CAUSE_NONE);
    digest_touch(c, &r->tracked);
    resource_event(c, r, r->resource.state, cause);
}

enum resource_state resource_visible_state(const struct resource *r)
{
    enum plan plan = resource_record(r)->plan;

    assert((unsigned)plan <= PLAN_CYCLE);
    if (r->state == RESOURCE_ONLINE && (plan & PLAN_STOP) != 0)
        return RESOURCE_OFFLINE_PENDING;
    if (r->state == RESOURCE_OFFLINE && (plan & PLAN_START) != 0)
        return RESOURCE_ONLINE_PENDING;
    return r->state;
}

/* ----------------------------------------------------------------- groups */

void group_touch(struct cluster *c, struct group_record *g, enum cause cause)
{
    assert(g->cluster == c);
    g->touched_cause = cause;
    digest_touch(c, &g->tracked);
    if (g->touched)
        return;
    g->touched = true;
    g->next_touched = NULL;
    if (c->touched == NULL)
        c->touched = g;
    else
        c->touched_last->next_touched = g;
    c->touched_last = g;
}

enum group_state group_formula(const struct group_record *g)
{
    unsigned top = 0, top_online = 0;
    bool failed = false, pending = false;

    if (operation_runs(&g->group.operation))
        return GROUP_PENDING;
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource_record *r = resource_record(g->group.resources[i]);

        failed |= r->resource.state == RESOURCE_FAILED;
        pending |= resource_is_pending(r);
        if (r->dependent_count > 0)
            continue;
        top++;
        top_online += r->resource.state == RESOURCE_ONLINE;
    }
    assert(top_online <= top);
    if (failed)
        return GROUP_FAILED;
    if (pending)
        return GROUP_PENDING;
    if (top_online == 0)
        return GROUP_OFFLINE;
    return top_online == top ? GROUP_ONLINE : GROUP_PARTIAL_ONLINE;
}

/* The parts that every event of a group has; the operation only while it runs. */
static struct event group_event(const struct group_record *g, enum group_state from,
                                enum cause cause)
{
    const struct operation *op = &g->group.operation;

    assert(g->owner != NULL);
    return (struct event){.object = OBJECT_GROUP,
                          .id = g->group.id,
                          .name = g->group.name,
                          .node = g->group.owner,
                          .from = from,
                          .to = g->group.state,
                          .cause = cause,
                          .operation = operation_runs(op) ? op->id : 0};
}

void group_note_owner(struct cluster *c, struct group_record *g, enum cause cause, const char *text)
{
    struct event e = group_event(g, g->group.state, cause);
    char *copy = xstrdup(text);

    assert(g->group.placement.chosen == g->group.owner);
    digest_touch(c, &g->tracked);
    e.text = copy;
    e.candidates = g->group.placement.candidates;
    e.candidate_count = g->group.placement.candidate_count;
    event_record(c, &e);
    free(copy);
}

void group_note_nowhere(struct cluster *c, struct group_record *g)
{
    struct event e = group_event(g, g->group.state, CAUSE_NO_OTHER_NODE);

    assert(g->group.nowhere.why.index != 0);
    e.candidates = g->group.nowhere.candidates;
    e.candidate_count = g->group.nowhere.candidate_count;
    event_record(c, &e);
}

void group_note(struct cluster *c, struct group_record *g, enum cause cause, const char *text)
{
    struct event e = group_event(g, g->group.state, cause);
    char *copy = xstrdup(text);

    assert(cause != CAUSE_NONE);
    digest_touch(c, &g->tracked);
    e.text = copy;
    event_record(c, &e);
    free(copy);
}

/* Whatever changes what a group runs, wants or is in the middle of touches it,
 * and each touched group is settled and ends up here. Only what other groups
 * must know within the same command is told earlier: a new owner by
 * group_book(), a target by operation_target(), room that is taken by
 * room_for_start(). */
static void group_account(struct cluster *c, struct group_record *g)
{
    assert(g->cluster == c);
    preempted_update(c, g);
    capacity_account(c, g);
    if (g->group.operation.kind == OPERATION_NONE)
        placement_forget(c, g);
}

void group_note_operation(struct cluster *c, struct group_record *g, const struct operation *op,
                          enum cause cause, uint32_t code)
{
    struct event e = group_event(g, g->group.state, cause);

    assert(op->kind != OPERATION_NONE && op->id != 0);
    digest_touch(c, &g->tracked);
    e.operation = op->id;
    e.code = code;
    event_record(c, &e);
}

/* Each state and each operation is shown when it begins and when it ends, also
 * an operation that the state does not tell of: a group that was Pending before
 * stays so. Who follows one operation finds its end, with its code. */
void group_show(struct cluster *c, struct group_record *g)
{
    enum group_state from = g->group.state;
    enum group_state next = group_formula(g);
    uint64_t id = g->group.operation.id;
    struct event e;

    assert(g->owner != NULL);
    group_account(c, g);
    if (next == from && id == g->shown_operation) {
        g->ended_code = 0; /* Of one that began and ended without a change. */
        return;
    }
    if (next != from) {
        g->group.state = next;
        g->group.since_ms = c->now_ms;
        g->group.why = why_now(c, g->touched_cause);
    }
    digest_touch(c, &g->tracked);
    e = group_event(g, from, g->touched_cause);
    if (id == 0 && g->shown_operation != 0) {
        e.operation = g->shown_operation;
        e.code = g->ended_code;
    }
    event_record(c, &e);
    assert(id == 0 || g->shown_operation == 0 || g->shown_operation == id);
    g->shown_operation = id;
    g->ended_code = 0;
}

bool operation_runs(const struct operation *op)
{
    assert(op->kind != OPERATION_NONE || !op->queued);
    return op->kind != OPERATION_NONE && !op->queued;
}

/* ----------------------------------------------------------- status of all */

uint32_t node_status(const struct cluster *c, const struct node *n)
{
    static const uint32_t drain[] = {
        [DRAIN_NOT_INITIATED] = 0,
        [DRAIN_IN_PROGRESS] = NODE_STATUS_DRAIN_IN_PROGRESS,
        [DRAIN_COMPLETED] = NODE_STATUS_DRAIN_COMPLETED,
        [DRAIN_FAILED] = NODE_STATUS_DRAIN_FAILED,
    };
    const struct node_record *record = find_node(c, n->id);
    uint32_t status = drain[n->drain];

    assert(record != NULL);
    if (n->quarantined_until_ms != 0)
        status |= NODE_STATUS_QUARANTINED;
    for (unsigned i = 0; n->state == NODE_DOWN && i < record->group_count; i++)
        if (record->groups[i]->group.rescue_at_ms != 0)
            status |= NODE_STATUS_ISOLATED;
    return status;
}

uint32_t group_status(const struct group *g)
{
    const struct operation *op = &g->operation;
    uint32_t status = g->preempted ? GROUP_STATUS_PREEMPTED : 0;

    for (unsigned i = 0; i < g->resource_count; i++) {
        status |= g->resources[i]->locked ? GROUP_STATUS_LOCKED_MODE : 0;
        status |= g->resources[i]->embedded_failure ? GROUP_STATUS_EMBEDDED_FAILURE : 0;
    }
    if (g->start_at_ms != 0 || (op->queued && op->kind != OPERATION_MOVE))
        status |= GROUP_STATUS_WAITING_TO_START;
    if ((op->queued && op->kind == OPERATION_MOVE) || g->next.kind == OPERATION_MOVE)
        status |= GROUP_STATUS_WAITING_IN_QUEUE_FOR_MOVE;
    if (op->queued && op->wait == CAUSE_WAITS_FOR_CAPACITY)
        status |= GROUP_STATUS_PHYSICAL_RESOURCES_LACKING;
    if (anti_affinity_conflict(group_record(g)))
        status |= GROUP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT;
    return status;
}

uint32_t resource_status(const struct resource *r)
{
    assert(!r->embedded_failure || r->state == RESOURCE_ONLINE);
    return (r->locked ? RESOURCE_STATUS_LOCKED_MODE : 0) |
           (r->embedded_failure ? RESOURCE_STATUS_EMBEDDED_FAILURE : 0);
}
