/* Guardians: each process resource runs under a small process of its own that
 * the monitor forks, and of which nothing escapes.
 *
 * The guardian is the reaper of all that the service starts: a child that forks
 * twice and calls setsid() is still its descendant. When the monitor says so,
 * when the service's main process ends, or when the monitor itself dies (even
 * by SIGKILL), the guardian kills every descendant, repeats until the kernel
 * says that it has none, and only then says that nothing is left. If the
 * guardian is killed, its orphans fall to the monitor, which does the same.
 *
 * It also ends them when the lease has ended and the monitor does not act: frozen,
 * or not given the processor (deadline.h).
 *
 * A guardian keeps the monitor's lock file open: that lock is free only when
 * the monitor and all its guardians are gone, and with them all services.
 *
 * No threads and no libuv may be used between fork and exec here: the monitor
 * is a process with one thread, and stays one. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_GUARDIAN_H
#define HOLDFAST_RESOURCES_GUARDIAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

struct deadline;
struct guardians; /* All of one monitor. */
struct guardian;

enum guardian_command {
    GUARDIAN_MAIN,  /* The service itself. */
    GUARDIAN_READY, /* The others run beside it, one of each at a time. */
    GUARDIAN_STOP,
    GUARDIAN_CHECK,
    GUARDIAN_COMMAND_COUNT
};

/* What to run: each command by /bin/sh -c, in a session of its own, with
 * standard input from /dev/null and its output appended to a file. Borrowed until
 * the first event, which may be long after guardian_start(): starts take turns. */
struct guardian_plan {
    const char *commands[GUARDIAN_COMMAND_COUNT]; /* NULL: none. MAIN is needed. */
    const char *directory;
    const char *user;               /* NULL: the monitor's own. */
    const char *const *environment; /* All of it, NULL after the last. */
    const char *log_path;
    const char *cgroup; /* Path of a cgroup to make; NULL: none. */
    uint32_t budget_ms; /* So much later than the others it must have ended after the lease. */
};

struct guardian_events {
    /* The main process runs the command. */
    void (*started)(pid_t pid, void *data);
    /* It does not; `text` says why. */
    void (*not_started)(uint32_t code, const char *text, void *data);
    /* The main process ended, with a status as of waitpid(). Unless it was told
     * to stop, the guardian is now ending the rest. */
    void (*exited)(int status, void *data);
    /* One of the other commands ended. */
    void (*ran)(enum guardian_command command, int status, void *data);
    /* The guardian itself was killed: the rest is being ended. */
    void (*lost)(void *data);
    /* Nothing is left. The last event, and always comes. */
    void (*gone)(void *data);
};

/* `lock_fd` is borrowed, -1: none; `deadline` too, NULL: none. Makes this process a subreaper and takes
 * SIGCHLD: it must have no other children. Returns 0 or an error code. */
uint32_t guardians_open(uv_loop_t *loop, int lock_fd, const struct deadline *deadline,
                        struct guardians **ret);
/* Only when all guardians are gone; freed once the loop has run. */
void guardians_close(struct guardians *gs);

/* Events are called from the loop, never from inside these functions. One that is
 * to stop or to be killed before its turn has come is never forked: gone() alone
 * follows.
 * Returns 0 or an error code (then no event comes). */
uint32_t guardian_start(struct guardians *gs, const struct guardian_plan *plan,
                        const struct guardian_events *events, void *data, struct guardian **ret);
/* Run one of the other commands; ran() follows. One that runs already is not
 * run twice. */
void guardian_run(struct guardian *g, enum guardian_command command);
/* Stop in good order: what the main process leaves behind when it ends has
 * time, too, until guardian_kill(). With `terminate`, SIGTERM to its group now. */
void guardian_stop(struct guardian *g, bool terminate);
/* SIGKILL to everything. */
void guardian_kill(struct guardian *g);
/* Of all that have no budget: what the end of a lease does before it tells anybody
 * anything. */
void guardians_kill(struct guardians *gs);
/* Those that have something to end: forked, and not gone. */
unsigned guardians_count(const struct guardians *gs);
pid_t guardian_pid(const struct guardian *g);
/* After gone(), from inside it or later. */
void guardian_free(struct guardian *g);

#endif
