/* What the guard does to snapshots and messages. */
#include "consensus/guard.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/consensus/guard_fake.h"

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

Test(guard_messages, a_snapshot_carries_the_last_configuration_up_to_its_index)
{
    struct raft_io_snapshot_put req;
    struct fake f;

    fake_open(&f);
    fake_put(&f, &req, 10, 50);
    cr_assert_eq(f.configuration_of_put, 0, "nothing newer is known");
    f.put_cb(f.put, 0);

    f.raft.configuration_uncommitted_index = 40; /* Applied, but not called committed yet. */
    fake_put(&f, &req, 10, 50);
    cr_assert_eq(f.configuration_of_put, 40);
    f.put_cb(f.put, 0);

    f.raft.configuration_uncommitted_index = 51;
    fake_put(&f, &req, 10, 50);
    cr_assert_eq(f.configuration_of_put, 0, "that one is behind the snapshot");
    f.put_cb(f.put, 0);
    fake_close(&f);
}

/* ----------------------------------------------------------------------- votes */

/* The term in the answer of a node in term 5 to who asked for term `asked`. */
static raft_term answer(struct fake *f, bool pre_vote, bool granted, raft_term asked)
{
    struct raft_message m = {
        .type = RAFT_REQUEST_VOTE_RESULT,
        .request_vote_result = {.term = asked, .vote_granted = granted, .pre_vote = pre_vote}};
    struct raft_io_send send;

    f->raft.current_term = 5;
    f->io.send(&f->io, &send, &m, NULL);
    return f->sent_term;
}

Test(guard_messages, a_refusal_in_a_pre_vote_tells_of_a_later_term)
{
    struct fake f;

    fake_open(&f);
    cr_assert_eq(answer(&f, true, false, 3), 5);
    cr_assert_eq(answer(&f, true, false, 7), 7, "an earlier one would be ignored");
    cr_assert_eq(answer(&f, true, true, 6), 6);
    cr_assert_eq(answer(&f, false, false, 3), 3, "libraft's own word");
    fake_close(&f);
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

Test(guard_messages, a_change_of_the_configuration_comes_first_in_its_message)
{
    struct fake f;

    fake_open(&f);
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
    fake_close(&f);
}

Test(guard_messages, old_entries_do_not_set_the_commit_index_back)
{
    struct fake f;

    fake_open(&f);
    f.io.start(&f.io, 10, NULL, on_entries);
    f.raft.commit_index = 20;
    send_entries(&f, "abc");
    cr_assert_eq(entries_seen.commit[0], 20, "entry 13 is the last of the message");
    f.raft.commit_index = 13;
    send_entries(&f, "abc");
    cr_assert_eq(entries_seen.commit[0], 40);
    fake_close(&f);
}

static void on_answer(struct raft_io *io, struct raft_message *m)
{
    (void)io;
    (void)m;
}

static unsigned send_again(struct fake *f)
{
    struct raft_entry entries[3] = {0};
    struct raft_message m = {
        .type = RAFT_APPEND_ENTRIES,
        .server_id = 2,
        .append_entries = {.prev_log_index = 7, .entries = entries, .n_entries = 3}};
    struct raft_io_send send;

    f->io.send(&f->io, &send, &m, NULL);
    return f->sent_entries;
}

Test(guard_messages, a_follower_that_is_back_is_not_kept_waiting)
{
    struct raft_message answer = {.type = RAFT_APPEND_ENTRIES_RESULT, .server_id = 2};
    struct fake f;

    fake_open(&f);
    f.io.start(&f.io, 10, NULL, on_answer);
    while (send_again(&f) != 0) {
    }
    f.recv(&f.io, &answer);
    cr_assert_eq(send_again(&f), 3);
    fake_close(&f);
}

Test(guard_messages, a_snapshot_is_sent_with_its_own_term)
{
    struct raft_message m = {.type = RAFT_INSTALL_SNAPSHOT};
    struct raft_snapshot s = {.index = 50, .term = 7};
    struct raft_io_snapshot_put req;
    struct raft_io_send send;
    struct fake f;

    fake_open(&f);
    req.data = &f;
    f.io.snapshot_put(&f.io, 10, &req, &s, fake_was_put);
    f.put_cb(f.put, 0);
    m.install_snapshot.last_index = 50;
    m.install_snapshot.last_term = 6;
    f.io.send(&f.io, &send, &m, NULL);
    cr_assert_eq(f.sent_term, 7);
    m.install_snapshot.last_index = 51;
    f.io.send(&f.io, &send, &m, NULL);
    cr_assert_eq(f.sent_term, 6, "of that one nothing is known");
    fake_close(&f);
}

Test(guard_messages, no_snapshot_is_installed_while_one_is_taken)
{
    struct raft_io_snapshot_put req;
    struct raft_message other = {.type = RAFT_TIMEOUT_NOW};
    struct fake f;

    fake_open(&f);
    received = 0;
    f.io.start(&f.io, 10, NULL, on_recv);
    install(&f);
    cr_assert_eq(received, 1);

    fake_put(&f, &req, 10, 5);
    cr_assert(guard_is_taking_snapshot(f.guard));
    install(&f);
    cr_assert_eq(received, 1, "dropped");
    f.recv(&f.io, &other);
    cr_assert_eq(received, 2, "other messages pass");

    f.put_cb(f.put, 0);
    cr_assert_not(guard_is_taking_snapshot(f.guard));
    install(&f);
    cr_assert_eq(received, 3);

    fake_put(&f, &req, 0, 50); /* One that is being installed is not one that is taken. */
    install(&f);
    cr_assert_eq(received, 4);
    f.put_cb(f.put, 0);
    fake_close(&f);
}
