#include "node/space.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "node/config.h"
#include "node/replica.h"

enum { TRANSFER_RETRY_MS = 10000 };

struct space {
    const struct config *config;
    struct replica *replica;
    struct consensus *consensus;
    uv_timer_t timer;
    uint32_t self;
    bool waits;           /* As was said last. */
    uint64_t transfer_ms; /* Boot time of the last try; 0: none. */
};

static void tell(struct space *s, uint64_t writing_ms)
{
    bool waits = writing_ms >= s->config->timing.lease_ms;

    if (waits == s->waits || (s->waits && writing_ms >= s->config->timing.pulse_ms))
        return;
    s->waits = waits;
    if (waits)
        log_error("disk",
                  "the log waits for its disk, for %" PRIu64
                  " ms now: %s is full or too slow; what "
                  "runs here runs on, and nothing new is started; free some space there",
                  writing_ms, s->config->data_dir);
    else
        log_info("disk", "the log goes on");
}

static bool somebody_can_lead(const struct space *s)
{
    const struct cluster *c = replica_cluster(s->replica);
    enum consensus_role role;

    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        if (n->id != s->self && n->state != NODE_DOWN && !n->leaving && n->log == LOG_CURRENT &&
            consensus_role_of(s->consensus, n->id, &role) && role == CONSENSUS_VOTER)
            return true;
    return false;
}

static void hand_over(struct space *s, uint64_t writing_ms, uint64_t now)
{
    if (!consensus_is_settled(s->consensus) || writing_ms < s->config->timing.lease_ms ||
        (s->transfer_ms != 0 && now - s->transfer_ms < TRANSFER_RETRY_MS) || !somebody_can_lead(s))
        return;
    s->transfer_ms = now;
    log_warn("disk", "this node leads and cannot write its log: handing over the lead");
    consensus_transfer(s->consensus);
}

/* ------------------------------------------------------------------ low space */

bool space_is_wanting(const struct cluster *c, const struct consensus *consensus, char *text,
                      size_t size)
{
    unsigned voters = 0, able = 0, low = 0;
    struct consensus_server server;
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; consensus_server_at(consensus, i, &server); i++) {
        const struct node *n = cluster_node(c, server.id);

        if (server.role != CONSENSUS_VOTER)
            continue;
        voters++;
        if (n == NULL || n->state == NODE_DOWN)
            continue;
        able += !n->disk_low;
        if (!n->disk_low)
            continue;
        int more = snprintf(text + used, size - used, "%s%s", low > 0 ? ", " : "", n->name);
        used = more > 0 && used + (size_t)more < size ? used + (size_t)more : size - 1;
        low++;
    }
    if (low == 0 || able > voters / 2)
        return false;
    snprintf(text + used, size - used,
             " %s no room for more of the log, and the others are no "
             "majority: free some space in the data folder",
             low == 1 ? "has" : "have");
    return true;
}

/* A client's call, as against what the nodes say on their own account. */
static bool is_call(const struct command *cmd)
{
    return cmd->client != 0 && cmd->kind != COMMAND_NODE_UP;
}

bool space_refuses(const struct space *s, const uint8_t *command, size_t len,
                   struct reply *ret_reply)
{
    const struct cluster *c = replica_cluster(s->replica);
    struct reply reply = {.code = ERROR_DISK_FULL};
    struct arena arena = {0};
    const struct value *v;
    struct command cmd;

    if (!space_is_wanting(c, s->consensus, reply.detail, sizeof reply.detail))
        return false;
    bool refused = msgpack_read(command, len, &arena, &v) == 0 &&
                   command_read(v, &arena, &cmd) == 0 && is_call(&cmd) &&
                   !cluster_knows_call(c, cmd.client, cmd.seq);
    arena_release(&arena);
    if (refused)
        *ret_reply = reply;
    return refused;
}

static void on_timer(uv_timer_t *timer)
{
    struct space *s = timer->data;
    uint64_t writing_ms = consensus_writing_ms(s->consensus);

    tell(s, writing_ms);
    hand_over(s, writing_ms, clock_boot_ms());
}

struct space *space_open(uv_loop_t *loop, const struct config *config, struct replica *replica)
{
    struct space *s = xcalloc(1, sizeof *s);

    s->config = config;
    s->replica = replica;
    s->self = config_self(config)->id;
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    return s;
}

void space_start(struct space *s, struct consensus *consensus)
{
    unsigned ms = s->config->timing.pulse_ms;

    s->consensus = consensus;
    uv_timer_start(&s->timer, on_timer, ms, ms);
}

void space_close(struct space *s)
{
    uv_close((uv_handle_t *)&s->timer, NULL);
}

void space_free(struct space *s)
{
    free(s);
}
