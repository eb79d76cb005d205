/* Groups and their operations, as the API shows them. */
#include "node/views_private.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

static const struct bit_name status_names[] = {
    {GROUP_STATUS_LOCKED_MODE, "locked-mode"},
    {GROUP_STATUS_PREEMPTED, "preempted"},
    {GROUP_STATUS_WAITING_IN_QUEUE_FOR_MOVE, "waiting-in-queue-for-move"},
    {GROUP_STATUS_PHYSICAL_RESOURCES_LACKING, "physical-resources-lacking"},
    {GROUP_STATUS_WAITING_TO_START, "waiting-to-start"},
    {GROUP_STATUS_EMBEDDED_FAILURE, "embedded-failure"},
    {GROUP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT, "offline-due-to-antiaffinity-conflict"},
};

/* ----------------------------------------------------------------- operations */

enum { OPERATION_PAIRS = 13 };

static void write_operation(const struct view *v, const struct operation *op, struct sink *s)
{
    const struct resource *r =
        op->resource == 0 ? NULL : cluster_resource(v->cluster, op->resource);

    sink_kv_str(s, "kind", operation_kind_name(op->kind));
    sink_kv_uint(s, "id", op->id);
    sink_kv_uint(s, "since_ms", op->since_ms);
    sink_kv_str(s, "target", view_node_name(v, op->target));
    sink_kv_str(s, "source", view_node_name(v, op->source));
    sink_kv_str(s, "resource", r != NULL ? r->name : NULL);
    sink_kv_str(s, "cause", cause_name(op->cause));
    sink_kv_str(s, "cause_text", cause_text(op->cause));
    sink_kv_uint(s, "flags", op->flags);
    sink_kv_bool(s, "queued", op->queued);
    sink_kv_str(s, "wait", op->queued ? cause_name(op->wait) : NULL);
    sink_kv_str(s, "wait_text", op->queued ? cause_text(op->wait) : NULL);
    sink_kv_bool(s, "returning", op->returning);
}

static void view_operation_of(const struct view *v, const struct operation *op, struct sink *s)
{
    sink_str(s, "operation");
    if (op->kind == OPERATION_NONE) {
        sink_nil(s);
        return;
    }
    sink_map(s, OPERATION_PAIRS);
    write_operation(v, op, s);
}

void view_operation(const struct view *v, const struct group *g, struct sink *s)
{
    sink_map(s, OPERATION_PAIRS + 4);
    sink_kv_str(s, "group", g->name);
    sink_kv_str(s, "state", group_state_name(g->state));
    sink_kv_str(s, "owner", view_node_name(v, g->owner));
    sink_kv_bool(s, "cancelled", g->operation.cancelled);
    write_operation(v, &g->operation, s);
}

void view_operations(const struct view *v, struct sink *s)
{
    uint32_t count = 0;
    const struct group *g;

    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        count += g->operation.kind != OPERATION_NONE;
    sink_array(s, count);
    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        if (g->operation.kind != OPERATION_NONE)
            view_operation(v, g, s);
}

/* --------------------------------------------------------------------- groups */

/* What only a look at this one group tells: a list of thousands stays cheap. */
enum { WHOLE_PAIRS = 16 };

static void view_placement(const struct view *v, const char *key, const struct placement *p,
                           struct sink *s)
{
    sink_kv_map(s, key, 3);
    view_why("why", &p->why, s);
    sink_kv_str(s, "chosen", view_node_name(v, p->chosen));
    view_candidates(v, "candidates", p->candidates, p->candidate_count, s);
}

/* Until when its owner, which is down, may be ending it, as far as a wall clock can say
 * that; 0: it is not waited for. */
static uint64_t ending_at_ms(const struct group *g)
{
    return g->ending_ms == 0 ? 0 : g->ending_since_ms + g->ending_ms;
}

static void view_whole(const struct view *v, const struct group *g, struct sink *s)
{
    const struct resource *ending = cluster_resource(v->cluster, g->ending_resource);

    sink_kv_str(s, "cause", cause_name(g->why.cause));
    view_why("why", &g->why, s);
    view_placement(v, "placement", &g->placement, s);
    view_placement(v, "nowhere", &g->nowhere, s);
    view_bits("status", group_status(g), status_names, COUNT(status_names), s);
    sink_kv_uint(s, "failovers", g->failovers);
    sink_kv_uint(s, "failovers_since_ms", g->failovers_since_ms);
    sink_kv_bool(s, "preempted", g->preempted);
    sink_kv_str(s, "drained_from", view_node_name(v, g->drained_from));
    sink_kv_uint(s, "start_at_ms", g->start_at_ms);
    sink_kv_uint(s, "rescue_at_ms", g->rescue_at_ms);
    sink_kv_uint(s, "failback_at_ms", g->failback_at_ms);
    sink_kv_uint(s, "ending_at_ms", ending_at_ms(g));
    sink_kv_str(s, "ending_resource", ending != NULL ? ending->name : NULL);
    sink_kv_map(s, "properties", view_common_count(OBJECT_GROUP));
    view_commons(OBJECT_GROUP, g, s);
    sink_str(s, "resources");
    view_resources(v, g, s);
}

void view_group(const struct view *v, const struct group *g, bool whole, struct sink *s)
{
    sink_map(s, 15 + (whole ? WHOLE_PAIRS : 0));
    sink_kv_uint(s, "id", g->id);
    sink_kv_str(s, "name", g->name);
    sink_kv_str(s, "state", group_state_name(g->state));
    sink_kv_uint(s, "state_code", g->state);
    sink_kv_str(s, "owner", view_node_name(v, g->owner));
    sink_kv_str(s, "persistent", g->persistent_online ? "Online" : "Offline");
    sink_kv_uint(s, "since_ms", g->since_ms);
    sink_kv_uint(s, "token", g->token);
    sink_kv_str(s, "description", g->description);
    sink_kv_uint(s, "FailoverThreshold", g->failover_threshold);
    sink_kv_uint(s, "FailoverPeriod", g->failover_period_h);
    sink_kv_uint(s, "Priority", g->priority);
    sink_kv_uint(s, "status_code", group_status(g));
    view_node_names(v, "preferred", g->preferred, g->preferred_count, s);
    view_operation_of(v, &g->operation, s);
    if (whole)
        view_whole(v, g, s);
}

void view_groups(const struct view *v, struct sink *s)
{
    uint32_t count = 0;
    const struct group *g;

    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        count++;
    sink_array(s, count);
    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        view_group(v, g, false, s);
}
