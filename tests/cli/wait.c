#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "tests/cli/fake.h"

#define PENDING                                                                         \
    "{\"name\":\"g\",\"state\":\"Pending\",\"owner\":\"n1\",\"operation\":{\"id\":42}," \
    "\"resources\":[{\"name\":\"db\",\"state\":\"Online\"},"                            \
    "{\"name\":\"web\",\"state\":\"OfflinePending\"}]}"
#define ENDED(state, owner)                                      \
    "{\"name\":\"g\",\"state\":\"" state "\",\"owner\":\"" owner \
    "\",\"operation\":null,\"resources\":[]}"
#define FAILED                                                                                 \
    "{\"name\":\"g\",\"state\":\"Failed\",\"owner\":\"n1\",\"operation\":null,\"resources\":[" \
    "{\"name\":\"web\",\"state\":\"Offline\"},"                                                \
    "{\"name\":\"db\",\"state\":\"Failed\",\"code\":1117,\"text\":\"disk is gone\"}]}"

/* Accepts every change; group.get and resource.get go through `looks`, and
 * stay at the last one. */
struct story {
    const char *looks[6];
    unsigned code;
};

static void tell(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    const struct story *story = data;
    unsigned i = 0;

    if (strstr(request->method, ".get") == NULL) {
        answer->json = story->code == 0 ? "{\"code\":0,\"index\":42,\"detail\":\"\"}"
                                        : "{\"code\":997,\"index\":42,\"detail\":\"\"}";
        return;
    }
    while (i < request->seen && story->looks[i + 1] != NULL)
        i++;
    answer->json = story->looks[i];
}

Test(wait, without_it_an_accepted_call_is_done)
{
    struct story story = {{PENDING}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g");

    cr_expect_eq(r.status, CLI_DONE);
    cr_expect_str_eq(r.out, "group g: going offline (operation 42)\n");
    cr_expect_null(fake_seen(f, "group.get", 0));
    run_release(&r);
    fake_stop(f);
}

Test(wait, ends_well_in_the_state_asked_for)
{
    struct story story = {{PENDING, PENDING, ENDED("Offline", "n1")}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_eq(strncmp(r.out, "group g: Offline on n1 after ", 29), 0, "%s", r.out);
    cr_expect_null(strchr(r.out, '\r'), "no live line off a terminal");
    cr_expect_str_empty(r.err);
    cr_expect_not_null(fake_seen(f, "group.get", 2));
    run_release(&r);
    fake_stop(f);
}

Test(wait, a_state_that_is_over_while_the_operation_runs_does_not_count)
{
    struct story story = {
        {"{\"name\":\"g\",\"state\":\"Online\",\"operation\":{\"id\":42}}", ENDED("Offline", "n1")},
        997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(wait, nothing_to_do_is_looked_at_once)
{
    struct story story = {{ENDED("Offline", "n1")}, 0};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_null(fake_seen(f, "group.get", 1));
    run_release(&r);
    r = RUN(f, "group", "offline", "g");
    cr_expect_str_eq(r.out, "group g: already offline\n");
    run_release(&r);
    fake_stop(f);
}

Test(wait, a_failure_names_the_resource_its_code_and_text)
{
    struct story story = {{PENDING, FAILED}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait");

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect_str_empty(r.out);
    cr_expect(strstr(r.err, "holdfast: group g: Failed on n1 after "), "%s", r.err);
    cr_expect(
        strstr(r.err, "not Offline: resource db failed: disk is gone (1117 ERROR_IO_DEVICE)\n"),
        "%s", r.err);
    cr_expect(strstr(r.err, "try: holdfast group show g"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(wait, a_failure_in_json_carries_the_code_of_the_resource)
{
    struct story story = {{FAILED}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait", "--json");
    json_t *j = json_loads(r.err, 0, NULL);

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect_str_empty(r.out);
    cr_expect_eq(json_integer_value(json_object_get(j, "error")), 1117);
    json_decref(j);
    run_release(&r);
    fake_stop(f);
}

Test(wait, another_end_than_the_one_asked_for_is_status_1)
{
    static const struct {
        const char *verb;
        const char *end;
        const char *option;
        int status;
    } cases[] = {
        {"online", ENDED("Online", "n1"), "--wait", CLI_DONE},
        {"online", ENDED("PartialOnline", "n1"), "--wait", CLI_FAILED},
        {"online", ENDED("Offline", "n1"), "--wait", CLI_FAILED},
        {"online", ENDED("Online", "n1"), "--node=n2", CLI_FAILED},
        {"online", ENDED("Online", "n2"), "--node=n2", CLI_DONE},
        {"offline", ENDED("Online", "n1"), "--wait", CLI_FAILED},
        {"move", ENDED("Online", "n2"), "--to=n2", CLI_DONE},
        {"move", ENDED("Offline", "n2"), "--to=N2", CLI_DONE},
        {"move", ENDED("Online", "n1"), "--to=n2", CLI_FAILED},
        {"move", ENDED("Failed", "n2"), "--to=n2", CLI_FAILED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct story story = {{cases[i].end}, 997};
        struct fake *f = fake_start(tell, &story);
        struct run r = RUN(f, "group", cases[i].verb, "g", "--wait", cases[i].option);

        cr_expect_eq(r.status, cases[i].status, "%s %s %s: %d %s", cases[i].verb, cases[i].option,
                     cases[i].end, r.status, r.err);
        run_release(&r);
        fake_stop(f);
    }
}

Test(wait, a_move_without_a_target_must_leave_its_node)
{
    struct story stays = {{ENDED("Online", "n1"), ENDED("Online", "n1")}, 997};
    struct story goes = {{ENDED("Online", "n1"), ENDED("Online", "n3")}, 997};
    struct fake *f = fake_start(tell, &stays);
    struct run r = RUN(f, "group", "move", "g", "--wait");

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect(strstr(r.err, "Online on n1"), "%s", r.err);
    cr_expect(strstr(r.err, "not moved"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
    f = fake_start(tell, &goes);
    r = RUN(f, "group", "move", "g", "--wait");
    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(wait, a_timeout_is_status_4_and_says_that_it_goes_on)
{
    struct story story = {{PENDING}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait", "--timeout", "0.4");

    cr_expect_eq(r.status, CLI_TIMED_OUT, "%d %s", r.status, r.err);
    cr_expect_str_empty(r.out);
    cr_expect(strstr(r.err, "still Pending after"), "%s", r.err);
    cr_expect(strstr(r.err, "operation 42 goes on"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(wait, json_is_the_group_as_it_ended)
{
    struct story story = {{PENDING, ENDED("Offline", "n1")}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait", "--json");
    json_t *j = json_loads(r.out, 0, NULL);

    cr_expect_eq(r.status, CLI_DONE);
    cr_expect_str_eq(json_string_value(json_object_get(j, "state")), "Offline");
    cr_expect_eq(json_integer_value(json_object_get(j, "index")), 42);
    cr_expect(json_is_integer(json_object_get(j, "elapsed_ms")));
    json_decref(j);
    run_release(&r);
    fake_stop(f);
}

Test(wait, a_terminal_gets_a_line_rewritten_in_place)
{
    struct story story = {{PENDING, PENDING, ENDED("Offline", "n1")}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r =
        run_on_terminal(f, 60, (const char *const[]){"group", "offline", "g", "--wait", NULL});
    const char *at = r.err;

    cr_expect_eq(r.status, CLI_DONE);
    cr_expect_eq(strncmp(r.err, "\r| g  Pending  ", 15), 0, "%s", r.err);
    cr_expect(strstr(r.err, "web OfflinePending  db Online\033[K"), "%s", r.err);
    cr_expect_null(strchr(r.err, '\n'));
    while (strstr(at, "\r") != NULL)
        at = strstr(at, "\r") + 1;
    cr_expect_str_eq(at, "\033[K", "the line is gone at the end");
    run_release(&r);
    fake_stop(f);
}

Test(wait, the_live_line_never_wraps)
{
    struct story story = {{PENDING, ENDED("Offline", "n1")}, 997};
    struct fake *f = fake_start(tell, &story);
    struct run r =
        run_on_terminal(f, 12, (const char *const[]){"group", "offline", "g", "--wait", NULL});

    cr_expect_eq(strncmp(r.err, "\r| g  Pendin\033[K", 15), 0, "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(wait, a_resource_is_followed_too)
{
    struct story story = {
        {"{\"name\":\"r\",\"state\":\"OfflinePending\",\"owner\":\"n1\",\"operation\":42}",
         "{\"name\":\"r\",\"state\":\"Failed\",\"owner\":\"n1\",\"operation\":42,\"code\":1117}"},
        997};
    struct fake *f = fake_start(tell, &story);
    struct run r = RUN(f, "resource", "offline", "r", "--wait");

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect(strstr(r.err, "resource r: Failed on n1"), "%s", r.err);
    cr_expect(strstr(r.err, "1117 ERROR_IO_DEVICE"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

static void break_while_waiting(const struct fake_request *request, struct fake_answer *answer,
                                void *data)
{
    tell(request, answer, data);
    if (strcmp(request->method, "group.get") == 0)
        answer->hang_up = request->seen == 1;
}

Test(wait, survives_a_broken_connection)
{
    struct story story = {{PENDING, PENDING, ENDED("Offline", "n1")}, 997};
    struct fake *f = fake_start(break_while_waiting, &story);
    struct run r = RUN(f, "group", "offline", "g", "--wait");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_null(fake_seen(f, "group.offline", 1), "the change itself is not repeated");
    run_release(&r);
    fake_stop(f);
}
