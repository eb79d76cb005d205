#include <stdlib.h>
#include <string.h>

#include "groupmgr/restore.h"

bool text_take(char **field, const char *text)
{
    assert(field != NULL);
    free(*field);
    *field = xstrdup(text != NULL ? text : "");
    return text != NULL;
}

void why_read(struct field_reader *r, const char *key, struct why *ret)
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

unsigned numbers_read(struct field_reader *r, const char *key, unsigned max, uint32_t **ret)
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
        !text_take(&c->name, read_str(&r, "name")))
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
