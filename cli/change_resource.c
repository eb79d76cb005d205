#include <string.h>

#include "cli/call.h"
#include "cli/output.h"

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
        cli, &call, params_resource_online(cli, &call),
        &(struct change){.doing = "going online", .done = "already online", .want = "Online"});
}

int run_resource_offline(struct cli *cli)
{
    struct call call;

    call_init(&call, "resource.offline", true);
    return finish_checked(
        cli, &call, params_resource_offline(cli, &call),
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

/* A whole expression, instead of what was there. "[]" is the empty one. */
static int change_expression(struct cli *cli)
{
    const char *text = cli->options[OPTION_ON];
    bool empty = strcmp(text, "[]") == 0;
    struct change change = {.doing = "being changed", .done = "needs nothing"};
    struct call call;

    call_init(&call, "resource.dependencies", true);
    call_str(&call, "expression", empty ? "" : text);
    if (!empty)
        change.done = arena_printf(&cli->arena, "needs %s", text);
    return finish_checked(cli, &call, CLI_DONE, &change);
}

int run_resource_depend(struct cli *cli)
{
    if (strchr(cli->options[OPTION_ON], '[') != NULL)
        return change_expression(cli);
    return change_dependency(cli, "resource.depend", "needs");
}

int run_resource_undepend(struct cli *cli)
{
    return change_dependency(cli, "resource.undepend", "no longer needs");
}

int run_resource_restart(struct cli *cli)
{
    struct call call;

    call_init(&call, "resource.restart", true);
    return finish_checked(
        cli, &call, cli_add_instructions(cli, &call, 0),
        &(struct change){.doing = "restarting", .done = "restarted", .want = "Online"});
}

int run_resource_move(struct cli *cli)
{
    const char *to = cli->options[OPTION_TO];
    struct call call;

    call_init(&call, "resource.move", true);
    call_str(&call, "group", to);
    return finish_checked(
        cli, &call, CLI_DONE,
        &(struct change){.doing = arena_printf(&cli->arena, "moving to group %s", to),
                         .done = arena_printf(&cli->arena, "moved to group %s", to)});
}

int run_resource_maintenance(struct cli *cli)
{
    bool on = strcmp(cli->rest[0], "on") == 0;
    struct call call;

    call_init(&call, "resource.maintenance", true);
    sink_bool(call_value(&call, "on"), on);
    return finish_checked(
        cli, &call, CLI_DONE,
        &(struct change){.doing = "being changed",
                         .done = on ? "in maintenance" : "no longer in maintenance"});
}

/* ------------------------------------------------------------- possible owners */

static int show_owners(struct cli *cli)
{
    const struct value *r, *possible;
    int status = cli_read_resource(cli, cli->operand, &r);

    if (status != CLI_DONE)
        return status;
    possible = value_get(r, "possible");
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, possible);
    if (possible == NULL || possible->type != VALUE_ARRAY)
        fputs("all nodes\n", cli->io->out);
    for (uint32_t i = 0; possible != NULL && possible->type == VALUE_ARRAY && i < possible->len;
         i++)
        fprintf(cli->io->out, "%s\n", text_value(&cli->arena, &possible->items[i]));
    return CLI_DONE;
}

static int set_owners(struct cli *cli)
{
    struct change change = {.doing = "being changed", .done = "may run on all nodes"};
    struct call call;
    struct sink *s;

    call_init(&call, "resource.set", true);
    s = call_value(&call, "possible");
    sink_array(s, cli->rest_count - 1);
    for (unsigned i = 1; i < cli->rest_count; i++) {
        sink_str(s, cli->rest[i]);
        change.done = i == 1 ? arena_printf(&cli->arena, "may run on %s", cli->rest[i])
                             : arena_printf(&cli->arena, "%s, %s", change.done, cli->rest[i]);
    }
    return finish_checked(cli, &call, CLI_DONE, &change);
}

static int change_owner(struct cli *cli, bool add, const char *node)
{
    const char *method = add ? "resource.add_owner" : "resource.remove_owner";
    const char *done = add ? "now" : "no longer";
    struct call call;

    call_init(&call, method, true);
    call_str(&call, "node", node);
    return finish_checked(
        cli, &call, CLI_DONE,
        &(struct change){.doing = "being changed",
                         .done = arena_printf(&cli->arena, "may %s run on %s", done, node)});
}

int run_resource_owners(struct cli *cli)
{
    const char *verb = cli->rest_count == 0 ? "" : cli->rest[0];
    bool add = strcmp(verb, "add") == 0;
    int status = CLI_DONE;

    if (cli->rest_count == 0)
        return show_owners(cli);
    if (strcmp(verb, "set") == 0)
        return set_owners(cli);
    if (!add && strcmp(verb, "remove") != 0)
        return cli_usage(cli, "`%s`: add, remove or set", verb);
    if (cli->rest_count == 1)
        return cli_usage(cli, "`%s` needs the name of a node", verb);
    for (unsigned i = 1; i < cli->rest_count && status == CLI_DONE; i++)
        status = change_owner(cli, add, cli->rest[i]);
    return status;
}
