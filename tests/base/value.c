#include "base/value.h"

#include <criterion/criterion.h>
#include <string.h>

static struct value str(const char *s)
{
    return (struct value){.type = VALUE_STR, .len = (uint32_t)strlen(s), .str = s};
}

static struct value number(uint64_t u)
{
    return (struct value){.type = VALUE_UINT, .uint = u};
}

static struct value map_of(const struct value_pair *pairs, uint32_t len)
{
    return (struct value){.type = VALUE_MAP, .len = len, .pairs = pairs};
}

Test(value, look_up_finds_the_first_of_equal_keys)
{
    struct value_pair pairs[] = {
        {number(1), str("not a string key")},
        {str("a"), number(1)},
        {str("a"), number(2)},
    };
    struct value map = map_of(pairs, 3);
    uint64_t u;

    cr_assert(value_get_uint(&map, "a", &u));
    cr_assert_eq(u, 1);
    cr_assert_null(value_get(&map, "b"));
    cr_assert_null(value_get(&map, "A"));
    cr_assert_null(value_get(&map, ""));
}

Test(value, look_up_in_what_is_no_map_finds_nothing)
{
    struct value one = number(1);

    cr_assert_null(value_get(NULL, "a"));
    cr_assert_null(value_get(&one, "a"));
}

Test(value, a_key_with_a_nul_inside_is_another_key)
{
    struct value_pair pairs[] = {
        {{.type = VALUE_STR, .len = 3, .str = "a\0b"}, number(1)},
    };
    struct value map = map_of(pairs, 1);

    cr_assert_null(value_get(&map, "a"));
}

Test(value, typed_look_ups_want_their_type)
{
    struct value_pair pairs[] = {
        {str("u"), number(7)},
        {str("b"), {.type = VALUE_BOOL, .boolean = true}},
        {str("s"), str("text")},
        {str("d"), {.type = VALUE_BIN, .len = 2, .bin = (const uint8_t *)"\1\2"}},
        {str("i"), {.type = VALUE_INT, .integer = -1}},
        {str("a"), {.type = VALUE_ARRAY}},
        {str("m"), {.type = VALUE_MAP}},
    };
    struct value map = map_of(pairs, 7);
    static const char *const keys[] = {"u", "b", "s", "d", "i", "a", "m", "none"};

    for (size_t i = 0; i < 8; i++) {
        uint64_t u;
        uint32_t u32;
        bool b;
        const char *s;
        const uint8_t *d;
        size_t len;
        cr_assert_eq(value_get_uint(&map, keys[i], &u), i == 0, "%s", keys[i]);
        cr_assert_eq(value_get_u32(&map, keys[i], &u32), i == 0, "%s", keys[i]);
        cr_assert_eq(value_get_bool(&map, keys[i], &b), i == 1, "%s", keys[i]);
        cr_assert_eq(value_get_str(&map, keys[i], 100, &s), i == 2, "%s", keys[i]);
        cr_assert_eq(value_get_bin(&map, keys[i], &d, &len), i == 3, "%s", keys[i]);
        cr_assert_eq(value_get_array(&map, keys[i]) != NULL, i == 5, "%s", keys[i]);
        cr_assert_eq(value_get_map(&map, keys[i]) != NULL, i == 6, "%s", keys[i]);
    }
}

Test(value, numbers_that_do_not_fit_are_refused)
{
    struct value_pair pairs[] = {
        {str("most"), number(UINT32_MAX)},
        {str("more"), number((uint64_t)UINT32_MAX + 1)},
    };
    struct value map = map_of(pairs, 2);
    uint32_t u = 42;

    cr_assert(value_get_u32(&map, "most", &u));
    cr_assert_eq(u, UINT32_MAX);
    u = 42;
    cr_assert_not(value_get_u32(&map, "more", &u));
    cr_assert_eq(u, 42);
}

Test(value, strings_are_bounded_and_without_nuls)
{
    struct value_pair pairs[] = {
        {str("five"), str("12345")},
        {str("nul"), {.type = VALUE_STR, .len = 3, .str = "a\0b"}},
    };
    struct value map = map_of(pairs, 2);
    const char *s;

    cr_assert(value_get_str(&map, "five", 5, &s));
    cr_assert_str_eq(s, "12345");
    cr_assert_not(value_get_str(&map, "five", 4, &s));
    cr_assert_not(value_get_str(&map, "nul", 100, &s));
}

Test(value, is_str_compares_whole_strings)
{
    struct value v = str("abc");

    cr_assert(value_is_str(&v, "abc"));
    cr_assert_not(value_is_str(&v, "ab"));
    cr_assert_not(value_is_str(&v, "abcd"));
    cr_assert_not(value_is_str(NULL, ""));
}
