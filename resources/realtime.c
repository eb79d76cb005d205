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

void realtime_follow(void)
{
    give_priority(0);
}

void realtime_hasten(pid_t pid)
{
    give_priority(pid);
}

void realtime_enter(void)
{
    int memory = lock_memory();
    int priority = give_priority(0);

    if (memory == 0 && priority == 0) {
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
