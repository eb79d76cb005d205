#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

static const struct column columns[] = {{.title = "NAME"},
                                        {.title = "N", .right = true},
                                        {.title = "NOTE", .optional = true},
                                        {.title = "END"}};

/* Print rows of four cells; the caller frees. */
static char *print(const char *const cells[], unsigned count, bool terminal, bool colour)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    struct cli_io io = {.out_is_terminal = terminal, .colour = colour};
    struct cli cli = {.io = &io};
    struct arena a = {0};
    struct table t;
    char *text;
    size_t len;

    uselocale(utf8);
    io.out = open_memstream(&text, &len);
    table_init(&t, &a, columns, 4);
    for (unsigned i = 0; i < count; i++)
        table_add_styled(&t, cells[i], i % 4 == 0 ? STYLE_GOOD : STYLE_PLAIN);
    table_print(&t, &cli);
    table_release(&t);
    arena_release(&a);
    fclose(io.out);
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(utf8);
    return text;
}

Test(table, columns_are_as_wide_as_what_they_show)
{
    static const char *const cells[] = {
        "gr\xc3\xbcn", "5", "x", "e", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "120", NULL, ""};
    char *text = print(cells, 8, false, true);

    cr_expect_str_eq(text, "NAME      N  NOTE  END\n"
                           "gr\xc3\xbcn      5  x     e\n"
                           "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e  120  -     -\n");
    free(text);
}

Test(table, an_optional_column_without_anything_is_left_out)
{
    static const char *const cells[] = {"a", "5", "", "e"};
    char *text = print(cells, 4, false, true);

    cr_expect_str_eq(text, "NAME  N  END\na     5  e\n");
    free(text);
}

Test(table, no_line_ends_in_blanks)
{
    static const char *const cells[] = {"a", "5", "y", "e", "b", "6", "", "longer"};
    char *text = print(cells, 8, false, true);

    cr_expect_null(strstr(text, " \n"), "%s", text);
    free(text);
}

Test(table, colours_appear_on_a_terminal_that_wants_them_and_do_not_move_columns)
{
    static const char *const cells[] = {"a", "5", "y", "e"};
    char *plain = print(cells, 4, true, false), *colour = print(cells, 4, true, true);

    cr_expect_null(strchr(plain, '\033'));
    cr_expect(strstr(colour, "\n\033[32ma\033[0m     5  y     e\n"), "%s", colour);
    free(plain);
    free(colour);
}

Test(table, states_have_their_colours)
{
    cr_expect_eq(style_of_state("Online"), STYLE_GOOD);
    cr_expect_eq(style_of_state("Up"), STYLE_GOOD);
    cr_expect_eq(style_of_state("Failed"), STYLE_BAD);
    cr_expect_eq(style_of_state("Down"), STYLE_BAD);
    cr_expect_eq(style_of_state("Pending"), STYLE_BUSY);
    cr_expect_eq(style_of_state("OfflinePending"), STYLE_BUSY);
    cr_expect_eq(style_of_state("Offline"), STYLE_PLAIN);
    cr_expect_eq(style_of_state("-"), STYLE_PLAIN);
}
