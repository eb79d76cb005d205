/* history.get: the state as it was. Read and applied again on a thread of the
 * pool, shown on the loop. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/past.h"
#include "node/replica.h"

enum { PAST_EVENTS = 20 };

struct past_query {
    uv_work_t work; /* First. */
    struct api *api;
    struct rpc_request *request;
    struct past_moment at;
    uint64_t limit;
    uint32_t code; /* Of past_read(), and what it gave. */
    struct cluster *cluster;
    char *why;
};

static void on_work(uv_work_t *work)
{
    struct past_query *q = (struct past_query *)work;

    q->code = past_read(q->api->config.raft_dir, q->at, q->limit, &q->cluster, &q->why);
}

static void write_past(const struct past_query *q, struct sink *s)
{
    /* Who leads, and which process runs, are of today and not of that day. */
    struct view v = {.cluster = q->cluster, .self = q->api->config.self};

    sink_map(s, 6);
    sink_kv_uint(s, "index", cluster_index(q->cluster));
    sink_kv_uint(s, "time_ms", cluster_now_ms(q->cluster));
    sink_str(s, "nodes");
    view_nodes(&v, s);
    sink_str(s, "groups");
    view_groups(&v, s);
    sink_str(s, "resources");
    view_resources(&v, NULL, s);
    sink_str(s, "events");
    view_events(&v, 0, PAST_EVENTS, true, s);
}

static void on_work_done(uv_work_t *work, int status)
{
    struct past_query *q = (struct past_query *)work;
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    if (status != 0) {
        rpc_reply_error(q->request, ERROR_CLUSTER_NODE_SHUTTING_DOWN, "this node is stopping");
    } else if (q->code != 0) {
        rpc_reply_error(q->request, q->code, q->why);
    } else {
        msgpack_sink_init(&m, &result);
        write_past(q, &m.sink);
        rpc_reply(q->request, &result);
    }
    bytes_release(&result);
    cluster_free(q->cluster);
    free(q->why);
    free(q);
}

bool api_past(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params)
{
    struct past_query *q;
    struct past_moment at = {UINT64_MAX, UINT64_MAX};
    bool named;

    if (strcmp(method, "history.get") != 0)
        return false;
    named = value_get_uint(params, "index", &at.index);
    named |= value_get_uint(params, "time_ms", &at.stamp_ms);
    if (!named) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "`index` or `time_ms` is missing");
        return true;
    }
    q = xcalloc(1, sizeof *q);
    q->api = s->api;
    q->request = r;
    q->at = at;
    q->limit = cluster_index(replica_cluster(s->api->config.replica));
    if (uv_queue_work(s->api->config.loop, &q->work, on_work, on_work_done) != 0) {
        rpc_reply_error(r, ERROR_NOT_ENOUGH_MEMORY, "no thread can be started");
        free(q);
    }
    return true;
}
