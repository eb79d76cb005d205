/* What is written: entries, cuts, snapshots. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "consensus/guard_private.h"
#include "consensus/segments.h"

enum {
    ENTRY_OVERHEAD = 24,      /* In a segment, about. */
    LOOK_BYTES = 512 << 10,   /* Written between two looks at the segments. */
    UNCLOSED_BYTES = 4 << 20, /* A segment has 8 MB. */
    LOOKS = 4,
};

/* ------------------------------------------------------------------ entries */

struct guarded_append {
    struct raft_io_append req;
    struct raft_io_append *user;
    raft_io_append_cb cb;
    struct guard *guard;
    uint64_t began_ms;
    uint64_t last; /* What the mark may be raised to once it is written. */
    struct cut_call call;
    const struct raft_entry *entries; /* Borrowed until it is done, as its memory. */
    unsigned n;
    size_t bytes; /* That it takes in a segment, about. */
    struct guarded_append *next;
};

static void writing_add(struct guard *g, struct guarded_append *a)
{
    *g->writing_tail = a;
    g->writing_tail = &a->next;
}

static void writing_remove(struct guard *g, struct guarded_append *a)
{
    struct guarded_append **at = &g->writing;

    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    if (g->writing_tail == &a->next)
        g->writing_tail = at;
}

/* The log will end at `last`, or be written anew from there. libraft truncates
 * while earlier writes are under way, and their callbacks come after this: if
 * those raised the mark, it would stay above a log that grows again to less. */
static void log_ends_at(struct guard *g, uint64_t last)
{
    for (struct guarded_append *a = g->writing; a != NULL; a = a->next)
        if (a->last > last)
            a->last = last;
    g->next_append = last + 1;
    if (acked_lower(g->acked, last) != 0)
        guard_die(g, "lowering the mark of acknowledged entries", RAFT_IOERR);
}

struct guarded_cut {
    struct cut_call call;
    struct guard *guard;
    raft_index index;
};

static void mark_cut(struct guard *g, uint64_t index)
{
    if (acked_set_cut(g->acked, index) != 0)
        guard_die(g, "marking where the log is cut off", RAFT_IOERR);
}

static void truncate_go(struct cut_call *call, bool cancelled)
{
    struct guarded_cut *t = CUT_CALL_OF(call, struct guarded_cut);
    struct guard *g = t->guard;

    if (!cancelled) {
        mark_cut(g, t->index);
        cut_begin(&g->cut, t->index);
        int rv = g->original.truncate(g->io, t->index);
        if (rv != 0)
            guard_die(g, "truncating the log", rv);
    }
    free(t);
}

int guard_truncate(struct raft_io *io, raft_index index)
{
    struct guard *g = guard_of(io);
    bool cuts = index < g->next_append; /* libraft calls this before every append. */

    assert(index > 0);
    /* Before it happens: a crash in between must find the mark lowered. */
    log_ends_at(g, index - 1);
    if (!cuts)
        return 0;
    struct guarded_cut *t = xcalloc(1, sizeof *t);
    *t =
        (struct guarded_cut){.call = {.go = truncate_go, .cuts = true}, .guard = g, .index = index};
    cut_do(&g->cut, &t->call);
    return 0;
}

/* One that is full and cannot be closed must not have one closed behind it: the next start
 * would find a gap between the closed ones (fsm.c). So this ends sooner than another one can
 * be full, and not before much more than it takes to close one has gone to the same disk. */
static void look_for_unclosed(struct guard *g, size_t written)
{
    uint64_t now = clock_boot_ms();

    g->unlooked += written;
    if (g->cut.dir == NULL || g->unlooked < LOOK_BYTES || now == g->looked_ms)
        return;
    g->unclosed_grew = g->unclosed > 0 ? g->unclosed_grew + g->unlooked : 0;
    g->unlooked = 0;
    g->looked_ms = now;
    g->unclosed = segments_are_closed(g->cut.dir) ? 0 : g->unclosed + 1;
    if (g->unclosed >= LOOKS && g->unclosed_grew >= UNCLOSED_BYTES)
        g->fatal("closing a full segment of the log failed (several of raft/open-* are in use): "
                 "stopping before another one is full",
                 g->data);
}

static void append_done(struct raft_io_append *req, int status)
{
    struct guarded_append *a = req->data;
    struct raft_io_append *user = a->user;
    raft_io_append_cb cb = a->cb;
    struct guard *g = a->guard;

    size_t written = a->bytes;

    writing_remove(g, a);
    if (a->call.gone)
        g->cut.flying--;
    if (status == 0)
        acked_raise(g->acked, a->last);
    else if (status != RAFT_CANCELED)
        guard_die(g, "writing log entries", status);
    free(a);
    if (status == 0)
        look_for_unclosed(g, written);
    cb(user, status);
}

static void append_go(struct cut_call *call, bool cancelled)
{
    struct guarded_append *a = CUT_CALL_OF(call, struct guarded_append);
    struct guard *g = a->guard;

    if (cancelled) {
        append_done(&a->req, RAFT_CANCELED);
        return;
    }
    g->cut.flying++;
    int rv = g->original.append(g->io, &a->req, a->entries, a->n, append_done);
    if (rv != 0)
        guard_die(g, "appending log entries", rv);
}

/* An entry that takes the place of another one takes its time as well. */
static void note_arrivals(struct guard *g, raft_index first, unsigned n, uint64_t now_ms)
{
    for (raft_index i = first; i < first + n; i++) {
        g->arrivals[i % ARRIVALS_KEPT].index = i;
        g->arrivals[i % ARRIVALS_KEPT].ms = now_ms;
    }
}

uint64_t guard_arrived_ms(const struct guard *g, raft_index index)
{
    return g->arrivals[index % ARRIVALS_KEPT].index == index ? g->arrivals[index % ARRIVALS_KEPT].ms
                                                             : 0;
}

int guard_append(struct raft_io *io, struct raft_io_append *req, const struct raft_entry entries[],
                 unsigned n, raft_io_append_cb cb)
{
    struct guard *g = guard_of(io);
    struct guarded_append *a = xcalloc(1, sizeof *a);

    assert(n > 0 && g->next_append > 0);
    a->req.data = a;
    a->user = req;
    a->user->cb = cb;
    a->cb = cb;
    a->guard = g;
    a->began_ms = clock_boot_ms();
    a->last = g->next_append + n - 1;
    a->call.go = append_go;
    a->entries = entries;
    a->n = n;
    for (unsigned i = 0; i < n; i++)
        a->bytes += entries[i].buf.len + ENTRY_OVERHEAD;
    note_arrivals(g, g->next_append, n, a->began_ms);
    g->next_append += n;
    writing_add(g, a);
    cut_do(&g->cut, &a->call);
    return 0;
}

uint64_t guard_writing_ms(const struct guard *g)
{
    return g->writing == NULL ? 0 : clock_boot_ms() - g->writing->began_ms;
}

/* Entries read from one segment share its buffer as their batch, which libraft frees when
 * none of them is in its log any more (guard.h, 13): so each gets memory of its own. */
static void entries_part(struct raft_entry *entries, size_t n)
{
    void *batch = NULL;

    for (size_t i = 0; i < n; i++) {
        struct raft_entry *e = &entries[i];
        void *own = raft_malloc(e->buf.len > 0 ? e->buf.len : 1);
        if (own == NULL)
            abort(); /* No memory: see base/memory.h. */
        memcpy(own, e->buf.base, e->buf.len);
        e->buf.base = own;
        if (e->batch != batch)
            raft_free(batch);
        batch = e->batch;
        e->batch = NULL;
    }
    raft_free(batch);
}

static void entries_free(struct raft_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        raft_free(entries[i].buf.base);
    raft_free(entries);
}

static void snapshot_free(struct raft_snapshot *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < s->n_bufs; i++)
        raft_free(s->bufs[i].base);
    raft_free(s->bufs);
    raft_configuration_close(&s->configuration);
    raft_free(s);
}

static void note_snapshot(struct guard *g, const struct raft_snapshot *s)
{
    unsigned at = g->snapshot_count++ % SNAPSHOTS_KEPT;

    g->snapshots[at].index = s->index;
    g->snapshots[at].term = s->term;
}

int guard_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
               struct raft_snapshot **snapshot, raft_index *start_index,
               struct raft_entry *entries[], size_t *n_entries)
{
    struct guard *g = guard_of(io);
    int rv = g->original.load(io, term, voted_for, snapshot, start_index, entries, n_entries);

    if (rv != 0)
        return rv;
    entries_part(*entries, *n_entries);
    uint64_t last = *start_index + *n_entries - 1;
    if (*snapshot != NULL && (*snapshot)->index > last)
        last = (*snapshot)->index;
    g->next_append = last + 1;
    if (*snapshot != NULL)
        note_snapshot(g, *snapshot);
    if (last >= acked_index(g->acked))
        return 0;
    snprintf(io->errmsg, sizeof io->errmsg,
             "the log ends at entry %" PRIu64 " but this node has acknowledged %" PRIu64
             ": its newest segment is damaged or missing",
             last, acked_index(g->acked));
    entries_free(*entries, *n_entries);
    snapshot_free(*snapshot);
    return RAFT_CORRUPT;
}

int guard_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    struct guard *g = guard_of(io);
    struct raft_snapshot *snapshot = NULL;
    struct raft_entry *entries = NULL;
    size_t count = 0;
    raft_index start;
    raft_term term;
    raft_id voted_for;
    int rv = guard_load(io, &term, &voted_for, &snapshot, &start, &entries, &count);

    if (rv != 0)
        return rv;
    entries_free(entries, count);
    snapshot_free(snapshot);
    return g->original.recover(io, conf);
}

/* ---------------------------------------------------------------- snapshots */

struct guarded_put {
    struct raft_io_snapshot_put req;
    struct raft_io_snapshot_put *user;
    raft_io_snapshot_put_cb cb;
    struct guard *guard;
    uint64_t index;
    bool taken;                    /* By this node, as against installed from the leader. */
    struct raft_snapshot snapshot; /* As it is written. Borrows, but for */
    bool corrected;                /* its configuration, if it is another. */
    unsigned trailing;
    struct cut_call call;
};

static void put_done(struct raft_io_snapshot_put *req, int status)
{
    struct guarded_put *p = req->data;
    struct raft_io_snapshot_put *user = p->user;
    raft_io_snapshot_put_cb cb = p->cb;
    struct guard *g = p->guard;

    if (status != 0 && status != RAFT_CANCELED)
        guard_die(g, "writing a snapshot", status);
    if (p->call.gone && p->taken)
        g->cut.taking--;
    else if (p->call.gone)
        g->cut.flying--;
    if (p->taken)
        g->taking = false;
    else if (status == 0)
        acked_raise(g->acked, p->index);
    if (p->corrected)
        raft_configuration_close(&p->snapshot.configuration);
    free(p);
    cb(user, status);
}

/* Of its own memory: raft may change its while the snapshot is held. */
static struct raft_configuration configuration_copy(const struct raft_configuration *from)
{
    struct raft_configuration copy;

    raft_configuration_init(&copy);
    for (unsigned i = 0; i < from->n; i++)
        if (raft_configuration_add(&copy, from->servers[i].id, from->servers[i].address,
                                   from->servers[i].role) != 0)
            abort(); /* No memory: see base/memory.h. */
    return copy;
}

/* A snapshot of our own holds every entry up to its index, so the configuration
 * that belongs to it is the last one up to there, even if raft has not got round
 * to calling that one committed. */
static bool correct_configuration(const struct raft *r, struct raft_snapshot *s)
{
    raft_index index = r->configuration_uncommitted_index;

    if (index <= s->configuration_index || index > s->index)
        return false;
    s->configuration = configuration_copy(&r->configuration);
    s->configuration_index = index;
    return true;
}

static void put_go(struct cut_call *call, bool cancelled)
{
    struct guarded_put *p = CUT_CALL_OF(call, struct guarded_put);
    struct guard *g = p->guard;

    if (cancelled) {
        put_done(&p->req, RAFT_CANCELED);
        return;
    }
    if (!p->taken) { /* It cuts, too, once it is written. */
        mark_cut(g, p->index + 1);
        cut_begin(&g->cut, p->index + 1);
        g->cut.flying++;
    } else {
        g->cut.taking++;
    }
    int rv = g->original.snapshot_put(g->io, p->trailing, &p->req, &p->snapshot, put_done);
    if (rv != 0)
        guard_die(g, "starting to write a snapshot", rv);
}

int guard_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                       const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb)
{
    struct guard *g = guard_of(io);
    struct guarded_put *p = xcalloc(1, sizeof *p);

    p->req.data = p;
    p->user = req;
    p->cb = cb;
    p->guard = g;
    p->index = snapshot->index;
    p->snapshot = *snapshot;
    note_snapshot(g, snapshot);
    p->taken = trailing > 0; /* An installed one replaces the whole log. */
    if (p->taken) {
        g->taking = true;
        p->corrected = correct_configuration(io->data, &p->snapshot);
    } else {
        log_ends_at(g, snapshot->index);
    }
    p->trailing = trailing;
    p->call.go = put_go;
    p->call.cuts = !p->taken;
    cut_do(&g->cut, &p->call);
    return 0;
}

void guard_watch_cut(struct guard *g)
{
    enum cut_state state = cut_look(&g->cut, clock_boot_ms());

    if (state == CUT_FAILED)
        guard_die(g, "cutting the log off where it differs from the leader's", RAFT_IOERR);
    if (state == CUT_DONE) {
        mark_cut(g, 0);
        cut_end(&g->cut);
    }
    cut_go_on(&g->cut);
}
