#include "node/members.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "node/calls.h"
#include "node/config.h"
#include "node/directory.h"
#include "node/peers.h"
#include "node/replica.h"
#include "node/voters.h"

enum {
    SERVERS_MAX = 2 * NODES_MAX,
    REMOVED_TIMEOUT_MS = 5000,
    LEADERLESS_MS = 2000, /* Then this node asks whether it still is a member. */
    PROBE_MS = 500,
};

struct members {
    const struct config *config;
    struct replica *replica;
    struct calls *calls;
    struct consensus *consensus;
    struct peers *peers;
    struct directory *directory;
    uv_timer_t timer;
    uint32_t self;
    uint64_t led_since_ms;   /* Boot time since which this node leads; 0: it does not. */
    uint64_t leader_seen_ms; /* When a leader was last known. */
    uint64_t probed_ms;
    bool removed_under_way;
    bool closing;
};

/* ---------------------------------------------------------------- what there is */

static enum voter_role role_of(enum consensus_role role)
{
    return role == CONSENSUS_VOTER     ? VOTER_VOTER
           : role == CONSENSUS_STANDBY ? VOTER_STANDBY
                                       : VOTER_SPARE;
}

/* A server of the configuration, as the state knows it. One of the first configuration
 * that has never come up is in no state yet. */
static struct voter_member member_of(const struct members *m, uint32_t id, enum voter_role role)
{
    const struct cluster *c = replica_cluster(m->replica);
    const struct node *n = cluster_node(c, id);
    uint64_t grace_ms = m->config->voter_grace_ms;
    struct voter_member v = {.id = id, .role = role, .site = "", .rack = ""};

    v.departing = cluster_departed(c, id, NULL);
    v.leader = id == m->self;
    v.lost = clock_boot_ms() - m->led_since_ms >= grace_ms;
    if (n == NULL) {
        v.up = v.leader;
        return v;
    }
    v.up = n->state != NODE_DOWN || v.leader;
    v.lost = !v.up && cluster_now_ms(c) - n->since_ms >= grace_ms && v.lost;
    v.witness = n->witness;
    v.site = n->site;
    v.rack = n->rack;
    return v;
}

static unsigned gather(const struct members *m, struct voter_member servers[SERVERS_MAX])
{
    const struct cluster *c = replica_cluster(m->replica);
    struct consensus_server s;
    enum consensus_role role;
    unsigned count = 0;

    for (unsigned i = 0; count < SERVERS_MAX && consensus_server_at(m->consensus, i, &s); i++)
        servers[count++] = member_of(m, s.id, role_of(s.role));
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL && count < SERVERS_MAX;
         n = cluster_next_node(c, n))
        if (!consensus_role_of(m->consensus, n->id, &role))
            servers[count++] = member_of(m, n->id, VOTER_ABSENT);
    return count;
}

/* ------------------------------------------------------------------ carrying out */

static uint32_t carry_out(struct members *m, const struct voter_change *change)
{
    const struct node *n = cluster_node(replica_cluster(m->replica), change->id);

    switch (change->kind) {
    case VOTER_CHANGE_ADD:
        assert(n != NULL);
        return consensus_add(m->consensus, change->id, n->address);
    case VOTER_CHANGE_ASSIGN:
        return consensus_assign(m->consensus, change->id,
                                change->role == VOTER_VOTER ? CONSENSUS_VOTER : CONSENSUS_STANDBY);
    case VOTER_CHANGE_REMOVE:
        return consensus_remove(m->consensus, change->id);
    case VOTER_CHANGE_TRANSFER:
        consensus_transfer(m->consensus);
        return 0;
    case VOTER_CHANGE_NONE:
        break;
    }
    return 0;
}

static void log_change(const struct members *m, const struct voter_change *change)
{
    static const char *const doing[] = {[VOTER_CHANGE_ADD] = "is added",
                                        [VOTER_CHANGE_ASSIGN] = "becomes",
                                        [VOTER_CHANGE_REMOVE] = "is removed",
                                        [VOTER_CHANGE_TRANSFER] = "hands over the lead"};
    const struct node *n = cluster_node(replica_cluster(m->replica), change->id);

    log_info("members", "node %u%s%s%s %s%s: %s", change->id, n != NULL ? " (" : "",
             n != NULL ? n->name : "", n != NULL ? ")" : "", doing[change->kind],
             change->kind != VOTER_CHANGE_ASSIGN ? ""
             : change->role == VOTER_VOTER       ? " a voter"
                                                 : " a stand-by",
             change->why);
}

static void removed_done(uint32_t code, const struct reply *reply, void *data)
{
    struct members *m = data;

    (void)code;
    (void)reply;
    m->removed_under_way = false;
}

/* Committed, not only begun: no change is under way here. */
static void tell_removed(struct members *m)
{
    const struct cluster *c = replica_cluster(m->replica);
    enum consensus_role role;

    for (uint32_t id = cluster_next_departing(c, 0); id != 0 && !m->removed_under_way;
         id = cluster_next_departing(c, id)) {
        if (consensus_role_of(m->consensus, id, &role))
            continue;
        struct command cmd = {.kind = COMMAND_NODE_REMOVED, .node = id};
        m->removed_under_way = true;
        calls_change_command(m->calls, &cmd, REMOVED_TIMEOUT_MS, removed_done, m);
    }
}

static void lead(struct members *m, uint64_t now)
{
    struct voter_member servers[SERVERS_MAX];
    struct voter_change change;

    if (m->led_since_ms == 0)
        m->led_since_ms = now;
    if (consensus_is_changing(m->consensus))
        return;
    tell_removed(m);
    /* A new leader first lets a lease pass: until then who is up is hearsay. */
    bool automatic = !m->config->fixed_roles && now - m->led_since_ms >= m->config->timing.lease_ms;
    change = voters_next(servers, gather(m, servers), automatic);
    if (change.kind != VOTER_CHANGE_NONE && carry_out(m, &change) == 0)
        log_change(m, &change);
}

/* ------------------------------------------------------------- still a member? */

/* Those of the configuration: after a restart the state is empty until a leader says how
 * much of the log is committed, and who has moved must be found by the leader first. */
static void probe(struct members *m, uint64_t now)
{
    struct consensus_server s;

    m->probed_ms = now;
    for (unsigned i = 0; consensus_server_at(m->consensus, i, &s); i++)
        if (s.id != m->self)
            peers_probe(m->peers, s.id);
}

static void on_timer(uv_timer_t *timer)
{
    struct members *m = timer->data;
    uint64_t now = clock_boot_ms();

    directory_keep(m->directory, replica_cluster(m->replica));
    if (consensus_is_settled(m->consensus))
        lead(m, now);
    else
        m->led_since_ms = 0;
    if (consensus_leader(m->consensus) != 0)
        m->leader_seen_ms = now;
    if (now - m->probed_ms >= PROBE_MS &&
        (now - m->leader_seen_ms >= LEADERLESS_MS ||
         cluster_departed(replica_cluster(m->replica), m->self, NULL)))
        probe(m, now);
}

/* ------------------------------------------------------------------------ life */

struct members *members_open(uv_loop_t *loop, const struct config *config, struct replica *replica,
                             struct calls *calls)
{
    struct members *m = xcalloc(1, sizeof *m);

    m->config = config;
    m->replica = replica;
    m->calls = calls;
    m->self = config_self(config)->id;
    m->directory = directory_open(config->data_dir, m->self);
    uv_timer_init(loop, &m->timer);
    m->timer.data = m;
    return m;
}

void members_start(struct members *m, struct consensus *consensus, struct peers *peers)
{
    unsigned ms = m->config->timing.pulse_ms;

    m->consensus = consensus;
    m->peers = peers;
    m->leader_seen_ms = clock_boot_ms();
    uv_timer_start(&m->timer, on_timer, ms, ms);
}

void members_close(struct members *m)
{
    m->closing = true;
    uv_close((uv_handle_t *)&m->timer, NULL);
}

void members_free(struct members *m)
{
    directory_close(m->directory);
    free(m);
}
