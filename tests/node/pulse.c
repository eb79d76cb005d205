#include "node/pulse_private.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/msgpack.h"
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
Test(pulse, each_try_to_join_has_a_number_of_its_own_and_later_ones_are_higher)
{
    const uint64_t now = clock_boot_ms();

    cr_assert_neq(pulse_join_number(7, now), pulse_join_number(7, now + 10000));
    cr_assert_lt(pulse_join_number(7, UINT64_MAX), pulse_join_number(8, 0));
}

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
    uint64_t stopped_ms = clock_boot_ms();
    do {
        world_step(&w);
        n = cluster_node(replica_cluster(w.replica), 1);
        /* One renewal may have been under way. */
        cr_assert_leq(w.deadline_ms, stopped_ms + lease_ms(&w));
    } while (n->state != NODE_DOWN);
    cr_assert_gt(clock_boot_ms(), w.deadline_ms, "not before its lease has run out");
    world_teardown(&w);
}

/* peer.renewed. */
static void told(struct world *w, uint64_t incarnation, uint64_t seq)
{
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;
    struct arena arena = {0};
    const struct value *v;

    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "incarnation", incarnation);
    sink_kv_uint(&m.sink, "seq", seq);
    sink_kv_uint(&m.sink, "position", consensus_position(w->consensus) + 100);
    cr_assert_eq(msgpack_read(params.data, params.len, &arena, &v), 0);
    pulse_on_renewed(w->pulse, v);
    arena_release(&arena);
    bytes_release(&params);
}

/* A renewal that this node has sent, so long ago, and not seen in its log. */
static uint64_t sent_before(struct world *w, uint64_t ms)
{
    uint64_t now = clock_boot_ms(), seq = w->pulse->seq + 1000 - ms;

    w->pulse->sent[w->pulse->sent_count % SENT_MAX].seq = seq;
    w->pulse->sent[w->pulse->sent_count++ % SENT_MAX].sent_ms = now - ms;
    return now - ms;
}

Test(pulse, who_is_told_that_a_renewal_was_accepted_counts_from_its_request)
{
    struct world w;

    begin(&w);
    RUN_UNTIL(&w, w.leases >= 2);
    w.config.timing.lease_ms = 100000; /* So that it is later than the last, however long ago. */
    uint64_t sent_ms = sent_before(&w, 150);
    told(&w, w.incarnation, w.pulse->seq + 850);
    cr_assert_eq(w.deadline_ms, sent_ms + lease_ms(&w));
    world_teardown(&w);
}

Test(pulse, who_is_told_of_another_life_or_of_what_it_did_not_send_counts_nothing)
{
    struct world w;

    begin(&w);
    RUN_UNTIL(&w, w.leases >= 2);
    w.config.timing.lease_ms = 100000;
    uint64_t sent_ms = sent_before(&w, 150);
    unsigned leases = w.leases;
    told(&w, w.incarnation + 1, w.pulse->seq + 850);
    told(&w, 0, w.pulse->seq + 850);
    told(&w, w.incarnation, w.pulse->seq + 851);
    cr_assert_eq(w.leases, leases);
    told(&w, w.incarnation, w.pulse->seq + 850);
    sent_before(&w, 400);
    told(&w, w.incarnation, w.pulse->seq + 600);
    cr_assert_eq(w.deadline_ms, sent_ms + lease_ms(&w), "an older one shortens nothing");
    world_teardown(&w);
}

/* ----------------------------------------------- as leader, for who is late */

/* Long enough that nothing happens in step with it. */
enum { LONG_PULSE_MS = 20000, SOON_MS = LONG_PULSE_MS / 2 };

static void pass(unsigned ms)
{
    uint64_t until = clock_boot_ms() + ms;

    while (clock_boot_ms() < until)
        continue;
}

/* All that was proposed before this is applied when it returns. */
static void settle(struct world *w)
{
    unsigned done = 0;
    struct command tick = {.kind = COMMAND_TICK};

    world_change(w, &tick, 20000, ignore, &done);
    RUN_UNTIL(w, done > 0);
}

static void other_node_up(struct world *w, uint32_t id, const char *name)
{
    unsigned done = 0;
    struct command up = {.kind = COMMAND_NODE_UP,
                         .node = id,
                         .name = name,
                         .address = "x:1",
                         .disk = name,
                         .level = LEVEL_MAX};

    world_change(w, &up, 20000, ignore, &done);
    RUN_UNTIL(w, done > 0);
}

static uint64_t renewed(const struct world *w, uint32_t id)
{
    return cluster_node(replica_cluster(w->replica), id)->renewed_seq;
}

/* Nodes 2 and 3 are members with a lease of long ago, and this one leads with a
 * log that it has just read. */
static void begin_with_others_after_a_restart(struct world *w)
{
    begin(w);
    w->config.timing.lease_ms = 600000; /* However slow this machine is. */
    other_node_up(w, 2, "n2");
    other_node_up(w, 3, "n3");
    world_renew(w, 2, 1000);
    world_renew(w, 3, 1000);
    RUN_UNTIL(w, renewed(w, 2) == 1000 && renewed(w, 3) == 1000);
    w->config.timing.pulse_ms = LONG_PULSE_MS;
    world_restart(w);
    RUN_UNTIL(w, cluster_node(replica_cluster(w->replica), 3) != NULL && renewed(w, 3) == 1000);
    settle(w); /* No pulse is under way. */
}

/* Pulses 6 s apart, a lease of 8: it ends two seconds behind the second pulse, and four
 * before the third one, which would be when a lease and a half have gone. */
Test(pulse, a_silent_node_is_declared_down_when_its_lease_has_run_out_and_not_a_pulse_later)
{
    struct world w;
    const struct node *n;

    begin(&w);
    w.config.timing.lease_ms = 8000;
    other_node_up(&w, 2, "n2");
    w.config.timing.pulse_ms = 6000;
    uint64_t began_ms = clock_boot_ms();
    world_restart(&w);
    do {
        world_step(&w);
        n = cluster_node(replica_cluster(w.replica), 2);
    } while (n == NULL || n->state != NODE_DOWN);
    cr_assert_gt(clock_boot_ms() - began_ms, 8080, "not before");
    cr_assert_lt(clock_boot_ms() - began_ms, 11800, "and not with the pulse after that");
    world_teardown(&w);
}

static void change(struct world *w, const struct command *cmd)
{
    unsigned done = 0;

    world_change(w, cmd, 60000, ignore, &done);
    RUN_UNTIL(w, done > 0);
}

/* On the way to n2, which never says that it has started. */
static void start_something_on_n2(struct world *w, uint32_t budget_ms)
{
    static char budget[] = "TerminateBudget";
    const char *const owners[] = {"n2"};
    struct property property = {.name = budget, .type = PROPERTY_DWORD, .dword = budget_ms};

    change(w, &(struct command){.kind = COMMAND_GROUP_CREATE,
                                .client = 1,
                                .seq = 1,
                                .name = "g",
                                .names = owners,
                                .name_count = 1});
    change(w, &(struct command){.kind = COMMAND_RESOURCE_CREATE,
                                .client = 1,
                                .seq = 2,
                                .name = "r",
                                .other = "g",
                                .type = "Dummy",
                                .properties = &property,
                                .property_count = 1});
    change(w, &(struct command){.kind = COMMAND_GROUP_ONLINE, .client = 1, .seq = 3, .name = "g"});
}

/* Counted from when the death was applied, by this node's boot clock. */
Test(pulse, a_leader_ends_the_wait_for_a_budget_when_it_has_passed)
{
    enum { BUDGET_MS = 1500 };
    const struct group *g;
    struct world w;

    begin(&w);
    other_node_up(&w, 2, "n2");
    start_something_on_n2(&w, BUDGET_MS);
    do {
        world_step(&w);
        g = cluster_group_by_name(replica_cluster(w.replica), "g");
    } while (g->ending_ms == 0);
    cr_assert_eq(g->owner, 2);
    uint64_t dead_ms = clock_boot_ms();
    do {
        world_step(&w);
        g = cluster_group_by_name(replica_cluster(w.replica), "g");
    } while (g->owner == 2);
    cr_assert_geq(clock_boot_ms() - dead_ms + 1, BUDGET_MS * 1010 / 1000, "not before");
    cr_assert_eq(g->ending_ms, 0);
    world_teardown(&w);
}

Test(pulse, a_leader_that_has_just_started_renews_at_once_who_was_not_heard_of)
{
    struct world w;

    begin_with_others_after_a_restart(&w);
    uint64_t began = clock_boot_ms();
    world_renew(&w, 2, 1000 + 2 * LONG_PULSE_MS);
    RUN_UNTIL(&w, renewed(&w, 2) > 1000);
    cr_assert_lt(clock_boot_ms() - began, SOON_MS, "not with the next pulse");
    world_teardown(&w);
}

Test(pulse, a_leader_renews_at_once_who_is_late_while_a_pulse_is_under_way)
{
    struct world w;

    begin_with_others_after_a_restart(&w);
    uint64_t began = clock_boot_ms();
    world_renew(&w, 2, 1000 + 2 * LONG_PULSE_MS);
    world_renew(&w, 3, 1000 + 2 * LONG_PULSE_MS); /* That pulse is in the log already. */
    RUN_UNTIL(&w, renewed(&w, 3) > 1000);
    cr_assert_lt(clock_boot_ms() - began, SOON_MS, "not with the next pulse");
    world_teardown(&w);
}

Test(pulse, a_leader_that_has_just_started_renews_its_own_lease_at_once)
{
    struct world w;

    begin(&w);
    RUN_UNTIL(&w, w.leases >= 2);
    uint64_t incarnation = w.incarnation;
    w.config.timing.pulse_ms = LONG_PULSE_MS;
    world_restart(&w);
    RUN_UNTIL(&w, cluster_node(replica_cluster(w.replica), 1) != NULL && renewed(&w, 1) > 0);
    settle(&w);
    pass(10);
    w.config.timing.pulse_ms = 1; /* So that this was long ago. */
    uint64_t began = clock_boot_ms(), old = w.deadline_ms;
    unsigned leases = w.leases;
    pulse_join(w.pulse, incarnation);
    RUN_UNTIL(&w, w.joined > 1);
    cr_assert_lt(clock_boot_ms() - began, SOON_MS, "not with the next pulse");
    cr_assert_gt(w.leases_at_join, leases, "and before it has joined");
    cr_assert_gt(w.deadline_ms, old);
    cr_assert_eq(w.lost, 0);
    world_teardown(&w);
}

/* In step nothing is committed out of turn: pulses cost. */
Test(pulse, a_leader_does_not_commit_a_pulse_of_its_own_for_who_is_in_time)
{
    struct world w;

    begin_with_others_after_a_restart(&w);
    world_renew(&w, 2, 1000 + LONG_PULSE_MS);
    settle(&w);
    cr_assert_eq(renewed(&w, 2), 1000);
    world_teardown(&w);
}

/* Whatever lies between two requests, each that is accepted counts: the second
 * may never reach the log. */
Test(pulse, a_later_renewal_does_not_make_this_node_forget_an_earlier_one)
{
    enum { APART_MS = 64 };
    struct world w;

    begin(&w);
    uint64_t incarnation = w.incarnation;
    w.config.timing.pulse_ms = LONG_PULSE_MS;
    world_restart(&w);
    RUN_UNTIL(&w, cluster_name(replica_cluster(w.replica))[0] != '\0');
    pulse_join(w.pulse, incarnation);
    RUN_UNTIL(&w, w.joined > 1);
    settle(&w);                   /* No pulse is under way. */
    w.config.timing.pulse_ms = 1; /* From now on each renewal is late. */
    for (unsigned i = 0; i < 3; i++) {
        unsigned leases = w.leases;
        pass(10);
        uint64_t first = clock_boot_ms();
        pulse_on_leadership(w.pulse); /* Renews. */
        uint64_t sent = clock_boot_ms();
        if (sent < first + APART_MS)
            pass((unsigned)(first + APART_MS - sent));
        pulse_on_leadership(w.pulse);
        RUN_UNTIL(&w, w.leases > leases);
        cr_assert_leq(w.deadline_ms, sent + lease_ms(&w), "the first one counts by itself");
        RUN_UNTIL(&w, w.leases > leases + 1);
        cr_assert_geq(w.deadline_ms, first + APART_MS + lease_ms(&w));
        settle(&w);
    }
    world_teardown(&w);
}
