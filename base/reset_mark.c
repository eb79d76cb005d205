#include "base/reset_mark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

void boot_id(char ret[BOOT_ID_BYTES])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (f == NULL || fscanf(f, "%63s", ret) != 1)
        strcpy(ret, "unknown");
    if (f != NULL)
        fclose(f);
}

static char *path_in(const char *dir)
{
    return xasprintf("%s/monitor.reset", dir);
}

bool reset_mark_is_set(const char *dir)
{
    char *path = path_in(dir), here[BOOT_ID_BYTES], there[BOOT_ID_BYTES];
    ssize_t len = readlink(path, there, sizeof(there) - 1);
    bool missing = len < 0 && errno == ENOENT;

    free(path);
    if (len < 0)
        return !missing;
    there[len] = '\0';
    boot_id(here);
    return strcmp(there, here) == 0;
}

uint32_t reset_mark_clear(const char *dir)
{
    char *path = path_in(dir);
    uint32_t code = unlink(path) == 0 || errno == ENOENT ? 0 : error_from_errno(errno);

    free(path);
    return code;
}

uint32_t reset_mark_set(const char *dir)
{
    char *path, here[BOOT_ID_BYTES];
    uint32_t code;

    if (reset_mark_is_set(dir))
        return 0;
    code = reset_mark_clear(dir); /* Of an earlier boot. */
    if (code != 0)
        return code;
    path = path_in(dir);
    boot_id(here);
    if (symlink(here, path) != 0)
        code = error_from_errno(errno);
    free(path);
    return code;
}
