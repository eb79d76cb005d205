/* The digest of the state, kept up with what changes.
 *
 * Each object has a digest of its own, over what the snapshot says of it. The
 * whole is the sum of all, which does not depend on order and from which one
 * can be taken out again: so a command costs the objects that it touched. The
 * objects' digests are mixed before they are added, or two objects that swap
 * their contents' differences would cancel out. */
#include "base/digest.h"

#include <stddef.h>

#include "groupmgr/common.h"
#include "groupmgr/records.h"

/* The finisher of MurmurHash3: every bit of `x` reaches every bit. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

#define RECORD_OF(t, type) ((const struct type *)((const char *)(t)-offsetof(struct type, tracked)))

/* Renewals come several times a second and are no change that anybody made:
 * cluster_digest() adds them, cluster_objects_digest() leaves them out. */
static void node_digest(const struct node_record *n, struct sink *s)
{
    struct node_record still = *n;

    assert(n->node.id != 0);
    still.node.renewed_seq = 0;
    node_write(&still, s);
}

static uint64_t tracked_digest(const struct tracked *t)
{
    struct digest_sink d;

    assert(t->kind <= TRACKED_SESSION);
    digest_sink_begin(&d);
    switch (t->kind) {
    case TRACKED_NODE:
        node_digest(RECORD_OF(t, node_record), &d.sink);
        break;
    case TRACKED_GROUP:
        group_write(RECORD_OF(t, group_record), &d.sink);
        break;
    case TRACKED_RESOURCE:
        resource_write(RECORD_OF(t, resource_record), &d.sink);
        break;
    case TRACKED_SESSION:
        session_write(RECORD_OF(t, session), &d.sink);
        break;
    }
    return mix(digest_sink_end(&d) + (uint64_t)t->kind);
}

static uint64_t *tracked_sum(struct cluster *c, const struct tracked *t)
{
    assert(t->kind <= TRACKED_SESSION);
    return t->kind == TRACKED_SESSION ? &c->sessions_sum : &c->objects_sum;
}

void digest_touch(struct cluster *c, struct tracked *t)
{
    assert(!t->dirty || c->dirty != NULL);
    if (t->dirty)
        return;
    t->dirty = true;
    DL_APPEND(c->dirty, t);
}

void digest_forget(struct cluster *c, struct tracked *t)
{
    assert(!t->dirty || c->dirty != NULL);
    *tracked_sum(c, t) -= t->digest;
    if (t->dirty)
        DL_DELETE(c->dirty, t);
}

static void digests_renew(struct cluster *c)
{
    while (c->dirty != NULL) {
        struct tracked *t = c->dirty;
        uint64_t *sum = tracked_sum(c, t);

        assert(t->dirty);
        DL_DELETE(c->dirty, t);
        t->dirty = false;
        *sum -= t->digest;
        t->digest = tracked_digest(t);
        *sum += t->digest;
    }
}

static void event_digests_renew(struct event_log *log, unsigned kept)
{
    assert(kept <= EVENTS_MAX && kept <= log->total);
    if (log->digested < log->total - kept)
        log->digested = log->total - kept;
    for (; log->digested < log->total; log->digested++) {
        uint64_t *slot = &log->digests[log->digested % EVENTS_MAX];
        struct digest_sink d;

        digest_sink_begin(&d);
        event_write(event_numbered(log, log->digested), &d.sink);
        log->sum -= *slot;
        *slot = mix(digest_sink_end(&d) + log->digested);
        log->sum += *slot;
    }
}

static void settings_fields(const void *object, struct field_writer *w)
{
    assert(object != NULL);
    commons_write(OBJECT_CLUSTER, object, w);
}

uint64_t cluster_objects_digest(struct cluster *c)
{
    struct digest_sink d;

    digests_renew(c);
    assert(c->dirty == NULL);
    digest_sink_begin(&d);
    fields_write(&c->settings, settings_fields, &d.sink);
    uint64_t members = mix(c->node_id_max);
    for (unsigned i = 0; i < c->departed_count; i++)
        members = mix(members + 2 * (uint64_t)c->departed[i].id + c->departed[i].removed);
    /* mix(0) is 0: in the first epoch it is the digest of those who know of no epochs. */
    return mix(members + c->objects_sum + mix(digest_sink_end(&d)) + mix(c->fence_digest) +
               mix(digest_bytes(c->name, strlen(c->name)) + mix(c->forming_until_ms)) +
               mix((uint64_t)c->level << 32) + mix(c->epoch - 1));
}

uint64_t cluster_digest(struct cluster *c)
{
    uint64_t d = cluster_objects_digest(c);

    assert(c->events.digested <= c->events.total);
    event_digests_renew(&c->events, cluster_event_count(c));
    for (unsigned i = 0; i < c->node_count; i++)
        d = mix(d + c->nodes[i]->node.renewed_seq);
    d = mix(d + c->sessions_sum);
    d = mix(d + c->events.sum);
    d = mix(d + c->events.total);
    d = mix(d + c->index);
    return mix(d + c->now_ms);
}
