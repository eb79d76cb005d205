/* Groups and resources of a snapshot. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/restore.h"

/* ----------------------------------------------------------------- groups */

static void operation_read(struct field_reader *group, const char *key, struct operation *op)
{
    const struct value *v = read_object(group, key);
    const uint8_t *instructions;
    struct field_reader r;

    assert(op->kind == OPERATION_NONE);
    if (v == NULL)
        return;
    fields_begin(&r, v);
    op->kind = (enum operation_kind)read_uint(&r, "kind", OPERATION_RESTART);
    op->id = read_uint(&r, "id", UINT64_MAX);
    op->flags = read_u32(&r, "flags");
    op->target = read_u32(&r, "target");
    op->source = read_u32(&r, "source");
    op->resource = read_uint(&r, "resource", UINT64_MAX);
    op->since_ms = read_uint(&r, "since_ms", UINT64_MAX);
    op->cause = (enum cause)read_uint(&r, "cause", CAUSE_COUNT - 1);
    op->queued = read_bool(&r, "queued");
    op->wait = (enum cause)read_uint(&r, "wait", CAUSE_COUNT - 1);
    op->returning = read_bool(&r, "returning");
    op->cancelled = read_bool(&r, "cancelled");
    op->code = read_u32(&r, "code");
    op->was_persistent_online = read_bool(&r, "was_persistent_online");
    instructions = read_bin(&r, "instructions", &op->instructions_len);
    if (op->instructions_len > 0) {
        op->instructions = xmalloc(op->instructions_len);
        memcpy(op->instructions, instructions, op->instructions_len);
    }
    group->bad |= !fields_end(&r) || op->kind == OPERATION_NONE;
}

static void placement_read(struct field_reader *group, const char *key, bool is_choice,
                           struct placement *ret)
{
    const struct value *v = read_object(group, key);
    struct field_reader r;

    assert(ret->chosen == 0);
    if (v == NULL)
        return;
    fields_begin(&r, v);
    why_read(&r, "why", &ret->why);
    ret->chosen = read_u32(&r, "chosen");
    ret->candidate_count = candidates_read(&r, &ret->candidates);
    group->bad |= !fields_end(&r) || (ret->chosen != 0) != is_choice;
    group->bad |= !is_choice && ret->why.index == 0;
}

static bool preferred_read(const struct cluster *c, struct field_reader *r, struct group *g)
{
    uint32_t count;
    const struct value *items = read_array(r, "preferred", &count);

    assert(g->preferred == NULL && g->preferred_count == 0);
    if (count > NODES_MAX)
        return false;
    g->preferred = xcalloc(count + 1, sizeof(*g->preferred));
    for (unsigned i = 0; i < count; i++) {
        if (items[i].type != VALUE_UINT || items[i].uint > UINT32_MAX ||
            find_node(c, (uint32_t)items[i].uint) == NULL)
            return false;
        for (unsigned j = 0; j < i; j++)
            if (g->preferred[j] == items[i].uint)
                return false;
        g->preferred[g->preferred_count++] = (uint32_t)items[i].uint;
    }
    return true;
}

bool group_read(struct cluster *c, const struct value *v)
{
    struct field_reader r;
    struct group_record *g;
    struct group *group;
    uint64_t id;
    const char *name;
    struct node_record *owner;

    fields_begin(&r, v);
    id = read_uint(&r, "id", UINT64_MAX);
    name = read_str(&r, "name");
    owner = find_node(c, read_u32(&r, "owner"));
    if (id == 0 || (c->groups != NULL && c->groups->prev->group.id >= id) || owner == NULL ||
        !name_is_valid(name) || find_group_by_name(c, name) || c->group_count == GROUPS_MAX)
        return false;
    g = group_insert(c, id, name, owner);
    assert(g->owner == owner);
    group = &g->group;
    group->token = read_uint(&r, "token", UINT64_MAX);
    group->persistent_online = read_bool(&r, "persistent_online");
    operation_read(&r, "operation", &group->operation);
    operation_read(&r, "next", &group->next);
    if (group->operation.queued)
        queue_link(c, g);
    g->shown_operation = group->operation.id;
    group->state = (enum group_state)read_uint(&r, "state", GROUP_PENDING);
    group->since_ms = read_uint(&r, "since_ms", UINT64_MAX);
    why_read(&r, "why", &group->why);
    placement_read(&r, "placement", true, &group->placement);
    placement_read(&r, "nowhere", false, &group->nowhere);
    placement_read(&r, "planned", true, &g->planned);
    group->failovers = read_u32(&r, "failovers");
    group->failovers_since_ms = read_uint(&r, "failovers_since_ms", UINT64_MAX);
    group->preempted = read_bool(&r, "preempted");
    group->drained_from = read_u32(&r, "drained_from");
    group->drain_failed = read_bool(&r, "drain_failed");
    group->held = (enum cause)read_uint(&r, "held", CAUSE_COUNT - 1);
    timer_set(c, &g->start, read_uint(&r, "start_at_ms", UINT64_MAX));
    timer_set(c, &g->rescue, read_uint(&r, "rescue_at_ms", UINT64_MAX));
    timer_set(c, &g->failback, read_uint(&r, "failback_at_ms", UINT64_MAX));
    group->ending_ms = read_u32(&r, "ending_ms");
    group->ending_resource = read_uint(&r, "ending_resource", UINT64_MAX);
    group->ending_since_ms = read_uint(&r, "ending_since_ms", UINT64_MAX);
    commons_read(OBJECT_GROUP, group, &r);
    if (!preferred_read(c, &r, group) || !fields_end(&r))
        return false;
    group_index(c, g);
    group_configured(c, g);
    return true;
}

/* -------------------------------------------------------------- resources */

static void policy_read(struct cluster *c, struct field_reader *r, struct resource_record *record)
{
    struct resource *res = &record->resource;

    assert(res->restart_at_ms == 0 && res->retry_at_ms == 0);
    commons_read(OBJECT_RESOURCE, res, r);
    res->restarts = read_u32(r, "restarts");
    res->restarts_since_ms = read_uint(r, "restarts_since_ms", UINT64_MAX);
    timer_set(c, &record->restart, read_uint(r, "restart_at_ms", UINT64_MAX));
    timer_set(c, &record->retry, read_uint(r, "retry_at_ms", UINT64_MAX));
}

static bool properties_read(const struct cluster *c, struct field_reader *r,
                            struct resource_record *record)
{
    uint32_t count;
    const struct value *items = read_array(r, "properties", &count);
    struct property *properties;
    struct command as_set = {0};
    struct reply ignored = {0};
    struct arena a = {0};
    bool sound = count <= PROPERTIES_PER_RESOURCE_MAX;

    assert(record->resource.property_count == 0);
    properties = arena_alloc(&a, (sound ? count + 1 : 1) * sizeof(*properties));
    for (unsigned i = 0; sound && i < count; i++)
        sound = property_read(&items[i], &a, &properties[i]);
    /* As if a client had set them; what is empty would not have been kept. */
    as_set.properties = properties;
    as_set.property_count = sound ? count : 0;
    sound = sound && resource_properties_check(c, record, &as_set, &ignored) == 0;
    if (sound)
        resource_properties_set(c, record, &as_set);
    sound = sound && record->resource.property_count == count;
    arena_release(&a);
    return sound;
}

static bool resource_state_is_known(uint64_t state)
{
    return (state >= RESOURCE_ONLINE && state <= RESOURCE_FAILED) ||
           state == RESOURCE_ONLINE_PENDING || state == RESOURCE_OFFLINE_PENDING;
}

static bool resource_read_life(struct field_reader *r, struct resource_record *record)
{
    struct resource *res = &record->resource;
    uint64_t state = read_uint(r, "state", UINT8_MAX);

    assert(res->state == RESOURCE_OFFLINE);
    if (!resource_state_is_known(state))
        return false;
    res->state = (enum resource_state)state;
    res->operation = read_uint(r, "operation", UINT64_MAX);
    res->fail_requested = read_bool(r, "fail_requested");
    res->terminate = read_bool(r, "terminate");
    res->budget_ms = read_u32(r, "budget_ms");
    res->fenced_by_self = read_bool(r, "fenced_by_self");
    res->since_ms = read_uint(r, "since_ms", UINT64_MAX);
    why_read(r, "why", &res->why);
    why_read(r, "verdict", &res->verdict);
    res->persistent = (int)read_uint(r, "persistent", 2) - 1;
    res->was_persistent = (unsigned)read_uint(r, "was_persistent", 3);
    res->locked = read_bool(r, "locked");
    res->maintenance = read_bool(r, "maintenance");
    res->embedded_failure = read_bool(r, "embedded_failure");
    res->status_code = read_u32(r, "status_code");
    res->status_text = xstrdup(read_str(r, "status_text"));
    record->plan = (enum plan)read_uint(r, "plan", PLAN_CYCLE);
    record->plan_cause = (enum cause)read_uint(r, "plan_cause", CAUSE_COUNT - 1);
    record->waits = read_bool(r, "waits");
    return true;
}

static void owners_read(struct cluster *c, struct field_reader *r, struct resource_record *record)
{
    struct resource *res = &record->resource;
    bool named = read_bool(r, "possible_named");

    assert(res->possible == NULL && res->refused == NULL);
    res->possible_count = numbers_read(r, "possible", NODES_MAX, &res->possible);
    if (named && res->possible == NULL)
        res->possible = xcalloc(1, sizeof(*res->possible));
    r->bad |= !named && res->possible_count > 0;
    res->refused_count = numbers_read(r, "refused", NODES_MAX, &res->refused);
    if (res->refused_count > 0)
        refusing_add(c, record);
}

/* Providers come first or later in the tree: they are joined at the end. */
bool resource_read(struct cluster *c, const struct value *v)
{
    struct field_reader r;
    struct resource_record *record;
    struct group_record *g;
    const char *name;
    uint64_t id;
    uint32_t provider_count;

    fields_begin(&r, v);
    id = read_uint(&r, "id", UINT64_MAX);
    name = read_str(&r, "name");
    g = find_group(c, read_uint(&r, "group", UINT64_MAX));
    if (id == 0 || g == NULL || !name_is_valid(name) || find_resource(c, id) ||
        find_resource_by_name(c, name) || c->resource_count == RESOURCES_MAX)
        return false;
    if (g->group.resource_count > 0 && g->group.resources[g->group.resource_count - 1]->id >= id)
        return false;
    record = resource_insert(c, id, name, g);
    assert(record->resource.group == &g->group);
    if (!text_take(&record->resource.type, read_str(&r, "type")) ||
        !resource_read_life(&r, record) || !properties_read(c, &r, record))
        return false;
    policy_read(c, &r, record);
    owners_read(c, &r, record);
    read_array(&r, "providers", &provider_count);
    record->resource.expression_len =
        numbers_read(&r, "expression", 2 * PROVIDERS_MAX, &record->resource.expression);
    return fields_end(&r);
}

bool providers_read(struct cluster *c, const struct value *v)
{
    uint64_t id = 0;
    struct resource_record *r;
    const struct value *providers = value_get_array(v, "providers");

    value_get_uint(v, "id", &id);
    r = find_resource(c, id);
    assert(r != NULL);
    for (uint32_t i = 0; providers != NULL && i < providers->len; i++) {
        const struct value *item = &providers->items[i];
        struct resource_record *p = item->type == VALUE_UINT ? find_resource(c, item->uint) : NULL;

        if (i == PROVIDERS_MAX || p == NULL || p == r || p->resource.group != r->resource.group)
            return false;
        for (unsigned j = 0; j < r->resource.provider_count; j++)
            if (r->resource.providers[j] == &p->resource)
                return false;
        dependency_add(r, p);
    }
    return true;
}
