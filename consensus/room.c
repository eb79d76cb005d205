#include "consensus/room.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

static void spare_path(const char *dir, char path[4096])
{
    snprintf(path, 4096, "%s/spare", dir);
}

void room_spare_keep(const char *dir)
{
    char path[4096];

    spare_path(dir, path);
    if (access(path, F_OK) == 0 || room_free(dir) < 2 * ROOM_SEGMENT_BYTES)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return; /* It only helps. */
    if (posix_fallocate(fd, 0, SPARE_BYTES) != 0)
        unlink(path);
    close(fd);
}

void room_spare_give_up(const char *dir)
{
    char path[4096];

    spare_path(dir, path);
    if (room_free(dir) < SPARE_BYTES)
        unlink(path);
}
