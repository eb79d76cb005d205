/* 64-bit digests (XXH3) of bytes and of value trees.
 *
 * For finding replicas that differ and files that rotted; not against an
 * adversary. Equal input gives equal digests on every machine. */
#ifndef HOLDFAST_BASE_DIGEST_H
#define HOLDFAST_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

uint64_t digest_bytes(const void *data, size_t len);

/* A sink that digests what is written to it. Release with digest_sink_end(). */
struct digest_sink {
    struct sink sink; /* First, so that a sink * is a digest_sink *. */
    void *state;      /* Owned. */
};
void digest_sink_begin(struct digest_sink *d);
uint64_t digest_sink_end(struct digest_sink *d);

#endif
