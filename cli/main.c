#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static unsigned terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int main(int argc, char *argv[])
{
    const char *term = getenv("TERM");
    bool smart = term != NULL && strcmp(term, "dumb") != 0;
    struct cli_io io = {
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .out_is_terminal = smart && isatty(STDOUT_FILENO),
        .err_is_terminal = smart && isatty(STDERR_FILENO),
        .colour = !is_set("NO_COLOR"),
        .columns = terminal_columns(),
        .socket = getenv("HOLDFAST_SOCKET"),
    };
    int status = cli_run(argc, argv, &io);

    /* A full disk behind `holdfast ... > file` must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "holdfast: standard output: %s\n", strerror(errno));
        return CLI_FAILED;
    }
    return status;
}
