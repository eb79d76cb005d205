#include "node/pulse.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "node/calls.h"
#include "node/peers.h"
#include "node/replica.h"

enum {
    SENT_MAX = 64,        /* Renewals whose sending time is remembered. */
    DRIFT_PER_MILLE = 10, /* Clocks of two machines differ in rate by less than 1 %. */
    JOIN_TIMEOUT_MS = 10000,
    DOWN_TIMEOUT_MS = 2000,
};

/* What this node knows of a member's life. */
struct member {
    uint64_t incarnation;
    uint64_t heard_ms; /* Boot time at which its last renewal was applied here. */
    bool down_proposed;
};

struct pulse {
    struct pulse_config config;
    struct consensus *consensus;
    struct peers *peers;
    uv_timer_t timer;
    uv_timer_t due; /* As leader: the state machine's next deadline. */
    bool closing;
    uint32_t self;

    /* This node as a member. */
    uint64_t incarnation; /* 0: none. */
    uint64_t wanted;      /* Incarnation to go on with, while joining. */
    uint64_t join_sent_ms;
    uint64_t join_client; /* Names the NODE_UP that was sent at that time. */
    bool joining, join_under_way, stopped;
    uint64_t seq;        /* Of the last renewal sent, */
    uint64_t renewed_ms; /* and when. */
    struct {
        uint64_t seq, sent_ms;
    } sent[SENT_MAX];

    /* As leader. */
    struct renewal gathered[NODES_MAX];
    unsigned gathered_count;
    bool tick_under_way;

    struct member members[NODES_MAX + 1]; /* By node id; ids beyond are not watched. */
};

static struct cluster *state(const struct pulse *p)
{
    return replica_cluster(p->config.replica);
}

static struct member *member_of(struct pulse *p, uint32_t id)
{
    return id <= NODES_MAX ? &p->members[id] : NULL;
}

static uint64_t lease_ms(const struct pulse *p)
{
    return p->config.config->timing.lease_ms;
}

static void propose(struct pulse *p, const struct command *cmd, unsigned timeout_ms,
                    change_done done)
{
    calls_change_command(p->config.calls, cmd, timeout_ms, done, p);
}

/* ------------------------------------------------------------------- renewing */

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

static void propose_pulse(struct pulse *p);

static void send_renewal(struct pulse *p, const struct renewal *r, uint32_t leader)
{
    struct rpc_conn *conn = peers_get(p->peers, leader);
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    if (conn == NULL)
        return;
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "node", r->node);
    sink_kv_uint(&m.sink, "incarnation", r->incarnation);
    sink_kv_uint(&m.sink, "seq", r->seq);
    rpc_notify(conn, "peer.renew", &params);
    bytes_release(&params);
}

/* Numbers rise across restarts of the daemon within one incarnation, since a
 * machine that was rebooted has a new one: boot time serves. */
static void renew(struct pulse *p, uint64_t now)
{
    uint32_t leader = consensus_leader(p->consensus);
    bool leading = consensus_is_leader(p->consensus);

    if (p->incarnation == 0 || p->stopped || (!leading && (leader == 0 || leader == p->self)))
        return;
    p->seq = now > p->seq ? now : p->seq + 1;
    p->sent[p->seq % SENT_MAX].seq = p->seq;
    p->sent[p->seq % SENT_MAX].sent_ms = now;
    p->renewed_ms = now;
    struct renewal r = {.node = p->self, .incarnation = p->incarnation, .seq = p->seq};
    if (leading)
        gather(p, &r);
    else
        send_renewal(p, &r, leader);
}

void pulse_on_renewal(struct pulse *p, const struct value *params)
{
    struct renewal r;

    if (p->consensus == NULL || !consensus_is_leader(p->consensus) ||
        !value_get_u32(params, "node", &r.node) ||
        !value_get_uint(params, "incarnation", &r.incarnation) ||
        !value_get_uint(params, "seq", &r.seq))
        return;
    gather(p, &r);
    /* A node that has just come back, or was cut off, must not wait for the next
     * pulse as well: its lease may be running out. */
    struct member *m = member_of(p, r.node);
    unsigned late_ms = p->config.config->timing.pulse_ms * 3 / 2;
    if (m != NULL && m->incarnation == r.incarnation && clock_boot_ms() - m->heard_ms > late_ms)
        propose_pulse(p);
}

/* ------------------------------------------------------------------- as leader */

struct tick {
    struct proposal proposal; /* First. */
    struct pulse *pulse;
};

static void tick_done(struct proposal *proposal, uint32_t code)
{
    struct tick *t = (struct tick *)proposal;

    (void)code;
    t->pulse->tick_under_way = false;
    free(t);
}

static void propose_pulse(struct pulse *p)
{
    struct command cmd = {
        .kind = COMMAND_PULSE, .renewals = p->gathered, .renewal_count = p->gathered_count};
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    /* One at a time: on a slow disk pulses must not queue up, and what has been
     * gathered meanwhile goes with the next. */
    if (p->tick_under_way)
        return;
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

/* After the pulse in the log: what was gathered counts first. */
static void propose_deaths(struct pulse *p, uint64_t now)
{
    uint64_t patience = lease_ms(p) + lease_ms(p) * DRIFT_PER_MILLE / 1000;

    for (const struct node *n = cluster_next_node(state(p), NULL); n != NULL;
         n = cluster_next_node(state(p), n)) {
        struct member *m = member_of(p, n->id);
        if (m == NULL || n->state == NODE_DOWN || m->incarnation != n->incarnation ||
            m->down_proposed || now - m->heard_ms <= patience)
            continue;
        struct command cmd = {.kind = COMMAND_NODE_DOWN,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .node_seq = n->renewed_seq,
                              .cause = CAUSE_NODE_LEASE_EXPIRED};
        log_warn("pulse", "node %s was not heard of for %" PRIu64 " ms: proposing that it is down",
                 n->name, now - m->heard_ms);
        m->down_proposed = true;
        propose(p, &cmd, DOWN_TIMEOUT_MS, down_done);
    }
}

static void init_done(uint32_t code, const struct reply *reply, void *data)
{
    (void)code;
    (void)reply;
    (void)data;
}

static void lead(struct pulse *p, uint64_t now)
{
    if (cluster_name(state(p))[0] == '\0') {
        struct command cmd = {.kind = COMMAND_CLUSTER_INIT, .name = p->config.config->cluster};
        propose(p, &cmd, DOWN_TIMEOUT_MS, init_done);
    }
    propose_pulse(p);
    propose_deaths(p, now);
}

/* --------------------------------------------------------------------- joining */

static void join_done(uint32_t code, const struct reply *reply, void *data)
{
    struct pulse *p = data;

    p->join_under_way = false;
    if (code == 0 && reply->code != 0)
        log_error("pulse", "this node cannot join: %s%s%s (%u %s)", error_text(reply->code),
                  reply->detail[0] != '\0' ? ": " : "", reply->detail, reply->code,
                  error_name(reply->code));
}

static void become(struct pulse *p, uint64_t incarnation, bool resumed)
{
    p->joining = false;
    p->incarnation = incarnation;
    replica_set_live(p->config.replica);
    log_info("pulse", "this node is a member, incarnation %" PRIu64 "%s", incarnation,
             resumed ? ", resumed: its resources never stopped" : "");
    p->config.joined(incarnation, resumed, p->config.data);
    if (resumed)
        renew(p, clock_boot_ms()); /* What is left of the lease runs. */
}

/* This copy is up to date now. */
static void join_read(uint32_t code, void *data)
{
    struct pulse *p = data;
    const struct node *n = cluster_node(state(p), p->self);
    const struct config_peer *self = config_self(p->config.config);

    p->join_under_way = false;
    if (code != 0 || !p->joining || p->closing)
        return;
    if (p->wanted != 0) {
        if (n != NULL && n->state != NODE_DOWN && n->incarnation == p->wanted)
            become(p, p->wanted, true);
        else
            p->config.lost(p->config.data); /* Joins anew when nothing runs. */
        return;
    }
    /* Its own (client, seq): a second try of it must not be a second life. */
    if (getrandom(&p->join_client, sizeof p->join_client, 0) < 0)
        p->join_client = clock_boot_ns();
    struct command cmd = {.kind = COMMAND_NODE_UP,
                          .client = p->join_client | 1,
                          .seq = 1,
                          .node = p->self,
                          .name = p->config.config->node,
                          .address = self->address,
                          .disk = p->config.disk};
    p->join_under_way = true;
    p->join_sent_ms = clock_boot_ms();
    propose(p, &cmd, JOIN_TIMEOUT_MS, join_done);
}

static void join_step(struct pulse *p)
{
    if (!p->joining || p->join_under_way || p->stopped)
        return;
    /* Not into a cluster that has no name yet: its first command must be first. */
    if (cluster_name(state(p))[0] == '\0' && consensus_is_leader(p->consensus))
        return;
    p->join_under_way = true;
    calls_read(p->config.calls, JOIN_TIMEOUT_MS, join_read, p);
}

void pulse_join(struct pulse *p, uint64_t incarnation)
{
    p->incarnation = 0;
    p->wanted = incarnation;
    p->joining = true;
    if (p->consensus != NULL)
        join_step(p);
}

uint64_t pulse_incarnation(const struct pulse *p)
{
    return p->incarnation;
}

void pulse_stop(struct pulse *p)
{
    p->stopped = true;
}

/* ------------------------------------------------------------ from the log back */

static void heard(struct pulse *p, uint32_t node, uint64_t incarnation)
{
    struct member *m = member_of(p, node);

    if (m == NULL)
        return;
    m->incarnation = incarnation;
    m->heard_ms = clock_boot_ms();
}

static void extend_lease(struct pulse *p, uint64_t sent_ms)
{
    p->config.lease(p->incarnation, sent_ms + lease_ms(p) - p->config.config->timing.guard_ms,
                    p->config.data);
}

static void on_timer(uv_timer_t *timer);

/* Fall into step with the leader: send the next renewal shortly before its next
 * pulse, so that it waits there for a moment and not for up to a whole pulse. Not
 * if that would put it off: extra pulses must not silence a node. */
static void follow_step(struct pulse *p)
{
    unsigned ms = p->config.config->timing.pulse_ms;
    unsigned next_ms = ms - ms / 8;

    if (!p->closing && !consensus_is_leader(p->consensus) &&
        clock_boot_ms() + next_ms <= p->renewed_ms + ms + ms / 2)
        uv_timer_start(&p->timer, on_timer, next_ms, ms);
}

static void on_pulse(struct pulse *p, const struct command *cmd)
{
    if (p->consensus != NULL && p->incarnation != 0)
        follow_step(p);
    for (unsigned i = 0; i < cmd->renewal_count; i++) {
        const struct renewal *r = &cmd->renewals[i];
        const struct node *n = cluster_node(state(p), r->node);
        /* Committed is not accepted: a renewal of an incarnation that is down,
         * or an older one come late, changes nothing. */
        if (n == NULL || n->state == NODE_DOWN || n->incarnation != r->incarnation ||
            n->renewed_seq != r->seq)
            continue;
        heard(p, r->node, r->incarnation);
        if (r->node == p->self && r->incarnation == p->incarnation &&
            p->sent[r->seq % SENT_MAX].seq == r->seq)
            extend_lease(p, p->sent[r->seq % SENT_MAX].sent_ms);
    }
}

static void on_node_up(struct pulse *p, const struct command *cmd, const struct reply *reply)
{
    const struct node *n = cluster_node(state(p), cmd->node);

    if (reply->code != 0 || n == NULL)
        return;
    heard(p, cmd->node, n->incarnation);
    if (cmd->node != p->self || n->incarnation == p->incarnation || p->stopped)
        return;
    if (p->joining && cmd->client == (p->join_client | 1)) {
        p->incarnation = n->incarnation;
        extend_lease(p, p->join_sent_ms); /* Before anything is started. */
        become(p, n->incarnation, false);
    } else if (p->incarnation != 0) {
        /* A NODE_UP of an earlier try, given up and committed after all: the life
         * that this node leads is over, and nobody knows when this one was sent. */
        p->incarnation = 0;
        p->config.lost(p->config.data);
    }
}

static void on_node_down(struct pulse *p, const struct command *cmd)
{
    const struct node *n = cluster_node(state(p), cmd->node);

    if (cmd->node != p->self || n == NULL || n->state != NODE_DOWN || p->incarnation == 0 ||
        n->incarnation != p->incarnation)
        return;
    p->incarnation = 0;
    if (p->stopped)
        return; /* Its own word. */
    log_error("pulse", "this node was declared down: its lease had run out");
    p->config.lost(p->config.data);
}

void pulse_on_command(struct pulse *p, const struct command *cmd, const struct reply *reply)
{
    switch (cmd->kind) {
    case COMMAND_PULSE:
        on_pulse(p, cmd);
        break;
    case COMMAND_NODE_UP:
        on_node_up(p, cmd, reply);
        break;
    case COMMAND_NODE_DOWN:
        on_node_down(p, cmd);
        break;
    default:
        break;
    }
}

/* A snapshot says who is up, not when they were heard: from now on they have a
 * whole lease, which is later than the truth and therefore safe. */
void pulse_on_restored(struct pulse *p)
{
    const struct node *self = NULL;

    for (const struct node *n = cluster_next_node(state(p), NULL); n != NULL;
         n = cluster_next_node(state(p), n)) {
        heard(p, n->id, n->incarnation);
        if (n->id == p->self)
            self = n;
    }
    if (p->incarnation != 0 && !p->stopped &&
        (self == NULL || self->state == NODE_DOWN || self->incarnation != p->incarnation)) {
        p->incarnation = 0;
        p->config.lost(p->config.data);
    }
}

void pulse_on_leadership(struct pulse *p)
{
    /* Renewals sent to the old leader may be lost: repeat at once. */
    if (p->consensus != NULL && !p->closing)
        renew(p, clock_boot_ms());
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
    uint64_t deadline = cluster_next_deadline(state(p));
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

/* ------------------------------------------------------------------------ life */

static void on_timer(uv_timer_t *timer)
{
    struct pulse *p = timer->data;
    uint64_t now = clock_boot_ms();

    renew(p, now);
    if (consensus_is_leader(p->consensus))
        lead(p, now);
    else
        p->gathered_count = 0;
    join_step(p);
}

struct pulse *pulse_open(const struct pulse_config *config)
{
    struct pulse *p = xcalloc(1, sizeof *p);

    p->config = *config;
    p->self = config_self(config->config)->id;
    uv_timer_init(config->loop, &p->timer);
    p->timer.data = p;
    uv_timer_init(config->loop, &p->due);
    p->due.data = p;
    return p;
}

void pulse_start(struct pulse *p, struct consensus *consensus, struct peers *peers)
{
    unsigned ms = p->config.config->timing.pulse_ms;

    p->consensus = consensus;
    p->peers = peers;
    uv_timer_start(&p->timer, on_timer, 0, ms);
}

void pulse_close(struct pulse *p)
{
    p->closing = true;
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_close((uv_handle_t *)&p->due, NULL);
}

void pulse_free(struct pulse *p)
{
    free(p);
}
