/* The heap of each simulated process: a list of blocks, so that a process can
 * end anywhere, even deep inside libraft, and leave nothing. */
#include <assert.h>
#include <raft.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "consensus/heap.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef malloc
#undef calloc
#undef realloc
#undef free

struct block {
    struct block *next, **at;
};
_Static_assert(sizeof(struct block) % 16 == 0, "what follows stays aligned");

static void *adopt(struct block *b)
{
    struct block **list;
    static struct block *nobody;

    if (b == NULL)
        abort();
    list = sim.current != NULL ? (struct block **)&sim.current->memory : &nobody;
    b->next = *list;
    b->at = list;
    if (b->next != NULL)
        b->next->at = &b->next;
    *list = b;
    return b + 1;
}

static struct block *disown(void *p)
{
    struct block *b = (struct block *)p - 1;

    *b->at = b->next;
    if (b->next != NULL)
        b->next->at = b->at;
    return b;
}

void *sim_malloc(size_t n)
{
    return adopt(malloc(sizeof(struct block) + n));
}

void *sim_calloc(size_t n, size_t each)
{
    return adopt(calloc(1, sizeof(struct block) + n * each));
}

void *sim_realloc(void *p, size_t n)
{
    if (p == NULL)
        return sim_malloc(n);
    return adopt(realloc(disown(p), sizeof(struct block) + n));
}

void sim_free(void *p)
{
    if (p != NULL)
        free(disown(p));
}

void memory_release(struct process *p)
{
    struct block *b = p->memory;

    p->memory = NULL;
    while (b != NULL) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

/* --------------------------------------------------------------- libraft's */

static void *heap_malloc(void *data, size_t n)
{
    (void)data;
    return sim_malloc(n);
}

static void heap_free(void *data, void *p)
{
    (void)data;
    sim_free(p);
}

static void *heap_calloc(void *data, size_t n, size_t each)
{
    (void)data;
    return sim_calloc(n, each);
}

static void *heap_realloc(void *data, void *p, size_t n)
{
    (void)data;
    return sim_realloc(p, n);
}

static void *heap_aligned_alloc(void *data, size_t alignment, size_t n)
{
    (void)data;
    (void)alignment; /* Only raft_uv aligns. */
    return sim_malloc(n);
}

static void heap_aligned_free(void *data, size_t alignment, void *p)
{
    (void)data;
    (void)alignment;
    sim_free(p);
}

void heap_bound(void)
{
    static struct raft_heap heap = {.malloc = heap_malloc,
                                    .free = heap_free,
                                    .calloc = heap_calloc,
                                    .realloc = heap_realloc,
                                    .aligned_alloc = heap_aligned_alloc,
                                    .aligned_free = heap_aligned_free};

    raft_heap_set(&heap);
}

/* -------------------------------------------------------------- base/memory.h */

void *xmalloc(size_t n)
{
    return sim_malloc(n);
}

void *xcalloc(size_t n, size_t each)
{
    return sim_calloc(n, each);
}

void *xrealloc(void *p, size_t n)
{
    return sim_realloc(p, n);
}

char *xstrndup(const char *s, size_t len)
{
    size_t used = strnlen(s, len);
    char *copy = sim_malloc(used + 1);

    memcpy(copy, s, used);
    copy[used] = '\0';
    return copy;
}

char *xstrdup(const char *s)
{
    return s == NULL ? NULL : xstrndup(s, strlen(s));
}

char *xasprintf(const char *format, ...)
{
    va_list args, again;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    text = sim_malloc((size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
