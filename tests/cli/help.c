#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/cli/fake.h"

Test(help, every_command_has_help_that_names_its_options)
{
    for (unsigned i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        const char *words[] = {c->noun, c->verb == NULL ? "--help" : c->verb, "--help", NULL};
        struct run r = run_words(NULL, words);

        cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
        cr_expect_str_empty(r.err);
        cr_expect(strstr(r.out, c->noun));
        for (unsigned id = 0; id < OPTION_COUNT; id++) {
            char option[64];
            snprintf(option, sizeof(option), "--%s", option_specs[id].name);
            if (option_specs[id].everywhere || (c->options & option_bit(id)))
                cr_expect(strstr(r.out, option), "%s %s: %s", c->noun, c->verb, option);
        }
        run_release(&r);
    }
}

Test(help, is_there_before_the_line_is_right)
{
    static const char *const lines[][6] = {{"--help"},
                                           {"-h"},
                                           {"help"},
                                           {"group", "--help"},
                                           {"help", "group", "offline"},
                                           {"group", "move", "--to", "--help", "-h"}};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct run r = run_words(NULL, lines[i]);
        cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
        cr_expect_eq(strncmp(r.out, "Usage: holdfast", 15), 0);
        run_release(&r);
    }
}

Test(help, lines_fit_a_hundred_columns)
{
    struct run r = RUN(NULL, "--help");

    for (char *line = strtok(r.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        cr_expect_leq(strlen(line), 100, "%s", line);
    run_release(&r);
}

Test(help, version)
{
    struct run r = RUN(NULL, "--version");
    cr_expect_eq(r.status, CLI_DONE);
    cr_expect_str_eq(r.out, "holdfast " HOLDFAST_VERSION "\n");
    run_release(&r);
}

static char *read_page(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);

    cr_assert_not_null(file, "%s: run from the top of the tree", path);
    cr_assert_gt(fread(text, 1, 65535, file), 0);
    fclose(file);
    return text;
}

Test(help, the_page_names_every_command_and_option)
{
    char *page = read_page("docs/cli.md");

    for (unsigned i = 0; i < command_count; i++) {
        char words[64];
        snprintf(words, sizeof(words), "%s%s%s", commands[i].noun,
                 commands[i].verb == NULL ? "" : " ",
                 commands[i].verb == NULL ? "" : commands[i].verb);
        cr_expect(strstr(page, words), "docs/cli.md does not name %s", words);
    }
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        char words[64];
        snprintf(words, sizeof(words), "--%s", option_specs[id].name);
        cr_expect(strstr(page, words), "docs/cli.md does not name %s", words);
    }
    free(page);
}
