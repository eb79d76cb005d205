#include "node/pulse.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "node/calls.h"
#include "node/peers.h"
#include "node/pulse_private.h"
#include "node/replica.h"

/* ------------------------------------------------------------- what is in the way */

static bool reaches_somebody(const struct pulse *p)
{
    for (const struct node *n = cluster_next_node(pulse_state(p), NULL); n != NULL;
         n = cluster_next_node(pulse_state(p), n))
        if (n->id != p->self && peers_get(p->peers, n->id) != NULL)
            return true;
    return false;
}

static enum cause situation(const struct pulse *p)
{
    uint32_t leader = consensus_leader(p->consensus);

    /* Nothing is applied that this node has not written itself. */
    if (consensus_writing_ms(p->consensus) >= p->config.config->timing.pulse_ms)
        return CAUSE_LAPSE_DISK;
    if (leader == 0)
        return reaches_somebody(p) ? CAUSE_LAPSE_NO_LEADER : CAUSE_LAPSE_NO_CONNECTION;
    if (leader != p->self && peers_get(p->peers, leader) == NULL)
        return CAUSE_LAPSE_NO_CONNECTION;
    return CAUSE_LAPSE_NO_ANSWER;
}

static void measure(struct pulse *p)
{
    if (p->consensus != NULL && p->peers != NULL)
        lapse_tick(&p->lapse, clock_boot_ms(), clock_cpu_ms(), p->config.config->timing.pulse_ms,
                   situation(p));
}

/* The lease was lost, and this is when this node learns of it. */
static void remember_why(struct pulse *p)
{
    uint64_t ms;

    measure(p); /* What froze it ended just now. */
    p->lapse_cause = lapse_verdict(&p->lapse, &ms);
    p->lapse_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    lapse_reset(&p->lapse);
    if (p->lapse_cause != CAUSE_NONE)
        log_error("pulse", "the lease was lost because %s, for %u ms", cause_text(p->lapse_cause),
                  (unsigned)p->lapse_ms);
}

/* ------------------------------------------------------------------- renewing */

static void send_renewal(struct pulse *p, const struct renewal *r, uint32_t leader)
{
    struct rpc_conn *conn = peers_get(p->peers, leader);
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    if (conn == NULL)
        return;
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 4);
    sink_kv_uint(&m.sink, "node", r->node);
    sink_kv_uint(&m.sink, "incarnation", r->incarnation);
    sink_kv_uint(&m.sink, "seq", r->seq);
    sink_kv_uint(&m.sink, "flags", r->flags);
    rpc_notify(conn, "peer.renew", &params);
    bytes_release(&params);
}

/* The life whose lease this node asks to renew. A daemon that has come back asks
 * before it knows whether that life is still alive: the state machine does, and
 * whoever waits until it has joined may find the leader gone by then. */
uint64_t pulse_life(const struct pulse *p)
{
    return p->incarnation != 0 ? p->incarnation : p->joining ? p->wanted : 0;
}

/* The number of a renewal is the boot time at which it is sent. So numbers rise
 * across restarts of the daemon within one incarnation, since a machine that was
 * rebooted has a new one; and the leader sees how old the last one is. */
static void renew(struct pulse *p, uint64_t now)
{
    uint32_t leader = consensus_leader(p->consensus);
    bool leading = consensus_is_leader(p->consensus);
    uint64_t life = pulse_life(p);

    if (life == 0 || p->stopped || (!leading && (leader == 0 || leader == p->self)))
        return;
    p->seq = now > p->seq ? now : p->seq + 1;
    p->sent[p->sent_count % SENT_MAX].seq = p->seq;
    p->sent[p->sent_count++ % SENT_MAX].sent_ms = now;
    p->renewed_ms = now;
    struct renewal r = {.node = p->self, .incarnation = life, .seq = p->seq};
    if (!leading) /* Who leads applies what the others have written. */
        r.flags = told_flags(p, now);
    if (consensus_is_low(p->consensus))
        r.flags |= RENEWAL_LOW;
    if (leading)
        lead_gather(p, &r);
    else
        send_renewal(p, &r, leader);
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
    p->lapse_cause = CAUSE_NONE; /* Told. */
    p->lapse_ms = 0;
    replica_set_live(p->config.replica);
    log_info("pulse", "this node is a member, incarnation %" PRIu64 "%s", incarnation,
             resumed ? ", resumed: its resources never stopped" : "");
    p->config.joined(incarnation, resumed, p->config.data);
    if (resumed)
        renew(p, clock_boot_ms()); /* What is left of the lease runs. */
}

/* The life to go on with is no more: joins anew when nothing runs. */
static void life_is_over(struct pulse *p)
{
    const struct node *n = cluster_node(pulse_state(p), p->self);
    uint64_t now = clock_boot_ms();

    /* The number of a renewal is its boot time: since then nothing was heard of the
     * life that a former daemon led. This one may have been in time, and not got through. */
    if (n != NULL && n->why.cause == CAUSE_RECOVERED) {
        p->lapse_cause = CAUSE_NONE; /* It was given up, with all the others. */
    } else if (now - p->started_ms >= pulse_lease_ms(p) / 2) {
        remember_why(p);
    } else if (n != NULL && n->incarnation == p->wanted) {
        p->lapse_cause = CAUSE_LAPSE_DAEMON_DEAD;
        p->lapse_ms = n->renewed_seq < now && now - n->renewed_seq < UINT32_MAX
                          ? (uint32_t)(now - n->renewed_seq)
                          : 0;
    }
    p->joining = false; /* First: lost() may begin to join. */
    p->config.lost(p->config.data);
}

/* This copy is up to date now. */
static void join_read(uint32_t code, void *data)
{
    struct pulse *p = data;
    const struct node *n = cluster_node(pulse_state(p), p->self);
    const struct config_peer *self = config_self(p->config.config);

    p->join_under_way = false;
    if (code != 0 || !p->joining || p->closing)
        return;
    if (p->wanted != 0) {
        /* A life that was said to be leaving receives nothing any more. */
        if (n != NULL && n->state != NODE_DOWN && n->incarnation == p->wanted && !n->leaving)
            become(p, p->wanted, true);
        else
            life_is_over(p);
        return;
    }
    p->join_sent_ms = clock_boot_ms();
    p->join_client = digest_bytes(p->config.disk, strlen(p->config.disk)) | 1;
    p->join_seq = pulse_join_number(cluster_index(pulse_state(p)), p->join_sent_ms);
    struct command cmd = {.kind = COMMAND_NODE_UP,
                          .client = p->join_client,
                          .seq = p->join_seq,
                          .node = p->self,
                          .name = p->config.config->node,
                          .flags = self->witness ? NODE_UP_WITNESS : 0,
                          .address = self->address,
                          .disk = p->config.disk,
                          .level = p->config.config->functional_level,
                          .level_min = LEVEL_MIN,
                          .cause = p->lapse_cause,
                          .ms = p->lapse_ms};
    p->join_under_way = true;
    pulse_propose(p, &cmd, JOIN_TIMEOUT_MS, join_done);
}

static void join_step(struct pulse *p)
{
    if (!p->joining || p->join_under_way || p->stopped)
        return;
    /* Not into a cluster that has no name yet: its first command must be first. */
    if (cluster_name(pulse_state(p))[0] == '\0' && consensus_is_leader(p->consensus))
        return;
    p->join_under_way = true;
    calls_read(p->config.calls, JOIN_TIMEOUT_MS, join_read, p);
}

void pulse_join(struct pulse *p, uint64_t incarnation)
{
    p->incarnation = 0;
    p->wanted = incarnation;
    p->joining = true;
    if (p->consensus == NULL)
        return;
    renew(p, clock_boot_ms());
    join_step(p);
}

uint64_t pulse_silence_ms(const struct pulse *p, uint32_t node)
{
    const struct node *n = cluster_node(pulse_state(p), node);

    for (unsigned i = 0; n != NULL && i <= NODES_MAX; i++) {
        const struct member *m = &p->members[i];
        if (m->id == node && m->incarnation == n->incarnation)
            return clock_boot_ms() - (m->asked_ms > m->heard_ms ? m->asked_ms : m->heard_ms);
    }
    return 0;
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

/* When what is being applied came to the log here, which was after its renewals were asked
 * for. Not when it is applied: a leader that dies before it has told that its last pulse is
 * committed would have the others wait for a lease from when the next one tells them. */
static uint64_t arrived_ms(const struct pulse *p)
{
    return p->consensus != NULL ? consensus_arrived_ms(p->consensus) : clock_boot_ms();
}

static void heard(struct pulse *p, uint32_t node, uint64_t incarnation, uint64_t at_ms)
{
    struct member *m = pulse_member(p, node);

    if (m == NULL)
        return;
    if (m->incarnation != incarnation)
        m->down_ms = 0;
    m->incarnation = incarnation;
    m->heard_ms = at_ms;
}

void pulse_extend_lease(struct pulse *p, uint64_t sent_ms)
{
    uint64_t end_ms = sent_ms + pulse_lease_ms(p) - p->config.config->timing.guard_ms;
    uint64_t now = clock_boot_ms();

    if (end_ms <= p->lease_end_ms) /* Told before, or seen. */
        return;
    /* Pulses in step leave far more: something was in the way, mostly an election. */
    if (p->lease_end_ms != 0 && p->lease_end_ms < now + pulse_lease_ms(p) / 2)
        log_info("pulse", "lease renewed with %" PRIu64 " ms left",
                 p->lease_end_ms > now ? p->lease_end_ms - now : 0);
    p->lease_end_ms = end_ms;
    if (end_ms > now) /* One that was long under way is worth nothing any more. */
        lapse_reset(&p->lapse);
    p->config.lease(pulse_life(p), end_ms, p->config.data);
}

/* When renewal `seq` was sent; false: not by this process, or long ago. */
bool pulse_sent_time(const struct pulse *p, uint64_t seq, uint64_t *ret_ms)
{
    for (unsigned i = 0; i < SENT_MAX; i++) {
        if (p->sent[i].seq != seq)
            continue;
        *ret_ms = p->sent[i].sent_ms;
        return true;
    }
    return false;
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
    uint64_t sent_ms;

    if (p->consensus != NULL && p->incarnation != 0)
        follow_step(p);
    for (unsigned i = 0; i < cmd->renewal_count; i++) {
        const struct renewal *r = &cmd->renewals[i];
        const struct node *n = cluster_node(pulse_state(p), r->node);
        /* Committed is not accepted: a renewal of an incarnation that is down,
         * or an older one come late, changes nothing. */
        if (n == NULL || n->state == NODE_DOWN || n->incarnation != r->incarnation ||
            n->renewed_seq != r->seq)
            continue;
        heard(p, r->node, r->incarnation, arrived_ms(p));
        if (r->node == p->self && r->incarnation == pulse_life(p) &&
            pulse_sent_time(p, r->seq, &sent_ms)) {
            p->seen_ms = sent_ms;
            pulse_extend_lease(p, sent_ms);
        } else if (r->node != p->self && (r->flags & RENEWAL_TELL) != 0 && p->peers != NULL &&
                   consensus_is_leader(p->consensus)) {
            lead_tell(p, r);
        }
    }
}

static void on_node_up(struct pulse *p, const struct command *cmd, const struct reply *reply)
{
    const struct node *n = cluster_node(pulse_state(p), cmd->node);

    /* A repeated NODE_UP gets the first one's answer: the life that it began may be
     * over meanwhile. */
    if (reply->code != 0 || n == NULL || n->state == NODE_DOWN || n->incarnation != reply->index)
        return;
    heard(p, cmd->node, n->incarnation, arrived_ms(p));
    if (cmd->node != p->self || n->incarnation == p->incarnation || p->stopped)
        return;
    if (p->joining && cmd->client == p->join_client && cmd->seq == p->join_seq) {
        p->incarnation = n->incarnation;
        p->lease_end_ms = 0;                    /* Of another life. */
        pulse_extend_lease(p, p->join_sent_ms); /* Before anything is started. */
        become(p, n->incarnation, false);
    } else if (p->incarnation != 0) {
        /* A NODE_UP of an earlier try, given up and committed after all: the life
         * that this node leads is over, and nobody knows when this one was sent. */
        p->incarnation = 0;
        p->config.lost(p->config.data);
    }
}

/* From here on the budgets of what it ran are counted (groupmgr/ending.c). */
static void died(struct pulse *p, uint32_t node)
{
    const struct node *n = cluster_node(pulse_state(p), node);
    struct member *m = n != NULL && n->state == NODE_DOWN ? pulse_member(p, node) : NULL;

    if (m == NULL || (m->incarnation == n->incarnation && m->down_ms != 0))
        return;
    m->incarnation = n->incarnation;
    m->down_ms = clock_boot_ms();
}

static void on_node_down(struct pulse *p)
{
    const struct node *n = cluster_node(pulse_state(p), p->self);

    if (n == NULL || n->state != NODE_DOWN || p->incarnation == 0 ||
        n->incarnation != p->incarnation)
        return;
    p->incarnation = 0;
    if (p->stopped)
        return; /* Its own word. */
    log_error("pulse", "this node was declared down: %s", cause_text(n->why.cause));
    remember_why(p);
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
    case COMMAND_CLUSTER_RECOVER:
    case COMMAND_FENCE_RESULT:
    case COMMAND_FENCE_CONFIRM:
        died(p, cmd->node);
        on_node_down(p);
        break;
    default:
        break;
    }
}

/* A snapshot says who is up, not when they were heard: from now on they have a
 * whole lease, which is later than the truth and therefore safe. So have the dead their
 * whole budgets. */
void pulse_on_restored(struct pulse *p)
{
    const struct node *self = NULL;

    for (const struct node *n = cluster_next_node(pulse_state(p), NULL); n != NULL;
         n = cluster_next_node(pulse_state(p), n)) {
        heard(p, n->id, n->incarnation, clock_boot_ms());
        died(p, n->id);
        if (n->id == p->self)
            self = n;
    }
    if (p->incarnation != 0 && !p->stopped &&
        (self == NULL || self->state == NODE_DOWN || self->incarnation != p->incarnation)) {
        p->incarnation = 0;
        remember_why(p);
        p->config.lost(p->config.data);
    }
}

void pulse_on_leadership(struct pulse *p)
{
    if (p->consensus == NULL || p->closing)
        return;
    if (consensus_is_leader(p->consensus))
        lead_begin(p);
    /* Renewals sent to the old leader may be lost: repeat at once. */
    renew(p, clock_boot_ms());
}

/* ------------------------------------------------------------------------ life */

static void on_timer(uv_timer_t *timer)
{
    struct pulse *p = timer->data;
    uint64_t now = clock_boot_ms();

    measure(p);
    renew(p, now);
    if (consensus_is_leader(p->consensus))
        lead_tick(p, now);
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
    uv_timer_init(config->loop, &p->death);
    p->death.data = p;
    return p;
}

void pulse_start(struct pulse *p, struct consensus *consensus, struct peers *peers)
{
    unsigned ms = p->config.config->timing.pulse_ms;

    p->consensus = consensus;
    p->peers = peers;
    p->started_ms = clock_boot_ms();
    uv_timer_start(&p->timer, on_timer, 0, ms);
}

void pulse_close(struct pulse *p)
{
    p->closing = true;
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_close((uv_handle_t *)&p->due, NULL);
    uv_close((uv_handle_t *)&p->death, NULL);
}

void pulse_free(struct pulse *p)
{
    free(p);
}
