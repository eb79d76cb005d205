/* What the administrator wants: the group's word and those of single resources.
 * A call that is cancelled takes back what it wrote, so what was there before is
 * kept with each resource until the call is over. */
#include "groupmgr/rules.h"

enum { WAS_OFFSET = 2 }; /* -1, 0, 1 are kept as 1, 2, 3. */

void word_set(struct cluster *c, struct resource_record *r, int persistent)
{
    assert(persistent >= -1 && persistent <= 1);
    if (persistent == 1)
        start_release(c, group_record(r->resource.group));
    if (r->resource.persistent == persistent)
        return;
    if (r->resource.was_persistent == 0)
        r->resource.was_persistent = (unsigned)(r->resource.persistent + WAS_OFFSET);
    r->resource.persistent = persistent;
    room_ask(c, group_record(r->resource.group));
    digest_touch(c, &r->tracked);
}

void words_set(struct cluster *c, struct group_record *g, bool online)
{
    g->group.persistent_online = online;
    start_release(c, g);
    room_ask(c, g); /* What is not wanted needs none. */
    for (unsigned i = 0; i < g->group.resource_count; i++)
        word_set(c, resource_record(g->group.resources[i]), -1);
    digest_touch(c, &g->tracked);
}

void words_restore(struct cluster *c, struct group_record *g, const struct operation *op)
{
    assert(op->kind != OPERATION_NONE);
    /* Only these calls write what is wanted; a rule of the cluster never does. */
    if (op->cause != CAUSE_REQUESTED_ONLINE && op->cause != CAUSE_REQUESTED_OFFLINE)
        return;
    if (op->resource == 0)
        g->group.persistent_online = op->was_persistent_online;
    room_ask(c, g);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        if (r->resource.was_persistent == 0)
            continue;
        r->resource.persistent = (int)r->resource.was_persistent - WAS_OFFSET;
        r->resource.was_persistent = 0;
        digest_touch(c, &r->tracked);
    }
    digest_touch(c, &g->tracked);
}

void words_settle(struct cluster *c, struct group_record *g)
{
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        assert(r->resource.was_persistent <= 1 + WAS_OFFSET);
        if (r->resource.was_persistent == 0)
            continue;
        r->resource.was_persistent = 0;
        digest_touch(c, &r->tracked);
    }
}
