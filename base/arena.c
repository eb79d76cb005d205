/* The arena of base/value.h: chunks in a list, the newest first. */
#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/value.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_SANITIZED 1
#endif

/* The sanitizer only sees past the end of a piece if each piece is a chunk. */
#ifdef ARENA_SANITIZED
#define ARENA_CHUNK_BYTES ((size_t)1)
#else
#define ARENA_CHUNK_BYTES ((size_t)4096)
#endif

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *chunk;

    if (size < ARENA_CHUNK_BYTES)
        size = ARENA_CHUNK_BYTES;
    chunk = xcalloc(1, sizeof *chunk + size);
    chunk->size = size;
    return chunk;
}

/* Put a new chunk in front, unless the old front has more room left: a big
 * piece must not end the use of a nearly empty chunk. */
static struct arena_chunk *chunk_add(struct arena *a, size_t size)
{
    struct arena_chunk *chunk = chunk_new(size);
    struct arena_chunk *front = a->chunks;

    if (front != NULL && front->size - front->used > chunk->size - size) {
        chunk->next = front->next;
        front->next = chunk;
    } else {
        chunk->next = front;
        a->chunks = chunk;
    }
    return chunk;
}

/* Where the piece after one of `size` bytes begins: aligned, unless the chunk
 * is full. */
static size_t used_after(const struct arena_chunk *chunk, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t end = (chunk->used + size + align - 1) / align * align;

    return end < chunk->size ? end : chunk->size;
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_chunk *chunk = a->chunks;
    void *piece;

    assert(size < SIZE_MAX / 2);
    /* A piece of no bytes has an address of its own, too. */
    size = size == 0 ? 1 : size;
    if (chunk == NULL || chunk->size - chunk->used < size)
        chunk = chunk_add(a, size);
    piece = chunk->data + chunk->used;
    chunk->used = used_after(chunk, size);
    a->bytes += size;
    return piece;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *copy = arena_alloc(a, len + 1);

    if (len > 0)
        memcpy(copy, s, len);
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *text;
    int len;

    assert(format != NULL);
    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);

    text = arena_alloc(a, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

void arena_release(struct arena *a)
{
    struct arena_chunk *chunk = a->chunks;

    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    *a = (struct arena){0};
}
