/* What is received and sent. */
#include <string.h>

#include "base/clock.h"
#include "consensus/guard_private.h"

/* ---------------------------------------------------------------- received */

/* `n` entries as libraft wants to be given them: an array, and one buffer that
 * holds the data of all. NULL: no memory. */
static struct raft_entry *entries_copy(const struct raft_entry *from, unsigned n)
{
    struct raft_entry *entries = raft_malloc(n * sizeof *entries);
    size_t bytes = 0, at = 0;

    for (unsigned i = 0; i < n; i++)
        bytes += from[i].buf.len;
    uint8_t *batch = raft_malloc(bytes + 1);
    if (entries == NULL || batch == NULL) {
        raft_free(entries);
        raft_free(batch);
        return NULL;
    }
    for (unsigned i = 0; i < n; i++) {
        entries[i] = from[i];
        entries[i].batch = batch;
        entries[i].buf.base = batch + at;
        memcpy(batch + at, from[i].buf.base, from[i].buf.len);
        at += from[i].buf.len;
    }
    return entries;
}

static unsigned change_behind_first(const struct raft_append_entries *a)
{
    unsigned i = 1;

    while (i < a->n_entries && a->entries[i].type != RAFT_CHANGE)
        i++;
    return i < a->n_entries ? i : 0;
}

static void recv_one(struct guard *g, struct raft_io *io, struct raft_message *message)
{
    struct raft_append_entries *a = &message->append_entries;
    raft_index commit = raft_commit_index(io->data);

    if (a->prev_log_index + a->n_entries < commit && a->leader_commit > commit)
        a->leader_commit = commit; /* It proves nothing that is not known. */
    g->recv(io, message);
}

/* Give raft its entries so that each change of the configuration comes first. */
static void recv_entries(struct guard *g, struct raft_io *io, struct raft_message *message)
{
    unsigned first;

    while ((first = change_behind_first(&message->append_entries)) != 0) {
        struct raft_append_entries *a = &message->append_entries;
        struct raft_message rest = *message;

        rest.append_entries.entries = entries_copy(&a->entries[first], a->n_entries - first);
        if (rest.append_entries.entries == NULL)
            guard_die(g, "taking a message apart", RAFT_NOMEM);
        rest.append_entries.n_entries = a->n_entries - first;
        rest.append_entries.prev_log_index = a->prev_log_index + first;
        rest.append_entries.prev_log_term = a->entries[first - 1].term;
        a->n_entries = first;
        recv_one(g, io, message);
        *message = rest;
    }
    recv_one(g, io, message);
}

static bool may_install(const struct guard *g, const struct raft_install_snapshot *s)
{
    return !g->taking && (g->has_room == NULL || g->has_room(s->data.len, g->room_data));
}

void guard_recv(struct raft_io *io, struct raft_message *message)
{
    struct guard *g = guard_of(io);

    if (message->type == RAFT_INSTALL_SNAPSHOT && !may_install(g, &message->install_snapshot)) {
        raft_configuration_close(&message->install_snapshot.conf);
        raft_free(message->install_snapshot.data.base);
        return;
    }
    if (message->type == RAFT_APPEND_ENTRIES_RESULT)
        resend_heard(&g->resend, message->server_id, clock_boot_ms());
    if (message->type == RAFT_APPEND_ENTRIES)
        recv_entries(g, io, message);
    else
        g->recv(io, message);
}

/* -------------------------------------------------------------------- sent */

/* The term that belongs to the snapshot in the message. */
static raft_term snapshot_term(const struct guard *g, const struct raft_install_snapshot *s)
{
    for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++)
        if (g->snapshots[i].index == s->last_index && s->last_index != 0)
            return g->snapshots[i].term;
    return s->last_term;
}

/* The term that a candidate is answered with. */
static raft_term answered_term(const struct raft_io *io, const struct raft_request_vote_result *a)
{
    raft_term own = raft_current_term(io->data);

    return a->pre_vote && !a->vote_granted && own > a->term ? own : a->term;
}

int guard_io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                  raft_io_send_cb cb)
{
    struct guard *g = guard_of(io);
    struct raft_message corrected;

    if (message->type == RAFT_INSTALL_SNAPSHOT) {
        corrected = *message;
        corrected.install_snapshot.last_term = snapshot_term(g, &message->install_snapshot);
        message = &corrected; /* Encoded before send() returns; what it points to stays. */
    } else if (message->type == RAFT_APPEND_ENTRIES) {
        corrected = *message;
        corrected.append_entries.n_entries = resend_entries(
            &g->resend, message->server_id, &message->append_entries, clock_boot_ms());
        message = &corrected;
    } else if (message->type == RAFT_REQUEST_VOTE_RESULT) {
        corrected = *message;
        corrected.request_vote_result.term = answered_term(io, &message->request_vote_result);
        message = &corrected;
    }

    if (g->sent != NULL)
        g->sent(message, g->sent_data);
    return g->original.send(io, req, message, cb);
}

int guard_send(struct guard *g, struct raft_io_send *req, const struct raft_message *message,
               raft_io_send_cb cb)
{
    req->cb = cb;
    return g->original.send(g->io, req, message, cb);
}
