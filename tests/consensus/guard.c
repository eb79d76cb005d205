/* The guard around a raft_io that fails on demand. */
#include "consensus/guard.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/consensus/world.h"

enum { WRITES_MAX = 4 };

struct fake {
    struct raft_io io;
    struct acked *acked;
    struct guard *guard;
    char dir[32];
    int fails; /* What every method returns. */
    struct raft_io_append *writes[WRITES_MAX];
    raft_io_append_cb write_cbs[WRITES_MAX];
    unsigned write_count;
    struct raft_io_snapshot_put *put;
    raft_io_snapshot_put_cb put_cb;
    uint64_t mark_at_call; /* What the mark was when truncate or snapshot_put came. */
    raft_io_recv_cb recv;
    uint64_t loaded_last; /* load() finds entries up to here. */
    unsigned received, answered;
    int status;                      /* Of the last answer. */
    struct raft raft;                /* Only its configuration counts. */
    raft_index configuration_of_put; /* That snapshot_put() was given. */
};

static struct fake *fake_of(const struct raft_io *io)
{
    return io->impl;
}

static int fake_set_term(struct raft_io *io, raft_term term)
{
    (void)term;
    return fake_of(io)->fails;
}

static int fake_set_vote(struct raft_io *io, raft_id id)
{
    (void)id;
    return fake_of(io)->fails;
}

static int fake_truncate(struct raft_io *io, raft_index index)
{
    struct fake *f = fake_of(io);

    (void)index;
    f->mark_at_call = acked_index(f->acked);
    return f->fails;
}

static int fake_append(struct raft_io *io, struct raft_io_append *req,
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

static int fake_snapshot_put(struct raft_io *io, unsigned trailing,
                             struct raft_io_snapshot_put *req, const struct raft_snapshot *s,
                             raft_io_snapshot_put_cb cb)
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

static int fake_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
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
    return f->fails;
}

static int fake_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                      raft_io_recv_cb recv)
{
    (void)msecs;
    (void)tick;
    fake_of(io)->recv = recv;
    return 0;
}

static unsigned recovered;

static int fake_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    (void)io;
    (void)conf;
    recovered++;
    return 0;
}

static raft_term sent_term; /* Of the last snapshot sent. */

static int fake_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *m,
                     raft_io_send_cb cb)
{
    (void)io;
    (void)req;
    (void)cb;
    sent_term = m->install_snapshot.last_term;
    return 0;
}

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    fprintf(stderr, "fatal: %s\n", message);
    _exit(WORLD_FATAL);
}

static void setup(struct fake *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->dir, "/tmp/holdfast-guard-XXXXXX");
    cr_assert_not_null(mkdtemp(f->dir));
    cr_assert_eq(acked_open(f->dir, &f->acked), 0);
    f->io = (struct raft_io){.impl = f,
                             .data = &f->raft,
                             .send = fake_send,
                             .load = fake_load,
                             .recover = fake_recover,
                             .start = fake_start,
                             .set_term = fake_set_term,
                             .set_vote = fake_set_vote,
                             .truncate = fake_truncate,
                             .append = fake_append,
                             .snapshot_put = fake_snapshot_put};
    f->guard = guard_open(&f->io, f->acked, on_fatal, NULL);
}

static void teardown(struct fake *f)
{
    char path[64];

    guard_close(f->guard);
    acked_close(f->acked);
    snprintf(path, sizeof path, "%s/acknowledged", f->dir);
    unlink(path);
    cr_assert_eq(rmdir(f->dir), 0);
}

static struct fake *of_append, *of_put;

static void on_appended(struct raft_io_append *req, int status)
{
    struct fake *f = of_append;

    (void)req;
    f->answered++;
    f->status = status;
}

static void on_put(struct raft_io_snapshot_put *req, int status)
{
    struct fake *f = of_put;

    (void)req;
    f->answered++;
    f->status = status;
}

/* Entries `first` to `last`, as libraft does: truncate, then append. */
static void append(struct fake *f, struct raft_io_append *req, uint64_t first, uint64_t last)
{
    struct raft_entry entries[16] = {0};

    of_append = f;
    f->io.truncate(&f->io, first);
    f->io.append(&f->io, req, entries, (unsigned)(last - first + 1), on_appended);
}

/* The oldest write ends. */
static void written(struct fake *f, int status)
{
    struct raft_io_append *req = f->writes[0];
    raft_io_append_cb cb = f->write_cbs[0];

    f->write_count--;
    memmove(f->writes, f->writes + 1, f->write_count * sizeof f->writes[0]);
    memmove(f->write_cbs, f->write_cbs + 1, f->write_count * sizeof f->write_cbs[0]);
    cb(req, status);
}

static void put(struct fake *f, struct raft_io_snapshot_put *req, unsigned trailing, uint64_t index)
{
    struct raft_snapshot s = {.index = index};

    of_put = f;
    f->io.snapshot_put(&f->io, trailing, req, &s, on_put);
}

/* ------------------------------------------------------------------- fail-stop */

static int term_fails(void *data)
{
    struct fake *f = data;

    f->fails = RAFT_IOERR;
    return f->io.set_term(&f->io, 2);
}

static int vote_fails(void *data)
{
    struct fake *f = data;

    f->fails = RAFT_IOERR;
    return f->io.set_vote(&f->io, 2);
}

static int truncate_fails(void *data)
{
    struct fake *f = data;

    f->fails = RAFT_IOERR;
    return f->io.truncate(&f->io, 2);
}

static int append_fails_at_once(void *data)
{
    struct fake *f = data;
    struct raft_io_append req;
    struct raft_entry entry = {0};

    f->io.truncate(&f->io, 1);
    f->fails = RAFT_NOSPACE;
    return f->io.append(&f->io, &req, &entry, 1, on_appended);
}

static int append_fails_later(void *data)
{
    struct fake *f = data;
    struct raft_io_append req;

    append(f, &req, 1, 1);
    written(f, RAFT_IOERR);
    return 0;
}

static int snapshot_fails_at_once(void *data)
{
    struct fake *f = data;
    struct raft_io_snapshot_put req;

    f->fails = RAFT_IOERR;
    put(f, &req, 10, 5);
    return 0;
}

static int snapshot_fails_later(void *data)
{
    struct fake *f = data;
    struct raft_io_snapshot_put req;

    put(f, &req, 10, 5);
    f->put_cb(f->put, RAFT_NOSPACE);
    return 0;
}

static int writer_tells_of_a_failure(void *data)
{
    struct fake *f = data;

    strcpy(f->io.errmsg, "write failed: -5");
    guard_watch(f->guard);
    return 0;
}

static int append_beside_the_end(void *data)
{
    struct fake *f = data;
    struct raft_io_append req;
    struct raft_entry entry = {0};

    return f->io.append(&f->io, &req, &entry, 1, on_appended); /* No truncate said where. */
}

Test(guard, every_failure_to_write_ends_the_process)
{
    int (*const bodies[])(void *) = {term_fails,           vote_fails,
                                     truncate_fails,       append_fails_later,
                                     append_fails_at_once, snapshot_fails_at_once,
                                     snapshot_fails_later, writer_tells_of_a_failure};

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fake f;

        setup(&f);
        cr_assert_eq(in_child(bodies[i], &f), WORLD_FATAL, "body %zu", i);
        teardown(&f);
    }
}

Test(guard, an_append_whose_index_nobody_knows_is_a_bug)
{
    struct fake f;

    setup(&f);
    cr_assert_geq(in_child(append_beside_the_end, &f), 1000, "an assertion");
    teardown(&f);
}

Test(guard, what_is_cancelled_by_closing_is_passed_on)
{
    struct raft_io_snapshot_put put_req;
    struct raft_io_append req;
    struct fake f;

    setup(&f);
    append(&f, &req, 1, 3);
    written(&f, RAFT_CANCELED);
    cr_assert_eq(f.answered, 1);
    cr_assert_eq(f.status, RAFT_CANCELED);
    cr_assert_eq(acked_index(f.acked), 0);
    put(&f, &put_req, 10, 5);
    f.put_cb(f.put, RAFT_CANCELED);
    cr_assert_eq(f.answered, 2);
    cr_assert_eq(f.status, RAFT_CANCELED);
    guard_watch(f.guard);
    teardown(&f);
}

/* ------------------------------------------------------- acknowledged entries */

Test(guard, the_mark_rises_when_the_write_is_done_and_not_before)
{
    struct raft_io_append a, b;
    struct fake f;

    setup(&f);
    append(&f, &a, 1, 3);
    append(&f, &b, 4, 9);
    cr_assert_eq(acked_index(f.acked), 0);
    written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 3);
    written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 9);
    teardown(&f);
}

Test(guard, the_mark_is_lowered_before_the_log_is_truncated)
{
    struct raft_io_append a;
    struct fake f;

    setup(&f);
    append(&f, &a, 1, 9);
    written(&f, 0);
    f.io.truncate(&f.io, 5);
    cr_assert_eq(f.mark_at_call, 4);
    cr_assert_eq(acked_index(f.acked), 4);
    teardown(&f);
}

/* A new leader's entries replace those whose write is still under way. */
Test(guard, a_write_that_was_truncated_meanwhile_does_not_raise_the_mark)
{
    struct raft_io_append a, b;
    struct fake f;

    setup(&f);
    append(&f, &a, 1, 10);
    append(&f, &b, 7, 8);
    written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 6, "7 to 10 are going to be cut off");
    written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 8);
    teardown(&f);
}

Test(guard, an_installed_snapshot_sets_the_mark_to_its_index)
{
    struct raft_io_snapshot_put req;
    struct raft_io_append a, b;
    struct fake f;

    setup(&f);
    append(&f, &a, 1, 10);
    put(&f, &req, 0, 7);
    written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 7, "entries 8 to 10 are thrown away");
    f.put_cb(f.put, 0);
    cr_assert_eq(acked_index(f.acked), 7);
    append(&f, &b, 8, 8);
    written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 8);

    put(&f, &req, 0, 100);
    cr_assert_eq(acked_index(f.acked), 8);
    f.put_cb(f.put, 0);
    cr_assert_eq(acked_index(f.acked), 100);
    teardown(&f);
}

Test(guard, a_log_that_ends_below_the_mark_is_not_loaded)
{
    struct raft_snapshot *snapshot;
    struct raft_entry *entries;
    raft_index start;
    raft_term term;
    raft_id vote;
    size_t n;
    struct fake f;

    setup(&f);
    acked_raise(f.acked, 20);
    f.loaded_last = 19;
    cr_assert_eq(f.io.load(&f.io, &term, &vote, &snapshot, &start, &entries, &n), RAFT_CORRUPT);
    cr_assert_not_null(strstr(f.io.errmsg, "ends at entry 19"), "%s", f.io.errmsg);
    cr_assert_not_null(strstr(f.io.errmsg, "acknowledged 20"), "%s", f.io.errmsg);
    f.loaded_last = 20;
    cr_assert_eq(f.io.load(&f.io, &term, &vote, &snapshot, &start, &entries, &n), 0);
    raft_free(entries);
    teardown(&f);
}

/* libraft would append to what is left, and it would reach the mark again. */
Test(guard, nothing_is_forced_upon_a_log_that_ends_below_the_mark)
{
    struct raft_configuration conf = {0};
    struct fake f;

    setup(&f);
    acked_raise(f.acked, 20);
    f.loaded_last = 19;
    cr_assert_eq(f.io.recover(&f.io, &conf), RAFT_CORRUPT);
    cr_assert_not_null(strstr(f.io.errmsg, "acknowledged 20"), "%s", f.io.errmsg);
    cr_assert_eq(recovered, 0);
    f.loaded_last = 20;
    cr_assert_eq(f.io.recover(&f.io, &conf), 0);
    cr_assert_eq(recovered, 1);
    teardown(&f);
}

/* ------------------------------------------------------------------- snapshots */

static unsigned received;

static void on_recv(struct raft_io *io, struct raft_message *message)
{
    (void)io;
    received++;
    raft_configuration_close(&message->install_snapshot.conf);
    raft_free(message->install_snapshot.data.base);
}

/* With memory of its own: whoever drops it must free it. */
static void install(struct fake *f)
{
    struct raft_message m = {.type = RAFT_INSTALL_SNAPSHOT};

    raft_configuration_init(&m.install_snapshot.conf);
    raft_configuration_add(&m.install_snapshot.conf, 1, "127.0.0.1:1", RAFT_VOTER);
    m.install_snapshot.data.base = raft_malloc(8);
    f->recv(&f->io, &m);
}

Test(guard, a_snapshot_carries_the_last_configuration_up_to_its_index)
{
    struct raft_io_snapshot_put req;
    struct fake f;

    setup(&f);
    put(&f, &req, 10, 50);
    cr_assert_eq(f.configuration_of_put, 0, "nothing newer is known");
    f.put_cb(f.put, 0);

    f.raft.configuration_uncommitted_index = 40; /* Applied, but not called committed yet. */
    put(&f, &req, 10, 50);
    cr_assert_eq(f.configuration_of_put, 40);
    f.put_cb(f.put, 0);

    f.raft.configuration_uncommitted_index = 51;
    put(&f, &req, 10, 50);
    cr_assert_eq(f.configuration_of_put, 0, "that one is behind the snapshot");
    f.put_cb(f.put, 0);
    teardown(&f);
}

/* --------------------------------------------------------------------- entries */

static struct {
    raft_index prev_index[4];
    raft_term prev_term[4];
    unsigned n[4];
    raft_index commit[4];
    unsigned count;
    char text[64]; /* What was in the entries, one after the other. */
} entries_seen;

static void on_entries(struct raft_io *io, struct raft_message *m)
{
    struct raft_append_entries *a = &m->append_entries;
    unsigned at = entries_seen.count++;

    (void)io;
    entries_seen.prev_index[at] = a->prev_log_index;
    entries_seen.prev_term[at] = a->prev_log_term;
    entries_seen.n[at] = a->n_entries;
    entries_seen.commit[at] = a->leader_commit;
    for (unsigned i = 0; i < a->n_entries; i++) {
        cr_assert_eq(a->entries[i].batch, a->entries[0].batch);
        strncat(entries_seen.text, a->entries[i].buf.base, a->entries[i].buf.len);
    }
    raft_free(a->entries[0].batch);
    raft_free(a->entries);
}

/* An entry for each letter, 'C' a change of the configuration. */
static void send_entries(struct fake *f, const char *letters)
{
    unsigned n = (unsigned)strlen(letters);
    char *batch = raft_malloc(n);
    struct raft_message m = {.type = RAFT_APPEND_ENTRIES};
    struct raft_append_entries *a = &m.append_entries;

    memset(&entries_seen, 0, sizeof entries_seen);
    memcpy(batch, letters, n);
    a->prev_log_index = 10;
    a->prev_log_term = 3;
    a->leader_commit = 40;
    a->n_entries = n;
    a->entries = raft_calloc(n, sizeof *a->entries);
    for (unsigned i = 0; i < n; i++)
        a->entries[i] = (struct raft_entry){.term = 3 + i,
                                            .type = letters[i] == 'C' ? RAFT_CHANGE : RAFT_COMMAND,
                                            .buf = {.base = batch + i, .len = 1},
                                            .batch = batch};
    f->recv(&f->io, &m);
}

Test(guard, a_change_of_the_configuration_comes_first_in_its_message)
{
    struct fake f;

    setup(&f);
    f.io.start(&f.io, 10, NULL, on_entries);
    send_entries(&f, "abc");
    cr_assert_eq(entries_seen.count, 1);
    send_entries(&f, "Cab");
    cr_assert_eq(entries_seen.count, 1);

    send_entries(&f, "abCdCe");
    cr_assert_eq(entries_seen.count, 3);
    cr_assert_str_eq(entries_seen.text, "abCdCe");
    cr_assert_eq(entries_seen.n[0], 2);
    cr_assert_eq(entries_seen.prev_index[1], 12);
    cr_assert_eq(entries_seen.prev_term[1], 4, "that of b");
    cr_assert_eq(entries_seen.n[1], 2);
    cr_assert_eq(entries_seen.prev_index[2], 14);
    cr_assert_eq(entries_seen.prev_term[2], 6, "that of d");
    cr_assert_eq(entries_seen.n[2], 2);
    teardown(&f);
}

Test(guard, old_entries_do_not_set_the_commit_index_back)
{
    struct fake f;

    setup(&f);
    f.io.start(&f.io, 10, NULL, on_entries);
    f.raft.commit_index = 20;
    send_entries(&f, "abc");
    cr_assert_eq(entries_seen.commit[0], 20, "entry 13 is the last of the message");
    f.raft.commit_index = 13;
    send_entries(&f, "abc");
    cr_assert_eq(entries_seen.commit[0], 40);
    teardown(&f);
}

Test(guard, a_snapshot_is_sent_with_its_own_term)
{
    struct raft_message m = {.type = RAFT_INSTALL_SNAPSHOT};
    struct raft_snapshot s = {.index = 50, .term = 7};
    struct raft_io_snapshot_put req;
    struct raft_io_send send;
    struct fake f;

    setup(&f);
    of_put = &f;
    f.io.snapshot_put(&f.io, 10, &req, &s, on_put);
    f.put_cb(f.put, 0);
    m.install_snapshot.last_index = 50;
    m.install_snapshot.last_term = 6;
    f.io.send(&f.io, &send, &m, NULL);
    cr_assert_eq(sent_term, 7);
    m.install_snapshot.last_index = 51;
    f.io.send(&f.io, &send, &m, NULL);
    cr_assert_eq(sent_term, 6, "of that one nothing is known");
    teardown(&f);
}

Test(guard, no_snapshot_is_installed_while_one_is_taken)
{
    struct raft_io_snapshot_put req;
    struct raft_message other = {.type = RAFT_TIMEOUT_NOW};
    struct fake f;

    setup(&f);
    received = 0;
    f.io.start(&f.io, 10, NULL, on_recv);
    install(&f);
    cr_assert_eq(received, 1);

    put(&f, &req, 10, 5);
    cr_assert(guard_is_taking_snapshot(f.guard));
    install(&f);
    cr_assert_eq(received, 1, "dropped");
    f.recv(&f.io, &other);
    cr_assert_eq(received, 2, "other messages pass");

    f.put_cb(f.put, 0);
    cr_assert_not(guard_is_taking_snapshot(f.guard));
    install(&f);
    cr_assert_eq(received, 3);

    put(&f, &req, 0, 50); /* One that is being installed is not one that is taken. */
    install(&f);
    cr_assert_eq(received, 4);
    f.put_cb(f.put, 0);
    teardown(&f);
}
