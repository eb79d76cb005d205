#include "node/calls.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "node/calls_private.h"

static void on_retry(uv_timer_t *timer)
{
    struct calls *c = timer->data;
    uint64_t now = clock_boot_ms();

    changes_expire(c, now);
    reads_expire(c, now);
    changes_send_waiting(c);
    reads_start_barrier(c);
    if (c->changes == NULL && !reads_waiting(c))
        uv_timer_stop(timer);
}

void calls_schedule_retry(struct calls *c)
{
    if (!c->closing && !uv_is_active((uv_handle_t *)&c->retry))
        uv_timer_start(&c->retry, on_retry, CALLS_RETRY_MS, CALLS_RETRY_MS);
}

struct calls *calls_open(uv_loop_t *loop, uint32_t self)
{
    struct calls *c = xcalloc(1, sizeof *c);

    c->loop = loop;
    c->self = self;
    c->waiting.tail = &c->waiting.first;
    c->in_flight.tail = &c->in_flight.first;
    c->catching.tail = &c->catching.first;
    uv_timer_init(loop, &c->retry);
    c->retry.data = c;
    return c;
}

void calls_start(struct calls *c, struct consensus *consensus, struct peers *peers)
{
    c->consensus = consensus;
    c->peers = peers;
}

void calls_ask_room(struct calls *c, const struct space *space)
{
    c->space = space;
}

void calls_close(struct calls *c)
{
    assert(!c->closing);
    c->closing = true;
    uv_close((uv_handle_t *)&c->retry, NULL);
    changes_abort(c, ERROR_CLUSTER_NODE_SHUTTING_DOWN);
    reads_abort(c, ERROR_CLUSTER_NODE_SHUTTING_DOWN);
}

void calls_free(struct calls *c)
{
    free(c);
}

void calls_on_leadership(struct calls *c)
{
    if (c->closing || c->consensus == NULL)
        return;
    uint32_t leader = consensus_is_leader(c->consensus) ? c->self : consensus_leader(c->consensus);
    if (leader != 0) {
        changes_recall(c, leader);
        reads_recall(c, leader);
    }
    changes_send_waiting(c);
    reads_start_barrier(c);
}

void calls_on_peer(struct calls *c)
{
    calls_on_leadership(c);
}

void calls_on_applied(struct calls *c)
{
    reads_caught_up(c);
}
