#include "resources/guardian.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "resources/cgroup.h"
#include "resources/guardian_link.h"
#include "resources/pace.h"
#include "resources/tree.h"

enum {
    SWEEP_MS = 20,
    STARTS_MAX = 8, /* At once: see pace.h. */
    START_PATIENCE_MS = 50,
};

struct guardian {
    struct turn turn; /* First. To be forked, and until its command runs. */
    struct guardians *all;
    struct guardian *next;
    const struct guardian_events *events;
    void *data;
    struct guardian_plan plan; /* Borrowed, while it waits for its turn. */
    char *cgroup;              /* Owned; NULL. */
    pid_t pid;                 /* 0: not forked. */
    int fd;
    uv_poll_t poll;
    bool said_gone; /* Its own word that nothing is left. */
    bool lost;      /* It was killed; its orphans are ours. */
    bool ended;     /* gone() has been called. */
    bool cancelled; /* Not to be forked any more. */
};

struct guardians {
    uv_loop_t *loop;
    int lock_fd;
    const struct deadline *deadline; /* NULL: none. */
    uv_signal_t child;
    uv_timer_t sweep;
    struct pace pace;
    struct guardian *first;
    unsigned count; /* See guardians_count(). */
    struct tree tree;
    unsigned open_handles;
};

/* ------------------------------------------------------------------ hearing */

static const char *const stage_texts[] = {
    [STAGE_FORK] = "no process could be made",
    [STAGE_DIRECTORY] = "the working directory cannot be entered",
    [STAGE_USER] = "the user cannot be assumed",
    [STAGE_SHELL] = "/bin/sh cannot be run",
};

static void hear_not_started(struct guardian *g, const struct guardian_message *m)
{
    size_t stage = (size_t)m->value < sizeof(stage_texts) / sizeof(stage_texts[0])
                       ? (size_t)m->value
                       : STAGE_FORK;
    char text[160];

    snprintf(text, sizeof(text), "%s: %s", stage_texts[stage], strerror(m->detail));
    g->events->not_started(error_from_errno(m->detail), text, g->data);
}

static void hear(struct guardian *g, const struct guardian_message *m)
{
    pace_end(&g->all->pace, &g->turn); /* Its first word: it has begun, or will not. */
    switch (m->news) {
    case GUARDIAN_STARTED:
        g->events->started(m->value, g->data);
        return;
    case GUARDIAN_NOT_STARTED:
        hear_not_started(g, m);
        return;
    case GUARDIAN_EXITED:
        g->events->exited(m->value, g->data);
        return;
    case GUARDIAN_RAN:
        g->events->ran((enum guardian_command)m->detail, m->value, g->data);
        return;
    case GUARDIAN_EXPIRED:
        log_error("guardian",
                  "guardian %d ended its service: the lease was over, and the monitor "
                  "did nothing",
                  (int)g->pid);
        return;
    case GUARDIAN_GONE:
        g->said_gone = true;
        return;
    default:
        return;
    }
}

/* Returns false when there is no more for now, or for good. */
static bool guardian_hear_one(struct guardian *g)
{
    struct guardian_message m;
    ssize_t n = recv(g->fd, &m, sizeof(m), MSG_DONTWAIT);

    if (n == sizeof(m)) {
        hear(g, &m);
        return true;
    }
    /* Its end shows here and, with the status, at waitpid(): that one counts,
     * as only then its orphans have been handed on. */
    if (n >= 0 || errno != EAGAIN)
        uv_poll_stop(&g->poll);
    return false;
}

static void guardian_on_readable(uv_poll_t *poll, int status, int events)
{
    struct guardian *g = poll->data;

    (void)status;
    (void)events;
    while (guardian_hear_one(g))
        continue;
}

/* ------------------------------------------------------------------- ending */

static void guardian_end(struct guardian *g)
{
    assert(!g->ended);
    g->ended = true;
    pace_end(&g->all->pace, &g->turn);
    if (g->pid != 0) {
        uv_poll_stop(&g->poll);
        g->all->count--;
    }
    g->events->gone(g->data);
}

static size_t living_guardians(const struct guardians *gs, pid_t **ret)
{
    size_t count = 0;

    for (const struct guardian *g = gs->first; g != NULL; g = g->next)
        count++;
    *ret = xcalloc(count + 1, sizeof(**ret));
    count = 0;
    for (const struct guardian *g = gs->first; g != NULL; g = g->next) {
        if (g->pid != 0 && !g->lost && !g->ended)
            (*ret)[count++] = g->pid;
    }
    return count;
}

static struct guardian *find_lost(const struct guardians *gs)
{
    for (struct guardian *g = gs->first; g != NULL; g = g->next) {
        if (g->lost && !g->ended)
            return g;
    }
    return NULL;
}

static void reap(struct guardians *gs);

/* What is below the monitor but below no living guardian belonged to dead ones. */
static void sweep(struct guardians *gs)
{
    struct guardian *g;
    pid_t *living;
    size_t count, left;

    if (find_lost(gs) == NULL)
        return;
    for (g = gs->first; g != NULL; g = g->next) {
        if (g->lost && !g->ended && g->cgroup != NULL)
            cgroup_kill(g->cgroup);
    }
    count = living_guardians(gs, &living);
    left = tree_kill(&gs->tree, getpid(), living, count);
    free(living);
    if (left > 0)
        return;
    uv_timer_stop(&gs->sweep);
    while ((g = find_lost(gs)) != NULL) {
        if (g->cgroup != NULL)
            cgroup_remove(g->cgroup);
        guardian_end(g);
    }
}

static void guardians_on_sweep(uv_timer_t *timer)
{
    struct guardians *gs = timer->data;

    reap(gs);
    sweep(gs);
}

static void guardian_died(struct guardian *g, int status)
{
    /* Its last words may still be in the socket. */
    while (guardian_hear_one(g))
        continue;
    pace_end(&g->all->pace, &g->turn);
    if (g->said_gone) {
        guardian_end(g);
        return;
    }
    log_error("guardian", "guardian %d ended before its service did (%s %d): ending the rest",
              (int)g->pid, WIFSIGNALED(status) ? "signal" : "status",
              WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    g->lost = true;
    g->events->lost(g->data);
    uv_timer_start(&g->all->sweep, guardians_on_sweep, 0, SWEEP_MS);
}

/* All children: guardians, and orphans of dead ones. */
static void reap(struct guardians *gs)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
        struct guardian *g = gs->first;

        if (pid <= 0)
            return;
        while (g != NULL && (g->pid != pid || g->lost || g->ended))
            g = g->next;
        if (g != NULL)
            guardian_died(g, status);
    }
}

static void guardians_on_child(uv_signal_t *handle, int signal_number)
{
    (void)signal_number;
    reap(handle->data);
}

/* ----------------------------------------------------------------- starting */

/* Forks with every signal blocked: the child must not run a handler of ours.
 * _Fork(), as the child is not to run anything of libuv's either; with one
 * thread no lock can be held, which is all that fork() would look after. */
static pid_t fork_guardian(const struct guardians *gs, const struct guardian_plan *plan,
                           const int link[2], int log_fd)
{
    pid_t monitor = getpid(), pid;
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = _Fork();
    if (pid == 0)
        guardian_live(plan, gs->deadline, link[1], log_fd, gs->lock_fd, monitor);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static uint32_t guardian_fork(struct guardian *g)
{
    int log_fd = -1, link[2];
    uint32_t rc = 0;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, link) != 0)
        return error_from_errno(errno);
    log_fd = open(g->plan.log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (log_fd < 0) {
        rc = error_from_errno(errno);
        goto close_link;
    }
    pid = fork_guardian(g->all, &g->plan, link, log_fd);
    if (pid < 0) {
        rc = error_from_errno(errno);
        goto close_log;
    }
    g->pid = pid;
    g->fd = link[0];
    link[0] = -1;

close_log:
    close(log_fd);
close_link:
    if (link[0] >= 0)
        close(link[0]);
    close(link[1]);
    return rc;
}

static uint32_t guardian_launch(struct guardian *g)
{
    uint32_t rc = guardian_fork(g);
    int uv;

    if (rc != 0)
        return rc;
    g->all->count++;
    g->cgroup = xstrdup(g->plan.cgroup);
    uv = uv_poll_init(g->all->loop, &g->poll, g->fd);
    assert(uv == 0); /* A fresh socket of ours. */
    g->poll.data = g;
    uv_poll_start(&g->poll, UV_READABLE, guardian_on_readable);
    return 0;
}

/* Its turn has come. */
static void guardian_on_turn(struct turn *t)
{
    struct guardian *g = (struct guardian *)t;
    char text[192];
    uint32_t rc;

    if (!g->cancelled) {
        rc = guardian_launch(g);
        if (rc == 0)
            return;
        snprintf(text, sizeof(text), "its guardian process or its log could not be made: %s",
                 error_text(rc));
        g->events->not_started(rc, text, g->data);
    }
    guardian_end(g);
}

uint32_t guardian_start(struct guardians *gs, const struct guardian_plan *plan,
                        const struct guardian_events *events, void *data, struct guardian **ret)
{
    struct guardian *g = xcalloc(1, sizeof(*g));
    uint32_t rc;

    assert(plan->commands[GUARDIAN_MAIN] != NULL);
    g->all = gs;
    g->events = events;
    g->data = data;
    g->plan = *plan;
    if (pace_ask(&gs->pace, &g->turn)) {
        rc = guardian_launch(g);
        if (rc != 0) {
            pace_end(&gs->pace, &g->turn);
            free(g);
            return rc;
        }
    }
    g->next = gs->first;
    gs->first = g;
    *ret = g;
    return 0;
}

/* ------------------------------------------------------------------- saying */

static void guardian_say(struct guardian *g, enum guardian_order order, int command)
{
    struct guardian_request r = {(int32_t)order, command};

    if (g->pid == 0) { /* Whatever is wanted of it: nothing has begun. */
        g->cancelled = true;
        pace_hurry(&g->all->pace, &g->turn);
        return;
    }
    /* One that cannot take it is dying: its end is on its way to us. */
    if (send(g->fd, &r, sizeof(r), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EAGAIN)
        log_warn("guardian", "guardian %d does not listen", (int)g->pid);
}

void guardian_run(struct guardian *g, enum guardian_command command)
{
    assert(command != GUARDIAN_MAIN);
    guardian_say(g, GUARDIAN_RUN, (int)command);
}

void guardian_stop(struct guardian *g, bool terminate)
{
    guardian_say(g, terminate ? GUARDIAN_TERMINATE : GUARDIAN_STOP_SOFTLY, 0);
}

void guardian_kill(struct guardian *g)
{
    guardian_say(g, GUARDIAN_KILL, 0);
}

void guardians_kill(struct guardians *gs)
{
    for (struct guardian *g = gs->first; g != NULL; g = g->next) {
        if (!g->lost && !g->ended && g->plan.budget_ms == 0)
            guardian_kill(g);
    }
}

unsigned guardians_count(const struct guardians *gs)
{
    return gs->count;
}

pid_t guardian_pid(const struct guardian *g)
{
    return g->pid;
}

/* ------------------------------------------------------------ opening, closing */

static void guardian_on_closed(uv_handle_t *handle)
{
    struct guardian *g = handle->data;

    close(g->fd);
    free(g->cgroup);
    free(g);
}

void guardian_free(struct guardian *g)
{
    struct guardian **link = &g->all->first;

    assert(g->ended);
    while (*link != g)
        link = &(*link)->next;
    *link = g->next;
    if (g->pid == 0) {
        free(g);
        return;
    }
    uv_close((uv_handle_t *)&g->poll, guardian_on_closed);
}

static void guardians_on_closed(uv_handle_t *handle)
{
    struct guardians *gs = handle->data;

    if (--gs->open_handles > 0)
        return;
    tree_release(&gs->tree);
    free(gs);
}

uint32_t guardians_open(uv_loop_t *loop, int lock_fd, const struct deadline *deadline,
                        struct guardians **ret)
{
    struct guardians *gs;

    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return error_from_errno(errno);
    gs = xcalloc(1, sizeof(*gs));
    gs->loop = loop;
    gs->lock_fd = lock_fd;
    gs->deadline = deadline;
    gs->open_handles = 3;
    uv_timer_init(loop, &gs->sweep);
    gs->sweep.data = gs;
    pace_init(&gs->pace, loop, STARTS_MAX, START_PATIENCE_MS, guardian_on_turn);
    uv_signal_init(loop, &gs->child);
    gs->child.data = gs;
    uv_signal_start(&gs->child, guardians_on_child, SIGCHLD);
    *ret = gs;
    return 0;
}

void guardians_close(struct guardians *gs)
{
    assert(gs->first == NULL);
    uv_close((uv_handle_t *)&gs->sweep, guardians_on_closed);
    pace_close(&gs->pace, guardians_on_closed, gs);
    uv_close((uv_handle_t *)&gs->child, guardians_on_closed);
}
