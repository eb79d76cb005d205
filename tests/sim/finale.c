/* After the last fault: within a bounded time everything comes to rest, and
 * what should run runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "net/msgpack.h"
#include "node/daemon.h"
#include "tests/sim/member.h"
#include "tests/sim/schedule.h"
#include "tests/sim/truth.h"

enum { LIMIT_S = 180, REST_S = 3 };

static struct cluster *copy_of(const struct machine *m)
{
    return m->daemon != NULL && m->daemon->started ? replica_cluster(m->daemon->daemon->replica)
                                                   : NULL;
}

static struct machine *leader(void)
{
    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        struct machine *m = &sim.machines[id];
        if (m->daemon != NULL && m->daemon->started &&
            consensus_is_settled(m->daemon->daemon->consensus))
            return m;
    }
    return NULL;
}

/* NULL: nothing; else what is still going on. */
/* Its operation waits for something that is not in its way any more. */
static bool waits_in_vain(const struct group *g)
{
    const struct operation *op = &g->operation;

    if (!op->queued || op->wait == CAUSE_WAITS_FOR_CAPACITY || op->wait == CAUSE_WAITS_FOR_NODE)
        return false;
    for (unsigned i = 0; op->wait == CAUSE_WAITS_FOR_LOCK && i < g->resource_count; i++)
        if (g->resources[i]->locked)
            return false;
    return true;
}

static const char *unrest_of(const struct cluster *c)
{
    static char text[160];

    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        if (n->state == NODE_DOWN || n->leaving) {
            snprintf(text, sizeof text, "node %s is %s", n->name, n->leaving ? "leaving" : "down");
            return text;
        }
    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g)) {
        /* What waits for room or for a node may do so until somebody cancels it. */
        if (waits_in_vain(g) || operation_runs(&g->operation) || g->state == GROUP_PENDING) {
            snprintf(text, sizeof text, "group %s: %s under way since %" PRIu64, g->name,
                     operation_kind_name(g->operation.kind), g->operation.id);
            return text;
        }
        for (unsigned i = 0; i < g->resource_count; i++) {
            const struct resource *r = g->resources[i];
            if (r->restart_at_ms != 0 || r->state == RESOURCE_ONLINE_PENDING ||
                r->state == RESOURCE_OFFLINE_PENDING || r->fail_requested) {
                snprintf(text, sizeof text,
                         "resource %s is %s%s, restart at %" PRIu64 ", it is %" PRIu64, r->name,
                         resource_state_name(r->state), r->fail_requested ? " and to fail" : "",
                         r->restart_at_ms, cluster_now_ms(c));
                return text;
            }
        }
    }
    return NULL;
}

static const char *unrest(void)
{
    struct machine *boss = leader();
    static char text[128];

    if (boss == NULL)
        return "nobody leads";
    if (!member_restore(boss))
        return "not all machines are voters yet";
    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        const struct machine *m = &sim.machines[id];
        if (copy_of(m) == NULL || m->daemon->daemon->incarnation == 0) {
            snprintf(text, sizeof text, "%s is no member", m->name);
            return text;
        }
        if (fence_devices_owe(m)) {
            snprintf(text, sizeof text, "a fence device has yet to act on %s", m->name);
            return text;
        }
        if (truth_is_under_way(id)) {
            snprintf(text, sizeof text, "something begins or ends on %s", m->name);
            return text;
        }
        if (cluster_index(copy_of(m)) + 20 < oracle_index()) {
            snprintf(text, sizeof text, "%s lags behind", m->name);
            return text;
        }
    }
    if (oracle_level() != LEVEL_MAX)
        return "the functional level is not raised";
    if (!clients_idle())
        return "a call is not answered";
    return unrest_of(copy_of(boss));
}

/* Who switches it on now would only see it switched off again. */
static bool is_being_fenced(uint32_t id)
{
    const struct cluster *c = leader() != NULL ? copy_of(leader()) : NULL;
    const struct node *n = c != NULL ? cluster_node(c, id) : NULL;

    return n != NULL && n->fencing.state == FENCING_UNDER_WAY;
}

/* One that was stopping when the faults ended is down by now; so is one that was fenced. */
static void start_stopped(void)
{
    for (uint32_t id = 1; id <= sim.profile.machines; id++)
        if (sim.machines[id].daemon == NULL && sim.machines[id].restart == NULL &&
            !is_being_fenced(id))
            machine_on(&sim.machines[id]);
}

/* Node by node is started anew with its new programs (a daemon that goes on with its life says
 * nothing new of itself), then the level is raised. */
static void upgrade(void)
{
    const struct cluster *c = leader() != NULL ? copy_of(leader()) : NULL;

    if (c == NULL || cluster_level(c) == LEVEL_MAX)
        return;
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        if (n->level_max < LEVEL_MAX) {
            if (n->state != NODE_DOWN)
                machine_off(machine_of(n->id));
            return;
        }
    if (clients_idle())
        client_call(OPERATOR, "cluster-level level=0");
}

/* With a budget that is too small for the watchdog a resource starts nowhere, and one that
 * is tried again for ever never rests. */
static void give_up_self_fencing(void)
{
    const struct cluster *c = leader() != NULL ? copy_of(leader()) : NULL;
    char text[STEP_BYTES];

    for (const struct group *g = c != NULL ? cluster_next_group(c, NULL) : NULL; g != NULL;
         g = cluster_next_group(c, g))
        for (unsigned i = 0; i < g->resource_count; i++) {
            if (g->resources[i]->self_fencing == 0)
                continue;
            snprintf(text, sizeof text, "resource-set name=%s SelfFencing:0",
                     g->resources[i]->name);
            client_call(OPERATOR, text);
        }
}

static void rest(const char *phase)
{
    const char *why = "";
    unsigned quiet = 0;

    for (unsigned s = 0; s < LIMIT_S * 4 && !sim.failed; s++) {
        events_run(sim.now_ns + SECONDS / 4);
        start_stopped();
        upgrade();
        if (clients_idle())
            give_up_self_fencing();
        why = unrest();
        quiet = why == NULL ? quiet + 1 : 0;
        if (quiet == REST_S * 4)
            return;
    }
    fail("%s: no rest %u s after the last fault: %s", phase, LIMIT_S, why);
}

/* Failed, or waiting for somebody who is: then its policy had its say. */
static bool is_excused(const struct resource *r)
{
    if (r->state == RESOURCE_FAILED)
        return true;
    for (unsigned i = 0; i < r->provider_count; i++)
        if (r->providers[i]->state != RESOURCE_ONLINE)
            return true;
    return false;
}

static void judge_group(const struct group *g, bool strictly)
{
    for (unsigned i = 0; i < g->resource_count; i++) {
        const struct resource *r = g->resources[i];
        bool wanted = r->persistent < 0 ? g->persistent_online : r->persistent == 1;
        bool runs = truth_runs(r->id, g->owner);
        if ((r->state == RESOURCE_ONLINE) != runs)
            fail("at rest %s is %s, and on n%u it %s", r->name, resource_state_name(r->state),
                 g->owner, runs ? "runs" : "does not run");
        if (strictly && wanted && g->persistent_online && r->state != RESOURCE_ONLINE &&
            !is_excused(r))
            fail("at rest %s is wanted online and is %s", r->name, resource_state_name(r->state));
    }
    if (strictly && g->persistent_online && g->state != GROUP_ONLINE && g->resource_count > 0 &&
        g->state == GROUP_FAILED)
        fail("group %s cannot be brought online with everything in order", g->name);
}

/* Groups that nobody may host, say: the cluster's word that it cannot be. */
enum { REFUSED_MAX = 256 };
static char refused[REFUSED_MAX][16];
static unsigned refused_count;

static void on_answer(const char *text, uint32_t code)
{
    char name[16];

    if (code != 0 && code != ERROR_IO_PENDING && code != ERROR_CLUSTER_GROUP_QUEUED &&
        refused_count < REFUSED_MAX && sscanf(text, "group-online name=%15s", name) == 1)
        memcpy(refused[refused_count++], name, sizeof name);
}

static bool was_refused(const char *group)
{
    for (unsigned i = 0; i < refused_count; i++)
        if (strcmp(refused[i], group) == 0)
            return true;
    return false;
}

static void judge_groups(bool strictly)
{
    const struct cluster *c = leader() != NULL ? copy_of(leader()) : NULL;

    for (const struct group *g = c != NULL ? cluster_next_group(c, NULL) : NULL; g != NULL;
         g = cluster_next_group(c, g))
        judge_group(g, strictly && !was_refused(g->name));
}

/* Nodes receive groups again. */
static void resume_all(void)
{
    char text[STEP_BYTES];

    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        snprintf(text, sizeof text, "node-resume name=n%u", id);
        client_call(1, text);
        snprintf(text, sizeof text, "node-set name=n%u AvoidPlacement:0", id);
        client_call(1, text);
    }
}

/* Everybody asks for what is wanted anyway: now nothing is in the way. */
static void ask_for_all(void)
{
    const struct cluster *c = copy_of(leader());
    char text[STEP_BYTES];

    refused_count = 0;
    clients_on_answer(on_answer);
    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g))
        for (unsigned i = 0; i < g->resource_count; i++) {
            snprintf(text, sizeof text, "resource-maintenance name=%s flags=0",
                     g->resources[i]->name);
            client_call(2, text);
        }

    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g))
        if (g->persistent_online) {
            snprintf(text, sizeof text, "group-online name=%s flags=1", g->name);
            client_call(1, text);
        }
}

static void bytes_of(const struct machine *m, struct bytes *out)
{
    struct msgpack_sink sink;

    msgpack_sink_init(&sink, out);
    cluster_write(copy_of(m), &sink.sink);
}

static bool copies_equal(const struct machine *a, const struct machine *b)
{
    struct bytes x = BYTES_INIT, y = BYTES_INIT;

    bytes_of(a, &x);
    bytes_of(b, &y);
    bool equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    bytes_release(&x);
    bytes_release(&y);
    return equal;
}

static void compare_copies(void)
{
    const struct machine *first = &sim.machines[1];

    for (uint32_t id = 2; id <= sim.profile.machines; id++) {
        const struct machine *m = &sim.machines[id];
        if (cluster_index(copy_of(m)) == cluster_index(copy_of(first)) && !copies_equal(first, m))
            fail("%s and %s hold different bytes at index %" PRIu64, first->name, m->name,
                 cluster_index(copy_of(m)));
    }
}

void finale_run(void)
{
    faults_end();
    resume_all();
    rest("after the faults");
    if (!sim.failed)
        judge_groups(false);
    if (!sim.failed)
        ask_for_all();
    if (!sim.failed)
        rest("after asking");
    if (!sim.failed)
        judge_groups(true);
    if (!sim.failed)
        compare_copies();
}
