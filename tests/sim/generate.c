/* From a seed to a schedule. */
#include <stdlib.h>

#include "groupmgr/groupmgr.h"
#include "tests/sim/schedule.h"

/* design: L >= pulse + 4 T + 100. */
void profile_choose(struct profile *s, uint64_t seed)
{
    struct rng r;

    rng_seed(&r, seed, 1);
    bool fast = rng_chance(&r, 300);
    s->machines = 3 + (unsigned)rng_below(&r, 5);
    s->voters = s->machines > 3 && rng_chance(&r, 400) ? s->machines - 1 : s->machines;
    if (s->voters > 3 && rng_chance(&r, 300))
        s->voters = 3;
    s->lease_ms = fast ? 800 : 2000;
    s->pulse_ms = fast ? 100 : 250;
    s->election_ms = fast ? 150 : 400;
    s->heartbeat_ms = fast ? 30 : 80;
    s->guard_ms = fast ? 30 : 50;
    s->snapshot_threshold = (unsigned)rng_skewed(&r, 8, 300);
    s->snapshot_trailing = (unsigned)rng_skewed(&r, 1, 150);
    s->delay_us_min = (unsigned)rng_range(&r, 50, 500);
    s->delay_us_max = (unsigned)rng_range(&r, 500, fast ? 3000 : 8000);
    s->fsync_us_min = (unsigned)rng_range(&r, 50, 1000);
    s->fsync_us_max = (unsigned)rng_range(&r, 1000, fast ? 5000 : 20000);
    s->lossy_per_mille = (unsigned)rng_range(&r, 0, 250);
    s->duplicate_per_mille = (unsigned)rng_range(&r, 0, 150);
    s->online_fails = (unsigned)rng_skewed(&r, 0, 200);
    s->online_hangs = (unsigned)rng_skewed(&r, 0, 100);
    s->offline_fails = (unsigned)rng_skewed(&r, 0, 100);
    s->offline_hangs = (unsigned)rng_skewed(&r, 0, 100);
    s->silent = (unsigned)rng_range(&r, 0, 500);
    s->dies = (unsigned)rng_skewed(&r, 0, 400);
    s->locks = (unsigned)rng_skewed(&r, 0, 300);
    s->slow_ms_max = (unsigned)rng_range(&r, 20, 3000);
    rng_seed(&r, seed, 6);
    s->level = rng_chance(&r, 300) ? LEVEL_MIN : LEVEL_MAX;
    s->watchdog_s = rng_chance(&r, 250) ? 1 + (unsigned)rng_below(&r, 3) : 0;
}

static unsigned some_node(struct rng *r, const struct profile *s)
{
    return 1 + (unsigned)rng_below(r, s->machines);
}

/* ------------------------------------------------------------------- faults
 * Each begins something and plans its end. */

typedef void fault(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at);

static uint64_t later(struct rng *r, uint64_t at, uint64_t low, uint64_t high)
{
    return at + rng_skewed(r, low, high);
}

static void fault_partition(struct schedule *to, struct rng *r, const struct profile *s,
                            uint64_t at)
{
    unsigned side = 1 + (unsigned)rng_below(r, (1u << s->machines) - 2);

    schedule_add(to, at, "part %u%s", side, rng_chance(r, 250) ? " one-way" : "");
    schedule_add(to, later(r, at, 50, 12000), "mend");
}

static void fault_link(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    schedule_add(to, at, "cut n%u n%u", some_node(r, s), some_node(r, s));
    schedule_add(to, later(r, at, 50, 12000), "mend");
}

static void fault_network(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    (void)s;
    schedule_add(to, at, "network bad");
    schedule_add(to, later(r, at, 500, 15000), "network good");
}

static void fault_power(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    unsigned n = some_node(r, s), more = rng_chance(r, 150) ? s->machines : 0;

    for (unsigned i = 0; i <= more; i++, n = n % s->machines + 1) {
        schedule_add(to, at, "off n%u", n);
        schedule_add(to, later(r, at, 10, 12000), "on n%u", n);
    }
}

static void fault_daemon(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    unsigned n = some_node(r, s);

    for (unsigned i = 0; i < 1 + rng_below(r, 3); i++)
        schedule_add(to, at + i * rng_below(r, 2000), "kill-daemon n%u", n);
}

static void fault_monitor(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    schedule_add(to, at, "kill-monitor n%u", some_node(r, s));
}

static void fault_stop(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    unsigned n = some_node(r, s);

    schedule_add(to, at, "stop n%u", n);
    schedule_add(to, later(r, at, 100, 20000), "on n%u", n);
}

static void fault_freeze(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    unsigned n = some_node(r, s);
    const char *what = rng_chance(r, 500) ? "" : "-daemon";

    schedule_add(to, at, "freeze%s n%u", what, n);
    schedule_add(to, later(r, at, 50, 8000), "thaw%s n%u", what, n);
}

static void fault_disk(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    static const char *const moods[] = {"slow", "slow", "full", "broken"};
    unsigned n = some_node(r, s);

    schedule_add(to, at, "disk n%u %s", n, moods[rng_below(r, 4)]);
    schedule_add(to, later(r, at, 50, 10000), "disk n%u fine", n);
}

static void fault_clock(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    long ms = (long)rng_skewed(r, 1, 7200000);

    schedule_add(to, at, "wall n%u %ld", some_node(r, s), rng_chance(r, 500) ? ms : -ms);
}

static void fault_membership(struct schedule *to, struct rng *r, const struct profile *s,
                             uint64_t at)
{
    static const char *const verbs[] = {"promote", "promote", "demote", "remove", "add"};

    schedule_add(to, at, "%s n%u", verbs[rng_below(r, 5)], some_node(r, s));
}

static void fault_leader(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    static const char *const verbs[] = {"off", "kill-daemon", "freeze", "transfer"};
    uint64_t which = rng_below(r, 4);

    (void)s;
    schedule_add(to, at, "%s leader", verbs[which]);
    if (which == 0)
        schedule_add(to, later(r, at, 50, 8000), "on all");
    if (which == 2)
        schedule_add(to, later(r, at, 50, 8000), "thaw all");
}

/* Everything at once, for some seconds: votes that are asked for again, entries
 * that are taken back, monitors without a daemon. */
static void fault_storm(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    static const char *const verbs[] = {"kill-daemon", "kill-daemon", "off", "freeze-daemon"};
    uint64_t end = at + rng_range(r, 500, 5000);

    for (; at < end; at += rng_range(r, 5, 300)) {
        unsigned n = some_node(r, s);
        uint64_t which = rng_below(r, 4);
        schedule_add(to, at, "%s n%u", verbs[which], n);
        if (which == 2)
            schedule_add(to, at + rng_range(r, 1, 200), "on n%u", n);
        if (which == 3)
            schedule_add(to, at + rng_range(r, 1, 1000), "thaw-daemon n%u", n);
    }
}

/* The leader goes while the others come and go: elections in which votes are
 * given, and must be remembered, by nodes that have just been started. */
static void fault_election(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    unsigned rounds = 1 + (unsigned)rng_below(r, 4);

    schedule_add(to, at, "network bad");
    for (unsigned i = 0; i < rounds; i++) {
        schedule_add(to, at, "freeze leader");
        uint64_t election = at + rng_range(r, s->election_ms / 2, s->election_ms);
        for (unsigned k = 0; k < 3 * s->machines; k++)
            schedule_add(to, election + rng_below(r, 2 * s->election_ms), "kill-daemon n%u",
                         some_node(r, s));
        at = election + rng_range(r, s->election_ms, 4 * s->election_ms);
        schedule_add(to, at, "thaw all");
    }
    schedule_add(to, at, "network good");
}

static const struct {
    unsigned weight;
    fault *plan;
} faults[] = {
    {5, fault_election},   {3, fault_storm},  {10, fault_partition}, {5, fault_link},
    {6, fault_network},    {10, fault_power}, {9, fault_daemon},     {6, fault_monitor},
    {6, fault_stop},       {8, fault_freeze}, {8, fault_disk},       {3, fault_clock},
    {6, fault_membership}, {8, fault_leader},
};

static void plan_fault(struct schedule *to, struct rng *r, const struct profile *s, uint64_t at)
{
    uint64_t sum = 0, drawn;
    size_t i = 0;

    for (size_t k = 0; k < sizeof faults / sizeof faults[0]; k++)
        sum += faults[k].weight;
    drawn = rng_below(r, sum);
    while (drawn >= faults[i].weight)
        drawn -= faults[i++].weight;
    faults[i].plan(to, r, s, at);
}

/* What happens to resources without anybody's asking. */
static void plan_mishap(struct schedule *to, struct rng *r, const struct profile *s,
                        struct model *m, uint64_t at)
{
    const char *name = model_resource(m);
    unsigned n = some_node(r, s);

    switch (rng_below(r, 4)) {
    case 0:
    case 1:
        schedule_add(to, at, "fail %s", name);
        break;
    case 2:
        schedule_add(to, at, "lock %s", name);
        schedule_add(to, later(r, at, 100, 10000), "unlock %s", name);
        break;
    default:
        schedule_add(to, at, "poison %s n%u", name, n);
        schedule_add(to, later(r, at, 100, 20000), "cure %s n%u", name, n);
        break;
    }
}

/* The leader is gone for a while in the middle of a fencing: another one takes it over. */
static void plan_takeover(struct schedule *to, struct rng *r, uint64_t at)
{
    static const char *const verbs[] = {"freeze", "freeze-daemon", "kill-daemon", "transfer"};

    at = later(r, at, 20, 2000);
    schedule_add(to, at, "%s leader", verbs[rng_below(r, 4)]);
    at = later(r, at, 300, 6000);
    schedule_add(to, at, "thaw all");
    schedule_add(to, at, "thaw-daemon all");
}

/* Some clusters have fence devices. What was switched off and is not switched on again by
 * itself somebody finds in time. */
static void plan_fencing(struct schedule *to, uint64_t seed, const struct profile *s, uint64_t at)
{
    struct rng r;

    rng_seed(&r, seed, 5);
    if (!rng_chance(&r, 400))
        return;
    struct model *m = model_new(&r, s);
    uint64_t gap = rng_range(&r, 1000, 8000);
    workload_fencing_begin(m, to, at);
    for (; at < DURATION_MS; at += rng_range(&r, 1, 2 * gap)) {
        workload_fencing_call(m, to, at);
        schedule_add(to, later(&r, at, 200, 12000), "on n%u", some_node(&r, s));
        if (rng_chance(&r, 300))
            schedule_add(to, later(&r, at, 1, 3000), "confirm n%u", some_node(&r, s));
        if (rng_chance(&r, 300))
            plan_takeover(to, &r, at);
    }
    model_free(m);
}

/* A rolling upgrade: a node gets new programs, and runs them from its next start on. Now and
 * then one gets the old ones back. The level is raised too early, often. */
static void plan_upgrade(struct schedule *to, uint64_t seed, const struct profile *s, uint64_t at)
{
    static const char *const verbs[] = {"stop", "kill-daemon", "off", "kill-daemon"};
    struct rng r;

    rng_seed(&r, seed, 7);
    if (s->level == LEVEL_MAX)
        return;
    for (unsigned i = 0, first = some_node(&r, s); i < s->machines; i++) {
        unsigned n = (first + i) % s->machines + 1;
        at = later(&r, at, 100, 20000);
        schedule_add(to, at, "install n%u %u", n, LEVEL_MAX);
        schedule_add(to, at, "%s n%u", verbs[rng_below(&r, 4)], n);
        schedule_add(to, later(&r, at, 100, 8000), "on n%u", n);
    }
    for (uint64_t raised = at; raised < DURATION_MS; raised += rng_range(&r, 1000, 10000))
        schedule_add(to, raised > 8000 ? raised - rng_below(&r, 8000) : raised,
                     "call c%u cluster-level level=%u", OPERATOR,
                     (unsigned)rng_below(&r, LEVEL_MAX + 1));
    if (rng_chance(&r, 400)) {
        unsigned n = some_node(&r, s);
        at = later(&r, at, 1, 10000);
        schedule_add(to, at, "install n%u %u", n, LEVEL_MIN);
        schedule_add(to, at, "kill-daemon n%u", n);
        schedule_add(to, later(&r, at, 500, 20000), "install n%u %u", n, LEVEL_MAX);
        schedule_add(to, later(&r, at, 500, 20000), "on n%u", n);
    }
}

/* Some resources are over only when their node is reset. */
static void plan_self_fencing(struct schedule *to, uint64_t seed, const struct profile *s,
                              struct model *m, uint64_t at)
{
    static const unsigned budgets[] = {1000, 3000, 3000, 6000};
    struct rng r;

    rng_seed(&r, seed, 8);
    for (; s->watchdog_s > 0 && at < DURATION_MS; at += rng_range(&r, 1, 4000)) {
        const char *name = model_resource(m);
        unsigned n = some_node(&r, s);
        if (rng_chance(&r, 200)) { /* For longer than a lease and most budgets. */
            schedule_add(to, at, "freeze n%u", n);
            schedule_add(to, at + rng_range(&r, 4000, 15000), "thaw n%u", n);
        }
        schedule_add(to, at, "call c%u resource-set name=%s SelfFencing:1 TerminateBudget:%u",
                     OPERATOR, name, budgets[rng_below(&r, 4)]);
        schedule_add(to, at, "call c%u resource-restart name=%s flags=1", OPERATOR, name);
    }
}

void schedule_generate(struct schedule *to, uint64_t seed, const struct profile *s)
{
    struct rng calls, trouble;
    uint64_t at;

    rng_seed(&calls, seed, 2);
    rng_seed(&trouble, seed, 3);
    *to = (struct schedule){.seed = seed, .profile = *s};
    struct model *m = model_new(&calls, s);
    uint64_t ready = workload_begin(m, to, rng_range(&calls, 500, 3000));
    uint64_t call_gap = rng_range(&calls, 100, 1500);
    uint64_t fault_gap = rng_chance(&trouble, 250) ? rng_range(&trouble, 200, 1000)
                                                   : rng_range(&trouble, 1000, 8000);
    uint64_t mishap_gap = rng_range(&trouble, 1000, 10000);
    for (at = ready; at < DURATION_MS; at += rng_range(&calls, 1, 2 * call_gap))
        workload_call(m, to, at);
    for (at = ready; at < DURATION_MS; at += rng_range(&trouble, 1, 2 * fault_gap))
        plan_fault(to, &trouble, s, at);
    for (at = ready; at < DURATION_MS; at += rng_range(&trouble, 1, 2 * mishap_gap))
        plan_mishap(to, &trouble, s, m, at);
    plan_self_fencing(to, seed, s, m, ready);
    model_free(m);
    plan_fencing(to, seed, s, ready);
    plan_upgrade(to, seed, s, ready);
    schedule_sort(to);
}
