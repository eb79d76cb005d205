/* Nodes whose log is behind: what is committed does not reach their copy, mostly
 * because their disk is full or too slow to write it down.
 *
 *     CURRENT <-> BEHIND <-> REFUSED        all -> CURRENT: it goes down, or comes up
 *
 * Such a node keeps its lease: the leader tells it which of its renewals were
 * accepted (node/pulse.h), so what runs there runs on. But it learns of nothing
 * that it should do. So nothing new is given to it, and if something is wanted of it
 * already, it is not waited for: its renewals are refused, its lease runs out, it
 * is declared down by the rule of leases, and its groups go on elsewhere.
 *
 * Invariant: every accepted operation ends. What is under way on a node waits for
 * reports of that node, or for a time that has been set. A node whose log goes on
 * acts and reports. One whose log does not is behind after a lease at most, by its own
 * word, and then has nothing to do, or is down another lease later. */
#include "groupmgr/rules.h"

/* Its owner is to start, stop or fail something. */
static bool group_asks_owner(const struct group_record *g)
{
    assert(g->owner != NULL);
    for (unsigned i = 0; i < g->group.resource_count; i++)
        if (resource_is_pending(resource_record(g->group.resources[i])) ||
            g->group.resources[i]->fail_requested)
            return true;
    return false;
}

static bool node_has_work(const struct node_record *n)
{
    assert(node_is_up(n));
    for (unsigned i = 0; i < n->group_count; i++)
        if (group_asks_owner(n->groups[i]))
            return true;
    return false;
}

static void log_enter(struct cluster *c, struct node_record *n, enum log_state next,
                      enum cause cause)
{
    assert(n->node.log != next && next <= LOG_REFUSED);
    n->node.log = next;
    node_note(c, n, cause, NULL);
}

static void falls_behind(struct cluster *c, struct node_record *n)
{
    log_enter(c, n, LOG_BEHIND, CAUSE_LOG_BEHIND);
    node_shun(c, n);
}

static void catches_up(struct cluster *c, struct node_record *n)
{
    log_enter(c, n, LOG_CURRENT, CAUSE_LOG_CAUGHT_UP);
    node_hosts(c, n, CAUSE_LOG_CAUGHT_UP);
}

/* Decides nothing here: the leader keeps changes out of the log (node/space.h). */
static void note_room(struct cluster *c, struct node_record *n, bool low)
{
    if (n->node.disk_low == low)
        return;
    n->node.disk_low = low;
    node_note(c, n, low ? CAUSE_DISK_LOW : CAUSE_DISK_ROOM, NULL);
}

bool behind_admits(struct cluster *c, struct node_record *n, uint32_t flags)
{
    /* Who only asks to be told does not know: it stays what it is. */
    bool behind = (flags & RENEWAL_BEHIND) != 0 ||
                  ((flags & RENEWAL_TELL) != 0 && n->node.log != LOG_CURRENT);

    assert(node_is_up(n));
    note_room(c, n, (flags & RENEWAL_LOW) != 0);
    if (!behind) {
        if (n->node.log != LOG_CURRENT)
            catches_up(c, n);
        return true;
    }
    if (n->node.log == LOG_CURRENT)
        falls_behind(c, n);
    bool refused = node_has_work(n);
    if (refused && n->node.log == LOG_BEHIND)
        log_enter(c, n, LOG_REFUSED, CAUSE_LOG_BEHIND_WORK);
    else if (!refused && n->node.log == LOG_REFUSED)
        log_enter(c, n, LOG_BEHIND, CAUSE_LOG_BEHIND);
    return !refused;
}

void behind_forget(struct node_record *n)
{
    n->node.log = LOG_CURRENT;
    n->node.disk_low = false;
}
