/* The state written as a tree; restore.c reads it. The parts are also what the
 * digests are made of: whatever is state must be written here. */
#include "groupmgr/snapshot.h"
#include "groupmgr/fields.h"
#include "groupmgr/rules.h"

static void node_fields(const void *object, struct field_writer *w)
{
    const struct node *n = object;

    field_uint(w, "id", n->id);
    field_str(w, "name", n->name);
    field_str(w, "address", n->address);
    field_str(w, "disk", n->disk);
    field_uint(w, "state", (uint64_t)n->state);
    field_uint(w, "incarnation", n->incarnation);
    field_uint(w, "renewed_seq", n->renewed_seq);
    field_uint(w, "since_ms", n->since_ms);
    field_bool(w, "leaving", n->leaving);
    field_uint(w, "cause", (uint64_t)n->cause);
}

void node_write(const struct node_record *n, struct sink *s)
{
    fields_write(&n->node, node_fields, s);
}

static void operation_fields(const struct group_record *g, struct field_writer *w)
{
    const struct operation *op = &g->group.operation;

    field_uint(w, "operation", (uint64_t)op->kind);
    field_uint(w, "operation_id", op->id);
    field_uint(w, "operation_flags", op->flags);
    field_uint(w, "operation_target", op->target);
    field_uint(w, "operation_resource", op->resource);
    field_uint(w, "operation_since_ms", op->since_ms);
    field_bin(w, "operation_instructions", op->instructions, op->instructions_len);
    field_uint(w, "operation_cause", (uint64_t)g->operation_cause);
}

static void group_fields(const void *object, struct field_writer *w)
{
    const struct group_record *record = object;
    const struct group *g = &record->group;

    field_uint(w, "id", g->id);
    field_str(w, "name", g->name);
    field_str(w, "description", g->description);
    field_uint(w, "owner", g->owner);
    field_uint(w, "token", g->token);
    field_bool(w, "persistent_online", g->persistent_online);
    operation_fields(record, w);
    field_uint(w, "state", (uint64_t)g->state);
    field_uint(w, "since_ms", g->since_ms);
    if (field_array(w, "preferred", g->preferred_count))
        for (unsigned i = 0; i < g->preferred_count; i++)
            sink_uint(w->s, g->preferred[i]);
    field_uint(w, "failover_threshold", g->failover_threshold);
    field_uint(w, "failover_period_h", g->failover_period_h);
    field_uint(w, "failovers", g->failovers);
    field_uint(w, "failovers_since_ms", g->failovers_since_ms);
}

void group_write(const struct group_record *g, struct sink *s)
{
    fields_write(g, group_fields, s);
}

static void policy_fields(const struct resource *r, struct field_writer *w)
{
    field_uint(w, "restart_action", r->restart_action);
    field_uint(w, "restart_threshold", r->restart_threshold);
    field_uint(w, "restart_period_ms", r->restart_period_ms);
    field_uint(w, "restart_delay_ms", r->restart_delay_ms);
    field_uint(w, "pending_timeout_ms", r->pending_timeout_ms);
    field_uint(w, "looks_alive_ms", r->looks_alive_ms);
    field_uint(w, "is_alive_ms", r->is_alive_ms);
    field_uint(w, "restarts", r->restarts);
    field_uint(w, "restarts_since_ms", r->restarts_since_ms);
    field_uint(w, "restart_at_ms", r->restart_at_ms);
}

static void resource_fields(const void *object, struct field_writer *w)
{
    const struct resource_record *record = object;
    const struct resource *r = &record->resource;

    field_uint(w, "id", r->id);
    field_str(w, "name", r->name);
    field_str(w, "type", r->type);
    field_uint(w, "group", r->group->id);
    field_uint(w, "state", (uint64_t)r->state);
    field_uint(w, "operation", r->operation);
    field_bool(w, "fail_requested", r->fail_requested);
    field_uint(w, "since_ms", r->since_ms);
    field_uint(w, "cause", (uint64_t)r->cause);
    field_uint(w, "persistent", (uint64_t)(r->persistent + 1));
    field_bool(w, "locked", r->locked);
    field_uint(w, "status_code", r->status_code);
    field_str(w, "status_text", r->status_text);
    field_uint(w, "plan", (uint64_t)record->plan);
    field_uint(w, "plan_cause", (uint64_t)record->plan_cause);
    policy_fields(r, w);
    if (field_array(w, "providers", r->provider_count))
        for (unsigned i = 0; i < r->provider_count; i++)
            sink_uint(w->s, r->providers[i]->id);
    if (field_array(w, "properties", r->property_count))
        for (unsigned i = 0; i < r->property_count; i++)
            fields_write(&r->properties[i], property_fields, w->s);
}

void resource_write(const struct resource_record *r, struct sink *s)
{
    fields_write(r, resource_fields, s);
}

static void session_fields(const void *object, struct field_writer *w)
{
    const struct session *session = object;

    field_uint(w, "client", session->client);
    field_uint(w, "seq", session->seq);
    field_uint(w, "used_ms", session->used_ms);
    field_uint(w, "code", session->reply.code);
    field_uint(w, "index", session->reply.index);
    field_str(w, "detail", session->reply.detail[0] != '\0' ? session->reply.detail : NULL);
}

void session_write(const struct session *session, struct sink *s)
{
    fields_write(session, session_fields, s);
}

static void event_fields(const void *object, struct field_writer *w)
{
    const struct event *e = object;

    field_uint(w, "index", e->index);
    field_uint(w, "stamp_ms", e->stamp_ms);
    field_uint(w, "object", (uint64_t)e->object);
    field_uint(w, "id", e->id);
    field_str(w, "name", e->name);
    field_uint(w, "node", e->node);
    field_uint(w, "from", e->from);
    field_uint(w, "to", e->to);
    field_uint(w, "cause", (uint64_t)e->cause);
    field_uint(w, "code", e->code);
    field_str(w, "text", e->text);
}

void event_write(const struct event *e, struct sink *s)
{
    fields_write(e, event_fields, s);
}

static void cluster_fields(const void *object, struct field_writer *w)
{
    const struct cluster *c = object;
    const struct group_record *g;
    const struct session *session;

    field_uint(w, "v", SNAPSHOT_VERSION);
    field_str(w, "name", c->name);
    field_uint(w, "index", c->index);
    field_uint(w, "now_ms", c->now_ms);
    field_uint(w, "forming_until_ms", c->forming_until_ms);
    if (field_array(w, "nodes", c->node_count))
        for (unsigned i = 0; i < c->node_count; i++)
            node_write(c->nodes[i], w->s);
    if (field_array(w, "groups", c->group_count))
        DL_FOREACH(c->groups, g) group_write(g, w->s);
    if (field_array(w, "resources", c->resource_count))
        DL_FOREACH(c->groups, g)
    for (unsigned i = 0; i < g->group.resource_count; i++)
        resource_write(resource_record(g->group.resources[i]), w->s);
    if (field_array(w, "sessions", c->session_count))
        DL_FOREACH(c->sessions, session) session_write(session, w->s);
    field_uint(w, "events_total", c->events.total);
    if (field_array(w, "events", cluster_event_count(c)))
        for (unsigned i = 0; i < cluster_event_count(c); i++)
            event_write(cluster_event(c, i), w->s);
}

void cluster_write(const struct cluster *c, struct sink *s)
{
    fields_write(c, cluster_fields, s);
}
