#include "net/msgpack.h"

#include <assert.h>
#include <string.h>

#include <msgpack/pack.h>
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

#include "base/error.h"

/* The first byte of a string of up to 31 bytes carries its length (MessagePack's
 * specification, "str format family"). */
enum { FIXSTR = 0xa0, FIXSTR_MAX = 31 };

/* ------------------------------------------------------------------ encode */

static int sink_append(void *data, const char *bytes, size_t len)
{
    bytes_append(data, bytes, len);
    return 0;
}

/* msgpack-c's packer is two words: it is made anew for each item. */
static msgpack_packer packer_of(struct sink *s)
{
    struct msgpack_sink *m = (struct msgpack_sink *)s;

    return (msgpack_packer){.data = m->out, .callback = sink_append};
}

static void write_nil(struct sink *s)
{
    msgpack_packer packer = packer_of(s);

    msgpack_pack_nil(&packer);
}

static void write_bool(struct sink *s, bool b)
{
    msgpack_packer packer = packer_of(s);

    if (b)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

static void write_uint(struct sink *s, uint64_t u)
{
    msgpack_packer packer = packer_of(s);

    msgpack_pack_uint64(&packer, u);
}

static void write_integer(struct sink *s, int64_t i)
{
    msgpack_packer packer = packer_of(s);

    msgpack_pack_int64(&packer, i);
}

static void write_real(struct sink *s, double d)
{
    msgpack_packer packer = packer_of(s);

    msgpack_pack_double(&packer, d);
}

/* Names are short: most of what a snapshot tells a sink is such a string, written
 * here in one piece. */
static void write_short(struct bytes *out, const char *str, size_t len)
{
    uint8_t *at = bytes_reserve(out, 1 + len);

    assert(len <= FIXSTR_MAX);
    at[0] = (uint8_t)(FIXSTR | len);
    memcpy(at + 1, str, len);
    out->len += 1 + len;
}

static void write_str(struct sink *s, const char *str, size_t len)
{
    msgpack_packer packer = packer_of(s);

    assert(len <= UINT32_MAX);
    if (len <= FIXSTR_MAX) {
        write_short(((struct msgpack_sink *)s)->out, str, len);
        return;
    }
    msgpack_pack_str(&packer, len);
    msgpack_pack_str_body(&packer, str, len);
}

static void write_bin(struct sink *s, const void *bin, size_t len)
{
    msgpack_packer packer = packer_of(s);

    assert(len <= UINT32_MAX);
    msgpack_pack_bin(&packer, len);
    msgpack_pack_bin_body(&packer, bin, len);
}

static void write_array(struct sink *s, uint32_t items)
{
    msgpack_packer packer = packer_of(s);

    msgpack_pack_array(&packer, items);
}

static void write_map(struct sink *s, uint32_t pairs)
{
    msgpack_packer packer = packer_of(s);

    msgpack_pack_map(&packer, pairs);
}

static const struct sink_ops msgpack_ops = {
    .nil = write_nil,
    .boolean = write_bool,
    .uint = write_uint,
    .integer = write_integer,
    .real = write_real,
    .str = write_str,
    .bin = write_bin,
    .array = write_array,
    .map = write_map,
};

void msgpack_sink_init(struct msgpack_sink *m, struct bytes *out)
{
    m->sink.ops = &msgpack_ops;
    m->out = out;
}

/* ------------------------------------------------------------------ decode */

/* msgpack-c's decoder is a template for bindings: it parses and calls these
 * functions, which build the tree in the arena at once, without the object
 * tree and zone in between that msgpack_unpack() would make. */

static int read_uint(struct value *ret, uint64_t u)
{
    *ret = (struct value){.type = VALUE_UINT, .uint = u};
    return 0;
}

static int read_int(struct value *ret, int64_t i)
{
    if (i >= 0)
        return read_uint(ret, (uint64_t)i);
    *ret = (struct value){.type = VALUE_INT, .integer = i};
    return 0;
}

static int read_real(struct value *ret, double d)
{
    *ret = (struct value){.type = VALUE_REAL, .real = d};
    return 0;
}

#define READ_NUMBER(suffix, type, reader)                                     \
    static int read##suffix(struct arena **a, type number, struct value *ret) \
    {                                                                         \
        (void)a;                                                              \
        return reader(ret, number);                                           \
    }
READ_NUMBER(_uint8, uint8_t, read_uint)
READ_NUMBER(_uint16, uint16_t, read_uint)
READ_NUMBER(_uint32, uint32_t, read_uint)
READ_NUMBER(_uint64, uint64_t, read_uint)
READ_NUMBER(_int8, int8_t, read_int)
READ_NUMBER(_int16, int16_t, read_int)
READ_NUMBER(_int32, int32_t, read_int)
READ_NUMBER(_int64, int64_t, read_int)
READ_NUMBER(_float, float, read_real)
READ_NUMBER(_double, double, read_real)
#undef READ_NUMBER

static struct value read_root(struct arena **a)
{
    (void)a;
    return (struct value){.type = VALUE_NIL};
}

static int read_nil(struct arena **a, struct value *ret)
{
    (void)a;
    *ret = (struct value){.type = VALUE_NIL};
    return 0;
}

static int read_true(struct arena **a, struct value *ret)
{
    (void)a;
    *ret = (struct value){.type = VALUE_BOOL, .boolean = true};
    return 0;
}

static int read_false(struct arena **a, struct value *ret)
{
    (void)a;
    *ret = (struct value){.type = VALUE_BOOL, .boolean = false};
    return 0;
}

static int read_str(struct arena **a, const char *data, const char *p, unsigned len,
                    struct value *ret)
{
    (void)data;
    *ret = (struct value){.type = VALUE_STR, .len = len, .str = arena_strndup(*a, p, len)};
    return 0;
}

static int read_bin(struct arena **a, const char *data, const char *p, unsigned len,
                    struct value *ret)
{
    (void)data;
    *ret = (struct value){.type = VALUE_BIN, .len = len};
    ret->bin = (const uint8_t *)arena_strndup(*a, p, len);
    return 0;
}

static int read_ext(struct arena **a, const char *data, const char *p, unsigned len,
                    struct value *ret)
{
    (void)a;
    (void)data;
    (void)p;
    (void)len;
    (void)ret;
    return -1;
}

/* `count` is bounded by the scan: every item has a byte in the frame. */
static int read_array(struct arena **a, unsigned count, struct value *ret)
{
    *ret = (struct value){.type = VALUE_ARRAY};
    if (count > 0)
        ret->items = arena_alloc(*a, count * sizeof(struct value));
    return 0;
}

static int read_array_item(struct arena **a, struct value *array, struct value item)
{
    struct value *items = (struct value *)array->items;

    (void)a;
    items[array->len++] = item;
    return 0;
}

static int read_map(struct arena **a, unsigned count, struct value *ret)
{
    *ret = (struct value){.type = VALUE_MAP};
    if (count > 0)
        ret->pairs = arena_alloc(*a, count * sizeof(struct value_pair));
    return 0;
}

static int read_map_item(struct arena **a, struct value *map, struct value key, struct value value)
{
    struct value_pair *pairs = (struct value_pair *)map->pairs;

    (void)a;
    pairs[map->len++] = (struct value_pair){key, value};
    return 0;
}

#define msgpack_unpack_struct(name) struct decoder##name
#define msgpack_unpack_func(ret, name) static ret decoder##name
#define msgpack_unpack_callback(name) read##name
#define msgpack_unpack_object struct value
#define msgpack_unpack_user struct arena *
#include <msgpack/unpack_template.h>

_Static_assert(MSGPACK_EMBED_STACK_SIZE == MSGPACK_DEPTH_MAX, "the decoder's stack is the bound");

uint32_t msgpack_read(const void *data, size_t len, struct arena *a, const struct value **ret)
{
    struct msgpack_scan scan = {0};
    struct decoder_context decoder; /* 1.5 KiB, and decoder_init() sets what counts. */
    struct value *root;
    size_t offset = 0;

    if (len == 0 || msgpack_scan(&scan, data, len, len) != MSGPACK_SCAN_DONE)
        return ERROR_INVALID_DATA;
    if (scan.position != len)
        return ERROR_INVALID_DATA;

    decoder.user = a;
    decoder_init(&decoder);
    if (decoder_execute(&decoder, data, len, &offset) != 1 || offset != len)
        return ERROR_INVALID_DATA;
    root = arena_alloc(a, sizeof *root);
    *root = decoder_data(&decoder);
    *ret = root;
    return ERROR_SUCCESS;
}
