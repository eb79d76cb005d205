#include "node/views.h"

#include <string.h>

#include "consensus/consensus.h"
#include "node/executor.h"
#include "resources/types.h"

static const char *node_name(const struct view *v, uint32_t id)
{
    const struct node *n = cluster_node(v->cluster, id);

    return n != NULL ? n->name : NULL;
}

/* ---------------------------------------------------------------------- nodes */

static const char *role_name(const struct view *v, const struct node *n)
{
    enum consensus_role role;

    if (v->consensus == NULL || !consensus_role_of(v->consensus, n->id, &role))
        return NULL;
    return role == CONSENSUS_VOTER ? "voter" : "standby";
}

void view_node(const struct view *v, const struct node *n, struct sink *s)
{
    uint64_t groups = 0;

    for (const struct group *g = cluster_next_group(v->cluster, NULL); g != NULL;
         g = cluster_next_group(v->cluster, g))
        groups += g->owner == n->id;
    sink_map(s, 12);
    sink_kv_uint(s, "id", n->id);
    sink_kv_str(s, "name", n->name);
    sink_kv_str(s, "address", n->address);
    sink_kv_str(s, "state", node_state_name(n->state));
    sink_kv_uint(s, "state_code", n->state);
    sink_kv_uint(s, "incarnation", n->incarnation);
    sink_kv_bool(s, "leader", v->consensus != NULL && consensus_leader(v->consensus) == n->id);
    sink_kv_str(s, "role", role_name(v, n));
    sink_kv_bool(s, "leaving", n->leaving);
    sink_kv_uint(s, "since_ms", n->since_ms);
    sink_kv_str(s, "cause", cause_name(n->why.cause));
    sink_kv_uint(s, "groups", groups);
}

void view_nodes(const struct view *v, struct sink *s)
{
    uint32_t count = 0;
    const struct node *n;

    for (n = cluster_next_node(v->cluster, NULL); n != NULL; n = cluster_next_node(v->cluster, n))
        count++;
    sink_array(s, count);
    for (n = cluster_next_node(v->cluster, NULL); n != NULL; n = cluster_next_node(v->cluster, n))
        view_node(v, n, s);
}

/* --------------------------------------------------------------------- groups */

static void view_operation(const struct view *v, const struct operation *op, struct sink *s)
{
    sink_str(s, "operation");
    if (op->kind == OPERATION_NONE) {
        sink_nil(s);
        return;
    }
    sink_map(s, 4);
    sink_kv_str(s, "kind", operation_kind_name(op->kind));
    sink_kv_uint(s, "id", op->id);
    sink_kv_uint(s, "since_ms", op->since_ms);
    sink_kv_str(s, "target", node_name(v, op->target));
}

void view_group(const struct view *v, const struct group *g, bool whole, struct sink *s)
{
    sink_map(s, whole ? 14 : 13);
    sink_kv_uint(s, "id", g->id);
    sink_kv_str(s, "name", g->name);
    sink_kv_str(s, "state", group_state_name(g->state));
    sink_kv_uint(s, "state_code", g->state);
    sink_kv_str(s, "owner", node_name(v, g->owner));
    sink_kv_str(s, "persistent", g->persistent_online ? "Online" : "Offline");
    sink_kv_uint(s, "since_ms", g->since_ms);
    sink_kv_uint(s, "token", g->token);
    sink_kv_str(s, "description", g->description);
    sink_kv_uint(s, "FailoverThreshold", g->failover_threshold);
    sink_kv_uint(s, "FailoverPeriod", g->failover_period_h);
    sink_kv_array(s, "preferred", g->preferred_count);
    for (unsigned i = 0; i < g->preferred_count; i++)
        sink_str(s, node_name(v, g->preferred[i]));
    view_operation(v, &g->operation, s);
    if (whole) {
        sink_str(s, "resources");
        view_resources(v, g, s);
    }
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

/* ------------------------------------------------------------------ resources */

static void view_property(const struct property *p, struct sink *s)
{
    uint32_t count = 0;

    switch (p->type) {
    case PROPERTY_DWORD:
        sink_kv_uint(s, p->name, p->dword);
        break;
    case PROPERTY_SZ:
        sink_kv_str(s, p->name, p->text);
        break;
    case PROPERTY_MULTI_SZ:
        for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
            count++;
        sink_kv_array(s, p->name, count);
        for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
            sink_str(s, p->text + at);
        break;
    }
}

static void view_properties(const struct resource *r, struct sink *s)
{
    sink_kv_map(s, "properties", 7 + r->property_count);
    sink_kv_uint(s, "RestartAction", r->restart_action);
    sink_kv_uint(s, "RestartThreshold", r->restart_threshold);
    sink_kv_uint(s, "RestartPeriod", r->restart_period_ms);
    sink_kv_uint(s, "RestartDelay", r->restart_delay_ms);
    sink_kv_uint(s, "PendingTimeout", r->pending_timeout_ms);
    sink_kv_uint(s, "LooksAlivePollInterval", r->looks_alive_ms);
    sink_kv_uint(s, "IsAlivePollInterval", r->is_alive_ms);
    for (unsigned i = 0; i < r->property_count; i++)
        view_property(&r->properties[i], s);
}

void view_resource(const struct view *v, const struct resource *r, struct sink *s)
{
    bool here = r->group->owner == v->self && v->executor != NULL;
    enum resource_state shown = resource_visible_state(r);

    sink_map(s, 17);
    sink_kv_uint(s, "id", r->id);
    sink_kv_str(s, "name", r->name);
    sink_kv_str(s, "group", r->group->name);
    sink_kv_str(s, "type", r->type);
    sink_kv_str(s, "state", resource_state_name(shown));
    sink_kv_uint(s, "state_code", shown);
    sink_kv_str(s, "owner", node_name(v, r->group->owner));
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
    view_properties(r, s);
}

void view_resources(const struct view *v, const struct group *only, struct sink *s)
{
    uint32_t count = 0;
    const struct group *g;

    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        count += only == NULL || g == only ? g->resource_count : 0;
    sink_array(s, count);
    for (g = cluster_next_group(v->cluster, NULL); g != NULL; g = cluster_next_group(v->cluster, g))
        for (unsigned i = 0; (only == NULL || g == only) && i < g->resource_count; i++)
            view_resource(v, g->resources[i], s);
}

/* --------------------------------------------------------------------- events */

void view_event(const struct view *v, const struct event *e, struct sink *s)
{
    sink_map(s, 12);
    sink_kv_uint(s, "index", e->index);
    sink_kv_uint(s, "stamp_ms", e->stamp_ms);
    sink_kv_str(s, "object", object_kind_name(e->object));
    sink_kv_uint(s, "id", e->id);
    sink_kv_str(s, "name", e->name);
    sink_kv_str(s, "node", node_name(v, e->node));
    sink_kv_str(s, "from", event_state_name(e, e->from));
    sink_kv_str(s, "to", event_state_name(e, e->to));
    sink_kv_str(s, "cause", cause_name(e->cause));
    sink_kv_str(s, "cause_text", cause_text(e->cause));
    sink_kv_uint(s, "code", e->code);
    sink_kv_str(s, "text", e->text);
}

void view_events(const struct view *v, uint64_t since, uint32_t limit, struct sink *s)
{
    unsigned end = cluster_event_count(v->cluster), start = end;

    while (start > 0 && end - start < limit && cluster_event(v->cluster, start - 1)->index > since)
        start--;
    sink_array(s, end - start);
    for (unsigned i = start; i < end; i++)
        view_event(v, cluster_event(v->cluster, i), s);
}

/* --------------------------------------------------------------------- status */

void view_status(const struct view *v, struct sink *s)
{
    uint32_t leader = consensus_leader(v->consensus);

    sink_map(s, 8);
    sink_kv_str(s, "name", cluster_name(v->cluster));
    sink_kv_str(s, "node", node_name(v, v->self));
    sink_kv_str(s, "leader", node_name(v, leader));
    sink_kv_uint(s, "term", consensus_term(v->consensus));
    sink_kv_uint(s, "index", cluster_index(v->cluster));
    sink_kv_bool(s, "quorum", leader != 0);
    sink_str(s, "nodes");
    view_nodes(v, s);
    sink_str(s, "groups");
    view_groups(v, s);
}

/* ---------------------------------------------------------------------- types */

static void write_type(const struct type *t, struct sink *s)
{
    sink_map(s, 4);
    sink_kv_str(s, "name", t->name);
    sink_kv_str(s, "alias", t->alias);
    sink_kv_str(s, "description", t->description);
    sink_kv_array(s, "properties", t->property_count);
    for (unsigned i = 0; i < t->property_count; i++) {
        const struct type_property *p = &t->properties[i];
        sink_map(s, 5);
        sink_kv_str(s, "name", p->name);
        sink_kv_str(s, "type", type_property_kind_name(p->kind));
        sink_kv_str(s, "default", p->default_text);
        sink_kv_bool(s, "required", p->required);
        sink_kv_str(s, "description", p->description);
    }
}

void view_types(struct sink *s)
{
    sink_array(s, type_count());
    for (unsigned i = 0; i < type_count(); i++)
        write_type(type_at(i), s);
}

bool view_type(const char *name, struct sink *s)
{
    const struct type *t = type_find(name);

    if (t == NULL)
        return false;
    write_type(t, s);
    return true;
}
