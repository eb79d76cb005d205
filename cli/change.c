#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

static int say_json(struct cli *cli, const struct change *change, const struct value *answer)
{
    json_t *j = json_object();

    json_object_set_new(j, "name", json_from_text(change->name));
    if (answer->type == VALUE_MAP) {
        json_t *fields = json_from_value(answer);
        json_object_update_missing(j, fields);
        json_decref(fields);
    }
    return json_print(cli, j);
}

/* "group DemoGroup: going offline (operation 42)" */
static int say(struct cli *cli, const struct change *change, const struct value *answer,
               uint32_t code)
{
    struct arena *a = &cli->arena;
    const char *detail = text_field(a, answer, "detail");
    FILE *out = cli->io->out;

    fprintf(out, "%s %s: ", change->kind, text_clean(a, change->name, strlen(change->name)));
    if (code == ERROR_IO_PENDING)
        fprintf(out, "%s (operation %s)", change->doing, text_field(a, answer, "index"));
    else if (code == ERROR_CLUSTER_GROUP_QUEUED)
        fprintf(out, "queued (operation %s)", text_field(a, answer, "index"));
    else
        fputs(text_clean(a, change->done, strlen(change->done)), out);
    if (code == ERROR_RESOURCE_PROPERTIES_STORED)
        fputs(", in force when it is next brought online", out);
    if (strcmp(detail, "-") != 0)
        fprintf(out, ": %s", detail);
    fputc('\n', out);
    return CLI_DONE;
}

int cli_change(struct cli *cli, struct call *call, int status, const struct change *change)
{
    const char *about = arena_printf(&cli->arena, "%s %s", change->kind, change->name);
    uint64_t begun_ms = clock_boot_ms(), operation = 0;
    const struct value *answer;
    uint32_t code = 0;

    if (status != CLI_DONE) {
        call_release(call);
        return status;
    }
    status = cli_call(cli, call, about, &cli->arena, &answer);
    if (status != CLI_DONE)
        return status;
    value_get_u32(answer, "code", &code);
    value_get_uint(answer, "index", &operation);
    if (cli_has(cli, OPTION_WAIT) && change->want != NULL)
        return cli_wait(cli, change, operation, begun_ms);
    if (change->quiet)
        return CLI_DONE;
    return cli_has(cli, OPTION_JSON) ? say_json(cli, change, answer)
                                     : say(cli, change, answer, code);
}
