/* The hours of failback. */
#include "groupmgr/window.h"
#include "tests/groupmgr/world.h"

#define HOUR(h) ((uint64_t)(h)*3600000)
#define NEVER UINT32_MAX

static const struct hours {
    uint32_t start, end;
    int32_t offset_min;
    uint64_t now_ms;
    uint64_t wait_ms;
} hours[] = {
    /* In the day. */
    {9, 17, 0, HOUR(9), 0},
    {9, 17, 0, HOUR(17) - 1, 0},
    {9, 17, 0, HOUR(17), HOUR(16)},
    {9, 17, 0, HOUR(9) - 1, 1},
    {9, 17, 0, 0, HOUR(9)},
    {0, 1, 0, HOUR(23), HOUR(1)},
    {0, 23, 0, HOUR(23), HOUR(1)},
    /* Over midnight. */
    {22, 4, 0, HOUR(22), 0},
    {22, 4, 0, HOUR(24), 0},
    {22, 4, 0, HOUR(24 + 4) - 1, 0},
    {22, 4, 0, HOUR(24 + 4), HOUR(18)},
    {22, 4, 0, HOUR(22) - 1, 1},
    {23, 0, 0, HOUR(23), 0},
    {23, 0, 0, HOUR(24), HOUR(23)},
    /* Always. */
    {7, 7, 0, HOUR(3), 0},
    {0, 0, 0, HOUR(3), 0},
    {NEVER, 7, 0, HOUR(3), 0},
    {7, NEVER, 0, HOUR(3), 0},
    {NEVER, NEVER, 0, HOUR(3), 0},
    /* Local time ahead of UTC, behind it, by halves of hours, and over the day's end. */
    {9, 17, 60, HOUR(8), 0},
    {9, 17, 60, HOUR(16), HOUR(16)},
    {9, 17, -60, HOUR(9), HOUR(1)},
    {9, 17, -60, HOUR(17), 0},
    {9, 17, 330, HOUR(3), HOUR(1) / 2},
    {0, 1, -840, HOUR(14), 0},
    {0, 1, -840, HOUR(13), HOUR(1)},
    {0, 1, 840, HOUR(10), 0},
    {0, 1, 840, HOUR(11), HOUR(23)},
    {0, 1, -840, 0, HOUR(14)},
    /* A clock gone mad. */
    {3, 3, 0, UINT64_MAX, 0},
};

Test(window, opens_and_closes_on_the_hour_of_local_time)
{
    for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
        const struct hours *h = &hours[i];
        uint64_t wait_ms = window_wait_ms(h->start, h->end, h->offset_min, h->now_ms);

        cr_assert_eq(wait_ms, h->wait_ms, "row %zu: %llu", i, (unsigned long long)wait_ms);
    }
}

Test(window, is_open_when_the_wait_is_over)
{
    for (uint32_t start = 0; start < 24; start++)
        for (uint32_t end = 0; end < 24; end++)
            for (int32_t offset_min = -840; offset_min <= 840; offset_min += 105) {
                uint64_t now_ms = HOUR(1000) + start * 777777 + end;
                uint64_t wait_ms = window_wait_ms(start, end, offset_min, now_ms);

                cr_assert_lt(wait_ms, HOUR(24));
                cr_assert_eq(window_wait_ms(start, end, offset_min, now_ms + wait_ms), 0);
                if (wait_ms > 0)
                    cr_assert_eq(window_wait_ms(start, end, offset_min, now_ms + wait_ms - 1), 1);
            }
}
