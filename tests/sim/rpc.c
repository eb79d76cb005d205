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
#include "tests/sim/socket.h"

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

static struct rpc_conn *conns; /* All ever made. */

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

struct rpc_conn *conn_new(struct process *owner, const struct rpc_handlers *handlers, void *data,
                          unsigned user_timeout_ms)
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

/* ------------------------------------------------------------ ends of others */

void sockets_of_process_close(struct process *p, bool silently)
{
    servers_of_process_close(p);
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
    servers_release();
}

void server_conns_close(struct rpc_server *s)
{
    for (struct rpc_conn *c = conns; c != NULL; c = c->next)
        if (c->server == s && c->owner->alive)
            rpc_close(c);
}
