#include <string.h>

#include "base/clock.h"
#include "cli/call.h"
#include "cli/output.h"

int run_node_list(struct cli *cli)
{
    const struct value *nodes;
    int status = cli_read(cli, "node.list", NULL, NULL, &nodes);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, nodes);
    show_node_table(cli, &cli->arena, nodes->type == VALUE_ARRAY ? nodes : NULL);
    return CLI_DONE;
}

/* What is said of it only if there is something to say. */
static void add_policy(struct table *t, struct arena *a, const struct value *node)
{
    static const char *const keys[] = {"status", "site", "rack", "capacities", "drain_target"};
    const char *cause = text_field(a, value_get_map(node, "why"), "cause_text");
    uint64_t until_ms = 0;

    if (strcmp(cause, "-") != 0)
        pairs_add(t, "cause", cause);
    if (value_get(node, "drain") != NULL &&
        !value_is_str(value_get(node, "drain"), "not-initiated"))
        pairs_add(t, "drain", text_field(a, node, "drain"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(text_field(a, node, keys[i]), "-") != 0)
            pairs_add(t, keys[i], text_field(a, node, keys[i]));
    if (value_get_uint(node, "quarantined_until_ms", &until_ms) && until_ms != 0)
        pairs_add(t, "quarantine", text_in(a, clock_wall_ms(), until_ms));
}

/* The functional levels that its build knows. */
static const char *text_levels(struct arena *a, const struct value *node)
{
    uint32_t least = 0, most = 0;

    value_get_u32(node, "level_min", &least);
    value_get_u32(node, "level_max", &most);
    if (most == 0)
        return "not said yet";
    return least == most ? arena_printf(a, "%u", most) : arena_printf(a, "%u to %u", least, most);
}

int run_node_show(struct cli *cli)
{
    struct arena *a = &cli->arena;
    const char *about = arena_printf(a, "node %s", cli->operand);
    const struct value *node;
    struct table t;
    bool witness;
    int status = cli_read(cli, "node.get", cli->operand, about, &node);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, node);
    pairs_init(&t, a);
    fprintf(cli->io->out, "node %s: ", text_field(a, node, "name"));
    fprintf(cli->io->out, "%s%s\n",
            style_text(cli, a, style_of_state(text_field(a, node, "state")),
                       text_field(a, node, "state")),
            text_for(a, node));
    pairs_add(&t, "id", text_field(a, node, "id"));
    pairs_add(&t, "address", text_field(a, node, "address"));
    pairs_add(&t, "role", text_field(a, node, "role"));
    if (value_get_bool(node, "witness", &witness) && witness)
        pairs_add(&t, "witness", "true");
    pairs_add(&t, "leader", text_field(a, node, "leader"));
    pairs_add(&t, "incarnation", text_field(a, node, "incarnation"));
    pairs_add(&t, "groups", text_field(a, node, "groups"));
    if (value_get(node, "level_max") != NULL)
        pairs_add(&t, "levels", text_levels(a, node));
    add_policy(&t, a, node);
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}
