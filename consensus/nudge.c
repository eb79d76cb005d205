#include "consensus/nudge.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "consensus/guard.h"

enum {
    NUDGE_MS = 2,      /* Under load the next entries tell it sooner, for nothing. */
    ATTEMPTS_MAX = 10, /* Then the heartbeat will have to do. */
    PEERS_MAX = 256,   /* Whoever was a member in this daemon's life. */
};

/* The last AppendEntries that libraft sent to a peer. */
struct told {
    raft_id id;
    char *address; /* Owned. */
    struct raft_append_entries message;
    raft_index last_index; /* Behind its entries, */
    raft_term last_term;   /* and of the last of them. */
};

struct nudge {
    struct raft *raft;
    struct guard *guard;
    uv_timer_t timer;
    struct told peers[PEERS_MAX];
    unsigned peer_count;
    raft_index commit; /* As of the last look. */
    unsigned attempts;
    void (*closed)(void *data);
    void *closed_data;
};

static struct told *told_of(struct nudge *n, raft_id id, const char *address)
{
    struct told *t = n->peers;

    while (t < n->peers + n->peer_count && t->id != id)
        t++;
    if (t == n->peers + PEERS_MAX)
        return NULL;
    if (t == n->peers + n->peer_count) {
        n->peer_count++;
        *t = (struct told){.id = id};
    }
    if (t->address == NULL || strcmp(t->address, address) != 0) {
        free(t->address);
        t->address = xstrdup(address);
    }
    return t;
}

static void on_sent(const struct raft_message *message, void *data)
{
    struct nudge *n = data;
    const struct raft_append_entries *a = &message->append_entries;

    if (message->type != RAFT_APPEND_ENTRIES)
        return;
    struct told *t = told_of(n, message->server_id, message->server_address);
    if (t == NULL)
        return;
    t->message = *a;
    t->message.entries = NULL;
    t->message.n_entries = 0;
    t->last_index = a->prev_log_index + a->n_entries;
    t->last_term = a->n_entries > 0 ? a->entries[a->n_entries - 1].term : a->prev_log_term;
}

static void send_done(struct raft_io_send *req, int status)
{
    (void)status;
    free(req);
}

/* Returns true if there is nothing (more) to tell this peer. */
static bool tell(struct nudge *n, struct told *t)
{
    raft_index commit = raft_commit_index(n->raft);
    raft_index match = 0;

    if (t->message.term != raft_current_term(n->raft) || t->message.leader_commit >= commit)
        return true;
    if (raft_match_index(n->raft, t->id, &match) != 0)
        return true; /* Not a member any more. */
    if (match < t->last_index)
        return false;
    struct raft_message message = {.type = RAFT_APPEND_ENTRIES,
                                   .server_id = t->id,
                                   .server_address = t->address,
                                   .append_entries = t->message};
    message.append_entries.prev_log_index = t->last_index;
    message.append_entries.prev_log_term = t->last_term;
    message.append_entries.leader_commit = commit;
    t->message.leader_commit = commit;
    struct raft_io_send *req = xcalloc(1, sizeof *req);
    if (guard_send(n->guard, req, &message, send_done) != 0)
        free(req);
    return true;
}

static void on_timer(uv_timer_t *timer)
{
    struct nudge *n = timer->data;
    bool all = true;

    if (raft_state(n->raft) == RAFT_LEADER)
        for (unsigned i = 0; i < n->peer_count; i++)
            all = tell(n, &n->peers[i]) && all;
    if (!all && ++n->attempts < ATTEMPTS_MAX)
        uv_timer_start(timer, on_timer, NUDGE_MS, 0);
}

void nudge_on_turn(struct nudge *n)
{
    raft_index commit = raft_commit_index(n->raft);

    if (commit == n->commit)
        return;
    n->commit = commit;
    n->attempts = 0;
    if (raft_state(n->raft) == RAFT_LEADER && !uv_is_active((uv_handle_t *)&n->timer))
        uv_timer_start(&n->timer, on_timer, NUDGE_MS, 0);
}

struct nudge *nudge_open(uv_loop_t *loop, struct raft *raft, struct guard *guard)
{
    struct nudge *n = xcalloc(1, sizeof *n);

    n->raft = raft;
    n->guard = guard;
    uv_timer_init(loop, &n->timer);
    n->timer.data = n;
    guard_on_send(guard, on_sent, n);
    return n;
}

static void timer_closed(uv_handle_t *handle)
{
    struct nudge *n = handle->data;
    void (*closed)(void *) = n->closed;
    void *data = n->closed_data;

    for (unsigned i = 0; i < n->peer_count; i++)
        free(n->peers[i].address);
    free(n);
    closed(data);
}

void nudge_close(struct nudge *n, void (*closed)(void *data), void *data)
{
    assert(n->closed == NULL);
    guard_on_send(n->guard, NULL, NULL);
    n->closed = closed;
    n->closed_data = data;
    uv_close((uv_handle_t *)&n->timer, timer_closed);
}
