#include "base/clock.h"

#include <criterion/criterion.h>
#include <time.h>

Test(clock, boot_time_never_goes_back)
{
    uint64_t last = clock_boot_ns();

    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_boot_ns();
        cr_assert_geq(now, last);
        last = now;
    }
}

Test(clock, boot_milliseconds_are_those_of_the_nanoseconds)
{
    uint64_t before = clock_boot_ns() / 1000000;
    uint64_t ms = clock_boot_ms();
    uint64_t after = clock_boot_ns() / 1000000;

    cr_assert(before <= ms && ms <= after);
}

Test(clock, wall_time_counts_from_1970)
{
    uint64_t before = (uint64_t)time(NULL);
    uint64_t ms = clock_wall_ms();

    /* time() may lag behind clock_gettime() by a tick. */
    cr_assert_geq(ms / 1000 + 1, before);
    cr_assert_leq(ms / 1000, (uint64_t)time(NULL) + 1);
}
