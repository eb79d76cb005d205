/* Fence agents, and the devices behind them.
 *
 * An agent is a process of its machine. It asks a device, which acts some time later,
 * whatever has become of the agent by then: a power switch that was told to switch
 * does. With its daemon the agent dies, but some leave a child that goes on, since
 * setpriv's signal reaches one process only (resources/fence_agent.h).
 *
 * What goes wrong stands in the device's parameters, in per mille of the calls: it
 * `fails`, `hangs` until its time-out, acts and does not answer (`lost`), says done and
 * has done nothing (`idle`). `slow`: how many ms it takes at most; `reach`: the machines
 * that can talk to it, a bit each. A status is never a lie: on that fencing rests.
 *
 * The plug "n3" is the power button of a machine, "n3.1" and "n3.2" are the outlets of its
 * two power supplies: with both off it is off. Each does one thing after the other. */
#include "resources/fence_agent.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef malloc
#undef calloc
#undef free

enum fate { FATE_WORKS, FATE_FAILS, FATE_HANGS, FATE_LOST, FATE_IDLE };

struct fence_agent {
    uint64_t id;
    struct machine *machine, *target; /* `target` NULL: the device has no such plug. */
    unsigned outlet;                  /* Of the target; 0: its button. */
    struct process *parent;           /* NULL: nobody waits for it any more. */
    const char *action;               /* Static. */
    enum fate fate;
    bool has_child; /* Its daemon's death does not end it. */
    unsigned device_ms;
    void (*step)(void *agent);    /* What it does next, */
    struct event *next_step;      /* and when; NULL: it waits for the device, or to be thawed. */
    bool thawing;                 /* The latter. */
    struct event *told, *timeout; /* In its parent. */
    enum fence_outcome outcome;
    fence_agent_done done;
    void *data;
    struct fence_agent **at, *next;
};

/* What a device was told. */
struct order {
    uint64_t agent; /* Who waits for the answer, if he still does. */
    struct machine *target;
    unsigned outlet;
    const char *action;
};

static struct fence_agent *agents;
static uint64_t last_id;
static struct rng rng;

const char *fence_outcome_name(enum fence_outcome o)
{
    static const char *const names[] = {"done", "off", "failed", "timeout"};

    return names[o];
}

static bool asks(const char *action)
{
    return strcmp(action, "status") == 0;
}

/* ------------------------------------------------------------------ its end */

static void forget_event(struct event **e)
{
    if (*e != NULL)
        event_cancel(*e);
    *e = NULL;
}

static void agent_free(struct fence_agent *f)
{
    forget_event(&f->next_step);
    forget_event(&f->told);
    forget_event(&f->timeout);
    *f->at = f->next;
    if (f->next != NULL)
        f->next->at = f->at;
    free(f);
}

static void agent_end(struct fence_agent *f, enum fence_outcome outcome)
{
    fence_agent_done done = f->done;
    void *data = f->data;

    agent_free(f);
    done(outcome, "", data);
}

static void on_told(void *arg)
{
    struct fence_agent *f = arg;

    f->told = NULL;
    agent_end(f, f->outcome);
}

static void on_timeout(void *arg)
{
    struct fence_agent *f = arg;

    f->timeout = NULL;
    agent_end(f, FENCE_TIMEOUT);
}

static void agent_exit(struct fence_agent *f, enum fence_outcome outcome)
{
    trace(1, "%s fence agent: %s %s: %s", f->machine->name, f->action,
          f->target != NULL ? f->target->name : "?", fence_outcome_name(outcome));
    f->outcome = outcome;
    if (f->parent == NULL)
        agent_free(f);
    else
        f->told = event_at(sim.now_ns + MS, f->parent, on_told, f, NULL);
}

void fence_agent_cancel(struct fence_agent *f)
{
    agent_free(f);
}

/* ------------------------------------------------------------ while it runs */

static void agent_step(void *arg)
{
    struct fence_agent *f = arg;

    f->next_step = NULL;
    f->thawing = f->machine->frozen;
    if (!f->thawing)
        f->step(f);
}

static void agent_plan(struct fence_agent *f, uint64_t in_ms, void (*step)(void *agent))
{
    f->step = step;
    f->next_step = event_at(sim.now_ns + in_ms * MS, NULL, agent_step, f, NULL);
}

static void agent_hears(void *arg)
{
    struct fence_agent *f = arg;

    agent_exit(f, f->outcome);
}

static void press(struct machine *m, const char *action)
{
    if (strcmp(action, "off") == 0)
        machine_off(m);
    else if (!m->on && m->outlets_off != OUTLETS_ALL)
        machine_on(m);
}

static void switch_outlet(struct machine *m, unsigned outlet, const char *action)
{
    bool was_dead = m->outlets_off == OUTLETS_ALL;

    if (strcmp(action, "off") == 0)
        m->outlets_off |= outlet;
    else
        m->outlets_off &= ~outlet;
    if (m->outlets_off == OUTLETS_ALL)
        machine_off(m);
    else if (was_dead && !m->on)
        machine_on(m);
}

static void device_acts(void *arg)
{
    const struct order *o = arg;
    struct machine *m = o->target;
    struct fence_agent *f;

    if (!asks(o->action)) {
        trace(1, "---- a fence device switches %s of %s %s", o->outlet == 0 ? "power" : "an outlet",
              m->name, o->action);
        if (o->outlet == 0)
            press(m, o->action);
        else
            switch_outlet(m, o->outlet, o->action);
    }
    f = agents; /* Switching may have ended it. */
    while (f != NULL && f->id != o->agent)
        f = f->next;
    if (f == NULL || f->fate == FATE_LOST)
        return;
    bool is_on = o->outlet == 0 ? m->on : (m->outlets_off & o->outlet) == 0;
    f->outcome = asks(o->action) && !is_on ? FENCE_OFF : FENCE_DONE;
    agent_plan(f, rng_range(&rng, 1, 20), agent_hears);
}

static void agent_asks(void *arg)
{
    struct fence_agent *f = arg;
    struct order *o;

    if (f->fate == FATE_FAILS || f->target == NULL) {
        agent_exit(f, FENCE_FAILED);
        return;
    }
    if (f->fate == FATE_HANGS)
        return;
    if (f->fate == FATE_IDLE && !asks(f->action)) {
        agent_exit(f, FENCE_DONE);
        return;
    }
    o = calloc(1, sizeof *o);
    *o = (struct order){f->id, f->target, f->outlet, f->action};
    uint64_t *free_ns = &f->target->plug_free_ns[f->outlet];
    *free_ns = (*free_ns > sim.now_ns ? *free_ns : sim.now_ns) + f->device_ms * MS;
    event_at(*free_ns, NULL, device_acts, o, free);
}

bool fence_devices_owe(const struct machine *m)
{
    for (unsigned i = 0; i < sizeof m->plug_free_ns / sizeof m->plug_free_ns[0]; i++)
        if (m->plug_free_ns[i] > sim.now_ns)
            return true;
    return false;
}

/* ------------------------------------------------------------ the beginning */

static unsigned number_of(const struct fence_call *call, const char *name, unsigned preset)
{
    for (unsigned i = 0; i < call->parameter_count; i++)
        if (strcmp(call->parameters[i].name, name) == 0)
            return (unsigned)strtoul(call->parameters[i].value, NULL, 10);
    return preset;
}

/* The last of a name counts. */
static void find_plug(struct fence_agent *f, const struct fence_call *call)
{
    unsigned id = 0;

    for (unsigned i = 0; i < call->parameter_count; i++)
        if (strcmp(call->parameters[i].name, "plug") == 0)
            sscanf(call->parameters[i].value, "n%u.%u", &id, &f->outlet);
    f->target = machine_of(id);
    assert(f->outlet <= OUTLETS);
}

static enum fate draw_fate(const struct fence_call *call, const struct machine *m)
{
    static const char *const names[] = {"fails", "hangs", "lost", "idle"};
    uint64_t drawn = rng_below(&rng, 1000);

    if (sim.calm)
        return FATE_WORKS;
    if ((number_of(call, "reach", UINT32_MAX) >> (m->id - 1) & 1) == 0)
        return FATE_FAILS;
    for (unsigned i = 0; i < 4; i++) {
        unsigned share = number_of(call, names[i], 0);
        if (drawn < share)
            return (enum fate)(FATE_FAILS + i);
        drawn -= share;
    }
    return FATE_WORKS;
}

static const char *action_of(const struct fence_call *call)
{
    static const char *const known[] = {"off", "on", "status"};

    for (unsigned i = 0; i < 3; i++)
        if (strcmp(call->action, known[i]) == 0)
            return known[i];
    abort();
}

uint32_t fence_agent_start(uv_loop_t *loop, const struct fence_call *call, fence_agent_done done,
                           void *data, struct fence_agent **ret)
{
    struct fence_agent *f = calloc(1, sizeof *f);
    struct machine *m = sim.current->machine;

    (void)loop;
    f->id = ++last_id;
    f->machine = m;
    find_plug(f, call);
    f->parent = sim.current;
    f->action = action_of(call);
    f->fate = draw_fate(call, m);
    f->has_child = rng_chance(&rng, 300);
    f->device_ms = (unsigned)rng_skewed(&rng, 1, sim.calm ? 50 : number_of(call, "slow", 50));
    f->done = done;
    f->data = data;
    f->at = &agents;
    f->next = agents;
    if (agents != NULL)
        agents->at = &f->next;
    agents = f;
    agent_plan(f, rng_skewed(&rng, 2, 200), agent_asks);
    f->timeout = event_at(machine_when(m, machine_boot_ns(m) + call->timeout_ms * MS), f->parent,
                          on_timeout, f, NULL);
    *ret = f;
    return 0;
}

/* ------------------------------------------------------------- its machine */

static void lose_parent(struct fence_agent *f)
{
    forget_event(&f->told);
    forget_event(&f->timeout);
    f->parent = NULL;
}

void fence_agents_on_daemon_gone(const struct process *daemon)
{
    for (struct fence_agent *f = agents, *next; f != NULL; f = next) {
        next = f->next;
        if (f->parent != daemon)
            continue;
        if (f->has_child && f->told == NULL)
            lose_parent(f);
        else
            agent_free(f);
    }
}

void fence_agents_on_power_cut(const struct machine *m)
{
    for (struct fence_agent *f = agents, *next; f != NULL; f = next) {
        next = f->next;
        if (f->machine == m)
            agent_free(f);
    }
}

void fence_agents_on_thaw(const struct machine *m)
{
    for (struct fence_agent *f = agents; f != NULL; f = f->next)
        if (f->machine == m && f->thawing) {
            f->thawing = false;
            agent_plan(f, 0, f->step);
        }
}

void fence_agents_init(void)
{
    assert(agents == NULL);
    last_id = 0;
    rng_seed(&rng, sim.seed, 11);
}
