/* ChangeClusterResourceGroup: a resource goes to another group, with all that it
 * hangs together with by dependencies, since those exist only within a group. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ----------------------------------------------------------- who goes along */

struct party {
    struct resource_record **members;
    unsigned count;
};

static void party_admit(struct cluster *c, struct party *p, struct resource_record *r)
{
    assert(p->count <= r->resource.group->resource_count);
    if (r->visit == c->visit)
        return;
    r->visit = c->visit;
    p->members[p->count++] = r;
}

static int member_compare(const void *a, const void *b)
{
    uint64_t left = (*(struct resource_record *const *)a)->resource.id;
    uint64_t right = (*(struct resource_record *const *)b)->resource.id;

    return left < right ? -1 : left > right;
}

/* All that `r` is connected with, by id. Not by recursion: a way that goes up
 * and down again can be as long as there are resources. */
static struct party party_gather(struct cluster *c, struct resource_record *r)
{
    unsigned most = r->resource.group->resource_count;
    struct party p = {.members = xcalloc(most, sizeof(struct resource_record *))};

    c->visit++;
    party_admit(c, &p, r);
    for (unsigned at = 0; at < p.count; at++) {
        struct resource_record *m = p.members[at];

        for (unsigned i = 0; i < m->resource.provider_count; i++)
            party_admit(c, &p, resource_record(m->resource.providers[i]));
        for (unsigned i = 0; i < m->dependent_count; i++)
            party_admit(c, &p, m->dependents[i]);
    }
    assert(p.count >= 1 && p.count <= most);
    qsort(p.members, p.count, sizeof(struct resource_record *), member_compare);
    return p;
}

/* ------------------------------------------------------------------ checks */

static uint32_t groups_check(const struct group_record *from, const struct group_record *to,
                             struct reply *reply)
{
    const struct resource *locked = group_locked(from);
    uint32_t code = group_idle_check(from, reply);

    assert(from != to);
    if (code == 0)
        code = group_idle_check(to, reply);
    /* In another group it would be started while it may still run. */
    if (code == 0 && group_is_held(from))
        code = refuse(reply, ERROR_INVALID_STATE, "%s may still run on %s, which is down",
                      from->group.name, from->owner->node.name);
    if (code != 0)
        return code;
    if (locked == NULL)
        locked = group_locked(to);
    return locked == NULL ? 0
                          : refuse(reply, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, "%s", locked->name);
}

static uint32_t party_check(const struct party *p, const struct group_record *to,
                            struct reply *reply)
{
    assert(p->count > 0);
    for (unsigned i = 0; i < p->count; i++)
        if (resource_runs(p->members[i]) && p->members[i]->resource.group->owner != to->group.owner)
            return refuse(reply, ERROR_RESOURCE_ONLINE, "%s runs, and %s is on %s",
                          p->members[i]->resource.name, to->group.name, to->owner->node.name);
    for (unsigned i = 0; i < p->count; i++)
        if (!resource_possible_on(&p->members[i]->resource, to->group.owner))
            return refuse(reply, ERROR_HOST_NODE_NOT_RESOURCE_OWNER, "%s may not own %s",
                          to->owner->node.name, p->members[i]->resource.name);
    return 0;
}

/* ---------------------------------------------------------------- the move */

static void list_leave(struct group *g, const struct resource *r)
{
    unsigned at = 0;

    while (g->resources[at] != r)
        at++;
    assert(at < g->resource_count);
    g->resource_count--;
    memmove(&g->resources[at], &g->resources[at + 1],
            (g->resource_count - at) * sizeof(*g->resources));
}

/* In order of creation, as every group's list is. */
static void list_enter(struct group *g, struct resource *r)
{
    unsigned at = g->resource_count;

    g->resources = xrealloc(g->resources, (g->resource_count + 1) * sizeof(*g->resources));
    for (; at > 0 && g->resources[at - 1]->id > r->id; at--)
        g->resources[at] = g->resources[at - 1];
    g->resources[at] = r;
    g->resource_count++;
    assert(at == 0 || g->resources[at - 1]->id < r->id);
}

/* What was said and counted of it on another node says nothing on this one. */
static void member_land(struct cluster *c, struct resource_record *r)
{
    assert(!resource_runs(r));
    timer_set(c, &r->restart, 0);
    timer_set(c, &r->retry, 0);
    r->resource.restarts = 0;
    r->resource.restarts_since_ms = 0;
    if (r->resource.state == RESOURCE_FAILED)
        resource_enter(c, r, RESOURCE_OFFLINE, CAUSE_CONFIGURED);
}

static void member_move(struct cluster *c, struct resource_record *r, struct group_record *to)
{
    bool wanted = resource_is_wanted(r);
    bool lands = r->resource.group->owner != to->group.owner;

    list_leave(r->resource.group, &r->resource);
    r->resource.group = &to->group;
    list_enter(&to->group, &r->resource);
    /* It is wanted as much as before: what runs must not lose its recovery
     * because the new group was never brought online, nor the other way round. */
    r->resource.persistent = wanted == to->group.persistent_online ? -1 : wanted;
    /* A call that waits in the old group has nothing to take back here. */
    r->resource.was_persistent = 0;
    if (lands)
        member_land(c, r);
    resource_note(c, r, CAUSE_CONFIGURED);
    assert(resource_is_wanted(r) == wanted);
}

uint32_t apply_resource_move(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r = find_resource_by_name(c, cmd->name);
    struct group_record *to = find_group_by_name(c, cmd->other), *from;
    struct party party;
    uint32_t code;

    if (r == NULL)
        return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (to == NULL)
        return refuse(reply, ERROR_GROUP_NOT_FOUND, "%s", cmd->other != NULL ? cmd->other : "");
    from = group_record(r->resource.group);
    if (from == to)
        return refuse(reply, ERROR_ALREADY_EXISTS, "%s is in %s", r->resource.name, to->group.name);
    code = groups_check(from, to, reply);
    if (code != 0)
        return code;
    party = party_gather(c, r);
    code = party_check(&party, to, reply);
    for (unsigned i = 0; code == 0 && i < party.count; i++)
        member_move(c, party.members[i], to);
    free(party.members);
    if (code != 0)
        return code;
    group_touch(c, from, CAUSE_CONFIGURED);
    group_touch(c, to, CAUSE_CONFIGURED);
    room_ask(c, from);
    room_ask(c, to);
    assert(r->resource.group == &to->group);
    return 0;
}
