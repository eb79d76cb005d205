/* Fence devices and what became of them, for clients. What may be a secret is
 * masked: nobody reads a password back from the cluster. */
#include "base/secret.h"
#include "node/views_private.h"

static void view_device(const struct fence_device *d, struct sink *s)
{
    sink_map(s, 3);
    sink_kv_str(s, "name", d->name);
    sink_kv_str(s, "agent", fence_device_agent(d));
    sink_kv_map(s, "parameters", d->value_count);
    for (unsigned i = 0; i < d->value_count; i++) {
        const struct fence_value *v = &d->values[i];
        bool shown = fence_value_is_ours(v->name) || secret_may_show(v->name);

        sink_kv_str(s, v->name, shown ? v->value : SECRET_MASK);
    }
}

void view_node_fencing(const struct view *v, const struct node *n, struct sink *s)
{
    sink_kv_str(s, "fencing", fencing_state_name(n->fencing.state));
    sink_kv_uint(s, "fencing_level", n->fencing.level);
    sink_kv_str(s, "fencing_by", view_node_name(v, n->fencing.by));
    view_why("fencing_why", &n->fencing.why, s);
    sink_kv_bool(s, "awaits_fencing", node_awaits_fencing(v->cluster, n));
}

static void view_levels(const struct node *n, struct sink *s)
{
    uint32_t count = 0;

    for (size_t at = 0; at < n->fence_levels.len; at += strlen(n->fence_levels.text + at) + 1)
        count++;
    sink_str(s, "levels");
    sink_array(s, count);
    for (size_t at = 0; at < n->fence_levels.len; at += strlen(n->fence_levels.text + at) + 1)
        sink_str(s, n->fence_levels.text + at);
}

static void view_fenced(const struct view *v, const struct node *n, struct sink *s)
{
    sink_map(s, 8);
    sink_kv_str(s, "name", n->name);
    sink_kv_str(s, "state", node_state_name(n->state));
    view_node_fencing(v, n, s);
    view_levels(n, s);
}

void view_fencing(const struct view *v, struct sink *s)
{
    const struct fence_device *d = NULL;
    const struct node *n = NULL;
    uint32_t devices = 0, nodes = 0;

    while ((d = cluster_next_fence_device(v->cluster, d)) != NULL)
        devices++;
    while ((n = cluster_next_node(v->cluster, n)) != NULL)
        nodes++;
    sink_map(s, 2);
    sink_str(s, "devices");
    sink_array(s, devices);
    while ((d = cluster_next_fence_device(v->cluster, d)) != NULL)
        view_device(d, s);
    sink_str(s, "nodes");
    sink_array(s, nodes);
    while ((n = cluster_next_node(v->cluster, n)) != NULL)
        view_fenced(v, n, s);
}
