#include "groupmgr/window.h"

#include <assert.h>
#include <stdbool.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

static int64_t time_of_day_ms(int32_t utc_offset_min, uint64_t now_ms)
{
    int64_t offset_ms = (int64_t)utc_offset_min * MINUTE_MS;

    assert(offset_ms > -DAY_MS && offset_ms < DAY_MS);
    return ((int64_t)(now_ms % DAY_MS) + offset_ms + DAY_MS) % DAY_MS;
}

uint64_t window_wait_ms(uint32_t start, uint32_t end, int32_t utc_offset_min, uint64_t now_ms)
{
    int64_t time_ms = time_of_day_ms(utc_offset_min, now_ms);
    int64_t start_ms, end_ms;
    bool open;

    if (start == UINT32_MAX || end == UINT32_MAX || start == end)
        return 0;
    assert(start < 24 && end < 24);
    start_ms = (int64_t)start * HOUR_MS;
    end_ms = (int64_t)end * HOUR_MS;
    open = start < end ? time_ms >= start_ms && time_ms < end_ms
                       : time_ms >= start_ms || time_ms < end_ms;
    return open ? 0 : (uint64_t)((start_ms - time_ms + DAY_MS) % DAY_MS);
}
