#include "resources/monitor_protocol.h"

#include "base/error.h"
#include "base/text.h"

/* Of a handler's words. */
enum { TEXT_BYTES_MAX = 65536 };

const struct rpc_limits monitor_rpc_limits = {
    .frame_bytes_max = (size_t)64 << 20,
    .out_bytes_max = (size_t)128 << 20,
    .in_flight_max = 4096,
};

void monitor_order_write(const struct monitor_order *order, struct sink *s)
{
    bool has = order->properties != NULL;
    uint32_t more = order->budget_ms != 0;

    more += order->self_fencing;
    sink_map(s, 11 + more);
    sink_kv_uint(s, "id", order->id);
    sink_kv_uint(s, "operation", order->operation);
    sink_kv_uint(s, "token", order->token);
    sink_kv_str(s, "name", order->name);
    sink_kv_str(s, "group", order->group);
    sink_kv_str(s, "type", order->type);
    sink_kv_uint(s, "pending_timeout_ms", order->pending_timeout_ms);
    sink_kv_uint(s, "looks_alive_ms", order->looks_alive_ms);
    sink_kv_uint(s, "is_alive_ms", order->is_alive_ms);
    sink_kv_bin(s, "properties", has ? order->properties->data : NULL,
                has ? order->properties->len : 0);
    sink_kv_bin(s, "instructions", order->instructions, order->instructions_len);
    if (order->budget_ms != 0)
        sink_kv_uint(s, "budget_ms", order->budget_ms);
    if (order->self_fencing)
        sink_kv_bool(s, "self_fencing", true);
}

uint32_t monitor_order_read(const struct value *v, struct bytes *ret_bytes,
                            struct monitor_order *ret)
{
    struct monitor_order o = {0};
    const uint8_t *properties;
    size_t len;

    if (!value_get_uint(v, "id", &o.id) || !value_get_uint(v, "operation", &o.operation) ||
        !value_get_uint(v, "token", &o.token) ||
        !value_get_str(v, "name", NAME_BYTES_MAX, &o.name) ||
        !value_get_str(v, "group", NAME_BYTES_MAX, &o.group) ||
        !value_get_str(v, "type", NAME_BYTES_MAX, &o.type) ||
        !value_get_u32(v, "pending_timeout_ms", &o.pending_timeout_ms) ||
        !value_get_u32(v, "looks_alive_ms", &o.looks_alive_ms) ||
        !value_get_u32(v, "is_alive_ms", &o.is_alive_ms) ||
        !value_get_bin(v, "properties", &properties, &len) ||
        !value_get_bin(v, "instructions", &o.instructions, &o.instructions_len))
        return ERROR_INVALID_PARAMETER;
    if (o.operation == 0)
        return ERROR_INVALID_PARAMETER;
    value_get_u32(v, "budget_ms", &o.budget_ms);
    value_get_bool(v, "self_fencing", &o.self_fencing);
    /* Only read from: the cast takes nothing away. */
    *ret_bytes = (struct bytes){(uint8_t *)(uintptr_t)properties, len, len};
    o.properties = ret_bytes;
    *ret = o;
    return 0;
}

void monitor_resource_write(const struct monitor_resource *r, struct sink *s)
{
    uint32_t more = r->refusal != MONITOR_REFUSES_NOTHING;

    more += r->embedded_failure;
    more += r->unwatched;
    sink_map(s, 8 + more);
    sink_kv_uint(s, "id", r->id);
    sink_kv_uint(s, "operation", r->operation);
    sink_kv_uint(s, "state", (uint64_t)r->state);
    sink_kv_bool(s, "locked", r->locked);
    sink_kv_uint(s, "code", r->code);
    sink_kv_str(s, "text", r->text);
    sink_kv_uint(s, "pid", (uint64_t)r->pid);
    sink_kv_uint(s, "checkpoint", r->checkpoint);
    if (r->refusal != MONITOR_REFUSES_NOTHING)
        sink_kv_uint(s, "refusal", (uint64_t)r->refusal);
    if (r->embedded_failure)
        sink_kv_bool(s, "embedded", true);
    if (r->unwatched)
        sink_kv_bool(s, "unwatched", true);
}

uint32_t monitor_resource_read(const struct value *v, struct monitor_resource *ret)
{
    struct monitor_resource r = {0};
    uint64_t pid;
    uint32_t state, refusal = MONITOR_REFUSES_NOTHING;

    if (!value_get_uint(v, "id", &r.id) || !value_get_uint(v, "operation", &r.operation) ||
        !value_get_u32(v, "state", &state) || !value_get_bool(v, "locked", &r.locked) ||
        !value_get_u32(v, "code", &r.code) || !value_get_str(v, "text", TEXT_BYTES_MAX, &r.text) ||
        !value_get_uint(v, "pid", &pid) || !value_get_u32(v, "checkpoint", &r.checkpoint))
        return ERROR_INVALID_DATA;
    if (state < MONITOR_ONLINE_PENDING || state > MONITOR_TERMINATING || pid > INT32_MAX)
        return ERROR_INVALID_DATA;
    value_get_u32(v, "refusal", &refusal);
    if (refusal > MONITOR_REFUSES_NODES)
        return ERROR_INVALID_DATA;
    value_get_bool(v, "embedded", &r.embedded_failure);
    value_get_bool(v, "unwatched", &r.unwatched);
    r.refusal = (enum monitor_refusal)refusal;
    r.state = (enum monitor_resource_state)state;
    r.pid = (long)pid;
    *ret = r;
    return 0;
}
