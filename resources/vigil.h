/* When this node ends itself, and what is needed for it to be able to.
 *
 * After the fact, of anything: the lease is over, what may be ended has been ended for half
 * a second, and something is still there. Then the watchdog is armed, or the machine is
 * rebooted, as configured (watchdog.h).
 *
 * Ahead of it, of resources that say that ending their processes does not suffice
 * (SelfFencing: something in the kernel or in a device goes on): while one runs, the
 * watchdog is held open and fed, and only as long as a reset that begins to count now would
 * still come in time.
 *
 * Invariant: while such a resource runs, the node is reset before the end of its lease and
 * the resource's budget, whatever becomes of the monitor or the kernel. It holds because
 * the watchdog is fed at t only if t + its time-out is not later than that; the lease that
 * counts is the one that the monitor was told of, which ends no later than the others take
 * it for. All that makes a watchdog count anew is a feed, and each goes through one place
 * (device_restart() in watchdog.c), which refuses those that come too late:
 *   by the timer    then it starves, until the lease is renewed;
 *   to arm it       then the count that runs goes on: it is only ever brought forward;
 *   to admit one    then that is not admitted, and is to try again;
 *   to stand down   then it is held with the shortest time, or stays armed, if that is too
 *                   late as well.
 * And a count that was in time stays so. Renewals move the end later; if a burden moves it
 * earlier (lease.h) the others still wait for as long. A smaller budget comes only with
 * what is admitted, and that begins only if the new count is in time for it, too.
 *
 * So the time-out must fit: it may be as long as the budget and half of a lease, since no
 * more than the rest is left when the next renewal comes. And a budget there must be: the
 * end of a lease alone must not reset a node whose resource can be ended in order.
 * VIGIL_MARGIN_MS before the reset it is ended at once, so that the watchdog can be closed.
 *
 * A monitor that dies leaves the watchdog counting: what it ran may go on. Whoever comes
 * after it must leave that alone, which the mark in `dir` tells (base/reset_mark.h): it is
 * set before the watchdog is held for anything, and cleared when nothing needs it any more.
 * Loop thread only. */
#ifndef HOLDFAST_RESOURCES_VIGIL_H
#define HOLDFAST_RESOURCES_VIGIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "resources/watchdog.h"

enum {
    VIGIL_BUDGET_MS_MIN = 500, /* Of what needs the watchdog. */
    VIGIL_MARGIN_MS = 300,
    VIGIL_FEED_MS = 100,
};

struct lease;

/* What there is on this node. */
struct vigil_facts {
    bool overdue;       /* Something is being killed since the lease is over. */
    bool guarded;       /* Something needs the watchdog, */
    uint32_t budget_ms; /* and the least budget of it. */
};

struct vigil { /* Embedded; private. */
    struct watchdog watchdog;
    const struct lease *lease;
    const char *dir;
    struct vigil_facts facts;
    uv_timer_t overdue, feed;
    bool marked;   /* The mark may be set. */
    bool starving; /* It is not fed, and that was told. */
    void (*broken)(const char *text, void *data);
    void *data;
};

/* `broken`: the watchdog can be fed no more; what needs it must end, and that may be
 * told by vigil_look() at once. `lease` and `dir`, the monitor's folder, are borrowed. */
void vigil_init(struct vigil *v, uv_loop_t *loop, const struct watchdog *watchdog,
                const struct lease *lease, const char *dir,
                void (*broken)(const char *text, void *data), void *data);
/* Something that needs the watchdog is about to start; from here on it is fed. Returns 0,
 * ERROR_RETRY if it can be only once the lease is renewed, or an error code with why it
 * cannot be. */
uint32_t vigil_admit(struct vigil *v, uint32_t budget_ms, char *message, size_t size);
/* After each change. */
void vigil_look(struct vigil *v, const struct vigil_facts *facts);
/* Nothing runs any more. The handles are closed once the loop has run. */
void vigil_close(struct vigil *v);

#endif
