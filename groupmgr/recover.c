/* A majority was lost for good, and the cluster goes on with one node, in a new epoch.
 *
 * The command is applied by that node alone: its raft configuration has been cut down to
 * it already (node/recovery.h), so there is nobody else who could agree or object. All
 * other members are evicted at once, whatever state they are in, and it owns what they
 * owned, even what it may not own, for each group has an owner. Its own life is over too:
 * its lease ran out long ago. So nothing runs anywhere, and when it comes up everything goes
 * to what the administrator wants, as after any start of a whole cluster.
 *
 * Nobody's lease is asked for here: the node has waited out all of them before it began to
 * lead, and the operator has said that the others are gone, which counts as the word of a
 * person that they are off where that, or a TerminateBudget, is waited for (FENCE_CONFIRM).
 *
 * Once for each epoch: repeated it is refused and changes nothing. */
#include "base/bytes.h"
#include "groupmgr/rules.h"

static uint32_t recover_check(const struct cluster *c, const struct command *cmd,
                              struct reply *reply)
{
    assert(cmd->kind == COMMAND_CLUSTER_RECOVER);
    if (cmd->epoch <= c->epoch)
        return refuse(reply, ERROR_INVALID_STATE, "this is epoch %u already", c->epoch);
    if (find_node(c, cmd->node) == NULL)
        return refuse(reply, ERROR_CLUSTER_NODE_NOT_FOUND, "node %u", cmd->node);
    return 0;
}

/* "epoch 2, without n2, n3" */
static void recover_tell(struct cluster *c, const struct node_record *self)
{
    struct bytes text = BYTES_INIT;
    struct event e = {
        .object = OBJECT_CLUSTER, .name = c->name, .node = self->node.id, .cause = CAUSE_RECOVERED};

    bytes_printf(&text, "epoch %u", c->epoch);
    for (unsigned i = 0, told = 0; i < c->node_count; i++)
        if (c->nodes[i] != self)
            bytes_printf(&text, "%s %s", told++ == 0 ? ", without" : ",", c->nodes[i]->node.name);
    bytes_append(&text, "", 1);
    e.text = (char *)text.data;
    event_record(c, &e);
    bytes_release(&text);
}

/* `n` is down, and no fencing of it is waited for. */
static void life_end(struct cluster *c, struct node_record *n)
{
    bool paused = n->node.paused;

    n->node.fencing = (struct fencing){0};
    endings_forget(c, n);
    node_retire(c, n, CAUSE_RECOVERED);
    n->node.paused = paused; /* An operator's word, which outlasts its being down. */
    if (!paused)
        drained_forget(c, n);
    digest_touch(c, &n->tracked);
    assert(!node_is_up(n) && !node_awaits_fencing(c, &n->node));
}

static struct node_record *other_than(const struct cluster *c, const struct node_record *self)
{
    for (unsigned i = 0; i < c->node_count; i++)
        if (c->nodes[i] != self)
            return c->nodes[i];
    return NULL;
}

uint32_t apply_cluster_recover(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct node_record *self = find_node(c, cmd->node), *n;
    uint32_t code = recover_check(c, cmd, reply);

    if (code != 0)
        return code;
    c->epoch = cmd->epoch;
    if (cmd->by > c->node_id_max)
        c->node_id_max = cmd->by; /* In raft's configuration, if not here: never given again. */
    recover_tell(c, self);
    self->node.witness = false; /* Whoever is left has what it takes to own groups. */
    for (unsigned i = 0; i < c->node_count; i++)
        life_end(c, c->nodes[i]);
    node_for_groups(c, self, group_lose_lives, CAUSE_RECOVERED);
    while ((n = other_than(c, self)) != NULL)
        node_part(c, n, self, CAUSE_RECOVERED);
    for (unsigned i = 0; i < c->departed_count; i++)
        c->departed[i].removed = true; /* The configuration has nobody else. */
    members_reviewed(c);
    queue_wake(c);
    assert(c->node_count == 1 && c->epoch > 1);
    return 0;
}
