/* raft's I/O: raft_uv_init() gives libraft a disk of disk.h and a network that
 * loses, repeats, delays and reorders messages. guard.c wraps it as it wraps
 * the real one. */
#include <assert.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/process.h"
#include "tests/sim/raft_io.h"
#include "tests/sim/redirect.h"

#undef malloc
#undef calloc
#undef free

enum { CAPACITY_KB = 60000 };

/* -------------------------------------------------------------- what is stored */

static int io_set_term(struct raft_io *io, raft_term term)
{
    struct port *p = port_of(io);

    if (disk_status(p->disk) != 0)
        return disk_status(p->disk);
    p->disk->term = term;
    p->disk->vote = 0;
    return 0;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    struct port *p = port_of(io);

    if (disk_status(p->disk) != 0)
        return disk_status(p->disk);
    p->disk->vote = id;
    return 0;
}

uint8_t *copy_of(const void *data, size_t len)
{
    uint8_t *copy = malloc(len + 1);

    memcpy(copy, data, len);
    return copy;
}

static int io_bootstrap(struct raft_io *io, const struct raft_configuration *conf)
{
    struct disk *d = port_of(io)->disk;
    struct raft_buffer buffer;

    if (d->term != 0)
        return RAFT_CANTBOOTSTRAP;
    d->term = 1;
    if (raft_configuration_encode(conf, &buffer) != 0)
        abort();
    d->entries = calloc(16, sizeof *d->entries);
    d->size = 16;
    d->count = 1;
    d->entries[0] = (struct stored_entry){.term = 1,
                                          .type = RAFT_CHANGE,
                                          .len = buffer.len,
                                          .data = copy_of(buffer.base, buffer.len)};
    raft_free(buffer.base);
    return 0;
}

static int io_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    (void)io;
    (void)conf;
    return RAFT_INVALID; /* Not part of the daemon's life. */
}

/* In the heap of the process that calls. */
static struct raft_snapshot *snapshot_read(const struct stored_snapshot *s)
{
    struct raft_snapshot *ret = raft_calloc(1, sizeof *ret);
    struct raft_buffer conf = {.base = s->configuration, .len = s->configuration_len};

    ret->index = s->index;
    ret->term = s->term;
    ret->configuration_index = s->configuration_index;
    raft_configuration_init(&ret->configuration);
    if (raft_configuration_decode(&conf, &ret->configuration) != 0)
        abort();
    ret->n_bufs = 1;
    ret->bufs = raft_malloc(sizeof *ret->bufs);
    ret->bufs[0].len = s->len;
    ret->bufs[0].base = raft_malloc(s->len);
    memcpy(ret->bufs[0].base, s->data, s->len);
    return ret;
}

struct raft_entry *entries_read(const struct stored_entry *entries, size_t n)
{
    size_t bytes = 0, at = 0;
    struct raft_entry *ret;
    uint8_t *batch;

    if (n == 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        bytes += (entries[i].len + 7) / 8 * 8;
    batch = raft_malloc(bytes > 0 ? bytes : 8);
    ret = raft_calloc(n, sizeof *ret);
    for (size_t i = 0; i < n; i++) {
        memcpy(batch + at, entries[i].data, entries[i].len);
        ret[i] = (struct raft_entry){.term = entries[i].term,
                                     .type = entries[i].type,
                                     .buf = {.base = batch + at, .len = entries[i].len},
                                     .batch = batch};
        at += (entries[i].len + 7) / 8 * 8;
    }
    return ret;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *vote,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct disk *d = port_of(io)->disk;

    trace(2, "%s loads snapshot %llu (configuration of %llu), entries %llu to %llu",
          d->machine->name, d->snapshot.index, d->snapshot.configuration_index, d->first,
          disk_last(d));
    *term = d->term;
    *vote = d->vote;
    *snapshot = d->snapshot.index != 0 ? snapshot_read(&d->snapshot) : NULL;
    *start_index = d->first;
    *entries = entries_read(d->entries, d->count);
    *n_entries = d->count;
    return 0;
}

/* --------------------------------------------------------------------- writing */

static void append_done(void *arg, int status)
{
    struct raft_io_append *req = arg;

    req->cb(req, status);
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct port *p = port_of(io);
    struct write *w = calloc(1, sizeof *w);
    struct write *last = NULL;

    req->cb = cb;
    w->kind = WRITE_APPEND;
    w->n = n;
    w->entries = calloc(n, sizeof *w->entries);
    for (unsigned i = 0; i < n; i++)
        w->entries[i] =
            (struct stored_entry){.term = entries[i].term,
                                  .type = entries[i].type,
                                  .len = entries[i].buf.len,
                                  .data = copy_of(entries[i].buf.base, entries[i].buf.len)};
    /* Behind what the queue will have brought about by then. */
    w->index = disk_last(p->disk) + 1;
    for (last = p->disk->queue; last != NULL; last = last->next) {
        if (last->kind == WRITE_APPEND)
            w->index = last->index + last->n;
        else if (last->kind == WRITE_TRUNCATE && last->index < w->index)
            w->index = last->index;
        else if (last->kind == WRITE_SNAPSHOT && last->trailing == 0)
            w->index = last->snapshot.index + 1;
    }
    w->done = append_done;
    w->arg = req;
    disk_write(p->disk, p->process, w);
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    struct port *p = port_of(io);
    struct write *w = calloc(1, sizeof *w);

    w->kind = WRITE_TRUNCATE;
    w->index = index;
    disk_write(p->disk, p->process, w);
    return 0;
}

static void put_done(void *arg, int status)
{
    struct raft_io_snapshot_put *req = arg;

    req->cb(req, status);
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *s, raft_io_snapshot_put_cb cb)
{
    struct port *p = port_of(io);
    struct write *w = calloc(1, sizeof *w);
    struct raft_buffer conf;
    size_t at = 0;

    req->cb = cb;
    w->kind = WRITE_SNAPSHOT;
    w->trailing = trailing;
    w->snapshot.index = s->index;
    w->snapshot.term = s->term;
    w->snapshot.configuration_index = s->configuration_index;
    if (raft_configuration_encode(&s->configuration, &conf) != 0)
        abort();
    w->snapshot.configuration = copy_of(conf.base, conf.len);
    w->snapshot.configuration_len = conf.len;
    raft_free(conf.base);
    for (unsigned i = 0; i < s->n_bufs; i++)
        w->snapshot.len += s->bufs[i].len;
    w->snapshot.data = malloc(w->snapshot.len + 1);
    for (unsigned i = 0; i < s->n_bufs; at += s->bufs[i].len, i++)
        memcpy(w->snapshot.data + at, s->bufs[i].base, s->bufs[i].len);
    trace(2, "%s snapshot at %llu, configuration of %llu, trailing %u", p->process->machine->name,
          s->index, s->configuration_index, trailing);
    w->done = put_done;
    w->arg = req;
    disk_write(p->disk, p->process, w);
    return 0;
}

struct get {
    struct port *port;
    struct raft_io_snapshot_get *req;
};

static void get_done(void *arg)
{
    struct get *g = arg;

    g->req->cb(g->req, snapshot_read(&g->port->disk->snapshot), 0);
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct port *p = port_of(io);
    struct get *g = malloc(sizeof *g);

    req->cb = cb;
    *g = (struct get){p, req};
    event_at(sim.now_ns + 2 * MS, p->process, get_done, g, free);
    return 0;
}

/* ------------------------------------------------------------------------ life */

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    struct port *p = port_of(io);

    p->id = id;
    (void)address;
    return 0;
}

/* What raft_uv does at the end of a turn and before the next, with a function
 * that libraft does not export: tell those whose requests are done. The fields
 * are in raft.h. */
void port_fire_completed(struct process *process)
{
    struct raft *r = process->port != NULL ? process->port->io->data : NULL;
    void ***head;

    while (r != NULL && (head = r->legacy.requests[0]) != (void ***)r->legacy.requests) {
        struct raft_apply *req =
            (struct raft_apply *)((char *)head - offsetof(struct raft_apply, queue));
        head[1][0] = head[0];
        ((void ***)head[0])[1] = head[1];
        if (req->type == RAFT_COMMAND)
            req->cb(req, req->status, req->result);
        else if (req->type == RAFT_CHANGE)
            ((struct raft_change *)req)->cb((struct raft_change *)req, req->status);
        else
            ((struct raft_transfer *)req)->cb((struct raft_transfer *)req);
        r = process->port != NULL ? process->port->io->data : NULL;
    }
}

static void on_tick(void *arg);

static void plan_tick(struct port *p)
{
    struct machine *m = p->process->machine;

    p->next_tick = event_at(machine_when(m, machine_boot_ns(m) + p->tick_ms * MS) +
                                rng_range(&m->rng, 1, 300) * 1000,
                            p->process, on_tick, p, NULL);
}

static void on_tick(void *arg)
{
    struct port *p = arg;

    plan_tick(p);
    p->io->capacity = disk_mood(p->disk) == DISK_FULL ? 0 : CAPACITY_KB;
    p->tick(p->io);
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick, raft_io_recv_cb recv)
{
    struct port *p = port_of(io);

    p->tick_ms = msecs;
    p->tick = tick;
    p->recv = recv;
    p->process->open++;
    plan_tick(p);
    return 0;
}

static void io_closed(void *arg)
{
    struct port *p = arg;
    struct disk *d = p->disk;

    /* What is being written is waited for. */
    if (d->queue != NULL) {
        event_at(sim.now_ns + MS, p->process, io_closed, p, NULL);
        return;
    }
    p->process->open--;
    p->closed(p->io);
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct port *p = port_of(io);

    p->closed = cb;
    if (p->next_tick != NULL)
        event_cancel(p->next_tick);
    p->next_tick = NULL;
    event_at(sim.now_ns + 1, p->process, io_closed, p, NULL);
}

static raft_time io_time(struct raft_io *io)
{
    return machine_boot_ns(port_of(io)->process->machine) / MS;
}

static int io_random(struct raft_io *io, int min, int max)
{
    return min + (int)rng_below(&port_of(io)->process->machine->rng, (uint64_t)(max - min));
}

int raft_uv_init(struct raft_io *io, struct uv_loop_s *loop, const char *dir,
                 struct raft_uv_transport *transport)
{
    struct port *p = sim_calloc(1, sizeof *p);

    (void)loop;
    (void)dir;
    (void)transport;
    p->io = io;
    p->process = sim.current;
    p->disk = sim.current->machine->disk;
    sim.current->port = p;
    short version = io->version;
    *io = (struct raft_io){.version = version,
                           .capacity = CAPACITY_KB,
                           .impl = p,
                           .init = io_init,
                           .close = io_close,
                           .load = io_load,
                           .start = io_start,
                           .bootstrap = io_bootstrap,
                           .recover = io_recover,
                           .set_term = io_set_term,
                           .set_vote = io_set_vote,
                           .send = io_send,
                           .append = io_append,
                           .truncate = io_truncate,
                           .snapshot_put = io_snapshot_put,
                           .snapshot_get = io_snapshot_get,
                           .time = io_time,
                           .random = io_random};
    return 0;
}

void raft_uv_close(struct raft_io *io)
{
    struct port *p = port_of(io);

    p->process->port = NULL;
    sim_free(p);
}

void raft_uv_set_auto_recovery(struct raft_io *io, bool flag)
{
    (void)io;
    (void)flag;
}

void raft_uv_set_connect_retry_delay(struct raft_io *io, unsigned ms)
{
    (void)io;
    (void)ms;
}

void raft_uv_set_disk_retry(struct raft_io *io, unsigned ms)
{
    (void)io;
    (void)ms;
}
