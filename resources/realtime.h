/* Being there when the lease ends: the monitor's memory locked, so that nothing
 * of it has to be read back from a disk that hangs, and real-time priority, so
 * that a busy machine does not make it wait its turn.
 *
 * Nothing that it starts inherits either: memory locks end at fork(), the
 * priority by SCHED_RESET_ON_FORK. */
#ifndef HOLDFAST_RESOURCES_REALTIME_H
#define HOLDFAST_RESOURCES_REALTIME_H

/* Take what is permitted, and log in one line what is not and what to do. Once,
 * after the last fork() of the process itself. */
void realtime_enter(void);

#endif
