/* What would happen if: a rehearsal (groupmgr/rehearse.h) on a copy of the
 * state, as new as the cluster was when it was asked for.
 *
 *   request -> barrier -> the copy's bytes -> another thread: play -> answer
 *
 * The loop is held up for as long as the bytes take and no longer. The thread
 * sees nothing but its own struct whatif. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "consensus/consensus.h"
#include "groupmgr/rehearse.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/replica.h"

enum {
    STEPS_MAX = 64,     /* Calls of one rehearsal. */
    CHANGES_MAX = 4000, /* Told; more are counted. An answer has 4 MiB. */
    REHEARSALS_MAX = 2, /* At once: each takes a thread, and the memory of a copy. */
    CHANGES_BYTES_MAX = 2 << 20,
};
static const uint64_t horizon_ms_max = UINT64_C(366) * 86400000;

/* A group as it was. */
struct before {
    uint64_t id;
    uint32_t owner;
    enum group_state state;
    bool touched;
};

struct whatif {
    uv_work_t work;
    struct api *api;
    struct rpc_request *request;
    uint64_t horizon_ms;
    struct bytes steps;    /* The calls, as they came. */
    struct bytes state;    /* The copy, encoded. */
    struct bytes commands; /* The calls as commands: an encoded array. */
    uint64_t down;         /* Nodes that the steps take down: bits by position in the walk. */
    bool quorum;           /* A majority of the voters would be left. */
    struct bytes changes, answer;
    uint32_t change_count, dropped;
    uint32_t code; /* Why there is no answer. */
    char fault[400];
    /* In the other thread. */
    struct view view;
    struct before *before; /* By order of the walk over groups, so by id. */
    size_t before_count;
    struct msgpack_sink to;
};

static void whatif_free(struct whatif *w)
{
    bytes_release(&w->steps);
    bytes_release(&w->state);
    bytes_release(&w->commands);
    bytes_release(&w->changes);
    bytes_release(&w->answer);
    free(w->before);
    free(w);
}

static void whatif_refuse(struct whatif *w)
{
    rpc_reply_error(w->request, w->code, w->fault[0] != '\0' ? w->fault : NULL);
    whatif_free(w);
}

/* ------------------------------------------------------------- what is played */

static struct before *before_find(struct whatif *w, uint64_t id)
{
    size_t low = 0, high = w->before_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (w->before[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->before_count && w->before[low].id == id ? &w->before[low] : NULL;
}

static void remember_groups(struct whatif *w)
{
    const struct cluster *c = w->view.cluster;
    const struct group *g;
    size_t n = 0;

    for (g = cluster_next_group(c, NULL); g != NULL; g = cluster_next_group(c, g))
        w->before_count++;
    w->before = xcalloc(w->before_count + 1, sizeof *w->before);
    for (g = cluster_next_group(c, NULL); g != NULL; g = cluster_next_group(c, g))
        w->before[n++] = (struct before){.id = g->id, .owner = g->owner, .state = g->state};
}

static void touch_group(struct whatif *w, const struct event *e)
{
    const struct resource *r;
    struct before *b = NULL;

    if (e->object == OBJECT_GROUP)
        b = before_find(w, e->id);
    else if (e->object == OBJECT_RESOURCE && (r = cluster_resource(w->view.cluster, e->id)) != NULL)
        b = before_find(w, r->group->id);
    if (b != NULL)
        b->touched = true;
}

static void on_change(const struct event *e, uint64_t after_ms, void *data)
{
    struct whatif *w = data;

    touch_group(w, e);
    if (w->change_count >= CHANGES_MAX || w->changes.len > CHANGES_BYTES_MAX) {
        w->dropped++;
        return;
    }
    w->change_count++;
    view_change(&w->view, e, after_ms, &w->to.sink);
}

/* ------------------------------------------------------------------ the answer */

static void write_replies(const struct reply *replies, unsigned count, struct sink *s)
{
    sink_kv_array(s, "replies", count);
    for (unsigned i = 0; i < count; i++) {
        sink_map(s, 4);
        sink_kv_uint(s, "code", replies[i].code);
        sink_kv_str(s, "name", error_name(replies[i].code));
        sink_kv_str(s, "message", error_text(replies[i].code));
        sink_kv_str(s, "detail", replies[i].detail);
    }
}

static void write_group(const struct whatif *w, const struct before *b, struct sink *s)
{
    const struct cluster *c = w->view.cluster;
    const struct group *g = cluster_group(c, b->id);
    const struct node *was = cluster_node(c, b->owner);
    const struct node *is = g != NULL ? cluster_node(c, g->owner) : NULL;

    sink_map(s, 8);
    sink_kv_str(s, "name", g != NULL ? g->name : NULL);
    sink_kv_str(s, "owner_before", was != NULL ? was->name : NULL);
    sink_kv_str(s, "state_before", group_state_name(b->state));
    sink_kv_str(s, "owner", is != NULL ? is->name : NULL);
    sink_kv_str(s, "state", g != NULL ? group_state_name(g->state) : NULL);
    sink_kv_str(s, "persistent", g == NULL ? NULL : g->persistent_online ? "Online" : "Offline");
    sink_kv_str(s, "cause", g != NULL ? cause_name(g->why.cause) : NULL);
    sink_kv_str(s, "wait", g != NULL && g->operation.queued ? cause_name(g->operation.wait) : NULL);
}

static void write_groups(const struct whatif *w, struct sink *s)
{
    uint32_t count = 0;

    for (size_t i = 0; i < w->before_count; i++)
        count += w->before[i].touched && cluster_group(w->view.cluster, w->before[i].id) != NULL;
    sink_kv_array(s, "groups", count);
    for (size_t i = 0; i < w->before_count; i++)
        if (w->before[i].touched && cluster_group(w->view.cluster, w->before[i].id) != NULL)
            write_group(w, &w->before[i], s);
}

static void write_answer(struct whatif *w, const struct rehearsal_result *result,
                         const struct reply *replies, unsigned count, uint64_t index,
                         uint64_t began_ms)
{
    struct msgpack_sink m;

    msgpack_sink_init(&m, &w->answer);
    sink_map(&m.sink, 11);
    sink_kv_uint(&m.sink, "index", index);
    sink_kv_uint(&m.sink, "began_ms", began_ms);
    sink_kv_uint(&m.sink, "horizon_ms", w->horizon_ms);
    sink_kv_str(&m.sink, "end", rehearsal_end_name(result->end));
    sink_kv_uint(&m.sink, "after_ms", result->after_ms);
    sink_str(&m.sink, "next_ms");
    if (result->next_ms == UINT64_MAX)
        sink_nil(&m.sink);
    else
        sink_uint(&m.sink, result->next_ms);
    sink_kv_bool(&m.sink, "quorum", w->quorum);
    write_replies(replies, count, &m.sink);
    write_groups(w, &m.sink);
    sink_kv_uint(&m.sink, "dropped", w->dropped);
    sink_kv_array(&m.sink, "changes", w->change_count);
    bytes_append(&w->answer, w->changes.data, w->changes.len);
}

/* ------------------------------------------------------------ in another thread */

static uint32_t read_commands(const struct whatif *w, struct arena *a, struct command **ret,
                              unsigned *ret_count)
{
    const struct value *list;
    uint32_t code = msgpack_read(w->commands.data, w->commands.len, a, &list);

    *ret_count = code == 0 ? list->len : 0;
    *ret = arena_alloc(a, (*ret_count + 1) * sizeof **ret);
    for (unsigned i = 0; code == 0 && i < *ret_count; i++)
        code = command_read(&list->items[i], a, &(*ret)[i]);
    return code;
}

static struct cluster *read_state(const struct whatif *w)
{
    struct arena a = {0};
    struct cluster *copy = NULL;
    const struct value *v;

    if (msgpack_read(w->state.data, w->state.len, &a, &v) != 0 || cluster_read(v, &copy) != 0)
        copy = NULL;
    arena_release(&a);
    return copy;
}

static void play(uv_work_t *work)
{
    struct whatif *w = work->data;
    struct arena a = {0};
    struct command *commands;
    struct reply replies[STEPS_MAX];
    unsigned count;
    struct cluster *copy = read_state(w);

    if (copy == NULL || read_commands(w, &a, &commands, &count) != 0) {
        w->code = ERROR_INVALID_DATA;
    } else {
        uint64_t index = cluster_index(copy), began_ms = cluster_now_ms(copy);
        struct rehearsal how = {.horizon_ms = w->horizon_ms,
                                .commands_max = REHEARSAL_COMMANDS_MAX,
                                .changed = on_change,
                                .data = w};
        w->view.cluster = copy;
        msgpack_sink_init(&w->to, &w->changes);
        remember_groups(w);
        struct rehearsal_result result = rehearse(copy, &how, commands, count, replies);
        write_answer(w, &result, replies, count, index, began_ms);
    }
    arena_release(&a);
    cluster_free(copy);
}

static void played(uv_work_t *work, int status)
{
    struct whatif *w = work->data;

    w->api->rehearsals--;
    if (status != 0)
        w->code = ERROR_OPERATION_ABORTED;
    if (w->code != 0) {
        whatif_refuse(w);
        return;
    }
    rpc_reply(w->request, &w->answer);
    whatif_free(w);
}

/* ----------------------------------------------------------------- on the loop */

/* `node.down` is no call of clients: the node's lease ends now. */
static uint32_t build_node_down(struct building *b)
{
    const struct node *n = NULL;
    const char *name;

    if (value_get_str(b->params, "name", NAME_BYTES_MAX, &name))
        n = cluster_node_by_name(replica_cluster(b->api->config.replica), name);
    if (n == NULL) {
        snprintf(b->fault, sizeof b->fault, "there is no such node");
        return ERROR_CLUSTER_NODE_NOT_FOUND;
    }
    b->cmd = (struct command){.kind = COMMAND_NODE_DOWN,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .node_seq = n->renewed_seq,
                              .cause = CAUSE_NODE_LEASE_EXPIRED};
    return 0;
}

/* The state machine knows nothing of majorities: without one nothing of the
 * rehearsal would come to pass. */
static bool keeps_quorum(const struct whatif *w)
{
    const struct cluster *c = replica_cluster(w->api->config.replica);
    unsigned voters = 0, left = 0, position = 0;
    enum consensus_role role;
    const struct node *n;

    for (n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n), position++) {
        if (!consensus_role_of(w->api->consensus, n->id, &role) || role != CONSENSUS_VOTER)
            continue;
        voters++;
        left += n->state != NODE_DOWN && (w->down >> position & 1) == 0;
    }
    return left > voters / 2;
}

static void note_down(struct whatif *w, uint32_t id)
{
    const struct cluster *c = replica_cluster(w->api->config.replica);
    const struct node *n = cluster_next_node(c, NULL);
    unsigned position = 0;

    while (n != NULL && n->id != id) {
        n = cluster_next_node(c, n);
        position++;
    }
    w->down |= UINT64_C(1) << position; /* Of at most NODES_MAX. */
}

static uint32_t build_step(struct whatif *w, const struct value *step, struct sink *s)
{
    struct building b = {.api = w->api, .params = step};
    uint32_t code = ERROR_INVALID_PARAMETER;
    const char *method;

    if (!value_get_str(step, "method", NAME_BYTES_MAX, &method))
        snprintf(b.fault, sizeof b.fault, "each step is a map with `method` and its parameters");
    else if (strcmp(method, "node.down") == 0)
        code = build_node_down(&b);
    else
        code = api_build(&b, method);
    if (code == ERROR_INVALID_FUNCTION)
        snprintf(b.fault, sizeof b.fault, "`%.100s` is no call that could be rehearsed", method);
    if (code == 0 && b.cmd.kind == COMMAND_NODE_DOWN)
        note_down(w, b.cmd.node);
    if (code == 0)
        command_write(&b.cmd, s);
    else
        snprintf(w->fault, sizeof w->fault, "%s", b.fault[0] != '\0' ? b.fault : error_text(code));
    arena_release(&b.arena);
    return code;
}

static uint32_t build_commands(struct whatif *w)
{
    struct arena a = {0};
    struct msgpack_sink m;
    const struct value *list;
    uint32_t code = msgpack_read(w->steps.data, w->steps.len, &a, &list);

    msgpack_sink_init(&m, &w->commands);
    if (code == 0)
        sink_array(&m.sink, list->len);
    for (uint32_t i = 0; code == 0 && i < list->len; i++)
        code = build_step(w, &list->items[i], &m.sink);
    arena_release(&a);
    return code;
}

/* This copy is new enough. */
static void whatif_begin(uint32_t code, void *data)
{
    struct whatif *w = data;
    struct api *a = w->api;

    if (code == 0 && a->rehearsals >= REHEARSALS_MAX)
        code = RPC_S_SERVER_TOO_BUSY;
    if (code == 0)
        code = build_commands(w);
    if (code == 0) {
        w->quorum = keeps_quorum(w);
        replica_snapshot(a->config.replica, &w->state);
        w->work.data = w;
        if (uv_queue_work(a->config.loop, &w->work, play, played) != 0)
            code = ERROR_NOT_READY;
        else
            a->rehearsals++;
    }
    if (code != 0) {
        w->code = code;
        whatif_refuse(w);
    }
}

bool api_whatif(struct session *s, struct rpc_request *r, const char *method,
                const struct value *params)
{
    const struct value *steps = value_get_array(params, "steps");
    struct msgpack_sink m;
    bool stale = false;

    if (strcmp(method, "whatif.run") != 0)
        return false;
    if (steps == NULL || steps->len == 0 || steps->len > STEPS_MAX) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "`steps` are a list of 1 to 64 calls");
        return true;
    }
    struct whatif *w = xcalloc(1, sizeof *w);
    w->api = s->api;
    w->request = r;
    w->horizon_ms = REHEARSAL_HORIZON_MS;
    value_get_uint(params, "horizon_ms", &w->horizon_ms);
    if (w->horizon_ms > horizon_ms_max)
        w->horizon_ms = horizon_ms_max;
    msgpack_sink_init(&m, &w->steps);
    sink_value(&m.sink, steps);
    value_get_bool(params, "stale", &stale);
    if (stale)
        whatif_begin(0, w);
    else
        calls_read(s->api->config.calls, api_timeout(params), whatif_begin, w);
    return true;
}
