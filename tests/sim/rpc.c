/* net/rpc.h without sockets: connections between simulated processes.
 *
 * As TCP: in order, nothing lost, nothing twice, until the connection breaks.
 * While a link is cut, what is sent waits; after the user time-out both ends
 * break, each on its own. A process that ends tells its peers, a machine whose
 * power goes does not. */
#include "net/rpc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/value.h"
#include "net/msgpack.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef malloc
#undef calloc
#undef free

enum { METHOD_BYTES = 32, RETRY_MS = 40, DEFAULT_USER_TIMEOUT_MS = 3000 };

/* A call of this side that is not answered; in the heap of its process. */
struct call {
    uint64_t id;
    rpc_done done;
    void *data;
    struct event *timeout;
    struct rpc_conn *conn;
    struct call *next;
};

struct rpc_request {
    struct rpc_conn *conn;
    uint64_t id;
};

enum frame_kind { FRAME_REQUEST, FRAME_ANSWER, FRAME_NOTIFICATION, FRAME_END };

struct frame {
    enum frame_kind kind;
    struct rpc_conn *to;
    uint64_t id;
    uint32_t code;
    char method[METHOD_BYTES];
    size_t len;
    struct frame *next;
    uint8_t bytes[];
};

/* One end of a connection. Kept until the history is over. */
struct rpc_conn {
    struct process *owner;
    struct rpc_conn *other;
    const struct rpc_handlers *handlers;
    void *data, *user;
    bool closing; /* closed() is planned or was called. */
    bool is_local;
    uint64_t arrival_ns; /* Of the last frame that was sent. */
    struct frame *waiting, **waiting_tail;
    uint64_t waiting_since_ns;
    unsigned user_timeout_ms;
    uint64_t last_id;
    struct call *calls;
    struct rpc_server *server;
    struct rpc_conn *next;
};

struct rpc_server {
    struct process *owner;
    struct address address;
    const struct rpc_handlers *handlers;
    void (*accepted)(struct rpc_conn *c, void *data);
    void *data;
    bool closed;
    struct rpc_server *next;
};

static struct rpc_conn *conns;
static struct rpc_server *servers;
static struct rpc_dial *dials; /* All ever begun. */

static bool is_reachable(const struct rpc_conn *c)
{
    uint32_t a = c->owner->machine->id, b = c->other->owner->machine->id;

    return c->other->owner->machine->on && !link_is_cut(a, b) && !link_is_cut(b, a);
}

/* ----------------------------------------------------------------- the end */

struct ending {
    struct rpc_conn *conn;
    uint32_t code;
};

static void conn_ended(void *arg)
{
    struct ending *e = arg;
    struct rpc_conn *c = e->conn;

    trace(2, "%s loses its connection with %s: %u", c->owner->machine->name,
          c->other->owner->machine->name, e->code);
    while (c->calls != NULL) {
        struct call *call = c->calls;
        c->calls = call->next;
        if (call->timeout != NULL)
            event_cancel(call->timeout);
        rpc_done done = call->done;
        void *data = call->data;
        sim_free(call);
        done(ERROR_CONNECTION_ABORTED, "", NULL, data);
    }
    c->owner->open--;
    if (c->handlers != NULL && c->handlers->closed != NULL)
        c->handlers->closed(c, e->code, c->data);
}

static void conn_end(struct rpc_conn *c, uint32_t code)
{
    struct ending *e;

    if (c->closing || !c->owner->alive)
        return;
    c->closing = true;
    e = malloc(sizeof *e);
    *e = (struct ending){c, code};
    event_at(sim.now_ns + 1000, c->owner, conn_ended, e, free);
}

/* ------------------------------------------------------------------ frames */

static void answer(struct rpc_conn *c, const struct frame *f)
{
    struct call **at = &c->calls, *call;
    struct arena arena = {0};
    const struct value *v = NULL;

    while (*at != NULL && (*at)->id != f->id)
        at = &(*at)->next;
    call = *at;
    if (call == NULL)
        return; /* Timed out. */
    *at = call->next;
    if (call->timeout != NULL)
        event_cancel(call->timeout);
    rpc_done done = call->done;
    void *data = call->data;
    sim_free(call);
    if (f->len > 0 && msgpack_read(f->bytes, f->len, &arena, &v) != 0)
        abort();
    done(f->code, f->code != 0 ? error_text(f->code) : "", v, data);
    arena_release(&arena);
}

static void request(struct rpc_conn *c, const struct frame *f)
{
    static const struct value nil;
    struct arena arena = {0};
    const struct value *v = &nil;
    struct rpc_request *r;

    if (f->len > 0 && msgpack_read(f->bytes, f->len, &arena, &v) != 0)
        abort();
    if (f->kind == FRAME_NOTIFICATION) {
        if (c->handlers->notification != NULL)
            c->handlers->notification(c, f->method, v, c->data);
    } else {
        r = sim_malloc(sizeof *r);
        *r = (struct rpc_request){c, f->id};
        c->handlers->request(c, r, f->method, v, c->data);
    }
    arena_release(&arena);
}

/* The other end knows nothing of this connection any more. */
static void reset_arrived(void *arg)
{
    conn_end(arg, ERROR_CONNECTION_ABORTED);
}

static void frame_arrived(void *arg)
{
    const struct frame *f = arg;

    trace(3, "%s <- %s %s %s%u", f->to->owner->machine->name, f->to->other->owner->machine->name,
          f->kind == FRAME_ANSWER ? "answer"
          : f->kind == FRAME_END  ? "end"
                                  : f->method,
          "code ", f->code);

    if (f->to->closing && f->kind != FRAME_END)
        event_at(sim.now_ns + MS, NULL, reset_arrived, f->to->other, NULL);
    if (f->to->closing)
        return;
    if (f->kind == FRAME_END)
        conn_end(f->to, 0);
    else if (f->kind == FRAME_ANSWER)
        answer(f->to, f);
    else
        request(f->to, f);
}

static void frame_leave(struct rpc_conn *from, struct frame *f)
{
    const struct machine *there = from->other->owner->machine;
    uint64_t at = sim.now_ns + link_delay_ns(from->owner->machine->id, there->id);

    f->to = from->other;
    if (at <= from->arrival_ns)
        at = from->arrival_ns + 1;
    from->arrival_ns = at;
    event_at(at, f->to->owner, frame_arrived, f, free);
}

static void frames_drop(struct rpc_conn *c)
{
    while (c->waiting != NULL) {
        struct frame *f = c->waiting;
        c->waiting = f->next;
        free(f);
    }
    c->waiting_tail = &c->waiting;
}

/* What TCP repeats: until it gets through, or its patience ends. */
static void retransmit(void *arg)
{
    struct rpc_conn *c = arg;

    if (is_reachable(c) && c->other->owner->alive) {
        while (c->waiting != NULL) {
            struct frame *f = c->waiting;
            c->waiting = f->next;
            frame_leave(c, f);
        }
        c->waiting_tail = &c->waiting;
    } else if (is_reachable(c) || /* There, but knows nothing of this connection. */
               sim.now_ns - c->waiting_since_ns > c->user_timeout_ms * MS) {
        frames_drop(c);
        conn_end(c, ERROR_CONNECTION_ABORTED);
    } else {
        event_at(sim.now_ns + RETRY_MS * MS, NULL, retransmit, c, NULL);
    }
}

static void frame_send(struct rpc_conn *from, struct frame *f)
{
    if (from->waiting == NULL && is_reachable(from) && from->other->owner->alive) {
        frame_leave(from, f);
        return;
    }
    if (from->waiting == NULL) {
        from->waiting_since_ns = sim.now_ns;
        event_at(sim.now_ns + RETRY_MS * MS, NULL, retransmit, from, NULL);
    }
    f->next = NULL;
    *from->waiting_tail = f;
    from->waiting_tail = &f->next;
}

static struct frame *frame_new(enum frame_kind kind, uint64_t id, uint32_t code, const char *method,
                               const struct bytes *bytes)
{
    size_t len = bytes != NULL ? bytes->len : 0;
    struct frame *f = calloc(1, sizeof *f + len);

    f->kind = kind;
    f->id = id;
    f->code = code;
    f->len = len;
    snprintf(f->method, sizeof f->method, "%s", method);
    if (len > 0)
        memcpy(f->bytes, bytes->data, len);
    return f;
}

/* ------------------------------------------------------------- connections */

static struct rpc_conn *conn_new(struct process *owner, const struct rpc_handlers *handlers,
                                 void *data, unsigned user_timeout_ms)
{
    struct rpc_conn *c = calloc(1, sizeof *c);

    c->owner = owner;
    c->handlers = handlers;
    c->data = data;
    c->user_timeout_ms = user_timeout_ms != 0 ? user_timeout_ms : DEFAULT_USER_TIMEOUT_MS;
    c->waiting_tail = &c->waiting;
    c->next = conns;
    conns = c;
    owner->open++;
    return c;
}

void rpc_close(struct rpc_conn *c)
{
    if (c->closing)
        return;
    conn_end(c, ERROR_OPERATION_ABORTED);
    frame_send(c, frame_new(FRAME_END, 0, 0, "", NULL));
}

void rpc_close_after_writes(struct rpc_conn *c)
{
    rpc_close(c);
}

const char *rpc_conn_peer(const struct rpc_conn *c)
{
    return c->other->owner->machine->name;
}

long rpc_conn_uid(const struct rpc_conn *c)
{
    return c->is_local ? 0 : -1;
}

bool rpc_conn_is_local(const struct rpc_conn *c)
{
    return c->is_local;
}

void rpc_conn_set_user(struct rpc_conn *c, void *user)
{
    c->user = user;
}

void *rpc_conn_user(const struct rpc_conn *c)
{
    return c->user;
}

/* ------------------------------------------------------------------- calls */

static void call_timed_out(void *arg)
{
    struct call *call = arg;
    struct call **at = &call->conn->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    rpc_done done = call->done;
    void *data = call->data;
    sim_free(call);
    done(ERROR_TIMEOUT, "", NULL, data);
}

/* On a connection that has ended: the answer comes from the loop all the same. */
static void call_aborted(void *arg)
{
    struct call *call = arg;
    rpc_done done = call->done;
    void *data = call->data;

    sim_free(call);
    done(ERROR_CONNECTION_ABORTED, "", NULL, data);
}

void rpc_call(struct rpc_conn *c, const char *method, const struct bytes *params,
              unsigned timeout_ms, rpc_done done, void *data)
{
    struct call *call = sim_calloc(1, sizeof *call);
    struct machine *m = c->owner->machine;

    *call = (struct call){.id = ++c->last_id, .done = done, .data = data, .conn = c};
    if (c->closing) {
        event_at(sim.now_ns + 1, c->owner, call_aborted, call, NULL);
        return;
    }
    call->next = c->calls;
    c->calls = call;
    if (timeout_ms > 0)
        call->timeout = event_at(machine_when(m, machine_boot_ns(m) + timeout_ms * MS), c->owner,
                                 call_timed_out, call, NULL);
    frame_send(c, frame_new(FRAME_REQUEST, call->id, 0, method, params));
}

void rpc_notify(struct rpc_conn *c, const char *method, const struct bytes *params)
{
    if (!c->closing)
        frame_send(c, frame_new(FRAME_NOTIFICATION, 0, 0, method, params));
}

static void reply(struct rpc_request *r, uint32_t code, const struct bytes *result)
{
    if (!r->conn->closing)
        frame_send(r->conn, frame_new(FRAME_ANSWER, r->id, code, "", result));
    sim_free(r);
}

void rpc_reply(struct rpc_request *r, const struct bytes *result)
{
    reply(r, 0, result);
}

void rpc_reply_error(struct rpc_request *r, uint32_t code, const char *message)
{
    (void)message;
    reply(r, code, NULL);
}

struct rpc_conn *rpc_request_conn(const struct rpc_request *r)
{
    return r->conn->closing ? NULL : r->conn;
}

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
    for (struct rpc_conn *c = conns; c != NULL; c = c->next)
        if (c->server == s && c->owner->alive)
            rpc_close(c);
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

void sockets_of_process_close(struct process *p, bool silently)
{
    for (struct rpc_server *s = servers; s != NULL; s = s->next)
        if (s->owner == p)
            s->closed = true;
    for (struct rpc_conn *c = conns; c != NULL; c = c->next) {
        if (c->owner != p)
            continue;
        frames_drop(c);
        if (!c->closing && !silently && c->other->owner->alive && is_reachable(c))
            frame_leave(c, frame_new(FRAME_END, 0, 0, "", NULL));
        c->closing = true;
    }
}

void sockets_release(void)
{
    while (conns != NULL) {
        struct rpc_conn *c = conns;
        conns = c->next;
        frames_drop(c);
        free(c);
    }
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
