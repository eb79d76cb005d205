#include "tests/groupmgr/choice.h"

#include <string.h>

struct group_record *choice_group(struct world *w, const char *name)
{
    return group_record(world_group(w, name));
}

struct node_record *choice_of(struct world *w, const char *node)
{
    return node_record(world_node(w, node));
}

const char *choice_text(struct world *w, const struct candidate *candidates, unsigned count)
{
    bytes_clear(&w->text);
    for (unsigned i = 0; i < count; i++) {
        const struct candidate *one = &candidates[i];

        cr_assert(i == 0 || candidates[i - 1].node < one->node);
        bytes_printf(&w->text, "%s%s %s", i == 0 ? "" : ", ",
                     cluster_node(w->cluster, one->node)->name, placement_rule_name(one->rule));
        if (one->rule > PLACEMENT_NOT_TARGET)
            bytes_printf(&w->text, " %u:%u", one->value, one->best);
        else if (one->value != 0)
            bytes_printf(&w->text, " %u", one->value);
    }
    bytes_append(&w->text, "", 1);
    return (const char *)w->text.data;
}

const char *choice_kept(struct world *w, const char *group)
{
    const struct placement *p = &world_group(w, group)->placement;

    return choice_text(w, p->candidates, p->candidate_count);
}

const char *choice_now(struct world *w, const char *group, const struct question *q)
{
    placement_choose(w->cluster, choice_group(w, group), q);
    return choice_text(w, w->cluster->decision.candidates, w->cluster->decision.candidate_count);
}

const char *choice_node(struct world *w, const char *group, const struct question *q)
{
    const struct node_record *n = placement_choose(w->cluster, choice_group(w, group), q);

    cr_assert_eq(n != NULL, placement_exists(w->cluster, choice_group(w, group), q));
    return n != NULL ? n->node.name : "-";
}

uint64_t choice_used(struct world *w, const char *node, const char *quantity)
{
    const struct node_record *n = choice_of(w, node);

    for (unsigned i = 0; i < n->offer_count; i++)
        if (strcmp(n->offers[i].quantity->name, quantity) == 0)
            return n->offers[i].used;
    cr_assert(false, "%s offers no %s", node, quantity);
    return 0;
}
