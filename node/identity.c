#include "node/identity.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { DISK_DIGITS = 32 };

struct identity {
    char *dir;
    char *raft_dir;
    char disk[DISK_DIGITS + 1];
    int lock_fd;
};

static void sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Whole small files, written so that a crash leaves the old or the new one. */
static uint32_t write_file(const char *dir, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", dir, name);
    char *tmp = xasprintf("%s/%s.new", dir, name);
    uint32_t code = 0;
    size_t len = strlen(text);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, text, len) != (ssize_t)len || fsync(fd) != 0 || rename(tmp, path) != 0)
        code = error_from_errno(errno);
    if (fd >= 0)
        close(fd);
    if (code != 0)
        unlink(tmp);
    else
        sync_dir(dir);
    free(tmp);
    free(path);
    return code;
}

/* The first line of a small file, to free; NULL if there is no such file. One
 * that is there but empty or not to be read gives "": it must not pass for one
 * that was never made. */
static char *read_line_of(const char *dir, const char *name)
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

static uint32_t make_dir(const char *path, char **ret_why)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    uint32_t code = error_from_errno(errno);
    *ret_why = xasprintf("cannot make folder %s: %s", path, strerror(errno));
    return code;
}

static uint32_t make_dirs(struct identity *id, char **ret_why)
{
    char *resources = xasprintf("%s/resources", id->dir);
    uint32_t code = make_dir(id->dir, ret_why);

    if (code == 0)
        code = make_dir(id->raft_dir, ret_why);
    if (code == 0)
        code = make_dir(resources, ret_why);
    free(resources);
    return code;
}

static uint32_t take_lock(struct identity *id, char **ret_why)
{
    char *path = xasprintf("%s/lock", id->dir);
    uint32_t code = 0;

    id->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (id->lock_fd < 0) {
        code = error_from_errno(errno);
        *ret_why = xasprintf("cannot open %s: %s", path, strerror(errno));
    } else if (flock(id->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        code = ERROR_BUSY;
        *ret_why = xasprintf("another holdfastd runs on %s (it holds %s)", id->dir, path);
    }
    free(path);
    return code;
}

static bool is_disk_name(const char *text)
{
    size_t n = 0;

    while (isxdigit((unsigned char)text[n]))
        n++;
    return n == DISK_DIGITS && text[n] == '\0';
}

static uint32_t make_disk_name(struct identity *id, char **ret_why)
{
    uint8_t raw[DISK_DIGITS / 2];
    char text[DISK_DIGITS + 2];

    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) {
        *ret_why = xstrdup("no random numbers");
        return ERROR_GEN_FAILURE;
    }
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(id->disk + 2 * i, 3, "%02x", raw[i]);
    snprintf(text, sizeof text, "%s\n", id->disk);
    uint32_t code = write_file(id->dir, "identity", text);
    if (code != 0)
        *ret_why = xasprintf("cannot write %s/identity: %s", id->dir, error_text(code));
    return code;
}

static uint32_t learn_disk_name(struct identity *id, char **ret_why)
{
    char *text = read_line_of(id->dir, "identity");
    uint32_t code = 0;

    if (text == NULL)
        return make_disk_name(id, ret_why);
    if (is_disk_name(text)) {
        memcpy(id->disk, text, DISK_DIGITS + 1);
    } else {
        code = ERROR_FILE_CORRUPT;
        *ret_why = xasprintf("%s/identity is damaged: rebuild this node", id->dir);
    }
    free(text);
    return code;
}

static uint32_t check_condemned(const struct identity *id, char **ret_why)
{
    char *why = read_line_of(id->dir, "diverged");

    if (why == NULL)
        return 0;
    *ret_why = xasprintf("%s must not be used any more: %s. The other nodes have the right copy; "
                         "bring this node back empty with `holdfast node join --replace`",
                         id->dir, why[0] != '\0' ? why : "it was found to differ from them");
    free(why);
    return ERROR_FILE_CORRUPT;
}

uint32_t identity_open(const char *data_dir, struct identity **ret, char **ret_why)
{
    struct identity *id = xcalloc(1, sizeof *id);
    char pid[32];

    id->lock_fd = -1;
    id->dir = xstrdup(data_dir);
    id->raft_dir = xasprintf("%s/raft", data_dir);
    uint32_t code = make_dirs(id, ret_why);
    if (code == 0)
        code = take_lock(id, ret_why);
    if (code == 0)
        code = check_condemned(id, ret_why);
    if (code == 0)
        code = learn_disk_name(id, ret_why);
    if (code != 0) {
        if (id->lock_fd >= 0)
            close(id->lock_fd);
        free(id->raft_dir);
        free(id->dir);
        free(id);
        return code;
    }
    /* A full disk must not keep the node from coming back. */
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    (void)write_file(id->dir, "pid", pid);
    *ret = id;
    return 0;
}

void identity_close(struct identity *id)
{
    if (id == NULL)
        return;
    char *path = xasprintf("%s/pid", id->dir);
    unlink(path);
    free(path);
    close(id->lock_fd);
    free(id->raft_dir);
    free(id->dir);
    free(id);
}

const char *identity_disk(const struct identity *id)
{
    return id->disk;
}

const char *identity_raft_dir(const struct identity *id)
{
    return id->raft_dir;
}

void identity_condemn(const struct identity *id, const char *why)
{
    char *text = xasprintf("%s\n", why);
    char *path = xasprintf("%s/diverged", id->dir);

    if (write_file(id->dir, "diverged", text) != 0) {
        /* On a full disk there may still be room for a name. */
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd >= 0)
            close(fd);
        sync_dir(id->dir);
    }
    free(path);
    free(text);
}
