/* libraft's files as they lie on the disk: their names, and what a segment is
 * made of (the comment of raft_uv_init() in <raft/uv.h>). Only reads. */
#ifndef HOLDFAST_CONSENSUS_RAFT_FILES_H
#define HOLDFAST_CONSENSUS_RAFT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RAFT_WORD = 8,
    RAFT_BATCH_PREAMBLE = 8, /* Two checksums. */
};
#define RAFT_FILE_FORMAT 1u /* First word of each file. */

enum raft_file_kind {
    RAFT_FILE_OTHER,
    RAFT_FILE_CLOSED, /* *ret_first and *ret_last: its entries. */
    RAFT_FILE_OPEN,   /* *ret_first: its number among the open ones, not an index. */
    RAFT_FILE_SNAPSHOT, /* *ret_last: the last entry in it. */
    RAFT_FILE_SNAPSHOT_META,
};
enum raft_file_kind raft_file_kind(const char *name, uint64_t *ret_first, uint64_t *ret_last);

struct raft_file {
    const char *name; /* Borrowed, for messages. */
    uint8_t *data;    /* Owned; NULL before it was read. */
    size_t len;
};
/* 0, or the code of what failed: then there is nothing to free. */
uint32_t raft_file_read(const char *path, struct raft_file *f);

/* Entries that were written at once. */
struct raft_batch {
    size_t len; /* With its headers. */
    uint64_t entries;
    const uint8_t *headers; /* Borrowed from the file. */
    const uint8_t *data;
};
/* The batch at `offset`. False with *ret_fault (static) if it is not a valid
 * one; with `check_data` false only its header is judged. */
bool raft_file_batch(const struct raft_file *f, size_t offset, bool check_data,
                     struct raft_batch *ret, const char **ret_fault);

/* One entry of a batch. A zeroed cursor begins with the first. */
struct raft_batch_cursor {
    uint64_t next;
    size_t offset;
};
enum { RAFT_FILE_ENTRY_COMMAND = 1 }; /* Of *ret_type: RAFT_COMMAND. */
/* False after the last. `data` is borrowed from the file. */
bool raft_batch_entry(const struct raft_batch *b, struct raft_batch_cursor *c, unsigned *ret_type,
                      const uint8_t **ret_data, size_t *ret_len);

uint64_t raft_file_u64(const uint8_t *p);
uint32_t raft_file_u32(const uint8_t *p);
/* The checksum of libraft's segments: CRC-32 with polynomial 0x04c11db7, most
 * significant bit first, initial value 0, nothing inverted. */
uint32_t raft_file_crc(const void *data, size_t len);

#endif
