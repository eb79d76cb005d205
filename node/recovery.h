/* Going on without a majority that is lost for good (`holdfast cluster recover`).
 *
 * What an operator has confirmed is written down and done at the next start, in stages:
 *
 *   0  nothing                 the old cluster, without quorum
 *   1  DATA/recover is there   -> the daemon ends, and is started again
 *   2  a lease was waited out  -> `begun` is written into the file
 *   3  raft's configuration is this node alone: it leads at once
 *   4  COMMAND_CLUSTER_RECOVER is committed: the new epoch, without the others
 *   5  DATA/epoch has it
 *   6  DATA/recover is gone    the new cluster
 *
 * Until it is begun a confirmation holds for a minute of this boot: a machine that was switched
 * off in between, or a start that failed again and again, may find a majority that has come
 * back and gone on. Then the file is removed, and the node takes part as before.
 *
 * A crash anywhere leads to the old cluster or to the new one, never to a third. Invariant:
 * the file is there from 1 until 5 is durable, unless it was too old for 2, and each start that
 * finds it begins again at
 * 2. Each stage can be done twice: waiting; forcing the same configuration behind the last
 * entry; the command, which the state machine refuses for an epoch that it has; the file.
 * Until 6 nobody else takes part, since this node speaks in the new epoch from the start
 * that found the file, and a server can be added only by a leader that has applied 4, in
 * a later turn of its loop than that which did 5 and 6. A file that comes before the
 * epoch that DATA/epoch has is done: it is removed and forces nothing.
 *
 * Why nothing of the old epoch runs beside what the new one starts (docs/consistency.md):
 * a lease ends L after the request that was granted last; none was granted with this
 * node's help after its former process ended, which was before stage 2, and none without it
 * by a majority that was lost by then. Stage 2 is as long as the patience with which a
 * leader declares a silent node down. Loop thread, but for recovery_open(). */
#ifndef HOLDFAST_NODE_RECOVERY_H
#define HOLDFAST_NODE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "groupmgr/groupmgr.h"

struct calls;
struct identity;

struct recovery {
    const char *data_dir;      /* Borrowed, */
    struct identity *identity; /* as this. */
    uint32_t epoch;            /* In which this node speaks to others, from the start on. */
    bool pending;              /* To be done, and not at stage 6 yet. */
    uint32_t highest;          /* Of the configuration that is given up: its highest id. */
    bool proposed;             /* Stage 4 is under way. */
};

/* What is to be done? If there is something, blocks for a lease of `lease_ms`. Returns 0, or
 * a code with *ret_why (to free). */
uint32_t recovery_open(const char *data_dir, struct identity *identity, unsigned lease_ms,
                       struct recovery *ret, char **ret_why);
/* Stage 1: the next start begins `epoch`. Durable when it returns 0; else nothing is to be done. */
uint32_t recovery_confirm(const char *data_dir, uint32_t epoch, uint32_t highest);
/* The end of stage 2, at the last moment before 3. Returns as recovery_open(). */
uint32_t recovery_begin(const struct recovery *r, char **ret_why);

/* This node leads: stage 4 is to be the first that it has done. */
void recovery_on_lead(struct recovery *r, struct calls *calls, uint32_t self);
/* A command was applied, which left the state in epoch `reached`. Returns 0, or why the folder
 * could not be written: then the daemon must not go on. */
uint32_t recovery_on_command(struct recovery *r, const struct command *cmd, uint32_t reached);

#endif
