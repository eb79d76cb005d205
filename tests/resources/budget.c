/* What the end of a lease leaves to a resource with a TerminateBudget, what that asks of a
 * node (SelfFencing), and how soon hundreds are gone. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

#include "base/clock.h"
#include "base/error.h"
#include "tests/resources/world.h"

enum { RES = 7 };

static const char *mark(const struct world *w)
{
    static char text[80];

    snprintf(text, sizeof(text), "TEST_DIR=%s", w->dir);
    return text;
}

static uint64_t begin(struct world *w, uint64_t id, const char *command, uint32_t budget_ms)
{
    struct monitor_order order = world_default_order(w, id, "process");

    order.budget_ms = budget_ms;
    world_order(w, order, "CommandLine", command, "CurrentDirectory", w->dir, "Environment",
                mark(w), "StopTimeout", "60000", NULL);
    world_wait_state(w, id, MONITOR_ONLINE);
    return order.operation;
}

#define STUBBORN "trap 'echo told >> told' TERM; echo up > up; while :; do sleep 0.05; done"

Test(budget, lets_it_stop_in_order_when_the_lease_is_over)
{
    struct world w;

    world_setup(&w);
    begin(&w, RES,
          "trap 'sleep 0.3; echo done > stopped; exit' TERM; echo up > up; "
          "while :; do sleep 0.05; done",
          60000);
    world_wait_file(&w, "up", "up");
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() - 1);
    world_wait_state(&w, RES, MONITOR_FAILED);
    world_wait_file(&w, "stopped", "done");
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_CLUSTER_NODE_DOWN);
    cr_assert_str_eq(world_resource(&w, RES)->text, "lease expired");
    /* Never told of as anything else than being ended. */
    cr_assert_null(strstr(w.link.history, ":3\n"));
    world_teardown(&w);
}

Test(budget, when_it_is_used_up_everything_is_ended)
{
    uint64_t end_ms;
    struct world w;

    world_setup(&w);
    begin(&w, RES, STUBBORN, 1500);
    world_wait_file(&w, "up", "up");
    end_ms = clock_boot_ms() + 300;
    monitor_set_lease(w.link.monitor, 42, end_ms);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_geq(clock_boot_ms(), end_ms + 1500);
    world_wait_file(&w, "told", "told"); /* It was asked first. */
    world_teardown(&w);
}

Test(budget, of_one_is_not_that_of_another)
{
    uint64_t end_ms;
    struct world w;

    world_setup(&w);
    begin(&w, RES, STUBBORN, 60000);
    begin(&w, RES + 1, STUBBORN, 0);
    world_wait_file(&w, "up", "up");
    end_ms = clock_boot_ms();
    monitor_set_lease(w.link.monitor, 42, end_ms - 1);
    world_wait_state(&w, RES + 1, MONITOR_FAILED);
    cr_assert_lt(clock_boot_ms(), end_ms + 60000);
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_TERMINATING);
    world_teardown(&w); /* A monitor that is to end waits for no budget. */
    cr_assert_lt(clock_boot_ms(), end_ms + 60000);
}

/* What is still being stopped is not started, though the node may run things again. */
Test(budget, nothing_begins_before_it_has_stopped)
{
    struct world w;
    uint64_t second;

    world_setup(&w);
    begin(&w, RES,
          "trap 'sleep 0.5; echo done > stopped; exit' TERM; echo up > up; "
          "while :; do sleep 0.05; done",
          60000);
    world_wait_file(&w, "up", "up");
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() - 1);
    world_wait_state(&w, RES, MONITOR_TERMINATING);
    monitor_set_lease(w.link.monitor, 43, clock_boot_ms() + 60000);
    second = world_online(&w, RES, "process", "CommandLine",
                          "test -e stopped || echo early > early; exec sleep 1000",
                          "CurrentDirectory", w.dir, "Environment", mark(&w), NULL);
    world_wait_life(&w, RES, second, MONITOR_ONLINE);
    world_wait_file(&w, "stopped", "done");
    cr_assert_null(world_read(&w, "early"));
    world_teardown(&w);
}

/* The monitor sleeps: the guardian knows the budget, too. */
Test(budget, is_kept_by_the_guardian_of_a_frozen_monitor)
{
    uint64_t end_ms;
    struct world w;
    long monitor, pid;

    world_setup(&w);
    end_ms = clock_boot_ms() + 4000;
    monitor_set_lease(w.link.monitor, 42, end_ms); /* Before: or it has no timer. */
    begin(&w, RES, STUBBORN, 1500);
    world_wait_file(&w, "up", "up");
    pid = world_resource(&w, RES)->pid;
    monitor = world_monitor_pid(&w);
    kill((pid_t)monitor, SIGSTOP);
    world_wait_dead(&w, pid);
    cr_assert_geq(clock_boot_ms(), end_ms + 1500);
    kill((pid_t)monitor, SIGCONT);
    world_wait_state(&w, RES, MONITOR_FAILED);
    world_teardown(&w);
}

/* It was on its way down when the lease ended: asked once. */
Test(budget, what_is_going_offline_goes_on)
{
    struct world w;
    char *told;

    world_setup(&w);
    begin(&w, RES, STUBBORN, 700);
    world_wait_file(&w, "up", "up");
    world_offline(&w, RES);
    world_wait_file(&w, "told", "told");
    monitor_set_lease(w.link.monitor, 42, clock_boot_ms() - 1);
    world_wait_state(&w, RES, MONITOR_FAILED);
    told = world_read(&w, "told");
    cr_assert_str_eq(told, "told\n");
    free(told);
    world_teardown(&w);
}

/* ---------------------------------------------------------------- self-fencing */

Test(budget, what_needs_a_watchdog_does_not_start_without)
{
    struct monitor_order order;
    struct world w;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.self_fencing = true;
    order.budget_ms = 5000;
    world_order(&w, order, NULL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_not_null(strstr(world_resource(&w, RES)->text, "[fencing] self = watchdog"));
    cr_assert_eq(world_resource(&w, RES)->refusal, MONITOR_REFUSES_NODE);
    world_teardown(&w);

    world_setup_bare(&w);
    w.self_fence = "watchdog";
    w.watchdog = "/nonexistent/watchdog";
    world_link_open(&w, &w.link);
    order.operation = ++w.next_operation;
    world_order(&w, order, NULL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_not_null(strstr(world_resource(&w, RES)->text, "cannot be opened"));
    cr_assert_eq(world_resource(&w, RES)->refusal, MONITOR_REFUSES_NODE);
    world_teardown(&w);
}

/* ------------------------------------------------------------------------ many */

/* All are gone before the lease is over on the node's own clock: what the daemon tells the
 * monitor is the default guard_ms before that. The report that comes last is later than the
 * end of the last service. Where everything is slowed down, only that all end: how much
 * earlier it begins is tested in lease.c. */
static bool is_in_real_time(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    return !RUNNING_ON_VALGRIND;
#endif
}

Test(budget, hundreds_are_gone_before_the_lease_is_over)
{
    enum { MANY = 300, GUARD_MS = 50 };
    uint64_t deadline_ms;
    struct world w;

    world_setup(&w);
    for (uint64_t id = 1; id <= MANY; id++)
        world_online(&w, id, "process", "CommandLine", "exec sleep 1000", "Environment", mark(&w),
                     NULL);
    for (uint64_t id = 1; id <= MANY; id++)
        world_wait_state(&w, id, MONITOR_ONLINE);
    deadline_ms = clock_boot_ms() + 1500;
    monitor_set_lease(w.link.monitor, 42, deadline_ms);
    for (uint64_t id = 1; id <= MANY; id++)
        world_wait_state(&w, id, MONITOR_FAILED);
    fprintf(stderr, "the last of %d is told of %lld ms before the end of the lease\n", (int)MANY,
            (long long)(deadline_ms + GUARD_MS) - (long long)clock_boot_ms());
    if (is_in_real_time())
        cr_assert_lt(clock_boot_ms(), deadline_ms + GUARD_MS);
    world_teardown(&w);
}
