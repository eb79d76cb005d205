#include "consensus/disk_check.h"

#include <assert.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "consensus/image.h"

/* The layout of libraft's files: comment of raft_uv_init() in <raft/uv.h>. */
enum {
    WORD = 8,
    BATCH_PREAMBLE = 8, /* Two checksums. */
    ENTRY_HEADER = 16,
    BATCH_ENTRIES_MAX = (8 << 20) / 32, /* libraft's own bound. */
};
#define DISK_FORMAT 1u

struct file {
    const char *name;
    uint8_t *data; /* Owned. */
    size_t len;
};

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static uint32_t get_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint32_t crc_table[256];
static pthread_once_t crc_table_once = PTHREAD_ONCE_INIT;

static void crc_table_fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i << 24;
        for (int bit = 0; bit < 8; bit++)
            c = (c & 0x80000000u) != 0 ? (c << 1) ^ 0x04c11db7u : c << 1;
        crc_table[i] = c;
    }
}

uint32_t disk_check_crc(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t crc = 0;

    pthread_once(&crc_table_once, crc_table_fill);
    for (size_t i = 0; i < len; i++)
        crc = (crc << 8) ^ crc_table[(crc >> 24) ^ p[i]];
    return crc;
}

/* ---------------------------------------------------------------- segments */

/* The batch at `offset`: its whole length and number of entries. False with
 * *ret_fault if it is not a valid one. */
static bool batch_at(const struct file *f, size_t offset, bool check_data, size_t *ret_len,
                     uint64_t *ret_entries, const char **ret_fault)
{
    const uint8_t *p = f->data + offset;
    size_t room = f->len - offset;

    *ret_fault = "cut short";
    if (room < BATCH_PREAMBLE + WORD)
        return false;
    uint64_t n = get_u64(p + BATCH_PREAMBLE);
    if (n == 0 || n > BATCH_ENTRIES_MAX) {
        *ret_fault = "impossible number of entries";
        return false;
    }
    size_t header = WORD + ENTRY_HEADER * (size_t)n;
    if (room - BATCH_PREAMBLE < header)
        return false;
    const uint8_t *entries = p + BATCH_PREAMBLE;
    if (disk_check_crc(entries, header) != get_u32(p)) {
        *ret_fault = "header checksum mismatch";
        return false;
    }
    size_t data = 0;
    for (uint64_t i = 0; i < n; i++) {
        size_t len = get_u32(entries + WORD + ENTRY_HEADER * i + 12);
        data += (len + WORD - 1) / WORD * WORD;
    }
    if (room - BATCH_PREAMBLE - header < data)
        return false;
    if (check_data && disk_check_crc(entries + header, data) != get_u32(p + 4)) {
        *ret_fault = "data checksum mismatch";
        return false;
    }
    *ret_len = BATCH_PREAMBLE + header + data;
    *ret_entries = n;
    return true;
}

static uint32_t corrupt(const struct file *f, size_t offset, const char *fault, char **ret_why)
{
    *ret_why = xasprintf("%s is corrupt at byte %zu: %s", f->name, offset, fault);
    return ERROR_FILE_CORRUPT;
}

/* How far the check has come in the log. */
struct log_position {
    uint64_t next;  /* Index of the entry that the next open segment begins with. */
    uint64_t acked; /* See disk_check(). */
};

static uint32_t check_closed(const struct file *f, uint64_t first, uint64_t last, char **ret_why)
{
    size_t offset = WORD;
    uint64_t entries = 0;

    if (f->len < WORD || get_u64(f->data) != DISK_FORMAT)
        return corrupt(f, 0, "unknown format", ret_why);
    while (offset < f->len) {
        const char *fault = NULL;
        size_t len = 0;
        uint64_t n = 0;
        if (!batch_at(f, offset, true, &len, &n, &fault))
            return corrupt(f, offset, fault, ret_why);
        offset += len;
        entries += n;
    }
    if (last < first || entries != last - first + 1)
        return corrupt(f, f->len, "not the number of entries that its name tells", ret_why);
    return 0;
}

/* Compared with itself, one byte on: as fast as memcmp, and segments that were
 * only prepared are 8 MiB of nothing. */
static bool only_zeros(const struct file *f, size_t offset)
{
    const uint8_t *p = f->data + offset;
    size_t len = f->len - offset;

    return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* Does a batch with a good header begin anywhere behind `offset`? Batches are
 * aligned to words. */
static bool batch_follows(const struct file *f, size_t offset)
{
    for (size_t at = offset + WORD; at + BATCH_PREAMBLE + WORD <= f->len; at += WORD) {
        const char *fault;
        size_t len;
        uint64_t n;
        if (get_u32(f->data + at) != 0 && batch_at(f, at, false, &len, &n, &fault))
            return true;
    }
    return false;
}

/* A bad batch in an open segment is a torn write if what it holds was never
 * acknowledged; several batches may be torn at once, in any order, since one
 * write of libraft can span many blocks. What was acknowledged was durable
 * before, so it cannot be torn: it has rotted. Without a mark (the folder was
 * written before there was one) a good batch behind the bad one decides. */
static uint32_t check_open(const struct file *f, struct log_position *log, char **ret_why)
{
    size_t offset = WORD;

    if (f->len == 0 || only_zeros(f, 0))
        return 0; /* Prepared and never written. */
    if (f->len < WORD || get_u64(f->data) != DISK_FORMAT)
        return corrupt(f, 0, "unknown format", ret_why);
    while (offset < f->len) {
        const char *fault = NULL;
        size_t len = 0;
        uint64_t n = 0;
        if (!batch_at(f, offset, true, &len, &n, &fault)) {
            bool lost = log->acked != 0 ? log->next <= log->acked && !only_zeros(f, offset)
                                        : batch_follows(f, offset);
            return lost ? corrupt(f, offset, fault, ret_why) : 0;
        }
        offset += len;
        log->next += n;
    }
    return 0;
}

/* --------------------------------------------------------------- snapshots */

static uint32_t check_snapshot(const struct file *f, char **ret_why)
{
    uint64_t position;
    const uint8_t *state;
    size_t len;

    if (!image_open(f->data, f->len, &position, &state, &len))
        return corrupt(f, 0, "snapshot checksum mismatch", ret_why);
    return 0;
}

/* Format, checksum, configuration index, length, configuration. */
static uint32_t check_snapshot_meta(const struct file *f, char **ret_why)
{
    if (f->len < 4 * WORD || get_u64(f->data) != DISK_FORMAT)
        return corrupt(f, 0, "unknown format", ret_why);
    uint64_t len = get_u64(f->data + 3 * WORD);
    if (len == 0 || len > f->len - 4 * WORD)
        return corrupt(f, 3 * WORD, "impossible length", ret_why);
    if (disk_check_crc(f->data + 2 * WORD, 2 * WORD + (size_t)len) != get_u64(f->data + WORD))
        return corrupt(f, WORD, "checksum mismatch", ret_why);
    return 0;
}

/* ------------------------------------------------------------------- files */

static uint32_t read_whole(const char *path, struct file *f)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int saved;

    if (fd < 0)
        return error_from_errno(errno);
    if (fstat(fd, &st) != 0)
        goto fail;
    f->data = xmalloc((size_t)st.st_size + 1);
    while (f->len < (size_t)st.st_size) {
        ssize_t n = read(fd, f->data + f->len, (size_t)st.st_size - f->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            goto fail;
        if (n == 0)
            break;
        f->len += (size_t)n;
    }
    close(fd);
    return 0;

fail:
    saved = errno;
    close(fd);
    free(f->data);
    f->data = NULL;
    return error_from_errno(saved);
}

/* Which check a file's name calls for. */
enum file_kind { FILE_OTHER, FILE_CLOSED, FILE_OPEN, FILE_SNAPSHOT, FILE_SNAPSHOT_META };

static enum file_kind kind_of(const char *name, uint64_t *ret_first, uint64_t *ret_last)
{
    unsigned long long a, b, c;
    int used = 0;

    if (sscanf(name, "%16llu-%16llu%n", &a, &b, &used) == 2 && name[used] == '\0') {
        *ret_first = a;
        *ret_last = b;
        return FILE_CLOSED;
    }
    if (sscanf(name, "open-%llu%n", &a, &used) == 1 && name[used] == '\0')
        return FILE_OPEN;
    if (sscanf(name, "snapshot-%llu-%llu-%llu%n", &a, &b, &c, &used) == 3) {
        *ret_last = b;
        if (name[used] == '\0')
            return FILE_SNAPSHOT;
        if (strcmp(name + used, ".meta") == 0)
            return FILE_SNAPSHOT_META;
    }
    return FILE_OTHER;
}

static uint32_t check_file(const char *dir, const char *name, struct log_position *log,
                           char **ret_why)
{
    struct file f = {.name = name};
    uint64_t first = 0, last = 0;
    enum file_kind kind = kind_of(name, &first, &last);
    uint32_t code;

    if (kind == FILE_OTHER)
        return 0;
    char *path = xasprintf("%s/%s", dir, name);
    code = read_whole(path, &f);
    if (code != 0) {
        *ret_why = xasprintf("cannot read %s: %s", path, error_text(code));
        free(path);
        return code;
    }
    f.name = path;
    switch (kind) {
    case FILE_CLOSED:
        code = check_closed(&f, first, last, ret_why);
        break;
    case FILE_OPEN:
        code = check_open(&f, log, ret_why);
        break;
    case FILE_SNAPSHOT:
        code = check_snapshot(&f, ret_why);
        break;
    case FILE_SNAPSHOT_META:
        code = check_snapshot_meta(&f, ret_why);
        break;
    case FILE_OTHER:
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
        enum file_kind kind = kind_of(names[i]->d_name, &first, &last);
        if (kind == FILE_CLOSED && last > closed)
            closed = last;
        if (kind == FILE_SNAPSHOT && last > snapshot)
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
