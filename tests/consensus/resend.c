#include "consensus/resend.h"

#include <criterion/criterion.h>

enum { COUNT = 400, BYTES = 10000 };

static struct raft_entry entries[COUNT];

static struct raft_append_entries message(raft_index prev)
{
    for (unsigned i = 0; i < COUNT; i++)
        entries[i].buf.len = BYTES;
    return (struct raft_append_entries){
        .term = 3, .prev_log_index = prev, .entries = entries, .n_entries = COUNT};
}

Test(resend, what_goes_on_is_sent_whole)
{
    struct resend r = {0};

    for (unsigned i = 0; i < 10; i++) {
        struct raft_append_entries a = message(i * COUNT);
        cr_assert_eq(resend_entries(&r, 2, &a, 1000), COUNT);
    }
}

Test(resend, what_is_repeated_is_repeated_in_parts_and_after_pauses_that_grow)
{
    struct resend r = {0};
    struct raft_append_entries a = message(7);
    unsigned sent = 0, times = 0;

    cr_assert_eq(resend_entries(&r, 2, &a, 0), COUNT);
    cr_assert_eq(resend_entries(&r, 2, &a, 80), COUNT, "a lost message is repeated at once");
    for (uint64_t ms = 160; ms < 600000; ms += 80) {
        unsigned n = resend_entries(&r, 2, &a, ms);
        cr_assert_leq(n * BYTES, RESEND_BYTES_MAX);
        sent += n;
        times += n > 0;
    }
    cr_assert_gt(times, 60, "it never ends");
    cr_assert_lt(times, 130);
    cr_assert_gt(sent, 0);
    a = message(8); /* The follower has written one. */
    cr_assert_eq(resend_entries(&r, 2, &a, 600000), COUNT);
}

/* Or a node that is back would wait for as long as it was away. */
Test(resend, whoever_was_silent_and_answers_begins_anew)
{
    struct resend r = {0};
    struct raft_append_entries a = message(7);
    uint64_t ms = 0;

    for (; ms < 10000; ms += 80)
        resend_entries(&r, 2, &a, ms);
    cr_assert_eq(resend_entries(&r, 2, &a, ms), 0, "in the midst of a pause");
    resend_heard(&r, 2, ms);
    cr_assert_eq(resend_entries(&r, 2, &a, ms), COUNT);
    cr_assert_eq(resend_entries(&r, 2, &a, ms + 80), COUNT);

    /* It answers each heartbeat, and writes nothing: the pauses grow again. */
    unsigned times = 0;
    for (uint64_t end = ms + 60000; ms < end; ms += 80) {
        resend_heard(&r, 2, ms);
        times += resend_entries(&r, 2, &a, ms) > 0;
    }
    cr_assert_lt(times, 20);
    resend_heard(&r, 5, ms); /* Nothing was ever sent to that one. */
}

Test(resend, each_server_and_each_term_begins_anew)
{
    struct resend r = {0};
    struct raft_append_entries a = message(7);

    for (unsigned i = 0; i < 5; i++)
        resend_entries(&r, 2, &a, i);
    cr_assert_eq(resend_entries(&r, 2, &a, 6), 0);
    cr_assert_eq(resend_entries(&r, 3, &a, 6), COUNT);
    a.term++;
    cr_assert_eq(resend_entries(&r, 2, &a, 6), COUNT);
    a.n_entries = 0;
    cr_assert_eq(resend_entries(&r, 2, &a, 6), 0);
}

Test(resend, one_entry_is_sent_however_large)
{
    struct resend r = {0};
    struct raft_append_entries a = message(7);

    entries[0].buf.len = 2 * RESEND_BYTES_MAX;
    for (unsigned i = 0; i < 3; i++)
        resend_entries(&r, 2, &a, i);
    cr_assert_eq(resend_entries(&r, 2, &a, 10000), 1);
}
