/* A cluster read from a tree. The tree may say anything: each reader below
 * refuses what it could not insert, and cluster_fault() judges the whole. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/common.h"
#include "groupmgr/rules.h"
#include "groupmgr/snapshot.h"

/* Text of an object that must have it. */
static bool take_text(char **field, const char *text)
{
    assert(field != NULL);
    free(*field);
    *field = xstrdup(text != NULL ? text : "");
    return text != NULL;
}

static void why_read(struct field_reader *r, const char *key, struct why *ret)
{
    const struct value *v = read_object(r, key);
    struct field_reader why;

    assert(ret->index == 0);
    if (v == NULL)
        return;
    fields_begin(&why, v);
    ret->index = read_uint(&why, "index", UINT64_MAX);
    ret->stamp_ms = read_uint(&why, "stamp_ms", UINT64_MAX);
    ret->command = (enum command_kind)read_uint(&why, "command", COMMAND_KIND_END - 1);
    ret->cause = (enum cause)read_uint(&why, "cause", CAUSE_COUNT - 1);
    r->bad |= !fields_end(&why) || ret->index == 0;
}

/* The caller frees *ret. */
static unsigned numbers_read(struct field_reader *r, const char *key, unsigned max, uint32_t **ret)
{
    uint32_t count;
    const struct value *items = read_array(r, key, &count);

    assert(count == 0 || items != NULL);
    *ret = NULL;
    r->bad |= count > max;
    if (count == 0 || r->bad)
        return 0;
    *ret = xcalloc(count, sizeof(**ret));
    for (unsigned i = 0; i < count; i++) {
        r->bad |= items[i].type != VALUE_UINT || items[i].uint > UINT32_MAX;
        (*ret)[i] = r->bad ? 0 : (uint32_t)items[i].uint;
    }
    return count;
}

static bool fencing_read(struct field_reader *r, struct fencing *ret)
{
    const struct value *v = read_object(r, "fencing");
    struct field_reader f;

    if (v == NULL)
        return true;
    fields_begin(&f, v);
    ret->state = (enum fencing_state)read_uint(&f, "state", FENCING_FAILED);
    ret->power_on = read_bool(&f, "power_on");
    ret->by = read_u32(&f, "by");
    ret->level = (uint32_t)read_uint(&f, "level", FENCE_LEVELS_MAX);
    ret->attempt = read_uint(&f, "attempt", UINT64_MAX);
    why_read(&f, "why", &ret->why);
    assert(ret->state <= FENCING_FAILED);
    return fields_end(&f) && ret->state != FENCING_NONE;
}

/* What it says is judged with all devices there, by cluster_fault(). */
static bool fence_levels_read(struct field_reader *r, struct strings *ret)
{
    size_t len;
    const uint8_t *text = read_bin(r, "fence_levels", &len);

    assert(ret->text != NULL);
    if (len == 0)
        return true;
    if (text[len - 1] != '\0')
        return false;
    fence_levels_store(ret, (const char *)text, len);
    return true;
}

static bool fence_device_read(struct cluster *c, const struct value *v)
{
    struct field_reader r, item;
    uint32_t count;
    const char *name;
    const struct value *values;
    struct fence_device *d;

    fields_begin(&r, v);
    name = read_str(&r, "name");
    values = read_array(&r, "values", &count);
    if (!fields_end(&r) || !name_is_valid(name) || c->fence_device_count == FENCE_DEVICES_MAX ||
        cluster_fence_device(c, name) != NULL || count > FENCE_VALUES_MAX)
        return false;
    d = fence_device_insert(c, name);
    for (uint32_t i = 0; i < count; i++) {
        fields_begin(&item, &values[i]);
        const char *key = read_str(&item, "name"), *value = read_str(&item, "value");

        if (!fields_end(&item) || key == NULL || value == NULL)
            return false;
        fence_value_add(d, key, value);
    }
    fence_devices_digest(c);
    assert(c->fence_device_count > 0);
    return true;
}

static bool lapse_read(struct field_reader *node, struct lapse *ret)
{
    const struct value *v = read_object(node, "lapse");
    struct field_reader r;

    assert(ret->down_index == 0);
    if (v == NULL)
        return true;
    fields_begin(&r, v);
    ret->down_index = read_uint(&r, "down_index", UINT64_MAX);
    ret->unheard_ms = read_u32(&r, "unheard_ms");
    why_read(&r, "why", &ret->why);
    ret->ms = read_u32(&r, "ms");
    return fields_end(&r) && (ret->why.index == 0 || cause_is_lapse(ret->why.cause));
}

static bool node_read(struct cluster *c, const struct value *v)
{
    struct field_reader r;
    struct node_record *n;
    uint32_t id;
    const char *name;
    bool whole;

    fields_begin(&r, v);
    id = read_u32(&r, "id");
    name = read_str(&r, "name");
    if (id == 0 || !name_is_valid(name) || c->node_count == NODES_MAX || find_node(c, id) ||
        find_node_by_name(c, name))
        return false;
    n = node_insert(c, id, name);
    whole = take_text(&n->node.address, read_str(&r, "address"));
    whole &= take_text(&n->node.disk, read_str(&r, "disk"));
    assert(find_node(c, id) == n);
    n->node.state = (enum node_state)read_uint(&r, "state", NODE_JOINING);
    n->node.incarnation = read_uint(&r, "incarnation", UINT64_MAX);
    n->node.renewed_seq = read_uint(&r, "renewed_seq", UINT64_MAX);
    n->node.since_ms = read_uint(&r, "since_ms", UINT64_MAX);
    n->node.leaving = read_bool(&r, "leaving");
    n->node.log = (enum log_state)read_uint(&r, "log", LOG_REFUSED);
    n->node.disk_low = read_bool(&r, "disk_low");
    n->node.witness = read_bool(&r, "witness");
    n->node.level_min = read_u32(&r, "level_min");
    n->node.level_max = read_u32(&r, "level_max");
    why_read(&r, "why", &n->node.why);
    n->node.paused = read_bool(&r, "paused");
    n->node.drain = (enum drain_status)read_uint(&r, "drain", DRAIN_FAILED);
    n->node.drain_flags = read_u32(&r, "drain_flags");
    n->node.drain_target = read_u32(&r, "drain_target");
    why_read(&r, "drain_why", &n->node.drain_why);
    n->node.departures = read_u32(&r, "departures");
    n->node.departures_since_ms = read_uint(&r, "departures_since_ms", UINT64_MAX);
    timer_set(c, &n->quarantine, read_uint(&r, "quarantined_until_ms", UINT64_MAX));
    whole &= fencing_read(&r, &n->node.fencing);
    whole &= fence_levels_read(&r, &n->node.fence_levels);
    commons_read(OBJECT_NODE, &n->node, &r);
    whole &= lapse_read(&r, &n->node.lapse);
    if (!fields_end(&r) || !whole)
        return false;
    offers_set(c, n, &n->node.capacities);
    domains_update(c);
    return true;
}

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

static bool group_read(struct cluster *c, const struct value *v)
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
static bool resource_read(struct cluster *c, const struct value *v)
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
    if (!take_text(&record->resource.type, read_str(&r, "type")) ||
        !resource_read_life(&r, record) || !properties_read(c, &r, record))
        return false;
    policy_read(c, &r, record);
    owners_read(c, &r, record);
    read_array(&r, "providers", &provider_count);
    record->resource.expression_len =
        numbers_read(&r, "expression", 2 * PROVIDERS_MAX, &record->resource.expression);
    return fields_end(&r);
}

static bool providers_read(struct cluster *c, const struct value *v)
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

/* ---------------------------------------------------- sessions and events */

static bool session_read(struct cluster *c, const struct value *v)
{
    struct field_reader r;
    struct session *s;
    const char *detail;
    uint64_t client;

    fields_begin(&r, v);
    client = read_uint(&r, "client", UINT64_MAX);
    if (client == 0 || session_find(c, client) != NULL || c->session_count == SESSIONS_MAX)
        return false;
    s = session_insert(c, client);
    assert(s->client == client);
    s->seq = read_uint(&r, "seq", UINT64_MAX);
    s->used_ms = read_uint(&r, "used_ms", UINT64_MAX);
    s->reply.code = read_u32(&r, "code");
    s->reply.index = read_uint(&r, "index", UINT64_MAX);
    detail = read_str(&r, "detail");
    if (detail != NULL && strlen(detail) >= sizeof(s->reply.detail))
        return false;
    if (detail != NULL)
        memcpy(s->reply.detail, detail, strlen(detail) + 1);
    return fields_end(&r);
}

static bool event_read(struct cluster *c, const struct value *v)
{
    struct event_log *log = &c->events;
    struct field_reader r;
    struct event e = {0};

    assert(log->count <= EVENTS_MAX);
    if (log->count == EVENTS_MAX)
        return false;
    fields_begin(&r, v);
    e.index = read_uint(&r, "index", UINT64_MAX);
    e.stamp_ms = read_uint(&r, "stamp_ms", UINT64_MAX);
    e.command = (enum command_kind)read_uint(&r, "command", COMMAND_KIND_END - 1);
    e.object = (enum object_kind)read_uint(&r, "object", OBJECT_CLUSTER);
    e.id = read_uint(&r, "id", UINT64_MAX);
    e.name = (char *)read_str(&r, "name");
    e.node = read_u32(&r, "node");
    e.from = read_u32(&r, "from");
    e.to = read_u32(&r, "to");
    e.cause = (enum cause)read_uint(&r, "cause", CAUSE_COUNT - 1);
    e.operation = read_uint(&r, "operation", UINT64_MAX);
    e.code = read_u32(&r, "code");
    e.text = (char *)read_str(&r, "text");
    e.candidate_count = candidates_read(&r, &e.candidates);
    if (!fields_end(&r) || e.object == 0 || e.name == NULL) {
        free(e.candidates);
        return false;
    }
    e.name = xstrdup(e.name);
    e.text = xstrdup(e.text);
    if (log->ring == NULL)
        log->ring = xcalloc(EVENTS_MAX, sizeof(*log->ring));
    log->ring[log->count++] = e;
    return true;
}

/* ------------------------------------------------------------------ whole */

static bool items_read(struct cluster *c, struct field_reader *r, const char *key,
                       bool (*item_read)(struct cluster *, const struct value *))
{
    uint32_t count;
    const struct value *items = read_array(r, key, &count);

    assert(count == 0 || items != NULL);
    for (uint32_t i = 0; i < count; i++)
        if (!item_read(c, &items[i]))
            return false;
    return true;
}

/* What counts where follows from all that was read. */
static void accounts_make(struct cluster *c)
{
    struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        assert(g->cluster == c);
        capacity_account(c, g);
    }
}

static bool departed_read(struct cluster *c, const struct value *v)
{
    struct field_reader r;
    uint32_t id;
    bool removed;

    fields_begin(&r, v);
    id = read_u32(&r, "id");
    removed = read_bool(&r, "removed");
    if (!fields_end(&r) || id == 0 || id > c->node_id_max || departed_find(c, id) != NULL)
        return false;
    departed_add(c, id, removed);
    return true;
}

static bool cluster_read_all(struct cluster *c, const struct value *v)
{
    struct field_reader r, again;

    assert(c->node_count == 0 && c->index == 0);
    fields_begin(&r, v);
    if (read_uint(&r, "v", UINT64_MAX) != SNAPSHOT_VERSION ||
        !take_text(&c->name, read_str(&r, "name")))
        return false;
    c->index = read_uint(&r, "index", UINT64_MAX - 1);
    c->now_ms = read_uint(&r, "now_ms", UINT64_MAX);
    c->level = read_number(&r, "level", LEVEL_MIN);
    timer_set(c, &c->forming, read_uint(&r, "forming_until_ms", UINT64_MAX));
    c->epoch = read_number(&r, "epoch", 1);
    commons_read(OBJECT_CLUSTER, &c->settings, &r);
    c->events.total = read_uint(&r, "events_total", UINT64_MAX);
    c->node_id_max = read_u32(&r, "node_id_max");
    if (!items_read(c, &r, "departed", departed_read) ||
        !items_read(c, &r, "fence_devices", fence_device_read) ||
        !items_read(c, &r, "nodes", node_read) || !items_read(c, &r, "groups", group_read) ||
        !items_read(c, &r, "resources", resource_read) ||
        !items_read(c, &r, "sessions", session_read) || !items_read(c, &r, "events", event_read))
        return false;
    accounts_make(c);
    again = r;
    return fields_end(&r) && items_read(c, &again, "resources", providers_read) &&
           cluster_fault(c) == NULL;
}

/* Before anything else: the rest may be of a kind that this build does not know. */
static bool level_is_known(const struct value *v)
{
    uint32_t level;

    return !value_get_u32(v, "level", &level) || level <= LEVEL_MAX;
}

uint32_t cluster_read(const struct value *v, struct cluster **ret)
{
    struct cluster *c;

    if (!level_is_known(v))
        return ERROR_CLUSTER_INCOMPATIBLE_VERSIONS;
    c = cluster_new();
    if (!cluster_read_all(c, v)) {
        cluster_free(c);
        return ERROR_INVALID_DATA;
    }
    assert(c->touched == NULL && !c->room_freed);
    *ret = c;
    return 0;
}
