#include "resources/realtime.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

/* What the monitor had before it took its half. Guardians, and what they start, find it here
 * since they are forked. */
static cpu_set_t all_cpus;
static int all_cpus_count; /* 0: there are no halves. */

static bool is_capable(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    return (data[capability / 32].effective & 1u << capability % 32) != 0;
}

/* Returns 0 or an errno. */
static int lock_memory(void)
{
    struct rlimit limit;

    /* Under a limit every later allocation could fail that exceeds it, and the
     * monitor with it: then rather not at all. */
    if (!is_capable(CAP_IPC_LOCK) &&
        (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY))
        return EPERM;
    return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? 0 : errno;
}

/* The lowest: it is to come before what is not real-time, before nothing else. */
static int give_priority(pid_t pid)
{
    struct sched_param param = {.sched_priority = sched_get_priority_min(SCHED_RR)};

    return sched_setscheduler(pid, SCHED_RR | SCHED_RESET_ON_FORK, &param) == 0 ? 0 : errno;
}

/* At least two CPUs, or none. More than a cpu_set_t holds are none: the call fails. */
static void divide_cpus(void)
{
    int count = sched_getaffinity(0, sizeof(all_cpus), &all_cpus) == 0 ? CPU_COUNT(&all_cpus) : 0;

    all_cpus_count = count >= 2 ? count : 0;
}

static void take_half(bool upper)
{
    int seen = 0;
    cpu_set_t half;

    if (all_cpus_count == 0)
        return;
    CPU_ZERO(&half);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all_cpus) && (seen++ >= all_cpus_count / 2) == upper)
            CPU_SET(cpu, &half);
    }
    /* Fails if none of them is there any more: then any CPU has to do. */
    sched_setaffinity(0, sizeof(half), &half);
}

void realtime_follow(void)
{
    if (give_priority(0) == 0)
        take_half(true);
}

void realtime_leave(void)
{
    if (all_cpus_count != 0)
        sched_setaffinity(0, sizeof(all_cpus), &all_cpus);
}

void realtime_hasten(pid_t pid)
{
    give_priority(pid);
}

void realtime_enter(void)
{
    int memory = lock_memory();
    int priority = give_priority(0);

    if (priority == 0) {
        divide_cpus();
        take_half(false);
    }
    if (memory == 0 && priority == 0) {
        if (all_cpus_count != 0)
            log_info("monitor",
                     "memory locked, real-time priority on %d of %d CPUs, guardians on "
                     "the others",
                     all_cpus_count / 2, all_cpus_count);
        else
            log_info("monitor", "memory locked, real-time priority");
        return;
    }
    log_warn("monitor",
             "%s%s%s%s%s%s: a busy machine can make it late at the end of a lease; grant %s%s%s",
             memory != 0 ? "memory is not locked (" : "", memory != 0 ? strerror(memory) : "",
             memory != 0 ? ")" : "",
             priority != 0 ? (memory != 0 ? ", no real-time priority (" : "no real-time priority (")
                           : "",
             priority != 0 ? strerror(priority) : "", priority != 0 ? ")" : "",
             memory != 0 ? "LimitMEMLOCK=infinity or CAP_IPC_LOCK" : "",
             memory != 0 && priority != 0 ? ", and " : "",
             priority != 0 ? "LimitRTPRIO=1 or CAP_SYS_NICE" : "");
}
