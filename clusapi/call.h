/* Calls of the server's API (docs/api.md) as this library makes them. */
#ifndef HOLDFAST_CLUSAPI_CALL_H
#define HOLDFAST_CLUSAPI_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* The cluster takes no longer instructions; a frame could not hold the longest
 * list that is valid. */
enum { CALL_INSTRUCTIONS_BYTES_MAX = 65536 };

/* Members that are NULL, 0 or false are not sent. All borrowed. */
struct call {
    const char *method;
    bool changing; /* Carries client id and sequence number. */
    bool stale;
    const char *name;
    const char *node;
    const char *group;
    const char *type;
    const char *on;
    uint32_t flags;
    const uint8_t *instructions; /* Property list, 16-bit layout. */
    size_t instructions_len;
};

/* Append the encoded parameters to `out`. `client` 0: neither is sent. */
void call_encode(const struct call *call, uint64_t client, uint64_t seq, unsigned timeout_ms,
                 struct bytes *out);

#endif
