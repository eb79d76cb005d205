#include "consensus/history.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "consensus/batch.h"
#include "consensus/image.h"
#include "consensus/raft_files.h"

enum { ATTEMPTS_MAX = 5 };

struct history {
    const char *dir;
    const struct history_reader *reader;
    struct dirent **names;
    int name_count;
    uint64_t next;     /* Index of the entry that is to be read next. */
    uint64_t position; /* Commands entries so far, see consensus.h. */
    bool enough;
    char **ret_why;
};

static uint32_t read_named(const struct history *h, const char *name, struct raft_file *f)
{
    char *path = xasprintf("%s/%s", h->dir, name);
    uint32_t code = raft_file_read(path, f);

    if (code == ERROR_FILE_NOT_FOUND)
        *h->ret_why = xasprintf("%s went away while it was to be read", path);
    else if (code != 0)
        *h->ret_why = xasprintf("cannot read %s: %s", path, error_text(code));
    f->name = name;
    free(path);
    return code == ERROR_FILE_NOT_FOUND ? ERROR_RETRY : code;
}

/* --------------------------------------------------------------- snapshots */

static uint32_t try_snapshot(struct history *h, const char *name, uint64_t last, bool *ret_taken)
{
    struct raft_file f = {0};
    const uint8_t *state;
    uint64_t position;
    size_t len;
    uint32_t code = read_named(h, name, &f);

    if (code != 0)
        return code;
    /* One that is just being written is no fault: an older one will do. */
    *ret_taken = image_open(f.data, f.len, &position, &state, &len) &&
                 h->reader->snapshot(position, state, len, h->reader->data);
    if (*ret_taken) {
        h->next = last + 1;
        h->position = position;
    }
    free(f.data);
    return 0;
}

/* Names are in order of version: snapshots of one term stand in the order of
 * their entries, and a later term's entries are later. */
static uint32_t begin(struct history *h)
{
    bool taken = false;
    uint32_t code = 0;

    for (int i = h->name_count - 1; i >= 0 && !taken && code == 0; i--) {
        uint64_t first, last = 0;

        if (raft_file_kind(h->names[i]->d_name, &first, &last) == RAFT_FILE_SNAPSHOT)
            code = try_snapshot(h, h->names[i]->d_name, last, &taken);
    }
    if (code != 0 || taken)
        return code;
    h->next = 1;
    h->position = 0;
    h->reader->empty(h->reader->data);
    return 0;
}

/* ----------------------------------------------------------------- entries */

static uint32_t read_entry(struct history *h, const struct raft_file *f, const uint8_t *data,
                           size_t len)
{
    struct batch_cursor cursor;
    struct batch_header header;
    const uint8_t *command;
    size_t command_len;

    if (!batch_open(&cursor, data, len, &header)) {
        *h->ret_why = xasprintf("%s/%s: entry %" PRIu64 " is not readable by this version", h->dir,
                                f->name, h->next);
        return ERROR_FILE_CORRUPT;
    }
    h->position++;
    while (!h->enough && batch_next(&cursor, &command, &command_len))
        h->enough = !h->reader->command(h->position, header.stamp_ms, command, command_len,
                                        h->reader->data);
    return 0;
}

/* The entries of `f`, the first of which has index `index`, from h->next on.
 * What is not whole at its end is being written, or was cut off by a crash. */
static uint32_t read_entries(struct history *h, const struct raft_file *f, uint64_t index)
{
    size_t offset = RAFT_WORD;
    struct raft_batch batch;
    const char *fault;
    uint32_t code = 0;

    if (f->len < RAFT_WORD || raft_file_u64(f->data) != RAFT_FILE_FORMAT)
        return 0; /* Prepared, and not written yet. */
    while (code == 0 && !h->enough && offset < f->len &&
           raft_file_batch(f, offset, true, &batch, &fault)) {
        struct raft_batch_cursor cursor = {0};
        const uint8_t *data;
        unsigned type;
        size_t len;

        for (; code == 0 && !h->enough && raft_batch_entry(&batch, &cursor, &type, &data, &len);
             index++) {
            if (index != h->next)
                continue;
            if (type == RAFT_FILE_ENTRY_COMMAND)
                code = read_entry(h, f, data, len);
            h->next++;
        }
        offset += batch.len;
    }
    return code;
}

/* A segment that is closed under our feet has another name: all is looked for
 * again (ERROR_RETRY). */
static uint32_t read_segment(struct history *h, const char *name, uint64_t index)
{
    struct raft_file f = {0};
    uint32_t code = read_named(h, name, &f);

    if (code == 0)
        code = read_entries(h, &f, index);
    free(f.data);
    return code;
}

static uint32_t gap(struct history *h, uint64_t first)
{
    *h->ret_why =
        xasprintf("what is kept in %s begins with entry %" PRIu64 ", which is later than that",
                  h->dir, first);
    return ERROR_NOT_FOUND;
}

static uint32_t read_closed(struct history *h)
{
    uint32_t code = 0;

    for (int i = 0; i < h->name_count && code == 0 && !h->enough; i++) {
        uint64_t first, last;

        if (raft_file_kind(h->names[i]->d_name, &first, &last) != RAFT_FILE_CLOSED ||
            last < h->next)
            continue;
        code = first > h->next ? gap(h, first) : read_segment(h, h->names[i]->d_name, first);
    }
    return code;
}

/* Open segments do not tell where they begin: behind the last closed one or,
 * where there is none, behind the newest snapshot, since libraft closes what is
 * open when it takes one, and begins anew when it installs one. */
static uint64_t open_begin(const struct history *h)
{
    uint64_t closed = 0, snapshot = 0;

    for (int i = 0; i < h->name_count; i++) {
        uint64_t first, last = 0;
        enum raft_file_kind kind = raft_file_kind(h->names[i]->d_name, &first, &last);

        if (kind == RAFT_FILE_CLOSED && last > closed)
            closed = last;
        if (kind == RAFT_FILE_SNAPSHOT && last > snapshot)
            snapshot = last;
    }
    return (closed != 0 ? closed : snapshot) + 1;
}

static uint32_t read_open(struct history *h)
{
    uint64_t begins = open_begin(h);
    uint32_t code = 0;

    for (int i = 0; i < h->name_count && code == 0 && !h->enough; i++) {
        uint64_t first, last;

        if (raft_file_kind(h->names[i]->d_name, &first, &last) != RAFT_FILE_OPEN)
            continue;
        if (begins > h->next)
            return gap(h, begins);
        code = read_segment(h, h->names[i]->d_name, begins);
        begins = h->next > begins ? h->next : begins;
    }
    return code;
}

/* -------------------------------------------------------------------- whole */

static uint32_t read_once(struct history *h)
{
    uint32_t code;

    h->name_count = scandir(h->dir, &h->names, NULL, versionsort);
    if (h->name_count < 0) {
        code = error_from_errno(errno);
        *h->ret_why = xasprintf("cannot read folder %s: %s", h->dir, error_text(code));
        return code;
    }
    h->enough = false;
    code = begin(h);
    if (code == 0)
        code = read_closed(h);
    if (code == 0)
        code = read_open(h);
    for (int i = 0; i < h->name_count; i++)
        free(h->names[i]);
    free(h->names);
    return code;
}

uint32_t history_read(const char *dir, const struct history_reader *reader, char **ret_why)
{
    struct history h = {.dir = dir, .reader = reader, .ret_why = ret_why};
    uint32_t code = ERROR_RETRY;

    *ret_why = NULL;
    for (int attempt = 0; attempt < ATTEMPTS_MAX && code == ERROR_RETRY; attempt++) {
        free(*ret_why);
        *ret_why = NULL;
        code = read_once(&h);
    }
    assert((code == 0) == (*ret_why == NULL));
    return code;
}
