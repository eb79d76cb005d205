/* The envelope of a snapshot: position, length and a checksum of our own.
 *
 * libraft checks the metadata of a snapshot but not its data (uv_snapshot.c
 * reads the file and hands it over), so a flipped bit on the disk would become
 * state. Every snapshot therefore begins with
 *
 *   8 bytes "HFSNAP01", u64 position, u64 length, u64 XXH3 of position, length
 *   and state, then the state, zero-padded to a multiple of 8
 *
 * and nothing is restored that does not agree with it. Pure functions. */
#ifndef HOLDFAST_CONSENSUS_IMAGE_H
#define HOLDFAST_CONSENSUS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { IMAGE_HEADER_BYTES = 32 };

/* Room for the header in an empty `out`; the state is appended behind it. */
void image_begin(struct bytes *out);
void image_end(struct bytes *out, uint64_t position);
/* The state inside (borrowed), or false if anything does not agree. */
bool image_open(const void *data, size_t len, uint64_t *ret_position, const uint8_t **ret_state,
                size_t *ret_len);

#endif
