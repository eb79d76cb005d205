#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void memory_exhausted(void)
{
    static const char text[] = "out of memory\n";

    /* write(2), not stdio: there may be no memory left for a buffer. */
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    abort();
}

/* malloc(0) may return NULL; our callers take NULL for nothing else. */
static size_t at_least_one(size_t size)
{
    return size == 0 ? 1 : size;
}

void *xcalloc(size_t count, size_t size)
{
    void *p = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);

    if (p == NULL)
        memory_exhausted();
    return p;
}

void *xmalloc(size_t size)
{
    void *p = malloc(at_least_one(size));

    if (p == NULL)
        memory_exhausted();
    return p;
}

void *xrealloc(void *p, size_t size)
{
    void *moved = realloc(p, at_least_one(size));

    if (moved == NULL)
        memory_exhausted();
    return moved;
}

char *xstrndup(const char *s, size_t len)
{
    size_t used = strnlen(s, len);
    char *copy = xmalloc(used + 1);

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
    char *text;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        memory_exhausted();
    va_end(args);
    return text;
}
