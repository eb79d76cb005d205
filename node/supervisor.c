#include "node/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "node/daemon.h"

enum { PAUSE_MS_MIN = 100, PAUSE_MS_MAX = 5000, HEALTHY_MS = 1000 };

/* Signals are taken with sigtimedwait(), never by a handler. */
static void watched_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
}

static pid_t start(int (*worker)(void *data), void *data)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    /* The parent may have died before this call took effect. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILSTOP);
    sigset_t set;
    watched_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    exit(worker(data));
}

/* Wait for a signal, at most `ms` (-1: for ever); 0 if none came. */
static int wait_signal(const sigset_t *set, int ms)
{
    struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};
    int got = ms < 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &limit);

    return got > 0 ? got : 0;
}

/* Wait out a pause, whatever other signals come; true if one asked for the end. */
static bool pause_for(const sigset_t *set, int ms)
{
    uint64_t until = clock_boot_ms() + (uint64_t)ms;

    for (uint64_t now = clock_boot_ms(); now < until; now = clock_boot_ms()) {
        int signum = wait_signal(set, (int)(until - now));
        if (signum == SIGTERM || signum == SIGINT)
            return true;
    }
    return false;
}

/* Until the child ends. Returns its wait status; *stopping is set once a
 * signal asked for the end. */
static int tend(pid_t child, const sigset_t *set, bool *stopping)
{
    int status = 0;

    for (;;) {
        pid_t got = waitpid(child, &status, WNOHANG);
        if (got == child || (got < 0 && errno == ECHILD))
            return status;
        int signum = wait_signal(set, -1);
        if (signum == SIGTERM || signum == SIGINT) {
            *stopping = true;
            kill(child, SIGTERM);
        }
    }
}

static bool is_final(int status)
{
    return WIFEXITED(status) &&
           (WEXITSTATUS(status) == EXIT_ORDERLY || WEXITSTATUS(status) == EXIT_UNUSABLE ||
            WEXITSTATUS(status) == EXIT_CONFIG);
}

static void log_end(pid_t child, int status, int wait_ms)
{
    const char *how = WIFSIGNALED(status) ? "was killed by signal" : "ended with status";
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

    log_warn("supervisor", "the daemon (pid %ld) %s %d; starting it again in %d ms", (long)child,
             how, number, wait_ms);
}

int supervise(int (*worker)(void *data), void *data)
{
    bool stopping = false;
    int pause_ms = 0;
    sigset_t set;

    watched_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGCHLD, SIG_DFL); /* Where it is ignored nobody tells that a child ended. */
    for (;;) {
        uint64_t started = clock_boot_ms();
        pid_t child = start(worker, data);
        if (child < 0) {
            log_error("supervisor", "cannot fork: %s", strerror(errno));
            return EXIT_TEMPORARY;
        }
        int status = tend(child, &set, &stopping);
        if (stopping || is_final(status))
            return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILSTOP;
        uint64_t ran_ms = clock_boot_ms() - started;
        if (ran_ms >= HEALTHY_MS)
            pause_ms = 0;
        /* What is bounded is how often it is started, so the time that it ran counts:
         * this node's lease is running out. */
        int wait_ms = ran_ms < (uint64_t)pause_ms ? pause_ms - (int)ran_ms : 0;
        log_end(child, status, wait_ms);
        if (pause_for(&set, wait_ms))
            return EXIT_ORDERLY;
        pause_ms = pause_ms == 0                 ? PAUSE_MS_MIN
                   : pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX
                                                 : pause_ms * 2;
    }
}
