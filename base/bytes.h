/* A growing buffer of bytes, in the manner of git's strbuf.
 *
 * `data` is NULL until something is appended; a zeroed struct is a valid empty
 * buffer. Out of memory aborts (base/memory.h). Not thread-safe. */
#ifndef HOLDFAST_BASE_BYTES_H
#define HOLDFAST_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    uint8_t *data; /* Owned. */
    size_t len;
    size_t size; /* Allocated. */
};

#define BYTES_INIT { NULL, 0, 0 }

void bytes_printf(struct bytes *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Make `b->size` large enough for `len` more bytes. */
void bytes_grow(struct bytes *b, size_t len);
/* Room for `len` more bytes; returns where they go, `b->len` unchanged. */
static inline uint8_t *bytes_reserve(struct bytes *b, size_t len)
{
    if (b->data == NULL || b->size - b->len < len)
        bytes_grow(b, len);
    return b->data + b->len;
}
static inline void bytes_append(struct bytes *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(bytes_reserve(b, len), data, len);
    b->len += len;
}
/* Drop the first `len` bytes. */
void bytes_consume(struct bytes *b, size_t len);
/* Forget the contents, keep the memory. */
static inline void bytes_clear(struct bytes *b) { b->len = 0; }
/* Hand the memory to the caller, who frees it; `b` is empty afterwards. */
uint8_t *bytes_detach(struct bytes *b, size_t *ret_len);
void bytes_release(struct bytes *b);

#endif
