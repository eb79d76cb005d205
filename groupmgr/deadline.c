/* A binary heap of the resources whose restart is planned, by (time, id): the
 * id makes the order total, so that every replica restarts in the same order
 * whatever the history of its heap. */
#include "groupmgr/records.h"

static bool due_before(const struct resource_record *a, const struct resource_record *b)
{
    if (a->resource.restart_at_ms != b->resource.restart_at_ms)
        return a->resource.restart_at_ms < b->resource.restart_at_ms;
    return a->resource.id < b->resource.id;
}

static void due_put(struct cluster *c, struct resource_record *r, unsigned slot)
{
    c->due[slot] = r;
    r->due_slot = slot;
}

static void due_rise(struct cluster *c, struct resource_record *r, unsigned slot)
{
    for (; slot > 1 && due_before(r, c->due[slot / 2]); slot /= 2)
        due_put(c, c->due[slot / 2], slot);
    due_put(c, r, slot);
}

static void due_sink(struct cluster *c, struct resource_record *r, unsigned slot)
{
    for (;;) {
        unsigned child = 2 * slot;

        if (child + 1 <= c->due_count && due_before(c->due[child + 1], c->due[child]))
            child++;
        if (child > c->due_count || !due_before(c->due[child], r))
            break;
        due_put(c, c->due[child], slot);
        slot = child;
    }
    due_put(c, r, slot);
}

static void due_remove(struct cluster *c, struct resource_record *r)
{
    unsigned slot = r->due_slot;
    struct resource_record *last = c->due[c->due_count--];

    r->due_slot = 0;
    if (last == r)
        return;
    due_sink(c, last, slot);
    due_rise(c, last, last->due_slot);
}

static void due_add(struct cluster *c, struct resource_record *r)
{
    if (c->due_count + 1 >= c->due_size) {
        c->due_size = c->due_size == 0 ? 16 : 2 * c->due_size;
        c->due = xrealloc(c->due, c->due_size * sizeof(struct resource_record *));
    }
    due_rise(c, r, ++c->due_count);
}

void deadline_set(struct cluster *c, struct resource_record *r, uint64_t at_ms)
{
    if (r->resource.restart_at_ms == at_ms && (r->due_slot != 0) == (at_ms != 0))
        return;
    if (r->due_slot != 0)
        due_remove(c, r);
    r->resource.restart_at_ms = at_ms;
    if (at_ms != 0)
        due_add(c, r);
    digest_touch(c, &r->tracked);
}

struct resource_record *deadline_first(const struct cluster *c)
{
    return c->due_count == 0 ? NULL : c->due[1];
}

uint64_t cluster_next_deadline(const struct cluster *c)
{
    const struct resource_record *first = deadline_first(c);
    uint64_t at_ms = first != NULL ? first->resource.restart_at_ms : UINT64_MAX;

    if (c->forming_until_ms != 0 && c->forming_until_ms < at_ms)
        at_ms = c->forming_until_ms;
    return at_ms;
}
