#include "base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BYTES_SIZE_MIN 64

void bytes_grow(struct bytes *b, size_t len)
{
    size_t size = b->size;

    assert(len <= SIZE_MAX / 2 && b->len <= SIZE_MAX / 2 - len);
    /* Doubling, so that appending byte by byte takes linear time. */
    if (size < BYTES_SIZE_MIN)
        size = BYTES_SIZE_MIN;
    while (size < b->len + len)
        size *= 2;
    b->data = xrealloc(b->data, size);
    b->size = size;
}

void bytes_printf(struct bytes *b, const char *format, ...)
{
    va_list args;
    int len;

    assert(format != NULL);
    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);

    /* The NUL that vsnprintf adds lies behind b->len and does not count. */
    char *at = (char *)bytes_reserve(b, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(at, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}

void bytes_consume(struct bytes *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0)
        return;
    memmove(b->data, b->data + len, b->len - len);
    b->len -= len;
}

uint8_t *bytes_detach(struct bytes *b, size_t *ret_len)
{
    uint8_t *data = b->data;

    *ret_len = b->len;
    *b = (struct bytes)BYTES_INIT;
    return data;
}

void bytes_release(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes)BYTES_INIT;
}
