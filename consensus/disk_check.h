/* Looks through raft's folder before libraft does, and finds what libraft
 * would pass over or misread.
 *
 *  - a flipped byte in an open segment: libraft cuts the log there and forgets
 *    thousands of acknowledged entries without a message (tested: 5092 of about
 *    10 200). Here: a bad batch below the acknowledged mark is corrupt, not torn.
 *  - a bad closed segment: libraft refuses too (auto-recovery is off), but its
 *    message has no advice; here the file and the byte are named.
 *  - a snapshot whose data rotted: libraft checks only the metadata.
 *  - an open segment that was never closed, though later ones were: libraft reads it
 *    behind those.
 *
 * Reads whole files, so only before the loop runs. Changes nothing. */
#ifndef HOLDFAST_CONSENSUS_DISK_CHECK_H
#define HOLDFAST_CONSENSUS_DISK_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* `acked` is the mark of acked.h, 0 if there is none. Returns 0;
 * ERROR_FILE_CORRUPT with *ret_why (to free) naming file, offset and fault; or
 * the code of a failed read, likewise explained. */
uint32_t disk_check(const char *dir, uint64_t acked, char **ret_why);

#endif
