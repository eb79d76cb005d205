#include "groupmgr/timer.h"

#include "groupmgr/rules.h"

static bool due_before(const struct timer *a, const struct timer *b)
{
    if (*a->at_ms != *b->at_ms)
        return *a->at_ms < *b->at_ms;
    if (a->kind != b->kind)
        return a->kind < b->kind;
    assert(a == b || a->id != b->id); /* Or the order would be the heap's history. */
    return a->id < b->id;
}

static void timer_put(struct timers *timers, struct timer *t, unsigned slot)
{
    assert(slot >= 1 && slot <= timers->count);
    timers->heap[slot] = t;
    t->slot = slot;
}

static void timer_rise(struct timers *timers, struct timer *t, unsigned slot)
{
    assert(slot >= 1 && slot <= timers->count);
    for (; slot > 1 && due_before(t, timers->heap[slot / 2]); slot /= 2)
        timer_put(timers, timers->heap[slot / 2], slot);
    timer_put(timers, t, slot);
}

static void timer_sink(struct timers *timers, struct timer *t, unsigned slot)
{
    assert(slot >= 1 && slot <= timers->count);
    for (;;) {
        unsigned child = 2 * slot;

        if (child + 1 <= timers->count && due_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (child > timers->count || !due_before(timers->heap[child], t))
            break;
        timer_put(timers, timers->heap[child], slot);
        slot = child;
    }
    timer_put(timers, t, slot);
}

static void timer_remove(struct timers *timers, struct timer *t)
{
    unsigned slot = t->slot;
    struct timer *last = timers->heap[timers->count];

    assert(timers->heap[slot] == t);
    timers->count--;
    t->slot = 0;
    if (last == t)
        return;
    timer_sink(timers, last, slot);
    timer_rise(timers, last, last->slot);
}

static void timer_add(struct timers *timers, struct timer *t)
{
    assert(t->slot == 0);
    if (timers->count + 1 >= timers->size) {
        timers->size = timers->size == 0 ? 16 : 2 * timers->size;
        timers->heap = xrealloc(timers->heap, timers->size * sizeof(struct timer *));
    }
    timers->count++;
    timer_rise(timers, t, timers->count);
}

void timer_init(struct timer *t, enum timer_kind kind, uint64_t id, void *record, uint64_t *at_ms)
{
    assert(*at_ms == 0 && kind < TIMER_KIND_COUNT);
    *t = (struct timer){.at_ms = at_ms, .record = record, .id = id, .kind = kind};
}

/* Each kind belongs to one kind of object. */
static void timer_touch(struct cluster *c, const struct timer *t)
{
    switch (t->kind) {
    case TIMER_QUARANTINE:
        digest_touch(c, &((struct node_record *)t->record)->tracked);
        break;
    case TIMER_RESCUE:
    case TIMER_START:
    case TIMER_FAILBACK:
        digest_touch(c, &((struct group_record *)t->record)->tracked);
        break;
    case TIMER_RESTART:
    case TIMER_RETRY:
        digest_touch(c, &((struct resource_record *)t->record)->tracked);
        break;
    case TIMER_FORMING:
    case TIMER_KIND_COUNT:
        assert(t->kind == TIMER_FORMING); /* The cluster's own members are always digested. */
        break;
    }
}

void timer_set(struct cluster *c, struct timer *t, uint64_t at_ms)
{
    assert((*t->at_ms != 0) == (t->slot != 0));
    if (*t->at_ms == at_ms)
        return;
    if (t->slot != 0)
        timer_remove(&c->timers, t);
    *t->at_ms = at_ms;
    if (at_ms != 0)
        timer_add(&c->timers, t);
    timer_touch(c, t);
}

void timer_set_in(struct cluster *c, struct timer *t, uint64_t delay_ms)
{
    /* A clock gone mad must not wrap round. */
    bool wraps = c->now_ms > UINT64_MAX - 1 - delay_ms;
    uint64_t at_ms = wraps ? UINT64_MAX - 1 : c->now_ms + delay_ms;

    assert(wraps || at_ms >= c->now_ms);
    timer_set(c, t, at_ms != 0 ? at_ms : 1);
}

struct timer *timer_first(const struct cluster *c)
{
    assert(c->timers.count == 0 || c->timers.heap[1]->slot == 1);
    return c->timers.count == 0 ? NULL : c->timers.heap[1];
}

uint64_t cluster_next_deadline(const struct cluster *c)
{
    const struct timer *first = timer_first(c);

    assert(first == NULL || *first->at_ms != 0);
    return first != NULL ? *first->at_ms : UINT64_MAX;
}

const char *timers_fault(const struct timers *timers)
{
    for (unsigned slot = 1; slot <= timers->count; slot++) {
        const struct timer *t = timers->heap[slot];

        if (t->slot != slot || *t->at_ms == 0)
            return "a timer stands where it says";
        if (slot > 1 && !due_before(timers->heap[slot / 2], t))
            return "what is due first stands above";
    }
    return NULL;
}
