#include "consensus/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/raft_files.h"

bool segments_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* One that was only prepared begins with zeros. Not to be seen: it may be just getting its name
 * as a closed one, which the list that it was in does not have. */
static bool is_written(const char *dir, const char *name)
{
    char *path = xasprintf("%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t word[RAFT_WORD] = {0};
    ssize_t n = fd >= 0 ? read(fd, word, sizeof word) : -1;

    free(path);
    if (fd >= 0)
        close(fd);
    return n < 0 || raft_file_u64(word) != 0;
}

bool segments_end_before(const char *dir, uint64_t index)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    bool good = d != NULL;
    uint64_t first, last;

    while (good && (entry = readdir(d)) != NULL) {
        enum raft_file_kind kind = raft_file_kind(entry->d_name, &first, &last);
        if (kind == RAFT_FILE_CLOSED)
            good = last < index;
        else if (kind == RAFT_FILE_OPEN)
            good = !is_written(dir, entry->d_name);
    }
    if (d != NULL)
        closedir(d);
    return good;
}

/* --------------------------------------------------------------- repairing */

struct file {
    char *name; /* Owned. */
    enum raft_file_kind kind;
    uint64_t first, last;
};

struct listing {
    const char *dir;
    struct file *files;
    unsigned count;
    uint64_t closed;   /* Where the closed segments end; 0: there are none. */
    uint64_t snapshot; /* Up to where the newest one goes that is there whole; 0. */
};

static bool has_meta(const char *dir, const char *snapshot)
{
    char *path = xasprintf("%s/%s.meta", dir, snapshot);
    bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

static void note(struct listing *l, const char *name)
{
    struct file f = {0};

    f.kind = raft_file_kind(name, &f.first, &f.last);
    if (f.kind == RAFT_FILE_CLOSED && f.last > l->closed)
        l->closed = f.last;
    if (f.kind == RAFT_FILE_SNAPSHOT && f.last > l->snapshot && has_meta(l->dir, name))
        l->snapshot = f.last;
    if (f.kind != RAFT_FILE_CLOSED && (f.kind != RAFT_FILE_OPEN || !is_written(l->dir, name)))
        return;
    f.name = xstrdup(name);
    l->files = xrealloc(l->files, (l->count + 1) * sizeof *l->files);
    l->files[l->count++] = f;
}

static bool list(const char *dir, struct listing *l)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;

    *l = (struct listing){.dir = dir};
    while (d != NULL && (entry = readdir(d)) != NULL)
        note(l, entry->d_name);
    if (d != NULL)
        closedir(d);
    return d != NULL;
}

/* Is `f`, which ends at the cut, another one anew? */
static bool is_anew(const struct listing *l, const struct file *f, uint64_t cut)
{
    for (unsigned i = 0; f->last + 1 == cut && i < l->count; i++)
        if (l->files[i].kind == RAFT_FILE_CLOSED && l->files[i].first == f->first &&
            l->files[i].last > f->last)
            return true;
    return false;
}

static bool is_to_go(const struct listing *l, const struct file *f, uint64_t cut)
{
    if (l->snapshot + 1 >= cut)
        return true;
    if (f->kind == RAFT_FILE_OPEN)
        return l->closed + 1 >= cut;
    return f->first >= cut || is_anew(l, f, cut);
}

static uint32_t drop(const struct listing *l, const struct file *f, char **ret_why)
{
    char *path = xasprintf("%s/%s", l->dir, f->name);
    uint32_t code = unlink(path) == 0 ? 0 : error_from_errno(errno);

    if (code == 0)
        log_warn("raft", "%s is left over from cutting the log off: removed", f->name);
    else
        *ret_why = xasprintf("cannot remove %s, which is left over from cutting the log off: %s",
                             path, error_text(code));
    free(path);
    return code;
}

/* Open ones first: what becomes of them depends on the closed ones. Those from behind. */
static uint32_t drop_all(const struct listing *l, uint64_t cut, char **ret_why)
{
    static const enum raft_file_kind order[] = {RAFT_FILE_OPEN, RAFT_FILE_CLOSED};
    uint32_t code = 0;

    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < l->count && code == 0; i++)
            if (l->files[i].kind == order[k] && is_to_go(l, &l->files[i], cut))
                code = drop(l, &l->files[i], ret_why);
        if (code == 0 && !segments_sync(l->dir)) {
            code = error_from_errno(EIO);
            *ret_why = xasprintf("cannot write folder %s", l->dir);
        }
    }
    return code;
}

uint32_t segments_repair(const char *dir, uint64_t cut, char **ret_why)
{
    struct listing l;
    uint32_t code = 0;

    if (list(dir, &l))
        code = drop_all(&l, cut, ret_why);
    for (unsigned i = 0; i < l.count; i++)
        free(l.files[i].name);
    free(l.files);
    return code;
}
