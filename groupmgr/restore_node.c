/* Nodes and fence devices of a snapshot. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/restore.h"

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

bool fence_device_read(struct cluster *c, const struct value *v)
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

bool node_read(struct cluster *c, const struct value *v)
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
    whole = text_take(&n->node.address, read_str(&r, "address"));
    whole &= text_take(&n->node.disk, read_str(&r, "disk"));
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
