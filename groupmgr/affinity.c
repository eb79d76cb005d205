/* Groups that keep apart or together, and the sites and racks over which those
 * that keep apart are spread. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ---------------------------------------------------------------- classes */

static struct affinity_class *class_intern(struct affinity_class **table, const char *name)
{
    char *folded = name_fold(name);
    struct affinity_class *class = NULL;

    HASH_FIND(by_name, *table, folded, strlen(folded), class);
    if (class != NULL) {
        free(folded);
        return class;
    }
    class = xcalloc(1, sizeof(*class));
    class->name = folded;
    HASH_ADD_KEYPTR(by_name, *table, class->name, strlen(class->name), class);
    return class;
}

static void class_drop(struct affinity_class **table, struct affinity_class *class)
{
    assert(class->users > 0);
    if (--class->users > 0)
        return;
    for (unsigned i = 0; i < NODES_MAX; i++)
        assert(class->counts[i] == 0);
    HASH_DELETE(by_name, *table, class);
    free(class->name);
    free(class);
}

static bool class_list_has(const struct class_list *list, const struct affinity_class *class)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i] == class)
            return true;
    return false;
}

void class_list_set(struct affinity_class **table, struct class_list *list,
                    const struct strings *names)
{
    struct class_list last = *list;

    memset(list, 0, sizeof(*list));
    for (size_t at = 0; at < names->len; at += strlen(names->text + at) + 1) {
        struct affinity_class *class = class_intern(table, names->text + at);

        if (class_list_has(list, class))
            continue;
        assert(list->count < CLASSES_MAX);
        list->items = xrealloc(list->items, (list->count + 1) * sizeof(struct affinity_class *));
        list->items[list->count++] = class;
        class->users++;
    }
    for (unsigned i = 0; i < last.count; i++)
        class_drop(table, last.items[i]);
    free(last.items);
}

void class_list_count(const struct class_list *list, const struct node_record *n, int by)
{
    for (unsigned i = 0; i < list->count; i++) {
        list->items[i]->counts[n->slot] = (uint16_t)(list->items[i]->counts[n->slot] + by);
        assert(list->items[i]->counts[n->slot] <= GROUPS_MAX);
    }
}

unsigned class_list_others(const struct class_list *list, const struct group_record *g,
                           const struct node_record *n)
{
    unsigned itself = g->share.at == n || g->share.toward == n, others = 0;

    for (unsigned i = 0; i < list->count; i++) {
        assert(list->items[i]->counts[n->slot] >= itself);
        others += list->items[i]->counts[n->slot] - itself;
    }
    return others;
}

void classes_release(struct affinity_class **table)
{
    struct affinity_class *class, *next;

    HASH_ITER(by_name, *table, class, next)
    {
        assert(class->users > 0);
        HASH_DELETE(by_name, *table, class);
        free(class->name);
        free(class);
    }
}

/* ---------------------------------------------------------- fault domains */

void domains_update(struct cluster *c)
{
    for (unsigned i = 0; i < c->node_count; i++) {
        struct node_record *n = c->nodes[i];

        n->site_slot = n->rack_slot = n->slot;
        for (unsigned j = 0; j < i && n->node.site[0] != '\0'; j++)
            if (name_equal(c->nodes[j]->node.site, n->node.site)) {
                n->site_slot = c->nodes[j]->site_slot;
                break;
            }
        /* Racks of the same name in two sites are two racks. */
        for (unsigned j = 0; j < i && n->node.rack[0] != '\0'; j++)
            if (name_equal(c->nodes[j]->node.rack, n->node.rack) &&
                name_equal(c->nodes[j]->node.site, n->node.site)) {
                n->rack_slot = c->nodes[j]->rack_slot;
                break;
            }
        assert(n->site_slot < NODES_MAX && n->rack_slot < NODES_MAX);
    }
}

/* --------------------------------------------------------------- conflict */

bool anti_affinity_conflict(const struct group_record *g)
{
    const struct cluster *c = g->cluster;
    const struct operation *op = &g->group.operation;
    struct question q = {.ignore_affinity = false}, regardless = {.ignore_affinity = true};
    bool stranded = op->kind == OPERATION_NONE && !node_can_host(g->owner);

    if (c->settings.enforced_anti_affinity == 0 || g->apart.count == 0 ||
        (!op->queued && !stranded) || group_runs(g) || !group_is_wanted(g))
        return false;
    assert(g->owner != NULL);
    return !placement_exists(c, g, &q) && placement_exists(c, g, &regardless);
}

/* ---------------------------------------------------------------- recount */

static const char *class_fault(const struct cluster *c, const struct affinity_class *class,
                               bool apart)
{
    unsigned users = 0, counts[NODES_MAX] = {0};
    const struct group_record *g;

    DL_FOREACH(c->groups, g)
    {
        if (!class_list_has(apart ? &g->apart : &g->together, class))
            continue;
        users++;
        if (g->share.at != NULL)
            counts[g->share.at->slot]++;
        if (g->share.toward != NULL)
            counts[g->share.toward->slot]++;
    }
    if (users != class->users)
        return "a class knows how many groups name it";
    for (unsigned i = 0; i < NODES_MAX; i++)
        if (counts[i] != class->counts[i])
            return "a class knows where its groups count";
    return NULL;
}

const char *classes_fault(const struct cluster *c)
{
    const struct affinity_class *class, *next;
    const char *fault = NULL;

    HASH_ITER(by_name, c->apart, class, next)
    {
        if (fault == NULL)
            fault = class_fault(c, class, true);
    }
    HASH_ITER(by_name, c->together, class, next)
    {
        if (fault == NULL)
            fault = class_fault(c, class, false);
    }
    return fault;
}
