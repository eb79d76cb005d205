#include "base/proplist_text.h"

#include <criterion/criterion.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

static const enum proplist_width widths[] = {PROPLIST_UTF16, PROPLIST_WCHAR};

Test(proplist_text, every_code_point_survives_both_widths)
{
    struct bytes wide = BYTES_INIT;
    struct bytes other = BYTES_INIT;
    uint32_t code;
    char utf8[4];

    for (uint32_t want = 0; want <= 0x10FFFF; want++) {
        size_t len;
        if (want >= 0xD800 && want <= 0xDFFF)
            continue;
        len = utf8_encode(want, utf8);
        bytes_clear(&wide);
        bytes_clear(&other);
        cr_assert(proplist_text_from_utf8(utf8, len, PROPLIST_UTF16, &wide));
        cr_assert_eq(proplist_char_decode(wide.data, wide.len, PROPLIST_UTF16, &code), wide.len);
        cr_assert_eq(code, want);
        cr_assert(
            proplist_text_convert(wide.data, wide.len, PROPLIST_UTF16, PROPLIST_WCHAR, &other));
        cr_assert_eq(other.len, 4);
        cr_assert_eq(memcmp(other.data, &want, 4), 0);
    }
    bytes_release(&wide);
    bytes_release(&other);
}

Test(proplist_text, surrogates_come_in_pairs_or_not_at_all)
{
    static const uint16_t pair[] = {0xD83D, 0xDE00};
    static const uint16_t wrong[][2] = {
        {0xD83D, 'a'}, {'a', 0xD83D},    {0xDE00, 0xD83D}, {0xD83D, 0xD83D},
        {'a', 0xDFFF}, {0xDBFF, 0xE000}, {0xDC00, 0xDC00},
    };
    uint32_t code;

    cr_assert_eq(proplist_char_decode(pair, 4, PROPLIST_UTF16, &code), 4);
    cr_assert_eq(code, 0x1F600);
    cr_assert_eq(proplist_char_decode(pair, 2, PROPLIST_UTF16, &code), 0);
    cr_assert_eq(proplist_char_decode(pair, 3, PROPLIST_UTF16, &code), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(proplist_text_is_valid(wrong[i], 4, PROPLIST_UTF16), "%zu", i);
}

Test(proplist_text, wide_characters_are_code_points)
{
    static const uint32_t wrong[] = {0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0x110000, 0xFFFFFFFF};
    static const uint32_t right[] = {0, 0xD7FF, 0xE000, 0x10FFFF};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(proplist_text_is_valid(&wrong[i], 4, PROPLIST_WCHAR), "%x", wrong[i]);
    cr_assert(proplist_text_is_valid(right, sizeof right, PROPLIST_WCHAR));
    cr_assert_not(proplist_text_is_valid(right, sizeof right - 1, PROPLIST_WCHAR));
}

Test(proplist_text, length_is_up_to_the_first_nul)
{
    cr_assert_eq(proplist_text_len(u"ab\0c", 8, PROPLIST_UTF16), 4);
    cr_assert_eq(proplist_text_len(u"ab", 4, PROPLIST_UTF16), 4);
    cr_assert_eq(proplist_text_len(u"ab", 3, PROPLIST_UTF16), 2);
    cr_assert_eq(proplist_text_len(L"ab\0c", 16, PROPLIST_WCHAR), 8);
    /* A zero byte alone is no NUL: U+0100 and U+6100 have one each. */
    cr_assert_eq(proplist_text_len(u"\u0100\u6100", 6, PROPLIST_UTF16), 4);
    cr_assert_eq(proplist_text_len("", 0, PROPLIST_WCHAR), 0);
}

Test(proplist_text, utf8_comes_back_as_it_went)
{
    static const char text[] = "a \u00E4 \u20AC \U0001F600 z";
    struct arena arena = {0};

    for (size_t i = 0; i < 2; i++) {
        struct bytes wide = BYTES_INIT;
        cr_assert(proplist_text_from_utf8(text, strlen(text), widths[i], &wide));
        cr_assert_str_eq(proplist_text_to_utf8(wide.data, wide.len, widths[i], &arena), text);
        cr_assert(proplist_text_equal(wide.data, wide.len, widths[i], text));
        bytes_release(&wide);
    }
    cr_assert_str_eq(proplist_text_to_utf8("", 0, PROPLIST_UTF16, &arena), "");
    arena_release(&arena);
}

Test(proplist_text, what_is_not_text_is_not_converted)
{
    static const uint16_t half[] = {'a', 0xD83D};
    struct arena arena = {0};
    struct bytes out = BYTES_INIT;

    bytes_append(&out, "x", 1);
    cr_assert_null(proplist_text_to_utf8(half, 4, PROPLIST_UTF16, &arena));
    cr_assert_null(proplist_text_to_utf8(u"a", 1, PROPLIST_UTF16, &arena));
    cr_assert_not(proplist_text_convert(half, 4, PROPLIST_UTF16, PROPLIST_WCHAR, &out));
    cr_assert_not(proplist_text_from_utf8("a\xC3", 2, PROPLIST_UTF16, &out));
    cr_assert_eq(out.len, 1);
    cr_assert_not(proplist_text_equal(half, 4, PROPLIST_UTF16, "a"));
    bytes_release(&out);
    arena_release(&arena);
}

Test(proplist_text, ascii_is_equal_in_either_case)
{
    cr_assert(proplist_text_equal(u"AbZ", 6, PROPLIST_UTF16, "aBz"));
    cr_assert(proplist_text_equal(L"AbZ", 12, PROPLIST_WCHAR, "aBz"));
    cr_assert_not(proplist_text_equal(u"Ab", 4, PROPLIST_UTF16, "aBz"));
    cr_assert_not(proplist_text_equal(u"@[", 4, PROPLIST_UTF16, "`{"));
    /* Cut to a byte, U+0161 would be a lower-case a. */
    cr_assert_not(proplist_text_equal(u"\u0161", 2, PROPLIST_UTF16, "A"));
}
