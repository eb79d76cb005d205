/* Generic Application: what it starts, and that nothing of it stays. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/resources/world.h"

enum { RES = 7 };

/* Scripts that are to stop in good order sleep in short steps: what a shell is
 * just starting when SIGTERM comes may miss it, and is waited for.
 *
 * A service that marks itself with the test's folder and waits for ever. The
 * folder is its working directory, so files it writes are the test's. */
#define SERVICE(w, command)                                                                   \
    world_online((w), RES, "process", "CommandLine", (command), "CurrentDirectory", (w)->dir, \
                 "Environment", mark(w), NULL)

static const char *mark(const struct world *w)
{
    static char text[80];

    snprintf(text, sizeof(text), "TEST_DIR=%s", w->dir);
    return text;
}

static void assert_text(struct world *w, const char *contains)
{
    const char *text = world_resource(w, RES)->text;

    cr_assert_not_null(strstr(text, contains), "\"%s\" lacks \"%s\"", text, contains);
}

/* Nothing but the monitor is left of everything that names the folder. */
static void assert_only_monitor(struct world *w)
{
    cr_assert_eq(world_processes(w), 1);
}

Test(process, runs_its_command_and_tells_its_pid)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "echo $$ > pid; exec sleep 1000");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    cr_assert_eq(world_resource(&w, RES)->pid, world_read_pid(&w, "pid"));
    cr_assert(process_lives(world_resource(&w, RES)->pid));
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, its_death_is_noticed_and_told_with_its_status)
{
    struct world w;
    uint64_t up;

    world_setup(&w);
    up = SERVICE(&w, "exit 3");
    world_wait_life(&w, RES, up, MONITOR_FAILED);
    assert_text(&w, "exited with status 3");
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_FAILED);
    SERVICE(&w, "exec sleep 1000");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    kill((pid_t)world_resource(&w, RES)->pid, SIGKILL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    assert_text(&w, "killed by signal 9");
    world_teardown(&w);
}

Test(process, when_the_main_process_ends_the_rest_is_ended_too)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "setsid sleep 1000 & (setsid sleep 1000 &) ; sleep 0.2; exit 0");
    world_wait_state(&w, RES, MONITOR_FAILED);
    assert_text(&w, "exited with status 0");
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, terminate_ends_what_forked_twice_and_left_the_session)
{
    struct world w;
    long escaped, deeper;

    world_setup(&w);
    SERVICE(&w, "(setsid sh -c 'trap \"\" TERM; echo $$ > escaped; "
                "(setsid sh -c \"echo \\$\\$ > deeper; exec sleep 1000\" &); "
                "while :; do sleep 1000; done' &) ; exec sleep 1000");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    escaped = world_read_pid(&w, "escaped");
    deeper = world_read_pid(&w, "deeper");
    cr_assert(process_lives(escaped) && process_lives(deeper));
    monitor_terminate(w.link.monitor, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    cr_assert(!process_lives(escaped));
    cr_assert(!process_lives(deeper));
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, terminate_ends_a_tree_that_keeps_forking)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "for i in $(seq 400); do setsid sleep 0.3 & sleep 0.02; "
                "setsid sh -c ': > forked; sleep 20' & done; sleep 20");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "forked", "");
    monitor_terminate(w.link.monitor, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, stops_by_sigterm_to_its_group)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "trap 'echo bye >> said; exit 0' TERM; "
                ": > up; while :; do sleep 0.05; done");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "up", "");
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_wait_file(&w, "said", "bye\n");
    cr_assert_str_eq(world_resource(&w, RES)->text, "offline");
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, what_the_main_process_leaves_behind_has_time_to_stop_too)
{
    struct world w;
    char *said;

    world_setup(&w);
    SERVICE(&w, "(trap 'sleep 0.3; echo saved >> said; exit 0' TERM; "
                ": > up; while :; do sleep 0.05; done) & trap 'exit 0' TERM; wait");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "up", "");
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    said = world_read(&w, "said");
    cr_assert_str_eq(said, "saved\n"); /* Once: SIGTERM was not sent twice. */
    free(said);
    world_teardown(&w);
}

Test(process, one_that_ignores_sigterm_is_killed_after_stop_timeout)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "process", "CommandLine",
                 "trap '' TERM; : > up; while :; do sleep 1000; done", "CurrentDirectory", w.dir,
                 "Environment", mark(&w), "StopTimeout", "300", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "up", "");
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    assert_text(&w, "did not stop in StopTimeout (300 ms)");
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, instruction_0_kills_at_once)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "trap 'echo bye > said; exit 0' TERM; : > up; while :; do sleep 0.05; done");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "up", "");
    world_offline_dword(&w, RES, "Generic Application", 0);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    cr_assert_null(world_read(&w, "said"));
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, instruction_1_stops_in_good_order_and_others_are_refused)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "trap 'echo bye > said; exit 0' TERM; : > up; while :; do sleep 0.05; done");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "up", "");
    world_offline_dword(&w, RES, "process", 1);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_wait_file(&w, "said", "bye");
    SERVICE(&w, "exec sleep 1000");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline_dword(&w, RES, "process", 2);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_INVALID_DATA);
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, a_stop_command_is_run_instead_of_sigterm)
{
    struct world w;
    char *said;

    world_setup(&w);
    world_online(&w, RES, "process", "CommandLine",
                 "trap 'echo term >> said' TERM; : > up; while [ ! -e stop ]; do sleep 0.02; done",
                 "CurrentDirectory", w.dir, "Environment", mark(&w), "StopCommand",
                 "echo stop >> said; : > stop", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_file(&w, "up", "");
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    said = world_read(&w, "said");
    cr_assert_str_eq(said, "stop\n");
    free(said);
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, a_stop_command_that_fails_is_followed_by_sigterm)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "process", "CommandLine", "exec sleep 1000", "CurrentDirectory", w.dir,
                 "Environment", mark(&w), "StopCommand", "false", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    cr_assert_str_eq(world_resource(&w, RES)->text, "offline");
    world_teardown(&w);
}

Test(process, is_online_only_when_the_ready_command_succeeds)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "process", "CommandLine", "exec sleep 1000", "CurrentDirectory", w.dir,
                 "Environment", mark(&w), "ReadyCommand", "echo try >> tries; test -e ready",
                 "ReadyInterval", "20", NULL);
    world_wait_file(&w, "tries", "try\ntry\ntry\n");
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_ONLINE_PENDING);
    fclose(fopen(world_path(&w, "ready"), "w"));
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(process, a_ready_command_that_never_succeeds_runs_into_the_pending_time_out)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "process");
    order.pending_timeout_ms = 300;
    world_order(&w, order, "CommandLine", "exec sleep 1000", "CurrentDirectory", w.dir,
                "Environment", mark(&w), "ReadyCommand", "setsid sleep 1000", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_CALL_TIMED_OUT);
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, a_check_command_that_fails_is_a_failure)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "process");
    order.is_alive_ms = 20;
    world_order(&w, order, "CommandLine", "exec sleep 1000", "CurrentDirectory", w.dir,
                "Environment", mark(&w), "CheckCommand", "echo c >> checks; test ! -e sick", NULL);
    world_wait_file(&w, "checks", "c\nc\nc\n");
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_ONLINE);
    fclose(fopen(world_path(&w, "sick"), "w"));
    world_wait_state(&w, RES, MONITOR_FAILED);
    assert_text(&w, "CheckCommand exited with status 1");
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, finds_its_environment_and_folder)
{
    struct world w;
    char *env;

    world_setup(&w);
    SERVICE(&w, "env > env.new; pwd > cwd; ls -l /proc/self/fd > fds; mv env.new env; "
                "exec sleep 1000");
    world_wait_file(&w, "env", "HOLDFAST_TOKEN=7777\n");
    world_wait_file(&w, "env", "HOLDFAST_NODE=n1\n");
    world_wait_file(&w, "env", "HOLDFAST_GROUP=grp\n");
    world_wait_file(&w, "env", "HOLDFAST_RESOURCE=res\n");
    world_wait_file(&w, "env", mark(&w));
    world_wait_file(&w, "env", "PATH=");
    world_wait_file(&w, "cwd", w.dir);
    env = world_read(&w, "fds");
    /* Nothing of the monitor: no socket, no lock, no event loop. */
    cr_assert_null(strstr(env, "socket:"));
    cr_assert_null(strstr(env, "monitor.lock"));
    cr_assert_null(strstr(env, "anon_inode"));
    free(env);
    monitor_terminate(w.link.monitor, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(process, its_output_goes_to_a_log_of_its_own)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "echo to stdout; echo to stderr >&2; read line || echo no input; exec sleep 1000");
    world_wait_file(&w, "resources/res.log", "to stdout\nto stderr\nno input\n");
    world_online(&w, RES, "process", "CommandLine", "echo again; exit 1", NULL);
    world_wait_file(&w, "resources/res.log", "no input\nagain\n");
    world_wait_state(&w, RES, MONITOR_FAILED);
    world_teardown(&w);
}

/* The signals of a line "SigIgn:\t<hexadecimal>" of /proc/PID/status. */
static uint64_t signals_of(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    cr_assert_not_null(at);
    return strtoull(at + strlen(line), NULL, 16);
}

Test(process, signals_are_as_from_a_shell)
{
    const uint64_t standard = (UINT64_C(1) << 31) - 1;
    struct world w;
    char *status;

    world_setup(&w);
    SERVICE(&w, "grep -E '^Sig(Blk|Ign)' /proc/self/status > s; mv s signals; exec sleep 1000");
    world_wait_file(&w, "signals", "SigIgn");
    status = world_read(&w, "signals");
    cr_assert_eq(signals_of(status, "SigBlk:") & standard, 0);
    cr_assert_eq(signals_of(status, "SigIgn:") & standard, 0);
    free(status);
    monitor_terminate(w.link.monitor, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(process, what_cannot_be_started_never_reads_online)
{
    struct world w;
    uint64_t up;
    char *line;

    world_setup(&w);
    up = world_online(&w, RES, "process", "CommandLine", "exec sleep 1000", "CurrentDirectory",
                      "/does/not/exist", NULL);
    world_wait_life(&w, RES, up, MONITOR_FAILED);
    assert_text(&w, "working directory");
    line = xasprintf("%d:%" PRIu64 ":%d\n", RES, up, (int)MONITOR_ONLINE);
    cr_assert_null(strstr(w.link.history, line));
    free(line);
    up = world_online(&w, RES, "process", "CommandLine", "exec sleep 1000", "User",
                      "nobody-of-that-name", NULL);
    world_wait_life(&w, RES, up, MONITOR_FAILED);
    assert_text(&w, "user");
    world_teardown(&w);
}

Test(process, runs_as_another_user)
{
    struct world w;
    char *id;

    if (geteuid() != 0)
        cr_skip_test("only root can become another user");
    world_setup(&w);
    world_online(&w, RES, "process", "CommandLine", "id -un; id -gn; echo $HOME; exec sleep 1000",
                 "Environment", mark(&w), "User", "nobody", NULL);
    world_wait_file(&w, "resources/res.log", "nobody\nnogroup\n");
    id = world_read(&w, "resources/res.log");
    cr_assert_null(strstr(id, "/root"));
    free(id);
    monitor_terminate(w.link.monitor, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(process, when_its_guardian_is_killed_everything_of_it_ends)
{
    struct world w;
    long guardian, escaped;

    world_setup(&w);
    SERVICE(&w, "(setsid sh -c 'echo $$ > escaped; exec sleep 1000' &) ; exec sleep 1000");
    world_wait_state(&w, RES, MONITOR_ONLINE);
    escaped = world_read_pid(&w, "escaped");
    guardian = process_parent(world_resource(&w, RES)->pid);
    cr_assert_eq(process_parent(guardian), world_monitor_pid(&w));
    kill((pid_t)guardian, SIGKILL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    assert_text(&w, "guardian");
    cr_assert(!process_lives(escaped));
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, a_killed_guardian_takes_no_other_resource_along)
{
    struct world w;

    world_setup(&w);
    SERVICE(&w, "exec sleep 1000");
    world_online(&w, RES + 1, "process", "CommandLine", "(setsid sleep 1000 &); exec sleep 1000",
                 "Environment", mark(&w), NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_wait_state(&w, RES + 1, MONITOR_ONLINE);
    kill((pid_t)process_parent(world_resource(&w, RES)->pid), SIGKILL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES + 1)->state, MONITOR_ONLINE);
    cr_assert(process_lives(world_resource(&w, RES + 1)->pid));
    world_teardown(&w);
}

Test(process, an_offline_before_it_has_started_ends_it_too)
{
    struct world w;
    uint64_t down;

    world_setup(&w);
    SERVICE(&w, "exec sleep 1000");
    down = world_offline(&w, RES);
    world_wait_life(&w, RES, down, MONITOR_OFFLINE);
    cr_assert_str_eq(world_resource(&w, RES)->text, "offline"); /* Not by StopTimeout. */
    assert_only_monitor(&w);
    world_teardown(&w);
}

Test(process, dozens_run_and_end_side_by_side)
{
    struct world w;
    enum { MANY = 40 };

    world_setup(&w);
    for (uint64_t id = 1; id <= MANY; id++)
        world_online(&w, id, "process", "CommandLine", "(setsid sleep 1000 &); exec sleep 1000",
                     "Environment", mark(&w), NULL);
    for (uint64_t id = 1; id <= MANY; id++)
        world_wait_state(&w, id, MONITOR_ONLINE);
    for (uint64_t id = 1; id <= MANY; id++)
        world_offline(&w, id);
    for (uint64_t id = 1; id <= MANY; id++)
        world_wait_state(&w, id, MONITOR_OFFLINE);
    assert_only_monitor(&w);
    world_teardown(&w);
}
