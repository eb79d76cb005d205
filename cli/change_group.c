#include <string.h>

#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

int run_group_create(struct cli *cli)
{
    struct call call;
    int status;

    call_init(&call, "group.create", true);
    status = params_group_set(cli, &call);
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
    call_init(&call, "group.set", true);
    status = params_group_set(cli, &call);
    return cli_change(
        cli, &call, status,
        &(struct change){
            .kind = "group", .name = cli->operand, .doing = "being changed", .done = "changed"});
}

int run_group_delete(struct cli *cli)
{
    struct call call;

    call_init(&call, "group.delete", true);
    call_str(&call, "name", cli->operand);
    return cli_change(
        cli, &call, CLI_DONE,
        &(struct change){
            .kind = "group", .name = cli->operand, .doing = "being deleted", .done = "deleted"});
}

int run_group_online(struct cli *cli)
{
    struct call call;
    int status;

    call_init(&call, "group.online", true);
    status = params_group_online(cli, &call);
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

    call_init(&call, "group.offline", true);
    status = params_group_offline(cli, &call);
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

    call_init(&call, "group.move", true);
    status = params_group_move(cli, &call, to);
    if (status == CLI_DONE && to == NULL && cli_has(cli, OPTION_WAIT))
        status = read_owner(cli, &change.source);
    return cli_change(cli, &call, status, &change);
}

int run_group_cancel(struct cli *cli)
{
    struct call call;

    call_init(&call, "group.cancel", true);
    call_str(&call, "name", cli->operand);
    return cli_change(cli, &call, CLI_DONE,
                      &(struct change){.kind = "group",
                                       .name = cli->operand,
                                       .doing = "its operation is being cancelled",
                                       .done = "its operation is cancelled"});
}
