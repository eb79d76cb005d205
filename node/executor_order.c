/* Orders of the executor to the monitor. */
#include <string.h>

#include "base/bytes.h"
#include "net/msgpack.h"
#include "node/executor_private.h"

static void write_properties(const struct resource *r, struct bytes *out)
{
    struct msgpack_sink m;
    struct sink *s = &m.sink;

    msgpack_sink_init(&m, out);
    sink_map(s, r->property_count);
    for (unsigned i = 0; i < r->property_count; i++) {
        const struct property *p = &r->properties[i];
        if (p->type == PROPERTY_DWORD) {
            sink_kv_uint(s, p->name, p->dword);
        } else if (p->type == PROPERTY_SZ) {
            sink_kv_str(s, p->name, p->text);
        } else {
            uint32_t count = 0;
            for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
                count++;
            sink_kv_array(s, p->name, count);
            for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
                sink_str(s, p->text + at);
        }
    }
}

void executor_order_online(struct executor *x, struct local *l, const struct resource *r)
{
    const struct operation *op = &r->group->operation;
    bool runs = operation_runs(op); /* What waits has no say yet. */
    struct bytes properties = BYTES_INIT;

    write_properties(r, &properties);
    struct monitor_order order = {
        .id = r->id,
        .operation = r->operation,
        .token = r->group->token,
        .name = r->name,
        .group = r->group->name,
        .type = r->type,
        .pending_timeout_ms = r->pending_timeout_ms,
        .looks_alive_ms = r->looks_alive_ms,
        .is_alive_ms = r->is_alive_ms,
        .budget_ms = r->budget_ms,
        .self_fencing = r->fenced_by_self,
        .properties = &properties,
        .instructions = runs ? op->instructions : NULL,
        .instructions_len = runs ? op->instructions_len : 0,
    };
    l->ordered = r->operation;
    l->ordered_online = true;
    monitor_online(x->monitor, &order);
    bytes_release(&properties);
}

void executor_order_offline(struct executor *x, struct local *l, const struct resource *r)
{
    const struct operation *op = &r->group->operation;
    bool runs = operation_runs(op); /* What waits has no say yet. */

    l->ordered = r->operation;
    l->ordered_online = false;
    monitor_offline(x->monitor, r->id, r->operation, r->pending_timeout_ms,
                    runs ? op->instructions : NULL, runs ? op->instructions_len : 0);
}

/* ---------------------------------------------------------------- winding down */

static bool has_running_dependent(const struct executor *x, const struct resource *r)
{
    for (unsigned i = 0; i < r->group->resource_count; i++) {
        const struct resource *other = r->group->resources[i];
        const struct local *l = executor_local(x, other->id);
        for (unsigned p = 0; l != NULL && local_runs(l) && p < other->provider_count; p++)
            if (other->providers[p] == r)
                return true;
    }
    return false;
}

void executor_wind_down_step(struct executor *x)
{
    struct local *l, *next;

    HASH_ITER(hh, x->locals, l, next)
    {
        const struct resource *r = cluster_resource(executor_state(x), l->id);
        if (!local_runs(l) || l->ordered == (l->operation | WIND_DOWN_LIFE) ||
            (l->operation & WIND_DOWN_LIFE) != 0)
            continue;
        if (r == NULL) {
            monitor_terminate(x->monitor, l->id);
        } else if (!has_running_dependent(x, r)) {
            l->ordered = l->operation | WIND_DOWN_LIFE;
            monitor_offline(x->monitor, l->id, l->ordered, r->pending_timeout_ms, NULL, 0);
        }
    }
}

void executor_wind_down(struct executor *x)
{
    x->winding_down = true;
    if (x->monitor != NULL)
        executor_wind_down_step(x);
}
