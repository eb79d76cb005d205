#include "node/space.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "node/config.h"
#include "node/replica.h"

enum { TRANSFER_RETRY_MS = 10000 };

struct space {
    const struct config *config;
    struct replica *replica;
    struct consensus *consensus;
    uv_timer_t timer;
    uint32_t self;
    bool waits;             /* As was said last. */
    uint64_t transfer_ms;   /* Boot time of the last try; 0: none. */
};

static void tell(struct space *s, uint64_t writing_ms)
{
    bool waits = writing_ms >= s->config->timing.lease_ms;

    if (waits == s->waits || (s->waits && writing_ms >= s->config->timing.pulse_ms))
        return;
    s->waits = waits;
    if (waits)
        log_error("disk",
                  "the log waits for its disk, for %" PRIu64 " ms now: %s is full or too slow; what "
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
