#include "resources/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* The path of the line "0::PATH" of /proc/self/cgroup. */
static char *own_path(void)
{
    FILE *f = fopen("/proc/self/cgroup", "re");
    char *line = NULL, *path = NULL;
    size_t size = 0;
    ssize_t n;

    if (f == NULL)
        return NULL;
    while (path == NULL && (n = getline(&line, &size, f)) > 0) {
        if (strncmp(line, "0::/", 4) == 0)
            path = xstrndup(line + 3, strcspn(line + 3, "\n"));
    }
    free(line);
    fclose(f);
    return path;
}

static char *mount_point(void)
{
    FILE *f = setmntent("/proc/self/mounts", "re");
    struct mntent entry;
    char buffer[4096], *point = NULL;

    if (f == NULL)
        return NULL;
    while (point == NULL && getmntent_r(f, &entry, buffer, sizeof(buffer)) != NULL) {
        if (strcmp(entry.mnt_type, "cgroup2") == 0)
            point = xstrdup(entry.mnt_dir);
    }
    endmntent(f);
    return point;
}

/* Folder and attribute in one path; false if that is too long to be one. */
static bool write_file(const char *folder, const char *name, const char *text)
{
    char path[4096];
    ssize_t n;
    int fd, len;

    len = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return false;
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = write(fd, text, strlen(text));
    close(fd);
    return n > 0;
}

/* Try it: permissions, delegation and the kernel's age show only so. */
static bool works_in(const char *own)
{
    char *probe = xasprintf("%s/holdfast-probe-%d", own, (int)getpid());
    char *kill_file = xasprintf("%s/cgroup.kill", probe);
    bool works = cgroup_make(probe) && access(kill_file, W_OK) == 0;

    cgroup_remove(probe);
    free(kill_file);
    free(probe);
    return works;
}

char *cgroup_own(void)
{
    char *path = own_path();
    char *point = mount_point();
    char *own = NULL;

    if (path != NULL && point != NULL)
        own = xasprintf("%s%s", point, strcmp(path, "/") == 0 ? "" : path);
    free(point);
    free(path);
    if (own != NULL && works_in(own))
        return own;
    free(own);
    return NULL;
}

bool cgroup_make(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

bool cgroup_enter(const char *path)
{
    return write_file(path, "cgroup.procs", "0");
}

void cgroup_kill(const char *path)
{
    write_file(path, "cgroup.kill", "1");
}

bool cgroup_remove(const char *path)
{
    return rmdir(path) == 0 || errno == ENOENT;
}

/* What was killed needs a moment to be gone. */
static void remove_patiently(const char *path)
{
    for (unsigned i = 0; i < 100 && !cgroup_remove(path); i++)
        usleep(10000);
}

unsigned cgroup_sweep(const char *own, const char *prefix)
{
    DIR *folder = opendir(own);
    const struct dirent *entry;
    unsigned count = 0;

    if (folder == NULL)
        return 0;
    while ((entry = readdir(folder)) != NULL) {
        char *path;

        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        path = xasprintf("%s/%s", own, entry->d_name);
        cgroup_kill(path);
        remove_patiently(path);
        free(path);
        count++;
    }
    closedir(folder);
    return count;
}
