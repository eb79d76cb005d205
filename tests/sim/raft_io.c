/* raft's I/O: raft_uv_init() gives libraft a disk of disk.h and a network that
 * loses, repeats, delays and reorders messages. guard.c wraps it as it wraps
 * the real one. */
#include <assert.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "consensus/acked.h"
#include "consensus/disk_check.h"
#include "consensus/guard.h"
#include "node/config.h"
#include "tests/sim/disk.h"
#include "tests/sim/process.h"
#include "tests/sim/redirect.h"

#undef malloc
#undef calloc
#undef free

enum { CAPACITY_KB = 60000 };

struct port {
    struct raft_io *io;
    struct process *process;
    struct disk *disk;
    raft_id id;
    char *address; /* In the process' heap. */
    unsigned tick_ms;
    raft_io_tick_cb tick;
    raft_io_recv_cb recv;
    struct event *next_tick;
    raft_io_close_cb closed;
};

static struct port *port_of(const struct raft_io *io)
{
    return io->impl;
}

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

static uint8_t *copy_of(const void *data, size_t len)
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

/* All in one buffer, as entries of one segment are. */
static struct raft_entry *entries_read(const struct stored_entry *entries, size_t n)
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

/* -------------------------------------------------------------------- messages */

struct letter {
    struct raft_message message; /* Its pointers are not used. */
    uint32_t from, to;
    unsigned life; /* Of the process that it is for: a connection ends with either. */
    struct stored_entry *entries;
    unsigned n;
    struct stored_snapshot snapshot; /* INSTALL_SNAPSHOT: data and configuration. */
};

static void letter_free(void *arg)
{
    struct letter *l = arg;

    for (unsigned i = 0; i < l->n; i++)
        free(l->entries[i].data);
    free(l->entries);
    snapshot_release(&l->snapshot);
    free(l);
}

static struct letter *letter_new(const struct raft_message *m, uint32_t from)
{
    struct letter *l = calloc(1, sizeof *l);
    struct raft_buffer conf;

    l->message = *m;
    l->from = from;
    l->to = (uint32_t)m->server_id;
    if (m->type == RAFT_APPEND_ENTRIES && m->append_entries.n_entries > 0) {
        const struct raft_append_entries *a = &m->append_entries;
        l->n = a->n_entries;
        l->entries = calloc(l->n, sizeof *l->entries);
        for (unsigned i = 0; i < l->n; i++)
            l->entries[i] = (struct stored_entry){
                .term = a->entries[i].term,
                .type = a->entries[i].type,
                .len = a->entries[i].buf.len,
                .data = copy_of(a->entries[i].buf.base, a->entries[i].buf.len)};
    } else if (m->type == RAFT_INSTALL_SNAPSHOT) {
        const struct raft_install_snapshot *s = &m->install_snapshot;
        if (raft_configuration_encode(&s->conf, &conf) != 0)
            abort();
        l->snapshot.configuration = copy_of(conf.base, conf.len);
        l->snapshot.configuration_len = conf.len;
        raft_free(conf.base);
        l->snapshot.len = s->data.len;
        l->snapshot.data = copy_of(s->data.base, s->data.len);
    }
    return l;
}

static struct letter *letter_copy(const struct letter *l)
{
    struct letter *copy = calloc(1, sizeof *copy);

    *copy = *l;
    copy->entries = calloc(l->n + 1, sizeof *copy->entries);
    for (unsigned i = 0; i < l->n; i++) {
        copy->entries[i] = l->entries[i];
        copy->entries[i].data = copy_of(l->entries[i].data, l->entries[i].len);
    }
    if (l->snapshot.data != NULL) {
        copy->snapshot.data = copy_of(l->snapshot.data, l->snapshot.len);
        copy->snapshot.configuration =
            copy_of(l->snapshot.configuration, l->snapshot.configuration_len);
    }
    return copy;
}

/* Each field of what libraft owns from now on, in the receiver's heap. */
static void letter_open(struct letter *l, struct raft_message *m)
{
    struct raft_buffer conf = {.base = l->snapshot.configuration,
                               .len = l->snapshot.configuration_len};

    *m = l->message;
    m->server_id = l->from;
    m->server_address = machine_of(l->from)->config->peers[l->from - 1].address;
    if (m->type == RAFT_APPEND_ENTRIES) {
        m->append_entries.entries = entries_read(l->entries, l->n);
    } else if (m->type == RAFT_INSTALL_SNAPSHOT) {
        raft_configuration_init(&m->install_snapshot.conf);
        if (raft_configuration_decode(&conf, &m->install_snapshot.conf) != 0)
            abort();
        m->install_snapshot.data.len = l->snapshot.len;
        m->install_snapshot.data.base = raft_malloc(l->snapshot.len);
        memcpy(m->install_snapshot.data.base, l->snapshot.data, l->snapshot.len);
    }
}

static const char *letter_name(const struct letter *l)
{
    static const char *const names[] = {"",     "append",  "appended", "vote?",
                                        "vote", "install", "now!"};

    return names[l->message.type];
}

static void letter_arrived(void *arg)
{
    struct letter *l = arg;
    struct port *p = sim.current->port;
    struct raft_message m;

    if (p == NULL || p->recv == NULL)
        return;
    trace(3, "raft n%u <- n%u %s", l->to, l->from, letter_name(l));
    letter_open(l, &m);
    p->recv(p->io, &m);
}

static void letter_deliver(void *arg)
{
    struct letter *l = arg;
    struct machine *m = machine_of(l->to);

    if (!m->on || m->daemon == NULL || m->daemon->life != l->life || link_is_cut(l->from, l->to))
        return;
    event_keep_arg();
    event_at(sim.now_ns, m->daemon, letter_arrived, l, letter_free);
}

static void send_done(void *arg)
{
    struct raft_io_send *req = arg;

    req->cb(req, 0);
}

static void post(struct letter *l)
{
    const struct machine *m = machine_of(l->to);

    l->life = m != NULL && m->daemon != NULL ? m->daemon->life : 0;
    if (m == NULL || link_is_cut(l->from, l->to) ||
        (sim.bad_network && rng_chance(&sim.net, sim.profile.lossy_per_mille))) {
        letter_free(l);
        return;
    }
    event_at(sim.now_ns + link_delay_ns(l->from, l->to), NULL, letter_deliver, l, letter_free);
}

static int io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *m,
                   raft_io_send_cb cb)
{
    struct port *p = port_of(io);
    struct letter *l = letter_new(m, p->process->machine->id);

    req->cb = cb;
    if (sim.bad_network && rng_chance(&sim.net, sim.profile.duplicate_per_mille))
        post(letter_copy(l));
    post(l);
    event_at(sim.now_ns + rng_range(&sim.net, 10, 100) * 1000, p->process, send_done, req, NULL);
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

/* ------------------------------------------------------- the mark, the guard */

uint32_t acked_open(const char *dir, struct acked **ret)
{
    (void)dir;
    *ret = (struct acked *)sim.current->machine->disk;
    return 0;
}

void acked_close(struct acked *a)
{
    (void)a;
}

uint64_t acked_index(const struct acked *a)
{
    return ((const struct disk *)a)->acked;
}

void acked_raise(struct acked *a, uint64_t index)
{
    struct disk *d = (struct disk *)a;

    if (index > d->acked)
        d->acked = index;
}

uint32_t acked_lower(struct acked *a, uint64_t index)
{
    struct disk *d = (struct disk *)a;

    if (index >= d->acked)
        return 0;
    if (disk_status(d) != 0)
        return ERROR_DISK_FULL;
    d->acked = d->acked_synced = index;
    return 0;
}

uint32_t disk_check(const char *dir, uint64_t acked, char **ret_why)
{
    (void)dir;
    (void)acked;
    (void)ret_why;
    return 0;
}

struct guard *__real_guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal,
                                void *data);
struct guard *__wrap_guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal,
                                void *data);
void __real_guard_close(struct guard *g);
void __wrap_guard_close(struct guard *g);

/* guard.c lists its guards outside of the process' heap: they are taken off the
 * list also when the process just ends. */
struct guard *__wrap_guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal,
                                void *data)
{
    return sim.current->guard = __real_guard_open(io, acked, fatal, data);
}

void __wrap_guard_close(struct guard *g)
{
    sim.current->guard = NULL;
    __real_guard_close(g);
}

void guards_forget(struct process *p)
{
    if (p->guard != NULL)
        __real_guard_close(p->guard);
    p->guard = NULL;
}
