#include "node/lapse.h"

#include <assert.h>
#include <string.h>

static void book(struct lapse_meter *m, enum cause cause, uint64_t ms)
{
    assert(cause >= CAUSE_LAPSE_NO_CONNECTION && cause <= CAUSE_LAPSE_DAEMON_DEAD);
    m->spent_ms[cause - CAUSE_LAPSE_NO_CONNECTION] += ms;
}

void lapse_tick(struct lapse_meter *m, uint64_t now_ms, uint64_t cpu_ms, unsigned period_ms,
                enum cause situation)
{
    uint64_t gap_ms = m->at_ms == 0 ? 0 : now_ms - m->at_ms;

    assert(now_ms >= m->at_ms && period_ms > 0);
    if (gap_ms > 2 * (uint64_t)period_ms) {
        uint64_t late_ms = gap_ms - period_ms;
        bool busy = (cpu_ms - m->cpu_ms) * 2 >= late_ms;
        book(m, busy ? CAUSE_LAPSE_BUSY : CAUSE_LAPSE_FROZEN, late_ms);
        gap_ms = period_ms;
    }
    book(m, situation, gap_ms);
    m->at_ms = now_ms;
    m->cpu_ms = cpu_ms;
}

void lapse_reset(struct lapse_meter *m)
{
    memset(m->spent_ms, 0, sizeof(m->spent_ms));
}

enum cause lapse_verdict(const struct lapse_meter *m, uint64_t *ret_ms)
{
    unsigned most = 0;

    for (unsigned i = 1; i < LAPSE_CAUSES; i++)
        if (m->spent_ms[i] > m->spent_ms[most])
            most = i;
    *ret_ms = m->spent_ms[most];
    return *ret_ms == 0 ? CAUSE_NONE : (enum cause)(CAUSE_LAPSE_NO_CONNECTION + most);
}
