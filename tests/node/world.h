/* One node without sockets: a real log of one voter, the state machine, calls
 * and pulse, wired as the daemon does it. */
#ifndef HOLDFAST_TESTS_NODE_WORLD_H
#define HOLDFAST_TESTS_NODE_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "consensus/consensus.h"
#include "node/calls.h"
#include "node/config.h"
#include "node/pulse.h"
#include "node/replica.h"

enum { WORLD_FATAL = 70, WORLD_DIVERGED = 71 };

struct world {
    uv_loop_t loop;
    uv_timer_t guard;
    char dir[64];
    struct config config;
    struct replica *replica;
    struct calls *calls;
    struct consensus *consensus; /* NULL before world_start() and after the end. */
    struct pulse *pulse;         /* NULL unless world_pulse(). */
    bool calls_open;
    unsigned apply_delay_ms; /* Before each command is applied: a slow node. */
    uint64_t ahead_ms;       /* The state's time, of this node's wall clock. */

    /* What pulse told. */
    unsigned leases, joined, lost;
    unsigned leases_at_join; /* When `joined` was last counted. */
    uint64_t incarnation, deadline_ms, told_ms;
};

void world_setup(struct world *w);
void world_start(struct world *w); /* Open the log. */
void world_pulse(struct world *w); /* With a pulse, before world_start(). */
/* As a daemon that is started again: nothing is left but what the disk has. */
void world_restart(struct world *w);
void world_teardown(struct world *w);
void world_step(struct world *w);
#define RUN_UNTIL(w, condition) \
    while (!(condition))        \
    world_step(w)

void world_change(struct world *w, const struct command *cmd, unsigned timeout_ms, change_done done,
                  void *data);
/* peer.renew of another node arrives. */
void world_renew(struct world *w, uint32_t id, uint64_t seq);

#endif
