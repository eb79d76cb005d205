#include "consensus/raft_files.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum {
    ENTRY_HEADER = 16,                  /* Term, type, length. */
    BATCH_ENTRIES_MAX = (8 << 20) / 32, /* libraft's own bound. */
};

uint64_t raft_file_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

uint32_t raft_file_u32(const uint8_t *p)
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

uint32_t raft_file_crc(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t crc = 0;

    pthread_once(&crc_table_once, crc_table_fill);
    for (size_t i = 0; i < len; i++)
        crc = (crc << 8) ^ crc_table[(crc >> 24) ^ p[i]];
    return crc;
}

/* ---------------------------------------------------------------- segments */

bool raft_file_batch(const struct raft_file *f, size_t offset, bool check_data,
                     struct raft_batch *ret, const char **ret_fault)
{
    const uint8_t *p = f->data + offset;
    size_t room = f->len - offset;

    *ret_fault = "cut short";
    if (room < RAFT_BATCH_PREAMBLE + RAFT_WORD)
        return false;
    uint64_t n = raft_file_u64(p + RAFT_BATCH_PREAMBLE);
    if (n == 0 || n > BATCH_ENTRIES_MAX) {
        *ret_fault = "impossible number of entries";
        return false;
    }
    size_t header = RAFT_WORD + ENTRY_HEADER * (size_t)n;
    if (room - RAFT_BATCH_PREAMBLE < header)
        return false;
    const uint8_t *entries = p + RAFT_BATCH_PREAMBLE;
    if (raft_file_crc(entries, header) != raft_file_u32(p)) {
        *ret_fault = "header checksum mismatch";
        return false;
    }
    size_t data = 0;
    for (uint64_t i = 0; i < n; i++) {
        size_t len = raft_file_u32(entries + RAFT_WORD + ENTRY_HEADER * i + 12);
        data += (len + RAFT_WORD - 1) / RAFT_WORD * RAFT_WORD;
    }
    if (room - RAFT_BATCH_PREAMBLE - header < data)
        return false;
    if (check_data && raft_file_crc(entries + header, data) != raft_file_u32(p + 4)) {
        *ret_fault = "data checksum mismatch";
        return false;
    }
    *ret = (struct raft_batch){.len = RAFT_BATCH_PREAMBLE + header + data,
                               .entries = n,
                               .headers = entries + RAFT_WORD,
                               .data = entries + header};
    return true;
}

bool raft_batch_entry(const struct raft_batch *b, struct raft_batch_cursor *c, unsigned *ret_type,
                      const uint8_t **ret_data, size_t *ret_len)
{
    const uint8_t *header = b->headers + ENTRY_HEADER * c->next;

    if (c->next == b->entries)
        return false;
    *ret_type = header[8];
    *ret_data = b->data + c->offset;
    *ret_len = raft_file_u32(header + 12);
    c->next++;
    c->offset += (*ret_len + RAFT_WORD - 1) / RAFT_WORD * RAFT_WORD;
    return true;
}

/* ------------------------------------------------------------------- files */

uint32_t raft_file_read(const char *path, struct raft_file *f)
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

enum raft_file_kind raft_file_kind(const char *name, uint64_t *ret_first, uint64_t *ret_last)
{
    unsigned long long a, b, c;
    int used = 0;

    if (sscanf(name, "%16llu-%16llu%n", &a, &b, &used) == 2 && name[used] == '\0') {
        *ret_first = a;
        *ret_last = b;
        return RAFT_FILE_CLOSED;
    }
    if (sscanf(name, "open-%llu%n", &a, &used) == 1 && name[used] == '\0') {
        *ret_first = a;
        return RAFT_FILE_OPEN;
    }
    if (sscanf(name, "snapshot-%llu-%llu-%llu%n", &a, &b, &c, &used) == 3) {
        *ret_last = b;
        if (name[used] == '\0')
            return RAFT_FILE_SNAPSHOT;
        if (strcmp(name + used, ".meta") == 0)
            return RAFT_FILE_SNAPSHOT_META;
    }
    return RAFT_FILE_OTHER;
}
