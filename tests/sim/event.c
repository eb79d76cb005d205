/* What happens when: a heap by time, then by order of planning. */
#include <assert.h>
#include <stdlib.h>

#include "tests/sim/sim.h"

struct event {
    uint64_t at_ns, seq;
    struct process *process;
    void (*fire)(void *arg);
    void *arg;
    void (*arg_free)(void *arg);
    size_t slot;                /* In the heap; 0: waits for its process to be thawed. */
    struct event *next, **link; /* Among those. */
};

static struct event **heap; /* From 1. */
static struct event *firing;
static bool firing_canceled;
static size_t count, size;
static uint64_t last_seq;

static bool before(const struct event *a, const struct event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void put(struct event *e, size_t slot)
{
    heap[slot] = e;
    e->slot = slot;
}

static void sift_up(struct event *e, size_t slot)
{
    for (; slot > 1 && before(e, heap[slot / 2]); slot /= 2)
        put(heap[slot / 2], slot);
    put(e, slot);
}

static void sift_down(struct event *e, size_t slot)
{
    for (size_t child; (child = 2 * slot) <= count; slot = child) {
        if (child < count && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], e))
            break;
        put(heap[child], slot);
    }
    put(e, slot);
}

static void drop(struct event *e)
{
    if (e->arg_free != NULL)
        e->arg_free(e->arg);
    free(e);
}

static void take_out(struct event *e)
{
    struct event *last = heap[count--];

    assert(heap[e->slot] == e || last == e);
    if (last == e)
        return;
    if (e->slot > 1 && before(last, heap[e->slot / 2]))
        sift_up(last, e->slot);
    else
        sift_down(last, e->slot);
}

static void unlink_deferred(struct event *e)
{
    *e->link = e->next;
    if (e->next != NULL)
        e->next->link = e->link;
    else
        e->process->deferred_tail = e->link;
}

bool event_is_canceled(void)
{
    return firing != NULL && firing->process == sim.current && firing_canceled;
}

void event_cancel(struct event *e)
{
    if (e == firing) {
        firing_canceled = true;
        return;
    }
    if (e->slot != 0)
        take_out(e);
    else
        unlink_deferred(e);
    drop(e);
}

static void defer(struct event *e)
{
    struct process *p = e->process;

    e->slot = 0;
    e->next = NULL;
    e->link = p->deferred_tail;
    *p->deferred_tail = e;
    p->deferred_tail = &e->next;
}

static void insert(struct event *e)
{
    e->seq = ++last_seq;
    if (count + 1 >= size) {
        size = size == 0 ? 1024 : 2 * size;
        heap = realloc(heap, size * sizeof *heap);
    }
    sift_up(e, ++count);
}

struct event *event_at(uint64_t at_ns, struct process *p, void (*fire)(void *arg), void *arg,
                       void (*arg_free)(void *arg))
{
    struct event *e = malloc(sizeof *e);

    *e = (struct event){.at_ns = at_ns < sim.now_ns ? sim.now_ns : at_ns,
                        .process = p,
                        .fire = fire,
                        .arg = arg,
                        .arg_free = arg_free};
    insert(e);
    return e;
}

void events_deferred(struct process *p, bool deliver)
{
    while (p->deferred != NULL) {
        struct event *e = p->deferred;
        unlink_deferred(e);
        if (deliver) {
            e->at_ns = sim.now_ns;
            insert(e);
        } else {
            drop(e);
        }
    }
}

static void fire(struct event *e)
{
    struct process *p = e->process;

    if (p != NULL && p->alive && process_is_frozen(p)) {
        defer(e);
        return;
    }
    firing = e;
    firing_canceled = false;
    if (p == NULL)
        e->fire(e->arg);
    else if (p->alive)
        process_enter(p, e->fire, e->arg);
    firing = NULL;
    drop(e);
}

void event_keep_arg(void)
{
    assert(firing != NULL);
    firing->arg_free = NULL;
}

void events_run(uint64_t until_ns)
{
    while (!sim.failed && count > 0 && heap[1]->at_ns <= until_ns) {
        struct event *e = heap[1];
        take_out(e);
        sim.now_ns = e->at_ns;
        sim.steps++;
        fire(e);
    }
    if (!sim.failed && sim.now_ns < until_ns)
        sim.now_ns = until_ns;
}

void events_drop(void)
{
    while (count > 0) {
        struct event *e = heap[count--];
        drop(e);
    }
    free(heap);
    heap = NULL;
    size = 0;
    last_seq = 0;
}
