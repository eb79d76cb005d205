/* Starting the daemon of a node that joins, and waiting until it is a member. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/join.h"
#include "cli/output.h"

enum { STARTED_MS = 20000, POLL_MS = 50 };

bool join_has_unit(struct join *j)
{
    char *const argv[] = {(char *)"systemctl", (char *)"cat", (char *)"holdfastd", NULL};
    const char *output;

    /* The unit names the file. */
    if (strcmp(j->config, "/etc/holdfast/holdfast.conf") != 0 ||
        access("/run/systemd/system", F_OK) != 0)
        return false;
    return join_run(j, argv, &output) == 0;
}

static int start_unit(struct join *j)
{
    /* Without waiting: the unit is up only when the node is a member. */
    char *const argv[] = {(char *)"systemctl", (char *)"--no-block", (char *)"start",
                          (char *)"holdfastd", NULL};
    const char *output;

    if (join_run(j, argv, &output) == 0) {
        j->systemd = true;
        return CLI_DONE;
    }
    cli_report(j->cli, j->about, ERROR_GEN_FAILURE,
               arena_printf(&j->cli->arena, "systemctl start holdfastd: %s", output),
               "journalctl -u holdfastd");
    return CLI_FAILED;
}

/* In a session of its own, so that it outlives this terminal. */
static pid_t start_program(const struct join *j)
{
    const char *log = j->log != NULL ? j->log : arena_printf(&j->cli->arena, "%s/log", j->data);
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    int null = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0640);
    setsid();
    dup2(null, STDIN_FILENO);
    dup2(out >= 0 ? out : null, STDOUT_FILENO);
    dup2(out >= 0 ? out : null, STDERR_FILENO);
    closefrom(STDERR_FILENO + 1);
    execlp(j->holdfastd, j->holdfastd, "--config", j->config, (char *)NULL);
    _exit(127);
}

/* Has the daemon that was started ended? It reports so once. */
static bool has_ended(struct join *j)
{
    int status;

    if (j->child <= 0 || waitpid(j->child, &status, WNOHANG) != j->child)
        return false;
    cli_report(
        j->cli, j->about, ERROR_GEN_FAILURE,
        arena_printf(&j->cli->arena, "holdfastd ended with status %d",
                     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)),
        arena_printf(&j->cli->arena, "the end of %s; docs/operations.md has the statuses",
                     j->log != NULL ? j->log : arena_printf(&j->cli->arena, "%s/log", j->data)));
    j->child = 0;
    return true;
}

int join_start(struct join *j)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    uint64_t until_ms = clock_boot_ms() + STARTED_MS;

    if (join_has_unit(j))
        return start_unit(j);
    j->child = start_program(j);
    if (j->child < 0) {
        cli_report(j->cli, j->about, error_from_errno(errno), "cannot start holdfastd", NULL);
        return CLI_FAILED;
    }
    while (!join_is_running(j) && clock_boot_ms() < until_ms) {
        if (has_ended(j))
            return CLI_FAILED;
        nanosleep(&pause, NULL);
    }
    return CLI_DONE;
}

int join_wait(struct join *j)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    struct cli *cli = j->cli;
    const char *disk;

    for (;;) {
        int status = join_look(j);
        if (status != CLI_DONE)
            return status;
        join_read_folder(j); /* Not a namesake: what lives in this folder. */
        if (j->member != NULL && j->disk != NULL &&
            value_get_str(j->member, "disk", SIZE_MAX, &disk) && strcmp(disk, j->disk) == 0 &&
            value_is_str(value_get(j->member, "state"), "Up"))
            return CLI_DONE;
        if (has_ended(j))
            return CLI_FAILED;
        if (cli->deadline_ms != 0 && clock_boot_ms() + POLL_MS >= cli->deadline_ms)
            break;
        nanosleep(&pause, NULL);
    }
    cli_report(cli, j->about, ERROR_TIMEOUT, "it is not up yet; holdfastd goes on trying",
               arena_printf(&cli->arena, "holdfast --connect %s node list", cli->where));
    return CLI_TIMED_OUT;
}
