/* Reads what raft's folder still holds of the past: a snapshot, and the entries
 * behind it in order. Beside a running raft: it only reads, and starts anew when
 * a file went away under it. Blocks: any thread but the loop's. */
#ifndef HOLDFAST_CONSENSUS_HISTORY_H
#define HOLDFAST_CONSENSUS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_reader {
    /* Begin with this state? Asked from the newest snapshot to the oldest until
     * one is taken. `state` is what consensus_callbacks.snapshot had written. */
    bool (*snapshot)(uint64_t position, const uint8_t *state, size_t len, void *data);
    /* No snapshot was taken, and the log is there from its first entry on. */
    void (*empty)(void *data);
    /* The commands of one entry, in order; `position` as in consensus_callbacks.
     * False: enough has been read. */
    bool (*command)(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                    void *data);
    void *data;
};

/* Returns 0; ERROR_NOT_FOUND if the past that is kept begins later than the
 * reader wants (no snapshot was taken, and the first entries are gone);
 * ERROR_RETRY if files went away all the time; ERROR_FILE_CORRUPT or the code of
 * a failed read. With *ret_why (to free) for all but 0. */
uint32_t history_read(const char *dir, const struct history_reader *reader, char **ret_why);

#endif
