#include "resources/vigil.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/reset_mark.h"
#include "resources/lease.h"

/* SIGKILL takes milliseconds, on a machine that hardly runs any more hundreds of them. */
enum { OVERDUE_MS = 500, TIMEOUT_S_MAX = 60 };

/* ------------------------------------------------------------- after the fact */

/* Only from here on, and only until all has ended: a watchdog that is armed for longer
 * than it is needed resets machines for the monitor's own faults. */
static void on_overdue(uv_timer_t *timer)
{
    struct vigil *v = timer->data;

    log_error("fence", "the lease is over and something runs that cannot be ended: this node "
                       "ends itself");
    uv_timer_stop(&v->feed); /* If held, it comes no later than the count that runs. */
    watchdog_arm(&v->watchdog);
}

/* ---------------------------------------------------------------- ahead of it */

/* What the time-out must fit into. A lease that is not enforced has no length. */
static uint64_t room_ms(const struct vigil *v, uint32_t budget_ms)
{
    return lease_length_ms(v->lease) / 2 + budget_ms;
}

/* When the node must have been reset, for the sake of what has that budget. */
static uint64_t latest_ms(const struct vigil *v, uint32_t budget_ms)
{
    uint64_t end_ms = lease_end_ms(v->lease); /* 0: not enforced. */

    return end_ms == 0 ? UINT64_MAX : end_ms + budget_ms;
}

/* The longest time-out with which it may begin to count. */
static unsigned most_s(const struct vigil *v, uint32_t budget_ms)
{
    uint64_t now_ms = clock_boot_ms(), until_ms = latest_ms(v, budget_ms);
    uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0, ms = room_ms(v, budget_ms);

    return (unsigned)((left_ms < ms ? left_ms : ms) / 1000);
}

static void tell_starving(struct vigil *v)
{
    if (!v->starving)
        log_warn("fence",
                 "the lease runs out: the watchdog is not fed, and resets this node in "
                 "%u s unless it is renewed, or all that needs it has ended",
                 v->watchdog.timeout_s);
    v->starving = true;
}

static void on_feed(uv_timer_t *timer)
{
    struct vigil *v = timer->data;
    uint32_t rc = watchdog_feed(&v->watchdog, latest_ms(v, v->facts.budget_ms));
    char text[160];

    if (rc == ERROR_INVALID_STATE) {
        tell_starving(v);
        return;
    }
    if (rc == 0) {
        if (v->starving)
            log_info("fence", "the watchdog is fed again");
        v->starving = false;
        return;
    }
    uv_timer_stop(&v->feed);
    snprintf(text, sizeof(text), "the watchdog %s can be fed no more: %s", v->watchdog.device,
             error_text(rc));
    log_error("fence", "%s", text);
    v->broken(text, v->data);
}

/* The longest that leaves three quarters of a lease for renewals: a monitor that is slow
 * for a moment is no reason to reset a node. */
static unsigned wanted_timeout_s(const struct vigil *v, uint32_t budget_ms)
{
    uint64_t seconds = (lease_length_ms(v->lease) / 4 + budget_ms) / 1000;

    return seconds < 1 ? 1 : seconds > TIMEOUT_S_MAX ? TIMEOUT_S_MAX : (unsigned)seconds;
}

/* Too long are `seconds`: always, or only now. */
static uint32_t refuse(const struct vigil *v, unsigned seconds, uint32_t budget_ms, char *message,
                       size_t size)
{
    uint64_t ms = room_ms(v, budget_ms);

    if ((uint64_t)seconds * 1000 > ms) {
        snprintf(
            message, size,
            "the watchdog %s takes %u s at least, and half a lease and the TerminateBudget are "
            "%llu ms: raise the TerminateBudget",
            v->watchdog.device, seconds, (unsigned long long)ms);
        return ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR;
    }
    snprintf(message, size,
             "the node's lease runs out: the watchdog %s would reset it too late from now on",
             v->watchdog.device);
    return ERROR_RETRY;
}

static uint32_t mark(struct vigil *v, char *message, size_t size)
{
    uint32_t rc = reset_mark_set(v->dir);

    v->marked = true;
    if (rc != 0)
        snprintf(message, size, "that only a reset ends it cannot be noted as %s/monitor.reset: %s",
                 v->dir, error_text(rc));
    return rc;
}

/* Nothing needs the watchdog. If that fails, the death of this monitor would have the node
 * wait for a reset; the next look tries again. */
static void unmark(struct vigil *v)
{
    uint32_t rc = v->marked ? reset_mark_clear(v->dir) : 0;

    if (rc != 0)
        log_warn("fence", "%s/monitor.reset cannot be removed: %s", v->dir, error_text(rc));
    v->marked = rc != 0;
}

/* Two limits: what runs already is reset in time whatever comes of this, and with 0 all that
 * has `budget_ms` at least is. */
static uint32_t hold(struct vigil *v, unsigned seconds, uint32_t budget_ms, char *message,
                     size_t size)
{
    bool guarded = v->facts.guarded;
    uint32_t rc =
        watchdog_hold(&v->watchdog, &seconds, most_s(v, budget_ms),
                      guarded ? latest_ms(v, v->facts.budget_ms) : UINT64_MAX, message, size);

    if (rc == ERROR_INVALID_STATE)
        return refuse(v, seconds, budget_ms, message, size);
    if (rc != 0)
        return rc;
    if (seconds > most_s(v, budget_ms)) { /* Opening it took its time. */
        if (!guarded)
            watchdog_disarm(&v->watchdog);
        return refuse(v, seconds, budget_ms, message, size);
    }
    v->facts.budget_ms = budget_ms;
    v->starving = false;
    uv_timer_start(&v->feed, on_feed, VIGIL_FEED_MS, VIGIL_FEED_MS);
    return 0;
}

uint32_t vigil_admit(struct vigil *v, uint32_t budget_ms, char *message, size_t size)
{
    uint32_t least_ms =
        v->facts.guarded && v->facts.budget_ms < budget_ms ? v->facts.budget_ms : budget_ms;
    uint32_t rc;

    if (v->watchdog.how != SELF_FENCE_WATCHDOG) {
        snprintf(message, size,
                 "SelfFencing is set, and this node's configuration has no [fencing] self = "
                 "watchdog");
        return ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR;
    }
    if (budget_ms < VIGIL_BUDGET_MS_MIN) {
        snprintf(message, size, "SelfFencing needs a TerminateBudget of %u ms at least",
                 (unsigned)VIGIL_BUDGET_MS_MIN);
        return ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR;
    }
    if (watchdog_is_armed(&v->watchdog) && !v->watchdog.held) {
        snprintf(message, size, "this node is about to end itself");
        return ERROR_INVALID_STATE;
    }
    rc = mark(v, message, size);
    if (rc == 0)
        rc = hold(v, wanted_timeout_s(v, least_ms), least_ms, message, size);
    if (rc != 0 && !v->facts.guarded)
        unmark(v);
    return rc;
}

/* ----------------------------------------------------------------------- both */

/* What was armed is held again, as it was, or with the shortest time if the lease is over for
 * too long for that. If it is for that, too, it counts on: what is still there has no more
 * time than that anyway. */
static void hold_again(struct vigil *v)
{
    uint32_t budget_ms = v->facts.budget_ms;
    char message[256];
    uint32_t rc = hold(v, wanted_timeout_s(v, budget_ms), budget_ms, message, sizeof(message));

    if (rc == ERROR_RETRY)
        rc = hold(v, 1, budget_ms, message, sizeof(message));
    if (rc != 0 && rc != ERROR_RETRY)
        v->broken(message, v->data);
}

static void stand_down(struct vigil *v)
{
    if (v->facts.guarded) {
        hold_again(v);
        return;
    }
    if (watchdog_disarm(&v->watchdog) == 0)
        log_info("fence", "all has ended: the watchdog is disarmed");
}

void vigil_look(struct vigil *v, const struct vigil_facts *facts)
{
    bool armed = watchdog_is_armed(&v->watchdog) && !v->watchdog.held;

    v->facts = *facts;
    if (facts->overdue && !armed && v->watchdog.how != SELF_FENCE_NONE &&
        !uv_is_active((uv_handle_t *)&v->overdue))
        uv_timer_start(&v->overdue, on_overdue, OVERDUE_MS, 0);
    if (!facts->overdue)
        uv_timer_stop(&v->overdue);
    if (!facts->overdue && armed)
        stand_down(v);
    if (facts->guarded)
        return;
    if (v->watchdog.held) {
        uv_timer_stop(&v->feed);
        watchdog_disarm(&v->watchdog);
    }
    unmark(v); /* What it may be armed for yet has ended when the monitor's lock is free. */
}

void vigil_init(struct vigil *v, uv_loop_t *loop, const struct watchdog *watchdog,
                const struct lease *lease, const char *dir,
                void (*broken)(const char *text, void *data), void *data)
{
    *v = (struct vigil){
        .watchdog = *watchdog, .lease = lease, .dir = dir, .broken = broken, .data = data};
    uv_timer_init(loop, &v->overdue);
    v->overdue.data = v;
    uv_timer_init(loop, &v->feed);
    v->feed.data = v;
}

void vigil_close(struct vigil *v)
{
    assert(!v->facts.guarded);
    uv_close((uv_handle_t *)&v->overdue, NULL);
    uv_close((uv_handle_t *)&v->feed, NULL);
    watchdog_disarm(&v->watchdog);
    unmark(v);
}
