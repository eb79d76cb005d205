/* Operations that wait: for a lock, for room, for a node, for what is under way.
 * A group whose operation is queued is as if there were none; when its turn has
 * come everything is asked again, since much may have changed meanwhile. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* --------------------------------------------------------------- the circle */

struct group_record *queue_group(struct queue_link *link)
{
    struct group_record *g =
        (struct group_record *)((char *)link - offsetof(struct group_record, queue));

    assert(g->group.operation.queued);
    return g;
}

void queue_link(struct cluster *c, struct group_record *g)
{
    assert(g->queue.next == NULL && g->group.operation.queued);
    g->queue.prev = c->queue.prev;
    g->queue.next = &c->queue;
    c->queue.prev->next = &g->queue;
    c->queue.prev = &g->queue;
}

void queue_unlink(struct group_record *g)
{
    assert(g->queue.next != NULL && g->queue.next != &g->queue);
    g->queue.prev->next = g->queue.next;
    g->queue.next->prev = g->queue.prev;
    g->queue.prev = g->queue.next = NULL;
}

void queue_put(struct cluster *c, struct group_record *g, enum cause wait)
{
    struct operation *op = &g->group.operation;

    assert(operation_runs(op) && wait != CAUSE_NONE);
    op->queued = true;
    op->wait = wait;
    queue_link(c, g);
    group_note_operation(c, g, op, wait, 0);
    g->shown_operation = op->id;
    group_touch(c, g, wait);
}

void queue_put_next(struct cluster *c, struct group_record *g)
{
    struct operation *next = &g->group.next;

    assert(operation_runs(&g->group.operation) && next->kind != OPERATION_NONE);
    next->queued = true;
    next->wait = CAUSE_WAITS_FOR_PENDING;
    group_note_operation(c, g, next, next->wait, 0);
}

void queue_promote(struct cluster *c, struct group_record *g)
{
    assert(g->group.operation.kind == OPERATION_NONE && g->group.next.queued);
    g->group.operation = g->group.next;
    memset(&g->group.next, 0, sizeof(g->group.next));
    queue_link(c, g);
    g->shown_operation = g->group.operation.id;
    digest_touch(c, &g->tracked);
}

void queue_set_aside(struct group_record *g)
{
    assert(g->group.operation.queued && g->group.next.kind == OPERATION_NONE);
    queue_unlink(g);
    g->group.next = g->group.operation;
    g->group.next.wait = CAUSE_WAITS_FOR_PENDING;
    memset(&g->group.operation, 0, sizeof(g->group.operation));
    g->shown_operation = 0;
}

/* ---------------------------------------------------------------- its turn */

/* It is where it was to go, or what was asked of it cannot come to be. */
static bool queue_end(struct cluster *c, struct group_record *g, uint32_t code)
{
    assert(g->group.operation.queued);
    operation_drop(c, g, CAUSE_OPERATION_ENDED, code);
    group_touch(c, g, CAUSE_OPERATION_ENDED);
    return true;
}

static bool queue_begin(struct cluster *c, struct group_record *g, const struct node_record *host)
{
    struct operation waited = g->group.operation;
    struct operation *op = &g->group.operation;
    enum cause cause = waited.cause;

    queue_unlink(g);
    memset(op, 0, sizeof(*op));
    g->shown_operation = 0;
    if (host != g->owner) {
        transfer_begin(c, g, waited.kind, host, cause);
    } else {
        operation_begin(c, g, waited.kind, cause);
        plan_start_wanted(c, g, cause);
    }
    /* It is the one that was asked for, by its number. */
    assert(op->kind == waited.kind && op->instructions == NULL);
    op->id = g->shown_operation = waited.id;
    op->flags = waited.flags;
    op->was_persistent_online = waited.was_persistent_online;
    op->instructions = waited.instructions;
    op->instructions_len = waited.instructions_len;
    if (cause == CAUSE_REQUESTED_ONLINE && host == g->owner)
        g->group.default_owner = host->node.id;
    return true;
}

/* Where to, or why not yet, or never. A node that is not there may come back;
 * one that is no member, or no possible owner, has been taken away by somebody. */
static uint32_t queue_target(struct cluster *c, struct group_record *g, struct node_record **ret)
{
    const struct operation *op = &g->group.operation;
    bool ignore = operation_ignores_affinity(op);
    struct reply unread;

    assert(op->queued);
    if (op->target != 0) {
        *ret = find_node(c, op->target);
        return *ret == NULL ? ERROR_CLUSTER_NODE_NOT_FOUND
                            : target_check(c, g, *ret, op->kind, ignore, &unread);
    }
    if (op->kind != OPERATION_MOVE)
        return target_for_online(c, g, (op->flags & GROUP_ONLINE_BEST_POSSIBLE_NODE) != 0, ignore,
                                 &unread, ret);
    *ret = g->owner; /* It has left since. */
    return g->group.owner != op->source ? 0 : target_elsewhere(c, g, ignore, &unread, ret);
}

static enum cause queue_wait(uint32_t code)
{
    assert(code != 0);
    if (code == ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION)
        return CAUSE_WAITS_FOR_CAPACITY;
    return CAUSE_WAITS_FOR_NODE;
}

static bool queue_keep(struct cluster *c, struct group_record *g, enum cause wait)
{
    struct operation *op = &g->group.operation;

    assert(op->queued && wait != CAUSE_NONE);
    if (op->wait != wait) {
        op->wait = wait;
        group_note_operation(c, g, op, wait, 0);
    }
    return false;
}

bool queue_try(struct cluster *c, struct group_record *g)
{
    const struct operation *op = &g->group.operation;
    struct node_record *host = NULL;
    uint32_t code;

    if (!op->queued)
        return false;
    if (group_has_pending(g))
        return queue_keep(c, g, CAUSE_WAITS_FOR_PENDING);
    code = queue_target(c, g, &host);
    if (code == ERROR_CLUSTER_NODE_NOT_FOUND || code == ERROR_HOST_NODE_NOT_RESOURCE_OWNER)
        return queue_end(c, g, code);
    if (code != 0) {
        if (queue_wait(code) == CAUSE_WAITS_FOR_CAPACITY && op->kind != OPERATION_MOVE)
            preempt_for(c, g);
        return queue_keep(c, g, queue_wait(code));
    }
    if (op->kind == OPERATION_MOVE && host == g->owner)
        return queue_end(c, g, 0);
    if (group_locked(g) != NULL)
        return queue_keep(c, g, CAUSE_WAITS_FOR_LOCK);
    return queue_begin(c, g, host);
}

/* Who waits for room is served in the order of the queue and never out of turn:
 * one that was pushed out would take its room back before the one in need. */
bool queue_go_on(struct cluster *c, struct group_record *g)
{
    return g->group.operation.wait != CAUSE_WAITS_FOR_CAPACITY && queue_try(c, g);
}

/* --------------------------------------------------------------- all of them */

static int queue_compare(const void *a, const void *b)
{
    const struct group *left = &(*(struct group_record *const *)a)->group;
    const struct group *right = &(*(struct group_record *const *)b)->group;
    bool left_high = left->operation.kind == OPERATION_MOVE &&
                     (left->operation.flags & GROUP_MOVE_HIGH_PRIORITY_START) != 0;
    bool right_high = right->operation.kind == OPERATION_MOVE &&
                      (right->operation.flags & GROUP_MOVE_HIGH_PRIORITY_START) != 0;

    if (left_high != right_high)
        return left_high ? -1 : 1;
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    if (left->operation.id != right->operation.id)
        return left->operation.id < right->operation.id ? -1 : 1;
    assert(left == right || left->id != right->id);
    return left->id < right->id ? -1 : left->id > right->id;
}

/* Those that wait, the first to begin first; the caller frees the array. The
 * circle itself has the order of chance: priorities change while they wait. */
static struct group_record **queue_sorted(struct cluster *c, unsigned *ret_count)
{
    struct group_record **groups;
    unsigned count = 0;

    for (struct queue_link *l = c->queue.next; l != &c->queue; l = l->next)
        count++;
    groups = xcalloc(count + 1, sizeof(struct group_record *));
    *ret_count = count;
    count = 0;
    for (struct queue_link *l = c->queue.next; l != &c->queue; l = l->next)
        groups[count++] = queue_group(l);
    assert(count == *ret_count);
    qsort(groups, count, sizeof(struct group_record *), queue_compare);
    return groups;
}

void queue_wake(struct cluster *c)
{
    assert(c->queue.next != NULL);
    if (c->queue.next != &c->queue)
        c->queue_woken = true;
}

void queue_run(struct cluster *c)
{
    unsigned count;
    struct group_record **groups;

    if (!c->queue_woken)
        return;
    c->queue_woken = false;
    groups = queue_sorted(c, &count);
    /* One that begins may take another's place away: settle it before the next. */
    for (unsigned i = 0; i < count; i++)
        if (queue_try(c, groups[i]))
            group_settle(c, groups[i]);
    free(groups);
    assert(c->queue.next != NULL);
}
