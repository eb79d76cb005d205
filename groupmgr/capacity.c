/* Room: what nodes offer, what groups need, by name. A quantity that a node
 * does not name is not limited there. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/common.h"
#include "groupmgr/rules.h"

/* ------------------------------------------------------------- quantities */

/* "Memory=5" is of "memory". */
static struct quantity *quantity_intern(struct cluster *c, const char *text, size_t name_len)
{
    char *folded = name_fold(text);
    struct quantity *quantity = NULL;

    assert(name_len > 0 && folded[name_len] == '=');
    folded[name_len] = '\0';
    HASH_FIND(by_name, c->quantities, folded, name_len, quantity);
    if (quantity == NULL) {
        quantity = xcalloc(1, sizeof(*quantity));
        quantity->name = folded;
        HASH_ADD_KEYPTR(by_name, c->quantities, quantity->name, name_len, quantity);
    } else {
        free(folded);
    }
    quantity->users++;
    return quantity;
}

static void quantity_drop(struct cluster *c, struct quantity *quantity)
{
    assert(quantity->users > 0);
    if (--quantity->users > 0)
        return;
    HASH_DELETE(by_name, c->quantities, quantity);
    free(quantity->name);
    free(quantity);
}

void quantities_release(struct cluster *c)
{
    struct quantity *quantity, *next;

    HASH_ITER(by_name, c->quantities, quantity, next)
    {
        assert(quantity->users > 0);
        HASH_DELETE(by_name, c->quantities, quantity);
        free(quantity->name);
        free(quantity);
    }
}

/* The caller frees *ret. */
static unsigned quantities_read(struct cluster *c, const struct strings *list, struct need **ret)
{
    unsigned count = 0;
    size_t name_len = 0;

    *ret = list->len > 0 ? xcalloc(QUANTITIES_MAX, sizeof(**ret)) : NULL;
    for (size_t at = 0; at < list->len; at += strlen(list->text + at) + 1) {
        struct need *need = &(*ret)[count++];

        assert(count <= QUANTITIES_MAX);
        if (!quantity_parse(list->text + at, &name_len, &need->amount))
            assert(false); /* Not a checked list. */
        need->quantity = quantity_intern(c, list->text + at, name_len);
    }
    if (count > 0)
        *ret = xrealloc(*ret, count * sizeof(**ret));
    return count;
}

/* -------------------------------------------------------- needs and offers */

void needs_set(struct cluster *c, struct group_record *g, const struct strings *list)
{
    struct need *last = g->needs;
    unsigned last_count = g->need_count;

    assert(g->share.at == NULL && g->share.toward == NULL);
    g->need_count = quantities_read(c, list, &g->needs);
    for (unsigned i = 0; i < last_count; i++)
        quantity_drop(c, last[i].quantity);
    free(last);
}

struct offer *offer_find(const struct node_record *n, const struct quantity *quantity)
{
    assert(quantity != NULL);
    for (unsigned i = 0; i < n->offer_count; i++)
        if (n->offers[i].quantity == quantity)
            return &n->offers[i];
    return NULL;
}

void needs_book(const struct group_record *g, struct node_record *n, bool add)
{
    for (unsigned i = 0; i < g->need_count; i++) {
        struct offer *offer = offer_find(n, g->needs[i].quantity);

        if (offer == NULL)
            continue;
        assert(add || offer->used >= g->needs[i].amount);
        offer->used += add ? g->needs[i].amount : -g->needs[i].amount;
    }
}

/* Offers are new: what counts here is booked on them. */
static void offers_recount(const struct cluster *c, struct node_record *n)
{
    const struct group_record *g;

    for (unsigned i = 0; i < n->group_count; i++)
        if (n->groups[i]->share.at == n)
            needs_book(n->groups[i], n, true);
    if (n->arriving == 0)
        return;
    DL_FOREACH(c->groups, g)
    {
        assert(g->share.toward != n || g->owner != n);
        if (g->share.toward == n)
            needs_book(g, n, true);
    }
}

void offers_set(struct cluster *c, struct node_record *n, const struct strings *list)
{
    struct offer *last = n->offers;
    unsigned last_count = n->offer_count;
    struct need *amounts;

    n->offer_count = quantities_read(c, list, &amounts);
    assert(n->offer_count <= QUANTITIES_MAX);
    n->offers = xcalloc(n->offer_count + 1, sizeof(*n->offers));
    for (unsigned i = 0; i < n->offer_count; i++)
        n->offers[i] = (struct offer){.quantity = amounts[i].quantity, .amount = amounts[i].amount};
    for (unsigned i = 0; i < last_count; i++)
        quantity_drop(c, last[i].quantity);
    free(amounts);
    free(last);
    offers_recount(c, n);
}

/* ------------------------------------------------------------------- room */

/* Room that is being made for a group of higher priority is not there for
 * others: from the moment that it is free the queue hands it out, by priority. */
unsigned need_lacking(const struct group_record *g, const struct node_record *n)
{
    bool counts = g->share.at == n || g->share.toward == n;

    for (unsigned i = 0; i < g->need_count; i++) {
        const struct offer *offer = offer_find(n, g->needs[i].quantity);
        uint64_t amount = g->needs[i].amount, others;

        if (offer == NULL || amount == 0)
            continue;
        others = offer->used - (counts ? amount : 0);
        assert(others <= offer->used);
        if (others + amount > offer->amount || (!counts && n->giving_way > 0))
            return i;
    }
    return g->need_count;
}

/* One that it must keep away from has come while it did not run. */
static bool is_kept_away(const struct cluster *c, const struct group_record *g)
{
    assert(c->settings.enforced_anti_affinity <= 1);
    return c->settings.enforced_anti_affinity != 0 && class_list_others(&g->apart, g, g->owner) > 0;
}

bool room_for_start(struct cluster *c, struct group_record *g)
{
    struct question anywhere = {0};

    assert(g->owner != NULL);
    if (need_lacking(g, g->owner) == g->need_count && !is_kept_away(c, g)) {
        account_claim(c, g);
        /* Whatever becomes of the start, its end settles the account. */
        group_touch(c, g, CAUSE_PERSISTENT_STATE);
        return true;
    }
    if (placement_exists(c, g, &anywhere))
        queue_wake(c);
    else
        preempt_for(c, g);
    return false;
}

/* ---------------------------------------------------------------- recount */

static const char *offers_fault(const struct cluster *c, const struct node_record *n)
{
    for (unsigned i = 0; i < n->offer_count; i++) {
        const struct group_record *g;
        uint64_t used = 0;

        DL_FOREACH(c->groups, g)
        {
            for (unsigned j = 0; j < g->need_count; j++)
                if (g->needs[j].quantity == n->offers[i].quantity &&
                    (g->share.at == n || g->share.toward == n))
                    used += g->needs[j].amount;
        }
        if (used != n->offers[i].used)
            return "a node knows how much of its capacities is used";
    }
    return NULL;
}

const char *capacity_fault(const struct cluster *c)
{
    const char *fault = NULL;

    for (unsigned i = 0; fault == NULL && i < c->node_count; i++)
        fault = offers_fault(c, c->nodes[i]);
    return fault;
}
