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
    uint32_t id, to, lease_ms;

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
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 2);
    sink_kv_uint(&m.sink, "id", s->api->config.self);
    sink_kv_str(&m.sink, "disk", s->api->config.disk);
    rpc_reply(r, &result);
    bytes_release(&result);
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
    else
        return false;
    return true;
}
