/* The monitor's process and the daemon's link to it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/reset_mark.h"
#include "resources/cgroup.h"
#include "tests/resources/world.h"

enum { RES = 7, DUMMY = 8 };

static const char *mark(const struct world *w)
{
    static char text[80];

    snprintf(text, sizeof(text), "TEST_DIR=%s", w->dir);
    return text;
}

/* With a child that left the session. */
static void service(struct world *w, uint64_t id)
{
    world_online(w, id, "process", "CommandLine",
                 "(setsid sh -c 'echo $$ > escaped; exec sleep 1000' &) ; exec sleep 1000",
                 "CurrentDirectory", w->dir, "Environment", mark(w), NULL);
    world_wait_state(w, id, MONITOR_ONLINE);
    world_read_pid(w, "escaped");
}

static bool was_gone(void *data)
{
    return ((struct world_link *)data)->gone > 0;
}

static bool was_ready_twice(void *data)
{
    return ((struct world_link *)data)->ready > 1;
}

Test(monitor, outlives_its_link_and_is_found_again_with_all_it_runs)
{
    struct world w;
    uint64_t operation;
    long pid, monitor;

    world_setup(&w);
    service(&w, RES);
    pid = world_resource(&w, RES)->pid;
    operation = world_resource(&w, RES)->operation;
    monitor = world_monitor_pid(&w);
    monitor_set_lease(w.link.monitor, 42, 0);
    world_settle(&w);
    world_link_close(&w, &w.link);

    world_link_open(&w, &w.link);
    cr_assert_eq(w.link.inventory, 1);
    cr_assert_eq(w.link.incarnation, 42);
    cr_assert_eq(world_resource(&w, RES)->pid, pid);
    cr_assert_eq(world_resource(&w, RES)->operation, operation);
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_ONLINE);
    cr_assert(process_lives(pid));
    cr_assert_eq(world_monitor_pid(&w), monitor);
    world_teardown(&w);
}

Test(monitor, keeps_its_last_words_for_the_next_daemon)
{
    struct world w;

    world_setup(&w);
    service(&w, RES);
    kill((pid_t)world_resource(&w, RES)->pid, SIGKILL);
    world_link_close(&w, &w.link);
    world_link_open(&w, &w.link);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_str_eq(world_resource(&w, RES)->text, "killed by signal 9");
    world_teardown(&w);
}

Test(monitor, when_it_is_killed_nothing_it_ran_is_left)
{
    struct world w;
    long pid, escaped;

    world_setup(&w);
    service(&w, RES);
    pid = world_resource(&w, RES)->pid;
    escaped = world_read_pid(&w, "escaped");
    kill((pid_t)world_monitor_pid(&w), SIGKILL);
    /* gone() itself asserts that no process is left. */
    world_wait(&w, was_gone, &w.link, "gone()");
    cr_assert(!process_lives(pid));
    cr_assert(!process_lives(escaped));
    world_wait(&w, was_ready_twice, &w.link, "a new monitor");
    cr_assert_eq(w.link.inventory, 0);
    cr_assert_eq(w.link.incarnation, 0);
    world_teardown(&w);
}

static bool link_is_broken(void *data)
{
    return !monitor_is_ready(((struct world_link *)data)->monitor);
}

Test(monitor, counts_as_alive_until_its_guardians_have_ended_everything)
{
    struct world w;
    pid_t guardian;
    long pid;

    world_setup(&w);
    service(&w, RES);
    pid = world_resource(&w, RES)->pid;
    guardian = (pid_t)process_parent(pid);
    kill(guardian, SIGSTOP);
    kill((pid_t)world_monitor_pid(&w), SIGKILL);
    world_wait(&w, link_is_broken, &w.link, "the link to break");
    world_run_for(&w, 300);
    cr_assert_eq(w.link.gone, 0);
    cr_assert_eq(w.link.ready, 1);
    cr_assert(process_lives(pid));
    kill(guardian, SIGCONT);
    world_wait(&w, was_gone, &w.link, "gone()");
    world_teardown(&w);
}

static bool was_stranded(void *data)
{
    return ((struct world_link *)data)->stranded > 0;
}

/* Invariant: no other is started while a dead one may have left something running that only
 * a reset ends, by this daemon or the next, until the machine was booted. */
Test(monitor, none_follows_one_that_died_with_what_only_a_reset_ends)
{
    struct world w;
    long pid;

    world_setup(&w);
    service(&w, RES);
    pid = world_resource(&w, RES)->pid;
    cr_assert_eq(reset_mark_set(w.dir), 0);
    kill((pid_t)world_monitor_pid(&w), SIGKILL);
    world_wait(&w, was_stranded, &w.link, "stranded()");
    cr_assert(!process_lives(pid)); /* For what can be ended its guardian cares. */
    world_run_for(&w, 300);
    cr_assert_eq(w.link.gone, 0);
    cr_assert_eq(w.link.ready, 1);
    cr_assert_eq(w.link.stranded, 1);
    world_link_close(&w, &w.link);

    world_link_begin(&w, &w.link);
    world_wait(&w, was_stranded, &w.link, "stranded(), told to the next daemon");
    world_run_for(&w, 300);
    cr_assert_eq(w.link.ready, 0);
    cr_assert_eq(world_processes(&w), 0);
    world_link_close(&w, &w.link);

    cr_assert_eq(reset_mark_clear(w.dir), 0);
    cr_assert_eq(symlink("another-boot", world_path(&w, "monitor.reset")), 0);
    world_link_open(&w, &w.link);
    cr_assert_eq(w.link.inventory, 0);
    world_teardown(&w);
}

struct fake_watchdog {
    int fd;
    char last;  /* Byte written. */
    bool ended; /* Nobody has it open. */
};

static bool watchdog_is_written(void *data)
{
    struct fake_watchdog *f = data;
    ssize_t n = read(f->fd, &f->last, 1);

    f->ended = n == 0;
    return n == 1;
}

/* Its guardian is stopped, so that the service cannot be ended in time. */
Test(monitor, arms_the_watchdog_while_something_outlives_the_lease)
{
    struct fake_watchdog device = {0};
    char path[128];
    struct world w;
    pid_t guardian;

    world_setup_bare(&w);
    snprintf(path, sizeof(path), "%s/watchdog", w.dir);
    cr_assert_eq(mkfifo(path, 0600), 0);
    device.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    w.self_fence = "watchdog";
    w.watchdog = path;
    world_link_open(&w, &w.link);
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() + 60000);
    service(&w, RES);
    guardian = (pid_t)process_parent(world_resource(&w, RES)->pid);
    kill(guardian, SIGSTOP);
    cr_assert_not(watchdog_is_written(&device));
    monitor_set_lease(w.link.monitor, 43, clock_boot_ms() - 1);
    world_wait(&w, watchdog_is_written, &device, "the watchdog to be armed");
    cr_assert_neq(device.last, 'V');
    world_run_for(&w, 300);
    cr_assert_not(watchdog_is_written(&device)); /* Not fed, */
    cr_assert_not(device.ended);                 /* and not let go. */
    kill(guardian, SIGCONT);
    world_wait(&w, watchdog_is_written, &device, "the watchdog to be disarmed");
    cr_assert_eq(device.last, 'V');
    close(device.fd);
    world_teardown(&w);
}

/* What ends in its time is no reason to reset anything. */
Test(monitor, leaves_the_watchdog_alone_if_all_ends_with_the_lease)
{
    struct fake_watchdog device = {0};
    char path[128];
    struct world w;

    world_setup_bare(&w);
    snprintf(path, sizeof(path), "%s/watchdog", w.dir);
    cr_assert_eq(mkfifo(path, 0600), 0);
    device.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    w.self_fence = "watchdog";
    w.watchdog = path;
    world_link_open(&w, &w.link);
    service(&w, RES);
    uint64_t end_ms = clock_boot_ms() - 1;
    monitor_set_lease(w.link.monitor, 43, end_ms);
    world_wait_state(&w, RES, MONITOR_FAILED);
    bool in_time = clock_boot_ms() <= end_ms + 400; /* Half a second is allowed. */
    world_run_for(&w, 700);
    bool written = watchdog_is_written(&device);
    close(device.fd);
    world_teardown(&w);
    if (!in_time)
        cr_skip_test("this machine is too slow to end anything in its time");
    cr_assert_not(written);
}

/* The worst case: nobody is left to end the service. The kernel ends its main
 * process, and the next monitor what is in its cgroup. */
Test(monitor, when_its_guardian_is_killed_with_it_the_next_one_cleans_up)
{
    char *own = cgroup_own();
    struct world w;
    long pid, escaped, guardian, monitor;

    world_setup(&w);
    service(&w, RES);
    pid = world_resource(&w, RES)->pid;
    escaped = world_read_pid(&w, "escaped");
    guardian = process_parent(pid);
    monitor = world_monitor_pid(&w);
    world_link_close(&w, &w.link);
    kill((pid_t)monitor, SIGSTOP);
    kill((pid_t)guardian, SIGKILL);
    kill((pid_t)monitor, SIGKILL);
    world_wait_dead(&w, pid);
    world_link_open(&w, &w.link);
    if (own == NULL)
        kill((pid_t)escaped, SIGKILL);
    world_wait_dead(&w, escaped);
    free(own);
    world_teardown(&w);
}

Test(monitor, an_unknown_corpse_is_no_news)
{
    struct world w;

    world_setup(&w);
    world_link_close(&w, &w.link);
    kill((pid_t)world_monitor_pid(&w), SIGKILL);
    world_wait_no_processes(&w);
    world_link_open(&w, &w.link);
    cr_assert_eq(w.link.gone, 0);
    cr_assert_eq(w.link.inventory, 0);
    world_teardown(&w);
}

Test(monitor, sigterm_terminates_everything_and_ends_it)
{
    struct world w;
    long escaped;

    world_setup(&w);
    service(&w, RES);
    escaped = world_read_pid(&w, "escaped");
    kill((pid_t)world_monitor_pid(&w), SIGTERM);
    world_wait(&w, was_gone, &w.link, "gone()");
    cr_assert(!process_lives(escaped));
    world_teardown(&w);
}

Test(monitor, ignores_what_a_terminal_sends)
{
    struct world w;
    long pid;

    world_setup(&w);
    pid = world_monitor_pid(&w);
    kill((pid_t)pid, SIGINT);
    kill((pid_t)pid, SIGHUP);
    kill((pid_t)pid, SIGPIPE);
    world_settle(&w);
    cr_assert(process_lives(pid));
    cr_assert_eq(w.link.ready, 1);
    world_teardown(&w);
}

Test(monitor, the_newest_daemon_wins)
{
    struct world w;
    struct world_link second;

    world_setup(&w);
    world_link_open(&w, &second);
    world_wait(&w, link_is_broken, &w.link, "the older link to break");
    cr_assert_eq(w.link.gone, 0);
    cr_assert(monitor_is_ready(second.monitor));
    world_link_close(&w, &w.link);
    world_link_close(&w, &second);
    world_teardown(&w);
}

Test(monitor, a_second_one_in_the_same_folder_says_so_and_ends)
{
    struct world w;
    char command[1024], *text;

    world_setup(&w);
    snprintf(command, sizeof(command), "'%s' --dir '%s' --node n1 2> '%s/second'", w.program, w.dir,
             w.dir);
    cr_assert_eq(WEXITSTATUS(system(command)), 1);
    text = world_read(&w, "second");
    cr_assert_not_null(strstr(text, "another monitor"), "%s", text);
    free(text);
    world_settle(&w);
    world_teardown(&w);
}

Test(monitor, its_socket_is_for_its_owner_only)
{
    struct world w;
    struct stat st;

    world_setup(&w);
    cr_assert_eq(stat(world_path(&w, "monitor.sock"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    world_teardown(&w);
}

static bool has_failed(void *data)
{
    return ((struct world_link *)data)->failed > 0;
}

Test(monitor, one_that_cannot_be_started_is_reported)
{
    struct world w;
    char program[sizeof(w.program)];

    world_setup_bare(&w);
    strcpy(program, w.program);
    strcpy(w.program, "/does/not/exist");
    world_link_begin(&w, &w.link);
    world_wait(&w, has_failed, &w.link, "failed()");
    cr_assert_eq(w.link.failed_code, ERROR_RESMON_CREATE_FAILED);
    world_link_close(&w, &w.link);

    strcpy(w.program, "/bin/false");
    world_link_begin(&w, &w.link);
    world_wait(&w, has_failed, &w.link, "failed()");
    cr_assert_eq(w.link.failed_code, ERROR_RESMON_ONLINE_FAILED);
    world_link_close(&w, &w.link);
    strcpy(w.program, program);
    world_teardown(&w);
}

/* ------------------------------------------------------------------------- lease */

Test(lease_in_monitor, when_it_expires_everything_ends_whatever_the_daemon_does)
{
    struct world w;
    long pid, escaped;

    world_setup(&w);
    service(&w, RES);
    world_online(&w, DUMMY, "dummy", NULL);
    world_wait_state(&w, DUMMY, MONITOR_ONLINE);
    pid = world_resource(&w, RES)->pid;
    escaped = world_read_pid(&w, "escaped");
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() + 200);
    world_settle(&w);
    world_link_close(&w, &w.link);
    world_wait_dead(&w, pid);
    world_wait_dead(&w, escaped);

    world_link_open(&w, &w.link);
    world_wait_state(&w, RES, MONITOR_FAILED);
    world_wait_state(&w, DUMMY, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_CLUSTER_NODE_DOWN);
    cr_assert_str_eq(world_resource(&w, RES)->text, "lease expired");
    world_teardown(&w);
}

Test(lease_in_monitor, once_over_nothing_starts_until_it_is_set_anew)
{
    struct world w;

    world_setup(&w);
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() - 1);
    world_online(&w, DUMMY, "dummy", NULL);
    world_wait_state(&w, DUMMY, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, DUMMY)->code, ERROR_CLUSTER_NODE_DOWN);
    monitor_set_lease(w.link.monitor, 43, clock_boot_ms() + 60000);
    world_online(&w, DUMMY, "dummy", NULL);
    world_wait_state(&w, DUMMY, MONITOR_ONLINE);
    world_teardown(&w);
}

Test(lease_in_monitor, renewals_keep_everything_going)
{
    struct world w;
    uint64_t until_ms;

    world_setup(&w);
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() + 20000);
    world_online(&w, DUMMY, "dummy", NULL);
    world_wait_state(&w, DUMMY, MONITOR_ONLINE);
    until_ms = clock_boot_ms() + 300;
    while (clock_boot_ms() < until_ms) {
        monitor_set_lease(w.link.monitor, 42, clock_boot_ms() + 20000);
        world_settle(&w);
    }
    cr_assert_eq(world_resource(&w, DUMMY)->state, MONITOR_ONLINE);
    world_teardown(&w);
}

/* A monitor that was frozen past its deadline finds, on waking, an order and a
 * renewal in its socket. It must end everything before it reads them. */
Test(lease_in_monitor, a_frozen_monitor_acts_on_the_lease_before_it_reads)
{
    struct world w;
    uint64_t up;
    long monitor;

    world_setup(&w);
    up = world_online(&w, DUMMY, "dummy", NULL);
    world_wait_life(&w, DUMMY, up, MONITOR_ONLINE);
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() + 300);
    world_settle(&w);
    monitor = world_monitor_pid(&w);
    kill((pid_t)monitor, SIGSTOP);
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() + 60000);
    uv_run(&w.loop, UV_RUN_NOWAIT);
    usleep(400000);
    kill((pid_t)monitor, SIGCONT);
    world_wait_life(&w, DUMMY, up, MONITOR_FAILED);
    cr_assert_str_eq(world_resource(&w, DUMMY)->text, "lease expired");
    world_teardown(&w);
}
