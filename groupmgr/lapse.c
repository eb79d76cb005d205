/* Why a node lost its lease. Two see it: the leader, who no longer heard of it, and
 * the node itself, which alone can tell a cable from a frozen machine, and says so
 * when it joins again. Neither decides anything: it is told, and kept. */
#include "groupmgr/rules.h"

#include <stdio.h>

bool cause_is_lapse(enum cause cause)
{
    assert((unsigned)cause < CAUSE_COUNT);
    return cause >= CAUSE_LAPSE_NO_CONNECTION && cause <= CAUSE_LAPSE_DAEMON_DEAD;
}

static void lapse_note(struct cluster *c, struct node_record *n, enum cause cause, uint32_t ms,
                       const char *what)
{
    char text[80];

    assert(what != NULL);
    snprintf(text, sizeof(text), "%s%u ms", what, (unsigned)ms);
    node_note(c, n, cause, text);
}

void lapse_begin(struct cluster *c, struct node_record *n, const struct command *cmd)
{
    assert(cmd->kind == COMMAND_NODE_DOWN && !node_is_up(n));
    n->node.lapse = (struct lapse){.down_index = c->index, .unheard_ms = cmd->ms};
    if (cmd->ms != 0)
        lapse_note(c, n, cmd->cause, cmd->ms, "not heard of for ");
}

void lapse_tell(struct cluster *c, struct node_record *n, const struct command *cmd)
{
    struct lapse *l = &n->node.lapse;

    assert(cmd->kind == COMMAND_NODE_UP);
    if (cmd->cause == CAUSE_NONE)
        return;
    /* Another life began and ended since: this is not about its end. */
    if (l->down_index != 0 && l->why.index != 0)
        *l = (struct lapse){0};
    l->why = why_now(c, cmd->cause);
    l->ms = cmd->ms;
    lapse_note(c, n, cmd->cause, cmd->ms, "for ");
}
