#include "node/fence.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "node/calls.h"
#include "node/fence_work.h"
#include "node/pulse.h"
#include "node/replica.h"

enum {
    LOOK_MS = 100, /* What time alone brings about: silence, another try. */
    PROPOSE_MS = 5000,
    AGAIN_MS = 30000,     /* Between failed fencings of a node whose groups wait for it. */
    GAP_MS = 3 * LOOK_MS, /* Between two looks: this daemon stood still. */
    TESTS_MAX = 8,
};

/* What is done about one node. */
struct job {
    struct fence *fence;
    uint32_t node; /* 0: free. */
    uint64_t incarnation, attempt;
    struct fence_work *work; /* NULL: nothing runs. */
    enum fence_work_kind kind;
    bool proposing;
};

struct test {
    struct fence *fence; /* NULL: free. */
    struct rpc_request *request;
    struct fence_work *work;
    struct bytes rows;
    unsigned row_count;
};

struct fence {
    uv_loop_t *loop;
    struct replica *replica;
    struct calls *calls;
    struct pulse *pulse;
    struct consensus *consensus;
    uint32_t self;
    uv_timer_t timer;
    uint64_t handed_on_ms;
    uint64_t looked_ms;    /* Last, and */
    uint64_t listening_ms; /* since when as a leader without a gap; 0: it does not lead. */
    bool closing;
    struct job jobs[NODES_MAX + 1]; /* In no order. */
    struct test tests[TESTS_MAX];
};

/* --------------------------------------------------------------- proposing */

static void on_proposed(uint32_t code, const struct reply *reply, void *data)
{
    struct job *j = data;

    (void)code;
    (void)reply;
    j->proposing = false;
    if (!j->fence->closing)
        fence_look(j->fence);
}

static void propose(struct job *j, const struct command *cmd, change_done done)
{
    assert(!j->proposing);
    j->proposing = true;
    calls_change_command(j->fence->calls, cmd, PROPOSE_MS, done, j);
}

static void propose_result(struct job *j, const struct node *n, enum fence_result result,
                           const char *words)
{
    propose(j,
            &(struct command){.kind = COMMAND_FENCE_RESULT,
                              .node = n->id,
                              .incarnation = j->incarnation,
                              .attempt = j->attempt,
                              .flags = result,
                              .other = words[0] != '\0' ? words : NULL},
            on_proposed);
}

static void propose_fencing(struct job *j, const struct node *n, const char *why)
{
    log_warn("fence", "node %s: proposing to fence it, incarnation %" PRIu64 ": %s", n->name,
             n->incarnation, why);
    propose(j,
            &(struct command){.kind = COMMAND_FENCE_NODE,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .node_seq = n->renewed_seq},
            on_proposed);
}

/* ------------------------------------------------------------------- doing */

static bool leads(const struct fence *f)
{
    return !f->closing && f->consensus != NULL && consensus_is_leader(f->consensus) &&
           consensus_is_settled(f->consensus);
}

static const struct node *node_of(const struct job *j)
{
    return cluster_node(replica_cluster(j->fence->replica), j->node);
}

/* The place of a node that has gone is taken by the next, once nothing calls back into
 * it any more. NULL: those that have gone hold all of them for now. */
static struct job *job_of(struct fence *f, uint32_t id)
{
    struct job *place = NULL;

    for (unsigned i = 0; i <= NODES_MAX; i++)
        if (f->jobs[i].node == id)
            return &f->jobs[i];
    for (unsigned i = 0; i <= NODES_MAX && place == NULL; i++)
        if (f->jobs[i].work == NULL && !f->jobs[i].proposing && node_of(&f->jobs[i]) == NULL)
            place = &f->jobs[i];
    if (place != NULL)
        *place = (struct job){.fence = f, .node = id};
    return place;
}

static void on_worked(bool ok, const char *words, void *data)
{
    struct job *j = data;
    const struct node *n = node_of(j);

    j->work = NULL;
    if (n == NULL || !leads(j->fence))
        return;
    if (j->kind == FENCE_WORK_OFF)
        propose_result(j, n, ok ? FENCE_RESULT_OFF : FENCE_RESULT_LEVEL_FAILED, words);
    else
        propose_result(j, n, ok ? FENCE_RESULT_ON : FENCE_RESULT_NOT_ON, words);
}

static void work(struct job *j, const struct node *n, enum fence_work_kind kind, unsigned delay_ms)
{
    struct fence_work_plan plan = {.loop = j->fence->loop,
                                   .replica = j->fence->replica,
                                   .kind = kind,
                                   .level = n->fencing.level,
                                   .delay_ms = delay_ms,
                                   .done = on_worked,
                                   .data = j};

    assert(j->work == NULL);
    j->kind = kind;
    j->incarnation = n->incarnation;
    j->attempt = n->fencing.attempt;
    log_info("fence", "node %s: level %u, switching it %s", n->name, n->fencing.level,
             kind == FENCE_WORK_OFF ? "off" : "on");
    j->work = fence_work_start(&plan, n);
}

static void on_attempt(uint32_t code, const struct reply *reply, void *data)
{
    struct job *j = data;
    const struct node *n = node_of(j);

    j->proposing = false;
    if (j->fence->closing)
        return;
    /* Applied here, still the last one, and still ours to do. */
    if (code == 0 && reply->code == 0 && leads(j->fence) && n != NULL &&
        n->fencing.state == FENCING_UNDER_WAY && n->fencing.attempt == reply->index &&
        j->work == NULL)
        work(j, n, FENCE_WORK_OFF, n->fencing_delay_ms);
    fence_look(j->fence);
}

/* The level after the one that failed; the one that somebody has left unfinished,
 * once more. */
static void begin_attempt(struct job *j, const struct node *n)
{
    const struct fencing *now = &n->fencing;
    unsigned after = now->attempt != 0 ? now->level - 1 : now->level;
    unsigned level = fence_level_next(n, after);

    j->incarnation = n->incarnation;
    j->attempt = now->attempt;
    if (level == 0) {
        propose_result(j, n, FENCE_RESULT_FAILED, "no level of its fence devices is left");
        return;
    }
    propose(j,
            &(struct command){.kind = COMMAND_FENCE_ATTEMPT,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .level = level,
                              .by = j->fence->self},
            on_attempt);
}

/* ----------------------------------------------------------------- looking */

/* What runs is still what the state wants of this node. */
static bool is_wanted(const struct job *j, const struct node *n)
{
    if (n == NULL || !leads(j->fence) || n->incarnation != j->incarnation)
        return false;
    if (j->kind == FENCE_WORK_ON)
        return n->fencing.state == FENCING_CONFIRMED && n->fencing.power_on;
    return n->fencing.state == FENCING_UNDER_WAY && n->fencing.attempt == j->attempt;
}

/* Only the silence that this node was there to hear counts: while there was no leader, or
 * this daemon stood still, nobody could be heard, and everybody would be switched off. */
static void keep_listening(struct fence *f)
{
    uint64_t now = clock_boot_ms();

    if (!leads(f))
        f->listening_ms = 0;
    else if (f->listening_ms == 0 || now - f->looked_ms > GAP_MS)
        f->listening_ms = now;
    f->looked_ms = now;
}

static uint64_t silence_ms(const struct fence *f, const struct node *n)
{
    uint64_t ms = pulse_silence_ms(f->pulse, n->id);
    uint64_t listened_ms = clock_boot_ms() - f->listening_ms;

    assert(f->listening_ms != 0);
    return ms < listened_ms ? ms : listened_ms;
}

/* Not heard of for as long as its FencingAfter says. */
static bool is_silent(const struct fence *f, const struct node *n)
{
    return n->state != NODE_DOWN && n->fencing_after_ms > 0 && n->fence_levels.len > 0 &&
           n->fencing.state == FENCING_NONE && silence_ms(f, n) > n->fencing_after_ms;
}

static bool waits_again(const struct fence *f, const struct node *n)
{
    const struct cluster *c = replica_cluster(f->replica);

    return n->fencing.state == FENCING_FAILED && n->fence_levels.len > 0 &&
           node_awaits_fencing(c, n) && cluster_now_ms(c) > n->fencing.why.stamp_ms + AGAIN_MS;
}

/* Another one has to do it. */
static void hand_on(struct fence *f)
{
    enum { HAND_ON_MS = 1000 };

    if (clock_boot_ms() < f->handed_on_ms + HAND_ON_MS)
        return;
    f->handed_on_ms = clock_boot_ms();
    log_warn("fence", "this node is to be fenced: handing leadership on");
    consensus_transfer(f->consensus);
}

static void look_at(struct fence *f, const struct node *n)
{
    struct job *j = job_of(f, n->id);

    if (j == NULL || j->work != NULL || j->proposing)
        return;
    if (n->fencing.state == FENCING_UNDER_WAY && n->id == f->self)
        hand_on(f);
    else if (n->fencing.state == FENCING_UNDER_WAY)
        begin_attempt(j, n);
    else if (n->fencing.state == FENCING_CONFIRMED && n->fencing.power_on && n->id != f->self)
        work(j, n, FENCE_WORK_ON, 0);
    else if (n->id != f->self && is_silent(f, n))
        propose_fencing(j, n, "it was not heard of for its FencingAfter");
    else if (n->id != f->self && waits_again(f, n))
        propose_fencing(j, n, "the last time it failed, and its groups wait");
}

void fence_look(struct fence *f)
{
    const struct cluster *c = replica_cluster(f->replica);

    if (f->closing || f->consensus == NULL)
        return;
    keep_listening(f);
    for (unsigned i = 0; i <= NODES_MAX; i++) {
        struct job *j = &f->jobs[i];

        if (j->work == NULL || is_wanted(j, node_of(j)))
            continue;
        log_info("fence", "node %u: what was under way is not wanted of this node any more",
                 j->node);
        fence_work_cancel(j->work);
        j->work = NULL;
    }
    if (!leads(f))
        return;
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        look_at(f, n);
}

static void on_timer(uv_timer_t *timer)
{
    fence_look(timer->data);
}

/* ------------------------------------------------------------------- tests */

static void on_told(unsigned level, const struct fence_item *item, enum fence_outcome outcome,
                    const char *text, void *data)
{
    struct test *t = data;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &t->rows);
    sink_map(&m.sink, 5);
    sink_kv_uint(&m.sink, "level", level);
    sink_kv_str(&m.sink, "device", item->device);
    sink_kv_str(&m.sink, "plug", item->plug);
    sink_kv_str(&m.sink, "result", outcome == FENCE_DONE ? "on" : fence_outcome_name(outcome));
    sink_kv_str(&m.sink, "text", text);
    t->row_count++;
}

static void on_tested(bool ok, const char *words, void *data)
{
    struct test *t = data;
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    (void)ok;
    (void)words;
    msgpack_sink_init(&m, &result);
    sink_array(&m.sink, t->row_count);
    bytes_append(&result, t->rows.data, t->rows.len);
    rpc_reply(t->request, &result);
    bytes_release(&result);
    bytes_release(&t->rows);
    *t = (struct test){0};
}

void fence_test(struct fence *f, struct rpc_request *r, const char *name)
{
    const struct node *n = cluster_node_by_name(replica_cluster(f->replica), name);
    struct test *t = NULL;

    for (unsigned i = 0; i < TESTS_MAX; i++)
        if (f->tests[i].fence == NULL)
            t = &f->tests[i];
    if (n == NULL || t == NULL || f->closing) {
        rpc_reply_error(r, n == NULL ? ERROR_CLUSTER_NODE_NOT_FOUND : RPC_S_SERVER_TOO_BUSY,
                        n == NULL ? name : "other tests of fence devices are under way");
        return;
    }
    *t = (struct test){.fence = f, .request = r};
    t->work = fence_work_start(&(struct fence_work_plan){.loop = f->loop,
                                                         .replica = f->replica,
                                                         .kind = FENCE_WORK_TEST,
                                                         .told = on_told,
                                                         .done = on_tested,
                                                         .data = t},
                               n);
}

/* -------------------------------------------------------------------- life */

struct fence *fence_open(uv_loop_t *loop, struct replica *replica, struct calls *calls,
                         struct pulse *pulse, uint32_t self)
{
    struct fence *f = xcalloc(1, sizeof *f);

    f->loop = loop;
    f->replica = replica;
    f->calls = calls;
    f->pulse = pulse;
    f->self = self;
    for (unsigned i = 0; i <= NODES_MAX; i++)
        f->jobs[i].fence = f;
    uv_timer_init(loop, &f->timer);
    f->timer.data = f;
    return f;
}

void fence_start(struct fence *f, struct consensus *consensus)
{
    f->consensus = consensus;
    uv_timer_start(&f->timer, on_timer, LOOK_MS, LOOK_MS);
}

void fence_close(struct fence *f)
{
    f->closing = true;
    uv_close((uv_handle_t *)&f->timer, NULL);
    for (unsigned i = 0; i <= NODES_MAX; i++) {
        if (f->jobs[i].work != NULL)
            fence_work_cancel(f->jobs[i].work);
        f->jobs[i].work = NULL;
    }
    for (unsigned i = 0; i < TESTS_MAX; i++) {
        if (f->tests[i].fence == NULL)
            continue;
        fence_work_cancel(f->tests[i].work);
        rpc_reply_error(f->tests[i].request, ERROR_CLUSTER_NODE_SHUTTING_DOWN, NULL);
        bytes_release(&f->tests[i].rows);
        f->tests[i] = (struct test){0};
    }
}

void fence_free(struct fence *f)
{
    free(f);
}
