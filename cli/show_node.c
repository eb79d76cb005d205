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

int run_node_show(struct cli *cli)
{
    struct arena *a = &cli->arena;
    const char *about = arena_printf(a, "node %s", cli->operand);
    const struct value *node;
    struct table t;
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
    pairs_add(&t, "leader", text_field(a, node, "leader"));
    pairs_add(&t, "incarnation", text_field(a, node, "incarnation"));
    pairs_add(&t, "groups", text_field(a, node, "groups"));
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}
