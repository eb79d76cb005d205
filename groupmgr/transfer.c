/* Operations of a group, and its way from one owner to the next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

/* ------------------------------------------------------------- operations */

void operation_clear(struct group_record *g)
{
    free(g->group.operation.instructions);
    memset(&g->group.operation, 0, sizeof(g->group.operation));
}

void operation_begin(struct cluster *c, struct group_record *g, enum operation_kind kind,
                     enum cause cause)
{
    operation_clear(g);
    g->group.operation.kind = kind;
    g->group.operation.id = c->index;
    g->group.operation.source = g->group.owner;
    g->group.operation.was_persistent_online = g->group.persistent_online;
    g->group.operation.since_ms = c->now_ms;
    g->group.operation.cause = cause;
    group_touch(c, g, cause);
}

void operation_target(struct cluster *c, struct group_record *g, const struct node_record *target)
{
    g->group.operation.target = target->node.id;
    digest_touch(c, &g->tracked);
}

void operation_instruct(struct cluster *c, struct group_record *g, const struct command *cmd)
{
    struct operation *op = &g->group.operation;

    op->flags = cmd->flags;
    if (cmd->instructions_len > 0) {
        op->instructions = xmalloc(cmd->instructions_len);
        memcpy(op->instructions, cmd->instructions, cmd->instructions_len);
        op->instructions_len = cmd->instructions_len;
    }
    digest_touch(c, &g->tracked);
}

void operation_end(struct cluster *c, struct group_record *g)
{
    /* One that was done within its own command shows what asked for it. */
    enum cause cause =
        g->group.operation.id == c->index ? g->group.operation.cause : CAUSE_OPERATION_ENDED;

    operation_clear(g);
    group_touch(c, g, cause);
}

bool operation_is_leaving(const struct group_record *g)
{
    return g->group.operation.target != 0 && g->group.operation.target != g->group.owner;
}

/* ----------------------------------------------------------------- owners */

void group_give(struct cluster *c, struct group_record *g, struct node_record *owner,
                       enum cause cause)
{
    char text[NAME_BYTES_MAX + 16];

    assert(!group_runs(g));
    snprintf(text, sizeof(text), "owner was %s", g->owner->node.name);
    group_book(g, owner);
    g->group.token = c->index;
    placement_settle(c, g, cause);
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        /* Failures and restarts are counted per stay on a node. */
        r->resource.restarts = 0;
        r->resource.restarts_since_ms = 0;
        digest_touch(c, &r->tracked);
        if (r->resource.state == RESOURCE_FAILED)
            resource_enter(c, r, RESOURCE_OFFLINE, cause);
    }
    group_note_owner(c, g, cause, text);
    group_touch(c, g, cause);
}

void transfer_begin(struct cluster *c, struct group_record *g, enum operation_kind kind,
                    const struct node_record *target, enum cause cause)
{
    operation_begin(c, g, kind, cause);
    operation_target(c, g, target);
    plan_stop_all(c, g, cause);
}

/* The target may have gone while the group was stopping: then another one, and
 * as a last resort the owner itself, which has all it needs. */
static struct node_record *transfer_host(struct cluster *c, struct group_record *g)
{
    struct node_record *target = find_node(c, g->group.operation.target);

    if (target == NULL || !node_can_host(target))
        target = placement_choose(c, g, &(struct question){.not_this = g->owner});
    return target != NULL ? target : g->owner;
}

void transfer_arrive(struct cluster *c, struct group_record *g)
{
    struct node_record *host = transfer_host(c, g);
    enum cause cause = g->group.operation.cause;

    operation_target(c, g, host);
    if (host != g->owner)
        group_give(c, g, host, cause);
    plan_start_wanted(c, g, cause);
}
