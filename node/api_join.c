/* A machine with an empty folder asks to be a member: see node/join.h. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/replica.h"

enum { TEXT_BYTES_MAX = 300, JOIN_MS = 12000 };

struct joining {
    struct api *api;
    struct rpc_request *request;
    char *name, *disk;
};

static void joining_free(struct joining *j)
{
    free(j->name);
    free(j->disk);
    free(j);
}

static void joining_refuse(struct joining *j, uint32_t code, const char *message)
{
    rpc_reply_error(j->request, code, message);
    joining_free(j);
}

/* This copy knows the new node: its id, and those that it may listen to. */
static void joining_known(uint32_t code, void *data)
{
    struct joining *j = data;
    const struct cluster *c = replica_cluster(j->api->config.replica);
    const struct node *self = cluster_node_by_name(c, j->name);
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;
    uint32_t count = 0;

    if (code == 0 && (self == NULL || strcmp(self->disk, j->disk) != 0))
        code = ERROR_CLUSTER_NODE_NOT_MEMBER; /* Evicted again meanwhile. */
    if (code != 0) {
        joining_refuse(j, code, NULL);
        return;
    }
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        count += n != self;
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "id", self->id);
    sink_kv_uint(&m.sink, "epoch", cluster_epoch(c));
    sink_kv_array(&m.sink, "members", count);
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL;
         n = cluster_next_node(c, n)) {
        if (n == self)
            continue;
        sink_map(&m.sink, 2);
        sink_kv_uint(&m.sink, "id", n->id);
        sink_kv_str(&m.sink, "disk", n->disk);
    }
    rpc_reply(j->request, &result);
    bytes_release(&result);
    joining_free(j);
}

static void joining_done(uint32_t code, const struct reply *reply, void *data)
{
    struct joining *j = data;

    if (code != 0)
        joining_refuse(j, code, NULL);
    else if (reply->code != 0)
        joining_refuse(j, reply->code, reply->detail);
    else
        calls_read(j->api->config.calls, JOIN_MS, joining_known, j);
}

void api_join(struct session *s, struct rpc_request *r, const struct value *params)
{
    struct api *a = s->api;
    struct command cmd = {.kind = COMMAND_NODE_JOIN};
    const char *cluster;
    uint32_t lease_ms;
    bool witness;

    if (!session_may_change(s)) {
        rpc_reply_error(r, ERROR_ACCESS_DENIED, "joining needs full access");
        return;
    }
    if (!value_get_str(params, "cluster", TEXT_BYTES_MAX, &cluster) ||
        !value_get_str(params, "name", TEXT_BYTES_MAX, &cmd.name) ||
        !value_get_str(params, "address", TEXT_BYTES_MAX, &cmd.address) ||
        !value_get_str(params, "disk", TEXT_BYTES_MAX, &cmd.disk) ||
        !value_get_bool(params, "witness", &witness) ||
        !value_get_u32(params, "lease_ms", &lease_ms)) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "malformed peer.join");
        return;
    }
    if (strcmp(cluster, a->config.cluster) != 0 || lease_ms != a->config.lease_ms) {
        rpc_reply_error(r, ERROR_ACCESS_DENIED,
                        lease_ms != a->config.lease_ms
                            ? "its lease_ms is not this cluster's: take the same [timing]"
                            : "this is another cluster");
        return;
    }
    cmd.flags = witness ? NODE_UP_WITNESS : 0;
    value_get_u32(params, "level", &cmd.level); /* Left out by builds from before levels. */
    value_get_u32(params, "level_min", &cmd.level_min);
    cmd.node = consensus_highest_id(a->consensus);
    struct joining *j = xcalloc(1, sizeof *j);
    j->api = a;
    j->request = r;
    j->name = xstrdup(cmd.name);
    j->disk = xstrdup(cmd.disk);
    log_info("api", "%s at %s asks to join", cmd.name, cmd.address);
    calls_change_command(a->config.calls, &cmd, JOIN_MS, joining_done, j);
}
