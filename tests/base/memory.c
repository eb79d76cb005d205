#include "base/memory.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(memory, nothing_asked_for_is_still_an_address)
{
    void *a = xmalloc(0);
    void *b = xcalloc(0, 8);
    void *c = xrealloc(xmalloc(8), 0);

    cr_assert(a != NULL && b != NULL && c != NULL);
    free(a);
    free(b);
    free(c);
}

Test(memory, calloc_gives_zeros)
{
    static const uint8_t zeros[300];
    void *p = xcalloc(3, 100);

    cr_assert_eq(memcmp(p, zeros, 300), 0);
    free(p);
}

Test(memory, strndup_stops_at_the_nul_and_at_the_length)
{
    char *cut = xstrndup("abcdef", 3);
    char *whole = xstrndup("ab", 100);

    cr_assert_str_eq(cut, "abc");
    cr_assert_str_eq(whole, "ab");
    cr_assert_null(xstrdup(NULL));
    free(cut);
    free(whole);
}

Test(memory, asprintf_formats)
{
    char *text = xasprintf("%s-%d", "n", 7);

    cr_assert_str_eq(text, "n-7");
    free(text);
}

/* Read at run time: a constant would be refused by the compiler. */
static size_t far_too_much(void)
{
    volatile size_t size = SIZE_MAX / 2;
    return size;
}

/* The sanitizer would end the process itself instead of returning NULL. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

Test(memory, exhausted_memory_aborts_malloc, .signal = SIGABRT)
{
    free(xmalloc(far_too_much()));
}

Test(memory, exhausted_memory_aborts_calloc, .signal = SIGABRT)
{
    free(xcalloc(far_too_much(), 16));
}

Test(memory, exhausted_memory_aborts_realloc, .signal = SIGABRT)
{
    free(xrealloc(NULL, far_too_much()));
}
