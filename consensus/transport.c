#include "consensus/transport.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/epoch.h"
#include "net/msgpack.h"
#include "net/rpc.h"

enum { TEXT_BYTES_MAX = 300, REFUSALS_LOGGED_EVERY_MS = 10000 };

struct transport {
    struct raft_uv_transport raft; /* data belongs to raft_uv. */
    struct transport_config config;
    raft_uv_accept_cb accept; /* NULL until raft listens. */
    struct attempt *attempts; /* Connections being made. */
    struct incoming *incoming;
    raft_uv_transport_close_cb close_cb;
    bool closing;
    uv_async_t *closer; /* Tells the end from the loop, never from inside close. */
    uint64_t refusal_logged_ms;
};

static struct transport *transport_of(struct raft_uv_transport *t)
{
    return t->impl;
}

static int transport_init(struct raft_uv_transport *t, raft_id id, const char *address)
{
    (void)t;
    (void)id;
    (void)address;
    return 0;
}

static int transport_listen(struct raft_uv_transport *t, raft_uv_accept_cb cb)
{
    transport_of(t)->accept = cb;
    return 0;
}

/* ------------------------------------------------------------------ dialling */

/* One connection on its way: dial, call raft.connect, detach. */
struct attempt {
    struct transport *transport;
    struct raft_uv_connect *req;
    uint32_t to;
    struct rpc_dial *dial;
    struct rpc_conn *conn;
    struct attempt *next;
};

static void finish_closing(struct transport *t);

/* `stream` NULL: it failed. Answers raft, once, and forgets the attempt. */
static void attempt_end(struct attempt *a, uv_stream_t *stream)
{
    struct transport *t = a->transport;
    struct raft_uv_connect *req = a->req;

    for (struct attempt **at = &t->attempts; *at != NULL; at = &(*at)->next) {
        if (*at == a) {
            *at = a->next;
            break;
        }
    }
    free(a);
    if (t->closing && stream != NULL) {
        uv_close((uv_handle_t *)stream, (uv_close_cb)free);
        stream = NULL;
    }
    int status = stream != NULL ? 0 : t->closing ? RAFT_CANCELED : RAFT_NOCONNECTION;
    req->cb(req, (struct uv_stream_s *)stream, status);
    finish_closing(t);
}

static void attempt_detached(uv_stream_t *stream, void *data)
{
    attempt_end(data, stream);
}

/* Is the answer that of the node that we mean to speak to? */
static const char *answer_fault(const struct attempt *a, const struct value *result)
{
    const struct transport_config *c = &a->transport->config;
    uint32_t id = 0;
    const char *disk = NULL;

    if (!value_get_u32(result, "id", &id) || !value_get_str(result, "disk", TEXT_BYTES_MAX, &disk))
        return "it answered something else";
    if (id != a->to)
        return "another node answers at this address";
    return c->refuse_peer(id, disk, c->data);
}

static void log_refusal(struct transport *t, uint32_t id, const char *direction, const char *why)
{
    uint64_t now = uv_now(t->config.loop);

    /* libraft tries again ten times a second. */
    if (t->refusal_logged_ms != 0 && now - t->refusal_logged_ms < REFUSALS_LOGGED_EVERY_MS)
        return;
    t->refusal_logged_ms = now;
    log_warn("raft", "connection %s node %u refused: %s", direction, id, why);
}

static void attempt_answered(uint32_t code, const char *message, const struct value *result,
                             void *data)
{
    struct attempt *a = data;

    if (code == 0) {
        const char *fault = answer_fault(a, result);
        if (fault == NULL) {
            struct rpc_conn *conn = a->conn;
            a->conn = NULL;
            rpc_detach(conn, attempt_detached, a);
            return;
        }
        log_refusal(a->transport, a->to, "to", fault);
    } else if (code == ERROR_ACCESS_DENIED || code == ERROR_CLUSTER_NODE_NOT_MEMBER) {
        log_refusal(a->transport, a->to, "by", message);
    }
    if (code == ERROR_CLUSTER_NODE_NOT_MEMBER && a->transport->config.outlived != NULL)
        a->transport->config.outlived(message, a->transport->config.data);
    rpc_close(a->conn); /* Does nothing to one that has ended. */
    attempt_end(a, NULL);
}

static void attempt_dialed(struct rpc_conn *conn, uint32_t code, void *data)
{
    struct attempt *a = data;
    const struct transport_config *c = &a->transport->config;
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    a->dial = NULL;
    if (code != 0) {
        attempt_end(a, NULL);
        return;
    }
    a->conn = conn;
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 6);
    sink_kv_str(&m.sink, "cluster", c->cluster);
    sink_kv_uint(&m.sink, "id", c->id);
    sink_kv_uint(&m.sink, "epoch", c->epoch);
    sink_kv_str(&m.sink, "address", c->address);
    sink_kv_str(&m.sink, "disk", c->disk);
    sink_kv_uint(&m.sink, "to", a->to);
    rpc_call(conn, "raft.connect", &params, c->connect_timeout_ms, attempt_answered, a);
    bytes_release(&params);
}

static int transport_connect(struct raft_uv_transport *raft, struct raft_uv_connect *req,
                             raft_id id, const char *address, raft_uv_connect_cb cb)
{
    static const struct rpc_handlers none;
    struct transport *t = transport_of(raft);
    struct address to;

    req->cb = cb;
    if (t->config.address_of != NULL)
        address = t->config.address_of((uint32_t)id, address, t->config.data);
    if (address == NULL || address_parse(address, 0, &to) != 0)
        return RAFT_NOCONNECTION;
    struct attempt *a = xcalloc(1, sizeof *a);
    a->transport = t;
    a->req = req;
    a->to = (uint32_t)id;
    a->next = t->attempts;
    t->attempts = a;
    struct rpc_dial_options options = {
        .handlers = &none,
        .data = a,
        .connect_timeout_ms = t->config.connect_timeout_ms,
        .user_timeout_ms = t->config.user_timeout_ms,
    };
    a->dial = rpc_dial(t->config.loop, &to, &options, attempt_dialed);
    return 0;
}

/* ----------------------------------------------------------------- accepting */

struct incoming {
    struct transport *transport;
    uint32_t id;
    char *address; /* Owned. */
    struct incoming *next;
};

static void incoming_detached(uv_stream_t *stream, void *data)
{
    struct incoming *in = data;
    struct transport *t = in->transport;

    for (struct incoming **at = &t->incoming; *at != NULL; at = &(*at)->next) {
        if (*at == in) {
            *at = in->next;
            break;
        }
    }
    if (stream != NULL && t->closing)
        uv_close((uv_handle_t *)stream, (uv_close_cb)free);
    else if (stream != NULL)
        t->accept(&t->raft, in->id, in->address, (struct uv_stream_s *)stream);
    free(in->address);
    free(in);
    finish_closing(t);
}

/* What is wrong with whoever wants to connect; 0 if nothing. */
static uint32_t stranger(const struct transport *t, const struct value *params, uint32_t *ret_id,
                         const char **ret_address, const char **ret_fault)
{
    const struct transport_config *c = &t->config;
    const char *cluster = NULL, *disk = NULL;
    uint32_t to = 0, epoch = EPOCH_FIRST;

    value_get_u32(params, "epoch", &epoch);
    if (!value_get_str(params, "cluster", TEXT_BYTES_MAX, &cluster) ||
        !value_get_u32(params, "id", ret_id) || !value_get_u32(params, "to", &to) ||
        !value_get_str(params, "address", TEXT_BYTES_MAX, ret_address) ||
        !value_get_str(params, "disk", TEXT_BYTES_MAX, &disk))
        *ret_fault = "malformed raft.connect";
    else if (strcmp(cluster, c->cluster) != 0)
        *ret_fault = "it belongs to another cluster";
    else if (to != c->id)
        *ret_fault = "it means another node than this one";
    else if (*ret_id == c->id || *ret_id == 0)
        *ret_fault = "it claims this node's own id";
    else if (epoch != c->epoch)
        return epoch_refusal(epoch, c->epoch, ret_fault);
    else
        *ret_fault = c->refuse_peer(*ret_id, disk, c->data);
    return *ret_fault != NULL ? ERROR_ACCESS_DENIED : 0;
}

void transport_accept(struct transport *t, struct rpc_conn *conn, struct rpc_request *request,
                      const struct value *params)
{
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;
    uint32_t id = 0;
    const char *address = NULL;

    if (t->closing || t->accept == NULL) {
        rpc_reply_error(request, ERROR_NOT_READY, NULL);
        rpc_close_after_writes(conn);
        return;
    }
    const char *fault = NULL;
    uint32_t code = stranger(t, params, &id, &address, &fault);
    if (code != 0) {
        log_refusal(t, id, "from", fault);
        rpc_reply_error(request, code, fault);
        rpc_close_after_writes(conn);
        return;
    }
    struct incoming *in = xcalloc(1, sizeof *in);
    in->transport = t;
    in->id = id;
    in->address = xstrdup(address);
    in->next = t->incoming;
    t->incoming = in;
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 2);
    sink_kv_uint(&m.sink, "id", t->config.id);
    sink_kv_str(&m.sink, "disk", t->config.disk);
    rpc_reply(request, &result);
    bytes_release(&result);
    rpc_detach(conn, incoming_detached, in);
}

/* ---------------------------------------------------------------------- life */

static void closer_closed(uv_handle_t *handle)
{
    struct transport *t = handle->data;
    raft_uv_transport_close_cb cb = t->close_cb;

    free(handle);
    t->closer = NULL;
    t->close_cb = NULL;
    cb(&t->raft);
}

/* raft hears of the end when nothing is left that could call it. */
static void finish_closing(struct transport *t)
{
    if (!t->closing || t->attempts != NULL || t->incoming != NULL || t->closer == NULL ||
        uv_is_closing((uv_handle_t *)t->closer))
        return;
    uv_close((uv_handle_t *)t->closer, closer_closed);
}

static void transport_close(struct raft_uv_transport *raft, raft_uv_transport_close_cb cb)
{
    struct transport *t = transport_of(raft);
    struct attempt *next;

    assert(!t->closing);
    t->closing = true;
    t->close_cb = cb;
    t->closer = xcalloc(1, sizeof *t->closer);
    uv_async_init(t->config.loop, t->closer, NULL);
    t->closer->data = t;
    /* Those that already speak end by the closing of their connection. */
    for (struct attempt *a = t->attempts; a != NULL; a = next) {
        next = a->next;
        if (a->dial != NULL) {
            rpc_dial_cancel(a->dial);
            attempt_end(a, NULL);
        } else if (a->conn != NULL) {
            rpc_close(a->conn);
        }
    }
    finish_closing(t);
}

struct transport *transport_open(const struct transport_config *config)
{
    struct transport *t = xcalloc(1, sizeof *t);

    t->config = *config;
    t->raft.version = 1;
    t->raft.impl = t;
    t->raft.init = transport_init;
    t->raft.listen = transport_listen;
    t->raft.connect = transport_connect;
    t->raft.close = transport_close;
    return t;
}

struct raft_uv_transport *transport_raft(struct transport *t)
{
    return &t->raft;
}

void transport_free(struct transport *t)
{
    free(t);
}
