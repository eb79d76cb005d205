/* One history, from the first step to the last check. */
#ifndef HOLDFAST_SIM_HISTORY_H
#define HOLDFAST_SIM_HISTORY_H

#include "tests/sim/schedule.h"

enum { FAILURE_BYTES = 512 };

/* Run it here. True if all was well; else `failure` says what was not. */
bool history_run(const struct schedule *s, int trace_level, char *failure);
/* The same in a process of its own, which may crash. */
bool history_try(const struct schedule *s, char *failure);

/* Leave out of `s` whatever is not needed for it to fail as `failure` says. */
void schedule_shrink(struct schedule *s, const char *failure);

#endif
