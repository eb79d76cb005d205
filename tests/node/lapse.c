/* The meter of lost leases by itself. */
#include "node/lapse.h"

#include <criterion/criterion.h>

enum { PERIOD = 250 };

static void expect(const struct lapse_meter *m, enum cause cause, uint64_t ms)
{
    uint64_t got_ms;

    cr_assert_str_eq(cause_name(lapse_verdict(m, &got_ms)), cause_name(cause));
    cr_assert_eq(got_ms, ms);
}

Test(lapse, nothing_was_in_the_way_at_first)
{
    struct lapse_meter m = {0};
    uint64_t ms;

    lapse_tick(&m, 1000, 0, PERIOD, CAUSE_LAPSE_NO_ANSWER);
    cr_assert_eq(lapse_verdict(&m, &ms), CAUSE_NONE);
}

Test(lapse, what_took_longest_is_the_cause)
{
    struct lapse_meter m = {0};

    lapse_tick(&m, 1000, 0, PERIOD, CAUSE_LAPSE_NO_ANSWER);
    lapse_tick(&m, 1400, 0, PERIOD, CAUSE_LAPSE_NO_ANSWER);
    lapse_tick(&m, 1700, 0, PERIOD, CAUSE_LAPSE_NO_CONNECTION);
    lapse_tick(&m, 2000, 0, PERIOD, CAUSE_LAPSE_NO_CONNECTION);
    expect(&m, CAUSE_LAPSE_NO_CONNECTION, 600);
    lapse_reset(&m);
    lapse_tick(&m, 2100, 0, PERIOD, CAUSE_LAPSE_DISK);
    expect(&m, CAUSE_LAPSE_DISK, 100);
}

Test(lapse, a_late_tick_was_frozen_or_busy)
{
    struct lapse_meter frozen = {0}, busy = {0};

    lapse_tick(&frozen, 1000, 50, PERIOD, CAUSE_LAPSE_NO_ANSWER);
    lapse_tick(&frozen, 6250, 60, PERIOD, CAUSE_LAPSE_NO_LEADER);
    expect(&frozen, CAUSE_LAPSE_FROZEN, 5000);
    lapse_tick(&busy, 1000, 50, PERIOD, CAUSE_LAPSE_NO_ANSWER);
    lapse_tick(&busy, 6250, 4000, PERIOD, CAUSE_LAPSE_NO_LEADER);
    expect(&busy, CAUSE_LAPSE_BUSY, 5000);
}
