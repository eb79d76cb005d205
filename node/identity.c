#include "node/identity.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "consensus/epoch.h"
#include "node/small_file.h"

enum { DISK_DIGITS = 32 };

struct identity {
    char *dir;
    char *raft_dir;
    char disk[DISK_DIGITS + 1];
    uint32_t epoch;
    int lock_fd;
};

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
    uint32_t code = small_file_write(id->dir, "identity", text);
    if (code != 0)
        *ret_why = xasprintf("cannot write %s/identity: %s", id->dir, error_text(code));
    return code;
}

static uint32_t learn_disk_name(struct identity *id, char **ret_why)
{
    char *text = small_file_read(id->dir, "identity");
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
    char *why = small_file_read(id->dir, "diverged");

    if (why == NULL)
        return 0;
    *ret_why = xasprintf("%s must not be used any more: %s. The other nodes have the right copy; "
                         "bring this node back empty with `holdfast node join --replace`",
                         id->dir, why[0] != '\0' ? why : "it was found to differ from them");
    free(why);
    return ERROR_FILE_CORRUPT;
}

static uint32_t learn_epoch(struct identity *id, char **ret_why)
{
    char *text = small_file_read(id->dir, "epoch");
    uint32_t code = 0;

    id->epoch = EPOCH_FIRST;
    if (text != NULL && sscanf(text, "%" SCNu32, &id->epoch) != 1) {
        code = ERROR_FILE_CORRUPT;
        *ret_why = xasprintf("%s/epoch is damaged: rebuild this node", id->dir);
    }
    free(text);
    return code;
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
    if (code == 0)
        code = learn_epoch(id, ret_why);
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
    (void)small_file_write(id->dir, "pid", pid);
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

uint32_t identity_epoch(const struct identity *id)
{
    return id->epoch;
}

uint32_t identity_set_epoch(struct identity *id, uint32_t epoch)
{
    char text[32];

    assert(epoch >= id->epoch);
    if (epoch == id->epoch)
        return 0;
    snprintf(text, sizeof text, "%" PRIu32 "\n", epoch);
    uint32_t code = small_file_write(id->dir, "epoch", text);
    if (code == 0)
        id->epoch = epoch;
    return code;
}

void identity_condemn(const struct identity *id, const char *why)
{
    char *text = xasprintf("%s\n", why);
    char *path = xasprintf("%s/diverged", id->dir);

    if (small_file_write(id->dir, "diverged", text) != 0) {
        /* On a full disk there may still be room for a name. */
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd >= 0)
            close(fd);
        small_file_sync(id->dir);
    }
    free(path);
    free(text);
}
