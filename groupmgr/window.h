/* The hours in which groups may go back to a preferred node. Pure computation. */
#ifndef HOLDFAST_GROUPMGR_WINDOW_H
#define HOLDFAST_GROUPMGR_WINDOW_H

#include <stdint.h>

/* Milliseconds from `now_ms` (UTC) until the window from hour `start` up to, but
 * without, hour `end` is open; 0: it is open now. The hours are those of local
 * time, which is ahead of UTC by `utc_offset_min` minutes, fewer than a day's.
 * With start > end it goes over midnight; with start == end, or one of them
 * 0xFFFFFFFF (not set), it is always open. */
uint64_t window_wait_ms(uint32_t start, uint32_t end, int32_t utc_offset_min, uint64_t now_ms);

#endif
