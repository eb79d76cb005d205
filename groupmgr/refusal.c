/* Nodes on which a resource cannot come online, as its handler says. Most
 * resources have none, so those that have are on a list of their own. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

void refusing_add(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.refused_count > 0 && r->prev_refusing == NULL);
    DL_APPEND2(c->refusing, r, prev_refusing, next_refusing);
}

void refusing_remove(struct cluster *c, struct resource_record *r)
{
    assert(r->prev_refusing != NULL);
    DL_DELETE2(c->refusing, r, prev_refusing, next_refusing);
    r->prev_refusing = r->next_refusing = NULL;
}

void refusal_add(struct cluster *c, struct resource_record *r, uint32_t node)
{
    struct resource *res = &r->resource;
    unsigned at = 0;

    assert(find_node(c, node) != NULL);
    while (at < res->refused_count && res->refused[at] < node)
        at++;
    if (at < res->refused_count && res->refused[at] == node)
        return;
    res->refused = xrealloc(res->refused, (res->refused_count + 1) * sizeof(*res->refused));
    memmove(&res->refused[at + 1], &res->refused[at],
            (res->refused_count - at) * sizeof(*res->refused));
    res->refused[at] = node;
    if (res->refused_count++ == 0)
        refusing_add(c, r);
    digest_touch(c, &r->tracked);
}

void refusals_clear(struct cluster *c, struct resource_record *r)
{
    assert((r->resource.refused_count > 0) == (r->prev_refusing != NULL));
    if (r->resource.refused_count == 0)
        return;
    free(r->resource.refused);
    r->resource.refused = NULL;
    r->resource.refused_count = 0;
    refusing_remove(c, r);
    room_ask(c, group_record(r->resource.group));
    digest_touch(c, &r->tracked);
}

static void refusal_remove(struct cluster *c, struct resource_record *r, uint32_t node)
{
    struct resource *res = &r->resource;
    unsigned at = 0;

    assert(res->refused_count > 0);
    while (at < res->refused_count && res->refused[at] != node)
        at++;
    if (at == res->refused_count)
        return;
    if (res->refused_count == 1) {
        refusals_clear(c, r);
        return;
    }
    res->refused_count--;
    memmove(&res->refused[at], &res->refused[at + 1],
            (res->refused_count - at) * sizeof(*res->refused));
    digest_touch(c, &r->tracked);
}

void refusals_forget(struct cluster *c, const struct node_record *n)
{
    struct resource_record *r = c->refusing, *next;

    assert(n->node.id > 0);
    for (; r != NULL; r = next) {
        next = r->next_refusing;
        refusal_remove(c, r, n->node.id);
    }
}
