/* The state as it was: what raft's folder still holds of snapshots and log,
 * applied again up to an index or a time. It is the same code that applied it
 * then, so it comes to the same state, causes and all.
 *
 * As far back as the kept snapshots and the log behind them reach: at least
 * the last 8192 entries (consensus/retention.h). Blocks: call it on a thread of
 * the pool; it shares nothing with the running replica. */
#ifndef HOLDFAST_NODE_PAST_H
#define HOLDFAST_NODE_PAST_H

#include <stdint.h>

#include "groupmgr/groupmgr.h"

/* The moment that is asked for: the first of both that comes. */
struct past_moment {
    uint64_t index;    /* This command is the last one applied; UINT64_MAX: any. */
    uint64_t stamp_ms; /* No command with a later stamp; UINT64_MAX: any. */
};

/* `limit` is the index that the running replica has applied: what lies behind it
 * on the disk may not be committed; UINT64_MAX: that too, to the end. Returns 0 with *ret, which the caller frees;
 * ERROR_NOT_FOUND if the moment is not kept any more or has not come yet;
 * ERROR_RETRY; or as history_read(). *ret_why is to be freed for all but 0. */
uint32_t past_read(const char *dir, struct past_moment at, uint64_t limit, struct cluster **ret,
                   char **ret_why);

#endif
