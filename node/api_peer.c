/* What other nodes ask: see node/peers.h. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "consensus/consensus.h"
#include "consensus/epoch.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/replica.h"

enum { TEXT_BYTES_MAX = 300 };

/* Whether the caller is to be told that it is no member any more: 0 if it is one. Nobody of
 * another cluster is told, and nobody who means another node. */
static uint32_t membership_fault(const struct api *a, uint32_t id, uint32_t epoch,
                                 const char **ret_fault)
{
    bool removed = false;

    if (epoch != a->config.epoch)
        return epoch_refusal(epoch, a->config.epoch, ret_fault);
    if (!cluster_departed(replica_cluster(a->config.replica), id, &removed) || !removed)
        return 0;
    *ret_fault = "this node was evicted";
    return ERROR_CLUSTER_NODE_NOT_MEMBER;
}

static uint32_t hello_fault(const struct api *a, const struct value *params, const char **ret_fault)
{
    const char *cluster = NULL, *disk = NULL;
    uint32_t id = 0, to = 0, lease_ms, most, epoch = EPOCH_FIRST, code;
    uint32_t level = cluster_level(replica_cluster(a->config.replica));

    value_get_u32(params, "epoch", &epoch);
    if (!value_get_str(params, "cluster", TEXT_BYTES_MAX, &cluster) ||
        !value_get_u32(params, "id", &id) || !value_get_u32(params, "to", &to) ||
        !value_get_str(params, "disk", TEXT_BYTES_MAX, &disk))
        *ret_fault = "malformed peer.hello";
    else if (strcmp(cluster, a->config.cluster) != 0)
        *ret_fault = "this is another cluster";
    else if (to != a->config.self)
        *ret_fault = "this is another node";
    else if ((code = membership_fault(a, id, epoch, ret_fault)) != 0)
        return code;
    else if (!value_get_u32(params, "lease_ms", &lease_ms) || lease_ms != a->config.lease_ms)
        *ret_fault =
            "its lease_ms is not this node's: with different leases a group could run twice";
    /* Left out by who only says farewell, and by builds from before levels: those cannot
     * come up (groupmgr/level.c). */
    else if (value_get_u32(params, "level", &most) && most < level)
        *ret_fault = "its build does not know this cluster's functional level: upgrade it";
    else
        *ret_fault = a->config.refuse_peer(id, disk, a->config.data);
    return *ret_fault != NULL ? ERROR_ACCESS_DENIED : 0;
}

static void hello(struct session *s, struct rpc_request *r, const struct value *params)
{
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;
    const char *fault = NULL;
    uint32_t code = hello_fault(s->api, params, &fault), id = 0;

    if (code != 0) {
        log_warn("peers", "%s refused: %s", rpc_conn_peer(s->conn), fault);
        rpc_reply_error(r, code, fault);
        return;
    }
    value_get_u32(params, "id", &id);
    const char *address;
    if (value_get_str(params, "address", TEXT_BYTES_MAX, &address))
        s->api->config.learn(id, address, s->api->config.data);
    s->is_peer = true;
    s->peer_id = id;
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 4);
    sink_kv_uint(&m.sink, "id", s->api->config.self);
    sink_kv_str(&m.sink, "disk", s->api->config.disk);
    sink_kv_uint(&m.sink, "level", cluster_level(replica_cluster(s->api->config.replica)));
    sink_kv_uint(&m.sink, "epoch", s->api->config.epoch);
    rpc_reply(r, &result);
    bytes_release(&result);
}

/* Where this node's log ends: whoever recovers the cluster looks for the longest one. */
static void log_end(const struct session *s, struct rpc_request *r)
{
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;
    struct consensus_end end;

    consensus_log_end(s->api->consensus, &end);
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "term", end.term);
    sink_kv_uint(&m.sink, "index", end.index);
    sink_kv_uint(&m.sink, "leader", consensus_leader(s->api->consensus));
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
    else if (strcmp(method, "peer.log") == 0)
        log_end(s, r);
    else
        return false;
    return true;
}
