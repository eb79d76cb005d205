/* What a property may hold: the values of base/proplist.h. */
#include <criterion/criterion.h>

#include "base/error.h"
#include "base/proplist.h"
#include "tests/base/proplist_example.h"

Test(proplist, a_property_has_a_value)
{
    struct bytes b = BYTES_INIT;

    raw_u32(&b, 1);
    /* So long that the count may be true. */
    raw_data(&b, RAW_NAME, u"A name that is long", 40);
    raw_u32(&b, 0);
    cr_assert_eq(check_bytes(&b), ERROR_INVALID_DATA);
}

Test(proplist, unknown_syntaxes_are_refused)
{
    static const uint32_t unknown[] = {
        0x00010000, 0x0001000D, 0x0001000F, 0x00018000, /* formats */
        0x00000002, 0x00020002, 0x00040003, 0x00050002, /* types */
        0x80000002, 0xFFFF0002, 0xFFFFFFFF, 0x00020001,
    };

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        cr_assert_eq(check_value(unknown[i], "\0\0\0", 4), ERROR_INVALID_DATA, "%08x", unknown[i]);
}

Test(proplist, numbers_have_the_length_of_their_type)
{
    static const struct {
        uint32_t syntax;
        uint32_t len;
    } numbers[] = {
        {PROPLIST_WORD, 2},           {PROPLIST_DWORD, 4},         {PROPLIST_LONG, 4},
        {PROPLIST_ULARGE_INTEGER, 8}, {PROPLIST_LARGE_INTEGER, 8}, {PROPLIST_FILETIME, 8},
    };
    static const uint8_t data[16];

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        for (uint32_t len = 0; len <= sizeof data; len++)
            cr_assert_eq(check_value(numbers[i].syntax, data, len),
                         len == numbers[i].len ? 0 : ERROR_INVALID_DATA, "%08x %u",
                         numbers[i].syntax, len);
    }
}

Test(proplist, strings_have_one_nul_at_their_end)
{
    static const uint32_t syntaxes[] = {PROPLIST_SZ, PROPLIST_EXPAND_SZ, PROPLIST_EXPANDED_SZ};
    static const uint16_t unpaired[] = {'a', 0xDC00, 0};

    for (size_t i = 0; i < 3; i++) {
        uint32_t s = syntaxes[i];
        cr_assert_eq(check_value(s, u"", 2), 0, "empty");
        cr_assert_eq(check_value(s, u"text", 10), 0);
        cr_assert_eq(check_value(s, u"", 0), ERROR_INVALID_DATA, "nothing at all");
        cr_assert_eq(check_value(s, u"text", 8), ERROR_INVALID_DATA, "no NUL");
        cr_assert_eq(check_value(s, u"text", 9), ERROR_INVALID_DATA, "half a character");
        cr_assert_eq(check_value(s, u"te\0t", 10), ERROR_INVALID_DATA, "a NUL inside");
        cr_assert_eq(check_value(s, u"text\0", 12), ERROR_INVALID_DATA, "two NULs");
        cr_assert_eq(check_value(s, unpaired, 6), ERROR_INVALID_DATA, "not text");
    }
}

Test(proplist, multi_sz_ends_in_an_empty_string_and_holds_no_other)
{
    static const uint16_t unpaired[] = {'a', 0xDC00, 0, 0};
    const uint32_t s = PROPLIST_MULTI_SZ;

    cr_assert_eq(check_value(s, u"a\0", 6), 0);
    cr_assert_eq(check_value(s, u"a\0bc\0", 12), 0);
    cr_assert_eq(check_value(s, u"", 2), 0, "no string");
    cr_assert_eq(check_value(s, u"\0", 4), 0, "no string");
    cr_assert_eq(check_value(s, u"", 0), ERROR_INVALID_DATA);
    cr_assert_eq(check_value(s, u"a", 2), ERROR_INVALID_DATA, "no NUL");
    cr_assert_eq(check_value(s, u"a", 4), ERROR_INVALID_DATA, "one NUL");
    cr_assert_eq(check_value(s, u"a\0b", 8), ERROR_INVALID_DATA, "one NUL");
    cr_assert_eq(check_value(s, u"a\0\0b\0", 12), ERROR_INVALID_DATA, "goes on");
    cr_assert_eq(check_value(s, u"\0b\0", 8), ERROR_INVALID_DATA, "goes on");
    cr_assert_eq(check_value(s, u"a\0\0", 8), ERROR_INVALID_DATA, "three NULs");
    cr_assert_eq(check_value(s, u"\0\0", 6), ERROR_INVALID_DATA, "three NULs");
    cr_assert_eq(check_value(s, u"a\0", 5), ERROR_INVALID_DATA, "half a character");
    cr_assert_eq(check_value(s, unpaired, 8), ERROR_INVALID_DATA, "not text");
}

Test(proplist, bytes_are_not_looked_at)
{
    for (uint32_t len = 0; len < 9; len++) {
        cr_assert_eq(check_value(PROPLIST_BINARY, "\xFF\xD8\0\0\0\0\0\0\0", len), 0);
        cr_assert_eq(check_value(PROPLIST_SECURITY_DESCRIPTOR, "\1\0\0\0\0\0\0\0\0", len), 0);
    }
}

/* A list that holds a list, and so on: `depth` of them. */
static void nested_list(struct bytes *b, unsigned depth)
{
    raw_list(b, PROPLIST_DWORD, "\1\0\0", 4);
    for (unsigned i = 1; i < depth; i++) {
        struct bytes inner = *b;
        *b = (struct bytes)BYTES_INIT;
        raw_list(b, PROPLIST_PROPERTY_LIST, inner.data, (uint32_t)inner.len);
        bytes_release(&inner);
    }
}

Test(proplist, lists_in_lists_are_checked_to_a_depth)
{
    for (unsigned depth = 1; depth <= PROPLIST_DEPTH_MAX + 2; depth++) {
        struct bytes b = BYTES_INIT;
        nested_list(&b, depth);
        cr_assert_eq(check_bytes(&b), depth <= PROPLIST_DEPTH_MAX ? 0 : ERROR_INVALID_DATA, "%u",
                     depth);
    }
    cr_assert_eq(check_value(PROPLIST_PROPERTY_LIST, "", 0), 0);
    cr_assert_eq(check_value(PROPLIST_PROPERTY_LIST, "\0", 2), ERROR_INVALID_DATA);
    cr_assert_eq(check_value(PROPLIST_PROPERTY_LIST, "\1\0\0", 4), ERROR_INVALID_DATA);
}

Test(proplist, a_property_may_have_several_values)
{
    struct arena arena = {0};
    struct bytes b = BYTES_INIT;
    struct proplist list;
    struct proplist_property property;
    struct proplist_value value;
    const char *text;

    raw_u32(&b, 1);
    raw_data(&b, RAW_NAME, u"Path", 10);
    raw_data(&b, PROPLIST_EXPAND_SZ, u"%A%", 8);
    raw_data(&b, PROPLIST_EXPANDED_SZ, u"b", 4);
    raw_u32(&b, 0);
    cr_assert_eq(proplist_open(b.data, b.len, PROPLIST_UTF16, &list), 0);
    cr_assert(proplist_next(&list, &property));
    cr_assert_eq(proplist_value_sz(&property.value, &arena, &text), 0);
    cr_assert_str_eq(text, "%A%");
    cr_assert(proplist_value_next(&property, &value));
    cr_assert_eq(value.syntax, PROPLIST_EXPAND_SZ);
    cr_assert(proplist_value_next(&property, &value));
    cr_assert_eq(value.syntax, PROPLIST_EXPANDED_SZ);
    cr_assert_eq(proplist_value_sz(&value, &arena, &text), 0);
    cr_assert_str_eq(text, "b");
    cr_assert_not(proplist_value_next(&property, &value));
    cr_assert_not(proplist_next(&list, &property));
    bytes_release(&b);
    arena_release(&arena);
}

Test(proplist, every_value_of_a_property_is_checked)
{
    struct bytes b = BYTES_INIT;

    raw_u32(&b, 1);
    raw_data(&b, RAW_NAME, u"N", 4);
    raw_data(&b, PROPLIST_DWORD, "\0\0\0", 4);
    raw_data(&b, PROPLIST_DWORD, "\0\0", 3);
    raw_u32(&b, 0);
    cr_assert_eq(check_bytes(&b), ERROR_INVALID_DATA);
}

Test(proplist, values_are_read_as_their_own_type_only)
{
    static const char *const strings[] = {"one", "two"};
    struct arena arena = {0};
    struct proplist_builder b;
    struct proplist list;
    uint32_t dword = 77;
    uint64_t ularge = 77;
    const char *text = "untouched";
    const char *const *texts;
    size_t count = 77;

    proplist_builder_init(&b, PROPLIST_WCHAR);
    proplist_add_dword(&b, "dword", 1);
    proplist_add_ularge(&b, "ularge", 1ull << 40);
    proplist_add_sz(&b, "sz", "text");
    proplist_add_multi_sz(&b, "multi", strings, 2);
    cr_assert_eq(proplist_open(b.bytes.data, b.bytes.len, PROPLIST_WCHAR, &list), 0);

    const uint32_t mismatch = ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
    cr_assert_eq(proplist_find_dword(&list, "sz", &dword), mismatch);
    cr_assert_eq(proplist_find_dword(&list, "ularge", &dword), mismatch);
    cr_assert_eq(proplist_find_ularge(&list, "dword", &ularge), mismatch);
    cr_assert_eq(proplist_find_sz(&list, "multi", &arena, &text), mismatch);
    cr_assert_eq(proplist_find_multi_sz(&list, "sz", &arena, &texts, &count), mismatch);
    cr_assert(dword == 77 && ularge == 77 && count == 77);
    cr_assert_str_eq(text, "untouched");

    cr_assert_eq(proplist_find_ularge(&list, "ularge", &ularge), 0);
    cr_assert_eq(ularge, 1ull << 40);
    cr_assert_eq(proplist_find_multi_sz(&list, "multi", &arena, &texts, &count), 0);
    cr_assert_eq(count, 2);
    cr_assert_str_eq(texts[0], "one");
    cr_assert_str_eq(texts[1], "two");
    cr_assert_null(texts[2]);
    proplist_builder_release(&b);
    arena_release(&arena);
}

Test(proplist, multi_sz_without_strings_is_read_as_none)
{
    static const uint32_t lengths[] = {2, 4};

    for (size_t i = 0; i < 2; i++) {
        struct arena arena = {0};
        struct bytes b = BYTES_INIT;
        struct proplist list;
        const char *const *texts;
        size_t count = 77;
        raw_list(&b, PROPLIST_MULTI_SZ, u"\0", lengths[i]);
        cr_assert_eq(proplist_open(b.data, b.len, PROPLIST_UTF16, &list), 0);
        cr_assert_eq(proplist_find_multi_sz(&list, "N", &arena, &texts, &count), 0);
        cr_assert_eq(count, 0);
        cr_assert_null(texts[0]);
        bytes_release(&b);
        arena_release(&arena);
    }
}
