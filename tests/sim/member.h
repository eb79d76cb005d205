/* Changes of raft's membership, by the leader, through libraft's own calls. */
#ifndef HOLDFAST_SIM_MEMBER_H
#define HOLDFAST_SIM_MEMBER_H

#include "tests/sim/sim.h"

/* `verb`: add (as stand-by), promote, demote, remove. Does nothing where raft
 * would refuse it, or if too few voters would be left. */
void member_change(struct machine *leader, struct machine *m, const char *verb);
/* One step towards all machines being voters; true if they are. */
bool member_restore(struct machine *leader);

#endif
