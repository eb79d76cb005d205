/* Linearizable reads: one barrier for all that wait (Raft thesis, section 6.4;
 * libraft has no read index, so the barrier is an entry of the log). */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "node/calls_private.h"
#include "node/peers.h"

enum { BARRIER_TIMEOUT_MS = 5000, LEADERLESS_MS_MAX = 5000 };

struct read {
    uint64_t deadline_ms;
    uint64_t began_ms;
    uint64_t position; /* To reach; 0: not known yet. */
    read_done done;
    void *data;
    struct read *next;
};

static void list_append(struct read_list *list, struct read *r)
{
    r->next = NULL;
    *list->tail = r;
    list->tail = &r->next;
}

static struct read *list_take(struct read_list *list)
{
    struct read *r = list->first;

    if (r == NULL)
        return NULL;
    list->first = r->next;
    if (list->first == NULL)
        list->tail = &list->first;
    return r;
}

static void read_end(struct read *r, uint32_t code)
{
    read_done done = r->done;
    void *data = r->data;

    free(r);
    done(code, data);
}

bool reads_waiting(const struct calls *c)
{
    return c->waiting.first != NULL || c->in_flight.first != NULL || c->catching.first != NULL;
}

/* The barrier failed: its reads wait for the next one. */
static void barrier_failed(struct calls *c)
{
    struct read *r;

    c->barrier_running = false;
    while ((r = list_take(&c->in_flight)) != NULL)
        list_append(&c->waiting, r);
    if (c->waiting.first != NULL)
        calls_schedule_retry(c);
}

/* The one who was asked leads no longer: its answer, if one comes, counts for
 * nothing, and the reads wait for a barrier of the new leader. That one begins
 * later than they did, which is all that a read asks of its barrier. */
void reads_recall(struct calls *c, uint32_t leader)
{
    if (!c->barrier_running || c->barrier_leader == leader || c->barrier_leader == c->self)
        return; /* This node's own is ended by raft when it steps down. */
    c->barrier_number++;
    barrier_failed(c);
}

/* Everything up to `position` was committed after these reads began. */
static void barrier_passed(struct calls *c, uint64_t position)
{
    struct read *r;

    c->barrier_running = false;
    while ((r = list_take(&c->in_flight)) != NULL) {
        r->position = position;
        list_append(&c->catching, r);
    }
    reads_caught_up(c);
    reads_start_barrier(c);
}

/* Positions rise along the list: barriers come one after another. */
void reads_caught_up(struct calls *c)
{
    uint64_t position = consensus_position(c->consensus);

    while (c->catching.first != NULL && c->catching.first->position <= position)
        read_end(list_take(&c->catching), 0);
}

struct own_barrier {
    struct proposal proposal; /* First. */
    struct calls *calls;
};

static void own_barrier_done(struct proposal *p, uint32_t code)
{
    struct calls *c = ((struct own_barrier *)p)->calls;

    free(p);
    if (code == 0)
        barrier_passed(c, consensus_position(c->consensus));
    else
        barrier_failed(c);
}

struct asked_barrier {
    struct calls *calls;
    unsigned number;
};

static void leader_barrier_done(uint32_t code, const char *message, const struct value *result,
                                void *data)
{
    struct asked_barrier *b = data;
    struct calls *c = b->calls;
    bool recalled = b->number != c->barrier_number;
    uint64_t position;

    (void)message;
    free(b);
    if (recalled)
        return;
    if (code == 0 && value_get_uint(result, "position", &position))
        barrier_passed(c, position);
    else
        barrier_failed(c);
}

void reads_start_barrier(struct calls *c)
{
    struct rpc_conn *conn = NULL;
    uint32_t leader = c->self;

    if (c->barrier_running || c->closing || c->consensus == NULL || c->waiting.first == NULL)
        return;
    bool leading = consensus_is_leader(c->consensus);
    if (!leading) {
        leader = consensus_leader(c->consensus);
        if (leader != 0 && leader != c->self)
            conn = peers_get(c->peers, leader);
        if (conn == NULL)
            return;
    }
    struct read *r;
    while ((r = list_take(&c->waiting)) != NULL)
        list_append(&c->in_flight, r);
    c->barrier_running = true;
    c->barrier_leader = leader;
    c->barrier_number++;
    if (leading) {
        struct own_barrier *b = xcalloc(1, sizeof *b);
        b->proposal.done = own_barrier_done;
        b->calls = c;
        consensus_barrier(c->consensus, &b->proposal);
    } else {
        struct asked_barrier *b = xcalloc(1, sizeof *b);
        b->calls = c;
        b->number = c->barrier_number;
        rpc_call(conn, "peer.barrier", NULL, BARRIER_TIMEOUT_MS, leader_barrier_done, b);
    }
}

void calls_read(struct calls *c, unsigned timeout_ms, read_done done, void *data)
{
    struct read *r = xcalloc(1, sizeof *r);

    r->began_ms = clock_boot_ms();
    r->deadline_ms = r->began_ms + timeout_ms;
    r->done = done;
    r->data = data;
    list_append(&c->waiting, r);
    calls_schedule_retry(c);
    reads_start_barrier(c);
}

static void list_expire(struct read_list *list, uint64_t now_ms, uint64_t patience_ms,
                        uint32_t code)
{
    struct read_list kept = {.tail = &kept.first};
    struct read_list expired = {.tail = &expired.first};
    struct read *r;

    while ((r = list_take(list)) != NULL)
        list_append(
            now_ms >= r->deadline_ms || now_ms - r->began_ms >= patience_ms ? &expired : &kept, r);
    while ((r = list_take(&kept)) != NULL)
        list_append(list, r);
    while ((r = list_take(&expired)) != NULL)
        read_end(r, code);
}

void reads_expire(struct calls *c, uint64_t now_ms)
{
    bool no_leader = c->consensus == NULL || consensus_leader(c->consensus) == 0;
    uint32_t code = no_leader ? ERROR_CLUSTER_NO_QUORUM : ERROR_TIMEOUT;

    /* An election is over long before that: whoever looks wants to know soon that
     * there is no majority. */
    uint64_t patience_ms = no_leader ? LEADERLESS_MS_MAX : UINT64_MAX;

    list_expire(&c->waiting, now_ms, patience_ms, code);
    list_expire(&c->in_flight, now_ms, patience_ms, code);
    list_expire(&c->catching, now_ms, patience_ms, code);
}

void reads_abort(struct calls *c, uint32_t code)
{
    list_expire(&c->waiting, UINT64_MAX, UINT64_MAX, code);
    list_expire(&c->in_flight, UINT64_MAX, UINT64_MAX, code);
    list_expire(&c->catching, UINT64_MAX, UINT64_MAX, code);
}

/* -------------------------------------------------------- serving other nodes */

struct served_barrier {
    struct proposal proposal; /* First. */
    struct calls *calls;
    struct rpc_request *request;
    uint64_t position; /* When it was asked for; 0: not good enough. */
};

static void served_barrier_done(struct proposal *p, uint32_t code)
{
    struct served_barrier *b = (struct served_barrier *)p;
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    if (code == 0) {
        msgpack_sink_init(&m, &result);
        sink_map(&m.sink, 1);
        sink_kv_uint(&m.sink, "position",
                     b->position != 0 ? b->position : consensus_position(b->calls->consensus));
        rpc_reply(b->request, &result);
        bytes_release(&result);
    } else {
        rpc_reply_error(b->request, code, NULL);
    }
    free(b);
}

void calls_serve_barrier(struct calls *c, struct rpc_request *request)
{
    if (c->closing || c->consensus == NULL || !consensus_is_leader(c->consensus)) {
        rpc_reply_error(request, ERROR_NOT_READY, NULL);
        return;
    }
    struct served_barrier *b = xcalloc(1, sizeof *b);
    b->proposal.done = served_barrier_done;
    b->calls = c;
    b->request = request;
    /* What had been committed when this request came is what its reads must see;
     * the barrier proves that this node still led then. The message that carried
     * the barrier has told the asking node that much is committed, so that it need
     * not wait for the next. Not before an entry of this term is applied: until
     * then a former leader may have acknowledged more than is applied here. */
    if (consensus_is_settled(c->consensus))
        b->position = consensus_position(c->consensus);
    consensus_barrier(c->consensus, &b->proposal);
}
