#include "node/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

uint32_t small_file_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint32_t code = 0;

    if (fd < 0)
        return error_from_errno(errno);
    if (fsync(fd) != 0)
        code = error_from_errno(errno);
    close(fd);
    return code;
}

static uint32_t replace(const char *dir, const char *name, const char *text, bool durable)
{
    char *path = xasprintf("%s/%s", dir, name);
    char *tmp = xasprintf("%s/%s.new", dir, name);
    uint32_t code = 0;
    size_t len = strlen(text);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t written = fd >= 0 ? write(fd, text, len) : -1;

    if (written >= 0 && written != (ssize_t)len)
        code = ERROR_DISK_FULL;
    else if (written < 0 || (durable && fsync(fd) != 0) || rename(tmp, path) != 0)
        code = error_from_errno(errno);
    if (fd >= 0)
        close(fd);
    if (code != 0)
        unlink(tmp);
    else if (durable)
        code = small_file_sync(dir);
    free(tmp);
    free(path);
    return code;
}

uint32_t small_file_write(const char *dir, const char *name, const char *text)
{
    return replace(dir, name, text, true);
}

uint32_t small_file_hint(const char *dir, const char *name, const char *text)
{
    return replace(dir, name, text, false);
}

char *small_file_read(const char *dir, const char *name)
{
    char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "re");
    bool missing = f == NULL && errno == ENOENT;
    char line[1024] = "";

    free(path);
    if (missing)
        return NULL;
    if (f != NULL && fgets(line, sizeof line, f) == NULL)
        line[0] = '\0';
    if (f != NULL)
        fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return xstrdup(line);
}

uint32_t small_file_remove(const char *dir, const char *name)
{
    char *path = xasprintf("%s/%s", dir, name);
    uint32_t code = unlink(path) == 0 || errno == ENOENT ? 0 : error_from_errno(errno);

    free(path);
    return code != 0 ? code : small_file_sync(dir);
}
