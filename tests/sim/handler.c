/* The resources: handlers that do what the seed says, and the truth about what
 * runs where, which the cluster's own view is held against. */
#include "resources/handler.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "groupmgr/groupmgr.h"
#include "resources/life.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"
#include "tests/sim/truth.h"

#undef malloc
#undef calloc
#undef free

enum { NAME_MAX_ = 32, POISON_MAX = 64, RUNNING_MAX = 4096 };

/* Something of a resource runs. */
struct running {
    uint64_t resource, token;
    char name[NAME_MAX_], group[NAME_MAX_];
    struct machine *machine;
    struct handler *handler;
    bool ending;   /* Terminated; its processes are on their way out. */
    bool outlives; /* Them, until its machine is off (SelfFencing). */
    struct running *prev, *next;
};

struct handler {
    const struct handler_context *context;
    struct running *running; /* NULL: nothing of it runs. */
    uv_timer_t step, progress;
    uint32_t checkpoint;
    bool online, locked;
    unsigned open_handles;
};

struct token {
    char group[NAME_MAX_];
    uint64_t token;
    struct token *next;
};

static struct running *all;
static struct token *tokens;
static struct {
    char name[NAME_MAX_];
    uint32_t machine;
} poison[POISON_MAX];
static unsigned poison_count;

/* -------------------------------------------------------------------- truth */

/* Frozen processes do nothing. One that was frozen, and is being ended since it
 * woke, has had no chance to end before. */
static bool counts(const struct running *r)
{
    const struct machine *m = r->machine;

    if (r->outlives)
        return true;
    if (m->frozen)
        return false;
    return !(r->ending && m->woke_ns != 0 && sim.now_ns - m->woke_ns < 200 * MS);
}

static void overlap(const struct running *a, const struct running *b)
{
    if (a->machine != b->machine && strcmp(a->group, b->group) == 0 && counts(a) && counts(b))
        fail("%s runs on %s while %s of the same group runs on %s", a->name, a->machine->name,
             b->name, b->machine->name);
}

void truth_check(void)
{
    for (const struct running *a = all; a != NULL; a = a->next)
        for (const struct running *b = a->next; b != NULL; b = b->next)
            overlap(a, b);
}

/* A newer owner has begun already: this one is late. */
static void check_token(const struct running *r)
{
    struct token *t = tokens;

    while (t != NULL && strcmp(t->group, r->group) != 0)
        t = t->next;
    if (t == NULL) {
        t = calloc(1, sizeof *t);
        snprintf(t->group, sizeof t->group, "%s", r->group);
        t->next = tokens;
        tokens = t;
    }
    if (r->token < t->token)
        fail("%s starts on %s with token %llu after one with %llu", r->name, r->machine->name,
             (unsigned long long)r->token, (unsigned long long)t->token);
    t->token = r->token;
}

static void truth_begin(struct handler *h)
{
    const struct handler_context *c = h->context;
    const struct life *life = (const void *)((const char *)c - offsetof(struct life, context));
    struct running *r = calloc(1, sizeof *r);

    r->resource = c->id;
    r->token = c->token;
    snprintf(r->name, sizeof r->name, "%s", c->resource);
    snprintf(r->group, sizeof r->group, "%s", c->group);
    r->machine = sim.current->machine;
    r->handler = h;
    r->outlives = life->self_fencing;
    r->next = all;
    if (all != NULL)
        all->prev = r;
    all = r;
    h->running = r;
    trace(1, "%s process of %s begins, token %llu", r->machine->name, r->name,
          (unsigned long long)r->token);
    for (const struct running *o = r->next; o != NULL; o = o->next) {
        overlap(r, o);
        if (o->resource == r->resource && o->machine == r->machine)
            fail("%s runs twice on %s", r->name, r->machine->name);
    }
    check_token(r);
}

void truth_regroup(const struct cluster *c)
{
    for (struct running *r = all; r != NULL; r = r->next) {
        const struct resource *now = cluster_resource(c, r->resource);

        if (now != NULL)
            snprintf(r->group, sizeof r->group, "%s", now->group->name);
    }
}

static void truth_end(struct running *r)
{
    trace(1, "%s process of %s has ended", r->machine->name, r->name);
    if (r->next != NULL)
        r->next->prev = r->prev;
    if (r->prev != NULL)
        r->prev->next = r->next;
    else
        all = r->next;
    free(r);
}

void truth_on_monitor_gone(struct machine *m)
{
    for (struct running *r = all, *next; r != NULL; r = next) {
        next = r->next;
        if (r->machine != m)
            continue;
        if (m->on && r->outlives)
            r->handler = NULL;
        else
            truth_end(r);
    }
}

void truth_release(void)
{
    while (all != NULL)
        truth_end(all);
    while (tokens != NULL) {
        struct token *t = tokens;
        tokens = t->next;
        free(t);
    }
    truth_heal();
}

/* ------------------------------------------------------------------- mischief */

void truth_heal(void)
{
    poison_count = 0;
}

void truth_poison(const char *resource, uint32_t m, bool poisoned)
{
    unsigned i = 0;

    while (i < poison_count && (poison[i].machine != m || strcmp(poison[i].name, resource) != 0))
        i++;
    if (!poisoned && i < poison_count) {
        poison[i] = poison[--poison_count];
    } else if (poisoned && i == poison_count && i < POISON_MAX) {
        snprintf(poison[i].name, sizeof poison[i].name, "%s", resource);
        poison[i].machine = m;
        poison_count++;
    }
}

static bool is_poisoned(const struct handler *h)
{
    for (unsigned i = 0; i < poison_count; i++)
        if (poison[i].machine == sim.current->machine->id &&
            strcmp(poison[i].name, h->context->resource) == 0)
            return true;
    return false;
}

static struct running *find_online(const char *name)
{
    for (struct running *r = all; r != NULL; r = r->next)
        if (strcmp(r->name, name) == 0 && r->handler != NULL && r->handler->online && !r->ending)
            return r;
    return NULL;
}

static void fail_now(void *arg);
static void lock_now(void *arg);
static void unlock_now(void *arg);

struct wish {
    char name[NAME_MAX_];
};

static bool wish(const char *resource, void (*fn)(void *))
{
    struct running *r = find_online(resource);
    struct wish *w;

    if (r == NULL)
        return false;
    w = calloc(1, sizeof *w);
    snprintf(w->name, sizeof w->name, "%s", resource);
    event_at(sim.now_ns, r->machine->monitor, fn, w, free);
    return true;
}

bool truth_fail(const char *resource)
{
    return wish(resource, fail_now);
}

bool truth_lock(const char *resource, bool locked)
{
    return wish(resource, locked ? lock_now : unlock_now);
}

/* -------------------------------------------------------------------- handler */

static struct rng *script(void)
{
    return &sim.current->machine->script;
}

static bool chance(unsigned per_mille)
{
    bool yes = rng_chance(script(), per_mille);

    return yes && !sim.calm;
}

static void status(struct handler *h, enum handler_status s, uint32_t code, const char *words)
{
    h->context->events->status(s, code, words, h->context->data);
}

static void stop_timers(struct handler *h)
{
    uv_timer_stop(&h->step);
    uv_timer_stop(&h->progress);
}

static void on_progress(uv_timer_t *t)
{
    struct handler *h = t->data;

    h->context->events->checkpoint(++h->checkpoint, h->context->data);
}

static void begin(struct handler *h, uint64_t ms, bool hangs, uv_timer_cb end)
{
    stop_timers(h);
    if (!chance(sim.profile.silent))
        uv_timer_start(&h->progress, on_progress, 100, hangs ? 0 : 100);
    if (!hangs)
        uv_timer_start(&h->step, end, ms, 0);
}

static struct handler *sim_open_handler(const struct handler_context *context)
{
    struct handler *h = sim_calloc(1, sizeof *h);
    uv_timer_t *timers[] = {&h->step, &h->progress};

    h->context = context;
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        uv_timer_init(context->loop, timers[i]);
        timers[i]->data = h;
        h->open_handles++;
    }
    return h;
}

/* By the end of its node's lease and its own budget nothing of it is left. */
static void check_in_time(const struct handler *h)
{
    const struct machine *m = h->running->machine;
    uint64_t now_ms = machine_boot_ns(m) / MS;
    uint64_t end_ms = m->lease_deadline_ms + sim.profile.guard_ms + h->context->budget_ms;

    if (m->lease_deadline_ms > 1 && now_ms > end_ms && counts(h->running))
        fail("%s ends on %s %llu ms after its lease and its budget", h->running->name, m->name,
             (unsigned long long)(now_ms - end_ms));
}

static void gone(struct handler *h)
{
    check_in_time(h);
    stop_timers(h);
    h->online = false;
    truth_end(h->running);
    h->running = NULL;
}

/* As a handler that finds its process dead: the monitor answers with terminate(). */
static void on_death(uv_timer_t *t)
{
    struct handler *h = t->data;

    stop_timers(h);
    if (sim.calm)
        return;
    h->online = false;
    status(h, HANDLER_FAILED, ERROR_RESOURCE_FAILED, "its process ended");
}

static void fail_now(void *arg)
{
    const struct wish *w = arg;
    struct running *r = find_online(w->name);

    if (r != NULL && r->machine == sim.current->machine)
        on_death(&r->handler->step);
}

static void set_lock(const char *name, bool locked)
{
    struct running *r = find_online(name);

    if (r == NULL || r->machine != sim.current->machine || r->handler->locked == locked)
        return;
    r->handler->locked = locked;
    r->handler->context->events->locked(locked, r->handler->context->data);
}

static void lock_now(void *arg)
{
    set_lock(((const struct wish *)arg)->name, true);
}

static void unlock_now(void *arg)
{
    set_lock(((const struct wish *)arg)->name, false);
}

static void on_online(uv_timer_t *t)
{
    struct handler *h = t->data;

    stop_timers(h);
    if (is_poisoned(h) || chance(sim.profile.online_fails)) {
        status(h, HANDLER_FAILED, ERROR_RESOURCE_FAILED, "did not come up");
        return;
    }
    h->online = true;
    if (chance(sim.profile.dies))
        uv_timer_start(&h->step, on_death, rng_range(script(), 200, 20000), 0);
    if (chance(sim.profile.locks)) {
        h->locked = true;
        h->context->events->locked(true, h->context->data);
    }
    status(h, HANDLER_ONLINE, 0, "");
}

static void handler_online(struct handler *h, const uint8_t *instructions, size_t len)
{
    (void)instructions;
    (void)len;
    truth_begin(h);
    begin(h, rng_skewed(script(), 2, sim.profile.slow_ms_max), chance(sim.profile.online_hangs),
          on_online);
}

static void on_offline(uv_timer_t *t)
{
    struct handler *h = t->data;

    if (chance(sim.profile.offline_fails)) {
        stop_timers(h);
        status(h, HANDLER_FAILED, ERROR_RESOURCE_FAILED, "did not go down");
        return;
    }
    gone(h);
    status(h, HANDLER_OFFLINE, 0, "");
}

static void handler_offline(struct handler *h, const uint8_t *instructions, size_t len)
{
    /* Who has a budget uses it up, often. */
    bool hangs = chance(h->context->budget_ms > 0 ? 500 : sim.profile.offline_hangs);

    (void)instructions;
    (void)len;
    h->online = false;
    begin(h, rng_skewed(script(), 2, sim.profile.slow_ms_max), hangs, on_offline);
}

static void on_terminated(uv_timer_t *t)
{
    struct handler *h = t->data;

    gone(h);
    status(h, HANDLER_OFFLINE, 0, "");
}

/* What can be killed is gone within the guard of a lease. */
static void handler_terminate(struct handler *h)
{
    const struct machine *m = h->running->machine;
    bool over = machine_boot_ns(m) / MS >= m->lease_deadline_ms;

    stop_timers(h);
    h->online = false;
    h->running->ending = true;
    if (h->running->outlives && over && chance(300))
        return; /* Nothing but a reset ends it. */
    uv_timer_start(&h->step, on_terminated, rng_range(script(), 1, sim.profile.guard_ms / 2), 0);
}

static void handle_closed(uv_handle_t *handle)
{
    struct handler *h = handle->data;

    if (--h->open_handles == 0)
        sim_free(h);
}

static void handler_close(struct handler *h)
{
    assert(h->running == NULL);
    uv_close((uv_handle_t *)&h->step, handle_closed);
    uv_close((uv_handle_t *)&h->progress, handle_closed);
}

const struct handler_ops *handler_find(const struct type *type)
{
    static const struct handler_ops ops = {.type = "Sim",
                                           .open = sim_open_handler,
                                           .online = handler_online,
                                           .offline = handler_offline,
                                           .terminate = handler_terminate,
                                           .close = handler_close};

    (void)type;
    return &ops;
}

bool truth_runs(uint64_t resource, uint32_t machine)
{
    for (const struct running *r = all; r != NULL; r = r->next)
        if (r->resource == resource && r->machine->id == machine)
            return true;
    return false;
}

bool truth_runs_anything(uint32_t machine)
{
    for (const struct running *r = all; r != NULL; r = r->next)
        if (r->machine->id == machine)
            return true;
    return false;
}

bool truth_is_under_way(uint32_t machine)
{
    for (const struct running *r = all; r != NULL; r = r->next)
        if (r->machine->id == machine && r->handler != NULL && !r->handler->online)
            return true;
    return false;
}
