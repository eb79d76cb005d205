/* A node that is lost is switched off before its groups go on.
 *
 *     NONE -> UNDER_WAY -> CONFIRMED
 *                 |  `---> FAILED -> UNDER_WAY (again)
 *                 `-> NONE (it stopped by itself)        all -> NONE: NODE_UP
 *
 * Whoever leads reads off the state what is to be done (node/fence.h): nothing of
 * it is remembered elsewhere, so a new leader goes on.
 *
 * Invariant: what is switched off is the incarnation that the fencing began for.
 * It begins for the present incarnation only; while it is under way no other one
 * can begin (NODE_UP is refused); and each attempt is a command of its own, so a
 * leader that was deposed can begin none, and the result of one that somebody else
 * has taken over is refused.
 *
 * Invariant: a node's groups have no new owner between its death and the end of
 * its fencing: placement.c excludes all nodes, group_give() asserts it.
 *
 * While it is under way the lease is not renewed. So if it fails the lease ends by
 * itself, and the node is down by the rule of leases as it would be without any
 * fencing; if it does not fail, its end need not be waited for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

static bool is_required(const struct cluster *c, const struct node *n)
{
    assert(n->fencing_required <= 1 && c->settings.fencing_required <= 1);
    return n->fencing_required != 0 || c->settings.fencing_required != 0;
}

bool node_awaits_fencing(const struct cluster *c, const struct node *n)
{
    if (n->state != NODE_DOWN)
        return false;
    assert(n->fencing.state <= FENCING_FAILED);
    return n->fencing.state == FENCING_UNDER_WAY ||
           (n->fencing.state == FENCING_FAILED && is_required(c, n));
}

const char *fencing_fault(const struct cluster *c, const struct node_record *n)
{
    const struct fencing *f = &n->node.fencing;
    struct fence_item items[FENCE_ITEMS_MAX];
    unsigned count;

    MUST(n->node.fence_levels.text != NULL);
    for (unsigned level = fence_level_next(&n->node, 0); level != 0;
         level = fence_level_next(&n->node, level)) {
        MUST(fence_level_items(&n->node, level, items, &count));
        for (unsigned i = 0; i < count; i++)
            MUST(cluster_fence_device(c, items[i].device) != NULL);
    }
    MUST(f->state <= FENCING_FAILED && f->level <= FENCE_LEVELS_MAX);
    MUST((f->state == FENCING_NONE) == (f->why.index == 0));
    MUST(f->state != FENCING_NONE || (!f->power_on && f->by == 0 && f->level == 0));
    MUST(f->state != FENCING_CONFIRMED || n->node.state == NODE_DOWN);
    MUST(f->attempt == 0 || (f->state == FENCING_UNDER_WAY && f->attempt <= c->index));
    MUST(f->attempt == 0 || (f->by != 0 && f->level != 0));
    return NULL;
}

/* ----------------------------------------------------------------- moves */

static void fencing_enter(struct cluster *c, struct node_record *n, enum fencing_state next,
                          enum cause cause, const char *text)
{
    static const unsigned next_of[] = {
        [FENCING_NONE] = 1u << FENCING_UNDER_WAY | 1u << FENCING_FAILED | 1u << FENCING_CONFIRMED,
        [FENCING_UNDER_WAY] = 1u << FENCING_NONE | 1u << FENCING_CONFIRMED | 1u << FENCING_FAILED,
        [FENCING_CONFIRMED] = 1u << FENCING_UNDER_WAY | 1u << FENCING_CONFIRMED,
        [FENCING_FAILED] = 1u << FENCING_UNDER_WAY | 1u << FENCING_CONFIRMED | 1u << FENCING_FAILED,
    };
    struct fencing *f = &n->node.fencing;

    assert((next_of[f->state] & 1u << next) != 0);
    f->state = next;
    f->attempt = 0;
    f->why = why_now(c, cause);
    if (next == FENCING_NONE)
        *f = (struct fencing){0};
    node_note(c, n, cause, text);
}

void fencing_forget(struct node_record *n)
{
    assert(!node_is_fenced_now(n));
    n->node.fencing = (struct fencing){0};
}

static void fencing_begin(struct cluster *c, struct node_record *n, bool power_on)
{
    assert(!node_is_fenced_now(n));
    fencing_enter(c, n, FENCING_UNDER_WAY, CAUSE_FENCING_BEGUN, power_on ? "reboot" : "off");
    n->node.fencing.power_on = power_on;
    n->node.fencing.level = 0;
    n->node.fencing.by = 0;
}

void fencing_on_death(struct cluster *c, struct node_record *n, enum cause cause)
{
    bool under_way = node_is_fenced_now(n);

    assert(node_is_up(n));
    if (cause == CAUSE_NODE_STOPPED) {
        /* Its own word that nothing runs there is as good. */
        if (under_way)
            fencing_enter(c, n, FENCING_NONE, CAUSE_FENCING_CANCELLED, NULL);
    } else if (!under_way && n->node.fence_levels.len > 0) {
        fencing_begin(c, n, n->node.fencing_off == 0);
    } else if (!under_way && is_required(c, &n->node)) {
        fencing_enter(c, n, FENCING_FAILED, CAUSE_FENCING_FAILED, "it has no fence devices");
    }
}

/* It is off: what it had may go on elsewhere, whatever is left of its lease. */
static void fencing_confirm(struct cluster *c, struct node_record *n, enum cause cause,
                            const char *text)
{
    fencing_enter(c, n, FENCING_CONFIRMED, cause, text);
    endings_forget(c, n);
    if (node_is_up(n)) {
        node_die(c, n, cause);
        return;
    }
    if (c->forming_until_ms == 0)
        node_for_groups(c, n, group_rescue, cause);
    queue_wake(c);
    assert(!node_awaits_fencing(c, &n->node));
}

static void fencing_fail(struct cluster *c, struct node_record *n, const char *text)
{
    fencing_enter(c, n, FENCING_FAILED, CAUSE_FENCING_FAILED, text);
    n->node.fencing.power_on = false;
    if (node_is_up(n))
        node_hosts(c, n, CAUSE_FENCING_FAILED);
    else if (c->forming_until_ms == 0)
        rescue_stranded(c); /* By the rule of leases. */
    assert(!node_is_fenced_now(n));
}

/* ------------------------------------------------------------------ calls */

static bool somebody_else_is_up(const struct cluster *c, const struct node_record *n)
{
    assert(n != NULL);
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i] != n && node_is_up(c->nodes[i]))
            return true;
    return false;
}

/* By the leader: of an incarnation that it does not hear of, or whose fencing failed. */
static uint32_t unheard_check(const struct node_record *n, const struct command *cmd,
                              struct reply *reply)
{
    assert(cmd->name == NULL);
    if (n->node.incarnation != cmd->incarnation)
        return refuse(reply, ERROR_INVALID_STATE, "%s is in another life", n->node.name);
    if (node_is_up(n) && n->node.renewed_seq > cmd->node_seq)
        return refuse(reply, ERROR_INVALID_STATE, "%s has renewed its lease", n->node.name);
    if (!node_is_up(n) && n->node.fencing.state != FENCING_FAILED)
        return refuse(reply, ERROR_INVALID_STATE, "%s is down", n->node.name);
    return 0;
}

uint32_t apply_fence_node(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    bool by_client = cmd->name != NULL;
    struct node_record *n = by_client ? find_node_by_name(c, cmd->name) : find_node(c, cmd->node);
    uint32_t code = 0;

    assert(cmd->kind == COMMAND_FENCE_NODE);
    if (cmd->flags > FENCE_REBOOT)
        return refuse(reply, ERROR_INVALID_PARAMETER, "action %u", cmd->flags);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s", by_client ? cmd->name : "");
    if (node_is_fenced_now(n))
        return refuse(reply, ERROR_INVALID_STATE, "%s is being fenced already", n->node.name);
    if (n->node.fence_levels.len == 0)
        return refuse(reply, ERROR_INVALID_STATE, "%s has no fence devices: see `fence level`",
                      n->node.name);
    if (by_client && !somebody_else_is_up(c, n))
        return refuse(reply, ERROR_HOST_NODE_NOT_AVAILABLE, "no other node is up to do it");
    if (!by_client)
        code = unheard_check(n, cmd, reply);
    if (code != 0)
        return code;
    fencing_begin(c, n,
                  cmd->flags == FENCE_AS_CONFIGURED ? n->node.fencing_off == 0
                                                    : cmd->flags == FENCE_REBOOT);
    if (node_is_up(n))
        node_shun(c, n);
    return 0;
}

uint32_t apply_fence_confirm(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node_by_name(c, cmd->name);

    assert(cmd->kind == COMMAND_FENCE_CONFIRM);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "%s",
                      cmd->name != NULL ? cmd->name : "");
    if (node_is_up(n) && !node_is_fenced_now(n))
        return refuse(reply, ERROR_INVALID_STATE, "%s is up: it renews its lease", n->node.name);
    if (n->node.fencing.state == FENCING_CONFIRMED)
        return 0;
    n->node.fencing.power_on = false;
    fencing_confirm(c, n, CAUSE_FENCING_CONFIRMED, NULL);
    return 0;
}

/* ------------------------------------------------- by who works at it */

uint32_t apply_fence_attempt(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node(c, cmd->node);
    const struct node_record *by = find_node(c, cmd->by);
    char text[NAME_BYTES_MAX + 32];

    assert(cmd->kind == COMMAND_FENCE_ATTEMPT);
    if (n == NULL || by == NULL || by == n)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "node %u by node %u", cmd->node,
                      cmd->by);
    if (!node_is_fenced_now(n) || n->node.incarnation != cmd->incarnation)
        return refuse(reply, ERROR_INVALID_STATE, "%s is not to be fenced, or in another life",
                      n->node.name);
    if (cmd->level < 1 || cmd->level > FENCE_LEVELS_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "level %u", cmd->level);
    n->node.fencing.by = cmd->by;
    n->node.fencing.level = cmd->level;
    n->node.fencing.attempt = c->index;
    snprintf(text, sizeof(text), "level %u, by %s", cmd->level, by->node.name);
    node_note(c, n, CAUSE_FENCING_ATTEMPT, text);
    return 0;
}

/* Switching on is an extra: it decides nothing any more. */
static uint32_t power_result(struct cluster *c, struct node_record *n, bool is_on, const char *text,
                             struct reply *reply)
{
    struct fencing *f = &n->node.fencing;

    if (f->state != FENCING_CONFIRMED || !f->power_on)
        return refuse(reply, ERROR_INVALID_STATE, "%s is not to be switched on", n->node.name);
    f->power_on = false;
    node_note(c, n, is_on ? CAUSE_POWERED_ON : CAUSE_POWER_ON_FAILED, text);
    assert(!node_is_up(n));
    return 0;
}

uint32_t apply_fence_result(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node(c, cmd->node);

    assert(cmd->kind == COMMAND_FENCE_RESULT);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "node %u", cmd->node);
    if (n->node.incarnation != cmd->incarnation)
        return refuse(reply, ERROR_INVALID_STATE, "%s is in another life", n->node.name);
    if (cmd->flags == FENCE_RESULT_ON || cmd->flags == FENCE_RESULT_NOT_ON)
        return power_result(c, n, cmd->flags == FENCE_RESULT_ON, cmd->other, reply);
    /* 0: there was no level to try. */
    if (!node_is_fenced_now(n) || n->node.fencing.attempt != cmd->attempt)
        return refuse(reply, ERROR_INVALID_STATE, "another attempt to fence %s has begun, or none",
                      n->node.name);
    switch (cmd->flags) {
    case FENCE_RESULT_OFF:
        if (cmd->attempt == 0)
            break;
        fencing_confirm(c, n, CAUSE_FENCED, cmd->other);
        return 0;
    case FENCE_RESULT_LEVEL_FAILED:
        n->node.fencing.attempt = 0;
        node_note(c, n, CAUSE_FENCING_LEVEL_FAILED, cmd->other);
        return 0;
    case FENCE_RESULT_FAILED:
        fencing_fail(c, n, cmd->other);
        return 0;
    }
    return refuse(reply, ERROR_INVALID_PARAMETER, "result %u", cmd->flags);
}
