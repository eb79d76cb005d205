/* The last word of a node whose daemon is gone and is not started again.
 *
 * Its services run on, under a monitor that nobody renews, until the lease is over,
 * and the others wait out that lease. There is nothing to wait for: the monitor is
 * ended, with all that it runs, and one of the other nodes is told.
 *
 * Why the others may start what ran here at once, without patience:
 * - no daemon runs on this folder while this does: the daemon's lock is held;
 * - the monitor's lock is free only when the monitor and all its guardians, and so
 *   all services, are gone (resources/guardian.h); only then is anything said;
 * - the incarnation that is named can run nothing later: the next daemon finds no
 *   monitor that holds a lease of it, and joins with a new one;
 * - so the word, however late it comes, is true for ever, and the state machine drops
 *   it if the node has begun another life meanwhile.
 * If any of it fails, nothing is said, and the lease runs out as ever. */
#ifndef HOLDFAST_NODE_FAREWELL_H
#define HOLDFAST_NODE_FAREWELL_H

#include "node/config.h"

/* Blocks, some seconds at most. Does nothing where the daemon has stopped in good
 * order, or another one runs on this folder. */
void farewell(const struct config *config);

#endif
