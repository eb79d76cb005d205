/* Resources, as the API shows them. */
#include "base/bytes.h"
#include "node/executor.h"
#include "node/views_private.h"

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

static const struct bit_name status_names[] = {
    {RESOURCE_STATUS_LOCKED_MODE, "locked-mode"},
    {RESOURCE_STATUS_EMBEDDED_FAILURE, "embedded-failure"},
};

static void view_expression(const struct resource *r, struct sink *s)
{
    struct bytes text = BYTES_INIT;

    resource_expression_text(r, &text);
    sink_str(s, "expression");
    if (text.len == 0)
        sink_nil(s);
    else
        s->ops->str(s, (const char *)text.data, text.len);
    bytes_release(&text);
}

static void view_policy(const struct view *v, const struct resource *r, struct sink *s)
{
    view_expression(r, s);
    /* Nil: all nodes. */
    if (r->possible == NULL) {
        sink_str(s, "possible");
        sink_nil(s);
    } else {
        view_node_names(v, "possible", r->possible, r->possible_count, s);
    }
    view_node_names(v, "refused", r->refused, r->refused_count, s);
    sink_kv_bool(s, "maintenance", r->maintenance);
    sink_kv_uint(s, "status_code", resource_status(r));
    view_bits("status", resource_status(r), status_names, COUNT(status_names), s);
    view_why("why", &r->why, s);
    view_why("verdict", &r->verdict, s);
    sink_kv_uint(s, "restarts", r->restarts);
    sink_kv_uint(s, "restart_at_ms", r->restart_at_ms);
    sink_kv_uint(s, "retry_at_ms", r->retry_at_ms);
}
enum { POLICY_PAIRS = 11 };

static void view_properties(const struct resource *r, struct sink *s)
{
    sink_kv_map(s, "properties", view_common_count(OBJECT_RESOURCE) + r->property_count);
    view_commons(OBJECT_RESOURCE, r, s);
    for (unsigned i = 0; i < r->property_count; i++)
        view_property(&r->properties[i], false, s);
}

void view_resource(const struct view *v, const struct resource *r, struct sink *s)
{
    bool here = v->executor != NULL && r->group->owner == v->self;
    enum resource_state shown = resource_visible_state(r);

    sink_map(s, 18 + POLICY_PAIRS);
    sink_kv_uint(s, "id", r->id);
    sink_kv_str(s, "name", r->name);
    sink_kv_str(s, "group", r->group->name);
    sink_kv_str(s, "type", r->type);
    sink_kv_str(s, "state", resource_state_name(shown));
    sink_kv_uint(s, "state_code", shown);
    sink_kv_str(s, "owner", view_node_name(v, r->group->owner));
    sink_kv_uint(s, "since_ms", r->since_ms);
    sink_kv_str(s, "cause", cause_name(r->why.cause));
    sink_kv_bool(s, "locked", r->locked);
    sink_kv_uint(s, "code", r->status_code);
    sink_kv_str(s, "text", r->status_text);
    sink_kv_uint(s, "operation", r->operation);
    sink_kv_str(s, "persistent",
                r->persistent < 0   ? "inherited"
                : r->persistent > 0 ? "Online"
                                    : "Offline");
    sink_kv_array(s, "providers", r->provider_count);
    for (unsigned i = 0; i < r->provider_count; i++)
        sink_str(s, r->providers[i]->name);
    sink_kv_uint(s, "pid", here ? (uint64_t)executor_pid(v->executor, r->id) : 0);
    /* Its state reads pending, but it is not its turn yet. */
    sink_kv_bool(s, "waits_turn", shown != r->state);
    view_policy(v, r, s);
    view_properties(r, s);
}

void view_resources(const struct view *v, const struct group *only, struct sink *s)
{
    uint32_t count = only != NULL ? only->resource_count : 0;
    const struct group *g;

    for (g = only == NULL ? cluster_next_group(v->cluster, NULL) : NULL; g != NULL;
         g = cluster_next_group(v->cluster, g))
        count += g->resource_count;
    sink_array(s, count);
    for (unsigned i = 0; only != NULL && i < only->resource_count; i++)
        view_resource(v, only->resources[i], s);
    for (g = only == NULL ? cluster_next_group(v->cluster, NULL) : NULL; g != NULL;
         g = cluster_next_group(v->cluster, g))
        for (unsigned i = 0; i < g->resource_count; i++)
            view_resource(v, g->resources[i], s);
}
