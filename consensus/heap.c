#include "consensus/heap.h"

#include <raft.h>
#include <stdlib.h>

static void *bounded_malloc(void *data, size_t size)
{
    (void)data;
    return size <= HEAP_BYTES_MAX ? malloc(size) : NULL;
}

static void plain_free(void *data, void *p)
{
    (void)data;
    free(p);
}

static void *bounded_calloc(void *data, size_t count, size_t size)
{
    (void)data;
    if (size != 0 && count > HEAP_BYTES_MAX / size)
        return NULL;
    return calloc(count, size);
}

static void *bounded_realloc(void *data, void *p, size_t size)
{
    (void)data;
    return size <= HEAP_BYTES_MAX ? realloc(p, size) : NULL;
}

static void *bounded_aligned_alloc(void *data, size_t alignment, size_t size)
{
    void *p = NULL;

    (void)data;
    if (size > HEAP_BYTES_MAX || posix_memalign(&p, alignment, size) != 0)
        return NULL;
    return p;
}

static void aligned_free(void *data, size_t alignment, void *p)
{
    (void)data;
    (void)alignment;
    free(p);
}

void heap_bound(void)
{
    static struct raft_heap heap = {
        .malloc = bounded_malloc,
        .free = plain_free,
        .calloc = bounded_calloc,
        .realloc = bounded_realloc,
        .aligned_alloc = bounded_aligned_alloc,
        .aligned_free = aligned_free,
    };

    raft_heap_set(&heap);
}
