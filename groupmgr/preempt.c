/* Groups that are pushed out for one of higher priority, and come back when
 * there is room again.
 *
 * Victims go offline like any group: an operation with an end. Until all of them
 * are down their node is closed to whoever needs room (need_lacking()), so that
 * what is freed piece by piece adds up; with the last one the queue is woken
 * and serves the highest priority first. Nothing else need be remembered: if
 * meanwhile somebody with more right took the room, it is done again. */
#include <stdlib.h>

#include "groupmgr/decision.h"

/* What it would take to make room on one node. */
struct sacrifice {
    const struct node_record *n;
    struct group_record **victims;
    unsigned count;
    uint64_t priorities;              /* Sum of theirs. */
    uint64_t lacking[QUANTITIES_MAX]; /* Of each need. */
};

static bool may_be_pushed_out(const struct cluster *c, const struct group_record *v,
                              const struct group_record *by)
{
    if (v->share.at == NULL || v->group.priority >= by->group.priority ||
        v->group.priority >= c->settings.never_preempt_priority)
        return false;
    /* What is under way comes to its end, and what its handler has locked is
     * left alone: the one in need asks again when something has changed. */
    if (v->group.operation.kind != OPERATION_NONE || group_has_pending(v))
        return false;
    for (unsigned i = 0; i < v->group.resource_count; i++)
        if (v->group.resources[i]->locked)
            return false;
    assert(v != by);
    return true;
}

/* Cheap, and wrong only about those in the same thousand of priorities. */
static bool has_lower(const struct node_record *n, uint32_t priority)
{
    assert(priority < PRIORITY_THOUSANDS * 1000);
    for (unsigned i = 0; i <= priority / 1000; i++)
        if (n->by_thousand[i] > 0)
            return true;
    return false;
}

static int compare_priority(const void *a, const void *b)
{
    const struct group *left = &(*(struct group_record *const *)a)->group;
    const struct group *right = &(*(struct group_record *const *)b)->group;

    assert(left->id > 0 && right->id > 0);
    if (left->priority != right->priority)
        return left->priority < right->priority ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static uint64_t amount_of(const struct group_record *g, const struct quantity *quantity)
{
    assert(quantity != NULL);
    for (unsigned i = 0; i < g->need_count; i++)
        if (g->needs[i].quantity == quantity)
            return g->needs[i].amount;
    return 0;
}

/* What is missing there once those that give way already are gone. */
static void sacrifice_begin(struct sacrifice *s, const struct group_record *g,
                            const struct node_record *n)
{
    *s = (struct sacrifice){.n = n};
    for (unsigned i = 0; i < g->need_count; i++) {
        const struct offer *offer = offer_find(n, g->needs[i].quantity);
        uint64_t wanted;

        if (offer == NULL || g->needs[i].amount == 0)
            continue;
        wanted = offer->used + g->needs[i].amount;
        if (g->share.at == n || g->share.toward == n)
            wanted -= g->needs[i].amount;
        for (unsigned j = 0; n->giving_way > 0 && j < n->group_count; j++)
            if (n->groups[j]->share.gives_way)
                wanted -= amount_of(n->groups[j], g->needs[i].quantity);
        s->lacking[i] = wanted > offer->amount ? wanted - offer->amount : 0;
    }
    assert(s->count == 0);
}

static bool lacks_any(const struct sacrifice *s, const struct group_record *g)
{
    assert(g->need_count <= QUANTITIES_MAX);
    for (unsigned i = 0; i < g->need_count; i++)
        if (s->lacking[i] > 0)
            return true;
    return false;
}

static bool helps(const struct sacrifice *s, const struct group_record *g,
                  const struct group_record *v)
{
    assert(g != v);
    for (unsigned i = 0; i < g->need_count; i++)
        if (s->lacking[i] > 0 && amount_of(v, g->needs[i].quantity) > 0)
            return true;
    return false;
}

/* The victim at `at` would not have been needed, given the others. */
static bool is_in_vain(const struct sacrifice *s, const struct group_record *g, unsigned at)
{
    assert(at < s->count);
    for (unsigned i = 0; i < g->need_count; i++) {
        uint64_t freed = 0;

        for (unsigned j = 0; j < s->count; j++)
            freed += j != at ? amount_of(s->victims[j], g->needs[i].quantity) : 0;
        if (freed < s->lacking[i])
            return false;
    }
    return true;
}

/* Take one after the other, lowest priority and oldest first, until there is
 * room; then let those go, highest first, without whom there is still. */
static bool sacrifice_find(struct sacrifice *s, const struct group_record *g,
                           struct group_record **able, unsigned able_count)
{
    struct sacrifice left = *s;

    s->victims = able;
    for (unsigned i = 0; i < able_count && lacks_any(&left, g); i++) {
        if (!helps(&left, g, able[i]))
            continue;
        for (unsigned j = 0; j < g->need_count; j++) {
            uint64_t amount = amount_of(able[i], g->needs[j].quantity);

            left.lacking[j] -= amount < left.lacking[j] ? amount : left.lacking[j];
        }
        s->victims[s->count++] = able[i];
    }
    if (lacks_any(&left, g))
        return false;
    for (unsigned at = s->count; at-- > 0;) {
        if (!is_in_vain(s, g, at))
            continue;
        for (unsigned i = at + 1; i < s->count; i++)
            s->victims[i - 1] = s->victims[i];
        s->count--;
    }
    for (unsigned i = 0; i < s->count; i++)
        s->priorities += s->victims[i]->group.priority;
    assert(s->count <= able_count);
    return true;
}

/* False if nobody's going would make room on `n`. The caller frees s->victims. */
static bool sacrifice_on(const struct cluster *c, const struct group_record *g,
                         const struct node_record *n, struct sacrifice *s)
{
    struct group_record **able;
    unsigned count = 0;

    sacrifice_begin(s, g, n);
    if (lacks_any(s, g) && !has_lower(n, g->group.priority))
        return false;
    able = xcalloc(n->group_count + 1, sizeof(*able));
    for (unsigned i = 0; i < n->group_count; i++)
        if (n->groups[i] != g && may_be_pushed_out(c, n->groups[i], g))
            able[count++] = n->groups[i];
    qsort(able, count, sizeof(*able), compare_priority);
    if (sacrifice_find(s, g, able, count))
        return true;
    assert(s->victims == able);
    free(able);
    return false;
}

static bool is_cheaper(const struct sacrifice *a, const struct sacrifice *b)
{
    assert(a->n != NULL);
    if (b->n == NULL || a->count != b->count)
        return b->n == NULL || a->count < b->count;
    return a->priorities < b->priorities; /* Of equals the lower id, which came first. */
}

static void push_out(struct cluster *c, struct group_record *v)
{
    assert(v->group.operation.kind == OPERATION_NONE && !group_has_pending(v));
    v->group.preempted = true;
    timer_set(c, &v->start, 0);
    operation_begin(c, v, OPERATION_OFFLINE, CAUSE_PREEMPTED);
    plan_stop_all(c, v, CAUSE_PREEMPTED);
    capacity_account(c, v);
}

bool preempt_for(struct cluster *c, struct group_record *g)
{
    struct question anywhere = {0};
    struct sacrifice best = {0}, s;
    struct judging j;

    if (g->group.priority < c->settings.preemptor_priority)
        return false;
    judge_begin(&j, c, g, &anywhere);
    for (unsigned i = 0; i < c->node_count; i++) {
        /* Room is the last of the rules: but for it the node would do. */
        if (j.nodes[i].rule != PLACEMENT_CAPACITY && j.nodes[i].rule != PLACEMENT_CHOSEN)
            continue;
        if (!sacrifice_on(c, g, c->nodes[i], &s))
            continue;
        if (is_cheaper(&s, &best)) {
            free(best.victims);
            best = s;
        } else {
            free(s.victims);
        }
    }
    for (unsigned i = 0; i < best.count; i++)
        push_out(c, best.victims[i]);
    assert(best.n != NULL || best.count == 0);
    free(best.victims);
    return best.n != NULL;
}

bool preempted_wait(struct cluster *c, struct group_record *g)
{
    if (!g->group.preempted || g->group.operation.kind != OPERATION_NONE || group_runs(g) ||
        !group_is_wanted(g))
        return false;
    operation_begin(c, g, OPERATION_ONLINE, CAUSE_PREEMPTED);
    queue_put(c, g, CAUSE_WAITS_FOR_CAPACITY);
    assert(g->group.operation.queued);
    return true;
}

/* Once it is being started it is like any other: if that fails, the recovery
 * policy has the word, and not the queue for ever. */
void preempted_update(struct cluster *c, struct group_record *g)
{
    const struct operation *op = &g->group.operation;
    bool going = op->kind == OPERATION_OFFLINE && op->cause == CAUSE_PREEMPTED;
    bool back = operation_runs(op) || group_runs(g) || op->cause == CAUSE_REQUESTED_ONLINE;

    assert(g->cluster == c);
    if (!g->group.preempted || going || (!back && group_is_wanted(g)))
        return;
    g->group.preempted = false;
    digest_touch(c, &g->tracked);
}
