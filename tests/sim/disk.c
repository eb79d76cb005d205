#include "tests/sim/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct disk *disk_new(struct machine *m)
{
    struct disk *d = calloc(1, sizeof *d);

    d->machine = m;
    d->first = 1;
    d->queue_tail = &d->queue;
    return d;
}

static void entries_release(struct stored_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(entries[i].data);
}

void snapshot_release(struct stored_snapshot *s)
{
    free(s->configuration);
    free(s->data);
    *s = (struct stored_snapshot){0};
}

static void write_free(struct write *w)
{
    entries_release(w->entries, w->n);
    free(w->entries);
    snapshot_release(&w->snapshot);
    free(w);
}

void disk_free(struct disk *d)
{
    if (d == NULL)
        return;
    while (d->queue != NULL) {
        struct write *w = d->queue;
        d->queue = w->next;
        write_free(w);
    }
    entries_release(d->entries, d->count);
    free(d->entries);
    snapshot_release(&d->snapshot);
    free(d);
}

static void start_next(struct disk *d, struct process *p);

void disk_set_mood(struct disk *d, enum disk_mood mood)
{
    enum { PREPARED_MAX = 40 };

    if (mood == DISK_FULL && d->mood != DISK_FULL)
        d->prepared = (unsigned)rng_below(&d->machine->rng, PREPARED_MAX);
    d->mood = mood;
    if (d->queue != NULL)
        start_next(d, d->writer);
}

enum disk_mood disk_mood(const struct disk *d)
{
    return d->mood;
}

int disk_status(const struct disk *d)
{
    return d->mood == DISK_BROKEN ? RAFT_IOERR : 0;
}

raft_index disk_last(const struct disk *d)
{
    return d->first + d->count - 1;
}

/* ------------------------------------------------------------------ effects */

static void truncate_from(struct disk *d, raft_index index)
{
    while (d->count > 0 && disk_last(d) >= index)
        free(d->entries[--d->count].data);
}

static void drop_before(struct disk *d, raft_index index)
{
    size_t n = index > d->first ? (size_t)(index - d->first) : 0;

    if (n > d->count)
        n = d->count;
    entries_release(d->entries, n);
    d->count -= n;
    d->first += n;
    memmove(d->entries, d->entries + n, d->count * sizeof *d->entries);
}

static void append(struct disk *d, struct write *w)
{
    assert(w->index == disk_last(d) + 1);
    if (d->count + w->n > d->size) {
        d->size = 2 * (d->count + w->n);
        d->entries = realloc(d->entries, d->size * sizeof *d->entries);
    }
    memcpy(d->entries + d->count, w->entries, w->n * sizeof *w->entries);
    d->count += w->n;
    w->n = 0; /* The disk owns them now. */
}

static void take_snapshot(struct disk *d, struct write *w)
{
    raft_index index = w->snapshot.index;

    snapshot_release(&d->snapshot);
    d->snapshot = w->snapshot;
    w->snapshot = (struct stored_snapshot){0};
    if (w->trailing == 0) { /* From the leader: the log begins anew behind it. */
        truncate_from(d, 0);
        d->first = index + 1;
    } else if (index > w->trailing) {
        drop_before(d, index - w->trailing + 1);
    }
}

static void carry_out(struct disk *d, struct write *w)
{
    switch (w->kind) {
    case WRITE_APPEND:
        append(d, w);
        break;
    case WRITE_TRUNCATE:
        truncate_from(d, w->index);
        break;
    case WRITE_SNAPSHOT:
        take_snapshot(d, w);
        break;
    }
}

/* --------------------------------------------------------------------- queue */

static bool waits_for_room(const struct disk *d, const struct write *w)
{
    return d->mood == DISK_FULL && w->kind == WRITE_APPEND && w->n > d->prepared;
}

/* What the write gets. */
static int write_status(struct disk *d, const struct write *w)
{
    if (d->mood == DISK_FULL && w->kind == WRITE_SNAPSHOT)
        return RAFT_NOSPACE;
    if (d->mood == DISK_FULL && w->kind == WRITE_APPEND)
        d->prepared -= w->n < d->prepared ? w->n : d->prepared; /* It had begun before. */
    return disk_status(d);
}

struct done {
    struct disk *disk;
    struct process *process;
};

static void first_done(void *arg)
{
    struct done *done = arg;
    struct disk *d = done->disk;
    struct write *w = d->queue;
    int status = write_status(d, w);

    d->next_done = NULL;
    d->queue = w->next;
    if (d->queue == NULL)
        d->queue_tail = &d->queue;
    if (status == 0)
        carry_out(d, w);
    void (*tell)(void *, int) = w->done;
    void *data = w->arg;
    write_free(w);
    d->busy = false;
    start_next(d, done->process);
    if (tell != NULL)
        tell(data, status);
}

/* libraft truncates before each append; mostly there is nothing to cut off. */
static void skip_empty_truncations(struct disk *d)
{
    while (d->queue != NULL && d->queue->kind == WRITE_TRUNCATE && d->queue->index > disk_last(d)) {
        struct write *w = d->queue;
        d->queue = w->next;
        if (d->queue == NULL)
            d->queue_tail = &d->queue;
        write_free(w);
    }
}

static void start_next(struct disk *d, struct process *p)
{
    const struct profile *s = &sim.profile;
    struct done *done;

    if (!d->busy)
        skip_empty_truncations(d);
    if (d->busy || d->queue == NULL || waits_for_room(d, d->queue))
        return;
    d->busy = true;
    uint64_t us = rng_skewed(&d->machine->rng, s->fsync_us_min, s->fsync_us_max);
    if (d->mood == DISK_SLOW)
        us = us * 40 + 20000;
    if (d->queue->kind == WRITE_SNAPSHOT)
        us = us * 5;
    done = malloc(sizeof *done);
    *done = (struct done){d, p};
    d->next_done = event_at(sim.now_ns + us * 1000, p, first_done, done, free);
}

void disk_write(struct disk *d, struct process *p, struct write *w)
{
    w->next = NULL;
    d->writer = p;
    *d->queue_tail = w;
    d->queue_tail = &w->next;
    start_next(d, p);
}

void disk_on_crash(struct disk *d, bool power_cut)
{
    struct rng *r = &d->machine->rng;
    unsigned waiting = 0, reached;

    for (struct write *w = d->queue; w != NULL; w = w->next)
        waiting++;
    reached = disk_status(d) == 0 ? (unsigned)rng_below(r, waiting + 1) : 0;
    for (unsigned i = 0; d->queue != NULL; i++) {
        struct write *w = d->queue;
        d->queue = w->next;
        if (waits_for_room(d, w) || (d->mood == DISK_FULL && w->kind == WRITE_SNAPSHOT))
            reached = 0;
        if (i < reached)
            carry_out(d, w);
        write_free(w);
    }
    d->queue_tail = &d->queue;
    d->busy = false;
    if (d->next_done != NULL)
        event_cancel(d->next_done);
    d->next_done = NULL;
    if (power_cut && d->acked > d->acked_synced)
        d->acked = rng_range(r, d->acked_synced, d->acked);
    d->acked_synced = d->acked;
}
