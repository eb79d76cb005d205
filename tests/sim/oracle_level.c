/* Functional levels: no node is given what its programs do not know. */
#include <inttypes.h>

#include "node/config.h"
#include "tests/sim/oracle.h"

static unsigned level; /* By the last command that was applied first. */

void oracle_judge_reader(const struct cluster *c)
{
    const struct machine *m = sim.current->machine;

    if (cluster_level(c) > m->config->functional_level)
        fail("[%" PRIu64 "] %s goes on at functional level %u, its programs know %u",
             cluster_index(c), m->name, cluster_level(c), m->config->functional_level);
}

/* Commands that the first level has not, and fields of others. */
static bool is_known(const struct command *cmd)
{
    bool known = cmd->kind != COMMAND_NODE_ENDED;

    for (unsigned i = 0; i < cmd->renewal_count; i++)
        known &= cmd->renewals[i].flags == 0;
    return known;
}

static void judge_properties(const struct cluster *c)
{
    for (const struct group *g = cluster_next_group(c, NULL); g != NULL;
         g = cluster_next_group(c, g))
        for (unsigned i = 0; i < g->resource_count; i++)
            if (g->resources[i]->terminate_budget_ms != 0 || g->resources[i]->self_fencing != 0)
                fail("[%" PRIu64 "] %s has what functional level %u does not know",
                     cluster_index(c), g->resources[i]->name, level);
}

static void judge_raise(const struct cluster *c)
{
    for (const struct node *n = cluster_next_node(c, NULL); n != NULL; n = cluster_next_node(c, n))
        if (n->level_max < cluster_level(c))
            fail("[%" PRIu64 "] the functional level is %u, and %s knows %u", cluster_index(c),
                 cluster_level(c), n->name, n->level_max);
}

void oracle_judge_level(const struct cluster *c, const struct command *cmd, uint32_t code)
{
    if (cluster_level(c) < level)
        fail("[%" PRIu64 "] the functional level went from %u to %u", cluster_index(c), level,
             cluster_level(c));
    if (level == LEVEL_MIN && !is_known(cmd))
        fail("[%" PRIu64 "] %s is proposed at functional level %u", cluster_index(c),
             command_kind_name(cmd->kind), level);
    if (cmd->kind == COMMAND_NODE_UP && code == 0 && cmd->level < cluster_level(c))
        fail("[%" PRIu64 "] node %u comes up, which does not know functional level %u",
             cluster_index(c), cmd->node, cluster_level(c));
    if (cmd->kind == COMMAND_CLUSTER_LEVEL || cmd->kind == COMMAND_CLUSTER_INIT)
        judge_raise(c);
    level = cluster_level(c);
    if (level == LEVEL_MIN)
        judge_properties(c);
}

unsigned oracle_level(void)
{
    return level;
}

void oracle_forget_level(void)
{
    level = 0;
}
