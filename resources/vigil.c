#include "resources/vigil.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
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
    uv_timer_stop(&v->feed);
    watchdog_arm(&v->watchdog);
}

/* ---------------------------------------------------------------- ahead of it */

/* What the time-out must fit into. A lease that is not enforced has no length. */
static uint64_t room_ms(const struct vigil *v, uint32_t budget_ms)
{
    return lease_length_ms(v->lease) / 2 + budget_ms;
}

/* The reset that begins to count now comes in time. */
static bool may_feed(const struct vigil *v)
{
    uint64_t end_ms = lease_end_ms(v->lease);

    return end_ms == 0 ||
           clock_boot_ms() + (uint64_t)v->timeout_s * 1000 <= end_ms + v->facts.budget_ms;
}

static void on_feed(uv_timer_t *timer)
{
    struct vigil *v = timer->data;
    char text[160];
    uint32_t rc;

    if (!may_feed(v)) {
        if (!v->starving)
            log_warn("fence",
                     "the lease runs out: the watchdog is not fed, and resets this node in "
                     "%u s unless it is renewed, or all that needs it has ended",
                     v->timeout_s);
        v->starving = true;
        return;
    }
    if (v->starving)
        log_info("fence", "the watchdog is fed again");
    v->starving = false;
    rc = watchdog_feed(&v->watchdog);
    if (rc == 0)
        return;
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

static uint32_t hold(struct vigil *v, uint32_t budget_ms, char *message, size_t size)
{
    unsigned seconds;
    uint32_t rc =
        watchdog_hold(&v->watchdog, wanted_timeout_s(v, budget_ms), &seconds, message, size);

    if (rc != 0)
        return rc;
    if ((uint64_t)seconds * 1000 > room_ms(v, budget_ms)) {
        snprintf(
            message, size,
            "the watchdog %s takes %u s at least, and half a lease and the TerminateBudget are "
            "%llu ms: raise the TerminateBudget",
            v->watchdog.device, seconds, (unsigned long long)room_ms(v, budget_ms));
        return ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR;
    }
    v->timeout_s = seconds;
    v->facts.budget_ms = budget_ms;
    v->starving = false;
    uv_timer_start(&v->feed, on_feed, VIGIL_FEED_MS, VIGIL_FEED_MS);
    return 0;
}

/* As it was before somebody was not admitted. */
static void hold_again(struct vigil *v)
{
    char message[256];

    if (!v->facts.guarded)
        watchdog_disarm(&v->watchdog);
    else if (hold(v, v->facts.budget_ms, message, sizeof(message)) != 0)
        v->broken(message, v->data);
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
    rc = hold(v, least_ms, message, size);
    if (rc != 0 && watchdog_is_armed(&v->watchdog))
        hold_again(v);
    return rc;
}

/* ----------------------------------------------------------------------- both */

static void stand_down(struct vigil *v)
{
    char message[256];

    if (v->facts.guarded) {
        if (hold(v, v->facts.budget_ms, message, sizeof(message)) != 0)
            v->broken(message, v->data);
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
    if (facts->guarded || !v->watchdog.held)
        return;
    uv_timer_stop(&v->feed);
    watchdog_disarm(&v->watchdog);
}

void vigil_init(struct vigil *v, uv_loop_t *loop, const struct watchdog *watchdog,
                const struct lease *lease, void (*broken)(const char *text, void *data), void *data)
{
    *v = (struct vigil){.watchdog = *watchdog, .lease = lease, .broken = broken, .data = data};
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
}
