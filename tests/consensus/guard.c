/* The guard ends the process when a write fails, and knows what was acknowledged. */
#include "consensus/guard.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "tests/consensus/guard_fake.h"
#include "tests/consensus/world.h"

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
    struct raft_io_append req;
    struct fake *f = data;

    fake_append(f, &req, 1, 5);
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
    return f->io.append(&f->io, &req, &entry, 1, fake_appended);
}

static int append_fails_later(void *data)
{
    struct fake *f = data;
    struct raft_io_append req;

    fake_append(f, &req, 1, 1);
    fake_written(f, RAFT_IOERR);
    return 0;
}

static int snapshot_fails_at_once(void *data)
{
    struct fake *f = data;
    struct raft_io_snapshot_put req;

    f->fails = RAFT_IOERR;
    fake_put(f, &req, 10, 5);
    return 0;
}

static int snapshot_fails_later(void *data)
{
    struct fake *f = data;
    struct raft_io_snapshot_put req;

    fake_put(f, &req, 10, 5);
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

    return f->io.append(&f->io, &req, &entry, 1, fake_appended); /* No truncate said where. */
}

Test(guard, every_failure_to_write_ends_the_process)
{
    int (*const bodies[])(void *) = {term_fails,           vote_fails,
                                     truncate_fails,       append_fails_later,
                                     append_fails_at_once, snapshot_fails_at_once,
                                     snapshot_fails_later, writer_tells_of_a_failure};

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fake f;

        fake_open(&f);
        cr_assert_eq(in_child(bodies[i], &f), WORLD_FATAL, "body %zu", i);
        fake_close(&f);
    }
}

Test(guard, an_entry_in_the_place_of_another_came_when_it_did)
{
    struct raft_io_append req;
    struct fake f;

    fake_open(&f);
    uint64_t begin = clock_boot_ms();
    fake_append(&f, &req, 1, 5);
    fake_written(&f, 0);
    for (raft_index i = 1; i <= 5; i++)
        cr_assert_geq(guard_arrived_ms(f.guard, i), begin);
    cr_assert_eq(guard_arrived_ms(f.guard, 6), 0);
    while (clock_boot_ms() < begin + 3)
        ;
    fake_append(&f, &req, 4, 4);
    guard_watch(f.guard); /* The cut is done. */
    fake_written(&f, 0);
    cr_assert_geq(guard_arrived_ms(f.guard, 4), begin + 3);
    cr_assert_lt(guard_arrived_ms(f.guard, 3), begin + 3);
    for (raft_index i = 5; i < 2000; i += 10) {
        fake_append(&f, &req, i, i + 9);
        fake_written(&f, 0);
        cr_assert_gt(guard_arrived_ms(f.guard, i), 0);
    }
    cr_assert_eq(guard_arrived_ms(f.guard, 4), 0, "forgotten");
    fake_close(&f);
}

Test(guard, an_append_whose_index_nobody_knows_is_a_bug)
{
    struct fake f;

    fake_open(&f);
    cr_assert_geq(in_child(append_beside_the_end, &f), 1000, "an assertion");
    fake_close(&f);
}

Test(guard, what_is_cancelled_by_closing_is_passed_on)
{
    struct raft_io_snapshot_put put_req;
    struct raft_io_append req;
    struct fake f;

    fake_open(&f);
    fake_append(&f, &req, 1, 3);
    fake_written(&f, RAFT_CANCELED);
    cr_assert_eq(f.answered, 1);
    cr_assert_eq(f.status, RAFT_CANCELED);
    cr_assert_eq(acked_index(f.acked), 0);
    fake_put(&f, &put_req, 10, 5);
    f.put_cb(f.put, RAFT_CANCELED);
    cr_assert_eq(f.answered, 2);
    cr_assert_eq(f.status, RAFT_CANCELED);
    guard_watch(f.guard);
    fake_close(&f);
}

/* ------------------------------------------------------- acknowledged entries */

Test(guard, the_mark_rises_when_the_write_is_done_and_not_before)
{
    struct raft_io_append a, b;
    struct fake f;

    fake_open(&f);
    fake_append(&f, &a, 1, 3);
    fake_append(&f, &b, 4, 9);
    cr_assert_eq(acked_index(f.acked), 0);
    fake_written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 3);
    fake_written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 9);
    fake_close(&f);
}

Test(guard, the_mark_is_lowered_before_the_log_is_truncated)
{
    struct raft_io_append a;
    struct fake f;

    fake_open(&f);
    fake_append(&f, &a, 1, 9);
    fake_written(&f, 0);
    f.io.truncate(&f.io, 5);
    cr_assert_eq(f.mark_at_call, 4);
    cr_assert_eq(acked_index(f.acked), 4);
    fake_close(&f);
}

/* A new leader's entries replace those whose write is still under way. */
Test(guard, a_write_that_was_truncated_meanwhile_does_not_raise_the_mark)
{
    struct raft_io_append a, b;
    struct fake f;

    fake_open(&f);
    fake_append(&f, &a, 1, 10);
    fake_append(&f, &b, 7, 8);
    fake_written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 6, "7 to 10 are going to be cut off");
    guard_watch(f.guard);
    fake_written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 8);
    fake_close(&f);
}

Test(guard, an_installed_snapshot_sets_the_mark_to_its_index)
{
    struct raft_io_snapshot_put req;
    struct raft_io_append a, b;
    struct fake f;

    fake_open(&f);
    fake_append(&f, &a, 1, 10);
    fake_put(&f, &req, 0, 7);
    fake_written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 7, "entries 8 to 10 are thrown away");
    f.put_cb(f.put, 0);
    cr_assert_eq(acked_index(f.acked), 7);
    fake_append(&f, &b, 8, 8);
    guard_watch(f.guard);
    fake_written(&f, 0);
    cr_assert_eq(acked_index(f.acked), 8);

    fake_put(&f, &req, 0, 100);
    cr_assert_eq(acked_index(f.acked), 8);
    f.put_cb(f.put, 0);
    cr_assert_eq(acked_index(f.acked), 100);
    fake_close(&f);
}

static void free_loaded(struct raft_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        raft_free(entries[i].buf.base);
    raft_free(entries);
}

static int load(struct fake *f, struct raft_entry **entries, size_t *n)
{
    struct raft_snapshot *snapshot;
    raft_index start;
    raft_term term;
    raft_id vote;

    return f->io.load(&f->io, &term, &vote, &snapshot, &start, entries, n);
}

Test(guard, a_log_that_ends_below_the_mark_is_not_loaded)
{
    struct raft_entry *entries;
    size_t n;
    struct fake f;

    fake_open(&f);
    acked_raise(f.acked, 20);
    f.loaded_last = 19;
    cr_assert_eq(load(&f, &entries, &n), RAFT_CORRUPT);
    cr_assert_not_null(strstr(f.io.errmsg, "ends at entry 19"), "%s", f.io.errmsg);
    cr_assert_not_null(strstr(f.io.errmsg, "acknowledged 20"), "%s", f.io.errmsg);
    f.loaded_last = 20;
    cr_assert_eq(load(&f, &entries, &n), 0);
    free_loaded(entries, n);
    fake_close(&f);
}

/* libraft frees what they share while a message may still hold some of them. */
Test(guard, loaded_entries_share_no_memory)
{
    struct raft_entry *entries;
    size_t n;
    struct fake f;

    fake_open(&f);
    f.loaded_last = 20;
    cr_assert_eq(load(&f, &entries, &n), 0);
    cr_assert_eq(n, 20);
    for (size_t i = 0; i < n; i++) {
        cr_assert_null(entries[i].batch);
        cr_assert_eq(entries[i].buf.len, sizeof(uint64_t));
        cr_assert_eq(*(uint64_t *)entries[i].buf.base, i + 1);
    }
    free_loaded(entries, n); /* Each for itself, or the sanitizer says so. */
    fake_close(&f);
}

/* libraft would append to what is left, and it would reach the mark again. */
Test(guard, nothing_is_forced_upon_a_log_that_ends_below_the_mark)
{
    struct raft_configuration conf = {0};
    struct fake f;

    fake_open(&f);
    acked_raise(f.acked, 20);
    f.loaded_last = 19;
    cr_assert_eq(f.io.recover(&f.io, &conf), RAFT_CORRUPT);
    cr_assert_not_null(strstr(f.io.errmsg, "acknowledged 20"), "%s", f.io.errmsg);
    cr_assert_eq(f.recovered, 0);
    f.loaded_last = 20;
    cr_assert_eq(f.io.recover(&f.io, &conf), 0);
    cr_assert_eq(f.recovered, 1);
    fake_close(&f);
}
