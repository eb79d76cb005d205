#include "base/digest.h"

#include <criterion/criterion.h>
#include <string.h>

Test(digest, of_no_bytes_is_that_of_the_published_algorithm)
{
    cr_assert_eq(digest_bytes("", 0), 0x2D06800538D394C2ull);
}

Test(digest, one_flipped_bit_is_seen)
{
    uint8_t data[1000] = {0};
    uint64_t before = digest_bytes(data, sizeof data);

    for (size_t i = 0; i < sizeof data; i++) {
        data[i] ^= 1;
        cr_assert_neq(digest_bytes(data, sizeof data), before);
        data[i] ^= 1;
    }
    cr_assert_eq(digest_bytes(data, sizeof data), before);
}

/* The digest of what `write` writes. */
static uint64_t digest_of(void (*write)(struct sink *))
{
    struct digest_sink d;

    digest_sink_begin(&d);
    write(&d.sink);
    return digest_sink_end(&d);
}

static void write_nil(struct sink *s)
{
    sink_nil(s);
}
static void write_null_str(struct sink *s)
{
    sink_str(s, NULL);
}
static void write_false(struct sink *s)
{
    sink_bool(s, false);
}
static void write_true(struct sink *s)
{
    sink_bool(s, true);
}
static void write_zero(struct sink *s)
{
    sink_uint(s, 0);
}
static void write_int_zero(struct sink *s)
{
    sink_int(s, 0);
}
static void write_one(struct sink *s)
{
    sink_uint(s, 1);
}
static void write_minus_one(struct sink *s)
{
    sink_int(s, -1);
}
static void write_all_ones(struct sink *s)
{
    sink_uint(s, UINT64_MAX);
}
static void write_real_zero(struct sink *s)
{
    s->ops->real(s, 0.0);
}
static void write_empty_str(struct sink *s)
{
    sink_str(s, "");
}
static void write_empty_bin(struct sink *s)
{
    sink_bin(s, NULL, 0);
}
static void write_empty_array(struct sink *s)
{
    sink_array(s, 0);
}
static void write_empty_map(struct sink *s)
{
    sink_map(s, 0);
}
static void write_nothing(struct sink *s)
{
    (void)s;
}

static void write_ab_c(struct sink *s)
{
    sink_array(s, 2);
    sink_str(s, "ab");
    sink_str(s, "c");
}

static void write_a_bc(struct sink *s)
{
    sink_array(s, 2);
    sink_str(s, "a");
    sink_str(s, "bc");
}

static void write_nested(struct sink *s)
{
    sink_array(s, 1);
    sink_array(s, 1);
    sink_uint(s, 0);
}

static void write_flat(struct sink *s)
{
    sink_array(s, 2);
    sink_array(s, 0);
    sink_uint(s, 0);
}

Test(digest, different_trees_have_different_digests)
{
    static void (*const writers[])(struct sink *) = {
        write_nothing,   write_nil,       write_false,    write_true,        write_zero,
        write_one,       write_minus_one, write_all_ones, write_real_zero,   write_empty_str,
        write_empty_bin, write_ab_c,      write_a_bc,     write_empty_array, write_empty_map,
        write_nested,    write_flat,
    };
    const size_t count = sizeof writers / sizeof writers[0];

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++)
            cr_assert_eq(digest_of(writers[i]) == digest_of(writers[k]), i == k, "%zu %zu", i, k);
    }
}

Test(digest, equal_values_have_equal_digests_however_they_were_written)
{
    cr_assert_eq(digest_of(write_zero), digest_of(write_int_zero));
    cr_assert_eq(digest_of(write_nil), digest_of(write_null_str));
}

/* This number is in the logs of clusters: it must never change. */
Test(digest, stream_is_the_one_documented)
{
    static const uint8_t stream[] = "m\0\0\0\0\0\0\0\1"
                                    "s\0\0\0\0\0\0\0\1k"
                                    "u\0\0\0\0\0\0\1\2";
    struct digest_sink d;

    digest_sink_begin(&d);
    sink_map(&d.sink, 1);
    sink_kv_uint(&d.sink, "k", 0x102);
    cr_assert_eq(digest_sink_end(&d), digest_bytes(stream, sizeof stream - 1));
}

static void write_by_kv(struct sink *s)
{
    sink_map(s, 7);
    sink_kv_str(s, "str", "text");
    sink_kv_uint(s, "uint", 7);
    sink_kv_int(s, "int", -7);
    sink_kv_bool(s, "bool", true);
    sink_kv_bin(s, "bin", "\1\2", 2);
    sink_kv_array(s, "array", 1);
    s->ops->real(s, 0.5);
    sink_kv_map(s, "map", 1);
    sink_kv_str(s, "nil", NULL);
}

#define STR(s)                                              \
    {                                                       \
        .type = VALUE_STR, .len = sizeof(s) - 1, .str = (s) \
    }

static void write_by_value(struct sink *s)
{
    static const struct value half = {.type = VALUE_REAL, .real = 0.5};
    static const struct value_pair nil = {STR("nil"), {.type = VALUE_NIL}};
    static const struct value_pair pairs[] = {
        {STR("str"), STR("text")},
        {STR("uint"), {.type = VALUE_UINT, .uint = 7}},
        {STR("int"), {.type = VALUE_INT, .integer = -7}},
        {STR("bool"), {.type = VALUE_BOOL, .boolean = true}},
        {STR("bin"), {.type = VALUE_BIN, .len = 2, .bin = (const uint8_t *)"\1\2"}},
        {STR("array"), {.type = VALUE_ARRAY, .len = 1, .items = &half}},
        {STR("map"), {.type = VALUE_MAP, .len = 1, .pairs = &nil}},
    };
    const struct value tree = {.type = VALUE_MAP, .len = 7, .pairs = pairs};

    sink_value(s, &tree);
}

Test(digest, a_tree_and_the_calls_that_write_it_are_the_same)
{
    cr_assert_eq(digest_of(write_by_kv), digest_of(write_by_value));
}
