/* What becomes of a resource when its node's lease is over: it is ended at once, or, if it
 * has a budget (TerminateBudget), stopped in order first. */
#include <assert.h>

#include "base/log.h"
#include "resources/unit_private.h"

/* The lease is over: what has a budget goes down as it does when it is taken offline, and
 * what is going so anyway goes on. It is never told of as anything but terminating. */
static void unit_stop_until(struct unit *u, uint64_t hard_ms, uint32_t code, const char *text)
{
    bool stops = u->state == MONITOR_OFFLINE_PENDING;

    assert(u->state != MONITOR_TERMINATING && hard_ms != 0);
    u->hard_ms = hard_ms;
    unit_begin_end(u, MONITOR_FAILED, code, text);
    if (!stops)
        u->life->ops->offline(u->handler, NULL, 0);
}

void unit_hurry(struct unit *u)
{
    if (u->hard_ms == 0)
        return;
    log_warn("resource", "%s: has not stopped in order: ending it at once", u->name);
    u->hard_ms = 0;
    u->expired = true;
    u->life->ops->terminate(u->handler);
}

uint64_t unit_hard_ms(const struct unit *u)
{
    return u->hard_ms;
}

bool unit_is_expired(const struct unit *u)
{
    return unit_is_live(u) && u->expired;
}

bool unit_needs_watchdog(const struct unit *u, uint32_t *ret_budget_ms)
{
    if (!unit_is_live(u) || !u->life->self_fencing)
        return false;
    *ret_budget_ms = u->life->context.budget_ms;
    return true;
}

void unit_expire(struct unit *u, uint64_t end_ms, uint32_t code, const char *text)
{
    struct life *waiting = u->waiting;

    u->waiting = NULL;
    if (waiting != NULL) { /* Its order is answered, too. */
        u->operation = waiting->operation;
        life_free(waiting);
    }
    if (!unit_is_live(u) || u->hard_ms != 0)
        return;
    if (u->state != MONITOR_TERMINATING && u->life->context.budget_ms > 0) {
        unit_stop_until(u, end_ms + life_hard_ms(u->life), code, text);
        return;
    }
    u->expired = true;
    if (!u->forget)
        unit_end(u, MONITOR_FAILED, code, text);
}
