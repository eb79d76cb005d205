/* Memory that is there.
 *
 * A daemon that cannot get a few hundred bytes cannot keep its promises
 * either: these functions abort with a message instead of returning NULL, the
 * supervisor starts the daemon anew and it recovers from its disk. Sizes that
 * come from outside are bounded before they reach an allocation. Thread-safe. */
#ifndef HOLDFAST_BASE_MEMORY_H
#define HOLDFAST_BASE_MEMORY_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *xmalloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *xrealloc(void *p, size_t size) __attribute__((alloc_size(2)));
char *xstrdup(const char *s); /* NULL gives NULL. */
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
