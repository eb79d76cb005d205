#include "consensus/guard.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "consensus/guard_private.h"

/* The methods get only the raft_io, and all its fields are taken: data is
 * raft's, impl is raft_uv's. So the guards of the process are listed here; a
 * daemon has one, tests several, all on one thread each. */
static __thread struct guard *guards;

struct guard *guard_of(const struct raft_io *io)
{
    struct guard *g = guards;

    while (g != NULL && g->io != io)
        g = g->next;
    assert(g != NULL);
    return g;
}

void guard_die(struct guard *g, const char *what, int rv)
{
    char message[512];

    snprintf(message, sizeof message,
             "%s failed (%s%s%s): stopping, so that memory and disk cannot differ", what,
             raft_strerror(rv), g->io->errmsg[0] != '\0' ? ": " : "", g->io->errmsg);
    g->fatal(message, g->data);
}

/* ------------------------------------------------------------ term and vote */

static int guard_set_term(struct raft_io *io, raft_term term)
{
    struct guard *g = guard_of(io);
    int rv = g->original.set_term(io, term);

    if (rv != 0)
        guard_die(g, "writing the term", rv);
    return 0;
}

static int guard_set_vote(struct raft_io *io, raft_id server_id)
{
    struct guard *g = guard_of(io);
    int rv = g->original.set_vote(io, server_id);

    if (rv != 0)
        guard_die(g, "writing the vote", rv);
    return 0;
}

/* --------------------------------------------------------------------- life */

static int guard_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                       raft_io_recv_cb recv)
{
    struct guard *g = guard_of(io);

    g->recv = recv;
    io->errmsg[0] = '\0'; /* For guard_watch(). */
    return g->original.start(io, msecs, tick, guard_recv);
}

static void on_closed(struct raft_io *io)
{
    struct guard *g = guard_of(io);

    cut_cancel(&g->cut);
    g->closed(io);
}

static void guard_io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct guard *g = guard_of(io);

    g->closed = cb;
    g->original.close(io, on_closed);
}

struct guard *guard_open(struct raft_io *io, struct acked *acked, guard_fatal fatal, void *data)
{
    struct guard *g = xcalloc(1, sizeof *g);

    g->io = io;
    g->original = *io;
    g->acked = acked;
    g->fatal = fatal;
    g->data = data;
    g->writing_tail = &g->writing;
    cut_init(&g->cut);
    g->next = guards;
    guards = g;
    io->load = guard_load;
    io->recover = guard_recover;
    io->start = guard_start;
    io->send = guard_io_send;
    io->set_term = guard_set_term;
    io->set_vote = guard_set_vote;
    io->truncate = guard_truncate;
    io->append = guard_append;
    io->snapshot_put = guard_snapshot_put;
    io->close = guard_io_close;
    return g;
}

void guard_close(struct guard *g)
{
    if (g == NULL)
        return;
    for (struct guard **at = &guards; *at != NULL; at = &(*at)->next) {
        if (*at == g) {
            *at = g->next;
            break;
        }
    }
    free(g);
}

/* raft_uv tells of it nowhere but in its error text (uv_writer.c). */
void guard_watch(struct guard *g)
{
    static const char *const texts[] = {"write failed", "short write", "io_submit"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strncmp(g->io->errmsg, texts[i], strlen(texts[i])) == 0)
            guard_die(g, "writing to the open segment", RAFT_IOERR);
    guard_watch_cut(g);
}

void guard_on_send(struct guard *g, void (*sent)(const struct raft_message *message, void *data),
                   void *data)
{
    g->sent = sent;
    g->sent_data = data;
}

void guard_ask_room(struct guard *g, bool (*has_room)(uint64_t bytes, void *data), void *data)
{
    g->has_room = has_room;
    g->room_data = data;
}

void guard_look_into(struct guard *g, const char *dir)
{
    g->cut.dir = dir;
}

bool guard_is_taking_snapshot(const struct guard *g)
{
    return g->taking;
}
