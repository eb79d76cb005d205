/* The state as it was: how the moment is named, how it is asked for and shown. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/call.h"
#include "net/msgpack.h"
#include "tests/cli/fake.h"

/* 2026-11-22 23:30:00 UTC, half past midnight of the next day in Prague. */
#define NOW_MS 1795390200000ull

static void expect_time(const char *text, uint64_t ms)
{
    struct moment m = {0};

    cr_expect(moment_parse(text, NOW_MS, &m), "%s", text);
    cr_expect(!m.is_index && m.value == ms, "%s: %llu", text, (unsigned long long)m.value);
}

static void in_prague(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
}

Test(replay, moments_are_indexes_times_or_so_long_ago, .init = in_prague)
{
    struct moment m = {0};

    cr_expect(moment_parse("1532", NOW_MS, &m) && m.is_index && m.value == 1532);
    cr_expect(moment_parse("0", NOW_MS, &m) && m.is_index && m.value == 0);
    expect_time("2026-11-22T23:30:00Z", NOW_MS);
    expect_time("2026-11-22T23:30Z", NOW_MS);
    expect_time("2026-11-23T00:30:00", NOW_MS);
    expect_time("2026-11-23 00:30:00.123", NOW_MS + 123);
    expect_time("2026-11-22T23:30:00.5Z", NOW_MS + 500);
    expect_time("2026-11-22T23:30:00.1239Z", NOW_MS + 123);
    expect_time("2026-07-01T12:00:00", 1782900000000);
    expect_time("00:10", NOW_MS - 1200000);
    expect_time("00:10:01", NOW_MS - 1199000);
    expect_time("23:29:59Z", NOW_MS - 1000);
    expect_time("-250ms", NOW_MS - 250);
    expect_time("-90s", NOW_MS - 90000);
    expect_time("-10m", NOW_MS - 600000);
    expect_time("-2h", NOW_MS - 7200000);
    expect_time("-3d", NOW_MS - 3 * 86400000ull);
}

Test(replay, what_is_no_moment_is_refused, .init = in_prague)
{
    static const char *const texts[] = {
        "",
        "-",
        "-m",
        "-10",
        "-10x",
        "--10m",
        "10m",
        "noon",
        "1:2",
        "15:4",
        "24:00",
        "15:60",
        "15:04:61",
        "15:04:05.",
        "15:04 ",
        "15:04ZZ",
        "2026-11-22",
        "2026-11-22T",
        "2026-11-22U15:04",
        "2026-13-01T15:04",
        "2026-02-30T15:04",
        "2026-00-10T15:04Z",
        "1969-01-01T00:00Z",
        "2026-1-01T15:04",
        "99999999999999999999",
        "-99999999999999999999d",
        "-9999999999d",
    };
    struct moment m;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect(!moment_parse(texts[i], NOW_MS, &m), "%s", texts[i]);
}

/* The number asked for as `key`, and none as `other`. */
static uint64_t asked(const struct fake *f, const char *key, const char *other)
{
    const struct bytes *params = fake_seen(f, "history.get", 0);
    struct arena a = {0};
    const struct value *v;
    uint64_t n = 0;

    cr_assert_not_null(params);
    cr_assert_eq(msgpack_read(params->data, params->len, &a, &v), 0);
    cr_expect(value_get_uint(v, key, &n));
    cr_expect_null(value_get(v, other));
    arena_release(&a);
    return n;
}

Test(replay, shows_the_tables_of_today_as_of_then)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "replay", "--at", "1532");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_eq(asked(f, "index", "time_ms"), 1532);
    cr_expect_not_null(strstr(r.out, "as it was at index 50, "), "%s", r.out);
    cr_expect_not_null(strstr(r.out, "NODE  STATE"), "%s", r.out);
    cr_expect_not_null(strstr(r.out, "DemoGroup  Pending  n1     Offline     offline    5.0 s ago"),
                       "ages are counted to that moment: %s", r.out);
    cr_expect_not_null(strstr(r.out, "\nnot Online\nRESOURCE  GROUP"), "%s", r.out);
    cr_expect_not_null(strstr(r.out, "\nweb       DemoGroup  OfflinePending"), "%s", r.out);
    cr_expect_null(strstr(r.out, "\ndb "), "%s", r.out);
    cr_expect_not_null(strstr(r.out, ".123  group DemoGroup  Online -> Pending on n1  "
                                     "a client asked for offline\n"),
                       "%s", r.out);
    cr_expect_null(strstr(r.out, "by command"), "%s", r.out);
    run_release(&r);
    r = RUN(f, "replay", "--at", "1532", "--verbose");
    cr_expect_not_null(strstr(r.out, "by command 42"), "%s", r.out);
    run_release(&r);
    fake_stop(f);
}

Test(replay, a_time_is_asked_for_as_one)
{
    struct fake *f = fake_start(NULL, NULL);
    uint64_t before_ms = clock_wall_ms(), ms;
    struct run r = RUN(f, "replay", "--at=-10m");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    ms = asked(f, "time_ms", "index");
    cr_expect_geq(ms, before_ms - 600000);
    cr_expect_leq(ms, clock_wall_ms() - 600000);
    run_release(&r);
    fake_stop(f);
}

static void all_online(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)request, (void)data;
    answer->json = "{\"index\":5,\"time_ms\":1700000005000,\"nodes\":[],\"groups\":[],"
                   "\"resources\":[{\"name\":\"db\",\"state\":\"Online\"}],\"events\":[]}";
}

Test(replay, nothing_is_listed_where_all_was_online)
{
    struct fake *f = fake_start(all_online, NULL);
    struct run r = RUN(f, "replay", "--at", "5");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_not_null(strstr(r.out, "no groups yet\n\nall resources Online\n"), "%s", r.out);
    cr_expect_null(strstr(r.out, "last events"), "%s", r.out);
    run_release(&r);
    fake_stop(f);
}

/* Compaction is at work at the first `*data` looks. */
static void compacting(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    if (request->seen < *(const unsigned *)data) {
        answer->code = ERROR_RETRY;
        answer->message = "the log has just been cut";
    } else {
        cluster_answers(request, answer, NULL);
    }
}

Test(replay, asks_again_while_the_log_is_being_cut)
{
    unsigned looks = 3;
    struct fake *f = fake_start(compacting, &looks);
    struct run r = RUN(f, "replay", "--at", "5");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(replay, asks_again_a_few_times_only)
{
    unsigned looks = UINT32_MAX;
    struct fake *f = fake_start(compacting, &looks);
    struct run r = RUN(f, "replay", "--at", "5");

    cr_expect_eq(r.status, CLI_FAILED, "%d", r.status);
    cr_expect_not_null(strstr(r.err, "the log has just been cut"), "%s", r.err);
    cr_expect_not_null(fake_seen(f, "history.get", 3));
    cr_expect_null(fake_seen(f, "history.get", 6));
    run_release(&r);
    fake_stop(f);
}

static void forgotten(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)request, (void)data;
    answer->code = ERROR_NOT_FOUND;
    answer->message = "index 5 is not kept any more";
}

Test(replay, what_is_not_kept_is_said_at_once)
{
    struct fake *f = fake_start(forgotten, NULL);
    struct run r = RUN(f, "replay", "--at", "5");

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect_not_null(strstr(r.err, "index 5 is not kept any more"), "%s", r.err);
    cr_expect_null(fake_seen(f, "history.get", 1));
    run_release(&r);
    fake_stop(f);
}
