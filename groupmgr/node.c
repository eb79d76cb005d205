/* Nodes come up, go down, are about to leave, and renew their leases. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

unsigned hosts_count(const struct cluster *c)
{
    unsigned hosts = 0;

    for (unsigned i = 0; i < c->node_count; i++)
        hosts += !c->nodes[i]->node.witness;
    assert(hosts <= c->node_count);
    return hosts;
}

static unsigned hosts_up(const struct cluster *c)
{
    unsigned up = 0;

    for (unsigned i = 0; i < c->node_count; i++)
        up += node_is_up(c->nodes[i]) && !c->nodes[i]->node.witness;
    assert(up <= c->node_count);
    return up;
}

void node_for_groups(struct cluster *c, struct node_record *n,
                     void (*act)(struct cluster *, struct group_record *, enum cause),
                     enum cause cause)
{
    unsigned count;
    struct group_record **groups = node_groups_by_priority(n, &count);

    assert(groups != NULL);
    for (unsigned i = 0; i < count; i++)
        act(c, groups[i], cause);
    free(groups);
}

/* ------------------------------------------------------------- cold start */

/* After a stop of all nodes the first one back must not take everything: the
 * others are likely on their way, each to its own groups. */
void forming_update(struct cluster *c, bool cold_start)
{
    uint64_t wait_ms = (uint64_t)c->settings.group_wait_delay_s * 1000;

    assert(!cold_start || hosts_up(c) > 0);
    if (cold_start && wait_ms > 0)
        timer_set_in(c, &c->forming, wait_ms);
    if (hosts_up(c) == hosts_count(c) || hosts_up(c) == 0)
        timer_set(c, &c->forming, 0);
}

void forming_due(struct cluster *c)
{
    assert(c->forming_until_ms == 0);
    rescue_stranded(c);
}

/* --------------------------------------------------------------------- up */

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static uint32_t node_up_check(const struct cluster *c, const struct command *cmd,
                              struct reply *reply)
{
    const struct node_record *known = find_node(c, cmd->node);
    const struct node_record *namesake = find_node_by_name(c, cmd->name);
    uint32_t code;

    assert(cmd->kind == COMMAND_NODE_UP);
    if (cmd->node == 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "node 0");
    if ((cmd->flags & ~(uint32_t)NODE_UP_WITNESS) != 0)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags);
    if (cmd->cause != CAUSE_NONE && !cause_is_lapse(cmd->cause))
        return refuse(reply, ERROR_INVALID_PARAMETER, "cause %u", (unsigned)cmd->cause);
    if (!name_is_valid(cmd->name))
        return refuse(reply, ERROR_INVALID_NAME, "name of node %u", cmd->node);
    if (namesake != NULL && namesake != known)
        return refuse(reply, ERROR_CLUSTER_NODE_EXISTS, "%s is node %u", namesake->node.name,
                      namesake->node.id);
    /* What works at switching it off would hit its new life. */
    if (known != NULL && node_is_fenced_now(known))
        return refuse(reply, ERROR_INVALID_STATE, "%s is being fenced: it can come back after that",
                      known->node.name);
    if (departed_find(c, cmd->node) != NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_MEMBER, "node %u was evicted", cmd->node);
    code = level_check_node(c, cmd, reply);
    if (code != 0)
        return code;
    if (known == NULL)
        return c->node_count < NODES_MAX
                   ? 0
                   : refuse(reply, ERROR_CLUSTER_TOO_MANY_NODES, "%u nodes", (unsigned)NODES_MAX);
    /* What this node promised as a voter was on the disk that is gone. */
    if (strcmp(known->node.disk, text_or_empty(cmd->disk)) != 0)
        return refuse(reply, ERROR_CLUSTER_INSTANCE_ID_MISMATCH,
                      "node %u (%s) has another data directory than before: it must be evicted "
                      "and join under a new id",
                      cmd->node, known->node.name);
    if ((cmd->flags & NODE_UP_WITNESS) != 0 && known->group_count > 0)
        return refuse(reply, ERROR_INVALID_STATE, "%s cannot be a witness: it owns %u groups",
                      known->node.name, known->group_count);
    return 0;
}

static void group_restore_for(struct cluster *c, struct group_record *g, enum cause cause)
{
    assert(cause == CAUSE_NODE_UP);
    group_restore(c, g);
}

/* Its life is over: what it was in the middle of is so too. */
static void node_leave(struct cluster *c, struct node_record *n, enum cause cause)
{
    assert(node_is_up(n));
    n->node.leaving = false;
    /* What was drained off it waits for its being resumed, however often it restarts. */
    if (!n->node.paused || n->node.drain != DRAIN_COMPLETED)
        drain_end(c, n);
    if (!n->node.paused)
        drained_forget(c, n);
    node_enter(c, n, NODE_DOWN, cause);
}

static void node_begin(struct cluster *c, struct node_record *n, const struct command *cmd)
{
    assert(!node_is_up(n));
    node_rename(n, cmd->name);
    free(n->node.address);
    n->node.address = xstrdup(text_or_empty(cmd->address));
    free(n->node.disk);
    n->node.disk = xstrdup(text_or_empty(cmd->disk));
    n->node.incarnation = c->index;
    n->node.renewed_seq = 0;
    n->node.leaving = false;
    n->node.witness = (cmd->flags & NODE_UP_WITNESS) != 0;
    fencing_forget(n);
    endings_forget(c, n);  /* It joins when nothing of its former life runs. */
    refusals_forget(c, n); /* What could not come online may have been put right. */
    quarantine_consider(c, n);
    node_enter(c, n, n->node.paused ? NODE_PAUSED : NODE_UP, CAUSE_NODE_UP);
}

/* One that was parked here has waited for this; the others go on as they are. */
static void group_unpark(struct cluster *c, struct group_record *g, enum cause cause)
{
    assert(node_can_host(g->owner));
    if (g->group.placement.why.cause != CAUSE_WAITS_FOR_NODE)
        return;
    placement_settle(c, g, cause);
    group_touch(c, g, cause);
    if (group_is_idle(g) && group_rests(g))
        group_restore(c, g);
}

void node_hosts(struct cluster *c, struct node_record *n, enum cause cause)
{
    if (!node_can_host(n))
        return;
    node_for_groups(c, n, group_unpark, cause);
    if (c->forming_until_ms == 0)
        rescue_stranded(c);
    drains_retry(c);
    queue_wake(c);
    if (cause != CAUSE_RESUMED) /* An operator has said what comes back. */
        failback_consider(c, n);
    assert(!n->node.paused);
}

uint32_t apply_node_up(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    uint32_t code = node_up_check(c, cmd, reply);
    bool cold_start = hosts_up(c) == 0 && (cmd->flags & NODE_UP_WITNESS) == 0;
    struct node_record *n;

    assert(cmd->kind == COMMAND_NODE_UP);
    if (code != 0)
        return code;
    n = find_node(c, cmd->node);
    if (n == NULL)
        n = node_insert(c, cmd->node, cmd->name);
    node_id_note(c, cmd->node);
    if (node_is_up(n)) {
        node_leave(c, n, CAUSE_NODE_RESTARTED);
        node_for_groups(c, n, group_lose_lives, CAUSE_NODE_RESTARTED);
    }
    node_begin(c, n, cmd);
    level_note(n, cmd);
    lapse_tell(c, n, cmd);

    if (cold_start)
        starts_hold(c);
    node_for_groups(c, n, node_can_host(n) ? group_restore_for : group_rescue, CAUSE_NODE_UP);
    forming_update(c, cold_start);
    node_hosts(c, n, CAUSE_NODE_UP);
    /* Also without a new host: those that waited for their owners need not. */
    if (c->forming_until_ms == 0)
        rescue_stranded(c);
    quarantine_review(c);
    return 0;
}

/* ------------------------------------------------------- down and leaving */

/* The node is up and in the life that the command speaks of. */
static uint32_t node_life_check(const struct node_record *n, const struct command *cmd,
                                struct reply *reply)
{
    assert(n == NULL || n->node.incarnation > 0);
    if (n == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "node %u", cmd->node);
    if (!node_is_up(n))
        return refuse(reply, ERROR_INVALID_STATE, "%s is down", n->node.name);
    if (n->node.incarnation != cmd->incarnation)
        return refuse(reply, ERROR_INVALID_STATE, "%s is in another life", n->node.name);
    return 0;
}

void node_die(struct cluster *c, struct node_record *n, enum cause cause)
{
    node_leave(c, n, cause);
    forming_update(c, false);
    node_for_groups(c, n, group_lose_owner, cause);
    quarantine_review(c);
    queue_wake(c); /* What waited to go there, or for what was there. */
    assert(!node_is_up(n));
}

void node_shun(struct cluster *c, struct node_record *n)
{
    assert(!node_can_host(n));
    if (!n->node.paused)
        drained_forget(c, n);
    quarantine_review(c);
}

uint32_t apply_node_down(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node(c, cmd->node);
    uint32_t code;

    assert(cmd->kind == COMMAND_NODE_DOWN);
    if (ending_is_over(c, n, cmd))
        return 0;
    code = node_life_check(n, cmd, reply);
    if (code != 0)
        return code;
    if (cmd->cause != CAUSE_NODE_LEASE_EXPIRED && cmd->cause != CAUSE_NODE_STOPPED)
        return refuse(reply, ERROR_INVALID_PARAMETER, "cause %u", (unsigned)cmd->cause);
    /* The log has a renewal that the proposer had not seen: the lease lives. A
     * node's own word that it has stopped needs no lease to end. */
    if (cmd->cause == CAUSE_NODE_LEASE_EXPIRED && n->node.renewed_seq > cmd->node_seq)
        return refuse(reply, ERROR_INVALID_STATE, "%s has renewed its lease", n->node.name);

    fencing_on_death(c, n, cmd->cause);
    if (cmd->cause == CAUSE_NODE_LEASE_EXPIRED)
        quarantine_count(c, n);
    node_die(c, n, cmd->cause);
    if (cmd->cause == CAUSE_NODE_LEASE_EXPIRED)
        lapse_begin(c, n, cmd);
    return 0;
}

uint32_t apply_node_leaving(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *n = find_node(c, cmd->node);
    uint32_t code = node_life_check(n, cmd, reply);

    assert(cmd->kind == COMMAND_NODE_LEAVING);
    if (code != 0)
        return code;
    if (n->node.leaving)
        return 0;
    n->node.leaving = true;
    node_enter(c, n, n->node.state, CAUSE_NODE_LEAVING);
    node_shun(c, n);
    if (c->settings.drain_on_shutdown == 1)
        drain_begin(c, n, 0, NULL);
    return 0;
}

/* ------------------------------------------------------------------ pulse */

uint32_t apply_pulse(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    assert(cmd->kind == COMMAND_PULSE);
    (void)reply;
    for (unsigned i = 0; i < cmd->renewal_count; i++) {
        const struct renewal *renewal = &cmd->renewals[i];
        struct node_record *n = find_node(c, renewal->node);

        if (n == NULL || !node_is_up(n) || n->node.incarnation != renewal->incarnation ||
            renewal->seq <= n->node.renewed_seq)
            continue;
        /* Its lease must end by itself if the fencing fails: see fencing.c. */
        if (node_is_fenced_now(n))
            continue;
        if (behind_admits(c, n, cluster_level(c) >= RENEWAL_FLAGS_LEVEL ? renewal->flags : 0))
            n->node.renewed_seq = renewal->seq;
    }
    return 0;
}
