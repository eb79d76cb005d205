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

/* NULL: that was the last, or *ok is false, with errno. */
static const struct dirent *next_entry(DIR *d, bool *ok)
{
    errno = 0;
    const struct dirent *entry = readdir(d);

    *ok = entry != NULL || errno == 0;
    return entry;
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

    while (good && (entry = next_entry(d, &good)) != NULL) {
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

bool segments_are_closed(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    bool good = d != NULL;
    uint64_t first, last;
    unsigned written = 0;

    while (good && (entry = next_entry(d, &good)) != NULL)
        if (raft_file_kind(entry->d_name, &first, &last) == RAFT_FILE_OPEN &&
            is_written(dir, entry->d_name))
            written++;
    if (d != NULL)
        closedir(d);
    return good && written <= 1;
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
    uint64_t snapshot; /* Up to where the newest one goes that is there whole; 0. */
    uint64_t reach;    /* Up to where it and closed segments before the cut go, without a gap. */
};

/* Its other half, which is written first. */
static bool has_meta(const char *dir, const char *snapshot)
{
    char *path = xasprintf("%s/%s.meta", dir, snapshot);
    bool there = access(path, F_OK) == 0 || errno != ENOENT;

    free(path);
    return there;
}

static void note(struct listing *l, const char *name)
{
    struct file f = {0};

    f.kind = raft_file_kind(name, &f.first, &f.last);
    if (f.kind == RAFT_FILE_SNAPSHOT && f.last > l->snapshot && has_meta(l->dir, name))
        l->snapshot = f.last;
    if (f.kind != RAFT_FILE_CLOSED && (f.kind != RAFT_FILE_OPEN || !is_written(l->dir, name)))
        return;
    f.name = xstrdup(name);
    l->files = xrealloc(l->files, (l->count + 1) * sizeof *l->files);
    l->files[l->count++] = f;
}

static uint32_t list(const char *dir, struct listing *l)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    bool good = d != NULL;
    uint32_t code;

    *l = (struct listing){.dir = dir};
    while (good && (entry = next_entry(d, &good)) != NULL)
        note(l, entry->d_name);
    code = good ? 0 : error_from_errno(errno);
    if (d != NULL)
        closedir(d);
    return code;
}

static uint64_t reach(const struct listing *l, uint64_t cut)
{
    uint64_t end = l->snapshot;
    bool more = true;

    while (more) {
        more = false;
        for (unsigned i = 0; i < l->count; i++) {
            const struct file *f = &l->files[i];
            if (f->kind != RAFT_FILE_CLOSED || f->first >= cut || f->first > end + 1 ||
                f->last <= end)
                continue;
            end = f->last;
            more = true;
        }
    }
    return end;
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
        return l->reach + 1 >= cut;
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

static uint32_t sync_all(const struct listing *l, char **ret_why)
{
    if (segments_sync(l->dir))
        return 0;
    *ret_why = xasprintf("cannot write folder %s", l->dir);
    return error_from_errno(EIO);
}

/* What is relied on is durable before anything goes. Open ones go first: what becomes of them
 * depends on the closed ones. */
static uint32_t drop_all(const struct listing *l, uint64_t cut, char **ret_why)
{
    static const enum raft_file_kind order[] = {RAFT_FILE_OPEN, RAFT_FILE_CLOSED};
    uint32_t code = sync_all(l, ret_why);

    for (unsigned k = 0; k < 2 && code == 0; k++) {
        for (unsigned i = 0; i < l->count && code == 0; i++)
            if (l->files[i].kind == order[k] && is_to_go(l, &l->files[i], cut))
                code = drop(l, &l->files[i], ret_why);
        if (code == 0)
            code = sync_all(l, ret_why);
    }
    return code;
}

uint32_t segments_repair(const char *dir, uint64_t cut, char **ret_why)
{
    struct listing l;
    uint32_t code = list(dir, &l);

    l.reach = reach(&l, cut);
    if (code == 0)
        code = drop_all(&l, cut, ret_why);
    else
        *ret_why = xasprintf("cannot read folder %s: %s", dir, error_text(code));
    for (unsigned i = 0; i < l.count; i++)
        free(l.files[i].name);
    free(l.files);
    return code;
}
