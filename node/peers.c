#include "node/peers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/epoch.h"
#include "groupmgr/groupmgr.h"
#include "net/msgpack.h"
#include "net/rpc.h"

enum { RETRY_MS = 100, HELLO_TIMEOUT_MS = 2000, TEXT_BYTES_MAX = 300 };

struct peer {
    struct peers *peers;
    uint32_t id;
    struct rpc_dial *dial;
    struct rpc_conn *conn; /* From dialling on. */
    bool usable;           /* Hello was answered. */
    char *address;         /* As it said itself; NULL. */
    uint64_t retry_at_ms;  /* Of the loop's time. */
    bool refusal_logged;
    struct peer *next;
};

struct peers {
    struct peers_config config;
    struct peer *list;
    bool closing;
};

static void peer_broke(struct peer *p)
{
    p->conn = NULL;
    p->usable = false;
    p->retry_at_ms = uv_now(p->peers->config.loop) + RETRY_MS;
}

static void on_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct peer *p = data;

    (void)c;
    (void)code;
    peer_broke(p);
}

static const struct rpc_handlers handlers = {.closed = on_closed};

static void hello_answered(uint32_t code, const char *message, const struct value *result,
                           void *data)
{
    struct peer *p = data;
    const struct peers_config *c = &p->peers->config;
    const char *fault = NULL;
    const char *disk;
    uint32_t id, level, epoch = EPOCH_FIRST;

    value_get_u32(result, "epoch", &epoch);
    if (p->conn == NULL)
        return;
    if (code == ERROR_CONNECTION_ABORTED) {
        rpc_close(p->conn); /* If it is only the peer that says so. */
        return;             /* closed() will tell. */
    }
    if (code != 0)
        fault = message;
    else if (!value_get_u32(result, "id", &id) ||
             !value_get_str(result, "disk", TEXT_BYTES_MAX, &disk) || id != p->id)
        fault = "another node answers at its address";
    else if (epoch != c->epoch)
        (void)epoch_refusal(epoch, c->epoch, &fault);
    else if (value_get_u32(result, "level", &level) && level > c->level_max)
        fault = "it works at a functional level that this node does not know: upgrade this node";
    else
        fault = c->refuse_peer(id, disk, c->data);
    if (code == ERROR_CLUSTER_NODE_NOT_MEMBER)
        c->expelled(message, c->data);
    if (fault != NULL) {
        if (!p->refusal_logged)
            log_warn("peers", "no connection to node %u: %s", p->id, fault);
        p->refusal_logged = true;
        rpc_close(p->conn);
        return;
    }
    if (p->usable) /* peers_probe(). */
        return;
    p->refusal_logged = false;
    p->usable = true;
    c->connected(p->id, c->data);
}

static void say_hello(struct peer *p)
{
    const struct peers_config *c = &p->peers->config;
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 9);
    sink_kv_str(&m.sink, "cluster", c->cluster);
    sink_kv_uint(&m.sink, "id", c->id);
    sink_kv_uint(&m.sink, "to", p->id);
    sink_kv_str(&m.sink, "disk", c->disk);
    sink_kv_str(&m.sink, "address", c->address);
    sink_kv_uint(&m.sink, "lease_ms", c->lease_ms);
    sink_kv_uint(&m.sink, "level", c->level_max);
    sink_kv_uint(&m.sink, "level_min", LEVEL_MIN);
    sink_kv_uint(&m.sink, "epoch", c->epoch);
    rpc_call(p->conn, "peer.hello", &params, HELLO_TIMEOUT_MS, hello_answered, p);
    bytes_release(&params);
}

static void on_dialed(struct rpc_conn *conn, uint32_t code, void *data)
{
    struct peer *p = data;

    p->dial = NULL;
    if (code != 0) {
        peer_broke(p);
        return;
    }
    p->conn = conn;
    say_hello(p);
}

static void peer_dial(struct peer *p)
{
    const struct peers_config *c = &p->peers->config;
    const char *text = c->address_of(p->id, c->data);
    struct address address;

    if (text == NULL || address_parse(text, 0, &address) != 0)
        return;
    struct rpc_dial_options options = {
        .handlers = &handlers,
        .data = p,
        .connect_timeout_ms = c->connect_timeout_ms,
        .user_timeout_ms = c->user_timeout_ms,
    };
    p->dial = rpc_dial(c->loop, &address, &options, on_dialed);
}

static struct peer *peer_of(struct peers *ps, uint32_t id)
{
    struct peer *p = ps->list;

    while (p != NULL && p->id != id)
        p = p->next;
    if (p != NULL)
        return p;
    p = xcalloc(1, sizeof *p);
    p->peers = ps;
    p->id = id;
    p->next = ps->list;
    ps->list = p;
    return p;
}

struct rpc_conn *peers_get(struct peers *ps, uint32_t id)
{
    assert(id != 0 && id != ps->config.id);
    if (ps->closing)
        return NULL;
    struct peer *p = peer_of(ps, id);
    if (p->usable)
        return p->conn;
    if (p->dial == NULL && p->conn == NULL && uv_now(ps->config.loop) >= p->retry_at_ms)
        peer_dial(p);
    return NULL;
}

void peers_learn(struct peers *ps, uint32_t id, const char *address)
{
    struct address parsed;

    if (ps->closing || id == 0 || id == ps->config.id || address_parse(address, 0, &parsed) != 0 ||
        parsed.is_unix)
        return;
    struct peer *p = peer_of(ps, id);
    free(p->address);
    p->address = xstrdup(address);
}

const char *peers_address(const struct peers *ps, uint32_t id)
{
    for (const struct peer *p = ps->list; p != NULL; p = p->next)
        if (p->id == id)
            return p->address;
    return NULL;
}

void peers_probe(struct peers *ps, uint32_t id)
{
    if (peers_get(ps, id) != NULL)
        say_hello(peer_of(ps, id));
}

struct peers *peers_open(const struct peers_config *config)
{
    struct peers *ps = xcalloc(1, sizeof *ps);

    ps->config = *config;
    return ps;
}

void peers_close(struct peers *ps)
{
    ps->closing = true;
    for (struct peer *p = ps->list; p != NULL; p = p->next) {
        if (p->dial != NULL)
            rpc_dial_cancel(p->dial);
        p->dial = NULL;
        if (p->conn != NULL)
            rpc_close(p->conn);
    }
}

void peers_free(struct peers *ps)
{
    while (ps->list != NULL) {
        struct peer *p = ps->list;
        ps->list = p->next;
        free(p->address);
        free(p);
    }
    free(ps);
}
