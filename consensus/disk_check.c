#include "consensus/disk_check.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "consensus/image.h"
#include "consensus/raft_files.h"

/* ---------------------------------------------------------------- segments */

static uint32_t corrupt(const struct raft_file *f, size_t offset, const char *fault, char **ret_why)
{
    *ret_why = xasprintf("%s is corrupt at byte %zu: %s", f->name, offset, fault);
    return ERROR_FILE_CORRUPT;
}

/* How far the check has come in the log. */
struct log_position {
    uint64_t next;   /* Index of the entry that the next open segment begins with. */
    uint64_t acked;  /* See disk_check(). */
    uint64_t closed; /* Where the last closed segment ended; 0. */
    struct {
        uint64_t first, count;
    } missing;       /* Entries between two closed ones; none. */
    uint64_t opened; /* Entries in open ones. */
};

/* Between closed segments nothing is ever missing, but for one that could not be closed
 * (fsm.c): it is open yet. libraft leaves out what comes before such a gap if a
 * snapshot has it all, and reads the open one behind the rest. */
static void note_closed(struct log_position *log, uint64_t first, uint64_t last)
{
    if (log->closed != 0 && first > log->closed + 1) {
        log->missing.first = log->closed + 1;
        log->missing.count = first - log->closed - 1;
    }
    log->closed = last;
}

static bool is_what_is_missing(const struct log_position *log)
{
    return log->missing.count != 0 && log->opened == log->missing.count;
}

static uint32_t check_closed(const struct raft_file *f, uint64_t first, uint64_t last,
                             struct log_position *log, char **ret_why)
{
    size_t offset = RAFT_WORD;
    uint64_t entries = 0;

    if (f->len < RAFT_WORD || raft_file_u64(f->data) != RAFT_FILE_FORMAT)
        return corrupt(f, 0, "unknown format", ret_why);
    while (offset < f->len) {
        const char *fault = NULL;
        struct raft_batch batch;
        if (!raft_file_batch(f, offset, true, &batch, &fault))
            return corrupt(f, offset, fault, ret_why);
        offset += batch.len;
        entries += batch.entries;
    }
    if (last < first || entries != last - first + 1)
        return corrupt(f, f->len, "not the number of entries that its name tells", ret_why);
    note_closed(log, first, last);
    return 0;
}

/* Compared with itself, one byte on: as fast as memcmp, and segments that were
 * only prepared are 8 MiB of nothing. */
static bool only_zeros(const struct raft_file *f, size_t offset)
{
    const uint8_t *p = f->data + offset;
    size_t len = f->len - offset;

    return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* Does a batch with a good header begin anywhere behind `offset`? Batches are
 * aligned to words. */
static bool batch_follows(const struct raft_file *f, size_t offset)
{
    for (size_t at = offset + RAFT_WORD; at + RAFT_BATCH_PREAMBLE + RAFT_WORD <= f->len;
         at += RAFT_WORD) {
        const char *fault;
        struct raft_batch batch;
        if (raft_file_u32(f->data + at) != 0 && raft_file_batch(f, at, false, &batch, &fault))
            return true;
    }
    return false;
}

/* A bad batch in an open segment is a torn write if what it holds was never
 * acknowledged; several batches may be torn at once, in any order, since one
 * write of libraft can span many blocks. What was acknowledged was durable
 * before, so it cannot be torn: it has rotted. Without a mark (the folder was
 * written before there was one) a good batch behind the bad one decides. */
static uint32_t check_open_batches(const struct raft_file *f, struct log_position *log,
                                   char **ret_why)
{
    size_t offset = RAFT_WORD;

    if (f->len == 0 || only_zeros(f, 0))
        return 0; /* Prepared and never written. */
    if (f->len < RAFT_WORD || raft_file_u64(f->data) != RAFT_FILE_FORMAT)
        return corrupt(f, 0, "unknown format", ret_why);
    while (offset < f->len) {
        const char *fault = NULL;
        struct raft_batch batch;
        if (!raft_file_batch(f, offset, true, &batch, &fault)) {
            bool lost = log->acked != 0 ? log->next <= log->acked && !only_zeros(f, offset)
                                        : batch_follows(f, offset);
            return lost ? corrupt(f, offset, fault, ret_why) : 0;
        }
        offset += batch.len;
        log->next += batch.entries;
        log->opened += batch.entries;
    }
    return 0;
}

static uint32_t check_open(const struct raft_file *f, struct log_position *log, char **ret_why)
{
    uint32_t code = check_open_batches(f, log, ret_why);

    if (code != 0 || !is_what_is_missing(log))
        return code;
    *ret_why = xasprintf("%s was never closed: entries %" PRIu64 " to %" PRIu64
                         ", which are missing between the closed segments, are in it or before it",
                         f->name, log->missing.first, log->missing.first + log->missing.count - 1);
    return ERROR_FILE_CORRUPT;
}

/* --------------------------------------------------------------- snapshots */

static uint32_t check_snapshot(const struct raft_file *f, char **ret_why)
{
    uint64_t position;
    const uint8_t *state;
    size_t len;

    if (!image_open(f->data, f->len, &position, &state, &len))
        return corrupt(f, 0, "snapshot checksum mismatch", ret_why);
    return 0;
}

/* Format, checksum, configuration index, length, configuration. */
static uint32_t check_snapshot_meta(const struct raft_file *f, char **ret_why)
{
    if (f->len < 4 * RAFT_WORD || raft_file_u64(f->data) != RAFT_FILE_FORMAT)
        return corrupt(f, 0, "unknown format", ret_why);
    uint64_t len = raft_file_u64(f->data + 3 * RAFT_WORD);
    if (len == 0 || len > f->len - 4 * RAFT_WORD)
        return corrupt(f, 3 * RAFT_WORD, "impossible length", ret_why);
    if (raft_file_crc(f->data + 2 * RAFT_WORD, 2 * RAFT_WORD + (size_t)len) !=
        raft_file_u64(f->data + RAFT_WORD))
        return corrupt(f, RAFT_WORD, "checksum mismatch", ret_why);
    return 0;
}

/* ------------------------------------------------------------------- files */

static uint32_t check_file(const char *dir, const char *name, struct log_position *log,
                           char **ret_why)
{
    struct raft_file f = {0};
    uint64_t first = 0, last = 0;
    enum raft_file_kind kind = raft_file_kind(name, &first, &last);
    uint32_t code;

    if (kind == RAFT_FILE_OTHER)
        return 0;
    char *path = xasprintf("%s/%s", dir, name);
    code = raft_file_read(path, &f);
    if (code != 0) {
        *ret_why = xasprintf("cannot read %s: %s", path, error_text(code));
        free(path);
        return code;
    }
    f.name = path;
    switch (kind) {
    case RAFT_FILE_CLOSED:
        code = check_closed(&f, first, last, log, ret_why);
        break;
    case RAFT_FILE_OPEN:
        code = check_open(&f, log, ret_why);
        break;
    case RAFT_FILE_SNAPSHOT:
        code = check_snapshot(&f, ret_why);
        break;
    case RAFT_FILE_SNAPSHOT_META:
        code = check_snapshot_meta(&f, ret_why);
        break;
    case RAFT_FILE_OTHER:
        break;
    }
    free(f.data);
    free(path);
    return code;
}

/* The open segments continue behind the last closed one, or behind the newest
 * snapshot where there is none (uvSegmentLoadAll). */
static uint64_t first_open_index(struct dirent *const *names, int n)
{
    uint64_t closed = 0, snapshot = 0;

    for (int i = 0; i < n; i++) {
        uint64_t first = 0, last = 0;
        enum raft_file_kind kind = raft_file_kind(names[i]->d_name, &first, &last);
        if (kind == RAFT_FILE_CLOSED && last > closed)
            closed = last;
        if (kind == RAFT_FILE_SNAPSHOT && last > snapshot)
            snapshot = last;
    }
    return (closed != 0 ? closed : snapshot) + 1;
}

uint32_t disk_check(const char *dir, uint64_t acked, char **ret_why)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, versionsort); /* open-9 before open-10. */
    uint32_t code = 0;

    if (n < 0) {
        code = error_from_errno(errno);
        *ret_why = xasprintf("cannot read folder %s: %s", dir, error_text(code));
        return code;
    }
    struct log_position log = {.next = first_open_index(names, n), .acked = acked};
    for (int i = 0; i < n; i++) {
        if (code == 0)
            code = check_file(dir, names[i]->d_name, &log, ret_why);
        free(names[i]);
    }
    free(names);
    return code;
}
