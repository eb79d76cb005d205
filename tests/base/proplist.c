#include "base/proplist.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/base/proplist_example.h"

/* The answer to a list with one property of this name. */
static uint32_t check_name(const void *name, uint32_t len)
{
    struct bytes b = BYTES_INIT;

    raw_u32(&b, 1);
    raw_data(&b, RAW_NAME, name, len);
    raw_data(&b, PROPLIST_BINARY, "", 0);
    raw_u32(&b, 0);
    return check_bytes(&b);
}

/* ------------------------------------------------------------- the examples */

Test(proplist, example_of_an_instruction_is_read)
{
    struct proplist list;
    uint32_t action;

    cr_assert_eq(proplist_open(example_vm, sizeof example_vm, PROPLIST_UTF16, &list), 0);
    cr_assert_eq(list.count_left, 1);
    cr_assert_eq(proplist_find_dword(&list, "Virtual Machine", &action), 0);
    cr_assert_eq(action, 2);
    cr_assert_eq(proplist_find_dword(&list, "vIRTUAL mACHINE", &action), 0);
    cr_assert_eq(proplist_find_dword(&list, "Virtual Machin", &action), ERROR_FILE_NOT_FOUND);
    cr_assert_eq(proplist_find_dword(&list, "Virtual Machines", &action), ERROR_FILE_NOT_FOUND);
}

Test(proplist, example_with_padding_is_read)
{
    struct arena arena = {0};
    struct proplist list;
    const char *text;
    uint32_t threshold;

    cr_assert_eq(proplist_open(example_two, sizeof example_two, PROPLIST_UTF16, &list), 0);
    cr_assert_eq(proplist_find_sz(&list, "description", &arena, &text), 0);
    cr_assert_str_eq(text, "Hi");
    cr_assert_eq(proplist_find_dword(&list, "FailoverThreshold", &threshold), 0);
    cr_assert_eq(threshold, UINT32_MAX);
    arena_release(&arena);
}

static void expect_every_prefix_refused(const uint8_t *data, size_t len)
{
    cr_assert_eq(check(data, 0), 0);
    for (size_t cut = 1; cut < len; cut++)
        cr_assert_eq(check(data, cut), cut < 4 ? ERROR_INVALID_PARAMETER : ERROR_INVALID_DATA,
                     "%zu", cut);
    cr_assert_eq(check(data, len), 0);
}

Test(proplist, every_truncation_is_refused)
{
    struct bytes wide = BYTES_INIT;

    expect_every_prefix_refused(example_vm, sizeof example_vm);
    expect_every_prefix_refused(example_two, sizeof example_two);
    proplist_convert(example_two, sizeof example_two, PROPLIST_UTF16, PROPLIST_WCHAR, &wide);
    for (size_t cut = 1; cut < wide.len; cut++)
        cr_assert_neq(proplist_check(wide.data, cut, PROPLIST_WCHAR), 0, "%zu", cut);
    bytes_release(&wide);
}

/* With so long a name that the count does not give the truncation away. */
Test(proplist, padding_may_not_be_missing)
{
    struct bytes b = BYTES_INIT;

    raw_u32(&b, 1);
    raw_data(&b, RAW_NAME, u"A name, to be padded", 42);
    raw_data(&b, PROPLIST_BINARY, "\1", 1);
    raw_u32(&b, 0);
    expect_every_prefix_refused(b.data, b.len);
    bytes_release(&b);
}

Test(proplist, everything_behind_the_list_is_refused)
{
    for (size_t more = 1; more <= 64; more++) {
        struct bytes b = BYTES_INIT;
        static const uint8_t zeros[64];
        bytes_append(&b, example_vm, sizeof example_vm);
        bytes_append(&b, zeros, more);
        cr_assert_eq(check_bytes(&b), ERROR_INVALID_DATA, "%zu", more);
    }
}

/* Reads all there is to read; returns the number of values. */
static size_t read_all(const uint8_t *data, size_t len, enum proplist_width width)
{
    struct arena arena = {0};
    struct proplist list;
    struct proplist_property property;
    struct proplist_value value;
    size_t values = 0;

    if (proplist_open(data, len, width, &list) != 0)
        return 0;
    while (proplist_next(&list, &property)) {
        cr_assert(proplist_name_is(&property, proplist_name(&property, &arena)));
        while (proplist_value_next(&property, &value)) {
            const char *text;
            const char *const *texts;
            size_t count;
            proplist_value_sz(&value, &arena, &text);
            proplist_value_multi_sz(&value, &arena, &texts, &count);
            values++;
        }
    }
    cr_assert_eq(list.count_left, 0);
    cr_assert_eq(list.left, 0);
    arena_release(&arena);
    return values;
}

Test(proplist, any_byte_may_be_anything)
{
    uint8_t *copy = xmalloc(sizeof example_two);

    for (size_t at = 0; at < sizeof example_two; at++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            memcpy(copy, example_two, sizeof example_two);
            copy[at] = (uint8_t)(copy[at] ^ flip);
            read_all(copy, sizeof example_two, PROPLIST_UTF16);
            read_all(copy, sizeof example_two, PROPLIST_WCHAR);
        }
    }
    free(copy);
}

Test(proplist, no_alignment_is_needed)
{
    uint8_t copy[sizeof example_two + 4];

    for (size_t shift = 0; shift < 4; shift++) {
        memcpy(copy + shift, example_two, sizeof example_two);
        cr_assert_eq(read_all(copy + shift, sizeof example_two, PROPLIST_UTF16), 2);
    }
}

/* ------------------------------------------------------------ what is a list */

Test(proplist, nothing_is_a_list_without_properties)
{
    struct proplist list;
    struct proplist_property property;

    cr_assert_eq(proplist_check(NULL, 0, PROPLIST_UTF16), 0);
    cr_assert_eq(proplist_check("x", 0, PROPLIST_WCHAR), 0);
    cr_assert_eq(proplist_check("\0\0\0", 4, PROPLIST_UTF16), 0);
    cr_assert_eq(proplist_open(NULL, 0, PROPLIST_UTF16, &list), 0);
    cr_assert_not(proplist_next(&list, &property));
    cr_assert_eq(proplist_find(&list, "x", &property), ERROR_FILE_NOT_FOUND);
}

Test(proplist, what_cannot_be_a_list_is_a_wrong_parameter)
{
    uint8_t *big = xcalloc(1, PROPLIST_BYTES_MAX + 4);

    cr_assert_eq(proplist_check(NULL, 4, PROPLIST_UTF16), ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("\0", 1), ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("\0\0\0", 3), ERROR_INVALID_PARAMETER);
    cr_assert_eq(check(big, PROPLIST_BYTES_MAX), ERROR_INVALID_DATA);
    cr_assert_eq(check(big, PROPLIST_BYTES_MAX + 4), ERROR_INVALID_PARAMETER);
    free(big);
}

Test(proplist, the_count_must_be_the_count)
{
    uint8_t copy[sizeof example_two];
    static const uint32_t wrong[] = {0, 1, 3, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

    memcpy(copy, example_two, sizeof copy);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(copy, &wrong[i], sizeof wrong[i]);
        cr_assert_eq(check(copy, sizeof copy), ERROR_INVALID_DATA, "%u", wrong[i]);
    }
}

/* As many of the shortest properties as the bytes hold: the bound that spares
 * us a count of four thousand million must not refuse them. */
Test(proplist, shortest_properties_are_all_read)
{
    struct bytes b = BYTES_INIT;

    raw_u32(&b, 100);
    for (int i = 0; i < 100; i++) {
        raw_data(&b, RAW_NAME, u"N", 4);
        raw_data(&b, PROPLIST_BINARY, "", 0);
        raw_u32(&b, 0);
    }
    cr_assert_eq(read_all(b.data, b.len, PROPLIST_UTF16), 100);
    bytes_release(&b);
}

Test(proplist, a_length_may_be_anything)
{
    static const uint32_t lengths[] = {5,          0x7FFFFFFF, 0x80000000, 0xFFFFFFF0,
                                       0xFFFFFFFC, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF};
    uint8_t copy[sizeof example_vm];

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memcpy(copy, example_vm, sizeof copy);
        memcpy(copy + 0x08, &lengths[i], 4); /* Of the name. */
        cr_assert_eq(check(copy, sizeof copy), ERROR_INVALID_DATA, "name %u", lengths[i]);
        memcpy(copy, example_vm, sizeof copy);
        memcpy(copy + 0x30, &lengths[i], 4); /* Of the value. */
        cr_assert_eq(check(copy, sizeof copy), ERROR_INVALID_DATA, "value %u", lengths[i]);
    }
}

Test(proplist, padding_is_not_looked_at)
{
    uint8_t copy[sizeof example_two];

    memcpy(copy, example_two, sizeof copy);
    copy[0x32] = 0xAA;
    copy[0x33] = 0x55;
    cr_assert_eq(check(copy, sizeof copy), 0);
}

/* ------------------------------------------------------------------- names */

Test(proplist, names_have_one_nul_at_their_end)
{
    cr_assert_eq(check_name(u"N", 4), 0);
    cr_assert_eq(check_name(u"Name", 10), 0);
    cr_assert_eq(check_name(u"Name", 8), ERROR_INVALID_DATA, "no NUL");
    cr_assert_eq(check_name(u"Name\0", 12), ERROR_INVALID_DATA, "two NULs");
    cr_assert_eq(check_name(u"Na\0e", 10), ERROR_INVALID_DATA, "a NUL inside");
    cr_assert_eq(check_name(u"Name", 9), ERROR_INVALID_DATA, "half a character");
}

Test(proplist, names_are_not_empty)
{
    cr_assert_eq(check_name(u"", 2), ERROR_INVALID_DATA);
    cr_assert_eq(check_name(u"", 0), ERROR_INVALID_DATA);
    cr_assert_eq(check_name(u"\0", 4), ERROR_INVALID_DATA);
    cr_assert_eq(check_name("\0", 1), ERROR_INVALID_DATA);
}

Test(proplist, names_are_text)
{
    static const uint16_t unpaired[] = {0xD83D, 0};

    cr_assert_eq(check_name(u"\U0001F600", 6), 0);
    cr_assert_eq(check_name(unpaired, 4), ERROR_INVALID_DATA);
}

Test(proplist, names_have_the_syntax_of_names)
{
    static const uint32_t wrong[] = {0, 0x00010003, 0x00040002, 0x00030004, 0x80040003};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t copy[sizeof example_vm];
        memcpy(copy, example_vm, sizeof copy);
        memcpy(copy + 4, &wrong[i], 4);
        cr_assert_eq(check(copy, sizeof copy), ERROR_INVALID_DATA, "%08x", wrong[i]);
    }
}

Test(proplist, names_beyond_ascii_are_equal_only_as_they_are)
{
    struct proplist list;
    struct proplist_property property;
    struct bytes b = BYTES_INIT;

    raw_u32(&b, 1);
    raw_data(&b, RAW_NAME, u"\u00C4b\U0001F600", 10);
    raw_data(&b, PROPLIST_BINARY, "", 0);
    raw_u32(&b, 0);
    cr_assert_eq(proplist_open(b.data, b.len, PROPLIST_UTF16, &list), 0);
    cr_assert_eq(proplist_find(&list, "\u00C4B\U0001F600", &property), 0);
    cr_assert_eq(proplist_find(&list, "\u00E4b\U0001F600", &property), ERROR_FILE_NOT_FOUND);
    cr_assert_eq(proplist_find(&list, "\u00C4b", &property), ERROR_FILE_NOT_FOUND);
    cr_assert_eq(proplist_find(&list, "\xC3", &property), ERROR_FILE_NOT_FOUND);
    bytes_release(&b);
}

Test(proplist, of_equal_names_the_first_counts)
{
    struct proplist_builder b;
    struct proplist list;
    uint32_t value;

    proplist_builder_init(&b, PROPLIST_UTF16);
    proplist_add_dword(&b, "other", 1);
    proplist_add_dword(&b, "Name", 2);
    proplist_add_dword(&b, "NAME", 3);
    cr_assert_eq(proplist_open(b.bytes.data, b.bytes.len, PROPLIST_UTF16, &list), 0);
    cr_assert_eq(proplist_find_dword(&list, "name", &value), 0);
    cr_assert_eq(value, 2);
    proplist_builder_release(&b);
}
