/* Commands as trees. */
#include <string.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static struct property properties[] = {
    {.name = "Port", .type = PROPERTY_DWORD, .dword = 80},
    {.name = "Text", .type = PROPERTY_SZ, .text = "abc", .text_len = 3},
    {.name = "List", .type = PROPERTY_MULTI_SZ, .text = "a\0b\0", .text_len = 4},
    {.name = "Empty", .type = PROPERTY_SZ, .text = "", .text_len = 0},
};
static const char *const names[] = {"A", "B"};
static const struct renewal renewals[] = {{1, 2, 3, 0}, {4, 5, 6, RENEWAL_BEHIND | RENEWAL_TELL}};
static const struct report reports[] = {{1, 2, REPORT_FAILED, 3, "why"},
                                        {4, 5, REPORT_ONLINE, 0, NULL}};

/* No such command exists, and it has everything. */
static struct command full_command(void)
{
    return (struct command){
        .kind = COMMAND_GROUP_OFFLINE,
        .client = UINT64_MAX,
        .seq = 2,
        .name = "n",
        .other = "o",
        .type = "t",
        .flags = 3,
        .level = 7,
        .instructions = (const uint8_t *)"\0\1",
        .instructions_len = 2,
        .properties = properties,
        .property_count = 4,
        .names = names,
        .name_count = 2,
        .has_names = true,
        .node = 4,
        .incarnation = 5,
        .node_seq = 6,
        .attempt = 8,
        .by = 9,
        .cause = CAUSE_NODE_STOPPED,
        .address = "a",
        .disk = "d",
        .renewals = renewals,
        .renewal_count = 2,
        .reports = reports,
        .report_count = 2,
    };
}

Test(command, what_is_read_is_what_was_written)
{
    struct arena a = {0};
    struct command cmd = full_command(), again;
    struct bytes left = BYTES_INIT, right = BYTES_INIT;

    check_code(command_read(tree_of_command(&cmd, &a), &a, &again), 0);
    tree_bytes(tree_of_command(&cmd, &a), &left);
    tree_bytes(tree_of_command(&again, &a), &right);
    cr_assert_eq(left.len, right.len);
    cr_assert_eq(memcmp(left.data, right.data, left.len), 0);
    check_text(again.name, "n");
    cr_assert_eq(again.properties[2].text_len, 4);
    cr_assert_eq(memcmp(again.properties[2].text, "a\0b\0", 5), 0);
    check_text(again.properties[3].text, "");
    check_text(again.reports[0].text, "why");
    cr_assert_null(again.reports[1].text);
    bytes_release(&left);
    bytes_release(&right);
    arena_release(&a);
}

Test(command, every_kind_has_a_name_and_can_be_read)
{
    struct arena a = {0};

    for (unsigned k = COMMAND_TICK; k < COMMAND_KIND_END; k++) {
        struct command cmd = {.kind = (enum command_kind)k}, again;

        check_code(command_read(tree_of_command(&cmd, &a), &a, &again), 0);
        cr_assert_eq((unsigned)again.kind, k);
        cr_assert_str_neq(command_kind_name(cmd.kind), "?");
    }
    arena_release(&a);
}

Test(command, what_is_no_command_is_refused)
{
    static const struct value nil = {.type = VALUE_NIL}, empty = {.type = VALUE_MAP};
    struct arena a = {0};
    struct command cmd = {0}, again;

    check_code(command_read(NULL, &a, &again), ERROR_INVALID_DATA);
    check_code(command_read(&nil, &a, &again), ERROR_INVALID_DATA);
    check_code(command_read(&empty, &a, &again), ERROR_INVALID_DATA);
    check_code(command_read(tree_of_command(&cmd, &a), &a, &again), ERROR_INVALID_DATA);
    cmd.kind = COMMAND_KIND_END;
    check_code(command_read(tree_of_command(&cmd, &a), &a, &again), ERROR_INVALID_DATA);
    arena_release(&a);
}

Test(command, altered_tree_is_refused_or_a_command)
{
    static const struct value oddities[] = {
        {.type = VALUE_NIL},
        {.type = VALUE_UINT, .uint = UINT64_MAX},
        {.type = VALUE_UINT, .uint = 1},
        {.type = VALUE_INT, .integer = -1},
        {.type = VALUE_STR, .len = 3, .str = "a\0b"},
        {.type = VALUE_STR, .len = 0, .str = ""},
        {.type = VALUE_BIN, .len = 1, .bin = (const uint8_t *)"x"},
        {.type = VALUE_ARRAY},
        {.type = VALUE_MAP},
    };
    struct world w;
    struct arena a = {0};
    struct command cmd = full_command(), again;
    struct value *tree = tree_of_command(&cmd, &a);
    unsigned size = tree_size(tree), accepted = 0;

    world_setup(&w, "A; n: x");
    for (unsigned n = 0; n < size; n++) {
        struct value *node = tree_node(tree, n);
        struct value kept = *node;

        for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
            *node = oddities[i];
            if (command_read(tree, &a, &again) != 0)
                continue;
            world_apply(&w, &again);
            accepted++;
        }
        *node = kept;
    }
    cr_assert_gt(accepted, 0);
    arena_release(&a);
    world_teardown(&w);
}

Test(command, command_that_does_not_exist_is_refused)
{
    struct world w;

    world_setup(&w, "A");
    check_code(world_apply(&w, &(struct command){0}), ERROR_INVALID_PARAMETER);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_KIND_END}),
               ERROR_INVALID_PARAMETER);
    world_teardown(&w);
}

/* Whoever builds a command may leave out what it needs. */
Test(command, bare_command_of_every_kind_is_survived)
{
    struct world w;

    world_setup(&w, "A; db: app");
    for (unsigned k = COMMAND_TICK; k < COMMAND_KIND_END; k++)
        world_apply(&w, &(struct command){.kind = (enum command_kind)k});
    check_text(world_states(&w, "db"), "Offline: app Offline");
    world_teardown(&w);
}
