#include "node/pulse.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "tests/node/world.h"

TestSuite(pulse, .timeout = 90);

static uint64_t lease_ms(const struct world *w)
{
    return w->config.timing.lease_ms - w->config.timing.guard_ms;
}

static void ignore(uint32_t code, const struct reply *reply, void *data)
{
    (void)reply;
    *(unsigned *)data += code == 0;
}

static void begin(struct world *w)
{
    world_setup(w);
    world_pulse(w);
    world_start(w);
    pulse_join(w->pulse, 0);
    RUN_UNTIL(w, w->joined > 0);
}

Test(pulse, a_node_joins_with_a_lease_and_renews_it)
{
    struct world w;

    begin(&w);
    cr_assert_geq(w.leases, 1, "before anything is started");
    cr_assert_eq(pulse_incarnation(w.pulse), w.incarnation);
    uint64_t first = w.deadline_ms;
    RUN_UNTIL(&w, w.leases >= 4);
    cr_assert_gt(w.deadline_ms, first);
    cr_assert_leq(w.deadline_ms, w.told_ms + lease_ms(&w), "never longer than a lease from now");
    cr_assert_eq(w.lost, 0);
    world_teardown(&w);
}

/* The entry is applied late: the lease must be counted from when it was asked
 * for, which is at least the delay ago. */
Test(pulse, a_lease_is_counted_from_the_request_and_not_from_the_answer)
{
    struct world w;

    begin(&w);
    w.apply_delay_ms = 120;
    unsigned before = w.leases;
    for (unsigned i = 0; i < 3; i++) {
        RUN_UNTIL(&w, w.leases > before + 1 + i);
        cr_assert_leq(w.deadline_ms, w.told_ms + lease_ms(&w) - w.apply_delay_ms);
    }
    world_teardown(&w);
}

Test(pulse, a_first_lease_is_counted_from_the_request_too)
{
    struct world w;

    world_setup(&w);
    world_pulse(&w);
    world_start(&w);
    w.apply_delay_ms = 120;
    pulse_join(w.pulse, 0);
    RUN_UNTIL(&w, w.leases > 0);
    cr_assert_leq(w.deadline_ms, w.told_ms + lease_ms(&w) - w.apply_delay_ms);
    world_teardown(&w);
}

/* Renewals of a life that was declared down are committed and change nothing. */
Test(pulse, a_refused_renewal_extends_nothing)
{
    struct world w;
    unsigned done = 0;

    begin(&w);
    RUN_UNTIL(&w, w.leases >= 2);
    struct command down = {.kind = COMMAND_NODE_DOWN,
                           .node = 1,
                           .incarnation = w.incarnation,
                           .node_seq = UINT64_MAX,
                           .cause = CAUSE_NODE_STOPPED};
    world_change(&w, &down, 20000, ignore, &done);
    RUN_UNTIL(&w, w.lost > 0);
    unsigned leases = w.leases;
    cr_assert_eq(pulse_incarnation(w.pulse), 0);
    uint64_t until = consensus_position(w.consensus) + 10;
    RUN_UNTIL(&w, consensus_position(w.consensus) >= until);
    cr_assert_eq(w.leases, leases);
    cr_assert_eq(w.lost, 1);

    pulse_join(w.pulse, 0);
    uint64_t old = down.incarnation;
    RUN_UNTIL(&w, w.joined > 1);
    cr_assert_neq(w.incarnation, old, "a new life");
    world_teardown(&w);
}

Test(pulse, an_old_life_that_is_still_alive_is_gone_on_with)
{
    struct world w;

    begin(&w);
    uint64_t incarnation = w.incarnation;
    pulse_join(w.pulse, incarnation); /* As after a restart of the daemon. */
    RUN_UNTIL(&w, w.joined > 1);
    cr_assert_eq(w.incarnation, incarnation);
    cr_assert_eq(w.lost, 0);
    world_teardown(&w);
}

Test(pulse, an_old_life_that_is_over_is_told_so)
{
    struct world w;

    begin(&w);
    pulse_join(w.pulse, w.incarnation + 1000);
    RUN_UNTIL(&w, w.lost > 0);
    cr_assert_eq(w.joined, 1);
    world_teardown(&w);
}

Test(pulse, who_stops_renews_no_more_and_is_declared_down)
{
    struct world w;
    const struct node *n;

    begin(&w);
    RUN_UNTIL(&w, w.leases >= 2);
    pulse_stop(w.pulse);
    uint64_t deadline = w.deadline_ms;
    do {
        world_step(&w);
        n = cluster_node(replica_cluster(w.replica), 1);
        /* One renewal may have been under way. */
        cr_assert_leq(w.deadline_ms, deadline + 2 * w.config.timing.pulse_ms);
    } while (n->state != NODE_DOWN);
    cr_assert_gt(clock_boot_ms(), w.deadline_ms, "not before its lease has run out");
    world_teardown(&w);
}
