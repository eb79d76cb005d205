#include <criterion/criterion.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/cli/fake.h"

static const char *const reads[][5] = {
    {"cluster", "status"},
    {"cluster", "digest"},
    {"node", "list"},
    {"node", "show", "n1"},
    {"group", "list"},
    {"group", "show", "g"},
    {"group", "get", "g"},
    {"resource", "list"},
    {"resource", "show", "web"},
    {"resource", "get", "web"},
    {"type", "list"},
    {"type", "show", "t"},
    {"events"},
    {"group", "offline", "g"},
    {"group", "create", "g"},
    {"resource", "show", "G/web"},
    {"group", "move", "g"},
    {"resource", "fail", "web"},
};

static void answer_json(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)request;
    answer->json = data;
}

Test(show, answers_that_lack_everything_do_no_harm)
{
    static const char *const answers[] = {
        "{}",
        "null",
        "[]",
        "[{}]",
        "[null, 7, [], \"x\"]",
        "7",
        "\"x\"",
        "{\"nodes\":[{}],\"groups\":[{}],\"resources\":[{}],\"properties\":{}}",
        "{\"nodes\":7,\"groups\":{},\"resources\":\"x\",\"properties\":[7],\"name\":[],\"state\":5,"
        "\"operation\":7,\"since_ms\":-1,\"code\":\"x\",\"persistent\":{}}",
        "{\"resources\":[{\"name\":\"a\",\"providers\":[\"b\",7,\"none\"]},{\"name\":\"b\","
        "\"providers\":[\"a\",\"b\"]},{\"providers\":7}]}",
    };

    for (size_t k = 0; k < sizeof(answers) / sizeof(answers[0]); k++) {
        struct fake *f = fake_start(answer_json, (void *)(uintptr_t)answers[k]);
        for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
            struct run r = run_words(f, reads[i]);
            cr_expect_leq(r.status, CLI_FAILED, "%s %s: %s", reads[i][0], answers[k], r.err);
            cr_expect_null(strstr(r.out, "(null)"), "%s", r.out);
            run_release(&r);
        }
        fake_stop(f);
    }
}

Test(show, a_group_lists_its_resources_in_order_of_start)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "group", "show", "DemoGroup");

    cr_expect(strstr(r.out, "\n  db        Online"), "%s", r.out);
    cr_expect(strstr(r.out, "\n    web     OfflinePending"), "%s", r.out);
    cr_expect_lt(strstr(r.out, "\n  db "), strstr(r.out, "\n    web "));
    cr_expect(strstr(r.out, "  4711  db     exit status 3 (1067 ERROR_PROCESS_ABORTED)\n"), "%s",
              r.out);
    cr_expect(strstr(r.out, "  locked\n"), "%s", r.out);
    run_release(&r);
    fake_stop(f);
}

Test(show, the_status_warns_of_what_needs_care)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "cluster", "status");

    cr_expect(strstr(r.out, "cluster demo, as node n1 sees it at index 50\n"), "%s", r.out);
    cr_expect(strstr(r.out, "leader n2, term 4, quorum yes\n"), "%s", r.out);
    cr_expect(strstr(r.out, "! node n3 has been Down for "), "%s", r.out);
    cr_expect(strstr(r.out, "! 2 of 3 voters are up: one more lost and the quorum is lost\n"), "%s",
              r.out);
    cr_expect_null(strstr(r.out, "! group"), "a group that is to be offline is no worry");
    run_release(&r);
    fake_stop(f);
}

Test(show, the_status_warns_of_a_lost_quorum_and_of_groups)
{
    struct fake *f = fake_start(
        answer_json,
        (void *)(uintptr_t) "{\"name\":\"c\",\"quorum\":false,\"leader\":null,\"nodes\":[],"
                            "\"groups\":[{\"name\":\"a\",\"state\":\"Failed\",\"persistent\":true},"
                            "{\"name\":\"b\",\"state\":\"Offline\",\"persistent\":\"Online\"},"
                            "{\"name\":\"c\",\"state\":\"Offline\",\"persistent\":\"Offline\"}]}");
    struct run r = RUN(f, "cluster", "status");

    cr_expect(strstr(r.out, "leader none, term -, quorum no\n"), "%s", r.out);
    cr_expect(strstr(r.out, "! no quorum: "), "%s", r.out);
    cr_expect(strstr(r.out, "! group a has been Failed and should be Online\n"), "%s", r.out);
    cr_expect(strstr(r.out, "! group b has been Offline and should be Online\n"), "%s", r.out);
    cr_expect_null(strstr(r.out, "! group c"), "%s", r.out);
    run_release(&r);
    fake_stop(f);
}

Test(show, one_property_is_printed_bare_for_scripts)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "resource", "get", "db", "hosts");

    cr_expect_str_eq(r.out, "a\nb\n");
    run_release(&r);
    r = RUN(f, "group", "get", "DemoGroup", "Description");
    cr_expect_str_eq(r.out, "\n");
    run_release(&r);
    r = RUN(f, "resource", "get", "db", "OfflineMs", "--json");
    cr_expect_str_eq(r.out, "{\n  \"OfflineMs\": 200\n}\n");
    run_release(&r);
    r = RUN(f, "resource", "get", "db", "nope");
    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect(strstr(r.err, "it has no property nope (2 ERROR_FILE_NOT_FOUND)"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(show, colour_is_for_terminals)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = run_on_terminal(f, 80, (const char *const[]){"node", "list", NULL});

    cr_expect(strstr(r.out, "\033[32mUp\033[0m"), "%s", r.out);
    cr_expect(strstr(r.out, "\033[31mDown\033[0m"), "%s", r.out);
    run_release(&r);
    r = RUN(f, "node", "list");
    cr_expect_null(strchr(r.out, '\033'));
    run_release(&r);
    fake_stop(f);
}
