/* Operations: what groups are in the middle of, or wait to begin. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

int run_operation_list(struct cli *cli)
{
    static const struct column columns[] = {
        {.title = "ID", .right = true},
        {.title = "GROUP"},
        {.title = "KIND"},
        {.title = "RESOURCE", .optional = true},
        {.title = "FROM"},
        {.title = "TO", .optional = true},
        {.title = "SINCE"},
        {.title = "WHY"},
        {.title = "WAITS", .optional = true},
    };
    struct arena *a = &cli->arena;
    const struct value *list;
    struct table t;
    int status = cli_read(cli, "operation.list", NULL, NULL, &list);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, list);
    if (list->type != VALUE_ARRAY || list->len == 0) {
        fputs("nothing is under way\n", cli->io->out);
        return CLI_DONE;
    }
    table_init(&t, a, columns, 9);
    for (uint32_t i = 0; i < list->len; i++) {
        const struct value *op = &list->items[i];
        table_add(&t, text_field(a, op, "id"));
        table_add(&t, text_field(a, op, "group"));
        table_add(&t, text_field(a, op, "kind"));
        table_add(&t, text_field(a, op, "resource"));
        table_add(&t, text_field(a, op, "source"));
        table_add(&t, text_field(a, op, "target"));
        table_add(&t, text_since(a, op));
        table_add(&t, text_field(a, op, "cause_text"));
        table_add(&t, text_field(a, op, "wait_text"));
    }
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}

static const char *about_of(struct cli *cli)
{
    return arena_printf(&cli->arena, "operation %s", cli->operand);
}

static int read_operation(struct cli *cli, const struct value **ret)
{
    struct call call;

    call_init(&call, "operation.get", false);
    call_uint(&call, "id", strtoull(cli->operand, NULL, 10));
    if (cli_has(cli, OPTION_STALE))
        call_true(&call, "stale");
    return cli_call(cli, &call, about_of(cli), &cli->arena, ret);
}

int run_operation_show(struct cli *cli)
{
    static const char *const keys[] = {"kind",   "group",     "state",     "owner",
                                       "source", "target",    "resource",  "cause_text",
                                       "queued", "wait_text", "returning", "cancelled"};
    struct arena *a = &cli->arena;
    const struct value *op;
    struct table t;
    int status = read_operation(cli, &op);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, op);
    fprintf(cli->io->out, "%s: %s of group %s, begun %s\n", about_of(cli),
            text_field(a, op, "kind"), text_field(a, op, "group"), text_since(a, op));
    pairs_init(&t, a);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *text = text_field(a, op, keys[i]);
        if (strcmp(text, "-") != 0 && strcmp(text, "no") != 0)
            pairs_add(&t, keys[i], text);
    }
    table_print(&t, cli);
    table_release(&t);
    return CLI_DONE;
}

/* The cluster cancels what a group is doing. Between the two calls that may have
 * become something else, which is then cancelled: people who type a number have
 * looked at it longer ago than that. */
int run_operation_cancel(struct cli *cli)
{
    const struct value *op;
    const char *group = "";
    struct call call;
    int status = read_operation(cli, &op);

    if (status != CLI_DONE)
        return status;
    value_get_str(op, "group", SIZE_MAX, &group);
    call_init(&call, "group.cancel", true);
    call_str(&call, "name", group);
    return cli_change(cli, &call, CLI_DONE,
                      &(struct change){.kind = "operation",
                                       .name = cli->operand,
                                       .doing = "being cancelled",
                                       .done = "cancelled"});
}

/* The state that the operation is to end in. */
static const char *wanted(const char *kind)
{
    if (strcmp(kind, "offline") == 0)
        return "Offline";
    return strcmp(kind, "online") == 0 ? "Online" : "";
}

int run_operation_wait(struct cli *cli)
{
    uint64_t id = strtoull(cli->operand, NULL, 10);
    const struct value *op;
    struct change change = {.kind = "group"};
    int status = read_operation(cli, &op);

    if (status != CLI_DONE)
        return status;
    value_get_str(op, "group", SIZE_MAX, &change.name);
    change.want = wanted(text_field(&cli->arena, op, "kind"));
    if (value_get_str(op, "resource", SIZE_MAX, &change.name))
        change.kind = "resource";
    value_get_str(op, "target", SIZE_MAX, &change.owner);
    return cli_wait(cli, &change, id, clock_boot_ms());
}
