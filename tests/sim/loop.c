/* libuv, as far as daemon and monitor use it, on the virtual clock. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef malloc
#undef free

static struct process *process_of(const uv_loop_t *loop)
{
    return loop->data;
}

int uv_loop_init(uv_loop_t *loop)
{
    assert(sim.current != NULL);
    memset(loop, 0, sizeof *loop);
    loop->data = sim.current;
    sim.current->loop = loop;
    return 0;
}

int uv_loop_close(uv_loop_t *loop)
{
    return process_of(loop)->open == 0 ? 0 : UV_EBUSY;
}

uint64_t uv_now(const uv_loop_t *loop)
{
    return machine_boot_ns(process_of(loop)->machine) / MS;
}

void uv_update_time(uv_loop_t *loop)
{
    (void)loop;
}

/* Never called: the simulation turns the loops. */
int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    (void)loop;
    (void)mode;
    abort();
}

int uv_loop_alive(const uv_loop_t *loop)
{
    (void)loop;
    abort();
}

int uv_backend_fd(const uv_loop_t *loop)
{
    (void)loop;
    abort();
}

int uv_backend_timeout(const uv_loop_t *loop)
{
    (void)loop;
    abort();
}

const char *uv_strerror(int err)
{
    (void)err;
    return "an error of the simulation";
}

/* ----------------------------------------------------------------- handles */

static void handle_init(uv_loop_t *loop, uv_handle_t *h, uv_handle_type type)
{
    void *data = h->data;

    h->data = data;
    h->loop = loop;
    h->type = type;
    h->flags = 0;
    memset(&h->u, 0, sizeof h->u);
    process_of(loop)->open++;
}

enum { CLOSING = 1, ACTIVE = 2 };

static void closed(void *arg)
{
    uv_handle_t *h = arg;

    process_of(h->loop)->open--;
    if (h->close_cb != NULL)
        h->close_cb(h);
}

void uv_close(uv_handle_t *h, uv_close_cb cb)
{
    struct process *p = process_of(h->loop);

    assert((h->flags & CLOSING) == 0);
    if (h->type == UV_TIMER)
        uv_timer_stop((uv_timer_t *)h);
    if (h->type == UV_IDLE)
        uv_idle_stop((uv_idle_t *)h);
    if (h->type == UV_CHECK)
        p->check = NULL;
    if (h->type == UV_POLL && h->u.reserved[0] != NULL)
        event_cancel(h->u.reserved[0]);
    h->flags = CLOSING;
    h->close_cb = cb;
    event_at(sim.now_ns + 1, p, closed, h, NULL);
}

int uv_is_active(const uv_handle_t *h)
{
    if (h->type == UV_TIMER)
        return h->u.reserved[0] != NULL;
    return (h->flags & ACTIVE) != 0;
}

int uv_is_closing(const uv_handle_t *h)
{
    return (h->flags & CLOSING) != 0;
}

/* ------------------------------------------------------------------ timers */

static void timer_arm(uv_timer_t *t, uint64_t ms);

static void timer_fire(void *arg)
{
    uv_timer_t *t = arg;

    t->u.reserved[0] = NULL;
    if (t->repeat != 0)
        timer_arm(t, t->repeat);
    t->timer_cb(t);
}

static void timer_arm(uv_timer_t *t, uint64_t ms)
{
    struct process *p = process_of(t->loop);
    uint64_t boot_ns = machine_boot_ns(p->machine) + ms * MS;

    t->u.reserved[0] =
        event_at(machine_when(p->machine, boot_ns) + rng_range(&p->machine->rng, 1, 200) * 1000, p,
                 timer_fire, t, NULL);
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *t)
{
    handle_init(loop, (uv_handle_t *)t, UV_TIMER);
    t->repeat = 0;
    return 0;
}

int uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
    assert((t->flags & CLOSING) == 0);
    uv_timer_stop(t);
    t->timer_cb = cb;
    t->repeat = repeat;
    timer_arm(t, timeout);
    return 0;
}

int uv_timer_stop(uv_timer_t *t)
{
    if (t->u.reserved[0] != NULL)
        event_cancel(t->u.reserved[0]);
    t->u.reserved[0] = NULL;
    return 0;
}

/* ------------------------------------------------------------ check, idle */

int uv_check_init(uv_loop_t *loop, uv_check_t *c)
{
    handle_init(loop, (uv_handle_t *)c, UV_CHECK);
    return 0;
}

int uv_check_start(uv_check_t *c, uv_check_cb cb)
{
    struct process *p = process_of(c->loop);

    assert(p->check == NULL); /* One suffices so far. */
    c->check_cb = cb;
    p->check = c;
    return 0;
}

int uv_idle_init(uv_loop_t *loop, uv_idle_t *i)
{
    handle_init(loop, (uv_handle_t *)i, UV_IDLE);
    return 0;
}

int uv_idle_start(uv_idle_t *i, uv_idle_cb cb)
{
    (void)cb;
    process_of(i->loop)->idle = true;
    return 0;
}

int uv_idle_stop(uv_idle_t *i)
{
    process_of(i->loop)->idle = false;
    return 0;
}

/* ------------------------------------------------------- signals, processes */

int uv_signal_init(uv_loop_t *loop, uv_signal_t *s)
{
    handle_init(loop, (uv_handle_t *)s, UV_SIGNAL);
    return 0;
}

int uv_signal_start(uv_signal_t *s, uv_signal_cb cb, int signum)
{
    s->signal_cb = cb;
    s->signum = signum;
    return 0;
}

struct spawned {
    uv_process_t *process;
    int64_t status;
};

static void spawn_ended(void *arg)
{
    struct spawned *s = arg;

    s->process->exit_cb(s->process, s->status, 0);
}

struct spawning {
    struct process *parent;
    struct spawned *spawned; /* Owned, until it is handed over. */
    struct machine *machine;
};

static void spawning_free(void *arg)
{
    struct spawning *s = arg;

    free(s->spawned);
    free(s);
}

/* Outside of any process: the monitor comes up, and tells who started it. */
static void spawn_now(void *arg)
{
    struct spawning *s = arg;

    if (!s->machine->on)
        return;
    s->spawned->status = monitor_start(s->machine) ? 0 : 1;
    event_at(sim.now_ns + MS, s->parent, spawn_ended, s->spawned, free);
    s->spawned = NULL;
}

int uv_spawn(uv_loop_t *loop, uv_process_t *process, const uv_process_options_t *options)
{
    struct process *p = process_of(loop);
    struct spawning *s = malloc(sizeof *s);
    struct spawned *spawned = malloc(sizeof *spawned);

    handle_init(loop, (uv_handle_t *)process, UV_PROCESS);
    process->exit_cb = options->exit_cb;
    *spawned = (struct spawned){.process = process};
    *s = (struct spawning){.parent = p, .spawned = spawned, .machine = p->machine};
    event_at(sim.now_ns + rng_range(&p->machine->rng, 3, 30) * MS, NULL, spawn_now, s,
             spawning_free);
    return 0;
}

/* ------------------------------------------------------------ other threads */

static void work_done(void *arg)
{
    uv_work_t *work = arg;

    work->work_cb(work);
    process_of(work->loop)->open--;
    work->after_work_cb(work, 0);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb cb, uv_after_work_cb after)
{
    work->loop = loop;
    work->work_cb = cb;
    work->after_work_cb = after;
    process_of(loop)->open++;
    event_at(sim.now_ns + MS, process_of(loop), work_done, work, NULL);
    return 0;
}

/* -------------------------------------------- the lease's timer: timerfd, poll
 * One per process: the descriptor is the process. */

enum { LEASE_FD = 77, OTHER_FD = 78 };

static void lease_fire(void *arg)
{
    uv_poll_t *poll = arg;

    poll->u.reserved[0] = NULL;
    poll->poll_cb(poll, 0, UV_READABLE);
}

int uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd)
{
    assert(fd == LEASE_FD);
    (void)fd;
    handle_init(loop, (uv_handle_t *)poll, UV_POLL);
    process_of(loop)->lease_poll = poll;
    return 0;
}

int uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb cb)
{
    (void)events;
    poll->poll_cb = cb;
    return 0;
}

int sim_timerfd_create(void)
{
    return LEASE_FD;
}

int sim_timerfd_settime(int fd, const struct itimerspec *at)
{
    struct process *p = sim.current;
    uint64_t boot_ns = (uint64_t)at->it_value.tv_sec * SECONDS + (uint64_t)at->it_value.tv_nsec;
    uv_poll_t *poll = p->lease_poll;

    assert(fd == LEASE_FD);
    (void)fd;
    if (poll->u.reserved[0] != NULL)
        event_cancel(poll->u.reserved[0]);
    poll->u.reserved[0] = NULL;
    if (boot_ns != 0)
        poll->u.reserved[0] =
            event_at(machine_when(p->machine, boot_ns) + rng_range(&p->machine->rng, 1, 500) * 1000,
                     p, lease_fire, poll, NULL);
    return 0;
}

ssize_t sim_read(int fd, void *buffer, size_t size)
{
    (void)fd;
    memset(buffer, 0, size);
    return (ssize_t)size;
}

/* ---------------------------------------------------------- monitor's lock */

int sim_open(const char *path)
{
    return strcmp(path, "/dev/watchdog") == 0 ? watchdog_device_open() : OTHER_FD;
}

/* Held as long as the monitor or anything that it ran lives. */
int sim_flock(int fd)
{
    (void)fd;
    return sim.current->machine->monitor == NULL ? 0 : -1;
}

int sim_close(int fd)
{
    return fd == WATCHDOG_FD ? watchdog_device_close() : 0;
}
