/* Parameters of calls as commands. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "net/msgpack.h"
#include "node/api_private.h"

/* {KEY: TEXT...} of pairs of texts, NULL after the last. */
static const struct value *texts(struct arena *a, const char *const list[])
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    const struct value *v;
    uint32_t pairs = 0;

    while (list[2 * pairs] != NULL)
        pairs++;
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, pairs);
    for (uint32_t i = 0; i < pairs; i++)
        sink_kv_str(&m.sink, list[2 * i], list[2 * i + 1]);
    cr_assert_eq(msgpack_read(b.data, b.len, a, &v), 0);
    bytes_release(&b);
    return v;
}
#define TEXTS(a, ...) texts(a, (const char *const[]){__VA_ARGS__, NULL})

Test(api_build, every_new_call_becomes_its_command)
{
    struct arena a = {0};
    const struct {
        const char *method;
        const struct value *params;
        enum command_kind kind;
    } calls[] = {
        {"node.pause", TEXTS(&a, "name", "n", "target", "t"), COMMAND_NODE_PAUSE},
        {"node.resume", TEXTS(&a, "name", "n"), COMMAND_NODE_RESUME},
        {"node.evict", TEXTS(&a, "name", "n"), COMMAND_NODE_EVICT},
        {"node.set", TEXTS(&a, "name", "n"), COMMAND_NODE_SET},
        {"cluster.set", TEXTS(&a, "x", "y"), COMMAND_CLUSTER_SET},
        {"group.cancel", TEXTS(&a, "name", "n"), COMMAND_GROUP_CANCEL},
        {"resource.restart", TEXTS(&a, "name", "n"), COMMAND_RESOURCE_RESTART},
        {"resource.move", TEXTS(&a, "name", "n", "group", "t"), COMMAND_RESOURCE_MOVE},
        {"resource.dependencies", TEXTS(&a, "name", "n", "expression", "[t]"),
         COMMAND_RESOURCE_DEPENDENCIES},
        {"resource.add_owner", TEXTS(&a, "name", "n", "node", "t"), COMMAND_RESOURCE_ADD_OWNER},
        {"resource.remove_owner", TEXTS(&a, "name", "n", "node", "t"),
         COMMAND_RESOURCE_REMOVE_OWNER},
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct building b = {.params = calls[i].params};
        bool has_target = value_get(b.params, "target") != NULL ||
                          value_get(b.params, "group") != NULL ||
                          value_get(b.params, "node") != NULL;
        cr_expect(api_builds(calls[i].method));
        cr_expect_eq(api_build(&b, calls[i].method), 0u, "%s: %s", calls[i].method, b.fault);
        cr_expect_eq(b.cmd.kind, calls[i].kind, "%s", calls[i].method);
        if (value_get(b.params, "name") != NULL)
            cr_expect_str_eq(b.cmd.name, "n");
        if (has_target)
            cr_expect_str_eq(b.cmd.other, "t", "%s", calls[i].method);
        arena_release(&b.arena);
    }
    arena_release(&a);
}

Test(api_build, what_is_missing_or_wrong_is_named)
{
    struct arena a = {0};
    const struct {
        const char *method;
        const struct value *params;
        uint32_t code;
        const char *says;
    } calls[] = {
        {"node.pause", TEXTS(&a, "x", "y"), ERROR_INVALID_PARAMETER, "`name`"},
        {"node.pause", TEXTS(&a, "name", "n", "drain", "yes"), ERROR_INVALID_PARAMETER, "`drain`"},
        {"node.pause", TEXTS(&a, "name", "n", "target", ""), ERROR_INVALID_NAME, "`target`"},
        {"node.resume", TEXTS(&a, "name", "n", "flags", "1"), ERROR_INVALID_PARAMETER, "flags"},
        {"resource.move", TEXTS(&a, "name", "n"), ERROR_INVALID_PARAMETER, "`group`"},
        {"resource.add_owner", TEXTS(&a, "name", "n"), ERROR_INVALID_PARAMETER, "`node`"},
        {"resource.maintenance", TEXTS(&a, "name", "n"), ERROR_INVALID_PARAMETER, "`on`"},
        {"node.down", TEXTS(&a, "name", "n"), ERROR_INVALID_FUNCTION, ""},
        {"group.list", TEXTS(&a, "name", "n"), ERROR_INVALID_FUNCTION, ""},
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct building b = {.params = calls[i].params};
        cr_expect_eq(api_build(&b, calls[i].method), calls[i].code, "%s", calls[i].method);
        cr_expect(strstr(b.fault, calls[i].says), "%s: %s", calls[i].method, b.fault);
        arena_release(&b.arena);
    }
    arena_release(&a);
}

Test(api_build, negative_numbers_are_twos_complement)
{
    const struct value_pair number = {{.type = VALUE_STR, .len = 9, .str = "UtcOffset"},
                                      {.type = VALUE_INT, .integer = -60}};
    const struct value_pair pair = {{.type = VALUE_STR, .len = 10, .str = "properties"},
                                    {.type = VALUE_MAP, .len = 1, .pairs = &number}};
    const struct value params = {.type = VALUE_MAP, .len = 1, .pairs = &pair};
    struct building b = {.params = &params};

    cr_assert_eq(api_build(&b, "cluster.set"), 0u, "%s", b.fault);
    cr_assert_eq(b.cmd.property_count, 1u);
    cr_assert_eq(b.cmd.properties[0].dword, (uint32_t)-60);
    arena_release(&b.arena);
}
