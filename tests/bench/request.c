#include "tests/bench/request.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "groupmgr/groupmgr.h"
#include "net/msgpack.h"

enum { COUNTER_DIGITS = 8, U32_MARK = 0xce, LENGTH_BYTES = 4, FRAME_BYTES_MAX = 4 << 20 };

/* A number of always the same width, wherever it is patched. Returns where. */
static size_t put_u32(struct bytes *frame)
{
    static const uint8_t number[] = {U32_MARK, 0, 0, 0, 0};

    bytes_append(frame, number, sizeof number);
    return frame->len - 4;
}

static void put_description(struct request *r, struct sink *s, size_t filler)
{
    char text[1024];

    assert(filler >= COUNTER_DIGITS && filler < sizeof text);
    memset(text, 'x', filler);
    text[filler] = '\0';
    sink_kv_map(s, "properties", 1);
    sink_kv_str(s, "Description", text);
    r->counter = r->frame.len - filler;
}

void request_init(struct request *r, enum request_kind kind, const char *group, uint64_t client,
                  size_t filler)
{
    static const char *const methods[] = {"group.create", "group.set", "group.get"};
    struct msgpack_sink m;
    struct sink *s = &m.sink;

    *r = (struct request){0};
    msgpack_sink_init(&m, &r->frame);
    sink_array(s, 4);
    sink_uint(s, 0);
    r->id = put_u32(&r->frame);
    sink_str(s, methods[kind]);
    sink_map(s, kind == REQUEST_GET ? 1 : kind == REQUEST_CREATE ? 3 : 4);
    sink_kv_str(s, "name", group);
    if (kind == REQUEST_GET)
        return;
    sink_kv_uint(s, "client", client);
    sink_str(s, "seq");
    r->seq = put_u32(&r->frame);
    if (kind == REQUEST_SET)
        put_description(r, s, filler);
}

void request_release(struct request *r)
{
    bytes_release(&r->frame);
}

void request_renew(struct request *r, uint32_t id)
{
    uint32_t number = htobe32(id);
    char digits[COUNTER_DIGITS + 1];

    memcpy(r->frame.data + r->id, &number, sizeof number);
    if (r->seq != 0)
        memcpy(r->frame.data + r->seq, &number, sizeof number);
    if (r->counter != 0) {
        snprintf(digits, sizeof digits, "%08x", id);
        memcpy(r->frame.data + r->counter, digits, COUNTER_DIGITS);
    }
}

size_t request_logged_bytes(size_t filler)
{
    char text[1024], name[] = "Description";
    struct property property = {.name = name, .type = PROPERTY_SZ, .text = text};
    struct command cmd = {.kind = COMMAND_GROUP_SET,
                          .client = UINT64_MAX,
                          .seq = 1 << 16,
                          .name = "bench-000",
                          .properties = &property,
                          .property_count = 1};
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    assert(filler < sizeof text);
    memset(text, 'x', filler);
    text[filler] = '\0';
    property.text_len = filler;
    msgpack_sink_init(&m, &encoded);
    command_write(&cmd, &m.sink);
    size_t len = encoded.len + LENGTH_BYTES;
    bytes_release(&encoded);
    return len;
}

/* [1, id, nil or {code …}, result]: ids start beyond 65535, so that the server
 * writes them as wide as they were sent. */
enum answer answer_read(const uint8_t *data, size_t len, uint32_t id, size_t *ret_len,
                        uint32_t *ret_code)
{
    struct msgpack_scan scan = {0};
    uint8_t head[] = {0x94, 0x01, U32_MARK, 0, 0, 0, 0};
    uint32_t number = htobe32(id);
    struct arena arena = {0};
    const struct value *message;

    switch (msgpack_scan(&scan, data, len, FRAME_BYTES_MAX)) {
    case MSGPACK_SCAN_MORE:
        return ANSWER_PARTIAL;
    case MSGPACK_SCAN_BAD:
        return ANSWER_WRONG;
    case MSGPACK_SCAN_DONE:
        break;
    }
    memcpy(head + 3, &number, sizeof number);
    if (scan.position <= sizeof head || memcmp(data, head, sizeof head) != 0)
        return ANSWER_WRONG;
    *ret_len = scan.position;
    if (data[sizeof head] == 0xc0)
        return ANSWER_GOOD;
    enum answer answer = ANSWER_WRONG;
    if (msgpack_read(data, scan.position, &arena, &message) == 0 &&
        value_get_u32(&message->items[2], "code", ret_code))
        answer = ANSWER_ERROR;
    arena_release(&arena);
    return answer;
}
