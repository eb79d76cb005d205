/* What the monitor may run, and how all of it ends with the lease. */
#include "base/clock.h"
#include "base/error.h"
#include "resources/host_private.h"
#include "resources/life.h"

bool host_may_start(const struct life *life, struct unit_refusal *ret, void *data)
{
    struct host *h = data;

    if (h->shutting_down) {
        *ret = (struct unit_refusal){.code = ERROR_SHUTDOWN_IN_PROGRESS,
                                     .text = "not started: the monitor is shutting down"};
        return false;
    }
    if (!lease_check(h->lease)) {
        *ret = (struct unit_refusal){.code = ERROR_CLUSTER_NODE_DOWN,
                                     .text = "not started: the node's lease expired"};
        return false;
    }
    if (!life->self_fencing)
        return true;
    *ret = (struct unit_refusal){.text = h->refusal};
    ret->code = vigil_admit(&h->vigil, life->context.budget_ms, h->refusal, sizeof(h->refusal));
    /* Another node may have what this one lacks. */
    if (ret->code != ERROR_RETRY)
        ret->refusal = MONITOR_REFUSES_NODE;
    return ret->code == 0;
}

void host_look_to_vigil(struct host *h)
{
    struct vigil_facts facts = {0};
    struct entry *e, *next;
    uint32_t budget_ms;

    if (h->vigil.watchdog.how == SELF_FENCE_NONE)
        return; /* Nothing of it can be, and hundreds of resources change at once. */
    HASH_ITER(hh, h->entries, e, next)
    {
        facts.overdue |= unit_is_expired(e->unit);
        if (!unit_needs_watchdog(e->unit, &budget_ms))
            continue;
        if (!facts.guarded || budget_ms < facts.budget_ms)
            facts.budget_ms = budget_ms;
        facts.guarded = true;
    }
    vigil_look(&h->vigil, &facts);
}

/* What only a reset ends for certain must not run where there is none. */
void host_on_vigil_broken(const char *text, void *data)
{
    struct host *h = data;
    struct entry *e, *next;
    uint32_t budget_ms;

    HASH_ITER(hh, h->entries, e, next)
    if (unit_needs_watchdog(e->unit, &budget_ms))
        unit_fail(e->unit, unit_operation(e->unit), ERROR_RESOURCE_FAILED, text);
}

/* The next of what is being stopped in its budget that is to be ended at once. */
static void remind_of_budgets(struct host *h)
{
    uint64_t first_ms = 0;
    struct entry *e, *next;

    HASH_ITER(hh, h->entries, e, next)
    {
        uint64_t hard_ms = unit_hard_ms(e->unit);

        if (hard_ms != 0 && (first_ms == 0 || hard_ms < first_ms))
            first_ms = hard_ms;
    }
    lease_remind(h->lease, first_ms);
}

void host_on_late(void *data)
{
    struct host *h = data;
    uint64_t now_ms = clock_boot_ms();
    struct entry *e, *next;

    HASH_ITER(hh, h->entries, e, next)
    if (unit_hard_ms(e->unit) != 0 && unit_hard_ms(e->unit) <= now_ms)
        unit_hurry(e->unit);
    remind_of_budgets(h);
    host_look_to_vigil(h);
}

/* All at once: each has the same short time. The last one must not wait until the
 * others have been logged and reported. What has a budget is stopped in order. */
void host_on_lease_expired(void *data)
{
    struct host *h = data;
    struct entry *e, *next;

    guardians_kill(h->guardians);
    HASH_ITER(hh, h->entries, e, next)
    unit_expire(e->unit, lease_end_ms(h->lease), ERROR_CLUSTER_NODE_DOWN, "lease expired");
    remind_of_budgets(h);
    host_look_to_vigil(h);
}
