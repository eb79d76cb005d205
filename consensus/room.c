#include "consensus/room.h"

#include <sys/statvfs.h>

enum { SPARE_BYTES = 1 << 20 };

uint64_t room_free(const char *dir)
{
    struct statvfs s;

    if (statvfs(dir, &s) != 0 || s.f_blocks == 0)
        return UINT64_MAX;
    return (uint64_t)s.f_bavail * s.f_frsize;
}

bool room_is_low(const char *dir, unsigned capacity_kb)
{
    return (uint64_t)capacity_kb * 1024 < ROOM_SEGMENT_BYTES &&
           room_free(dir) < ROOM_SEGMENT_BYTES + SPARE_BYTES;
}

bool room_for_snapshot(const char *dir, uint64_t bytes)
{
    uint64_t free_bytes = room_free(dir);

    return free_bytes >= SPARE_BYTES && free_bytes - SPARE_BYTES >= bytes;
}
