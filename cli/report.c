#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "cli/output.h"

static void report_json(struct cli *cli, const char *about, uint32_t code, const char *message,
                        const char *advice)
{
    json_t *j = json_object();
    const char *words =
        about == NULL ? message : arena_printf(&cli->arena, "%s: %s", about, message);

    json_object_set_new(j, "error", json_integer(code));
    json_object_set_new(j, "name", json_string(error_name(code)));
    json_object_set_new(j, "message", json_from_text(words));
    json_object_set_new(j, "advice", json_from_text(advice));
    json_dumpf(j, cli->io->err, 0);
    fputc('\n', cli->io->err);
    json_decref(j);
}

/* The failure of a resource brings its code along; once is enough. */
static bool ends_with_code(const char *message, uint32_t code)
{
    char words[128];
    size_t len = strlen(message), n;

    n = (size_t)snprintf(words, sizeof(words), "(%u %s)", code, error_name(code));
    return len >= n && strcmp(message + len - n, words) == 0;
}

void cli_report(struct cli *cli, const char *about, uint32_t code, const char *message,
                const char *advice)
{
    const char *name = error_name(code);
    FILE *err = cli->io->err;

    if (cli->quiet)
        return;
    if (advice == NULL)
        advice = error_advice(code);
    message = text_clean(&cli->arena, message, strlen(message));
    if (cli_has(cli, OPTION_JSON)) {
        report_json(cli, about, code, message, advice);
        return;
    }
    fputs("holdfast: ", err);
    if (about != NULL)
        fprintf(err, "%s: ", text_clean(&cli->arena, about, strlen(about)));
    if (strcmp(name, "unknown") == 0)
        fprintf(err, "%s (%u)\n", message, code);
    else if (ends_with_code(message, code))
        fprintf(err, "%s\n", message);
    else
        fprintf(err, "%s (%u %s)\n", message, code, name);
    if (advice[0] != '\0')
        fprintf(err, "  try: %s\n", advice);
}

int cli_usage(struct cli *cli, const char *format, ...)
{
    struct arena *a = &cli->arena;
    const char *noun = cli->noun != NULL && command_noun_exists(cli->noun) ? cli->noun : NULL;
    const char *help = "holdfast --help";
    char words[512];
    va_list args;

    if (cli->quiet)
        return CLI_USAGE;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);

    if (cli->command != NULL && cli->command->verb != NULL)
        help = arena_printf(a, "holdfast %s %s --help", noun, cli->command->verb);
    else if (noun != NULL)
        help = arena_printf(a, "holdfast %s --help", noun);
    if (cli_has(cli, OPTION_JSON)) {
        report_json(cli, NULL, ERROR_INVALID_PARAMETER, words, help);
    } else {
        fprintf(cli->io->err, "holdfast: %s\n  try: %s\n", text_clean(a, words, strlen(words)),
                help);
    }
    return CLI_USAGE;
}
