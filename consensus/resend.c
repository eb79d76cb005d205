#include "consensus/resend.h"

static unsigned part_of(const struct raft_append_entries *a)
{
    uint64_t bytes = 0;
    unsigned n = 0;

    while (n < a->n_entries && (n == 0 || bytes + a->entries[n].buf.len <= RESEND_BYTES_MAX))
        bytes += a->entries[n++].buf.len;
    return n;
}

/* Its place, or a free one; RESEND_SERVERS_MAX: neither. */
static unsigned place_of(const struct resend *r, raft_id id)
{
    unsigned i = 0;

    while (i < RESEND_SERVERS_MAX && r->servers[i].id != id && r->servers[i].id != 0)
        i++;
    return i;
}

void resend_heard(struct resend *r, raft_id id, uint64_t now_ms)
{
    unsigned i = place_of(r, id);

    if (i == RESEND_SERVERS_MAX || r->servers[i].id != id)
        return;
    if (now_ms - r->servers[i].heard_ms >= RESEND_SILENT_MS) {
        r->servers[i].times = 0;
        r->servers[i].pause_ms = RESEND_PAUSE_MS;
    }
    r->servers[i].heard_ms = now_ms;
}

unsigned resend_entries(struct resend *r, raft_id id, const struct raft_append_entries *a,
                        uint64_t now_ms)
{
    unsigned i = place_of(r, id);

    if (a->n_entries == 0)
        return 0;
    if (i == RESEND_SERVERS_MAX)
        return a->n_entries;
    if (r->servers[i].id == 0 || r->servers[i].term != a->term ||
        r->servers[i].prev != a->prev_log_index) {
        r->servers[i].id = id;
        r->servers[i].term = a->term;
        r->servers[i].prev = a->prev_log_index;
        r->servers[i].times = 1;
        r->servers[i].pause_ms = RESEND_PAUSE_MS;
        r->servers[i].at_ms = now_ms;
        return a->n_entries;
    }
    if (r->servers[i].times < RESEND_FREE) {
        r->servers[i].times++;
        r->servers[i].at_ms = now_ms;
        return a->n_entries;
    }
    if (now_ms - r->servers[i].at_ms < r->servers[i].pause_ms)
        return 0;
    r->servers[i].at_ms = now_ms;
    r->servers[i].pause_ms *= 2;
    if (r->servers[i].pause_ms > RESEND_PAUSE_MS_MAX)
        r->servers[i].pause_ms = RESEND_PAUSE_MS_MAX;
    return part_of(a);
}
