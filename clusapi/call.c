#include "clusapi/call.h"

#include "net/msgpack.h"

static void write_text(struct sink *s, const char *key, const char *text)
{
    if (text != NULL)
        sink_kv_str(s, key, text);
}

static uint32_t count_pairs(const struct call *call, uint64_t client)
{
    const char *const texts[] = {call->name, call->node, call->group, call->type, call->on};
    uint32_t pairs = 1; /* timeout_ms */
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        pairs += texts[i] != NULL;
    pairs += client != 0 ? 2 : 0;
    pairs += call->stale;
    pairs += call->flags != 0;
    pairs += call->instructions_len != 0;
    return pairs;
}

void call_encode(const struct call *call, uint64_t client, uint64_t seq, unsigned timeout_ms,
                 struct bytes *out)
{
    struct msgpack_sink m;
    struct sink *s = &m.sink;

    msgpack_sink_init(&m, out);
    sink_map(s, count_pairs(call, client));
    sink_kv_uint(s, "timeout_ms", timeout_ms);
    if (client != 0) {
        sink_kv_uint(s, "client", client);
        sink_kv_uint(s, "seq", seq);
    }
    write_text(s, "name", call->name);
    write_text(s, "node", call->node);
    write_text(s, "group", call->group);
    write_text(s, "type", call->type);
    write_text(s, "on", call->on);
    if (call->stale)
        sink_kv_bool(s, "stale", true);
    if (call->flags != 0)
        sink_kv_uint(s, "flags", call->flags);
    if (call->instructions_len != 0)
        sink_kv_bin(s, "instructions", call->instructions, call->instructions_len);
}
