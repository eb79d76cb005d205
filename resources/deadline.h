/* The end of the lease as one word of memory that the monitor shares with its
 * guardians: whoever of them gets to run acts on it.
 *
 * The monitor alone would not do: while it is frozen, or starved, its services
 * run on. Invariant: the word is never later than what the monitor was told by
 * the daemon, since the monitor alone writes it, in lease_set(). So what a
 * guardian ends because of it was to be ended anyway; that a renewal may wait in
 * the socket of the frozen monitor makes no difference, as the monitor would not
 * count it either when it wakes (lease.h).
 *
 * It is the moment to begin to end things, lease_end_ms(): earlier than the daemon said by
 * what runs. What has a budget (TerminateBudget) may be ended that much later.
 *
 * The mapping survives fork(), not exec(). Any process, any thread. */
#ifndef HOLDFAST_RESOURCES_DEADLINE_H
#define HOLDFAST_RESOURCES_DEADLINE_H

#include <stdatomic.h>
#include <stdint.h>

struct deadline {
    _Atomic uint64_t at_ms; /* clock_boot_ms(); 0: not enforced. */
};

/* NULL with errno if there is no memory. Not enforced at first. */
struct deadline *deadline_new(void);
void deadline_free(struct deadline *d);

#endif
