/* Orderly stop: hand over, wind down, say goodbye.
 *
 * Each step has an end of its own, so that a cluster without a majority, a
 * service that does not stop, or a monitor that hangs delay it but never
 * prevent it. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "node/daemon.h"

enum {
    STEP_MS = 20,
    HAND_OVER_MS_MAX = 60000, /* Groups moving to other nodes. */
    WIND_DOWN_MS_MAX = 30000, /* What stays, taken offline here. */
    LEADERSHIP_MS_MAX = 3000,
    GOODBYE_MS_MAX = 2000,
    MONITOR_MS_MAX = 15000, /* Then it is let go: the lease makes it end what it runs. */
};

enum stop_step {
    STOP_HANDING_OVER,
    STOP_WINDING_DOWN,
    STOP_PASSING_LEADERSHIP,
    STOP_SAYING_GOODBYE,
    STOP_ENDING_MONITOR,
    STOP_CLOSING,
};

struct stop {
    struct daemon *daemon;
    enum stop_step step;
    uint64_t deadline_ms; /* Of this step. */
    bool leaving_sent, leaving_known;
    uint64_t leaderless_since_ms; /* 0: there is a leader. */
    uv_timer_t timer;
};

static void advance_later(struct stop *s);

static void enter(struct stop *s, enum stop_step step, unsigned ms_max)
{
    s->step = step;
    s->deadline_ms = clock_boot_ms() + ms_max;
}

static void submit(struct stop *s, const struct command *cmd, unsigned timeout_ms, change_done done)
{
    calls_change_command(s->daemon->calls, cmd, timeout_ms, done, s);
}

/* Nobody has led for longer than an election takes: nothing can be handed over,
 * whatever this copy says of the others. A cluster that stops as a whole ends so. */
static bool is_alone(struct stop *s)
{
    const struct daemon *d = s->daemon;
    uint64_t now = clock_boot_ms();

    if (consensus_leader(d->consensus) != 0) {
        s->leaderless_since_ms = 0;
        return false;
    }
    if (s->leaderless_since_ms == 0)
        s->leaderless_since_ms = now;
    return now - s->leaderless_since_ms >= 3 * d->config->timing.election_ms;
}

/* ---------------------------------------------------------------- handing over */

/* A witness may take over the lead, but no groups. */
static bool somebody_else_is_up(const struct daemon *d, bool for_groups)
{
    const struct cluster *c = replica_cluster(d->replica);

    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        if (n->id != d->self && n->state == NODE_UP && !n->leaving && !(for_groups && n->witness))
            return true;
    return false;
}

static bool something_to_hand_over(const struct daemon *d)
{
    const struct cluster *c = replica_cluster(d->replica);

    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g))
        for (unsigned i = 0; g->owner == d->self && i < g->resource_count; i++)
            if (g->resources[i]->state != RESOURCE_OFFLINE &&
                g->resources[i]->state != RESOURCE_FAILED)
                return true;
    return false;
}

static void leaving_done(uint32_t code, const struct reply *reply, void *data)
{
    struct stop *s = data;

    (void)reply;
    s->leaving_known = true;
    if (s->step != STOP_HANDING_OVER)
        return;
    if (code != 0) /* No majority: nobody could take over. */
        s->deadline_ms = 0;
    advance_later(s);
}

static bool handed_over(struct stop *s)
{
    struct daemon *d = s->daemon;

    if (d->incarnation == 0 || is_alone(s))
        return true;
    if (!s->leaving_sent) {
        struct command cmd = {
            .kind = COMMAND_NODE_LEAVING, .node = d->self, .incarnation = d->incarnation};
        s->leaving_sent = true;
        submit(s, &cmd, LEADERSHIP_MS_MAX, leaving_done);
    }
    if (!s->leaving_known)
        return false;
    return !something_to_hand_over(d) || !somebody_else_is_up(d, true) ||
           clock_boot_ms() >= s->deadline_ms;
}

/* --------------------------------------------------------------------- goodbye */

static void goodbye_done(uint32_t code, const struct reply *reply, void *data)
{
    struct stop *s = data;

    (void)reply;
    if (code == ERROR_CLUSTER_NODE_SHUTTING_DOWN)
        return; /* From daemon_close(): already further on. */
    if (s->step != STOP_SAYING_GOODBYE)
        return;
    s->deadline_ms = 0;
    advance_later(s);
}

static void say_goodbye(struct stop *s)
{
    struct daemon *d = s->daemon;

    pulse_stop(d->pulse);
    if (d->incarnation == 0) {
        s->deadline_ms = 0;
        return;
    }
    /* What this node owned is started elsewhere as soon as it says so. */
    if (d->stranded || !executor_is_idle(d->executor)) {
        log_warn("daemon", "something still runs here: this node's lease runs out instead");
        s->deadline_ms = 0;
        return;
    }
    struct command cmd = {.kind = COMMAND_NODE_DOWN,
                          .node = d->self,
                          .incarnation = d->incarnation,
                          .node_seq = UINT64_MAX,
                          .cause = CAUSE_NODE_STOPPED};
    submit(s, &cmd, GOODBYE_MS_MAX, goodbye_done);
}

static void timer_closed(uv_handle_t *handle)
{
    (void)handle; /* The struct lives until stop_free(). */
}

static void monitor_ended(void *data)
{
    struct stop *s = data;

    if (s->step == STOP_CLOSING)
        return;
    s->step = STOP_CLOSING;
    uv_close((uv_handle_t *)&s->timer, timer_closed);
    daemon_close(s->daemon);
}

static void end_monitor(struct stop *s)
{
    if (s->daemon->monitor != NULL)
        monitor_shutdown(s->daemon->monitor, monitor_ended, s);
    else
        monitor_ended(s);
}

/* ----------------------------------------------------------------------- steps */

static void stop_advance(struct stop *s)
{
    struct daemon *d = s->daemon;
    uint64_t now = clock_boot_ms();

    if (s->step == STOP_HANDING_OVER && handed_over(s)) {
        enter(s, STOP_WINDING_DOWN, WIND_DOWN_MS_MAX);
        executor_wind_down(d->executor);
    }
    if (s->step == STOP_WINDING_DOWN && (executor_is_idle(d->executor) || now >= s->deadline_ms)) {
        enter(s, STOP_PASSING_LEADERSHIP, LEADERSHIP_MS_MAX);
        executor_terminate_all(d->executor); /* What did not stop in that time. */
        consensus_transfer(d->consensus);
    }
    if (s->step == STOP_PASSING_LEADERSHIP &&
        (now >= s->deadline_ms || (is_alone(s) && executor_is_idle(d->executor)) ||
         (executor_is_idle(d->executor) &&
          (!consensus_is_leader(d->consensus) || !somebody_else_is_up(d, false))))) {
        enter(s, STOP_SAYING_GOODBYE, GOODBYE_MS_MAX);
        say_goodbye(s);
    }
    if (s->step == STOP_SAYING_GOODBYE && (now >= s->deadline_ms || is_alone(s))) {
        enter(s, STOP_ENDING_MONITOR, MONITOR_MS_MAX);
        end_monitor(s);
    } else if (s->step == STOP_ENDING_MONITOR && now >= s->deadline_ms) {
        log_warn("daemon", "the monitor does not end");
        monitor_ended(s);
    }
}

static void on_timer(uv_timer_t *timer)
{
    stop_advance(timer->data);
}

/* From the timer, not from here: this is the middle of applying an entry, or
 * of a callback of raft, which must not be called from inside one. */
static void advance_later(struct stop *s)
{
    if (s->step != STOP_CLOSING && s->step != STOP_ENDING_MONITOR)
        uv_timer_start(&s->timer, on_timer, 0, STEP_MS);
}

void stop_on_applied(struct stop *s)
{
    advance_later(s);
}

struct stop *stop_begin(struct daemon *d)
{
    struct stop *s = xcalloc(1, sizeof *s);

    s->daemon = d;
    uv_timer_init(&d->loop, &s->timer);
    s->timer.data = s;
    enter(s, STOP_HANDING_OVER, HAND_OVER_MS_MAX);
    uv_timer_start(&s->timer, on_timer, 0, STEP_MS);
    return s;
}

void stop_free(struct stop *s)
{
    free(s);
}
