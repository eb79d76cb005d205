/* Who listens where, and how connections come about. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tests/sim/redirect.h"
#include "tests/sim/socket.h"

#undef malloc
#undef calloc
#undef free

static struct rpc_server *servers;
static struct rpc_dial *dials; /* All ever begun. */

/* ------------------------------------------------------------------ servers */

uint32_t rpc_server_open(uv_loop_t *loop, const struct address *address, mode_t mode,
                         const struct rpc_limits *limits, const struct rpc_handlers *handlers,
                         void (*accepted)(struct rpc_conn *c, void *data), void *data,
                         struct rpc_server **ret)
{
    struct rpc_server *s = calloc(1, sizeof *s);

    (void)mode;
    (void)limits;
    *s = (struct rpc_server){.owner = loop->data,
                             .address = *address,
                             .handlers = handlers,
                             .accepted = accepted,
                             .data = data,
                             .next = servers};
    servers = s;
    s->owner->open++;
    *ret = s;
    return 0;
}

uint16_t rpc_server_port(const struct rpc_server *s)
{
    return s->address.port;
}

void rpc_server_close(struct rpc_server *s)
{
    assert(!s->closed);
    s->closed = true;
    s->owner->open--;
    server_conns_close(s);
}

static struct rpc_server *server_at(const struct address *a, const struct machine *from)
{
    for (struct rpc_server *s = servers; s != NULL; s = s->next)
        if (!s->closed && s->owner->alive && s->address.is_unix == a->is_unix &&
            s->address.port == a->port && strcmp(s->address.host, a->host) == 0 &&
            (!a->is_unix || s->owner->machine == from))
            return s;
    return NULL;
}

/* ------------------------------------------------------------------ dialling */

struct rpc_dial {
    struct process *owner;
    struct address address;
    struct rpc_dial_options options;
    rpc_dialed done;
    bool canceled;
    struct rpc_conn *conn;
    uint32_t code;
    struct rpc_dial *next;
};

static void dial_ended(void *arg)
{
    struct rpc_dial *d = arg;

    /* The other end has gone before word of the handshake was back: whoever dials
     * learns of no connection, and not of one that is over. */
    if (d->conn != NULL && d->conn->closing) {
        d->conn = NULL;
        d->code = ERROR_CONNECTION_ABORTED;
    }
    trace(2, "%s connects to %s: %u", d->owner->machine->name, d->address.host, d->code);
    if (d->canceled) {
        if (d->conn != NULL)
            rpc_close(d->conn);
        return;
    }
    d->owner->open--;
    d->done(d->conn, d->code, d->options.data);
}

static void accepted(void *arg)
{
    struct rpc_conn *c = arg;

    if (c->server->accepted != NULL && !c->closing)
        c->server->accepted(c, c->server->data);
}

static void connect_ends(struct rpc_dial *d, struct rpc_server *s)
{
    struct rpc_conn *there = conn_new(s->owner, s->handlers, s->data, d->options.user_timeout_ms);

    d->conn = conn_new(d->owner, d->options.handlers, d->options.data, d->options.user_timeout_ms);
    d->conn->other = there;
    there->other = d->conn;
    d->conn->is_local = there->is_local = d->address.is_unix;
    there->server = s;
    there->arrival_ns = d->conn->arrival_ns = sim.now_ns + 2 * MS;
    event_at(sim.now_ns, s->owner, accepted, there, NULL);
}

/* An address of this network is 10.0.0.ID. */
static uint32_t machine_at(const struct address *a, const struct machine *from)
{
    return a->is_unix ? from->id : (uint32_t)atoi(a->host + strlen("10.0.0."));
}

/* The handshake has reached the other machine, or not. */
static void dial_arrived(void *arg)
{
    struct rpc_dial *d = arg;
    struct machine *from = d->owner->machine;
    struct machine *to = machine_of(machine_at(&d->address, from));
    struct rpc_server *s = server_at(&d->address, from);
    uint64_t at = sim.now_ns + link_delay_ns(to->id, from->id);

    if (!d->owner->alive)
        return;
    if (!to->on || link_is_cut(from->id, to->id) || link_is_cut(to->id, from->id)) {
        unsigned ms = d->options.connect_timeout_ms;
        d->code = ERROR_TIMEOUT;
        at = sim.now_ns + (ms != 0 ? ms : 2000) * MS;
    } else if (s == NULL) {
        d->code = ERROR_CONNECTION_REFUSED;
    } else {
        connect_ends(d, s);
    }
    event_at(at, d->owner, dial_ended, d, NULL);
}

struct rpc_dial *rpc_dial(uv_loop_t *loop, const struct address *address,
                          const struct rpc_dial_options *options, rpc_dialed done)
{
    struct process *p = loop->data;
    struct rpc_dial *d = calloc(1, sizeof *d);

    *d = (struct rpc_dial){
        .owner = p, .address = *address, .options = *options, .done = done, .next = dials};
    dials = d;
    p->open++;
    event_at(sim.now_ns + link_delay_ns(p->machine->id, machine_at(address, p->machine)), NULL,
             dial_arrived, d, NULL);
    return d;
}

void rpc_dial_cancel(struct rpc_dial *d)
{
    d->canceled = true;
    d->owner->open--;
}

/* ------------------------------------------------------------ ends of others */

void servers_of_process_close(struct process *p)
{
    for (struct rpc_server *s = servers; s != NULL; s = s->next)
        if (s->owner == p)
            s->closed = true;
}

void servers_release(void)
{
    while (dials != NULL) {
        struct rpc_dial *d = dials;
        dials = d->next;
        free(d);
    }
    while (servers != NULL) {
        struct rpc_server *s = servers;
        servers = s->next;
        free(s);
    }
}
