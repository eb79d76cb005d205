/* What becomes of a choice: it is forgotten with its command (a call that was
 * refused has changed nothing), or an operation goes by it and carries it along
 * (`planned`), until the group has arrived and it explains the owner. */
#include "groupmgr/decision.h"

#include <stdlib.h>
#include <string.h>

struct candidate *candidates_copy(const struct candidate *candidates, unsigned count)
{
    struct candidate *copy;

    if (count == 0)
        return NULL;
    assert(candidates != NULL && count <= NODES_MAX);
    copy = xcalloc(count, sizeof(*copy));
    memcpy(copy, candidates, count * sizeof(*copy));
    return copy;
}

void decision_keep(struct cluster *c, const struct judging *j, const struct judged *chosen)
{
    struct placement *p = &c->decision;

    assert(c->node_count <= NODES_MAX);
    *p = (struct placement){.why = j->q->why != NULL ? *j->q->why : why_now(c, CAUSE_NONE),
                            .chosen = chosen != NULL ? chosen->n->node.id : 0,
                            .candidates = c->candidates,
                            .candidate_count = c->node_count};
    c->decided_for = j->g;
    c->decided_at = c->index;
    for (unsigned i = 0; i < c->node_count; i++)
        p->candidates[i] = (struct candidate){.node = j->nodes[i].n->node.id,
                                              .rule = j->nodes[i].rule,
                                              .value = j->nodes[i].value,
                                              .best = j->nodes[i].best};
}

/* The present command chose `node` for `g`. */
static bool decided(const struct cluster *c, const struct group_record *g, uint32_t node)
{
    assert(node != 0);
    return c->decided_for == g && c->decided_at == c->index && c->decision.chosen == node;
}

static void placement_take(struct placement *p, const struct placement *from)
{
    struct placement copy = *from;

    assert(p != from);
    copy.candidates = candidates_copy(from->candidates, from->candidate_count);
    free(p->candidates);
    *p = copy;
}

/* A node is there or not, or has another reason; what the rule counted does not matter. */
static bool placement_differs(const struct placement *a, const struct placement *b)
{
    bool differs = a->candidate_count != b->candidate_count;

    assert(a->candidate_count <= NODES_MAX);
    for (unsigned i = 0; !differs && i < a->candidate_count; i++)
        differs = a->candidates[i].node != b->candidates[i].node ||
                  a->candidates[i].rule != b->candidates[i].rule;
    return differs;
}

void placement_forget(struct cluster *c, struct group_record *g)
{
    if (g->planned.chosen == 0)
        return;
    assert(g->planned.chosen != g->group.owner || g->group.placement.chosen == g->group.owner);
    free(g->planned.candidates);
    memset(&g->planned, 0, sizeof(g->planned));
    digest_touch(c, &g->tracked);
}

void placement_plan(struct cluster *c, struct group_record *g, const struct node_record *target)
{
    struct placement named = {.why = why_now(c, CAUSE_NONE), .chosen = target->node.id};

    if (target == g->owner)
        placement_forget(c, g);
    else if (decided(c, g, target->node.id))
        placement_take(&g->planned, &c->decision);
    else if (g->planned.chosen != target->node.id)
        placement_take(&g->planned, &named);
    assert(g->planned.chosen == 0 || g->planned.chosen == target->node.id);
    digest_touch(c, &g->tracked);
}

void placement_nowhere(struct cluster *c, struct group_record *g)
{
    bool is_new = g->group.nowhere.why.index == 0;

    assert(c->decided_for == g && c->decided_at == c->index && c->decision.chosen == 0);
    if (!is_new && !placement_differs(&g->group.nowhere, &c->decision))
        return;
    placement_take(&g->group.nowhere, &c->decision);
    g->group.nowhere.why.cause = CAUSE_NO_OTHER_NODE;
    digest_touch(c, &g->tracked);
    if (is_new)
        group_note_nowhere(c, g);
}

void placement_found(struct cluster *c, struct group_record *g)
{
    assert(g->group.nowhere.chosen == 0);
    if (g->group.nowhere.why.index == 0)
        return;
    free(g->group.nowhere.candidates);
    memset(&g->group.nowhere, 0, sizeof(g->group.nowhere));
    digest_touch(c, &g->tracked);
}

void placement_settle(struct cluster *c, struct group_record *g, enum cause cause)
{
    struct placement named = {.why = why_now(c, cause), .chosen = g->group.owner};
    const struct placement *made = &named;

    if (decided(c, g, g->group.owner))
        made = &c->decision;
    else if (g->planned.chosen == g->group.owner)
        made = &g->planned;
    placement_take(&g->group.placement, made);
    g->group.placement.why.cause = cause;
    placement_forget(c, g);
    if (cause != CAUSE_WAITS_FOR_NODE) /* There it is only kept, until a node is found. */
        placement_found(c, g);
    assert(g->group.placement.chosen == g->group.owner && g->planned.chosen == 0);
    digest_touch(c, &g->tracked);
}
