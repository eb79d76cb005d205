#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#include "cli/output.h"

Test(text, durations_grow_coarser)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {{0, "0 ms"},
                 {449, "0.4 s"},
                 {9999, "9.9 s"},
                 {10000, "10 s"},
                 {119999, "119 s"},
                 {120000, "2 min"},
                 {7199999, "119 min"},
                 {7200000, "2 h"},
                 {48 * 3600000ull, "2 d"},
                 {UINT64_MAX, "213503982334 d"}};
    struct arena a = {0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_str_eq(text_duration(&a, cases[i].ms), cases[i].text);
    arena_release(&a);
}

Test(text, a_clock_that_is_ahead_is_no_time_ago)
{
    struct arena a = {0};

    cr_expect_str_eq(text_ago(&a, 1000, 5000), "0 ms ago");
    cr_expect_str_eq(text_ago(&a, 1000, 0), "-");
    cr_expect_str_eq(text_ago(&a, 13500, 1000), "12 s ago");
    arena_release(&a);
}

Test(text, times_out_of_range_are_no_times)
{
    struct arena a = {0};

    cr_expect_str_eq(text_time(&a, UINT64_MAX), "-");
    cr_expect_eq(strlen(text_time(&a, 1700000000123)), 23);
    arena_release(&a);
}

Test(text, what_is_not_utf8_is_replaced)
{
    struct arena a = {0};

    cr_expect_str_eq(text_utf8(&a,
                               "a\xff"
                               "b\0c",
                               5),
                     "a\xef\xbf\xbd"
                     "b\xef\xbf\xbd"
                     "c");
    cr_expect_str_eq(text_utf8(&a, "\xc3", 1), "\xef\xbf\xbd");
    cr_expect_str_eq(text_utf8(&a, "gr\xc3\xbcn\n", 6), "gr\xc3\xbcn\n");
    arena_release(&a);
}

Test(text, nothing_can_play_tricks_on_a_terminal)
{
    struct arena a = {0};

    cr_expect_str_eq(text_clean(&a, "\033[2Jx", 5), "\xef\xbf\xbd[2Jx");
    cr_expect_str_eq(text_clean(&a, "a\nb\tc", 5), "a b c");
    cr_expect_str_eq(text_clean(&a,
                                "\xc2\x9b"
                                "31m",
                                5),
                     "\xef\xbf\xbd"
                     "31m");
    cr_expect_str_eq(text_clean(&a, "\xe2\x80\xae", 3), "\xef\xbf\xbd");
    arena_release(&a);
}

Test(text, widths_are_columns)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    struct arena a = {0};

    uselocale(utf8);
    cr_expect_eq(text_width("abc"), 3);
    cr_expect_eq(text_width("gr\xc3\xbcn"), 4);
    cr_expect_eq(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4, "two wide characters");
    cr_expect_eq(text_width("e\xcc\x81"), 1, "a combining accent");
    cr_expect_str_eq(text_fit(&a, "\xe6\x97\xa5\xe6\x9c\xac", 3), "\xe6\x97\xa5");
    cr_expect_str_eq(text_fit(&a, "abc", 9), "abc");
    arena_release(&a);
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(utf8);
}

Test(text, values_of_every_type)
{
    const struct value items[] = {{.type = VALUE_STR, .len = 1, .str = "a"},
                                  {.type = VALUE_INT, .integer = -5}};
    const struct value_pair pairs[] = {{items[0], items[1]}};
    struct arena a = {0};

    cr_expect_str_eq(text_value(&a, NULL), "-");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_NIL}), "-");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_BOOL, .boolean = true}), "yes");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_UINT, .uint = UINT64_MAX}),
                     "18446744073709551615");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_REAL, .real = 0.5}), "0.5");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_STR, .str = ""}), "-");
    cr_expect_str_eq(
        text_value(&a,
                   &(struct value){.type = VALUE_BIN, .len = 2, .bin = (const uint8_t *)"\1\xff"}),
        "01ff");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_ARRAY, .len = 2, .items = items}),
                     "a, -5");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_ARRAY, .items = items}), "-");
    cr_expect_str_eq(text_value(&a, &(struct value){.type = VALUE_MAP, .len = 1, .pairs = pairs}),
                     "a -5");
    arena_release(&a);
}
