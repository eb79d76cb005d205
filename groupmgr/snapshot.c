/* The state written as a tree; restore.c reads it. The parts are also what the
 * digests are made of: whatever is state must be written here. */
#include "groupmgr/snapshot.h"
#include "groupmgr/common.h"
#include "groupmgr/rules.h"

static void why_fields(const void *object, struct field_writer *w)
{
    const struct why *why = object;

    assert(why->index != 0);
    field_uint(w, "index", why->index);
    field_uint(w, "stamp_ms", why->stamp_ms);
    field_uint(w, "command", (uint64_t)why->command);
    field_uint(w, "cause", (uint64_t)why->cause);
}

static void why_write(struct field_writer *w, const char *key, const struct why *why)
{
    assert(key != NULL);
    if (field_object(w, key, why->index != 0))
        fields_write(why, why_fields, w->s);
}

static void numbers_write(struct field_writer *w, const char *key, const uint32_t *numbers,
                          unsigned count)
{
    assert(numbers != NULL || count == 0);
    if (field_array(w, key, count))
        for (unsigned i = 0; i < count; i++)
            sink_uint(w->s, numbers[i]);
}

static void fencing_fields(const void *object, struct field_writer *w)
{
    const struct fencing *f = object;

    assert(f->state != FENCING_NONE);
    field_uint(w, "state", (uint64_t)f->state);
    field_bool(w, "power_on", f->power_on);
    field_uint(w, "by", f->by);
    field_uint(w, "level", f->level);
    field_uint(w, "attempt", f->attempt);
    why_write(w, "why", &f->why);
}

static void node_fencing_fields(const struct node *n, struct field_writer *w)
{
    assert(n->fence_levels.text != NULL);
    if (field_object(w, "fencing", n->fencing.state != FENCING_NONE))
        fields_write(&n->fencing, fencing_fields, w->s);
    field_bin(w, "fence_levels", n->fence_levels.text, n->fence_levels.len);
}

static void lapse_fields(const void *object, struct field_writer *w)
{
    const struct lapse *l = object;

    assert(l->why.index == 0 || cause_is_lapse(l->why.cause));
    field_uint(w, "down_index", l->down_index);
    field_uint(w, "unheard_ms", l->unheard_ms);
    why_write(w, "why", &l->why);
    field_uint(w, "ms", l->ms);
}

static void node_fields(const void *object, struct field_writer *w)
{
    const struct node *n = object;

    assert(n->id != 0 && n->name != NULL);
    field_uint(w, "id", n->id);
    field_str(w, "name", n->name);
    field_str(w, "address", n->address);
    field_str(w, "disk", n->disk);
    field_uint(w, "state", (uint64_t)n->state);
    field_uint(w, "incarnation", n->incarnation);
    field_uint(w, "renewed_seq", n->renewed_seq);
    field_uint(w, "since_ms", n->since_ms);
    field_bool(w, "leaving", n->leaving);
    field_uint(w, "log", (uint64_t)n->log);
    field_bool(w, "disk_low", n->disk_low);
    field_bool(w, "witness", n->witness);
    field_uint(w, "level_min", n->level_min);
    field_uint(w, "level_max", n->level_max);
    why_write(w, "why", &n->why);
    field_bool(w, "paused", n->paused);
    field_uint(w, "drain", (uint64_t)n->drain);
    field_uint(w, "drain_flags", n->drain_flags);
    field_uint(w, "drain_target", n->drain_target);
    why_write(w, "drain_why", &n->drain_why);
    field_uint(w, "departures", n->departures);
    field_uint(w, "departures_since_ms", n->departures_since_ms);
    field_uint(w, "quarantined_until_ms", n->quarantined_until_ms);
    node_fencing_fields(n, w);
    if (field_object(w, "lapse", n->lapse.down_index != 0 || n->lapse.why.index != 0))
        fields_write(&n->lapse, lapse_fields, w->s);
    commons_write(OBJECT_NODE, n, w);
}

static void fence_value_fields(const void *object, struct field_writer *w)
{
    const struct fence_value *v = object;

    assert(v->name != NULL && v->value != NULL);
    field_str(w, "name", v->name);
    field_str(w, "value", v->value);
}

static void fence_device_fields(const void *object, struct field_writer *w)
{
    const struct fence_device *d = object;

    assert(d->name != NULL);
    field_str(w, "name", d->name);
    if (field_array(w, "values", d->value_count))
        for (unsigned i = 0; i < d->value_count; i++)
            fields_write(&d->values[i], fence_value_fields, w->s);
}

void fence_device_write(const struct fence_device *d, struct sink *s)
{
    assert(d != NULL && s != NULL);
    fields_write(d, fence_device_fields, s);
}

void node_write(const struct node_record *n, struct sink *s)
{
    assert(n != NULL && s != NULL);
    fields_write(&n->node, node_fields, s);
}

static void operation_fields(const void *object, struct field_writer *w)
{
    const struct operation *op = object;

    assert(op->kind != OPERATION_NONE && op->id != 0);
    field_uint(w, "kind", (uint64_t)op->kind);
    field_uint(w, "id", op->id);
    field_uint(w, "flags", op->flags);
    field_uint(w, "target", op->target);
    field_uint(w, "source", op->source);
    field_uint(w, "resource", op->resource);
    field_uint(w, "since_ms", op->since_ms);
    field_uint(w, "cause", (uint64_t)op->cause);
    field_bool(w, "queued", op->queued);
    field_uint(w, "wait", (uint64_t)op->wait);
    field_bool(w, "returning", op->returning);
    field_bool(w, "cancelled", op->cancelled);
    field_uint(w, "code", op->code);
    field_bool(w, "was_persistent_online", op->was_persistent_online);
    field_bin(w, "instructions", op->instructions, op->instructions_len);
}

static void placement_fields(const void *object, struct field_writer *w)
{
    const struct placement *p = object;

    assert(p->chosen != 0 || p->why.index != 0); /* `nowhere` has chosen none. */
    why_write(w, "why", &p->why);
    field_uint(w, "chosen", p->chosen);
    candidates_write(w, p->candidates, p->candidate_count);
}

static void group_fields(const void *object, struct field_writer *w)
{
    const struct group_record *record = object;
    const struct group *g = &record->group;

    assert(g->id != 0 && g->owner != 0);
    field_uint(w, "id", g->id);
    field_str(w, "name", g->name);
    field_uint(w, "owner", g->owner);
    field_uint(w, "token", g->token);
    field_bool(w, "persistent_online", g->persistent_online);
    if (field_object(w, "operation", g->operation.kind != OPERATION_NONE))
        fields_write(&g->operation, operation_fields, w->s);
    if (field_object(w, "next", g->next.kind != OPERATION_NONE))
        fields_write(&g->next, operation_fields, w->s);
    field_uint(w, "state", (uint64_t)g->state);
    field_uint(w, "since_ms", g->since_ms);
    why_write(w, "why", &g->why);
    if (field_object(w, "placement", g->placement.chosen != 0))
        fields_write(&g->placement, placement_fields, w->s);
    if (field_object(w, "nowhere", g->nowhere.why.index != 0))
        fields_write(&g->nowhere, placement_fields, w->s);
    if (field_object(w, "planned", record->planned.chosen != 0))
        fields_write(&record->planned, placement_fields, w->s);
    numbers_write(w, "preferred", g->preferred, g->preferred_count);
    field_uint(w, "failovers", g->failovers);
    field_uint(w, "failovers_since_ms", g->failovers_since_ms);
    field_bool(w, "preempted", g->preempted);
    field_uint(w, "drained_from", g->drained_from);
    field_bool(w, "drain_failed", g->drain_failed);
    field_uint(w, "held", (uint64_t)g->held);
    field_uint(w, "start_at_ms", g->start_at_ms);
    field_uint(w, "rescue_at_ms", g->rescue_at_ms);
    field_uint(w, "failback_at_ms", g->failback_at_ms);
    field_uint(w, "ending_ms", g->ending_ms);
    field_uint(w, "ending_resource", g->ending_resource);
    field_uint(w, "ending_since_ms", g->ending_since_ms);
    commons_write(OBJECT_GROUP, g, w);
}

void group_write(const struct group_record *g, struct sink *s)
{
    assert(g->owner != NULL && g->group.owner == g->owner->node.id);
    fields_write(g, group_fields, s);
}

static void policy_fields(const struct resource *r, struct field_writer *w)
{
    assert(r->group != NULL);
    commons_write(OBJECT_RESOURCE, r, w);
    field_uint(w, "restarts", r->restarts);
    field_uint(w, "restarts_since_ms", r->restarts_since_ms);
    field_uint(w, "restart_at_ms", r->restart_at_ms);
    field_uint(w, "retry_at_ms", r->retry_at_ms);
}

static void resource_fields(const void *object, struct field_writer *w)
{
    const struct resource_record *record = object;
    const struct resource *r = &record->resource;

    assert(r->id != 0 && r->persistent >= -1);
    field_uint(w, "id", r->id);
    field_str(w, "name", r->name);
    field_str(w, "type", r->type);
    field_uint(w, "group", r->group->id);
    field_uint(w, "state", (uint64_t)r->state);
    field_uint(w, "operation", r->operation);
    field_bool(w, "fail_requested", r->fail_requested);
    field_bool(w, "terminate", r->terminate);
    field_uint(w, "budget_ms", r->budget_ms);
    field_bool(w, "fenced_by_self", r->fenced_by_self);
    field_uint(w, "since_ms", r->since_ms);
    why_write(w, "why", &r->why);
    why_write(w, "verdict", &r->verdict);
    field_uint(w, "persistent", (uint64_t)(r->persistent + 1));
    field_uint(w, "was_persistent", r->was_persistent);
    field_bool(w, "locked", r->locked);
    field_bool(w, "maintenance", r->maintenance);
    field_bool(w, "embedded_failure", r->embedded_failure);
    field_uint(w, "status_code", r->status_code);
    field_str(w, "status_text", r->status_text);
    field_uint(w, "plan", (uint64_t)record->plan);
    field_uint(w, "plan_cause", (uint64_t)record->plan_cause);
    field_bool(w, "waits", record->waits);
    policy_fields(r, w);
    if (field_array(w, "providers", r->provider_count))
        for (unsigned i = 0; i < r->provider_count; i++)
            sink_uint(w->s, r->providers[i]->id);
    numbers_write(w, "expression", r->expression, r->expression_len);
    field_bool(w, "possible_named", r->possible != NULL);
    numbers_write(w, "possible", r->possible, r->possible_count);
    numbers_write(w, "refused", r->refused, r->refused_count);
    if (field_array(w, "properties", r->property_count))
        for (unsigned i = 0; i < r->property_count; i++)
            fields_write(&r->properties[i], property_fields, w->s);
}

void resource_write(const struct resource_record *r, struct sink *s)
{
    assert(r->resource.group != NULL);
    fields_write(r, resource_fields, s);
}

static void session_fields(const void *object, struct field_writer *w)
{
    const struct session *session = object;

    assert(session->client != 0);
    field_uint(w, "client", session->client);
    field_uint(w, "seq", session->seq);
    field_uint(w, "used_ms", session->used_ms);
    field_uint(w, "code", session->reply.code);
    field_uint(w, "index", session->reply.index);
    field_str(w, "detail", session->reply.detail[0] != '\0' ? session->reply.detail : NULL);
}

void session_write(const struct session *session, struct sink *s)
{
    assert(session != NULL && s != NULL);
    fields_write(session, session_fields, s);
}

static void event_fields(const void *object, struct field_writer *w)
{
    const struct event *e = object;

    assert(e->object != 0 && e->name != NULL);
    field_uint(w, "index", e->index);
    field_uint(w, "stamp_ms", e->stamp_ms);
    field_uint(w, "command", (uint64_t)e->command);
    field_uint(w, "object", (uint64_t)e->object);
    field_uint(w, "id", e->id);
    field_str(w, "name", e->name);
    field_uint(w, "node", e->node);
    field_uint(w, "from", e->from);
    field_uint(w, "to", e->to);
    field_uint(w, "cause", (uint64_t)e->cause);
    field_uint(w, "operation", e->operation);
    field_uint(w, "code", e->code);
    field_str(w, "text", e->text);
    candidates_write(w, e->candidates, e->candidate_count);
}

void event_write(const struct event *e, struct sink *s)
{
    assert(e != NULL && s != NULL);
    fields_write(e, event_fields, s);
}

static void departed_fields(const void *object, struct field_writer *w)
{
    const struct departed *d = object;

    assert(d->id != 0);
    field_uint(w, "id", d->id);
    field_bool(w, "removed", d->removed);
}

static void cluster_fields(const void *object, struct field_writer *w)
{
    const struct cluster *c = object;
    const struct group_record *g;
    const struct session *session;

    assert(c->touched == NULL);
    field_uint(w, "v", SNAPSHOT_VERSION);
    field_str(w, "name", c->name);
    field_uint(w, "index", c->index);
    field_uint(w, "now_ms", c->now_ms);
    field_number(w, "level", c->level, LEVEL_MIN);
    field_uint(w, "forming_until_ms", c->forming_until_ms);
    field_number(w, "epoch", c->epoch, 1); /* The first goes without saying, as it once did. */
    commons_write(OBJECT_CLUSTER, &c->settings, w);
    if (field_array(w, "fence_devices", c->fence_device_count))
        for (unsigned i = 0; i < c->fence_device_count; i++)
            fence_device_write(c->fence_devices[i], w->s);
    if (field_array(w, "nodes", c->node_count))
        for (unsigned i = 0; i < c->node_count; i++)
            node_write(c->nodes[i], w->s);
    field_uint(w, "node_id_max", c->node_id_max);
    if (field_array(w, "departed", c->departed_count))
        for (unsigned i = 0; i < c->departed_count; i++)
            fields_write(&c->departed[i], departed_fields, w->s);
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
    assert(c != NULL && s != NULL);
    fields_write(c, cluster_fields, s);
}
