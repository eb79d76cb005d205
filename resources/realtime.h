/* Being there when the lease ends: the monitor's memory locked, so that nothing
 * of it has to be read back from a disk that hangs, and real-time priority, so
 * that a busy machine does not make it wait its turn.
 *
 * Nothing that it starts inherits either: memory locks end at fork(), the
 * priority by SCHED_RESET_ON_FORK. Guardians take the priority for themselves. */
#ifndef HOLDFAST_RESOURCES_REALTIME_H
#define HOLDFAST_RESOURCES_REALTIME_H

#include <sys/types.h>

/* Take what is permitted, and log in one line what is not and what to do. Once,
 * after the last fork() of the process itself. */
void realtime_enter(void);
/* Take the monitor's priority if permitted, for a guardian: when a lease ends with
 * hundreds of services, hundreds of guardians have to come in time, before what
 * keeps the machine busy. Says nothing if it is not permitted: the monitor has. */
void realtime_follow(void);
/* The same for `pid`, which has been killed: it may be anywhere in the kernel, and
 * on a busy machine would have to wait its turn to get out of there and die. */
void realtime_hasten(pid_t pid);

#endif
