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
 * deadline (deadline.h).
 *
 * The deadline that the daemon sets leaves `guard_ms` to end one service. To end many
 * takes longer, since the kernel has them leave one after the other: for each that runs
 * it begins ALLOWANCE_US earlier (lease_burden()), but never so early that less than half
 * of what a renewal brings could be used. `make bench-ending` prints what is measured.
 *
 * Invariant: lease_end_ms() is never later than what the daemon set. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_LEASE_H
#define HOLDFAST_RESOURCES_LEASE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct deadline;
struct lease;

enum { ALLOWANCE_US = 400 }; /* To end one more service. */

/* `late` is called as lease_remind() says. */
uint32_t lease_open(uv_loop_t *loop, void (*expired)(void *data), void (*late)(void *data),
                    void *data, struct lease **ret);
void lease_close(struct lease *l); /* Freed once the loop has run. */

/* Held by `incarnation` until `deadline_ms`; 0: not enforced. An earlier
 * deadline of the same incarnation than the last one changes nothing. */
void lease_set(struct lease *l, uint64_t incarnation, uint64_t deadline_ms);
/* May resources run? If the deadline has passed, expired() has been called when
 * this returns. */
bool lease_check(struct lease *l);
/* So many services run. */
void lease_burden(struct lease *l, unsigned running);
/* When what runs is to be ended, or was, if the lease is over; 0: not enforced. */
uint64_t lease_end_ms(const struct lease *l);
/* The most that a renewal of this incarnation has brought, on arriving; 0: none yet. */
uint64_t lease_length_ms(const struct lease *l);
/* Call late() once when clock_boot_ms() has reached `at_ms`, as surely as expired(); 0: not. */
void lease_remind(struct lease *l, uint64_t at_ms);
/* The deadline as guardians see it; until lease_close() has taken effect. */
const struct deadline *lease_deadline(const struct lease *l);
uint64_t lease_incarnation(const struct lease *l); /* Last set; 0: none yet. */

#endif
