#include "groupmgr/records.h"

#include <stdlib.h>
#include <string.h>

#include "groupmgr/common.h"
#include "groupmgr/rules.h"

/* Names are looked up without case: the tables are keyed by this. */
char *name_fold(const char *name)
{
    char *folded = xstrdup(name);

    assert(name != NULL);
    for (char *p = folded; *p != '\0'; p++)
        *p = (char)ascii_lower((unsigned char)*p);
    return folded;
}

/* ------------------------------------------------------------------ nodes */

/* Slots are given anew when a node has gone: which one is no part of the state. */
static unsigned slot_free(const struct cluster *c)
{
    uint64_t taken = 0;
    unsigned slot = 0;

    for (unsigned i = 0; i < c->node_count; i++)
        taken |= UINT64_C(1) << c->nodes[i]->slot;
    while ((taken >> slot & 1) != 0)
        slot++;
    assert(slot < NODES_MAX);
    return slot;
}

struct node_record *node_insert(struct cluster *c, uint32_t id, const char *name)
{
    struct node_record *n = xcalloc(1, sizeof(*n));
    unsigned at = c->node_count;

    assert(c->node_count < NODES_MAX && find_node(c, id) == NULL);
    n->node.id = id;
    n->node.name = xstrdup(name);
    n->node.address = xstrdup("");
    n->node.disk = xstrdup("");
    n->node.fence_levels.text = xstrdup("");
    n->node.state = NODE_DOWN;
    commons_preset(OBJECT_NODE, &n->node);
    n->slot = slot_free(c);
    timer_init(&n->quarantine, TIMER_QUARANTINE, id, n, &n->node.quarantined_until_ms);
    n->tracked.kind = TRACKED_NODE;
    for (; at > 0 && c->nodes[at - 1]->node.id > id; at--)
        c->nodes[at] = c->nodes[at - 1];
    c->nodes[at] = n;
    c->node_count++;
    domains_update(c);
    digest_touch(c, &n->tracked);
    return n;
}

void node_rename(struct node_record *n, const char *name)
{
    assert(name != NULL);
    free(n->node.name);
    n->node.name = xstrdup(name);
}

static void node_free(struct node_record *n)
{
    assert(n->groups != NULL || n->group_count == 0);
    free(n->node.name);
    free(n->node.address);
    free(n->node.disk);
    free(n->node.fence_levels.text);
    commons_release(OBJECT_NODE, &n->node);
    free(n->groups);
    free(n->preferring.groups);
    free(n->drained.groups);
    free(n->offers);
    free(n);
}

void node_remove(struct cluster *c, struct node_record *n)
{
    unsigned at = 0;

    assert(n->group_count == 0 && n->preferring.count == 0 && n->drained.count == 0);
    account_forget_node(c, n);
    timer_set(c, &n->quarantine, 0);
    digest_forget(c, &n->tracked);
    while (c->nodes[at] != n)
        at++;
    c->node_count--;
    memmove(&c->nodes[at], &c->nodes[at + 1], (c->node_count - at) * sizeof(c->nodes[0]));
    domains_update(c);
    node_free(n);
}

static int group_compare(const void *a, const void *b)
{
    const struct group *left = &(*(struct group_record *const *)a)->group;
    const struct group *right = &(*(struct group_record *const *)b)->group;

    assert(left->id > 0 && right->id > 0);
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

void groups_sort_by_priority(struct group_record **groups, unsigned count)
{
    assert(groups != NULL || count == 0);
    if (count > 0)
        qsort(groups, count, sizeof(*groups), group_compare);
}

struct group_record **node_groups_by_priority(const struct node_record *n, unsigned *ret_count)
{
    struct group_record **groups = xcalloc(n->group_count + 1, sizeof(*groups));

    assert(n->groups != NULL || n->group_count == 0);
    for (unsigned i = 0; i < n->group_count; i++)
        groups[i] = n->groups[i];
    groups_sort_by_priority(groups, n->group_count);
    *ret_count = n->group_count;
    return groups;
}

/* ------------------------------------------------------------ sets of groups */

/* Where `g` stands in the set, or should. */
static unsigned group_set_place(const struct group_set *set, const struct group_record *g)
{
    unsigned low = 0, high = set->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (set->groups[middle]->group.id < g->group.id)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low == set->count || set->groups[low]->group.id >= g->group.id);
    return low;
}

bool group_set_has(const struct group_set *set, const struct group_record *g)
{
    unsigned at = group_set_place(set, g);

    assert(at <= set->count);
    return at < set->count && set->groups[at] == g;
}

static void group_set_add(struct group_set *set, struct group_record *g)
{
    unsigned at = group_set_place(set, g);

    assert(!group_set_has(set, g));
    if (set->count == set->size) {
        set->size = set->size == 0 ? 8 : 2 * set->size;
        set->groups = xrealloc(set->groups, set->size * sizeof(*set->groups));
    }
    memmove(&set->groups[at + 1], &set->groups[at], (set->count - at) * sizeof(*set->groups));
    set->groups[at] = g;
    set->count++;
}

static void group_set_remove(struct group_set *set, struct group_record *g)
{
    unsigned at = group_set_place(set, g);

    if (!group_set_has(set, g))
        return;
    assert(set->count > 0);
    set->count--;
    memmove(&set->groups[at], &set->groups[at + 1], (set->count - at) * sizeof(*set->groups));
}

void group_unindex(struct cluster *c, struct group_record *g)
{
    struct node_record *from = find_node(c, g->group.drained_from);

    assert(from != NULL || g->group.drained_from == 0);
    for (unsigned i = 0; i < g->group.preferred_count; i++)
        group_set_remove(&find_node(c, g->group.preferred[i])->preferring, g);
    if (from != NULL)
        group_set_remove(&from->drained, g);
    group_set_remove(&c->wishes, g);
}

void group_index(struct cluster *c, struct group_record *g)
{
    struct node_record *from = find_node(c, g->group.drained_from);

    assert(g->cluster == c);
    for (unsigned i = 0; g->group.auto_failback == 1 && i < g->group.preferred_count; i++)
        group_set_add(&find_node(c, g->group.preferred[i])->preferring, g);
    if (from != NULL)
        group_set_add(&from->drained, g);
    if (g->group.failback_at_ms != 0)
        group_set_add(&c->wishes, g);
}

/* ----------------------------------------------------------------- groups */

static void group_unbook(struct group_record *g)
{
    struct node_record *owner = g->owner;

    if (owner == NULL)
        return;
    assert(owner->groups[g->owner_slot] == g);
    /* However it leaves a node that is being drained, the drain is that much further. */
    owner->woken |= owner->node.drain == DRAIN_IN_PROGRESS;
    owner->groups[g->owner_slot] = owner->groups[--owner->group_count];
    owner->groups[g->owner_slot]->owner_slot = g->owner_slot;
    g->owner = NULL;
}

void group_book(struct group_record *g, struct node_record *owner)
{
    assert(owner != NULL);
    group_unbook(g);
    if (owner->group_count == owner->group_size) {
        owner->group_size = owner->group_size == 0 ? 8 : 2 * owner->group_size;
        owner->groups = xrealloc(owner->groups, owner->group_size * sizeof(*owner->groups));
    }
    g->owner = owner;
    g->owner_slot = owner->group_count;
    g->group.owner = owner->node.id;
    owner->groups[owner->group_count++] = g;
    capacity_account(g->cluster, g);
}

struct group_record *group_insert(struct cluster *c, uint64_t id, const char *name,
                                  struct node_record *owner)
{
    struct group_record *g = xcalloc(1, sizeof(*g));

    assert(find_group(c, id) == NULL && find_group_by_name(c, name) == NULL);
    g->cluster = c;
    g->group.id = id;
    g->group.name = xstrdup(name);
    g->group.state = GROUP_OFFLINE;
    commons_preset(OBJECT_GROUP, &g->group);
    timer_init(&g->rescue, TIMER_RESCUE, id, g, &g->group.rescue_at_ms);
    timer_init(&g->start, TIMER_START, id, g, &g->group.start_at_ms);
    timer_init(&g->failback, TIMER_FAILBACK, id, g, &g->group.failback_at_ms);
    g->folded_name = name_fold(name);
    g->tracked.kind = TRACKED_GROUP;
    DL_APPEND(c->groups, g);
    HASH_ADD(by_id, c->groups_by_id, group.id, sizeof(g->group.id), g);
    HASH_ADD_KEYPTR(by_name, c->groups_by_name, g->folded_name, strlen(g->folded_name), g);
    c->group_count++;
    if (owner != NULL)
        group_book(g, owner);
    digest_touch(c, &g->tracked);
    return g;
}

static void group_free(struct group_record *g)
{
    free(g->group.name);
    free(g->group.operation.instructions);
    free(g->group.next.instructions);
    free(g->group.preferred);
    free(g->group.resources);
    free(g->group.placement.candidates);
    free(g->group.nowhere.candidates);
    free(g->planned.candidates);
    free(g->apart.items);
    free(g->together.items);
    free(g->needs);
    commons_release(OBJECT_GROUP, &g->group);
    free(g->folded_name);
    free(g);
}

void group_remove(struct cluster *c, struct group_record *g)
{
    assert(g->group.resource_count == 0 && !g->touched);
    operation_clear(g);
    group_unindex(c, g);
    timer_set(c, &g->rescue, 0);
    timer_set(c, &g->start, 0);
    timer_set(c, &g->failback, 0);
    account_forget_group(c, g);
    group_unbook(g);
    digest_forget(c, &g->tracked);
    HASH_DELETE(by_id, c->groups_by_id, g);
    HASH_DELETE(by_name, c->groups_by_name, g);
    DL_DELETE(c->groups, g);
    c->group_count--;
    group_free(g);
}

/* -------------------------------------------------------------- resources */

struct resource_record *resource_insert(struct cluster *c, uint64_t id, const char *name,
                                        struct group_record *g)
{
    struct resource_record *r = xcalloc(1, sizeof(*r));
    struct group *group = &g->group;

    assert(find_resource(c, id) == NULL && find_resource_by_name(c, name) == NULL);
    r->resource.id = id;
    r->resource.name = xstrdup(name);
    r->resource.type = xstrdup("");
    r->resource.group = group;
    r->resource.state = RESOURCE_OFFLINE;
    r->resource.persistent = -1;
    commons_preset(OBJECT_RESOURCE, &r->resource);
    timer_init(&r->restart, TIMER_RESTART, id, r, &r->resource.restart_at_ms);
    timer_init(&r->retry, TIMER_RETRY, id, r, &r->resource.retry_at_ms);
    r->folded_name = name_fold(name);
    r->tracked.kind = TRACKED_RESOURCE;
    group->resources =
        xrealloc(group->resources, (group->resource_count + 1) * sizeof(*group->resources));
    group->resources[group->resource_count++] = &r->resource;
    HASH_ADD(by_id, c->resources_by_id, resource.id, sizeof(r->resource.id), r);
    HASH_ADD_KEYPTR(by_name, c->resources_by_name, r->folded_name, strlen(r->folded_name), r);
    c->resource_count++;
    digest_touch(c, &r->tracked);
    return r;
}

static void resource_free(struct resource_record *r)
{
    assert(r->resource.name != NULL);
    for (unsigned i = 0; i < r->resource.property_count; i++)
        property_release(&r->resource.properties[i]);
    free(r->resource.properties);
    free(r->resource.name);
    free(r->resource.type);
    free(r->resource.status_text);
    free(r->resource.providers);
    free(r->resource.expression);
    free(r->resource.possible);
    free(r->resource.refused);
    commons_release(OBJECT_RESOURCE, &r->resource);
    free(r->dependents);
    free(r->folded_name);
    free(r);
}

void dependency_add(struct resource_record *dependent, struct resource_record *provider)
{
    struct resource *d = &dependent->resource;

    assert(dependent != provider && d->group == provider->resource.group);
    d->providers = xrealloc(d->providers, (d->provider_count + 1) * sizeof(*d->providers));
    d->providers[d->provider_count++] = &provider->resource;
    provider->dependents = xrealloc(provider->dependents, (provider->dependent_count + 1) *
                                                              sizeof(*provider->dependents));
    provider->dependents[provider->dependent_count++] = dependent;
}

void dependency_remove(struct resource_record *dependent, struct resource_record *provider)
{
    struct resource *d = &dependent->resource;
    unsigned at = 0;

    while (d->providers[at] != &provider->resource)
        at++;
    assert(at < d->provider_count);
    d->provider_count--;
    memmove(&d->providers[at], &d->providers[at + 1],
            (d->provider_count - at) * sizeof(*d->providers));
    for (at = 0; provider->dependents[at] != dependent;)
        at++;
    provider->dependents[at] = provider->dependents[--provider->dependent_count];
}

void resource_remove(struct cluster *c, struct resource_record *r)
{
    struct group *g = r->resource.group;
    unsigned at = 0;

    assert(r->dependent_count == 0);
    while (r->resource.provider_count > 0)
        dependency_remove(r, resource_record(r->resource.providers[0]));
    timer_set(c, &r->restart, 0);
    timer_set(c, &r->retry, 0);
    refusals_clear(c, r);
    digest_forget(c, &r->tracked);
    HASH_DELETE(by_id, c->resources_by_id, r);
    HASH_DELETE(by_name, c->resources_by_name, r);
    c->resource_count--;
    while (g->resources[at] != &r->resource)
        at++;
    g->resource_count--;
    memmove(&g->resources[at], &g->resources[at + 1],
            (g->resource_count - at) * sizeof(*g->resources));
    resource_free(r);
}

void records_release(struct cluster *c)
{
    struct group_record *g, *next_group;
    struct session *s, *next_session;

    assert(c->node_count <= NODES_MAX);
    HASH_CLEAR(by_id, c->resources_by_id);
    HASH_CLEAR(by_name, c->resources_by_name);
    HASH_CLEAR(by_id, c->groups_by_id);
    HASH_CLEAR(by_name, c->groups_by_name);
    HASH_CLEAR(by_client, c->sessions_by_client);
    DL_FOREACH_SAFE(c->groups, g, next_group)
    {
        for (unsigned i = 0; i < g->group.resource_count; i++)
            resource_free(resource_record(g->group.resources[i]));
        group_free(g);
    }
    DL_FOREACH_SAFE(c->sessions, s, next_session)
    {
        free(s);
    }
    free(c->departed);
    for (unsigned i = 0; i < c->node_count; i++)
        node_free(c->nodes[i]);
    free(c->wishes.groups);
    account_release(c);
    free(c->timers.heap);
}

/* --------------------------------------------------------------- look-ups */

struct node_record *find_node(const struct cluster *c, uint32_t id)
{
    assert(c->node_count <= NODES_MAX);
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i]->node.id == id)
            return c->nodes[i];
    return NULL;
}

struct node_record *find_node_by_name(const struct cluster *c, const char *name)
{
    assert(c->node_count <= NODES_MAX);
    if (name == NULL)
        return NULL;
    for (unsigned i = 0; i < c->node_count; i++)
        if (name_equal(c->nodes[i]->node.name, name))
            return c->nodes[i];
    return NULL;
}

struct group_record *find_group(const struct cluster *c, uint64_t id)
{
    struct group_record *g;

    HASH_FIND(by_id, c->groups_by_id, &id, sizeof(id), g);
    assert(g == NULL || g->group.id == id);
    return g;
}

struct group_record *find_group_by_name(const struct cluster *c, const char *name)
{
    struct group_record *g = NULL;
    char *folded;

    if (name == NULL)
        return NULL;
    folded = name_fold(name);
    HASH_FIND(by_name, c->groups_by_name, folded, strlen(folded), g);
    free(folded);
    assert(g == NULL || name_equal(g->group.name, name));
    return g;
}

struct resource_record *find_resource(const struct cluster *c, uint64_t id)
{
    struct resource_record *r;

    HASH_FIND(by_id, c->resources_by_id, &id, sizeof(id), r);
    assert(r == NULL || r->resource.id == id);
    return r;
}

struct resource_record *find_resource_by_name(const struct cluster *c, const char *name)
{
    struct resource_record *r = NULL;
    char *folded;

    if (name == NULL)
        return NULL;
    folded = name_fold(name);
    HASH_FIND(by_name, c->resources_by_name, folded, strlen(folded), r);
    free(folded);
    assert(r == NULL || name_equal(r->resource.name, name));
    return r;
}
