/* Turns: only so many may be under way at once, the others wait in order.
 *
 * Why starts need it: the loop of a monitor that is told to start hundreds must
 * go on turning, or it would not see the renewals of its lease, and hundreds of
 * new processes would keep the daemon from the processor.
 *
 * A turn that takes longer than the patience waits for something else than the
 * processor (a name service, a disk). It no longer counts then: nobody else is to
 * wait for that. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_PACE_H
#define HOLDFAST_RESOURCES_PACE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct turn { /* Embedded, zeroed; private. */
    struct turn *next;
    enum { TURN_NONE, TURN_WAITING, TURN_COUNTED } state;
    uint64_t began_ms;
};

struct pace { /* Embedded; private. */
    uv_timer_t timer;
    struct turn *waiting, *counted; /* The oldest first. */
    unsigned count, count_max, patience_ms;
    void (*begin)(struct turn *t);
};

/* `begin` is called from the loop for each that had to wait, when its turn has
 * come. It may call the functions below. */
void pace_init(struct pace *p, uv_loop_t *loop, unsigned count_max, unsigned patience_ms,
               void (*begin)(struct turn *t));
/* True: its turn is now. False: it waits. */
bool pace_ask(struct pace *p, struct turn *t);
/* `t` waits no longer behind others: begin() comes in the loop's next turn. */
void pace_hurry(struct pace *p, struct turn *t);
/* Its turn is over, if it has one. */
void pace_end(struct pace *p, struct turn *t);
bool pace_is_waiting(const struct turn *t);
/* Nothing may be waiting. `closed` gets the handle, with `data` in it. */
void pace_close(struct pace *p, uv_close_cb closed, void *data);

#endif
