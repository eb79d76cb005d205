/* Types and the checking of their properties. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "resources/handler.h"
#include "resources/types.h"

static struct value str(const char *s)
{
    return (struct value){.type = VALUE_STR, .len = (uint32_t)strlen(s), .str = s};
}

static struct value number(uint64_t u)
{
    return (struct value){.type = VALUE_UINT, .uint = u};
}

/* One property `name` with this value, as a map in `pair`. */
static struct value map_of(struct value_pair *pair, const char *name, struct value v)
{
    pair->key = str(name);
    pair->value = v;
    return (struct value){.type = VALUE_MAP, .len = 1, .pairs = pair};
}

static uint32_t check(const char *type, const char *name, struct value v, const char *expected)
{
    struct value_pair pair;
    struct value map = map_of(&pair, name, v);
    char message[256] = "";
    uint32_t rc = type_check_properties(type_find(type), &map, message, sizeof(message));

    cr_expect_not_null(strstr(message, expected), "\"%s\" lacks \"%s\"", message, expected);
    return rc;
}

Test(types, are_found_by_name_and_alias_without_case)
{
    cr_assert_eq(type_count(), 2);
    cr_assert_str_eq(type_find("GENERIC application")->name, "Generic Application");
    cr_assert_str_eq(type_find("Process")->name, "Generic Application");
    cr_assert_str_eq(type_find("dummy")->name, "Dummy");
    cr_assert_null(type_find("vm"));
    cr_assert_null(type_at(type_count()));
}

Test(types, each_has_a_handler_and_sane_properties)
{
    for (unsigned i = 0; i < type_count(); i++) {
        const struct type *t = type_at(i);
        cr_assert_not_null(handler_find(t));
        for (unsigned p = 0; p < t->property_count; p++) {
            const struct type_property *property = &t->properties[p];
            struct value v = str(property->default_text);
            cr_assert_eq(type_find_property(t, property->name), property);
            cr_assert_not_null(property->description);
            if (property->kind != TYPE_DWORD)
                continue;
            cr_assert_eq(check(t->name, property->name, v, ""), 0, "%s", property->name);
            cr_assert_eq(type_get_dword(t, NULL, property->name), (uint32_t)atol(v.str));
        }
    }
}

Test(types, refuse_what_they_do_not_know)
{
    cr_assert_eq(check("dummy", "Colour", str("red"), "\"Colour\""), ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("dummy", "CommandLine", str("true"), "CommandLine"),
                 ERROR_INVALID_PARAMETER);
}

Test(types, take_numbers_as_integers_and_digits)
{
    cr_assert_eq(check("dummy", "onlinedelay", number(UINT32_MAX), ""), 0);
    cr_assert_eq(check("dummy", "OnlineDelay", str("4294967295"), ""), 0);
    cr_assert_eq(check("dummy", "OnlineDelay", str("0xfFfFfFfF"), ""), 0);
}

Test(types, refuse_what_is_no_dword)
{
    static const char *const bad[] = {"",   "-1",          " 1",  "1 ",  "4294967296",
                                      "0x", "0x100000000", "1e3", "ten", "+1"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(check("dummy", "OnlineDelay", str(bad[i]), "OnlineDelay"),
                     ERROR_INVALID_PARAMETER, "\"%s\"", bad[i]);
    cr_expect_eq(check("dummy", "OnlineDelay", number(1ull << 32), "OnlineDelay"),
                 ERROR_INVALID_PARAMETER);
    cr_expect_eq(check("dummy", "OnlineDelay", (struct value){.type = VALUE_MAP}, "OnlineDelay"),
                 ERROR_INVALID_PARAMETER);
}

Test(types, hold_numbers_to_their_range)
{
    cr_assert_eq(check("process", "ReadyInterval", number(10), ""), 0);
    cr_assert_eq(check("process", "ReadyInterval", number(9), "10 to 3600000"),
                 ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("process", "ReadyInterval", number(3600001), "ReadyInterval"),
                 ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("dummy", "Locked", number(2), "Locked"), ERROR_INVALID_PARAMETER);
}

Test(types, refuse_texts_with_a_nul_inside)
{
    struct value v = {.type = VALUE_STR, .len = 3, .str = "a\0b"};

    cr_assert_eq(check("process", "CommandLine", v, "CommandLine"), ERROR_INVALID_PARAMETER);
}

Test(types, check_assignments_in_lists)
{
    const struct value good[] = {str("A=1"), str("B=")};
    const struct value bad[] = {str("A=1"), str("=x")};
    struct value list = {.type = VALUE_ARRAY, .len = 2, .items = good};

    cr_assert_eq(check("process", "Environment", list, ""), 0);
    cr_assert_eq(check("process", "Environment", str("A=1"), ""), 0);
    list.items = bad;
    cr_assert_eq(check("process", "Environment", list, "\"=x\""), ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("process", "Environment", str("A"), "\"A\""), ERROR_INVALID_PARAMETER);
    cr_assert_eq(check("process", "Environment", number(1), "Environment"),
                 ERROR_INVALID_PARAMETER);
}

Test(types, nil_takes_a_property_back_to_its_default)
{
    const struct type *t = type_find("process");
    struct value_pair pair;
    struct value map = map_of(&pair, "StopTimeout", (struct value){.type = VALUE_NIL});

    cr_assert_eq(check("process", "StopTimeout", (struct value){.type = VALUE_NIL}, ""), 0);
    cr_assert_eq(type_get_dword(t, &map, "StopTimeout"), 10000);
}

Test(types, miss_a_required_property_only_when_asked)
{
    const struct type *t = type_find("process");
    struct value_pair pair;
    struct value empty = map_of(&pair, "CommandLine", str(""));
    char message[256] = "";

    cr_assert_eq(type_check_properties(t, NULL, message, sizeof(message)), 0);
    cr_assert_eq(type_check_required(t, NULL, message, sizeof(message)),
                 ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR);
    cr_assert_not_null(strstr(message, "CommandLine"));
    cr_assert_eq(type_check_required(t, &empty, message, sizeof(message)),
                 ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR);
    empty = map_of(&pair, "commandline", str("true"));
    cr_assert_eq(type_check_required(t, &empty, message, sizeof(message)), 0);
}

Test(types, give_values_in_the_kind_that_the_table_says)
{
    const struct type *t = type_find("process");
    struct value_pair pair;
    struct value map = map_of(&pair, "stoptimeout", str("0x10"));
    struct arena a = {0};

    cr_assert_eq(type_get_dword(t, &map, "StopTimeout"), 16);
    cr_assert_str_eq(type_get_text(t, &map, "CurrentDirectory", &a), "/");
    map = map_of(&pair, "CommandLine", number(42));
    cr_assert_str_eq(type_get_text(t, &map, "CommandLine", &a), "42");
    map = map_of(&pair, "Environment", str("A=1"));
    cr_assert_str_eq(type_get_strings(t, &map, "Environment", &a)[0], "A=1");
    cr_assert_null(type_get_strings(t, &map, "Environment", &a)[1]);
    cr_assert_null(type_get_strings(t, NULL, "Environment", &a)[0]);
    arena_release(&a);
}

Test(handlers, make_file_names_that_stay_in_their_folder)
{
    struct arena a = {0};

    cr_assert_str_eq(handler_file_name(&a, "web server/1"), "web_server_1");
    cr_assert_str_eq(handler_file_name(&a, ".."), "_.");
    cr_assert_str_eq(handler_file_name(&a, "db-1.log"), "db-1.log");
    arena_release(&a);
}
