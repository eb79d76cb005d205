#include "node/supervisor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/daemon.h"

/* What a worker does in its nth life. It says its pid on `out` first. */
struct script {
    int out;
    int (*act)(unsigned life);
    int counter[2];
};

static void orderly(int signum)
{
    (void)signum;
    _exit(EXIT_ORDERLY);
}

static int stop_when_told(unsigned life)
{
    (void)life;
    for (;;)
        pause();
    return EXIT_FAILSTOP; /* Never. */
}

static int worker(void *data)
{
    struct script *s = data;
    pid_t self = getpid();
    unsigned life = 0;

    if (s->act == stop_when_told)
        signal(SIGTERM, orderly); /* Before anybody can know of it. */
    /* The counter is what is in the pipe: each life adds one. */
    cr_assert_eq(read(s->counter[0], &life, sizeof life), (ssize_t)sizeof life);
    life++;
    cr_assert_eq(write(s->counter[1], &life, sizeof life), (ssize_t)sizeof life);
    cr_assert_eq(write(s->out, &self, sizeof self), (ssize_t)sizeof self);
    _exit(s->act(life)); /* Nothing of this test's process is to be torn down. */
}

struct supervised {
    pid_t pid; /* Of the supervisor. */
    int in;    /* Pids of its workers. */
    int log;   /* What it logs. */
    int counter[2];
};

static struct supervised begin(int (*act)(unsigned life))
{
    struct supervised v;
    struct script s = {.act = act};
    unsigned zero = 0;
    int fds[2], log[2];

    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(pipe(log), 0);
    cr_assert_eq(pipe(s.counter), 0);
    cr_assert_eq(write(s.counter[1], &zero, sizeof zero), (ssize_t)sizeof zero);
    s.out = fds[1];
    v.pid = fork();
    cr_assert_geq(v.pid, 0);
    if (v.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* A test that fails leaves nothing behind. */
        close(fds[0]);
        close(log[0]);
        dup2(log[1], STDERR_FILENO);
        close(log[1]);
        _exit(supervise(worker, &s));
    }
    close(fds[1]);
    close(log[1]);
    close(s.counter[0]);
    close(s.counter[1]);
    v.in = fds[0];
    v.log = log[0];
    return v;
}

/* The pid of the next worker; 0 if there will be none. */
static pid_t next_worker(struct supervised *v)
{
    struct pollfd p = {.fd = v->in, .events = POLLIN};
    pid_t pid = 0;

    cr_assert_eq(poll(&p, 1, 20000), 1, "nothing happened");
    if (read(v->in, &pid, sizeof pid) != (ssize_t)sizeof pid)
        return 0;
    return pid;
}

/* The supervisor's exit status. */
static int end(struct supervised *v)
{
    int status;

    cr_assert_eq(waitpid(v->pid, &status, 0), v->pid);
    close(v->in);
    close(v->log);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int wait_for_ever(unsigned life)
{
    (void)life;
    for (;;)
        pause();
    return EXIT_FAILSTOP; /* Never. */
}

static int third_life_is_good(unsigned life)
{
    if (life == 1)
        abort();
    return life == 2 ? EXIT_FAILSTOP : EXIT_ORDERLY;
}

static int unusable(unsigned life)
{
    (void)life;
    return EXIT_UNUSABLE;
}

static int misconfigured(unsigned life)
{
    (void)life;
    return EXIT_CONFIG;
}

static int always_fails(unsigned life)
{
    (void)life;
    return EXIT_TEMPORARY;
}

static int fails_after_a_while(unsigned life)
{
    (void)life;
    usleep(500000);
    return EXIT_TEMPORARY;
}

TestSuite(supervisor, .timeout = 60);

Test(supervisor, starts_again_what_was_killed_or_failed)
{
    struct supervised v = begin(third_life_is_good);
    pid_t pids[3];

    for (unsigned i = 0; i < 3; i++)
        cr_assert_gt(pids[i] = next_worker(&v), 0);
    cr_assert_neq(pids[0], pids[1]);
    cr_assert_eq(next_worker(&v), 0, "an orderly end is the end");
    cr_assert_eq(end(&v), EXIT_ORDERLY);
}

Test(supervisor, starts_again_after_sigkill)
{
    struct supervised v = begin(stop_when_told);
    pid_t first = next_worker(&v);

    cr_assert_eq(kill(first, SIGKILL), 0);
    pid_t second = next_worker(&v);
    cr_assert_gt(second, 0);
    cr_assert_neq(second, first);
    kill(v.pid, SIGTERM);
    end(&v);
}

Test(supervisor, does_not_repeat_what_a_person_must_mend)
{
    struct supervised v = begin(unusable);

    cr_assert_gt(next_worker(&v), 0);
    cr_assert_eq(next_worker(&v), 0);
    cr_assert_eq(end(&v), EXIT_UNUSABLE);
    v = begin(misconfigured);
    cr_assert_gt(next_worker(&v), 0);
    cr_assert_eq(next_worker(&v), 0);
    cr_assert_eq(end(&v), EXIT_CONFIG);
}

Test(supervisor, passes_sigterm_on_and_ends_with_the_daemon)
{
    static const int signals[] = {SIGTERM, SIGINT};

    for (unsigned i = 0; i < 2; i++) {
        struct supervised v = begin(stop_when_told);
        pid_t pid = next_worker(&v);
        cr_assert_eq(kill(v.pid, signals[i]), 0);
        cr_assert_eq(next_worker(&v), 0, "it is not started again");
        cr_assert_eq(end(&v), EXIT_ORDERLY);
        cr_assert_eq(kill(pid, 0), -1);
        cr_assert_eq(errno, ESRCH);
    }
}

Test(supervisor, ends_during_the_pause_when_told)
{
    struct supervised v = begin(always_fails);

    for (unsigned i = 0; i < 4; i++)
        cr_assert_gt(next_worker(&v), 0);
    kill(v.pid, SIGTERM);
    while (next_worker(&v) != 0)
        ;
    int status = end(&v);
    cr_assert(status == EXIT_ORDERLY || status == EXIT_TEMPORARY || status == EXIT_FAILSTOP);
}

/* At once, then 100 ms, 200 ms, 400 ms: only lower bounds can be asserted. Other
 * signals do not cut a pause short. */
Test(supervisor, pauses_longer_and_longer_while_it_keeps_failing)
{
    uint64_t before = clock_boot_ms();
    struct supervised v = begin(always_fails);
    uint64_t begun[5];

    for (unsigned i = 0; i < 5; i++) {
        pid_t pid = next_worker(&v);
        cr_assert_gt(pid, 0);
        begun[i] = clock_boot_ms();
        while (kill(pid, 0) == 0)
            usleep(1000);
        kill(v.pid, SIGHUP); /* In the pause, now that it is gone. */
    }
    cr_assert_geq(begun[2] - before, 100);
    cr_assert_geq(begun[3] - before, 300);
    cr_assert_geq(begun[4] - before, 700);
    kill(v.pid, SIGTERM);
    end(&v);
}

/* A daemon that was killed as leader, again and again, has a lease to renew: 0 ms
 * each time, as after the first, while the pause grows to 100, 200 and 400 ms. */
Test(supervisor, does_not_pause_for_what_ran_longer_than_the_pause)
{
    struct supervised v = begin(fails_after_a_while);
    char line[512];
    FILE *log = fdopen(dup(v.log), "r");

    for (unsigned i = 0; i < 4; i++) {
        cr_assert_not_null(fgets(line, sizeof line, log));
        cr_assert_not_null(strstr(line, "starting it again in 0 ms"), "%s", line);
    }
    fclose(log);
    kill(v.pid, SIGTERM);
    end(&v);
}

Test(supervisor, a_daemon_dies_with_its_supervisor)
{
    struct supervised v = begin(wait_for_ever);
    struct pollfd p = {.fd = v.in, .events = POLLIN};
    pid_t pid = next_worker(&v);
    char byte;
    int status;

    cr_assert_gt(pid, 0);
    kill(v.pid, SIGKILL);
    cr_assert_eq(waitpid(v.pid, &status, 0), v.pid);
    /* Both held the pipe: it ends when the last of them is gone. */
    cr_assert_eq(poll(&p, 1, 20000), 1, "the daemon lives on");
    cr_assert_eq(read(v.in, &byte, 1), 0);
    close(v.in);
    close(v.log);
}

/* As when an init that ignores SIGCHLD has started it. */
Test(supervisor, works_where_sigchld_was_ignored)
{
    signal(SIGCHLD, SIG_IGN);
    struct supervised v = begin(third_life_is_good);
    signal(SIGCHLD, SIG_DFL);

    for (unsigned i = 0; i < 3; i++)
        cr_assert_gt(next_worker(&v), 0);
    cr_assert_eq(next_worker(&v), 0);
    cr_assert_eq(end(&v), EXIT_ORDERLY);
}
