/* What a rehearsal of the scenario's command says is what then happens, as far as
 * the handlers obey. Only what happens at once is compared: a scenario goes on
 * with another command, or with a fault, before everything has fallen due. */
#include <string.h>

#include "groupmgr/rehearse.h"
#include "tests/groupmgr/tree.h"
#include "tests/scenarios/stage.h"

static bool all_obey(const struct stage *s)
{
    for (unsigned i = 0; i <= NODES_MAX; i++)
        if (s->silent[i])
            return false;
    return s->handler_count == 0 && !s->held;
}

void foresee(struct stage *s, const struct command *cmd)
{
    const struct rehearsal how = {.commands_max = REHEARSAL_COMMANDS_MAX};
    struct arena arena = {0};
    struct reply reply;

    cluster_free(s->foreseen);
    s->foreseen = NULL;
    if (!all_obey(s) || cluster_now_ms(s->cluster) != s->now_ms)
        return;
    if (cluster_read(tree_of_cluster(s->cluster, &arena), &s->foreseen) != 0)
        stage_alarm(s, "the snapshot cannot be restored");
    rehearse(s->foreseen, &how, cmd, 1, &reply);
    s->foreseen_code = reply.code;
    arena_release(&arena);
}

static void check_group(struct stage *s, const struct group *g)
{
    const struct group *f = cluster_group(s->foreseen, g->id);

    if (f == NULL || f->state != g->state || f->owner != g->owner ||
        f->resource_count != g->resource_count)
        stage_alarm(s, "%s is %s on node %u, and was foreseen %s on %u", g->name,
                    group_state_name(g->state), g->owner,
                    f == NULL ? "gone" : group_state_name(f->state), f == NULL ? 0 : f->owner);
    for (unsigned i = 0; i < g->resource_count; i++)
        if (f->resources[i]->state != g->resources[i]->state)
            stage_alarm(s, "%s is %s, and was foreseen %s", g->resources[i]->name,
                        resource_state_name(g->resources[i]->state),
                        resource_state_name(f->resources[i]->state));
}

void foresee_check(struct stage *s)
{
    const struct group *g = NULL;

    if (s->foreseen == NULL)
        return;
    if (s->foreseen_code != s->reply.code)
        stage_alarm(s, "it was foreseen with the code %u", s->foreseen_code);
    while ((g = cluster_next_group(s->cluster, g)) != NULL)
        check_group(s, g);
    for (g = NULL; (g = cluster_next_group(s->foreseen, g)) != NULL;)
        if (cluster_group(s->cluster, g->id) == NULL)
            stage_alarm(s, "%s is gone, and was foreseen to be there", g->name);
    cluster_free(s->foreseen);
    s->foreseen = NULL;
    s->foresights++;
}
