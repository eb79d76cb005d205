#include "tests/consensus/guard_fake.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/consensus/world.h"

static struct fake *fake_of(const struct raft_io *io)
{
    return io->impl;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    (void)term;
    return fake_of(io)->fails;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    (void)id;
    return fake_of(io)->fails;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    struct fake *f = fake_of(io);

    (void)index;
    f->mark_at_call = acked_index(f->acked);
    return f->fails;
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct fake *f = fake_of(io);

    (void)entries;
    (void)n;
    if (f->fails != 0)
        return f->fails;
    f->writes[f->write_count] = req;
    f->write_cbs[f->write_count++] = cb;
    return 0;
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *s, raft_io_snapshot_put_cb cb)
{
    struct fake *f = fake_of(io);

    (void)trailing;
    f->configuration_of_put = s->configuration_index;
    f->mark_at_call = acked_index(f->acked);
    if (f->fails != 0)
        return f->fails;
    f->put = req;
    f->put_cb = cb;
    return 0;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct fake *f = fake_of(io);

    *term = 1;
    *voted_for = 0;
    *snapshot = NULL;
    *start_index = 1;
    *n_entries = f->loaded_last;
    *entries = raft_calloc(f->loaded_last, sizeof **entries);
    for (size_t i = 0, first = 0; i < f->loaded_last; i++) {
        struct raft_entry *e = &(*entries)[i];
        first = i % FAKE_BATCH == 0 ? i : first;
        e->batch =
            i == first ? raft_malloc(FAKE_BATCH * sizeof(uint64_t)) : (*entries)[first].batch;
        e->buf = (struct raft_buffer){.base = (uint64_t *)e->batch + (i - first),
                                      .len = sizeof(uint64_t)};
        *(uint64_t *)e->buf.base = i + 1;
    }
    return f->fails;
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick, raft_io_recv_cb recv)
{
    (void)msecs;
    (void)tick;
    fake_of(io)->recv = recv;
    return 0;
}

static int io_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    (void)conf;
    fake_of(io)->recovered++;
    return 0;
}

static int io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *m,
                   raft_io_send_cb cb)
{
    (void)req;
    (void)cb;
    if (m->type == RAFT_APPEND_ENTRIES)
        fake_of(io)->sent_entries = m->append_entries.n_entries;
    else if (m->type == RAFT_REQUEST_VOTE_RESULT)
        fake_of(io)->sent_term = m->request_vote_result.term;
    else
        fake_of(io)->sent_term = m->install_snapshot.last_term;
    return 0;
}

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    fprintf(stderr, "fatal: %s\n", message);
    _exit(WORLD_FATAL);
}

void fake_open(struct fake *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->dir, "/tmp/holdfast-guard-XXXXXX");
    cr_assert_not_null(mkdtemp(f->dir));
    cr_assert_eq(acked_open(f->dir, &f->acked), 0);
    f->io = (struct raft_io){.impl = f,
                             .data = &f->raft,
                             .send = io_send,
                             .load = io_load,
                             .recover = io_recover,
                             .start = io_start,
                             .set_term = io_set_term,
                             .set_vote = io_set_vote,
                             .truncate = io_truncate,
                             .append = io_append,
                             .snapshot_put = io_snapshot_put};
    f->guard = guard_open(&f->io, f->acked, on_fatal, NULL);
}

void fake_close(struct fake *f)
{
    char path[64];

    guard_close(f->guard);
    acked_close(f->acked);
    snprintf(path, sizeof path, "%s/acknowledged", f->dir);
    unlink(path);
    cr_assert_eq(rmdir(f->dir), 0);
}

void fake_appended(struct raft_io_append *req, int status)
{
    struct fake *f = req->data;

    f->answered++;
    f->status = status;
}

void fake_was_put(struct raft_io_snapshot_put *req, int status)
{
    struct fake *f = req->data;

    f->answered++;
    f->status = status;
}

void fake_append(struct fake *f, struct raft_io_append *req, uint64_t first, uint64_t last)
{
    struct raft_entry entries[16] = {0};

    req->data = f;
    f->io.truncate(&f->io, first);
    f->io.append(&f->io, req, entries, (unsigned)(last - first + 1), fake_appended);
}

void fake_written(struct fake *f, int status)
{
    struct raft_io_append *req = f->writes[0];
    raft_io_append_cb cb = f->write_cbs[0];

    f->write_count--;
    memmove(f->writes, f->writes + 1, f->write_count * sizeof f->writes[0]);
    memmove(f->write_cbs, f->write_cbs + 1, f->write_count * sizeof f->write_cbs[0]);
    cb(req, status);
}

void fake_put(struct fake *f, struct raft_io_snapshot_put *req, unsigned trailing, uint64_t index)
{
    struct raft_snapshot s = {.index = index};

    req->data = f;
    f->io.snapshot_put(&f->io, trailing, req, &s, fake_was_put);
}
