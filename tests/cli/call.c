#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/valgrind.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "net/msgpack.h"
#include "tests/cli/fake.h"

/* A number among the parameters of a request that the fake saw. */
static uint64_t seen_uint(const struct fake *f, const char *method, unsigned position,
                          const char *key)
{
    const struct bytes *params = fake_seen(f, method, position);
    struct arena a = {0};
    const struct value *v;
    uint64_t n = 0;

    cr_assert_not_null(params, "%s was not called %u times", method, position + 1);
    cr_assert_eq(msgpack_read(params->data, params->len, &a, &v), 0);
    cr_assert(value_get_uint(v, key, &n), "%s has no %s", method, key);
    arena_release(&a);
    return n;
}

static void hang_up_twice(const struct fake_request *request, struct fake_answer *answer,
                          void *data)
{
    cluster_answers(request, answer, data);
    answer->hang_up = request->seen < 2;
}

static void hang_up(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)request;
    (void)data;
    answer->hang_up = true;
}

static void say_nothing(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)request;
    (void)data;
    answer->silent = true;
}

static void give_up(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)request;
    (void)data;
    answer->code = 1460;
    answer->message = "no leader was found";
}

Test(call, nobody_there_is_status_3_at_once)
{
    uint64_t begun_ms = clock_boot_ms();
    struct run r = RUN(NULL, "group", "offline", "g");

    cr_expect_eq(r.status, CLI_NO_CLUSTER);
    cr_expect_lt(clock_boot_ms() - begun_ms, 20000, "not the 30 s of a call");
    cr_expect(strstr(r.err, "no cluster reached: "), "%s", r.err);
    cr_expect(strstr(r.err, "/nonexistent/api.sock"), "%s", r.err);
    cr_expect(strstr(r.err, "1722 RPC_S_SERVER_UNAVAILABLE"), "%s", r.err);
    run_release(&r);
}

Test(call, a_broken_connection_repeats_the_same_call)
{
    struct fake *f = fake_start(hang_up_twice, NULL);
    struct run r = RUN(f, "group", "offline", "DemoGroup");
    uint64_t client;

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_eq(fake_connections(f), 3);
    client = seen_uint(f, "group.offline", 0, "client");
    cr_expect_neq(client, 0);
    for (unsigned i = 0; i < 3; i++) {
        cr_expect_eq(seen_uint(f, "group.offline", i, "client"), client);
        cr_expect_eq(seen_uint(f, "group.offline", i, "seq"), 1);
    }
    run_release(&r);
    fake_stop(f);
}

Test(call, every_run_is_a_client_of_its_own)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run a = RUN(f, "group", "offline", "DemoGroup");
    struct run b = RUN(f, "group", "offline", "DemoGroup");

    cr_expect_neq(seen_uint(f, "group.offline", 0, "client"),
                  seen_uint(f, "group.offline", 1, "client"));
    run_release(&a);
    run_release(&b);
    fake_stop(f);
}

Test(call, reads_carry_no_client)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "group", "list");
    const struct bytes *params = fake_seen(f, "group.list", 0);

    cr_expect_null(memmem(params->data, params->len, "client", 6));
    cr_expect_leq(seen_uint(f, "group.list", 0, "timeout_ms"), 30001);
    run_release(&r);
    fake_stop(f);
}

Test(call, a_change_without_an_answer_is_status_4_and_may_be_done)
{
    struct fake *f = fake_start(say_nothing, NULL);
    struct run r = RUN(f, "group", "offline", "g", "--timeout", "0.05");

    cr_expect_eq(r.status, CLI_TIMED_OUT);
    cr_expect(strstr(r.err, "it may still be done"), "%s", r.err);
    cr_expect(strstr(r.err, fake_socket(f)), "%s", r.err);
    cr_expect(strstr(r.err, "1460 ERROR_TIMEOUT"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

/* Long enough for a second try, which takes valgrind more than a second. */
static const char *retrying_time(void)
{
    return RUNNING_ON_VALGRIND ? "8" : "0.2";
}

Test(call, a_change_whose_connection_stays_broken_is_status_4)
{
    struct fake *f = fake_start(hang_up, NULL);
    struct run r = RUN(f, "group", "offline", "g", "--timeout", retrying_time());

    cr_expect_eq(r.status, CLI_TIMED_OUT, "%d %s", r.status, r.err);
    cr_expect_geq(fake_connections(f), 2);
    cr_expect(strstr(r.err, "it may still be done"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(call, a_read_whose_connection_stays_broken_reached_no_cluster)
{
    struct fake *f = fake_start(hang_up, NULL);
    struct run r = RUN(f, "group", "list", "--timeout", retrying_time());

    cr_expect_eq(r.status, CLI_NO_CLUSTER, "%d %s", r.status, r.err);
    cr_expect_geq(fake_connections(f), 2);
    run_release(&r);
    fake_stop(f);
}

Test(call, a_node_that_gave_up_is_status_4_in_its_words)
{
    struct fake *f = fake_start(give_up, NULL);
    struct run r = RUN(f, "group", "offline", "g");

    cr_expect_eq(r.status, CLI_TIMED_OUT);
    cr_expect(
        strstr(r.err,
               "group g: it took longer than it may: no leader was found (1460 ERROR_TIMEOUT)"),
        "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(call, a_resource_is_checked_against_its_group_before_anything_changes)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "resource", "offline", "Other/web");

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect(strstr(r.err, "5007 ERROR_RESOURCE_NOT_FOUND"), "%s", r.err);
    cr_expect_null(fake_seen(f, "resource.offline", 0));
    run_release(&r);
    r = RUN(f, "resource", "offline", "demogroup/web");
    cr_expect_eq(r.status, CLI_DONE, "groups are named without regard to case: %s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(call, reads_before_a_change_take_no_sequence_number)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "resource", "depend", "DemoGroup/web", "--on", "DemoGroup/db");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_str_eq(r.out, "resource web: needs db\n");
    cr_expect_eq(seen_uint(f, "resource.depend", 0, "seq"), 1);
    run_release(&r);
    fake_stop(f);
}
