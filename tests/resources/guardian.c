/* Guardians by themselves, without cgroups: what ends the rest here is the walk
 * over descendants alone. The test's process is the monitor. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "resources/cgroup.h"
#include "resources/deadline.h"
#include "resources/guardian.h"

enum { PATIENCE_MS = 60000 };

struct world {
    uv_loop_t loop;
    uv_timer_t tick;
    char dir[64], log[96];
    struct guardians *all;
    struct guardian *guardian;
    pid_t pid;
    struct deadline *deadline; /* NULL: none. */
    unsigned started, not_started, exited, ran, lost, gone;
    int status;
};

static void on_started(pid_t pid, void *data)
{
    struct world *w = data;

    w->pid = pid;
    w->started++;
}

static void on_not_started(uint32_t code, const char *text, void *data)
{
    cr_assert_neq(code, 0);
    cr_assert_neq(text[0], '\0');
    ((struct world *)data)->not_started++;
}

static void on_exited(int status, void *data)
{
    struct world *w = data;

    w->status = status;
    w->exited++;
}

static void on_ran(enum guardian_command command, int status, void *data)
{
    struct world *w = data;

    cr_assert_eq(command, GUARDIAN_CHECK);
    w->status = status;
    w->ran++;
}

static void on_lost(void *data)
{
    ((struct world *)data)->lost++;
}

static void on_gone(void *data)
{
    ((struct world *)data)->gone++;
}

static const struct guardian_events events = {
    .started = on_started,
    .not_started = on_not_started,
    .exited = on_exited,
    .ran = on_ran,
    .lost = on_lost,
    .gone = on_gone,
};

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void setup_with(struct world *w, struct deadline *deadline)
{
    *w = (struct world){.deadline = deadline};
    strcpy(w->dir, "/tmp/holdfast-guardian-XXXXXX");
    cr_assert_not_null(mkdtemp(w->dir));
    snprintf(w->log, sizeof(w->log), "%s/log", w->dir);
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->tick);
    uv_timer_start(&w->tick, on_tick, 10, 10);
    cr_assert_eq(guardians_open(&w->loop, -1, w->deadline, &w->all), 0);
}

static void setup(struct world *w)
{
    setup_with(w, NULL);
}

static void setup_with_deadline(struct world *w, uint64_t at_ms)
{
    struct deadline *deadline = deadline_new();

    cr_assert_not_null(deadline);
    atomic_store(&deadline->at_ms, at_ms);
    setup_with(w, deadline);
}

static void start(struct world *w, const char *command)
{
    struct guardian_plan plan = {
        .commands = {[GUARDIAN_MAIN] = command, [GUARDIAN_CHECK] = "exit 5"},
        .directory = w->dir,
        .environment = (const char *const[]){"PATH=/usr/bin:/bin", NULL},
        .log_path = w->log,
    };

    cr_assert_eq(guardian_start(w->all, &plan, &events, w, &w->guardian), 0);
}

static void wait_for(struct world *w, const unsigned *counter)
{
    uint64_t limit_ms = clock_boot_ms() + PATIENCE_MS;

    while (*counter == 0) {
        cr_assert_lt(clock_boot_ms(), limit_ms, "waited in vain");
        uv_run(&w->loop, UV_RUN_ONCE);
    }
}

static pid_t wait_pid(struct world *w, const char *name)
{
    uint64_t limit_ms = clock_boot_ms() + PATIENCE_MS;
    char path[160];
    int pid = 0;

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    while (pid == 0) {
        FILE *f = fopen(path, "r");
        cr_assert_lt(clock_boot_ms(), limit_ms, "waited in vain for %s", name);
        if (f != NULL && fscanf(f, "%d\n", &pid) != 1)
            pid = 0;
        if (f != NULL)
            fclose(f);
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    return pid;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Nothing may be left: not even one to be reaped. */
static void teardown(struct world *w)
{
    cr_assert_eq(w->gone, 1);
    guardian_free(w->guardian);
    guardians_close(w->all);
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&w->loop), 0);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
    if (w->deadline != NULL)
        deadline_free(w->deadline);
    nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* $$ of a shell that ignores SIGTERM, in a session of its own, not a child. */
#define ESCAPE \
    "(setsid sh -c 'trap \"\" TERM HUP; echo $$ > escaped; while :; do sleep 1000; done' &); "

Test(guardian, tells_start_and_end)
{
    struct world w;

    setup(&w);
    start(&w, "exit 3");
    wait_for(&w, &w.gone);
    cr_assert_eq(w.started, 1);
    cr_assert_eq(w.exited, 1);
    cr_assert_eq(WEXITSTATUS(w.status), 3);
    cr_assert_eq(w.lost, 0);
    teardown(&w);
}

Test(guardian, kills_what_escaped_by_two_forks_and_a_session)
{
    struct world w;
    pid_t escaped;

    setup(&w);
    start(&w, ESCAPE "exec sleep 1000");
    escaped = wait_pid(&w, "escaped");
    guardian_kill(w.guardian);
    wait_for(&w, &w.gone);
    cr_assert_neq(kill(escaped, 0), 0);
    teardown(&w);
}

/* As who is not root is given capabilities; false if there are none to give. */
static bool raise_ambient(const unsigned *capabilities, unsigned count)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    for (unsigned i = 0; i < count; i++)
        data[0].inheritable |= 1u << capabilities[i];
    if ((data[0].inheritable & ~data[0].permitted) != 0 || syscall(SYS_capset, &header, data) != 0)
        return false;
    for (unsigned i = 0; i < count; i++)
        cr_assert_eq(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capabilities[i], 0, 0), 0);
    return true;
}

Test(guardian, what_lets_a_monitor_act_in_time_is_not_given_to_services)
{
    static const unsigned capabilities[] = {CAP_CHOWN, CAP_IPC_LOCK, CAP_SYS_NICE};
    struct world w;

    if (!raise_ambient(capabilities, 3))
        cr_skip_test("needs capabilities");
    setup(&w);
    start(&w, "grep -q '^CapAmb:.*0000000000000001$' /proc/self/status"); /* CHOWN alone. */
    wait_for(&w, &w.gone);
    cr_assert_eq(WEXITSTATUS(w.status), 0);
    teardown(&w);
}

Test(guardian, kills_what_escaped_when_the_main_process_ends)
{
    struct world w;
    pid_t escaped;

    setup(&w);
    start(&w, ESCAPE "while [ ! -s escaped ]; do sleep 0.01; done");
    escaped = wait_pid(&w, "escaped");
    wait_for(&w, &w.gone);
    cr_assert_neq(kill(escaped, 0), 0);
    teardown(&w);
}

/* Bounded, so that a failure of this test is not the end of the machine. */
Test(guardian, kills_a_tree_that_keeps_forking)
{
    struct world w;

    setup(&w);
    start(&w, "setsid sh -c 'echo $$ > escaped; for i in $(seq 400); do "
              "setsid sh -c \"setsid sleep 20 & sleep 0.1\" & sleep 0.01; done; "
              "sleep 20' & exec sleep 20");
    wait_pid(&w, "escaped");
    guardian_kill(w.guardian);
    wait_for(&w, &w.gone);
    teardown(&w);
}

Test(guardian, a_stop_waits_for_what_stays_and_kill_ends_the_wait)
{
    struct world w;
    pid_t escaped;

    setup(&w);
    start(&w, ESCAPE "exec sleep 1000");
    escaped = wait_pid(&w, "escaped");
    guardian_stop(w.guardian, true);
    wait_for(&w, &w.exited);
    cr_assert_eq(w.gone, 0);
    cr_assert_eq(kill(escaped, 0), 0);
    guardian_kill(w.guardian);
    wait_for(&w, &w.gone);
    cr_assert_neq(kill(escaped, 0), 0);
    teardown(&w);
}

Test(guardian, when_killed_its_orphans_are_found_and_ended)
{
    struct world w;
    pid_t escaped;

    setup(&w);
    start(&w, ESCAPE "exec sleep 1000");
    escaped = wait_pid(&w, "escaped");
    kill(guardian_pid(w.guardian), SIGKILL);
    wait_for(&w, &w.gone);
    cr_assert_eq(w.lost, 1);
    cr_assert_neq(kill(escaped, 0), 0);
    teardown(&w);
}

Test(guardian, runs_other_commands_beside_the_main_one)
{
    struct world w;

    setup(&w);
    start(&w, "exec sleep 1000");
    wait_for(&w, &w.started);
    guardian_run(w.guardian, GUARDIAN_CHECK);
    wait_for(&w, &w.ran);
    cr_assert_eq(WEXITSTATUS(w.status), 5);
    cr_assert_eq(kill(w.pid, 0), 0);
    guardian_kill(w.guardian);
    wait_for(&w, &w.gone);
    teardown(&w);
}

Test(guardian, its_service_cannot_outlive_it_even_alone)
{
    struct world w;

    setup(&w);
    start(&w, "exec sleep 1000");
    wait_for(&w, &w.started);
    /* Before anybody can do anything about it. */
    kill(guardian_pid(w.guardian), SIGKILL);
    for (unsigned i = 0; i < 1000; i++) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)w.pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid != 0)
            break;
        cr_assert_lt(i, 999);
        usleep(10000);
    }
    wait_for(&w, &w.gone);
    teardown(&w);
}

/* ------------------------------------------------------------- many at a time */

enum { MANY = 40 };

struct crowd {
    struct world *world;
    struct guardian *guardians[MANY];
    unsigned began[MANY], gone[MANY], gone_count;
};

struct one {
    struct crowd *crowd;
    unsigned number;
};

static void one_started(pid_t pid, void *data)
{
    struct one *o = data;

    cr_assert_gt(pid, 0);
    o->crowd->began[o->number]++;
}

static void one_exited(int status, void *data)
{
    (void)status;
    (void)data;
}

static void one_gone(void *data)
{
    struct one *o = data;

    o->crowd->gone[o->number]++;
    o->crowd->gone_count++;
    guardian_free(o->crowd->guardians[o->number]);
}

static unsigned count_forked(const struct crowd *c)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MANY; i++)
        count += guardian_pid(c->guardians[i]) != 0;
    return count;
}

/* The loop must go on turning: renewals of the lease wait in it. */
Test(guardian, many_starts_take_turns_and_all_can_be_killed_at_once)
{
    static const struct guardian_events crowd_events = {
        .started = one_started, .exited = one_exited, .gone = one_gone};
    const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    struct one ones[MANY];
    struct crowd c = {0};
    struct world w;

    setup(&w);
    for (unsigned i = 0; i < MANY; i++) {
        struct guardian_plan plan = {.commands = {[GUARDIAN_MAIN] = "exec sleep 1000"},
                                     .directory = w.dir,
                                     .environment = environment,
                                     .log_path = w.log};
        ones[i] = (struct one){&c, i};
        cr_assert_eq(guardian_start(w.all, &plan, &crowd_events, &ones[i], &c.guardians[i]), 0);
    }
    cr_assert_leq(count_forked(&c), MANY / 2, "all were forked in one turn of the loop");
    guardian_kill(c.guardians[MANY - 1]);
    guardian_stop(c.guardians[MANY - 2], true);
    wait_for(&w, &c.gone[MANY - 1]);
    wait_for(&w, &c.gone[MANY - 2]);
    for (unsigned i = 0; i < MANY / 2; i++)
        wait_for(&w, &c.began[i]);
    guardians_kill(w.all); /* Whether they run, come up or wait. */
    for (unsigned i = 0; i < MANY; i++)
        wait_for(&w, &c.gone[i]);
    cr_assert_eq(c.gone_count, MANY);
    cr_assert_eq(c.began[MANY - 1] + c.began[MANY - 2], 0);
    start(&w, "exit 0"); /* What teardown() frees. */
    wait_for(&w, &w.gone);
    teardown(&w);
}

/* ----------------------------------------------------------------------- cgroups */

/* The test is the monitor, and does nothing when the lease ends. */
Test(guardian, ends_everything_at_the_deadline_though_the_monitor_sleeps)
{
    struct world w;
    pid_t escaped;

    setup_with_deadline(&w, clock_boot_ms() + 5000);
    start(&w, ESCAPE "exec sleep 1000");
    escaped = wait_pid(&w, "escaped");
    while (kill(escaped, 0) == 0) { /* The loop does not run. */
        cr_assert_lt(clock_boot_ms(), w.deadline->at_ms + PATIENCE_MS);
        usleep(1000);
    }
    cr_assert_geq(clock_boot_ms(), w.deadline->at_ms);
    wait_for(&w, &w.gone);
    teardown(&w);
}

Test(guardian, follows_a_deadline_that_is_moved_and_ends_at_the_last)
{
    struct world w;
    uint64_t last_ms;

    setup_with_deadline(&w, clock_boot_ms() + 5000);
    start(&w, "exec sleep 1000");
    wait_for(&w, &w.started);
    /* Longer than any one of them lasts, with room for a busy machine in each. */
    for (unsigned i = 0; i < 4; i++) {
        last_ms = clock_boot_ms() + 2000;
        atomic_store(&w.deadline->at_ms, last_ms);
        usleep(700000);
        cr_assert_eq(kill(guardian_pid(w.guardian), 0), 0);
        uv_run(&w.loop, UV_RUN_NOWAIT);
        cr_assert_eq(w.exited, 0);
    }
    wait_for(&w, &w.exited);
    cr_assert_geq(clock_boot_ms(), last_ms);
    wait_for(&w, &w.gone);
    teardown(&w);
}

Test(cgroup, kills_what_entered_it_and_is_removed)
{
    char *own = cgroup_own(), path[512], byte;
    int status, entered[2];
    pid_t child;

    if (own == NULL)
        cr_skip_test("no cgroups can be made here");
    snprintf(path, sizeof(path), "%s/holdfast-test-%d", own, (int)getpid());
    cr_assert(cgroup_make(path));
    cr_assert_eq(pipe(entered), 0);
    child = fork();
    if (child == 0) {
        if (cgroup_enter(path) && write(entered[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(entered[0], &byte, 1), 1);
    cr_assert(!cgroup_remove(path), "removed with a process in it");
    cgroup_kill(path);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    cr_assert(cgroup_remove(path));
    cr_assert(cgroup_remove(path), "a missing one counts as removed");
    free(own);
}

Test(cgroup, a_sweep_takes_its_own_and_no_others)
{
    char *own = cgroup_own(), mine[512], other[512], prefix[64];

    if (own == NULL)
        cr_skip_test("no cgroups can be made here");
    snprintf(prefix, sizeof(prefix), "holdfast-sweep-%d-", (int)getpid());
    snprintf(mine, sizeof(mine), "%s/%s1", own, prefix);
    snprintf(other, sizeof(other), "%s/holdfast-other-%d", own, (int)getpid());
    cr_assert(cgroup_make(mine) && cgroup_make(other));
    cr_assert_eq(cgroup_sweep(own, prefix), 1);
    cr_assert_neq(access(mine, F_OK), 0);
    cr_assert_eq(access(other, F_OK), 0);
    cr_assert(cgroup_remove(other));
    free(own);
}
