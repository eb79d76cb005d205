/* A rehearsal: what would happen if these commands came now?
 *
 * The real rules run on a copy of the state. The nodes in it are ideal: whatever
 * is to be started or stopped is so at once, and nothing fails that is not
 * asked to. Time jumps from one deadline to the next, up to a horizon. Pure, as
 * all of groupmgr; the same copy and commands give the same rehearsal. */
#ifndef HOLDFAST_GROUPMGR_REHEARSE_H
#define HOLDFAST_GROUPMGR_REHEARSE_H

#include "groupmgr/groupmgr.h"

enum {
    REHEARSAL_HORIZON_MS = 600000, /* What is sensible where nobody says otherwise. */
    REHEARSAL_COMMANDS_MAX = 200000,
};

struct rehearsal {
    uint64_t horizon_ms;   /* Of the copy's time, from its last stamp on. */
    unsigned commands_max; /* Of all kinds: bounds the work. */
    /* One change, `after_ms` later than the beginning; borrowed. May be NULL. */
    void (*changed)(const struct event *e, uint64_t after_ms, void *data);
    void *data;
};

enum rehearsal_end {
    REHEARSAL_SETTLED, /* Nothing is under way, and nothing falls due by itself. */
    REHEARSAL_HORIZON, /* Something falls due beyond the horizon. */
    REHEARSAL_LIMIT,   /* It would have gone on: commands_max. */
};
const char *rehearsal_end_name(enum rehearsal_end end); /* "settled" */

struct rehearsal_result {
    enum rehearsal_end end;
    uint64_t after_ms; /* When the last command was applied. */
    uint64_t next_ms;  /* The next deadline, from the beginning on; UINT64_MAX: none. */
    unsigned commands; /* Applied, the given ones too. */
};

/* Apply `commands` to `copy`, one after the other and all at once, and play on.
 * `ret_replies` has room for `count`. A copy is cluster_read() of what
 * cluster_write() wrote. */
struct rehearsal_result rehearse(struct cluster *copy, const struct rehearsal *how,
                                 const struct command *commands, unsigned count,
                                 struct reply *ret_replies);

#endif
