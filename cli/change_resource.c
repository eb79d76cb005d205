#include <string.h>

#include "cli/call.h"

/* Add the resource that the operand names, and finish. Only now, with everything
 * typed found right, is the cluster asked whether GROUP/ is true. */
static int finish_checked(struct cli *cli, struct call *call, int status, struct change *change)
{
    if (status == CLI_DONE)
        status = cli_check_resource(cli, cli->operand, &change->name);
    if (status == CLI_DONE)
        call_str(call, "name", change->name);
    change->kind = "resource";
    return cli_change(cli, call, status, change);
}

int run_resource_create(struct cli *cli)
{
    size_t group_len = strcspn(cli->operand, "/");
    const char *name = cli->operand + group_len + 1;
    struct call call;
    int status;

    call_init(&call, "resource.create", true);
    call_str(&call, "name", name);
    call_str(&call, "group", arena_strndup(&cli->arena, cli->operand, group_len));
    call_str(&call, "type", cli->options[OPTION_TYPE]);
    status = cli_add_properties(cli, &call);
    return cli_change(
        cli, &call, status,
        &(struct change){
            .kind = "resource", .name = name, .doing = "being created", .done = "created"});
}

int run_resource_set(struct cli *cli)
{
    struct call call;

    if (cli->rest_count == 0)
        return cli_usage(cli, "nothing to set: give PROP=VALUE");
    call_init(&call, "resource.set", true);
    return finish_checked(cli, &call, cli_add_properties(cli, &call),
                          &(struct change){.doing = "being changed", .done = "changed"});
}

int run_resource_delete(struct cli *cli)
{
    struct call call;

    call_init(&call, "resource.delete", true);
    return finish_checked(cli, &call, CLI_DONE,
                          &(struct change){.doing = "being deleted", .done = "deleted"});
}

int run_resource_online(struct cli *cli)
{
    struct call call;

    call_init(&call, "resource.online", true);
    return finish_checked(
        cli, &call, cli_add_instructions(cli, &call),
        &(struct change){.doing = "going online", .done = "already online", .want = "Online"});
}

int run_resource_offline(struct cli *cli)
{
    struct call call;

    call_init(&call, "resource.offline", true);
    return finish_checked(
        cli, &call, cli_add_instructions(cli, &call),
        &(struct change){.doing = "going offline", .done = "already offline", .want = "Offline"});
}

int run_resource_fail(struct cli *cli)
{
    struct call call;

    call_init(&call, "resource.fail", true);
    return finish_checked(cli, &call, CLI_DONE,
                          &(struct change){.doing = "being failed", .done = "failed as asked"});
}

static int change_dependency(struct cli *cli, const char *method, const char *words)
{
    const char *other;
    struct change change = {.doing = "being changed"};
    struct call call;
    int status;

    call_init(&call, method, true);
    status = cli_check_resource(cli, cli->options[OPTION_ON], &other);
    call_str(&call, "on", other);
    change.done = arena_printf(&cli->arena, "%s %s", words, other);
    return finish_checked(cli, &call, status, &change);
}

int run_resource_depend(struct cli *cli)
{
    return change_dependency(cli, "resource.depend", "needs");
}

int run_resource_undepend(struct cli *cli)
{
    return change_dependency(cli, "resource.undepend", "no longer needs");
}
