#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/cli/fake.h"

static void refuse_locked(const struct fake_request *request, struct fake_answer *answer,
                          void *data)
{
    (void)request;
    answer->code = 5960;
    answer->message = data;
}

static void refuse_as_told(const struct fake_request *request, struct fake_answer *answer,
                           void *data)
{
    const char *const *words = data;

    (void)request;
    answer->code = (uint32_t)atoi(words[0]);
    answer->message = words[1];
}

static void refuse_unknown(const struct fake_request *request, struct fake_answer *answer,
                           void *data)
{
    (void)request;
    (void)data;
    answer->code = 77777;
    answer->message = "evil\033[2J";
}

Test(report, a_refusal_names_object_reason_code_and_what_to_do)
{
    struct fake *f = fake_start(refuse_locked, (void *)(uintptr_t) "resource db is locked");
    struct run r = RUN(f, "group", "offline", "DemoGroup");

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect_str_empty(r.out);
    cr_expect_eq(strncmp(r.err,
                         "holdfast: group DemoGroup: resource db is locked "
                         "(5960 ERROR_CLUSTER_RESOURCE_LOCKED_STATUS)\n  try: ",
                         99),
                 0, "%s", r.err);
    cr_expect(strstr(r.err, "--ignore-locked"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(report, without_words_of_the_node_those_of_the_table_are_taken)
{
    struct fake *f = fake_start(refuse_locked, NULL);
    struct run r = RUN(f, "group", "offline", "DemoGroup");

    cr_expect(strstr(r.err, "group DemoGroup: a resource of the group is locked"), "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

Test(report, json_has_error_name_message_and_advice_on_standard_error)
{
    struct fake *f = fake_start(refuse_locked, (void *)(uintptr_t) "resource db is locked");
    struct run r = RUN(f, "group", "offline", "DemoGroup", "--json", "--wait");
    json_t *j = json_loads(r.err, 0, NULL);

    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect_str_empty(r.out);
    cr_assert_not_null(j, "%s", r.err);
    cr_expect_eq(json_integer_value(json_object_get(j, "error")), 5960);
    cr_expect_str_eq(json_string_value(json_object_get(j, "name")),
                     "ERROR_CLUSTER_RESOURCE_LOCKED_STATUS");
    cr_expect_str_eq(json_string_value(json_object_get(j, "message")),
                     "group DemoGroup: resource db is locked");
    cr_expect(json_is_string(json_object_get(j, "advice")));
    json_decref(j);
    run_release(&r);
    fake_stop(f);
}

Test(report, a_code_without_a_name_is_given_as_it_is_and_words_are_made_harmless)
{
    struct fake *f = fake_start(refuse_unknown, NULL);
    struct run r = RUN(f, "group", "show", "x");

    cr_expect_str_eq(r.err, "holdfast: group x: unknown error: evil\xef\xbf\xbd[2J (77777)\n");
    run_release(&r);
    fake_stop(f);
}

Test(report, what_a_node_says_is_put_behind_what_the_code_means)
{
    static const struct {
        const char *told[2]; /* Code and words. */
        const char *says;
    } cases[] = {
        {{"5013", "G"}, "holdfast: group g: no such group (5013 "},
        {{"5013", ""}, "holdfast: group g: no such group (5013 "},
        {{"5013", "no such group: g"}, "holdfast: group g: no such group (5013 "},
        {{"5007", "db"}, "holdfast: group g: no such resource: db (5007 "},
        {{"5007", "no such resource: db"}, "holdfast: group g: no such resource: db (5007 "},
        {{"145", "g has 2 resources"},
         "holdfast: group g: it is not empty: g has 2 resources (145 "},
        {{"5960", "resource db is locked"}, "holdfast: group g: resource db is locked (5960 "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake *f = fake_start(refuse_as_told, (void *)(uintptr_t)cases[i].told);
        struct run r = RUN(f, "group", "delete", "g");
        cr_expect_eq(strncmp(r.err, cases[i].says, strlen(cases[i].says)), 0, "%s", r.err);
        run_release(&r);
        fake_stop(f);
    }
}
