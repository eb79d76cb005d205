/* The state as it was, in the tables of today's. */
#include <string.h>

#include "base/clock.h"
#include "cli/call.h"
#include "cli/output.h"

/* Those of `resources` that are not Online, in `a`. */
static struct value not_online(struct arena *a, const struct value *resources)
{
    struct value *items = arena_alloc(a, resources->len * sizeof(*items) + 1);
    struct value list = {.type = VALUE_ARRAY, .items = items};

    for (uint32_t i = 0; i < resources->len; i++)
        if (!value_is_str(value_get(&resources->items[i], "state"), "Online"))
            items[list.len++] = resources->items[i];
    return list;
}

static void show_resources(const struct cli *cli, struct arena *a, const struct value *past)
{
    const struct value *resources = value_get_array(past, "resources");
    struct value rest;

    if (resources == NULL || resources->len == 0)
        return;
    rest = not_online(a, resources);
    if (rest.len == 0) {
        fputs("\nall resources Online\n", cli->io->out);
        return;
    }
    fputs("\nnot Online\n", cli->io->out);
    show_resource_table(cli, a, &rest);
}

static void show_events(const struct cli *cli, struct arena *a, const struct value *events)
{
    if (events == NULL || events->len == 0)
        return;
    fputs("\nlast events\n", cli->io->out);
    for (uint32_t i = 0; i < events->len; i++)
        show_event(cli, a, &events->items[i]);
}

static int read_past(struct cli *cli, const struct value **ret)
{
    const char *at = cli->options[OPTION_AT];
    struct moment moment;
    struct call call;

    if (!moment_parse(at, clock_wall_ms(), &moment))
        return cli_usage(cli,
                         "--at %s: neither an index nor a time like 2026-01-31T15:04:05, 15:04 or "
                         "-10m",
                         at);
    call_init(&call, "history.get", false);
    call_uint(&call, moment.is_index ? "index" : "time_ms", moment.value);
    return cli_call(cli, &call, "replay", &cli->arena, ret);
}

int run_replay(struct cli *cli)
{
    struct arena *a = &cli->arena;
    FILE *out = cli->io->out;
    const struct value *past;
    int status = read_past(cli, &past);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, past);
    value_get_uint(past, "time_ms", &cli->then_ms);
    fprintf(out, "as it was at index %s, %s (%s)\n\n", text_field(a, past, "index"),
            text_time(a, cli->then_ms), text_ago(a, clock_wall_ms(), cli->then_ms));
    show_node_table(cli, a, value_get_array(past, "nodes"));
    fputc('\n', out);
    show_group_table(cli, a, value_get_array(past, "groups"));
    show_resources(cli, a, past);
    show_events(cli, a, value_get_array(past, "events"));
    return CLI_DONE;
}
