/* Fence devices: `holdfast fence ...`. */
#include <stdlib.h>
#include <string.h>

#include "cli/call.h"
#include "cli/output.h"

/* ----------------------------------------------------------------- changes */

static int change_named(struct cli *cli, const char *method, const char *kind, const char *done)
{
    struct change change = {.kind = kind, .name = cli->operand, .doing = done, .done = done};
    struct call call;

    call_init(&call, method, true);
    call_str(&call, "name", cli->operand);
    return cli_change(cli, &call, CLI_DONE, &change);
}

/* All values as text, as typed: a password of digits is no number. */
static int add_parameters(struct cli *cli, struct call *call)
{
    struct sink *s;

    for (unsigned i = 0; i < cli->rest_count; i++)
        if (strchr(cli->rest[i], '=') == NULL || cli->rest[i][0] == '=')
            return cli_usage(cli, "parameter %u is no NAME=VALUE", i + 1);
    s = call_value(call, "properties");
    sink_map(s, cli->rest_count);
    for (unsigned i = 0; i < cli->rest_count; i++) {
        const char *equals = strchr(cli->rest[i], '=');

        sink_str(s, arena_strndup(&cli->arena, cli->rest[i], (size_t)(equals - cli->rest[i])));
        sink_str(s, equals + 1);
    }
    return CLI_DONE;
}

int run_fence_create(struct cli *cli)
{
    struct change change = {
        .kind = "fence device", .name = cli->operand, .doing = "set", .done = "set"};
    struct call call;
    int status;

    call_init(&call, "fence.create", true);
    call_str(&call, "name", cli->operand);
    status = add_parameters(cli, &call);
    return cli_change(cli, &call, status, &change);
}

int run_fence_delete(struct cli *cli)
{
    return change_named(cli, "fence.delete", "fence device", "deleted");
}

int run_fence_confirm(struct cli *cli)
{
    return change_named(cli, "fence.confirm", "node", "taken for off");
}

/* NODE N [DEVICE[:OUTLET],...] */
int run_fence_level(struct cli *cli)
{
    struct change change = {.kind = "node", .name = cli->operand, .doing = "set", .done = "set"};
    const char *text = cli->rest_count > 1 ? cli->rest[1] : "";
    struct call call;
    uint32_t count = text[0] != '\0';
    char *end = NULL;
    unsigned long level = cli->rest_count > 0 ? strtoul(cli->rest[0], &end, 10) : 0;

    if (level < 1 || level > 9 || *end != '\0' || cli->rest_count > 2)
        return cli_usage(cli, "NODE LEVEL DEVICE[:OUTLET][,DEVICE...]; levels are 1 to 9");
    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',';
    call_init(&call, "fence.level", true);
    call_str(&call, "name", cli->operand);
    call_uint(&call, "level", level);
    struct sink *s = call_value(&call, "devices");
    sink_array(s, count);
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strcspn(text, ",");

        sink_str(s, arena_strndup(&cli->arena, text, len));
        text += len + (text[len] == ',');
    }
    return cli_change(cli, &call, CLI_DONE, &change);
}

int run_fence_node(struct cli *cli)
{
    struct change change = {.kind = "node",
                            .name = cli->operand,
                            .doing = "being fenced",
                            .done = "being fenced; see `holdfast fence list`"};
    const char *how = cli->rest_count > 0 ? cli->rest[0] : "";
    bool off = strcmp(how, "off") == 0, reboot = strcmp(how, "reboot") == 0;
    struct call call;

    if (cli->rest_count > 1 || (how[0] != '\0' && !off && !reboot))
        return cli_usage(cli, "behind the node: off, or reboot, or nothing");
    call_init(&call, "fence.node", true);
    call_str(&call, "name", cli->operand);
    if (off || reboot)
        call_uint(&call, "flags", off ? 1 : 2);
    return cli_change(cli, &call, CLI_DONE, &change);
}

/* ----------------------------------------------------------------- showing */

static const char *joined(struct arena *a, const struct value *map)
{
    const char *text = "";

    for (uint32_t i = 0; map != NULL && i < map->len; i++)
        text = arena_printf(a, "%s%s%s=%s", text, i > 0 ? " " : "", map->pairs[i].key.str,
                            map->pairs[i].value.str);
    return text;
}

static const char *listed(struct arena *a, const struct value *array)
{
    const char *text = "";

    for (uint32_t i = 0; array != NULL && i < array->len; i++)
        text = arena_printf(a, "%s%s%s", text, i > 0 ? "  " : "", array->items[i].str);
    return text;
}

int run_fence_list(struct cli *cli)
{
    const struct value *all, *rows;
    int status = cli_read(cli, "fence.list", NULL, "fence devices", &all);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, all);
    rows = value_get_array(all, "devices");
    for (uint32_t i = 0; rows != NULL && i < rows->len; i++)
        fprintf(cli->io->out, "device %s: %s\n", text_field(&cli->arena, &rows->items[i], "name"),
                joined(&cli->arena, value_get_map(&rows->items[i], "parameters")));
    rows = value_get_array(all, "nodes");
    for (uint32_t i = 0; rows != NULL && i < rows->len; i++)
        fprintf(cli->io->out, "node %s: %s, fencing %s; levels: %s\n",
                text_field(&cli->arena, &rows->items[i], "name"),
                text_field(&cli->arena, &rows->items[i], "state"),
                text_field(&cli->arena, &rows->items[i], "fencing"),
                listed(&cli->arena, value_get_array(&rows->items[i], "levels")));
    return CLI_DONE;
}

int run_fence_test(struct cli *cli)
{
    const char *about = arena_printf(&cli->arena, "node %s", cli->operand);
    const struct value *rows;
    int status = cli_read(cli, "fence.test", cli->operand, about, &rows);
    bool fine = true;

    if (status != CLI_DONE)
        return status;
    for (uint32_t i = 0; i < rows->len; i++)
        fine &= value_is_str(value_get(&rows->items[i], "result"), "on") ||
                value_is_str(value_get(&rows->items[i], "result"), "off");
    if (cli_has(cli, OPTION_JSON)) {
        json_print_value(cli, rows);
        return fine ? CLI_DONE : CLI_FAILED;
    }
    for (uint32_t i = 0; i < rows->len; i++)
        fprintf(cli->io->out, "level %s, %s: %s, %s\n",
                text_field(&cli->arena, &rows->items[i], "level"),
                text_field(&cli->arena, &rows->items[i], "device"),
                text_field(&cli->arena, &rows->items[i], "result"),
                text_field(&cli->arena, &rows->items[i], "text"));
    return fine ? CLI_DONE : CLI_FAILED;
}
