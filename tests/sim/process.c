/* Processes: what runs inside of one, and how it ends. */
#include <assert.h>
#include <stdlib.h>

#include "node/daemon.h"
#include "resources/host.h"
#include "tests/sim/process.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef malloc
#undef calloc
#undef free

struct process *process_new(enum process_kind kind, struct machine *m)
{
    struct process *p = calloc(1, sizeof *p);

    p->kind = kind;
    p->machine = m;
    p->alive = true;
    p->life = ++sim.process_count;
    p->deferred_tail = &p->deferred;
    p->next = sim.processes;
    sim.processes = p;
    return p;
}

void process_kill(struct process *p)
{
    assert(p->alive && sim.current == NULL);
    p->alive = false;
    events_deferred(p, false);
    guards_forget(p);
    memory_release(p);
}

void processes_release(void)
{
    while (sim.processes != NULL) {
        struct process *p = sim.processes;
        sim.processes = p->next;
        if (p->alive)
            process_kill(p);
        free(p);
    }
    sim.process_count = 0;
}

/* ---------------------------------------------------------------- freezing */

bool process_is_frozen(const struct process *p)
{
    return p->frozen || p->machine->frozen;
}

/* ------------------------------------------------------------------- inside */

void sim_exit(int status)
{
    assert(sim.current != NULL);
    longjmp(sim.current->on_exit, status + 1);
}

static void end_turn(void *arg)
{
    struct process *p = arg;

    p->turn_planned = false;
    port_fire_completed(p);
    if (p->check != NULL)
        p->check->check_cb(p->check);
    port_fire_completed(p);
}

static void finish(struct process *p)
{
    if (p->kind == PROCESS_DAEMON)
        daemon_finish(p->daemon);
    else
        host_free(p->host);
}

/* What is gathered in one turn of a loop is one entry of the log: so events that
 * come close together share a turn. */
static void plan_turn(struct process *p)
{
    if (p->check == NULL || p->turn_planned)
        return;
    p->turn_planned = true;
    event_at(sim.now_ns + rng_range(&p->machine->rng, 5, 80) * 1000, p, end_turn, p, NULL);
}

static void run_inside(struct process *p, void (*fn)(void *arg), void *arg)
{
    if (p->kind == PROCESS_MONITOR && p->host != NULL)
        host_wake(p->host);
    /* Waking may have ended what this event was to do. */
    if (!event_is_canceled())
        fn(arg);
}

void process_enter(struct process *p, void (*fn)(void *arg), void *arg)
{
    struct process *outer = sim.current;
    int status;

    assert(p->alive && outer == NULL);
    sim.current = p;
    status = setjmp(p->on_exit);
    if (status == 0) {
        run_inside(p, fn, arg);
        if (p->started && p->open == 0) {
            finish(p);
            status = 1; /* An exit with status 0. */
        }
    }
    sim.current = outer;
    if (status != 0)
        process_on_exit(p, status - 1);
    else if (fn != end_turn || p->idle)
        plan_turn(p);
}
