/* Delta debugging: leave out ever smaller parts while it still fails. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/history.h"

static void without(const struct schedule *s, size_t at, size_t n, struct schedule *ret)
{
    *ret = (struct schedule){.seed = s->seed, .profile = s->profile};
    for (size_t i = 0; i < s->count; i++)
        if (i < at || i >= at + n)
            schedule_add(ret, s->steps[i].at_ms, "%s", s->steps[i].text);
}

/* The same fault, whatever its numbers. */
static bool is_alike(const char *a, const char *b)
{
    static const char digits[] = "0123456789abcdef";

    for (;;) {
        a += strspn(a, digits);
        b += strspn(b, digits);
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

static bool try_without(struct schedule *s, size_t at, size_t n, const char *original)
{
    char failure[FAILURE_BYTES];
    struct schedule less;

    without(s, at, n, &less);
    if (history_try(&less, failure) || !is_alike(failure, original)) {
        schedule_release(&less);
        return false;
    }
    printf("%zu steps still fail: %s\n", less.count, failure);
    fflush(stdout);
    schedule_release(s);
    *s = less;
    return true;
}

void schedule_shrink(struct schedule *s, const char *failure)
{
    bool any;

    for (size_t n = s->count / 2; n > 0; n = n > 1 || !any ? n / 2 : 1) {
        any = false;
        for (size_t at = 0; at < s->count;)
            if (try_without(s, at, n, failure))
                any = true;
            else
                at += n;
    }
}
