/* A node that goes without a word again and again is more trouble than help:
 * when it comes up once more it receives no groups for a while. */
#include "groupmgr/rules.h"

enum { HOUR_MS = 3600 * 1000 };

/* The hour that began with its first departure is not over. */
static bool departures_count(const struct cluster *c, const struct node *n)
{
    assert(n->departures_since_ms <= c->now_ms);
    return n->departures > 0 && c->now_ms - n->departures_since_ms < HOUR_MS;
}

void quarantine_count(struct cluster *c, struct node_record *n)
{
    if (!departures_count(c, &n->node)) {
        n->node.departures = 0;
        n->node.departures_since_ms = c->now_ms;
    }
    n->node.departures++;
    digest_touch(c, &n->tracked);
    assert(n->node.departures > 0);
}

static bool somebody_can_host(const struct cluster *c, const struct node_record *besides)
{
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i] != besides && node_can_host(c->nodes[i]))
            return true;
    return false;
}

void quarantine_consider(struct cluster *c, struct node_record *n)
{
    uint32_t threshold = c->settings.quarantine_threshold;
    uint64_t duration_ms = (uint64_t)c->settings.quarantine_duration_s * 1000;

    assert(!node_is_up(n));
    if (n->node.quarantined_until_ms != 0 && (n->node.witness || !somebody_can_host(c, n)))
        quarantine_end(c, n);
    if (n->node.witness) /* It has nothing to be kept from. */
        return;
    if (threshold == 0 || duration_ms == 0 || n->node.quarantined_until_ms != 0)
        return;
    if (!departures_count(c, &n->node) || n->node.departures < threshold)
        return;
    if (!somebody_can_host(c, n))
        return;
    timer_set_in(c, &n->quarantine, duration_ms);
    node_note(c, n, CAUSE_QUARANTINED, NULL);
}

void quarantine_end(struct cluster *c, struct node_record *n)
{
    timer_set(c, &n->quarantine, 0);
    n->node.departures = 0;
    n->node.departures_since_ms = 0;
    node_note(c, n, CAUSE_QUARANTINE_ENDED, NULL);
    assert(n->node.quarantined_until_ms == 0);
}

void quarantine_review(struct cluster *c)
{
    if (somebody_can_host(c, NULL))
        return;
    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        if (!node_is_up(n) || n->node.quarantined_until_ms == 0)
            continue;
        quarantine_end(c, n);
        assert(node_can_host(n) || n->node.paused || n->node.leaving || node_is_fenced_now(n) ||
               n->node.log != LOG_CURRENT);
        node_hosts(c, n, CAUSE_QUARANTINE_ENDED);
    }
}

void quarantine_due(struct cluster *c, struct node_record *n)
{
    assert(n->node.quarantined_until_ms == 0);
    quarantine_end(c, n);
    node_hosts(c, n, CAUSE_QUARANTINE_ENDED);
}
