/* What really runs, whatever anybody believes. */
#ifndef HOLDFAST_SIM_TRUTH_H
#define HOLDFAST_SIM_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

bool truth_runs(uint64_t resource, uint32_t machine);
bool truth_runs_anything(uint32_t machine);
/* Something there is on its way up or down, maybe without the state's knowing: what a lost
 * lease with a TerminateBudget left is reported only when it has ended. */
bool truth_is_under_way(uint32_t machine);

#endif
