#include "consensus/retention.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

void retention_init(struct retention *r, unsigned threshold, unsigned trailing)
{
    assert(threshold > 0 && trailing > 0);
    *r = (struct retention){.threshold = threshold, .trailing = trailing};
    r->sizes = xcalloc(trailing, sizeof *r->sizes);
}

void retention_release(struct retention *r)
{
    free(r->sizes);
    r->sizes = NULL;
}

void retention_note(struct retention *r, size_t len)
{
    r->bytes += len;
    r->sizes[r->next] = (uint32_t)len;
    r->next = (r->next + 1) % r->trailing;
    if (r->count < r->trailing)
        r->count++;
}

bool retention_is_due(const struct retention *r)
{
    return r->bytes >= RETENTION_BYTES;
}

unsigned retention_trailing(const struct retention *r)
{
    uint64_t bytes = 0;
    unsigned kept = 0;

    while (kept < r->count) {
        bytes += r->sizes[(r->next + r->trailing - 1 - kept) % r->trailing];
        if (bytes > RETENTION_BYTES)
            break;
        kept++;
    }
    /* Entries from before this process are not in the ring; nothing speaks
     * against keeping them up to the configured number. */
    if (kept == r->count && r->count < r->trailing)
        return r->trailing;
    return kept > 0 ? kept : 1;
}

void retention_restart(struct retention *r)
{
    r->bytes = 0;
}
