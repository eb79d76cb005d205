#include "groupmgr/records.h"

#include <stdlib.h>

static void event_release(struct event *e)
{
    assert(e->name != NULL);
    free(e->name);
    free(e->text);
    free(e->candidates);
}

void event_record(struct cluster *c, const struct event *e)
{
    struct event_log *log = &c->events;
    struct event *copy;

    assert(e->object != 0 && e->name != NULL && log->latest_count <= log->latest_size);
    if (log->latest_count == log->latest_size) {
        log->latest_size = log->latest_size == 0 ? 16 : 2 * log->latest_size;
        log->latest = xrealloc(log->latest, log->latest_size * sizeof(*log->latest));
    }
    copy = &log->latest[log->latest_count++];
    *copy = *e;
    copy->index = c->index;
    copy->stamp_ms = c->now_ms;
    copy->command = c->command;
    copy->name = xstrdup(e->name);
    copy->text = xstrdup(e->text);
    copy->candidates = candidates_copy(e->candidates, e->candidate_count);
    log->total++;
}

void events_absorb(struct event_log *log)
{
    assert(log->count <= EVENTS_MAX);
    if (log->latest_count > 0 && log->ring == NULL)
        log->ring = xcalloc(EVENTS_MAX, sizeof(*log->ring));
    for (unsigned i = 0; i < log->latest_count; i++) {
        if (log->count == EVENTS_MAX) {
            event_release(&log->ring[log->first]);
            log->first = (log->first + 1) % EVENTS_MAX;
            log->count--;
        }
        log->ring[(log->first + log->count++) % EVENTS_MAX] = log->latest[i];
    }
    log->latest_count = 0;
}

void events_release(struct event_log *log)
{
    events_absorb(log);
    assert(log->latest_count == 0);
    for (unsigned i = 0; i < log->count; i++)
        event_release(&log->ring[(log->first + i) % EVENTS_MAX]);
    free(log->ring);
    free(log->latest);
}

const struct event *event_numbered(const struct event_log *log, uint64_t n)
{
    uint64_t latest_from = log->total - log->latest_count;

    assert(n < log->total);
    if (n >= latest_from)
        return &log->latest[n - latest_from];
    assert(latest_from - n <= log->count);
    return &log->ring[(log->first + log->count - (unsigned)(latest_from - n)) % EVENTS_MAX];
}

unsigned cluster_event_count(const struct cluster *c)
{
    unsigned all = c->events.count + c->events.latest_count;

    return all < EVENTS_MAX ? all : EVENTS_MAX;
}

const struct event *cluster_event(const struct cluster *c, unsigned position)
{
    assert(position < cluster_event_count(c));
    return event_numbered(&c->events, c->events.total - cluster_event_count(c) + position);
}

const struct event *cluster_changes(const struct cluster *c, unsigned *ret_count)
{
    assert(ret_count != NULL);
    *ret_count = c->events.latest_count;
    return c->events.latest;
}
