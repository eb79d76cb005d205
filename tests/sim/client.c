/* Clients: one call at a time each, repeated with the same number, through
 * whatever node, until it is answered. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "node/daemon.h"
#include "tests/sim/command.h"
#include "tests/sim/oracle.h"
#include "tests/sim/redirect.h"
#include "tests/sim/schedule.h"

#undef malloc
#undef calloc
#undef free

enum { CLIENTS_MAX = 8, CALL_TIMEOUT_MS = 3000, PATIENCE_MS = 4000, QUEUE_MAX = 100 };

struct waiting {
    char text[STEP_BYTES];
    struct waiting *next;
};

struct client {
    unsigned id;
    uint64_t seq;
    unsigned attempt; /* Names a try; answers to older ones are too late, but count. */
    struct waiting *queue, **tail;
    unsigned queued;
    bool busy;
    struct event *next;
};

static struct client clients[CLIENTS_MAX + 1];
static struct rng rng;
static void (*told)(const char *text, uint32_t code);

/* What a call in a daemon knows of who made it; in the daemon's heap. */
struct asked {
    unsigned client, attempt;
    uint64_t seq;
    uint64_t floor; /* Of a read: what it must see. */
};

struct heard {
    unsigned client, attempt;
    uint64_t seq;
    uint32_t code;
    bool answered;
    struct reply reply;
};

static void client_try(void *arg);

static void plan_try(struct client *c, uint64_t in_ms)
{
    if (c->next != NULL)
        event_cancel(c->next);
    c->next = event_at(sim.now_ns + in_ms * MS, NULL, client_try, c, NULL);
}

static void call_ended(struct client *c)
{
    struct waiting *w = c->queue;

    c->queue = w->next;
    if (c->queue == NULL)
        c->tail = &c->queue;
    c->queued--;
    free(w);
    c->busy = false;
    plan_try(c, 1 + rng_below(&rng, 50));
}

/* The answer reaches the client. */
static void client_hears(void *arg)
{
    const struct heard *h = arg;
    struct client *c = &clients[h->client];

    if (!c->busy || h->seq != c->seq)
        return;
    if (!h->answered) {
        if (h->attempt == c->attempt)
            plan_try(c, 100 + rng_below(&rng, 400));
        return;
    }
    trace(1, "c%u #%" PRIu64 " <- %u %s%s%s [%" PRIu64 "]", c->id, c->seq, h->reply.code,
          error_name(h->reply.code), h->reply.detail[0] != '\0' ? ": " : "", h->reply.detail,
          h->reply.index);
    if (strcmp(c->queue->text, "read") != 0)
        oracle_on_reply(c->id, c->seq, &h->reply);
    step_on_answer(c->queue->text);
    if (told != NULL)
        told(c->queue->text, h->reply.code);
    call_ended(c);
}

static void tell(const struct asked *a, uint32_t code, const struct reply *reply)
{
    struct heard *h = calloc(1, sizeof *h);

    *h = (struct heard){.client = a->client, .attempt = a->attempt, .seq = a->seq, .code = code};
    h->answered = code == 0 && reply != NULL;
    if (h->answered)
        h->reply = *reply;
    event_at(sim.now_ns + rng_range(&rng, 50, 2000) * 1000, NULL, client_hears, h, free);
}

static void change_done_(uint32_t code, const struct reply *reply, void *data)
{
    tell(data, code, reply);
    sim_free(data);
}

static void read_done_(uint32_t code, void *data)
{
    const struct asked *a = data;
    const struct reply seen = {.index =
                                   cluster_index(replica_cluster(sim.current->daemon->replica))};

    if (code == 0 && seen.index < a->floor)
        fail("a read on %s saw index %" PRIu64 " after %" PRIu64 " had been acknowledged",
             sim.current->machine->name, seen.index, a->floor);
    tell(a, code, &seen);
    sim_free(data);
}

/* Inside a daemon. */
static void submit(void *arg)
{
    const struct heard *call = arg;
    const struct client *c = &clients[call->client];
    struct daemon *d = sim.current->daemon;
    struct reply refused = {0};
    struct asked *a;
    struct parsed p;

    if (!c->busy || call->attempt != c->attempt || d->stop != NULL)
        return;
    a = sim_calloc(1, sizeof *a);
    *a = (struct asked){c->id, c->attempt, c->seq, oracle_acknowledged()};
    if (strcmp(c->queue->text, "read") == 0) {
        calls_read(d->calls, CALL_TIMEOUT_MS, read_done_, a);
        return;
    }
    if (!command_parse(c->queue->text, &p))
        fail("no such call: %s", c->queue->text);
    p.command.client = c->id;
    p.command.seq = c->seq;
    /* As the API does, of a build that knows more levels than the first. */
    if (d->config->functional_level > LEVEL_MIN)
        refused.code = cluster_level_check(replica_cluster(d->replica), &p.command, &refused);
    if (refused.code != 0)
        change_done_(0, &refused, a);
    else
        calls_change_command(d->calls, &p.command, CALL_TIMEOUT_MS, change_done_, a);
    command_release(&p);
}

static void client_try(void *arg)
{
    struct client *c = arg;
    struct machine *m = machine_of(1 + (uint32_t)rng_below(&rng, sim.profile.machines));
    struct heard *call;

    c->next = NULL;
    if (c->queue == NULL)
        return;
    if (!c->busy) {
        c->busy = true;
        c->seq++;
        trace(1, "c%u #%" PRIu64 " -> %s", c->id, c->seq, c->queue->text);
    }
    c->attempt++;
    if (m->daemon == NULL || !m->daemon->started) {
        plan_try(c, 50);
        return;
    }
    call = calloc(1, sizeof *call);
    call->client = c->id;
    call->attempt = c->attempt;
    event_at(sim.now_ns + rng_range(&rng, 50, 2000) * 1000, m->daemon, submit, call, free);
    plan_try(c, PATIENCE_MS);
}

void client_call(unsigned client, const char *text)
{
    struct client *c = &clients[client];
    struct waiting *w;

    if (client == 0 || client > CLIENTS_MAX) {
        fail("no such client: %u", client);
        return;
    }
    if (c->queued >= QUEUE_MAX)
        return; /* The cluster has not answered for long: nobody goes on asking. */
    w = calloc(1, sizeof *w);
    snprintf(w->text, sizeof w->text, "%s", text);
    *c->tail = w;
    c->tail = &w->next;
    c->queued++;
    if (!c->busy && c->next == NULL)
        plan_try(c, 0);
}

void clients_on_answer(void (*fn)(const char *text, uint32_t code))
{
    told = fn;
}

bool clients_idle(void)
{
    for (unsigned i = 1; i <= CLIENTS_MAX; i++)
        if (clients[i].queue != NULL)
            return false;
    return true;
}

void clients_init(void)
{
    memset(clients, 0, sizeof clients);
    told = NULL;
    rng_seed(&rng, sim.seed, 4);
    for (unsigned i = 0; i <= CLIENTS_MAX; i++) {
        clients[i].id = i;
        clients[i].tail = &clients[i].queue;
    }
}

void clients_release(void)
{
    for (unsigned i = 0; i <= CLIENTS_MAX; i++)
        while (clients[i].queue != NULL) {
            struct waiting *w = clients[i].queue;
            clients[i].queue = w->next;
            free(w);
        }
}
