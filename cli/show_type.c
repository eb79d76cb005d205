#include "cli/call.h"
#include "cli/output.h"

int run_type_list(struct cli *cli)
{
    static const struct column columns[] = {
        {.title = "TYPE"}, {.title = "ALIAS", .optional = true}, {.title = "DESCRIPTION"}};
    struct arena *a = &cli->arena;
    const struct value *types;
    struct table t;
    int status = cli_read(cli, "type.list", NULL, NULL, &types);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, types);
    table_init(&t, a, columns, 3);
    for (uint32_t i = 0; types->type == VALUE_ARRAY && i < types->len; i++) {
        table_add(&t, text_field(a, &types->items[i], "name"));
        table_add(&t, text_field(a, &types->items[i], "alias"));
        table_add(&t, text_field(a, &types->items[i], "description"));
    }
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}

static const char *text_default(struct arena *a, const struct value *property)
{
    bool required = false;

    value_get_bool(property, "required", &required);
    return required ? "(needed)" : text_field(a, property, "default");
}

static void show_properties(const struct cli *cli, struct arena *a, const struct value *properties)
{
    static const struct column columns[] = {
        {.title = "PROPERTY"}, {.title = "TYPE"}, {.title = "DEFAULT"}, {.title = "DESCRIPTION"}};
    struct table t;

    if (properties == NULL || properties->len == 0) {
        fputs("  no properties of its own\n", cli->io->out);
        return;
    }
    table_init(&t, a, columns, 4);
    t.indent = "  ";
    for (uint32_t i = 0; i < properties->len; i++) {
        const struct value *p = &properties->items[i];
        table_add(&t, text_field(a, p, "name"));
        table_add(&t, text_field(a, p, "type"));
        table_add(&t, text_default(a, p));
        table_add(&t, text_field(a, p, "description"));
    }
    table_print(&t, cli);
    table_release(&t);
}

int run_type_show(struct cli *cli)
{
    struct arena *a = &cli->arena;
    const char *about = arena_printf(a, "type %s", cli->operand);
    const struct value *type;
    int status = cli_read(cli, "type.get", cli->operand, about, &type);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, type);
    fprintf(cli->io->out, "type %s", text_field(a, type, "name"));
    if (value_get(type, "alias") != NULL && value_get(type, "alias")->type == VALUE_STR)
        fprintf(cli->io->out, " (alias %s)", text_field(a, type, "alias"));
    fprintf(cli->io->out, ": %s\n\n", text_field(a, type, "description"));
    show_properties(cli, a, value_get_array(type, "properties"));
    return CLI_DONE;
}
