/* Queries: what they ask for, when they may be answered, and the answers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/fence.h"
#include "node/replica.h"

enum { EVENTS_LIMIT = 100 };

/* A query's parameters, kept while it waits for its barrier. */
struct query {
    const struct read_method *method;
    struct api *api;
    struct rpc_request *request;
    char name[NAME_BYTES_MAX + 1]; /* "" if none was given. */
    uint64_t since;
    uint32_t limit;
    uint64_t id;     /* Of an operation. */
    bool candidates; /* Events with those of placements. */
    char kind[16];   /* What `name` names; "": whatever has that name. */
};

/* Writes the answer, or returns why there is none. */
typedef uint32_t (*query_answer)(const struct query *q, const struct view *v, struct sink *s);

static uint32_t answer_status(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    view_status(v, s);
    return 0;
}

static uint32_t answer_nodes(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    view_nodes(v, s);
    return 0;
}

static uint32_t answer_node(const struct query *q, const struct view *v, struct sink *s)
{
    const struct node *n = cluster_node_by_name(v->cluster, q->name);

    if (n == NULL)
        return ERROR_CLUSTER_NODE_NOT_FOUND;
    view_node(v, n, s);
    return 0;
}

static uint32_t answer_groups(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    view_groups(v, s);
    return 0;
}

static uint32_t answer_group(const struct query *q, const struct view *v, struct sink *s)
{
    const struct group *g = cluster_group_by_name(v->cluster, q->name);

    if (g == NULL)
        return ERROR_GROUP_NOT_FOUND;
    view_group(v, g, true, s);
    return 0;
}

static uint32_t answer_resources(const struct query *q, const struct view *v, struct sink *s)
{
    const struct group *g = NULL;

    if (q->name[0] != '\0') {
        g = cluster_group_by_name(v->cluster, q->name);
        if (g == NULL)
            return ERROR_GROUP_NOT_FOUND;
    }
    view_resources(v, g, s);
    return 0;
}

static uint32_t answer_resource(const struct query *q, const struct view *v, struct sink *s)
{
    const struct resource *r = cluster_resource_by_name(v->cluster, q->name);

    if (r == NULL)
        return ERROR_RESOURCE_NOT_FOUND;
    view_resource(v, r, s);
    return 0;
}

static uint32_t answer_events(const struct query *q, const struct view *v, struct sink *s)
{
    view_events(v, q->since, q->limit, q->candidates, s);
    return 0;
}

static uint32_t answer_settings(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    view_settings(v, s);
    return 0;
}

static uint32_t answer_operations(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    view_operations(v, s);
    return 0;
}

static uint32_t answer_operation(const struct query *q, const struct view *v, struct sink *s)
{
    const struct group *g = cluster_next_group(v->cluster, NULL);

    while (g != NULL && (g->operation.kind == OPERATION_NONE || g->operation.id != q->id))
        g = cluster_next_group(v->cluster, g);
    if (g == NULL)
        return ERROR_NOT_FOUND;
    view_operation(v, g, s);
    return 0;
}

static uint32_t answer_fences(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    view_fencing(v, s);
    return 0;
}

static bool asks_for(const struct query *q, const char *kind)
{
    return q->kind[0] == '\0' || strcmp(q->kind, kind) == 0;
}

/* Groups come first: they are what people ask about. */
static uint32_t answer_why(const struct query *q, const struct view *v, struct sink *s)
{
    const struct group *g = cluster_group_by_name(v->cluster, q->name);
    const struct node *n = cluster_node_by_name(v->cluster, q->name);
    const struct resource *r = cluster_resource_by_name(v->cluster, q->name);

    if (g != NULL && asks_for(q, "group"))
        view_why_group(v, g, NULL, s);
    else if (n != NULL && asks_for(q, "node"))
        view_why_node(v, n, s);
    else if (r != NULL && asks_for(q, "resource"))
        view_why_group(v, r->group, r, s);
    else if (q->kind[0] == '\0')
        return ERROR_NOT_FOUND;
    else
        return asks_for(q, "group")  ? ERROR_GROUP_NOT_FOUND
               : asks_for(q, "node") ? ERROR_CLUSTER_NODE_NOT_FOUND
                                     : ERROR_RESOURCE_NOT_FOUND;
    return 0;
}

static uint32_t answer_types(const struct query *q, const struct view *v, struct sink *s)
{
    (void)q;
    (void)v;
    view_types(s);
    return 0;
}

static uint32_t answer_type(const struct query *q, const struct view *v, struct sink *s)
{
    (void)v;
    return view_type(q->name, s) ? 0 : ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND;
}

/* This node's own copy, whatever the others have: for comparing them. */
static uint32_t answer_digest(const struct query *q, const struct view *v, struct sink *s)
{
    const struct node *self = cluster_node(v->cluster, v->self);
    struct bytes snapshot = BYTES_INIT;
    char digest[17], bytes[17];

    replica_snapshot(q->api->config.replica, &snapshot);
    snprintf(digest, sizeof digest, "%016" PRIx64, cluster_digest(v->cluster));
    snprintf(bytes, sizeof bytes, "%016" PRIx64, digest_bytes(snapshot.data, snapshot.len));
    bytes_release(&snapshot);
    sink_map(s, 6);
    sink_kv_str(s, "node", self != NULL ? self->name : NULL);
    sink_kv_uint(s, "position", consensus_position(v->consensus));
    sink_kv_uint(s, "index", cluster_index(v->cluster));
    sink_kv_str(s, "digest", digest);
    sink_kv_str(s, "bytes", bytes);
    sink_kv_uint(s, "objects", cluster_objects_digest(v->cluster));
    return 0;
}

static const struct read_method {
    const char *name;
    const char *key; /* Parameter that names the object; NULL: none. */
    bool key_required;
    bool immediate; /* From this copy, at once. */
    query_answer answer;
} methods[] = {
    {"cluster.status", NULL, false, false, answer_status},
    {"cluster.get", NULL, false, false, answer_settings},
    {"cluster.digest", NULL, false, true, answer_digest},
    {"node.list", NULL, false, false, answer_nodes},
    {"node.get", "name", true, false, answer_node},
    {"group.list", NULL, false, false, answer_groups},
    {"group.get", "name", true, false, answer_group},
    {"resource.list", "group", false, false, answer_resources},
    {"resource.get", "name", true, false, answer_resource},
    {"operation.list", NULL, false, false, answer_operations},
    {"operation.get", NULL, false, false, answer_operation},
    {"why.get", "name", true, false, answer_why},
    {"events.list", NULL, false, false, answer_events},
    {"fence.list", NULL, false, false, answer_fences},
    {"type.list", NULL, false, true, answer_types},
    {"type.get", "name", true, true, answer_type},
};

static void query_finish(uint32_t code, void *data)
{
    struct query *q = data;
    struct view v = api_view(q->api, replica_cluster(q->api->config.replica));
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;
    char message[NAME_BYTES_MAX + 64];

    msgpack_sink_init(&m, &result);
    if (code == 0)
        code = q->method->answer(q, &v, &m.sink);
    if (code == 0) {
        rpc_reply(q->request, &result);
    } else {
        if (code == ERROR_NOT_FOUND && q->name[0] == '\0')
            snprintf(message, sizeof message, "it has ended, or never was");
        else
            snprintf(message, sizeof message, "%s%s%s", error_text(code),
                     q->name[0] != '\0' ? ": " : "", q->name);
        rpc_reply_error(q->request, code, message);
    }
    bytes_release(&result);
    free(q);
}

static const char *read_query(struct query *q, const struct value *params)
{
    const struct read_method *m = q->method;
    const char *name, *kind;

    q->limit = EVENTS_LIMIT;
    value_get_uint(params, "id", &q->id);
    value_get_bool(params, "candidates", &q->candidates);
    if (value_get_str(params, "kind", sizeof q->kind - 1, &kind))
        strcpy(q->kind, kind); /* Bounded likewise. */
    value_get_uint(params, "since", &q->since);
    value_get_u32(params, "limit", &q->limit);
    if (m->key == NULL || value_get(params, m->key) == NULL)
        return m->key_required ? "the parameter `name` is missing" : NULL;
    if (!value_get_str(params, m->key, NAME_BYTES_MAX, &name) || !name_is_valid(name))
        return "that is no valid name";
    strcpy(q->name, name); /* Bounded by value_get_str(). */
    return NULL;
}

/* What was missed comes at once, everything else when it happens. */
static void follow_events(struct session *s, struct rpc_request *r, const struct value *params)
{
    struct cluster *cluster = replica_cluster(s->api->config.replica);
    struct view v = api_view(s->api, cluster);
    uint64_t since = cluster_index(cluster);
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    value_get_uint(params, "since", &since);
    s->with_candidates = false;
    value_get_bool(params, "candidates", &s->with_candidates);
    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 0);
    rpc_reply(r, &result);
    for (unsigned i = 0; i < cluster_event_count(cluster); i++) {
        const struct event *e = cluster_event(cluster, i);
        if (e->index <= since)
            continue;
        bytes_clear(&result);
        view_event(&v, e, s->with_candidates, &m.sink);
        rpc_notify(s->conn, "event", &result);
    }
    bytes_release(&result);
    if (!s->follows)
        s->api->follower_count++;
    s->follows = true;
}

/* Runs programs, so it is not for everybody. */
static void test_fences(struct session *s, struct rpc_request *r, const struct value *params)
{
    const char *name;

    if (!session_may_change(s))
        rpc_reply_error(r, ERROR_ACCESS_DENIED, "testing fence devices needs full access");
    else if (!value_get_str(params, "name", NAME_BYTES_MAX, &name))
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "the parameter `name` is missing");
    else
        fence_test(s->api->config.fence, r, name);
}

bool api_read(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params)
{
    const struct read_method *m = NULL;
    bool stale = false;

    if (strcmp(method, "events.follow") == 0) {
        follow_events(s, r, params);
        return true;
    }
    if (strcmp(method, "fence.test") == 0) {
        test_fences(s, r, params);
        return true;
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0] && m == NULL; i++)
        if (strcmp(methods[i].name, method) == 0)
            m = &methods[i];
    if (m == NULL)
        return false;
    struct query *q = xcalloc(1, sizeof *q);
    q->method = m;
    q->api = s->api;
    q->request = r;
    const char *fault = read_query(q, params);
    value_get_bool(params, "stale", &stale);
    if (fault != NULL) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, fault);
        free(q);
    } else if (stale || m->immediate) {
        query_finish(0, q);
    } else {
        calls_read(s->api->config.calls, api_timeout(params), query_finish, q);
    }
    return true;
}
