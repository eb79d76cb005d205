/* Being there when the lease ends: the monitor's memory locked, so that nothing
 * of it has to be read back from a disk that hangs, and real-time priority, so
 * that a busy machine does not make it wait its turn.
 *
 * Priority does not help who waits on a CPU that does not run, because a hypervisor
 * has taken it away for a moment: the kernel does not know, and the service may go on
 * on another one. So with real-time priority the monitor keeps to the lower half of its
 * CPUs and guardians to the upper one. Invariant: the two that end a service never wait
 * on one CPU, and with two CPUs one of them waits where the service runs: nothing that
 * keeps both from running lets it run. With more CPUs two have to stand still at once.
 * (Without the priority they would rather choose the CPU that is idle.)
 *
 * What guardians start inherits none of it: memory locks end at fork(), the priority by
 * SCHED_RESET_ON_FORK, the half by realtime_leave(). Guardians take the priority for
 * themselves. One thread per process. */
#ifndef HOLDFAST_RESOURCES_REALTIME_H
#define HOLDFAST_RESOURCES_REALTIME_H

#include <sys/types.h>

/* Take what is permitted, and log in one line what is not and what to do. Once,
 * after the last fork() of the process itself. */
void realtime_enter(void);
/* Take the monitor's priority if permitted, for a guardian, and the other half of the CPUs:
 * when a lease ends with hundreds of services, hundreds of guardians have to come in time,
 * before what keeps the machine busy. Says nothing if it is not permitted: the monitor has. */
void realtime_follow(void);
/* All CPUs that the monitor had are this process's again: between fork() and exec(). */
void realtime_leave(void);
/* The same for `pid`, which has been killed: it may be anywhere in the kernel, and
 * on a busy machine would have to wait its turn to get out of there and die. */
void realtime_hasten(pid_t pid);

#endif
