#include "consensus/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/raft_files.h"

static bool sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* ----------------------------------------------------------------- looking */

/* One that was only prepared begins with zeros. */
static bool is_written(const char *dir, const char *name)
{
    char *path = xasprintf("%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t word[RAFT_WORD] = {0};
    ssize_t n = fd >= 0 ? read(fd, word, sizeof word) : -1;
    bool gone = fd < 0 && errno == ENOENT; /* Closed or removed since it was listed. */

    free(path);
    if (fd >= 0)
        close(fd);
    return !gone && (n < 0 || raft_file_u64(word) != 0);
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
    return good && sync_folder(dir);
}

/* --------------------------------------------------------------- repairing */

struct closed {
    char *name; /* Owned. */
    uint64_t first, last;
};

struct listing {
    struct closed *segments; /* By first entry, of the same the longer one first. */
    unsigned count;
};

static int compare(const void *a, const void *b)
{
    const struct closed *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->last > y->last ? -1 : x->last < y->last;
}

static bool list(const char *dir, struct listing *l)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    uint64_t first, last;

    *l = (struct listing){0};
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (raft_file_kind(entry->d_name, &first, &last) != RAFT_FILE_CLOSED)
            continue;
        l->segments = xrealloc(l->segments, (l->count + 1) * sizeof *l->segments);
        l->segments[l->count++] =
            (struct closed){.name = xstrdup(entry->d_name), .first = first, .last = last};
    }
    if (d == NULL)
        return false;
    closedir(d);
    if (l->count > 1)
        qsort(l->segments, l->count, sizeof *l->segments, compare);
    return true;
}

/* Did a cut that was interrupted leave it behind? `before` is the segment that is kept before
 * it. Any other overlap is none of these, and libraft refuses it. */
static bool is_left_over(const struct closed *s, const struct closed *before, uint64_t acked)
{
    return s->first == before->first || (s->first > before->last + 1 && acked <= before->last);
}

uint32_t segments_repair(const char *dir, uint64_t acked, char **ret_why)
{
    struct listing l;
    uint32_t code = 0;
    bool changed = false;

    if (!list(dir, &l))
        return 0; /* Whoever needs it says so. */
    const struct closed *before = l.segments;
    for (unsigned i = 1; i < l.count && code == 0; i++) {
        const struct closed *s = &l.segments[i];
        char *path = xasprintf("%s/%s", dir, s->name);

        if (!is_left_over(s, before, acked)) {
            before = s;
        } else if (unlink(path) == 0) {
            log_warn("raft", "%s is left over from cutting the log off: removed", s->name);
            changed = true;
        } else {
            code = error_from_errno(errno);
            *ret_why =
                xasprintf("cannot remove %s, which is left over from cutting the log off: %s", path,
                          error_text(code));
        }
        free(path);
    }
    if (code == 0 && changed && !sync_folder(dir)) {
        code = error_from_errno(EIO);
        *ret_why = xasprintf("cannot write folder %s", dir);
    }
    for (unsigned i = 0; i < l.count; i++)
        free(l.segments[i].name);
    free(l.segments);
    return code;
}
