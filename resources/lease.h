/* The node's right to run resources, enforced where they run.
 *
 * The daemon sets the deadline, in clock_boot_ms(), as often as it is renewed.
 * When it passes without a later one, `expired` is called once, and the lease
 * stays over until lease_set() brings a deadline that lies ahead.
 *
 * Two things notice it: a timer of CLOCK_BOOTTIME, which is due at once when a
 * suspended machine wakes up, and lease_check(), which whoever was asleep calls
 * before anything else: after a freeze, orders and renewals from before lie in
 * the sockets, and acting on those first would be acting without the right to.
 * A renewal that comes to light only after its predecessor's deadline passed
 * does not undo the expiry.
 *
 * While this process itself is frozen or starved, guardians enforce the same
 * deadline (deadline.h). Loop thread only. */
#ifndef HOLDFAST_RESOURCES_LEASE_H
#define HOLDFAST_RESOURCES_LEASE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct deadline;
struct lease;

uint32_t lease_open(uv_loop_t *loop, void (*expired)(void *data), void *data, struct lease **ret);
void lease_close(struct lease *l); /* Freed once the loop has run. */

/* Held by `incarnation` until `deadline_ms`; 0: not enforced. An earlier
 * deadline of the same incarnation than the last one changes nothing. */
void lease_set(struct lease *l, uint64_t incarnation, uint64_t deadline_ms);
/* May resources run? If the deadline has passed, expired() has been called when
 * this returns. */
bool lease_check(struct lease *l);
/* The deadline as guardians see it; until lease_close() has taken effect. */
const struct deadline *lease_deadline(const struct lease *l);
uint64_t lease_incarnation(const struct lease *l); /* Last set; 0: none yet. */

#endif
