#include "base/clock.h"

#include <assert.h>
#include <time.h>

static uint64_t clock_ns(clockid_t id)
{
    struct timespec now;
    int rc = clock_gettime(id, &now);

    assert(rc == 0);
    (void)rc;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_boot_ms(void)
{
    return clock_ns(CLOCK_BOOTTIME) / 1000000u;
}

uint64_t clock_boot_ns(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

uint64_t clock_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000u;
}

uint64_t clock_cpu_ms(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1000000u;
}
