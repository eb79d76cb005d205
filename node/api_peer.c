/* What other nodes ask: see node/peers.h. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/replica.h"

enum { TEXT_BYTES_MAX = 300 };

static const char *hello_fault(const struct api *a, const struct value *params)
{
    const char *cluster, *disk;
    uint32_t id, to, lease_ms, most, level = cluster_level(replica_cluster(a->config.replica));

    if (!value_get_str(params, "cluster", TEXT_BYTES_MAX, &cluster) ||
        !value_get_u32(params, "id", &id) || !value_get_u32(params, "to", &to) ||
        !value_get_str(params, "disk", TEXT_BYTES_MAX, &disk))
        return "malformed peer.hello";
    if (strcmp(cluster, a->config.cluster) != 0)
        return "this is another cluster";
    if (to != a->config.self)
        return "this is another node";
    if (!value_get_u32(params, "lease_ms", &lease_ms) || lease_ms != a->config.lease_ms)
        return "its lease_ms is not this node's: with different leases a group could run twice";
    /* Left out by who only says farewell, and by builds from before levels: those cannot
     * come up (groupmgr/level.c). */
    if (value_get_u32(params, "level", &most) && most < level)
        return "its build does not know this cluster's functional level: upgrade it";
    return a->config.refuse_peer(id, disk, a->config.data);
}

static void hello(struct session *s, struct rpc_request *r, const struct value *params)
{
    const char *fault = hello_fault(s->api, params);
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;
    bool removed = false;
    uint32_t id;

    if (value_get_u32(params, "id", &id) &&
        cluster_departed(replica_cluster(s->api->config.replica), id, &removed) && removed) {
        rpc_reply_error(r, ERROR_CLUSTER_NODE_NOT_MEMBER, "this node was evicted");
        return;
    }
    if (fault != NULL) {
        log_warn("peers", "%s refused: %s", rpc_conn_peer(s->conn), fault);
        rpc_reply_error(r, ERROR_ACCESS_DENIED, fault);
        return;
    }
    const char *address;
    if (value_get_str(params, "address", TEXT_BYTES_MAX, &address))
        s->api->config.learn(id, address, s->api->config.data);
    s->is_peer = true;
    value_get_u32(params, "id", &s->peer_id);
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "id", s->api->config.self);
    sink_kv_str(&m.sink, "disk", s->api->config.disk);
    sink_kv_uint(&m.sink, "level", cluster_level(replica_cluster(s->api->config.replica)));
    rpc_reply(r, &result);
    bytes_release(&result);
}

static void ended_done(uint32_t code, const struct reply *reply, void *data)
{
    struct rpc_request *r = data;

    (void)reply; /* Refused: it is down already, or lives another life. Either will do. */
    if (code == 0)
        rpc_reply(r, NULL);
    else
        rpc_reply_error(r, code, NULL);
}

/* The word of a node, without a daemon, that nothing of its life runs any more: as
 * good as that of a daemon that stops (node/farewell.h). Only of itself. */
static void ended(const struct session *s, struct rpc_request *r, const struct value *params)
{
    enum { ENDED_TIMEOUT_MS = 1500 };
    struct command cmd = {.kind = COMMAND_NODE_DOWN,
                          .node = s->peer_id,
                          .node_seq = UINT64_MAX,
                          .cause = CAUSE_NODE_STOPPED};

    if (!value_get_uint(params, "incarnation", &cmd.incarnation) || cmd.incarnation == 0) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "which incarnation?");
        return;
    }
    calls_change_command(s->api->config.calls, &cmd, ENDED_TIMEOUT_MS, ended_done, r);
}

bool api_peer(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params)
{
    if (strcmp(method, "peer.hello") == 0)
        hello(s, r, params);
    else if (strcmp(method, "peer.join") == 0)
        api_join(s, r, params);
    else if (strncmp(method, "peer.", 5) == 0 && !s->is_peer)
        rpc_reply_error(r, ERROR_ACCESS_DENIED, "peer.hello comes first");
    else if (strcmp(method, "peer.propose") == 0)
        calls_serve_propose(s->api->config.calls, r, params);
    else if (strcmp(method, "peer.barrier") == 0)
        calls_serve_barrier(s->api->config.calls, r);
    else if (strcmp(method, "peer.ended") == 0)
        ended(s, r, params);
    else
        return false;
    return true;
}
