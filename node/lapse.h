/* Why this node's lease runs out, measured while it does.
 *
 * Since the last renewal that counted, every moment is booked to what was in the
 * way then; whatever took longest is the cause. Told to the cluster when this node
 * joins again (COMMAND_NODE_UP): nobody else can tell a cable from a frozen machine.
 * Nothing is decided by it. Loop thread. */
#ifndef HOLDFAST_NODE_LAPSE_H
#define HOLDFAST_NODE_LAPSE_H

#include <stdint.h>

#include "groupmgr/groupmgr.h"

enum { LAPSE_CAUSES = CAUSE_LAPSE_DAEMON_DEAD - CAUSE_LAPSE_NO_CONNECTION + 1 };

struct lapse_meter {
    uint64_t at_ms;  /* Of the last tick; 0: none yet. */
    uint64_t cpu_ms; /* Processor time that this process had used by then. */
    uint64_t spent_ms[LAPSE_CAUSES];
};

/* At least every `period_ms`, and before the verdict. `situation` is what stands in
 * the way right now. A tick that comes late was kept from coming: by our own work if
 * the process used half of that time, else it did not run. */
void lapse_tick(struct lapse_meter *m, uint64_t now_ms, uint64_t cpu_ms, unsigned period_ms,
                enum cause situation);
/* A renewal came that is worth something. */
void lapse_reset(struct lapse_meter *m);
/* The cause, and for how long; CAUSE_NONE if nothing was booked. */
enum cause lapse_verdict(const struct lapse_meter *m, uint64_t *ret_ms);

#endif
