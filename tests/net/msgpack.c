#include "net/msgpack.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Encode with the calls given, decode, and look at `v`. */
#define ROUND_TRIP(writes)         \
    struct bytes out = BYTES_INIT; \
    struct msgpack_sink m;         \
    struct sink *s = &m.sink;      \
    struct arena a = {0};          \
    const struct value *v;         \
    msgpack_sink_init(&m, &out);   \
    writes;                        \
    cr_assert_eq(msgpack_read(out.data, out.len, &a, &v), ERROR_SUCCESS)

static void trip_end(struct bytes *out, struct arena *a)
{
    bytes_release(out);
    arena_release(a);
}

static uint32_t read_code(const char *data, size_t len)
{
    struct arena a = {0};
    const struct value *v = NULL;
    uint8_t *copy = xmalloc(len + 1); /* So that the sanitizer sees its end. */
    uint32_t code;

    memcpy(copy, data, len);
    copy = xrealloc(copy, len > 0 ? len : 1);
    code = msgpack_read(copy, len, &a, &v);
    if (code != ERROR_SUCCESS)
        cr_assert_null(v, "*ret is written only on success");
    free(copy);
    arena_release(&a);
    return code;
}

#define READ(literal) read_code(literal, sizeof(literal) - 1)

Test(msgpack, integers_keep_their_value_at_every_width)
{
    static const uint64_t numbers[] = {0,          1,         127,       128,        255,
                                       256,        65535,     65536,     UINT32_MAX, 1ull << 32,
                                       1ull << 63, INT64_MAX, UINT64_MAX};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ROUND_TRIP(sink_uint(s, numbers[i]));
        cr_assert_eq(v->type, VALUE_UINT);
        cr_assert_eq(v->uint, numbers[i]);
        trip_end(&out, &a);
    }
}

Test(msgpack, negative_integers_keep_their_value_at_every_width)
{
    static const int64_t numbers[] = {
        -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN, (int64_t)INT32_MIN - 1, INT64_MIN};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ROUND_TRIP(sink_int(s, numbers[i]));
        cr_assert_eq(v->type, VALUE_INT);
        cr_assert_eq(v->integer, numbers[i]);
        trip_end(&out, &a);
    }
}

Test(msgpack, a_positive_number_in_a_signed_form_reads_as_unsigned)
{
    struct arena a = {0};
    const struct value *v;

    cr_assert_eq(msgpack_read("\xd1\x00\x05", 3, &a, &v), ERROR_SUCCESS);
    cr_assert_eq(v->type, VALUE_UINT);
    cr_assert_eq(v->uint, 5);
    arena_release(&a);
}

Test(msgpack, nil_booleans_and_reals_round_trip)
{
    ROUND_TRIP({
        sink_array(s, 5);
        sink_nil(s);
        sink_bool(s, true);
        sink_bool(s, false);
        s->ops->real(s, 0.1);
        s->ops->real(s, -INFINITY);
    });
    cr_assert_eq(v->len, 5);
    cr_assert_eq(v->items[0].type, VALUE_NIL);
    cr_assert(v->items[1].type == VALUE_BOOL && v->items[1].boolean);
    cr_assert(v->items[2].type == VALUE_BOOL && !v->items[2].boolean);
    cr_assert(v->items[3].type == VALUE_REAL && v->items[3].real == 0.1);
    cr_assert(v->items[4].type == VALUE_REAL && v->items[4].real == -INFINITY);
    trip_end(&out, &a);
}

Test(msgpack, a_single_precision_number_reads_as_real)
{
    struct arena a = {0};
    const struct value *v;

    cr_assert_eq(msgpack_read("\xca\x3f\x80\x00\x00", 5, &a, &v), ERROR_SUCCESS);
    cr_assert(v->type == VALUE_REAL && v->real == 1.0);
    arena_release(&a);
}

Test(msgpack, strings_and_bytes_keep_every_length_and_end_in_nul)
{
    static const size_t lengths[] = {0, 1, 31, 32, 255, 256, 65535, 65536};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = lengths[i];
        char *text = xmalloc(len + 1);

        memset(text, 'x', len);
        ROUND_TRIP({
            sink_array(s, 2);
            s->ops->str(s, text, len);
            sink_bin(s, text, len);
        });
        cr_assert(v->items[0].type == VALUE_STR && v->items[0].len == len);
        cr_assert(memcmp(v->items[0].str, text, len) == 0 && v->items[0].str[len] == '\0');
        cr_assert(v->items[1].type == VALUE_BIN && v->items[1].len == len);
        cr_assert(v->items[1].bin != NULL && memcmp(v->items[1].bin, text, len) == 0);
        trip_end(&out, &a);
        free(text);
    }
}

Test(msgpack, what_is_read_does_not_point_into_what_was_given)
{
    char data[] = "\x92\xa3"
                  "abc\xc4\x02hi";
    struct arena a = {0};
    const struct value *v;

    cr_assert_eq(msgpack_read(data, sizeof data - 1, &a, &v), ERROR_SUCCESS);
    memset(data, 0, sizeof data);
    cr_assert_str_eq(v->items[0].str, "abc");
    cr_assert_arr_eq(v->items[1].bin, "hi", 2);
    arena_release(&a);
}

Test(msgpack, containers_keep_every_count)
{
    static const uint32_t counts[] = {0, 1, 15, 16, 65535, 65536};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint32_t count = counts[i];

        ROUND_TRIP({
            sink_array(s, 2);
            sink_array(s, count);
            for (uint32_t j = 0; j < count; j++)
                sink_uint(s, j);
            sink_map(s, count);
            for (uint32_t j = 0; j < count; j++) {
                sink_uint(s, j);
                sink_bool(s, true);
            }
        });
        cr_assert(v->items[0].type == VALUE_ARRAY && v->items[0].len == count);
        cr_assert(v->items[1].type == VALUE_MAP && v->items[1].len == count);
        if (count > 0) {
            cr_assert_eq(v->items[0].items[count - 1].uint, count - 1);
            cr_assert_eq(v->items[1].pairs[count - 1].key.uint, count - 1);
        }
        trip_end(&out, &a);
    }
}

Test(msgpack, of_a_repeated_key_the_first_counts_and_all_are_kept)
{
    ROUND_TRIP({
        sink_map(s, 3);
        sink_kv_uint(s, "a", 1);
        sink_kv_uint(s, "a", 2);
        sink_array(s, 1); /* A key of another type. */
        sink_nil(s);
        sink_nil(s);
    });
    cr_assert_eq(v->len, 3);
    cr_assert_eq(value_get(v, "a")->uint, 1);
    cr_assert_eq(v->pairs[2].key.type, VALUE_ARRAY);
    trip_end(&out, &a);
}

static struct bytes nested(unsigned depth, bool empty)
{
    struct bytes out = BYTES_INIT;

    for (unsigned i = 1; i < depth; i++)
        bytes_append(&out, "\x91", 1);
    bytes_append(&out, empty ? "\x90" : "\x91\xc0", empty ? 1 : 2);
    return out;
}

Test(msgpack, thirty_two_levels_are_read_and_thirty_three_are_not)
{
    for (int empty = 0; empty <= 1; empty++) {
        struct bytes fits = nested(MSGPACK_DEPTH_MAX, empty);
        struct bytes deeper = nested(MSGPACK_DEPTH_MAX + 1, empty);

        cr_assert_eq(read_code((char *)fits.data, fits.len), ERROR_SUCCESS);
        cr_assert_eq(read_code((char *)deeper.data, deeper.len), ERROR_INVALID_DATA);
        bytes_release(&fits);
        bytes_release(&deeper);
    }
}

Test(msgpack, nothing_cut_short_and_nothing_with_more_behind_it_is_read)
{
    static const char whole[] = "\x84\xa1"
                                "a\x01\xa1"
                                "b\xc4\x03xyz\xa1"
                                "c\xcb"
                                "12345678"
                                "\xa1"
                                "d\x92\xcd\x01\x02\xd9\x02hi";

    cr_assert_eq(read_code(whole, sizeof whole - 1), ERROR_SUCCESS);
    for (size_t len = 0; len < sizeof whole - 1; len++)
        cr_assert_eq(read_code(whole, len), ERROR_INVALID_DATA, "cut at %zu", len);
    cr_assert_eq(read_code(whole, sizeof whole), ERROR_INVALID_DATA, "a byte more");
}

Test(msgpack, extension_types_and_the_unused_byte_are_refused)
{
    cr_assert_eq(READ("\xc1"), ERROR_INVALID_DATA);
    cr_assert_eq(READ("\xd4\x01\x00"), ERROR_INVALID_DATA);
    cr_assert_eq(READ("\xd8\x01"
                      "0123456789abcdef"),
                 ERROR_INVALID_DATA);
    cr_assert_eq(READ("\xc7\x00\x01"), ERROR_INVALID_DATA);
    cr_assert_eq(READ("\x91\xc8\x00\x01\x01x"), ERROR_INVALID_DATA);
}

Test(msgpack, a_header_cannot_ask_for_more_memory_than_its_frame_justifies)
{
    static const char *const headers[] = {"\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff",
                                          "\xdb\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
                                          "\xdf\x80\x00\x00\x00"};

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct arena a = {0};
        const struct value *v;
        char frame[10] = {0};

        memcpy(frame, headers[i], 5);
        cr_assert_eq(msgpack_read(frame, sizeof frame, &a, &v), ERROR_INVALID_DATA);
        cr_assert_eq(a.bytes, 0, "nothing was allocated for it");
        arena_release(&a);
    }
}

Test(msgpack, a_tree_takes_at_most_a_fixed_multiple_of_its_frame)
{
    struct bytes nils = BYTES_INIT;
    struct arena a = {0};
    const struct value *v;

    bytes_append(&nils, "\xdd\x00\x01\x00\x00", 5);
    memset(bytes_reserve(&nils, 65536), 0xc0, 65536);
    nils.len += 65536;
    cr_assert_eq(msgpack_read(nils.data, nils.len, &a, &v), ERROR_SUCCESS);
    cr_assert_leq(a.bytes, 32 * nils.len);
    bytes_release(&nils);
    arena_release(&a);
}
