#include "cli/cli.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/call.h"
#include "cli/output.h"

static int run_words(struct cli *cli, int argc, char *const argv[])
{
    FILE *out = cli->io->out;
    int status;

    if (argc >= 1 && strcmp(argv[0], "--complete") == 0) {
        cli_complete(cli, argc - 1, argv + 1);
        return CLI_DONE;
    }
    if (argc == 0) {
        cli_help(cli, cli->io->err);
        return CLI_USAGE;
    }
    status = cli_parse(cli, argc, argv);
    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_VERSION)) {
        fputs("holdfast " HOLDFAST_VERSION "\n", out);
        return CLI_DONE;
    }
    if (cli_has(cli, OPTION_HELP)) {
        cli_help(cli, out);
        return CLI_DONE;
    }
    return cli->command->run(cli);
}

int cli_run(int argc, char *const argv[], const struct cli_io *io)
{
    struct cli cli = {.io = io};
    /* Names are UTF-8 whatever the locale of the caller; only widths of
     * characters are asked of it. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
    int status;

    json_set_alloc_funcs(xmalloc, free);
    status = run_words(&cli, argc > 0 ? argc - 1 : 0, argv + (argc > 0));
    cli_disconnect(&cli);
    arena_release(&cli.arena);
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    return status;
}
