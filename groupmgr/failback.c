/* Groups go back: to a node that they prefer, when it is there again; to one that
 * they were drained from, when it is resumed.
 *
 * What is to come back is remembered in the group until it has arrived: as
 * `drained_from` if it may come now, whatever its window says, as failback_at_ms
 * if it goes by its preferred owners and window. Once it is there nothing is
 * remembered any more: one that fails there and moves away stays away. */
#include <stdlib.h>

#include "groupmgr/rules.h"
#include "groupmgr/window.h"

/* A failback that could not be begun when it was due (the group is busy, locked,
 * or not yet its turn) goes on when that changes; should nobody tell, it is
 * looked at again after this time. */
enum { FAILBACK_RETRY_MS = 60 * 1000 };

static bool group_may_own(const struct group_record *g, const struct node_record *n)
{
    if (!node_can_host(n))
        return false;
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (!resource_possible_on(g->group.resources[i], n->node.id))
            return false;
    return true;
}

/* The most preferred node that is there, if it is preferred to the owner. */
static struct node_record *failback_target(const struct cluster *c, const struct group_record *g)
{
    if (g->group.auto_failback != 1 || (!group_runs(g) && !group_is_wanting(g)))
        return NULL;
    for (unsigned i = 0; i < g->group.preferred_count; i++) {
        struct node_record *n = find_node(c, g->group.preferred[i]);

        assert(n != NULL);
        if (n == g->owner)
            return NULL;
        if (group_may_own(g, n))
            return n;
    }
    return NULL;
}

static uint64_t group_window_wait_ms(const struct cluster *c, const struct group *g)
{
    return window_wait_ms(g->failback_window_start, g->failback_window_end,
                          (int32_t)c->settings.utc_offset_min, c->now_ms);
}

static void wish_set(struct cluster *c, struct group_record *g, uint64_t in_ms)
{
    group_unindex(c, g);
    if (in_ms == 0)
        timer_set(c, &g->failback, 0);
    else
        timer_set_in(c, &g->failback, in_ms);
    group_index(c, g);
    assert((g->group.failback_at_ms != 0) == (in_ms != 0));
}

/* Plan it for now or for when the window opens; forget it if there is no reason. */
static void wish_plan(struct cluster *c, struct group_record *g)
{
    struct node_record *target = failback_target(c, g);
    uint64_t wait_ms = group_window_wait_ms(c, &g->group);

    if (target == NULL) {
        wish_set(c, g, 0);
        return;
    }
    wish_set(c, g, wait_ms != 0 ? wait_ms : FAILBACK_RETRY_MS);
    if (wait_ms == 0)
        drain_wake(target);
}

void failback_consider(struct cluster *c, struct node_record *n)
{
    assert(node_can_host(n));
    for (unsigned i = 0; i < n->preferring.count; i++)
        if (failback_target(c, n->preferring.groups[i]) == n)
            wish_plan(c, n->preferring.groups[i]);
}

void failback_due(struct cluster *c, struct group_record *g)
{
    assert(g->group.failback_at_ms == 0);
    wish_plan(c, g);
}

void failback_replan(struct cluster *c, struct group_record *g)
{
    assert(group_set_has(&c->wishes, g) == (g->group.failback_at_ms != 0));
    if (g->group.failback_at_ms != 0)
        wish_plan(c, g);
}

void failback_progress(struct cluster *c, struct group_record *g)
{
    struct node_record *target;

    if (group_rests(g) && c->wishes.count > 0)
        drain_wake(g->owner); /* One that came back makes room for the next. */
    if (g->group.failback_at_ms == 0)
        return;
    target = failback_target(c, g);
    assert(target != g->owner);
    if (target == NULL)
        wish_set(c, g, 0);
    else if (group_rests(g))
        drain_wake(target);
}

/* ----------------------------------------------------------------- the way */

static bool is_failback_to(const struct operation *op, const struct node_record *n)
{
    return operation_runs(op) && op->kind == OPERATION_MOVE && op->cause == CAUSE_FAILBACK &&
           op->target == n->node.id;
}

/* It is to come back to `n` and may do so now. */
static bool comes_to(const struct cluster *c, const struct group_record *g,
                     const struct node_record *n)
{
    /* One whose owner is gone is rescue.c's, which starts what it moves: brought here
     * by a failback it would lie, wanted online, and nobody would be left to start it. */
    if (g->owner == n || !node_is_up(g->owner))
        return false;
    if (g->group.drained_from == n->node.id)
        return true;
    return g->group.failback_at_ms != 0 && group_window_wait_ms(c, &g->group) == 0 &&
           failback_target(c, g) == n;
}

/* All that may come to `n` or are on their way; the caller frees the array. */
static struct group_record **failback_groups(const struct cluster *c, const struct node_record *n,
                                             unsigned *ret_count)
{
    struct group_record **groups = xcalloc(n->drained.count + c->wishes.count + 1, sizeof(*groups));
    unsigned count = 0;

    for (unsigned i = 0; i < n->drained.count; i++)
        groups[count++] = n->drained.groups[i];
    for (unsigned i = 0; i < c->wishes.count; i++) {
        struct group_record *g = c->wishes.groups[i];

        if (g->group.drained_from != n->node.id &&
            (is_failback_to(&g->group.operation, n) || comes_to(c, g, n)))
            groups[count++] = g;
    }
    assert(count <= n->drained.count + c->wishes.count);
    groups_sort_by_priority(groups, count);
    *ret_count = count;
    return groups;
}

static bool failback_group(struct cluster *c, struct node_record *n, struct group_record *g)
{
    struct question q = {.not_this = g->owner, .target = n};

    assert(g->owner != n);
    if (g->group.drained_from == n->node.id)
        q.why = &n->node.why; /* Its resume. */
    if (!group_rests(g) || group_is_locked(g) || !group_may_own(g, n))
        return false;
    if (placement_choose(c, g, &q) != n)
        return false;
    return group_relocate(c, g, n, CAUSE_FAILBACK);
}

void failback_run(struct cluster *c, struct node_record *n)
{
    struct group_record **groups;
    unsigned count, moves = 0;

    if (!node_can_host(n) || (n->drained.count == 0 && c->wishes.count == 0))
        return;
    groups = failback_groups(c, n, &count);
    for (unsigned i = 0; i < count; i++)
        moves += groups[i]->owner != n && is_failback_to(&groups[i]->group.operation, n);
    for (unsigned i = 0; i < n->group_count; i++)
        moves += is_failback_to(&n->groups[i]->group.operation, n);
    for (unsigned i = 0; i < count && moves < c->settings.parallel_moves; i++)
        if (comes_to(c, groups[i], n))
            moves += failback_group(c, n, groups[i]);
    assert(!n->node.paused);
    free(groups);
}

/* ------------------------------------------------------------------ resume */

/* `n` stands before the present owner in the list. */
static bool is_preferred_to_owner(const struct group_record *g, const struct node_record *n)
{
    for (unsigned i = 0; i < g->group.preferred_count; i++) {
        if (g->group.preferred[i] == g->group.owner)
            return false;
        if (g->group.preferred[i] == n->node.id)
            return true;
    }
    return false;
}

void failback_resume(struct cluster *c, struct node_record *n, enum node_resume_type type)
{
    bool per_policy = type == NODE_RESUME_FAILBACK_PER_POLICY && node_can_host(n);

    assert(!n->node.paused);
    if (type != NODE_RESUME_FAILBACK_NOW || !node_can_host(n))
        drained_forget(c, n);
    for (unsigned i = 0; per_policy && i < n->preferring.count; i++) {
        struct group_record *g = n->preferring.groups[i];

        if (is_preferred_to_owner(g, n) && (group_runs(g) || group_is_wanting(g)))
            group_drained_from(c, g, n->node.id);
    }
    drain_wake(n);
}
