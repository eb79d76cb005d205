/* Some resources take longer to end than a node's lease ends before others may start
 * them: their node has a budget for it (TerminateBudget), and their group waits for as
 * long when the node is declared down.
 *
 * The budget that counts is that of the life: it is fixed in the state when the life
 * begins (resource_move()), and the order to start it carries that very number. So a
 * budget that is changed while the resource runs concerns the next life, like all that
 * a handler is given, and what the dead node had or had not applied makes no difference.
 * Of a group one life runs on one node at a time: a new one begins only after the owner's
 * report that nothing of the last is left. So what is Online or pending at the death is
 * all that may run, and the largest budget among it is enough.
 *
 * The wait is not counted in stamps: those are somebody's wall clock, which may jump.
 * Every node notes the boot time at which it applied the death, as it does with renewals;
 * when what the group waits for, and the drift of clocks, has passed since then, the
 * leader says so by NODE_ENDED. The death is applied after the lease has ended on the
 * node's own clock (node/pulse.h); so by then the budget has, too.
 *
 * Invariant: while `ending_ms` is set, placement.c excludes all nodes for the group
 * (group_give() asserts it), and a resource of it goes to no other group. */
#include <stdio.h>
#include <stdlib.h>

#include "groupmgr/rules.h"

bool group_is_held(const struct group_record *g)
{
    assert(g->owner != NULL);
    return g->group.ending_ms != 0 || node_awaits_fencing(g->cluster, &g->owner->node);
}

void ending_begin(struct cluster *c, struct group_record *g)
{
    const struct resource *longest = NULL;
    char text[NAME_BYTES_MAX + 32];

    assert(g->group.ending_ms == 0 && !node_is_up(g->owner));
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        const struct resource *r = g->group.resources[i];

        if (resource_runs(resource_record(r)) && r->budget_ms > 0 &&
            (longest == NULL || r->budget_ms > longest->budget_ms))
            longest = r;
    }
    if (longest == NULL)
        return;
    g->group.ending_ms = longest->budget_ms;
    g->group.ending_resource = longest->id;
    g->group.ending_since_ms = c->now_ms;
    snprintf(text, sizeof(text), "%s, %u ms", longest->name, longest->budget_ms);
    group_note(c, g, CAUSE_ENDING, text);
}

static void ending_end(struct cluster *c, struct group_record *g)
{
    assert(g->group.ending_ms != 0);
    g->group.ending_ms = 0;
    g->group.ending_resource = g->group.ending_since_ms = 0;
    group_note(c, g, CAUSE_ENDED, NULL);
}

/* Of those that need no more than `ms`; false if there was none. By priority, so that
 * the events have one order everywhere. */
static bool endings_end(struct cluster *c, struct node_record *n, uint32_t ms)
{
    struct group_record **groups;
    unsigned count;
    bool any = false;

    if (node_next_ending_ms(c, &n->node) == 0)
        return false;
    groups = node_groups_by_priority(n, &count);
    for (unsigned i = 0; i < count; i++) {
        if (groups[i]->group.ending_ms == 0 || groups[i]->group.ending_ms > ms)
            continue;
        ending_end(c, groups[i]);
        any = true;
    }
    free(groups);
    return any;
}

void endings_forget(struct cluster *c, struct node_record *n)
{
    endings_end(c, n, UINT32_MAX);
    assert(node_next_ending_ms(c, &n->node) == 0);
}

bool ending_is_over(struct cluster *c, struct node_record *n, const struct command *cmd)
{
    if (n == NULL || node_is_up(n) || cmd->cause != CAUSE_NODE_STOPPED ||
        cmd->incarnation != n->node.incarnation || !endings_end(c, n, UINT32_MAX))
        return false;
    if (c->forming_until_ms == 0)
        rescue_stranded(c);
    queue_wake(c);
    return true;
}

uint32_t node_next_ending_ms(const struct cluster *c, const struct node *n)
{
    const struct node_record *record = find_node(c, n->id);
    uint32_t least = 0;

    assert(record != NULL);
    for (unsigned i = 0; i < record->group_count && !node_is_up(record); i++) {
        uint32_t ms = record->groups[i]->group.ending_ms;

        if (ms != 0 && (least == 0 || ms < least))
            least = ms;
    }
    return least;
}

uint32_t apply_node_ended(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node(c, cmd->node);

    assert(cmd->kind == COMMAND_NODE_ENDED);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "node %u", cmd->node);
    if (node_is_up(n) || n->node.incarnation != cmd->incarnation)
        return refuse(reply, ERROR_INVALID_STATE, "%s is in another life", n->node.name);
    if (!endings_end(c, n, cmd->ms))
        return refuse(reply, ERROR_INVALID_STATE, "nothing waits for %u ms of %s", cmd->ms,
                      n->node.name);
    if (c->forming_until_ms == 0)
        rescue_stranded(c);
    queue_wake(c);
    return 0;
}
