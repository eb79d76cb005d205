/* What the leader does for everybody: pulses, deaths, and the state machine's
 * deadlines. node/pulse.h has the argument. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "node/peers.h"
#include "node/pulse_private.h"

static void propose_pulse(struct pulse *p);

/* ------------------------------------------------------------------- gathering */

/* More of its lease is gone than pulses in step let go by. The node's own clock
 * says so: the number of a renewal is its boot time, and the state has the last
 * one accepted. What this node remembers would not do: a leader that has just
 * started applied everybody's last renewal a moment ago. */
static bool is_late(const struct pulse *p, const struct renewal *r)
{
    const struct node *n = cluster_node(pulse_state(p), r->node);
    unsigned late_ms = p->config.config->timing.pulse_ms * 3 / 2;

    /* This copy is behind the log, as a leader's is when it has just started. */
    if (n == NULL || n->incarnation < r->incarnation)
        return true;
    return n->state != NODE_DOWN && n->incarnation == r->incarnation && r->seq > n->renewed_seq &&
           r->seq - n->renewed_seq > late_ms;
}

static void gather(struct pulse *p, const struct renewal *r)
{
    for (unsigned i = 0; i < p->gathered_count; i++) {
        if (p->gathered[i].node != r->node)
            continue;
        if (r->incarnation != p->gathered[i].incarnation || r->seq > p->gathered[i].seq)
            p->gathered[i] = *r;
        return;
    }
    if (p->gathered_count < NODES_MAX)
        p->gathered[p->gathered_count++] = *r;
}

void lead_gather(struct pulse *p, const struct renewal *r)
{
    struct member *m =
        cluster_node(pulse_state(p), r->node) != NULL ? pulse_member(p, r->node) : NULL;

    if (m != NULL && m->incarnation == r->incarnation)
        m->asked_ms = clock_boot_ms();
    gather(p, r);
    if (is_late(p, r))
        propose_pulse(p);
}

void pulse_on_renewal(struct pulse *p, const struct value *params)
{
    struct renewal r;

    if (p->consensus == NULL || !consensus_is_leader(p->consensus) ||
        !value_get_u32(params, "node", &r.node) ||
        !value_get_uint(params, "incarnation", &r.incarnation) ||
        !value_get_uint(params, "seq", &r.seq))
        return;
    if (!value_get_u32(params, "flags", &r.flags) || r.flags > RENEWAL_FLAGS_ALL)
        r.flags = 0;
    lead_gather(p, &r);
}

/* It may not see in its own log that this was accepted. Whether this node still leads
 * makes no difference to what is told: the pulse is committed and applied. */
void lead_tell(const struct pulse *p, const struct renewal *r)
{
    struct rpc_conn *conn = peers_get(p->peers, r->node);
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    if (conn == NULL)
        return;
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "incarnation", r->incarnation);
    sink_kv_uint(&m.sink, "seq", r->seq);
    sink_kv_uint(&m.sink, "position", consensus_position(p->consensus));
    rpc_notify(conn, "peer.renewed", &params);
    bytes_release(&params);
}

/* ---------------------------------------------------------- pulses and deaths */

struct tick {
    struct proposal proposal; /* First. */
    struct pulse *pulse;
};

static void tick_done(struct proposal *proposal, uint32_t code)
{
    struct tick *t = (struct tick *)proposal;
    struct pulse *p = t->pulse;

    free(t);
    p->tick_under_way = false;
    if (code != 0 || p->closing)
        return; /* No leader any more: everybody asks the next one. */
    for (unsigned i = 0; i < p->gathered_count; i++) {
        if (!is_late(p, &p->gathered[i]))
            continue;
        propose_pulse(p);
        return;
    }
}

static void propose_pulse(struct pulse *p)
{
    struct command cmd = {
        .kind = COMMAND_PULSE, .renewals = p->gathered, .renewal_count = p->gathered_count};
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    /* One at a time: on a slow disk pulses must not queue up. What is gathered
     * meanwhile goes with the next, at once if somebody is late: see tick_done(). */
    if (p->tick_under_way)
        return;
    for (unsigned i = 0; i < p->gathered_count; i++)
        if (cluster_level(pulse_state(p)) < RENEWAL_FLAGS_LEVEL)
            p->gathered[i].flags = 0;
    struct tick *t = xcalloc(1, sizeof *t);
    t->proposal.done = tick_done;
    t->pulse = p;
    p->tick_under_way = true;
    if (replica_write_check(p->config.replica, &encoded))
        consensus_propose(p->consensus, encoded.data, encoded.len, NULL);
    bytes_clear(&encoded);
    msgpack_sink_init(&m, &encoded);
    command_write(&cmd, &m.sink);
    consensus_propose(p->consensus, encoded.data, encoded.len, &t->proposal);
    bytes_release(&encoded);
    p->gathered_count = 0;
}

static void down_done(uint32_t code, const struct reply *reply, void *data)
{
    struct pulse *p = data;

    (void)code;
    (void)reply;
    for (unsigned i = 0; i <= NODES_MAX; i++)
        p->members[i].down_proposed = false;
}

static void propose_death(struct pulse *p, const struct node *n, uint64_t silent_ms)
{
    struct command cmd = {.kind = COMMAND_NODE_DOWN,
                          .node = n->id,
                          .incarnation = n->incarnation,
                          .node_seq = n->renewed_seq,
                          .cause = CAUSE_NODE_LEASE_EXPIRED,
                          .ms = (uint32_t)silent_ms};

    log_warn("pulse", "node %s was not heard of for %" PRIu64 " ms: proposing that it is down",
             n->name, silent_ms);
    pulse_member(p, n->id)->down_proposed = true;
    pulse_propose(p, &cmd, DOWN_TIMEOUT_MS, down_done);
}

/* Its renewal waits for the next pulse: it is slow or this node is, not dead. */
static bool is_gathered(const struct pulse *p, const struct node *n)
{
    for (unsigned i = 0; i < p->gathered_count; i++)
        if (p->gathered[i].node == n->id && p->gathered[i].incarnation == n->incarnation)
            return true;
    return false;
}

static void on_death(uv_timer_t *timer);

/* Who was not heard of for a lease is down. The last renewal came with a pulse, so
 * its end falls just behind another one: whoever falls due before the next is
 * waited for by a timer, not for a whole pulse more. */
static void propose_deaths(struct pulse *p, uint64_t now)
{
    uint64_t patience = pulse_lease_ms(p) + pulse_lease_ms(p) * DRIFT_PER_MILLE / 1000;
    uint64_t wait_ms = p->config.config->timing.pulse_ms;

    for (const struct node *n = cluster_next_node(pulse_state(p), NULL); n != NULL;
         n = cluster_next_node(pulse_state(p), n)) {
        const struct member *m = pulse_member(p, n->id);
        if (m == NULL || n->state == NODE_DOWN || m->incarnation != n->incarnation ||
            m->down_proposed || is_gathered(p, n))
            continue;
        uint64_t silent_ms = now - m->heard_ms;
        if (silent_ms > patience)
            propose_death(p, n, silent_ms);
        else if (patience + 1 - silent_ms < wait_ms)
            wait_ms = patience + 1 - silent_ms;
    }
    if (wait_ms < p->config.config->timing.pulse_ms)
        uv_timer_start(&p->death, on_death, wait_ms, 0);
}

static void on_death(uv_timer_t *timer)
{
    struct pulse *p = timer->data;

    if (consensus_is_leader(p->consensus))
        propose_deaths(p, clock_boot_ms());
}

static void ended_done(uint32_t code, const struct reply *reply, void *data)
{
    struct pulse *p = data;

    (void)code;
    (void)reply;
    for (unsigned i = 0; i <= NODES_MAX; i++)
        p->members[i].ended_proposed = false;
}

/* Groups of dead nodes that wait until what ran there has been ended for certain
 * (groupmgr/ending.c). The death was applied here after the node's lease had ended on
 * its own clock; what has passed here since, less what clocks may differ, has passed
 * there at least. A pulse later than it might is early enough for who takes seconds. */
static void propose_endings(struct pulse *p, uint64_t now)
{
    for (const struct node *n = cluster_next_node(pulse_state(p), NULL); n != NULL;
         n = cluster_next_node(pulse_state(p), n)) {
        uint32_t least_ms = n->state == NODE_DOWN ? node_next_ending_ms(pulse_state(p), n) : 0;
        struct member *m = least_ms != 0 ? pulse_member(p, n->id) : NULL;

        if (m == NULL || m->incarnation != n->incarnation || m->down_ms == 0 || m->ended_proposed)
            continue;
        uint64_t passed_ms = (now - m->down_ms) * 1000 / (1000 + DRIFT_PER_MILLE);
        if (passed_ms <= least_ms)
            continue;
        struct command cmd = {.kind = COMMAND_NODE_ENDED,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .ms = passed_ms < UINT32_MAX ? (uint32_t)passed_ms - 1 : UINT32_MAX};
        m->ended_proposed = true;
        pulse_propose(p, &cmd, DOWN_TIMEOUT_MS, ended_done);
    }
}

static void init_done(uint32_t code, const struct reply *reply, void *data)
{
    (void)code;
    (void)reply;
    (void)data;
}

/* Before anything else that this leader proposes: what comes first would be done at the
 * first functional level, and be told of a cluster without a name. If it is in the log
 * already and only not applied yet, this one is refused. */
void lead_begin(struct pulse *p)
{
    struct command cmd = {.kind = COMMAND_CLUSTER_INIT,
                          .name = p->config.config->cluster,
                          .level = p->config.config->functional_level};

    if (cluster_name(pulse_state(p))[0] == '\0')
        pulse_propose(p, &cmd, DOWN_TIMEOUT_MS, init_done);
}

void lead_tick(struct pulse *p, uint64_t now)
{
    lead_begin(p);    /* If the first one was lost. */
    propose_pulse(p); /* First in the log: what was gathered counts. */
    propose_deaths(p, now);
    propose_endings(p, now);
}

/* ------------------------------------------------------------------- deadlines */

/* Something has fallen due in the state machine between two pulses: a command
 * with nothing but its stamp sets it going. */
static void on_due(uv_timer_t *timer)
{
    struct pulse *p = timer->data;
    struct command cmd = {.kind = COMMAND_TICK};
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    if (!consensus_is_leader(p->consensus))
        return;
    msgpack_sink_init(&m, &encoded);
    command_write(&cmd, &m.sink);
    consensus_propose(p->consensus, encoded.data, encoded.len, NULL);
    bytes_release(&encoded);
}

void pulse_on_applied(struct pulse *p)
{
    uint64_t deadline = cluster_next_deadline(pulse_state(p));
    uint64_t now = clock_wall_ms();

    if (p->closing || p->consensus == NULL)
        return;
    uv_timer_stop(&p->due);
    if (deadline == UINT64_MAX || !consensus_is_leader(p->consensus))
        return;
    uint64_t wait = deadline > now ? deadline - now : 1;
    if (wait < p->config.config->timing.pulse_ms)
        uv_timer_start(&p->due, on_due, wait, 0);
}
