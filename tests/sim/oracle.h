/* What must hold, and who watches it. */
#ifndef HOLDFAST_SIM_ORACLE_H
#define HOLDFAST_SIM_ORACLE_H

#include "groupmgr/groupmgr.h"
#include "tests/sim/sim.h"

/* A client was given this answer to its call. */
void oracle_on_reply(uint64_t client, uint64_t seq, const struct reply *reply);
/* Highest index that any client was told of. */
uint64_t oracle_acknowledged(void);

#endif
