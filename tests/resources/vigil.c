/* When the watchdog is held, fed and starved, with a pipe in the place of the device. */
#include "resources/vigil.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/reset_mark.h"
#include "resources/lease.h"

enum { PATIENCE_MS = 60000 };

static int least_s, device_s;
static unsigned device_sets; /* Which may make it count anew. */

static int fake_control(int fd, unsigned long request, int *seconds)
{
    (void)fd;
    if (request == WDIOC_SETTIMEOUT) {
        device_sets++;
        device_s = *seconds < least_s ? least_s : *seconds;
    }
    *seconds = device_s;
    return 0;
}

struct world {
    uv_loop_t loop;
    uv_timer_t tick;
    char dir[64], path[96], message[256];
    int reader;
    struct lease *lease;
    struct vigil vigil;
    unsigned broken;
    unsigned fed; /* Bytes read that are not the magic one. */
    bool closed;  /* By the magic one. */
};

static void on_nothing(void *data)
{
    (void)data;
}

static void on_broken(const char *text, void *data)
{
    cr_assert_neq(text[0], '\0');
    ((struct world *)data)->broken++;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void setup(struct world *w, enum self_fence how, unsigned lease_ms)
{
    struct watchdog watchdog;

    *w = (struct world){.dir = "/tmp/holdfast-vigil-XXXXXX"};
    least_s = 1;
    cr_assert_not_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/watchdog", w->dir);
    cr_assert_eq(mkfifo(w->path, 0600), 0);
    w->reader = open(w->path, O_RDONLY | O_NONBLOCK);
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->tick);
    uv_timer_start(&w->tick, on_tick, 10, 10);
    cr_assert_eq(lease_open(&w->loop, on_nothing, on_nothing, NULL, &w->lease), 0);
    lease_set(w->lease, 5, clock_boot_ms() + lease_ms);
    watchdog_init(&watchdog, how, w->path, w->path);
    watchdog.control = fake_control;
    vigil_init(&w->vigil, &w->loop, &watchdog, w->lease, w->dir, on_broken, w);
}

static void look(struct world *w, bool overdue, bool guarded, uint32_t budget_ms)
{
    vigil_look(&w->vigil, &(struct vigil_facts){overdue, guarded, budget_ms});
}

static void teardown(struct world *w)
{
    look(w, false, false, 0);
    vigil_close(&w->vigil);
    lease_close(w->lease);
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&w->loop), 0);
    close(w->reader);
    unlink(w->path);
    cr_assert_eq(rmdir(w->dir), 0);
}

static void hear(struct world *w)
{
    char byte;

    while (read(w->reader, &byte, 1) == 1) {
        w->fed += byte != 'V';
        w->closed |= byte == 'V';
    }
}

static void run_until(struct world *w, uint64_t at_ms)
{
    while (clock_boot_ms() < at_ms) {
        uv_run(&w->loop, UV_RUN_ONCE);
        hear(w);
    }
}

static void wait_fed(struct world *w, unsigned more)
{
    uint64_t patience_ms = clock_boot_ms() + PATIENCE_MS;

    for (unsigned until = w->fed + more; w->fed < until;) {
        cr_assert_lt(clock_boot_ms(), patience_ms);
        uv_run(&w->loop, UV_RUN_ONCE);
        hear(w);
    }
}

static void wait_armed(struct world *w)
{
    uint64_t patience_ms = clock_boot_ms() + PATIENCE_MS;

    while (w->vigil.watchdog.held) {
        cr_assert_lt(clock_boot_ms(), patience_ms);
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    hear(w);
}

static uint32_t admit(struct world *w, uint32_t budget_ms)
{
    return vigil_admit(&w->vigil, budget_ms, w->message, sizeof w->message);
}

Test(vigil, feeds_while_something_needs_it_and_closes_when_nothing_does)
{
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 62000); /* And a moment of it is gone when it is asked. */
    hear(&w);
    cr_assert_eq(w.fed, 0);
    cr_assert_eq(admit(&w, 5000), 0);
    look(&w, false, true, 5000);
    cr_assert_eq(device_s, 20, "a quarter of the lease and the budget");
    wait_fed(&w, 5);
    cr_assert_not(w.closed);
    look(&w, false, false, 0);
    hear(&w);
    cr_assert(w.closed);
    cr_assert_not(watchdog_is_armed(&w.vigil.watchdog));
    teardown(&w);
}

/* Invariant: fed only while a reset that begins to count comes before the end of lease and
 * budget. Fed late by a loaded machine it is only safer. */
Test(vigil, starves_it_in_time_when_the_lease_is_not_renewed)
{
    uint64_t end_ms;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 3000);
    end_ms = lease_end_ms(w.lease);
    cr_assert_eq(admit(&w, 600), 0);
    look(&w, false, true, 600);
    cr_assert_eq(device_s, 1);
    run_until(&w, end_ms + 600 - 1000 + VIGIL_FEED_MS);
    unsigned fed = w.fed;
    run_until(&w, end_ms + 200);
    cr_assert_eq(w.fed, fed);
    cr_assert_not(w.closed);
    lease_set(w.lease, 6, clock_boot_ms() + 62000);
    wait_fed(&w, 1); /* Renewed after all: another chance. */
    teardown(&w);
}

/* Invariant: the mark is there from before the watchdog is held for something until nothing
 * needs it any more. */
Test(vigil, marks_that_something_needs_a_reset_until_all_of_it_has_ended)
{
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 62000);
    cr_assert_neq(admit(&w, 0), 0);
    cr_assert_not(reset_mark_is_set(w.dir));
    unlink(w.path); /* Not to be opened. */
    cr_assert_neq(admit(&w, 5000), 0);
    cr_assert_not(reset_mark_is_set(w.dir));
    cr_assert_eq(mkfifo(w.path, 0600), 0);
    close(w.reader);
    w.reader = open(w.path, O_RDONLY | O_NONBLOCK);
    cr_assert_eq(admit(&w, 5000), 0);
    cr_assert(reset_mark_is_set(w.dir));
    look(&w, false, true, 5000);
    cr_assert_neq(admit(&w, 0), 0); /* Another one. */
    cr_assert(reset_mark_is_set(w.dir));
    look(&w, true, true, 5000);
    wait_armed(&w);
    cr_assert(reset_mark_is_set(w.dir));
    look(&w, true, false, 0); /* What is left ends with the monitor's lock. */
    cr_assert_not(reset_mark_is_set(w.dir));
    teardown(&w);
}

Test(vigil, does_not_admit_what_it_cannot_mark)
{
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 62000);
    w.vigil.dir = "/nonexistent";
    cr_assert_eq(admit(&w, 5000), ERROR_FILE_NOT_FOUND);
    cr_assert_not_null(strstr(w.message, "/nonexistent/monitor.reset"));
    cr_assert_not(watchdog_is_armed(&w.vigil.watchdog));
    w.vigil.dir = w.dir;
    teardown(&w);
}

Test(vigil, does_not_admit_what_it_cannot_make_sure_of)
{
    struct world w;

    setup(&w, SELF_FENCE_REBOOT, 62000);
    cr_assert_eq(admit(&w, 5000), ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR);
    cr_assert_not_null(strstr(w.message, "self = watchdog"));
    teardown(&w);

    setup(&w, SELF_FENCE_WATCHDOG, 2000);
    cr_assert_eq(admit(&w, VIGIL_BUDGET_MS_MIN - 1), ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR);
    hear(&w);
    cr_assert_eq(w.fed, 0);
    least_s = 60; /* It has one time only. */
    cr_assert_eq(admit(&w, 5000), ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR);
    cr_assert_not_null(strstr(w.message, "takes 60 s at least"));
    hear(&w);
    cr_assert(w.closed);
    cr_assert_eq(admit(&w, 60000), 0, "with that much time it will do: %s", w.message);
    teardown(&w);

    setup(&w, SELF_FENCE_WATCHDOG, 2000);
    unlink(w.path);
    cr_assert_eq(admit(&w, 5000), ERROR_FILE_NOT_FOUND);
    cr_assert_eq(mkfifo(w.path, 0600), 0);
    teardown(&w);
}

Test(vigil, one_that_is_not_admitted_changes_nothing_for_the_others)
{
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 2000);
    least_s = 8;
    cr_assert_eq(admit(&w, 60000), 0);
    look(&w, false, true, 60000);
    cr_assert_neq(admit(&w, 5000), 0);
    cr_assert_eq(w.broken, 0);
    cr_assert(w.vigil.watchdog.held);
    cr_assert_eq(w.vigil.facts.budget_ms, 60000);
    lease_set(w.lease, 5, clock_boot_ms() + 60000);
    wait_fed(&w, 2);
    teardown(&w);
}

Test(vigil, tells_when_it_can_feed_no_more)
{
    uint64_t patience_ms = clock_boot_ms() + PATIENCE_MS;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 62000);
    cr_assert_eq(admit(&w, 5000), 0);
    look(&w, false, true, 5000);
    close(w.reader); /* The next write fails: EPIPE. */
    signal(SIGPIPE, SIG_IGN);
    while (w.broken == 0) {
        cr_assert_lt(clock_boot_ms(), patience_ms);
        uv_run(&w.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(w.broken, 1);
    w.reader = open("/dev/null", O_RDONLY);
    teardown(&w);
}

Test(vigil, arms_what_it_holds_when_something_cannot_be_ended_and_holds_it_again_after)
{
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 62000);
    cr_assert_eq(admit(&w, 5000), 0);
    look(&w, false, true, 5000);
    look(&w, true, true, 5000);
    wait_armed(&w);
    cr_assert_eq(device_s, 1);
    unsigned fed = w.fed;
    run_until(&w, clock_boot_ms() + 3 * VIGIL_FEED_MS);
    cr_assert_eq(w.fed, fed);
    cr_assert_neq(admit(&w, 5000), 0); /* Nothing more starts here. */
    look(&w, false, true, 5000);
    wait_fed(&w, 3);
    cr_assert_eq(device_s, 20);
    teardown(&w);
}

/* --------------------------------------------- the lease is over, or about to be */

/* It counts already, and resets the node at the end of lease and budget. Half a second after
 * the lease, the shortest time would be later; and all the more if it were held again, once
 * what could not be ended has ended. */
Test(vigil, does_not_put_off_a_reset_by_arming_or_standing_down)
{
    uint64_t end_ms;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 3000);
    end_ms = lease_end_ms(w.lease);
    cr_assert_eq(admit(&w, 1000), 0);
    look(&w, false, true, 1000);
    cr_assert_eq(device_s, 1);
    run_until(&w, end_ms + 1);
    unsigned fed = w.fed, sets = device_sets;
    look(&w, true, true, 1000);
    wait_armed(&w);
    cr_assert_eq(w.fed, fed);
    cr_assert_eq(device_sets, sets);
    look(&w, false, true, 1000);
    run_until(&w, clock_boot_ms() + 3 * VIGIL_FEED_MS);
    cr_assert_eq(w.fed, fed);
    cr_assert_eq(device_sets, sets);
    cr_assert_not(w.closed);
    cr_assert_eq(admit(&w, 60000), ERROR_INVALID_STATE);
    cr_assert_eq(w.broken, 0);
    look(&w, false, false, 0);
    hear(&w);
    cr_assert(w.closed); /* All has ended after all. */
    teardown(&w);
}

/* The driver's shortest time is longer than a second. */
Test(vigil, does_not_put_off_a_reset_by_what_the_driver_takes)
{
    uint64_t end_ms;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 3000);
    end_ms = lease_end_ms(w.lease);
    least_s = 8;
    cr_assert_eq(admit(&w, 8000), 0);
    look(&w, false, true, 8000);
    run_until(&w, end_ms + 1);
    unsigned fed = w.fed, sets = device_sets;
    look(&w, true, true, 8000);
    wait_armed(&w);
    cr_assert_eq(w.fed, fed);
    cr_assert_eq(device_sets, sets);
    teardown(&w);
}

/* With a long budget there is time to arm it; and what needs it has the rest of its budget
 * when only that is left, but not as long a time-out as before. */
Test(vigil, holds_with_the_shortest_time_what_was_armed_after_the_lease)
{
    uint64_t end_ms;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 3000);
    end_ms = lease_end_ms(w.lease);
    cr_assert_eq(admit(&w, 30000), 0);
    look(&w, false, true, 30000);
    cr_assert_eq(device_s, 30);
    run_until(&w, end_ms + 1);
    look(&w, true, true, 30000);
    wait_armed(&w);
    cr_assert_eq(device_s, 1);
    look(&w, false, true, 30000);
    cr_assert_eq(device_s, 1);
    wait_fed(&w, 3);
    cr_assert_eq(w.broken, 0);
    teardown(&w);
}

/* It starves since the lease runs out; one more that needs it does not change that. */
Test(vigil, does_not_admit_what_would_put_off_a_reset)
{
    uint64_t end_ms;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 3000);
    end_ms = lease_end_ms(w.lease);
    cr_assert_eq(admit(&w, 600), 0);
    look(&w, false, true, 600);
    run_until(&w, end_ms + 600 - 1000 + VIGIL_FEED_MS);
    unsigned fed = w.fed, sets = device_sets;
    cr_assert_eq(admit(&w, 600), ERROR_RETRY);
    cr_assert_not_null(strstr(w.message, "lease runs out"));
    cr_assert_eq(admit(&w, 60000), ERROR_RETRY);
    run_until(&w, clock_boot_ms() + 2 * VIGIL_FEED_MS);
    cr_assert_eq(w.fed, fed);
    cr_assert_eq(device_sets, sets);
    cr_assert_eq(w.broken, 0);
    lease_set(w.lease, 6, clock_boot_ms() + 62000);
    cr_assert_eq(admit(&w, 600), 0, "renewed after all: %s", w.message);
    wait_fed(&w, 2);
    teardown(&w);
}

/* What runs has more time than what is to start. */
Test(vigil, admits_nothing_for_which_it_is_too_late_already)
{
    uint64_t end_ms;
    struct world w;

    setup(&w, SELF_FENCE_WATCHDOG, 3000);
    end_ms = lease_end_ms(w.lease);
    cr_assert_eq(admit(&w, 30000), 0);
    look(&w, false, true, 30000);
    run_until(&w, end_ms - 400 + VIGIL_FEED_MS);
    unsigned sets = device_sets;
    cr_assert_eq(admit(&w, 600), ERROR_RETRY);
    cr_assert_eq(device_sets, sets);
    cr_assert_eq(w.vigil.facts.budget_ms, 30000);
    teardown(&w);
}
