/* The lease by itself. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "base/clock.h"
#include "resources/deadline.h"
#include "resources/lease.h"

struct world {
    uv_loop_t loop;
    struct lease *lease;
    unsigned expired, late;
};

static void on_expired(void *data)
{
    ((struct world *)data)->expired++;
}

static void on_late(void *data)
{
    ((struct world *)data)->late++;
}

static void setup(struct world *w)
{
    *w = (struct world){0};
    uv_loop_init(&w->loop);
    cr_assert_eq(lease_open(&w->loop, on_expired, on_late, w, &w->lease), 0);
}

static void teardown(struct world *w)
{
    lease_close(w->lease);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&w->loop), 0);
}

Test(lease, is_not_enforced_before_it_is_set_and_at_deadline_0)
{
    struct world w;

    setup(&w);
    cr_assert(lease_check(w.lease));
    lease_set(w.lease, 5, 0);
    cr_assert(lease_check(w.lease));
    cr_assert_eq(lease_incarnation(w.lease), 5);
    cr_assert_eq(w.expired, 0);
    teardown(&w);
}

Test(lease, expires_by_itself_on_the_loop)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() + 1500);
    cr_assert(lease_check(w.lease));
    while (w.expired == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    cr_assert(!lease_check(w.lease));
    cr_assert_eq(w.expired, 1);
    teardown(&w);
}

Test(lease, expires_at_the_check_when_the_loop_did_not_run)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() + 500); /* Not yet over when it is set. */
    usleep(700000);
    cr_assert_eq(w.expired, 0);
    cr_assert(!lease_check(w.lease));
    cr_assert_eq(w.expired, 1);
    teardown(&w);
}

Test(lease, a_renewal_that_comes_too_late_does_not_undo_the_expiry)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() + 20);
    usleep(40000);
    lease_set(w.lease, 5, clock_boot_ms() + 60000);
    cr_assert_eq(w.expired, 1);
    /* It counts for what comes after. */
    cr_assert(lease_check(w.lease));
    teardown(&w);
}

Test(lease, stays_over_until_a_deadline_lies_ahead)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() - 1);
    cr_assert_eq(w.expired, 1);
    cr_assert(!lease_check(w.lease));
    cr_assert_eq(w.expired, 1);
    lease_set(w.lease, 6, clock_boot_ms() - 1);
    cr_assert(!lease_check(w.lease));
    lease_set(w.lease, 6, clock_boot_ms() + 60000);
    cr_assert(lease_check(w.lease));
    teardown(&w);
}

Test(lease, an_earlier_deadline_of_the_same_incarnation_changes_nothing)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() + 60000);
    lease_set(w.lease, 5, clock_boot_ms() - 1);
    cr_assert(lease_check(w.lease));
    cr_assert_eq(w.expired, 0);
    teardown(&w);
}

/* ---------------------------------------------------------------- many services */

Test(lease, ends_earlier_for_each_service_that_runs)
{
    uint64_t deadline_ms = clock_boot_ms() + 60000;
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, deadline_ms);
    cr_assert_eq(lease_end_ms(w.lease), deadline_ms);
    lease_burden(w.lease, 300);
    cr_assert_eq(lease_end_ms(w.lease), deadline_ms - 300 * ALLOWANCE_US / 1000);
    cr_assert_eq(lease_deadline(w.lease)->at_ms, lease_end_ms(w.lease)); /* Guardians', too. */
    lease_set(w.lease, 5, deadline_ms + 1000);
    cr_assert_eq(lease_end_ms(w.lease), deadline_ms + 1000 - 300 * ALLOWANCE_US / 1000);
    lease_burden(w.lease, 0);
    cr_assert_eq(lease_end_ms(w.lease), deadline_ms + 1000);
    teardown(&w);
}

Test(lease, keeps_half_of_what_a_renewal_brings_however_much_runs)
{
    uint64_t now_ms = clock_boot_ms();
    struct world w;

    setup(&w);
    lease_burden(w.lease, 65536);
    lease_set(w.lease, 5, now_ms + 60000);
    cr_assert(lease_check(w.lease));
    cr_assert_geq(lease_end_ms(w.lease), now_ms + 30000);
    cr_assert_eq(w.expired, 0);
    teardown(&w);
}

Test(lease, with_what_runs_it_is_over_before_the_daemons_deadline)
{
    uint64_t deadline_ms = clock_boot_ms() + 3000;
    struct world w;

    setup(&w);
    lease_burden(w.lease, 1000); /* 400 ms. */
    lease_set(w.lease, 5, deadline_ms);
    while (w.expired == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    cr_assert_eq(lease_end_ms(w.lease), deadline_ms - 400);
    lease_burden(w.lease, 0); /* All have ended: it is over all the same. */
    cr_assert(!lease_check(w.lease));
    cr_assert_eq(lease_deadline(w.lease)->at_ms, deadline_ms - 400);
    teardown(&w);
}

/* ------------------------------------------------------------------- reminders */

Test(lease, reminds_when_the_time_has_come_also_when_it_is_over)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() - 1);
    lease_remind(w.lease, clock_boot_ms() + 50);
    while (w.late == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    cr_assert_eq(w.late, 1);
    cr_assert_eq(w.expired, 1);
    lease_set(w.lease, 6, clock_boot_ms() + 60000);
    lease_remind(w.lease, clock_boot_ms() + 50);
    while (w.late == 1)
        uv_run(&w.loop, UV_RUN_ONCE);
    cr_assert_eq(w.expired, 1);
    teardown(&w);
}

Test(lease, who_slept_is_told_of_the_end_and_of_the_reminder_that_followed)
{
    struct world w;

    setup(&w);
    lease_set(w.lease, 5, clock_boot_ms() + 20);
    lease_remind(w.lease, clock_boot_ms() + 40);
    usleep(60000);
    cr_assert(!lease_check(w.lease));
    cr_assert_eq(w.expired, 1);
    cr_assert_eq(w.late, 1);
    teardown(&w);
}
