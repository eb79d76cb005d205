#include <string.h>

#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

/* "N1,N2" as a list; blanks around names do not count, nor do empty names. */
static void add_preferred(struct cli *cli, struct call *call)
{
    const char *text = cli->options[OPTION_PREFERRED];
    const char **names;
    uint32_t count = 0;
    struct sink *s;

    if (text == NULL)
        return;
    names = arena_alloc(&cli->arena, (strlen(text) + 1) * sizeof(*names));
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, ","), blanks = strspn(at, " ");
        size_t used = len;

        while (used > blanks && at[used - 1] == ' ')
            used--;
        if (used > blanks)
            names[count++] = arena_strndup(&cli->arena, at + blanks, used - blanks);
        at += at[len] == ',' ? len + 1 : len;
    }
    s = call_value(call, "preferred");
    sink_array(s, count);
    for (uint32_t i = 0; i < count; i++)
        sink_str(s, names[i]);
}

/* Start a changing call on the group that the operand names. */
static void begin(struct cli *cli, struct call *call, const char *method)
{
    call_init(call, method, true);
    call_str(call, "name", cli->operand);
}

int run_group_create(struct cli *cli)
{
    struct call call;
    int status;

    begin(cli, &call, "group.create");
    add_preferred(cli, &call);
    status = cli_add_properties(cli, &call);
    return cli_change(
        cli, &call, status,
        &(struct change){
            .kind = "group", .name = cli->operand, .doing = "being created", .done = "created"});
}

int run_group_set(struct cli *cli)
{
    struct call call;
    int status;

    if (cli->rest_count == 0 && !cli_has(cli, OPTION_PREFERRED))
        return cli_usage(cli, "nothing to set: give PROP=VALUE or --preferred");
    begin(cli, &call, "group.set");
    add_preferred(cli, &call);
    status = cli_add_properties(cli, &call);
    return cli_change(
        cli, &call, status,
        &(struct change){
            .kind = "group", .name = cli->operand, .doing = "being changed", .done = "changed"});
}

int run_group_delete(struct cli *cli)
{
    struct call call;

    begin(cli, &call, "group.delete");
    return cli_change(
        cli, &call, CLI_DONE,
        &(struct change){
            .kind = "group", .name = cli->operand, .doing = "being deleted", .done = "deleted"});
}

int run_group_online(struct cli *cli)
{
    struct call call;
    int status;

    begin(cli, &call, "group.online");
    call_str(&call, "node", cli->options[OPTION_NODE]);
    status = cli_add_instructions(cli, &call);
    return cli_change(cli, &call, status,
                      &(struct change){.kind = "group",
                                       .name = cli->operand,
                                       .doing = "going online",
                                       .done = "already online",
                                       .want = "Online",
                                       .owner = cli->options[OPTION_NODE]});
}

int run_group_offline(struct cli *cli)
{
    struct call call;
    int status;

    begin(cli, &call, "group.offline");
    status = cli_add_instructions(cli, &call);
    return cli_change(cli, &call, status,
                      &(struct change){.kind = "group",
                                       .name = cli->operand,
                                       .doing = "going offline",
                                       .done = "already offline",
                                       .want = "Offline"});
}

/* To tell whether a move without a target has moved anything. */
static int read_owner(struct cli *cli, const char **ret)
{
    const char *about = arena_printf(&cli->arena, "group %s", cli->operand);
    const struct value *group;
    int status = cli_read(cli, "group.get", cli->operand, about, &group);

    if (status == CLI_DONE)
        *ret = text_field(&cli->arena, group, "owner");
    return status;
}

int run_group_move(struct cli *cli)
{
    const char *to = cli->options[OPTION_TO];
    struct change change = {
        .kind = "group",
        .name = cli->operand,
        .doing = to == NULL ? "moving" : arena_printf(&cli->arena, "moving to %s", to),
        .done = to == NULL ? "moved" : arena_printf(&cli->arena, "moved to %s", to),
        .want = "",
        .owner = to};
    struct call call;
    int status;

    begin(cli, &call, "group.move");
    call_str(&call, "node", to);
    status = cli_add_instructions(cli, &call);
    if (status == CLI_DONE && to == NULL && cli_has(cli, OPTION_WAIT))
        status = read_owner(cli, &change.source);
    return cli_change(cli, &call, status, &change);
}
