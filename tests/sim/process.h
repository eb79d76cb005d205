/* How a process ends. */
#ifndef HOLDFAST_SIM_PROCESS_H
#define HOLDFAST_SIM_PROCESS_H

#include "tests/sim/sim.h"

/* machine.c: it called _exit(), or its loop has nothing left. */
void process_on_exit(struct process *p, int status);
/* raft_io.c: what hangs on it outside of its memory. */
void guards_forget(struct process *p);
void port_fire_completed(struct process *p);

#endif
