#include <string.h>

#include "cli/call.h"
#include "cli/output.h"

static int read_list(struct cli *cli, const struct value **ret)
{
    struct call call;

    call_init(&call, "resource.list", false);
    call_str(&call, "group", cli->options[OPTION_GROUP]);
    if (cli_has(cli, OPTION_STALE))
        call_true(&call, "stale");
    return cli_call(cli, &call,
                    cli_has(cli, OPTION_GROUP)
                        ? arena_printf(&cli->arena, "group %s", cli->options[OPTION_GROUP])
                        : NULL,
                    &cli->arena, ret);
}

static const char *text_lock(const struct value *resource)
{
    bool locked = false;

    value_get_bool(resource, "locked", &locked);
    return locked ? "locked" : "-";
}

void show_resource_table(const struct cli *cli, struct arena *a, const struct value *resources)
{
    static const struct column columns[] = {
        {.title = "RESOURCE"}, {.title = "GROUP"},
        {.title = "STATE"},    {.title = "OWNER"},
        {.title = "TYPE"},     {.title = "NEEDS", .optional = true},
        {.title = "SINCE"},    {.title = "LOCK", .optional = true},
    };
    struct table t;

    if (resources == NULL || resources->len == 0) {
        fputs("no resources yet\n", cli->io->out);
        return;
    }
    table_init(&t, a, columns, 8);
    for (uint32_t i = 0; i < resources->len; i++) {
        const struct value *r = &resources->items[i];
        table_add(&t, text_field(a, r, "name"));
        table_add(&t, text_field(a, r, "group"));
        table_add_state(&t, r, "state");
        table_add(&t, text_field(a, r, "owner"));
        table_add(&t, text_field(a, r, "type"));
        table_add(&t, text_needs(a, r));
        table_add(&t, text_age(cli, a, r));
        table_add(&t, text_lock(r));
    }
    table_print(&t, cli);
    table_release(&t);
}

int run_resource_list(struct cli *cli)
{
    const struct value *list;
    int status = read_list(cli, &list);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, list);
    show_resource_table(cli, &cli->arena, list->type == VALUE_ARRAY ? list : NULL);
    return CLI_DONE;
}

static void show_properties(const struct cli *cli, struct arena *a, const struct value *properties)
{
    struct table t;

    if (properties == NULL || properties->len == 0)
        return;
    fputs("\nproperties\n", cli->io->out);
    pairs_init(&t, a);
    for (uint32_t i = 0; i < properties->len; i++)
        pairs_add(&t, text_value(a, &properties->pairs[i].key),
                  text_value(a, &properties->pairs[i].value));
    table_print(&t, cli);
    table_release(&t);
}

int run_resource_show(struct cli *cli)
{
    struct arena *a = &cli->arena;
    const struct value *r;
    const char *state;
    struct table t;
    int status = cli_read_resource(cli, cli->operand, &r);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, r);
    state = text_field(a, r, "state");
    fprintf(cli->io->out, "resource %s: %s on %s%s\n", text_field(a, r, "name"),
            style_text(cli, a, style_of_state(state), state), text_field(a, r, "owner"),
            text_for(a, r));
    pairs_init(&t, a);
    pairs_add(&t, "group", text_field(a, r, "group"));
    pairs_add(&t, "type", text_field(a, r, "type"));
    pairs_add(&t, "persistent", text_persistent(a, r));
    pairs_add(&t, "needs", text_needs(a, r));
    if (value_get_array(r, "possible") != NULL)
        pairs_add(&t, "possible owners", text_field(a, r, "possible"));
    if (strcmp(text_field(a, r, "refused"), "-") != 0)
        pairs_add(&t, "cannot run on", text_field(a, r, "refused"));
    pairs_add(&t, "cause", text_field(a, r, "cause"));
    if (text_failure(a, r)[0] != '\0')
        pairs_add(&t, "last result", text_failure(a, r));
    if (value_get_map(r, "verdict") != NULL)
        pairs_add(&t, "verdict", text_field(a, value_get_map(r, "verdict"), "cause_text"));
    pairs_add(&t, "locked", text_field(a, r, "locked"));
    if (strcmp(text_field(a, r, "maintenance"), "yes") == 0)
        pairs_add(&t, "maintenance", "yes");
    if (strcmp(text_pid(a, r), "-") != 0)
        pairs_add(&t, "pid", text_pid(a, r));
    table_print(&t, cli);
    table_release(&t);
    show_properties(cli, a, value_get_map(r, "properties"));
    return CLI_DONE;
}
