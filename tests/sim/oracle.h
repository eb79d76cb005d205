/* What must hold, and who watches it. */
#ifndef HOLDFAST_SIM_ORACLE_H
#define HOLDFAST_SIM_ORACLE_H

#include "groupmgr/groupmgr.h"
#include "tests/sim/sim.h"

/* A client was given this answer to its call. */
void oracle_on_reply(uint64_t client, uint64_t seq, const struct reply *reply);
/* Highest index that any client was told of. */
uint64_t oracle_acknowledged(void);

/* oracle_fence.c: the first node to apply a command is about to, and has. `due`: other
 * things may have fallen due with it. */
void oracle_before_fencing(const struct cluster *c);
void oracle_judge_fencing(const struct cluster *c, const struct command *cmd, uint32_t code,
                          bool due);
void oracle_forget_fencing(void);

/* oracle_level.c: a node is about to apply a command; the first one has. */
void oracle_judge_reader(const struct cluster *c);
void oracle_judge_level(const struct cluster *c, const struct command *cmd, uint32_t code);
void oracle_forget_level(void);

#endif
