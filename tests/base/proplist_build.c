#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "tests/base/proplist_example.h"

static bool same(const struct bytes *b, const void *data, size_t len)
{
    return b->len == len && memcmp(b->data, data, len) == 0;
}

Test(proplist_build, examples_are_built_byte_for_byte)
{
    struct proplist_builder b;

    proplist_builder_init(&b, PROPLIST_UTF16);
    cr_assert_eq(proplist_add_dword(&b, "Virtual Machine", 2), 0);
    cr_assert(same(&b.bytes, example_vm, sizeof example_vm));
    proplist_builder_release(&b);

    proplist_builder_init(&b, PROPLIST_UTF16);
    cr_assert_eq(proplist_add_sz(&b, "Description", "Hi"), 0);
    cr_assert_eq(proplist_add_dword(&b, "FailoverThreshold", 0xFFFFFFFF), 0);
    cr_assert(same(&b.bytes, example_two, sizeof example_two));
    proplist_builder_release(&b);
}

Test(proplist_build, an_empty_builder_is_a_list)
{
    struct proplist_builder b;

    proplist_builder_init(&b, PROPLIST_WCHAR);
    cr_assert(same(&b.bytes, "\0\0\0", 4));
    proplist_builder_release(&b);
}

Test(proplist_build, what_is_built_is_a_list_in_both_layouts)
{
    static const enum proplist_width widths[] = {PROPLIST_UTF16, PROPLIST_WCHAR};
    static const char *const strings[] = {"one", "zw\u00F6lf", "\U0001F600"};

    for (size_t i = 0; i < 2; i++) {
        struct proplist_builder b;
        proplist_builder_init(&b, widths[i]);
        cr_assert_eq(proplist_add_dword(&b, "d", 1), 0);
        cr_assert_eq(proplist_add_ularge(&b, "u", 2), 0);
        cr_assert_eq(proplist_add_sz(&b, "s", ""), 0);
        cr_assert_eq(proplist_add_sz(&b, "\U0001F600", "\U0010FFFF"), 0);
        cr_assert_eq(proplist_add_multi_sz(&b, "m", strings, 3), 0);
        cr_assert_eq(proplist_add_multi_sz(&b, "n", NULL, 0), 0);
        cr_assert_eq(proplist_add_binary(&b, "b", "\1\2\3\4\5", 5), 0);
        cr_assert_eq(proplist_add_binary(&b, "c", NULL, 0), 0);
        cr_assert_eq(proplist_check(b.bytes.data, b.bytes.len, widths[i]), 0);
        proplist_builder_release(&b);
    }
}

Test(proplist_build, a_multi_sz_ends_in_two_nuls_in_any_case)
{
    static const char *const one[] = {"a"};
    struct proplist_builder b;
    struct bytes want = BYTES_INIT;

    raw_u32(&want, 2);
    raw_data(&want, RAW_NAME, u"n", 4);
    raw_data(&want, PROPLIST_MULTI_SZ, u"\0", 4);
    raw_u32(&want, 0);
    raw_data(&want, RAW_NAME, u"o", 4);
    raw_data(&want, PROPLIST_MULTI_SZ, u"a\0", 6);
    raw_u32(&want, 0);
    proplist_builder_init(&b, PROPLIST_UTF16);
    proplist_add_multi_sz(&b, "n", NULL, 0);
    proplist_add_multi_sz(&b, "o", one, 1);
    cr_assert(same(&b.bytes, want.data, want.len));
    proplist_builder_release(&b);
    bytes_release(&want);
}

Test(proplist_build, what_cannot_be_written_leaves_the_list_as_it_was)
{
    static const char *const with_empty[] = {"a", ""};
    static const char *const not_utf8[] = {"a", "\xFF"};
    struct proplist_builder b;
    uint8_t *big = xcalloc(1, PROPLIST_BYTES_MAX + 1);

    proplist_builder_init(&b, PROPLIST_UTF16);
    proplist_add_dword(&b, "Virtual Machine", 2);
    cr_assert_eq(proplist_add_dword(&b, "", 1), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_dword(&b, "a\xFF", 1), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_sz(&b, "a", "\xED\xA0\x80"), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_multi_sz(&b, "a", with_empty, 2), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_multi_sz(&b, "a", not_utf8, 2), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_binary(&b, "a", big, PROPLIST_BYTES_MAX), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_binary(&b, "a", big, PROPLIST_BYTES_MAX + 1),
                 ERROR_INVALID_PARAMETER);
    memset(big, 'x', PROPLIST_BYTES_MAX);
    cr_assert_eq(proplist_add_sz(&b, "a", (char *)big), ERROR_INVALID_PARAMETER);
    cr_assert(same(&b.bytes, example_vm, sizeof example_vm));
    proplist_builder_release(&b);
    free(big);
}

Test(proplist_build, a_list_is_as_long_as_it_may_be_and_no_longer)
{
    struct proplist_builder b;
    uint8_t *big = xcalloc(1, PROPLIST_BYTES_MAX);
    const struct proplist_value nothing = {PROPLIST_BINARY, 0, big, PROPLIST_UTF16};
    const size_t around = 4 + 24; /* The count, and a property of nothing. */

    proplist_builder_init(&b, PROPLIST_UTF16);
    cr_assert_eq(proplist_add_binary(&b, "a", big, PROPLIST_BYTES_MAX - around + 1),
                 ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_binary(&b, "a", big, PROPLIST_BYTES_MAX - around), 0);
    cr_assert_eq(b.bytes.len, PROPLIST_BYTES_MAX);
    cr_assert_eq(proplist_check(b.bytes.data, b.bytes.len, PROPLIST_UTF16), 0);
    cr_assert_eq(proplist_add_dword(&b, "b", 1), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_values(&b, "b", &nothing, 1), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_check(b.bytes.data, b.bytes.len, PROPLIST_UTF16), 0);
    proplist_builder_release(&b);
    free(big);
}

Test(proplist_build, values_are_added_as_they_are_if_they_can_be_read_back)
{
    struct proplist_builder b;
    const struct proplist_value good[] = {
        {PROPLIST_EXPAND_SZ, 4, (const uint8_t *)u"a", PROPLIST_UTF16},
        {PROPLIST_EXPANDED_SZ, 4, (const uint8_t *)u"b", PROPLIST_UTF16},
    };
    const struct proplist_value bad = {PROPLIST_DWORD, 3, (const uint8_t *)"abc", PROPLIST_UTF16};
    struct bytes want = BYTES_INIT;

    raw_u32(&want, 1);
    raw_data(&want, RAW_NAME, u"N", 4);
    raw_data(&want, PROPLIST_EXPAND_SZ, u"a", 4);
    raw_data(&want, PROPLIST_EXPANDED_SZ, u"b", 4);
    raw_u32(&want, 0);
    proplist_builder_init(&b, PROPLIST_UTF16);
    cr_assert_eq(proplist_add_values(&b, "N", good, 2), 0);
    cr_assert_eq(proplist_add_values(&b, "N", &bad, 1), ERROR_INVALID_DATA);
    cr_assert_eq(proplist_add_values(&b, "N", good, 0), ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_add_values(&b, "", good, 1), ERROR_INVALID_PARAMETER);
    cr_assert(same(&b.bytes, want.data, want.len));
    proplist_builder_release(&b);
    bytes_release(&want);
}

/* -------------------------------------------------------------- conversion */

/* What a C program here has in memory, as <clusapi.h> would lay it out. */
struct native_vm {
    uint32_t count;
    uint32_t name_syntax;
    uint32_t name_len;
    wchar_t name[16];
    uint32_t syntax;
    uint32_t len;
    uint32_t value;
    uint32_t endmark;
};

static const struct native_vm native_vm = {
    1, RAW_NAME, 64, L"Virtual Machine", PROPLIST_DWORD, 4, 2, 0,
};

Test(proplist_convert, the_native_layout_has_wide_characters)
{
    struct bytes out = BYTES_INIT;

    cr_assert_eq(
        proplist_convert(example_vm, sizeof example_vm, PROPLIST_UTF16, PROPLIST_WCHAR, &out), 0);
    cr_assert(same(&out, &native_vm, sizeof native_vm));
    bytes_clear(&out);
    cr_assert_eq(
        proplist_convert(&native_vm, sizeof native_vm, PROPLIST_WCHAR, PROPLIST_UTF16, &out), 0);
    cr_assert(same(&out, example_vm, sizeof example_vm));
    bytes_release(&out);
}

Test(proplist_convert, there_and_back_is_the_same)
{
    struct bytes in = BYTES_INIT;
    struct bytes wide = BYTES_INIT;
    struct bytes back = BYTES_INIT;
    struct bytes inner = BYTES_INIT;

    raw_list(&inner, PROPLIST_SZ, u"in\U0001F600", 10);
    raw_u32(&in, 5);
    raw_data(&in, RAW_NAME, u"\U0001F600", 6);
    raw_data(&in, PROPLIST_MULTI_SZ, u"\U0010FFFF\0z\uFFFF\0", 14);
    raw_u32(&in, 0);
    raw_data(&in, RAW_NAME, u"bytes", 12);
    raw_data(&in, PROPLIST_BINARY, "\x3D\xD8\0", 3);
    raw_u32(&in, 0);
    raw_data(&in, RAW_NAME, u"two", 8);
    raw_data(&in, PROPLIST_EXPAND_SZ, u"%a%", 8);
    raw_data(&in, PROPLIST_EXPANDED_SZ, u"a", 4);
    raw_u32(&in, 0);
    raw_data(&in, RAW_NAME, u"list", 10);
    raw_data(&in, PROPLIST_PROPERTY_LIST, inner.data, (uint32_t)inner.len);
    raw_u32(&in, 0);
    raw_data(&in, RAW_NAME, u"none", 10);
    raw_data(&in, PROPLIST_PROPERTY_LIST, "", 0);
    raw_u32(&in, 0);

    cr_assert_eq(proplist_convert(in.data, in.len, PROPLIST_UTF16, PROPLIST_WCHAR, &wide), 0);
    cr_assert_eq(proplist_check(wide.data, wide.len, PROPLIST_WCHAR), 0);
    cr_assert_eq(proplist_convert(wide.data, wide.len, PROPLIST_WCHAR, PROPLIST_UTF16, &back), 0);
    cr_assert(same(&back, in.data, in.len));
    bytes_release(&in);
    bytes_release(&wide);
    bytes_release(&back);
    bytes_release(&inner);
}

Test(proplist_convert, nothing_becomes_nothing_and_no_properties_none)
{
    struct bytes out = BYTES_INIT;

    cr_assert_eq(proplist_convert(NULL, 0, PROPLIST_WCHAR, PROPLIST_UTF16, &out), 0);
    cr_assert_eq(out.len, 0);
    cr_assert_eq(proplist_convert("\0\0\0", 4, PROPLIST_WCHAR, PROPLIST_UTF16, &out), 0);
    cr_assert(same(&out, "\0\0\0", 4));
    bytes_release(&out);
}

Test(proplist_convert, padding_becomes_zero)
{
    struct bytes out = BYTES_INIT;
    uint8_t copy[sizeof example_two];

    memcpy(copy, example_two, sizeof copy);
    copy[0x32] = 0xAA;
    cr_assert_eq(proplist_convert(copy, sizeof copy, PROPLIST_UTF16, PROPLIST_UTF16, &out), 0);
    cr_assert(same(&out, example_two, sizeof example_two));
    bytes_release(&out);
}

Test(proplist_convert, on_error_what_was_there_is_all_there_is)
{
    struct bytes out = BYTES_INIT;
    struct native_vm native = native_vm;

    bytes_append(&out, "before", 6);
    cr_assert_eq(proplist_convert("\1", 1, PROPLIST_UTF16, PROPLIST_WCHAR, &out),
                 ERROR_INVALID_PARAMETER);
    cr_assert_eq(proplist_convert(example_vm, 40, PROPLIST_UTF16, PROPLIST_WCHAR, &out),
                 ERROR_INVALID_DATA);
    native.name[3] = 0x110000;
    cr_assert_eq(proplist_convert(&native, sizeof native, PROPLIST_WCHAR, PROPLIST_UTF16, &out),
                 ERROR_INVALID_DATA);
    native.name[3] = 0xD800;
    cr_assert_eq(proplist_convert(&native, sizeof native, PROPLIST_WCHAR, PROPLIST_UTF16, &out),
                 ERROR_INVALID_DATA);
    cr_assert(same(&out, "before", 6));
    bytes_release(&out);
}

Test(proplist_convert, a_result_that_would_be_too_long_is_refused)
{
    struct bytes out = BYTES_INIT;
    struct proplist_builder b;
    char *text = xcalloc(1, PROPLIST_BYTES_MAX / 2);

    memset(text, 'x', PROPLIST_BYTES_MAX / 2 - 100);
    proplist_builder_init(&b, PROPLIST_UTF16);
    cr_assert_eq(proplist_add_sz(&b, "a", text), 0);
    cr_assert_eq(proplist_convert(b.bytes.data, b.bytes.len, PROPLIST_UTF16, PROPLIST_WCHAR, &out),
                 ERROR_INVALID_PARAMETER);
    cr_assert_eq(out.len, 0);
    bytes_release(&out);
    proplist_builder_release(&b);
    free(text);
}
