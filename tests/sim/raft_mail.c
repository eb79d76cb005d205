/* raft's messages between machines: lost, repeated, delayed, out of order. */
#include <raft.h>
#include <stdlib.h>
#include <string.h>

#include "node/config.h"
#include "tests/sim/process.h"
#include "tests/sim/raft_io.h"

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

int io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *m,
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
