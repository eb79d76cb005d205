#include "base/text.h"

#include <criterion/criterion.h>
#include <string.h>

static bool valid(const char *s)
{
    return utf8_is_valid(s, strlen(s));
}

Test(text, shortest_forms_are_valid_utf8)
{
    cr_assert(valid(""));
    cr_assert(valid("abc"));
    cr_assert(valid("\xC2\x80"));         /* U+0080 */
    cr_assert(valid("\xDF\xBF"));         /* U+07FF */
    cr_assert(valid("\xE0\xA0\x80"));     /* U+0800 */
    cr_assert(valid("\xED\x9F\xBF"));     /* U+D7FF */
    cr_assert(valid("\xEE\x80\x80"));     /* U+E000 */
    cr_assert(valid("\xEF\xBF\xBF"));     /* U+FFFF */
    cr_assert(valid("\xF0\x90\x80\x80")); /* U+10000 */
    cr_assert(valid("\xF4\x8F\xBF\xBF")); /* U+10FFFF */
    cr_assert(utf8_is_valid("a\0b", 3));
}

Test(text, everything_else_is_not)
{
    cr_assert_not(valid("\x80"));             /* continuation first */
    cr_assert_not(valid("\xC0\x80"));         /* overlong NUL */
    cr_assert_not(valid("\xC1\xBF"));         /* overlong */
    cr_assert_not(valid("\xE0\x9F\xBF"));     /* overlong */
    cr_assert_not(valid("\xF0\x8F\xBF\xBF")); /* overlong */
    cr_assert_not(valid("\xED\xA0\x80"));     /* surrogate D800 */
    cr_assert_not(valid("\xED\xBF\xBF"));     /* surrogate DFFF */
    cr_assert_not(valid("\xF4\x90\x80\x80")); /* U+110000 */
    cr_assert_not(valid("\xF5\x80\x80\x80"));
    cr_assert_not(valid("\xFF"));
    cr_assert_not(valid("\xC2"));         /* cut short */
    cr_assert_not(valid("\xE2\x82"));     /* cut short */
    cr_assert_not(valid("\xF0\x9F\x98")); /* cut short */
    cr_assert_not(valid("\xC2"
                        "a"));
    cr_assert_not(valid("ok\xE2\x82"
                        "a"));
}

Test(text, every_code_point_survives_encoding)
{
    char out[4];
    uint32_t back;

    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        size_t len;
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        len = utf8_encode(code, out);
        cr_assert_eq(utf8_decode(out, len, &back), len, "U+%04X", code);
        cr_assert_eq(back, code, "U+%04X", code);
        cr_assert_eq(utf8_decode(out, len - 1, &back), 0, "U+%04X", code);
    }
}

Test(text, names_of_people_are_valid)
{
    cr_assert(name_is_valid("DemoGroup"));
    cr_assert(name_is_valid(" a "));
    cr_assert(name_is_valid("Gr\xC3\xBC\xC3\x9F"
                            "e \xF0\x9F\x98\x80"));
}

Test(text, names_are_not_blank_nor_control_characters_nor_broken)
{
    cr_assert_not(name_is_valid(NULL));
    cr_assert_not(name_is_valid(""));
    cr_assert_not(name_is_valid("   "));
    cr_assert_not(name_is_valid("a\nb"));
    cr_assert_not(name_is_valid("a\x1B[31m"));
    cr_assert_not(name_is_valid("a\x7F"));
    cr_assert_not(name_is_valid("a\xC2\x9B")); /* C1 */
    cr_assert_not(name_is_valid("a\xFF"));
}

Test(text, names_have_at_most_255_bytes)
{
    char name[NAME_BYTES_MAX + 2];

    memset(name, 'a', sizeof name);
    name[NAME_BYTES_MAX] = '\0';
    cr_assert(name_is_valid(name));
    name[NAME_BYTES_MAX] = 'a';
    name[NAME_BYTES_MAX + 1] = '\0';
    cr_assert_not(name_is_valid(name));
}

Test(text, names_compare_without_regard_to_ascii_case)
{
    cr_assert_eq(name_compare("DemoGroup", "dEMOgROUP"), 0);
    cr_assert(name_equal("A1", "a1"));
    cr_assert_lt(name_compare("a", "B"), 0);
    cr_assert_gt(name_compare("b", "A"), 0);
    cr_assert_lt(name_compare("a", "ab"), 0);
    cr_assert_gt(name_compare("ab", "a"), 0);
    /* The characters around the letters are not letters. */
    cr_assert_neq(name_compare("@", "`"), 0);
    cr_assert_neq(name_compare("[", "{"), 0);
    /* Bytes above 0x7F compare as they are, and above all of ASCII. */
    cr_assert_neq(name_compare("\xC3\x84", "\xC3\xA4"), 0);
    cr_assert_gt(name_compare("\xC3\x84", "z"), 0);
}
