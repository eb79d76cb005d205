#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "tests/cli/fake.h"

/* Every command that asks or changes, with --json. */
static const char *const lines[][8] = {
    {"cluster", "status"},
    {"cluster", "digest"},
    {"node", "list"},
    {"node", "show", "n1"},
    {"group", "list"},
    {"group", "show", "DemoGroup"},
    {"group", "create", "g"},
    {"group", "delete", "g"},
    {"group", "online", "DemoGroup"},
    {"group", "offline", "DemoGroup"},
    {"group", "move", "DemoGroup"},
    {"group", "set", "DemoGroup", "Description=x"},
    {"cluster", "get"},
    {"cluster", "update-level"},
    {"cluster", "set", "QuarantineThreshold=1"},
    {"cluster", "recover", "--yes"},
    {"node", "pause", "n1", "--drain"},
    {"node", "resume", "n1"},
    {"node", "evict", "n1"},
    {"node", "set", "n1", "Site=a"},
    {"node", "get", "n1"},
    {"group", "cancel", "DemoGroup"},
    {"resource", "restart", "web"},
    {"resource", "move", "web", "--to", "g"},
    {"resource", "maintenance", "web", "on"},
    {"resource", "owners", "web"},
    {"operation", "list"},
    {"operation", "show", "42"},
    {"operation", "cancel", "42"},
    {"operation", "wait", "42"},
    {"why", "DemoGroup"},
    {"replay", "--at", "-1h"},
    {"what-if", "node-down", "n1", "n2"},
    {"what-if", "pause", "n1"},
    {"what-if", "resume", "n1"},
    {"what-if", "evict", "n1"},
    {"what-if", "online", "DemoGroup"},
    {"what-if", "offline", "DemoGroup"},
    {"what-if", "move", "DemoGroup", "n2"},
    {"what-if", "fail", "DemoGroup/db"},
    {"what-if", "restart", "db"},
    {"what-if", "set", "DemoGroup", "Priority=1"},
    {"fence", "create", "ipmi", "agent=fence_x", "passwd=y"},
    {"fence", "delete", "ipmi"},
    {"fence", "level", "n1", "1", "ipmi,pdu:7"},
    {"fence", "list"},
    {"fence", "test", "n1"},
    {"fence", "node", "n1", "off"},
    {"fence", "confirm", "n1"},
    {"group", "get", "DemoGroup"},
    {"resource", "list"},
    {"resource", "show", "web"},
    {"resource", "create", "DemoGroup/r", "--type", "dummy"},
    {"resource", "delete", "web"},
    {"resource", "online", "DemoGroup/web"},
    {"resource", "offline", "web"},
    {"resource", "fail", "web"},
    {"resource", "depend", "web", "--on", "db"},
    {"resource", "undepend", "web", "--on", "db"},
    {"resource", "set", "web", "a=b"},
    {"resource", "get", "web"},
    {"type", "list"},
    {"type", "show", "process"},
    {"events"},
};

Test(json, every_command_is_covered_here)
{
    for (unsigned i = 0; i < command_count; i++) {
        bool found = commands[i].run == run_node_join; /* It asks over TCP: tests/cluster. */
        for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++)
            found =
                found || (strcmp(lines[k][0], commands[i].noun) == 0 &&
                          (commands[i].verb == NULL || strcmp(lines[k][1], commands[i].verb) == 0));
        cr_expect(found, "%s %s", commands[i].noun, commands[i].verb);
    }
}

/* Load the one document that `text` is; NULL if it is none, or more. */
static json_t *load(const char *text)
{
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

Test(json, every_command_prints_exactly_one_document)
{
    struct fake *f = fake_start(NULL, NULL);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *words[10] = {"--json"};
        struct run r;
        json_t *j;

        memcpy(words + 1, lines[i], sizeof(lines[i]));
        r = run_words(f, words);
        j = load(r.out);
        cr_expect_eq(r.status, 0, "%s %s: %s", words[1], words[2], r.err);
        cr_expect_not_null(j, "%s %s: %s", words[1], words[2], r.out);
        cr_expect_str_empty(r.err);
        json_decref(j);
        run_release(&r);
    }
    fake_stop(f);
}

Test(json, lists_are_arrays_of_objects_with_name_state_and_owner)
{
    static const char *const nouns[] = {"node", "group", "resource"};
    struct fake *f = fake_start(NULL, NULL);

    for (size_t i = 0; i < 3; i++) {
        struct run r = RUN(f, nouns[i], "list", "--json");
        json_t *j = load(r.out), *first = json_array_get(j, 0);

        cr_assert(json_is_array(j), "%s", r.out);
        cr_expect(json_is_string(json_object_get(first, "name")));
        cr_expect(json_is_string(json_object_get(first, "state")));
        if (i > 0)
            cr_expect_str_eq(json_string_value(json_object_get(first, "owner")), "n1");
        json_decref(j);
        run_release(&r);
    }
    fake_stop(f);
}

Test(json, a_change_tells_code_operation_and_name)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "--json", "group", "offline", "DemoGroup");
    json_t *j = load(r.out);

    cr_expect_eq(r.status, 0);
    cr_expect_eq(json_integer_value(json_object_get(j, "code")), 997);
    cr_expect_eq(json_integer_value(json_object_get(j, "index")), 42);
    cr_expect_str_eq(json_string_value(json_object_get(j, "name")), "DemoGroup");
    json_decref(j);
    run_release(&r);
    fake_stop(f);
}

static void expect_json(struct value v, const char *text)
{
    json_t *j = json_from_value(&v);
    char *dumped = json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT);
    json_t *again = load(dumped);

    cr_expect_str_eq(dumped, text);
    cr_expect_not_null(again);
    json_decref(again);
    json_decref(j);
    free(dumped);
}

Test(json, any_value_becomes_valid_json)
{
    const struct value a = {.type = VALUE_STR, .len = 1, .str = "a"};
    const struct value seven = {.type = VALUE_UINT, .uint = 7};
    const struct value_pair pairs[] = {{a, seven}, {a, a}, {seven, a}};

    expect_json((struct value){.type = VALUE_STR, .len = 4, .str = "a\xff\0b"},
                "\"a\xef\xbf\xbd\xef\xbf\xbd"
                "b\"");
    expect_json((struct value){.type = VALUE_STR, .len = 1, .str = "\033"}, "\"\\u001B\"");
    expect_json((struct value){.type = VALUE_BIN, .len = 2, .bin = (const uint8_t *)"\0\xab"},
                "\"00ab\"");
    expect_json((struct value){.type = VALUE_BIN, .len = 0}, "\"\"");
    expect_json((struct value){.type = VALUE_UINT, .uint = INT64_MAX}, "9223372036854775807");
    expect_json((struct value){.type = VALUE_UINT, .uint = UINT64_MAX}, "\"18446744073709551615\"");
    expect_json((struct value){.type = VALUE_INT, .integer = INT64_MIN}, "-9223372036854775808");
    expect_json((struct value){.type = VALUE_REAL, .real = NAN}, "null");
    expect_json((struct value){.type = VALUE_NIL}, "null");
    expect_json((struct value){.type = VALUE_MAP, .len = 3, .pairs = pairs},
                "{\"a\":7,\"7\":\"a\"}");
}
