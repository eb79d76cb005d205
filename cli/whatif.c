/* what-if: a rehearsal on a copy of the state. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

/* The calls to rehearse, each with its parameters. */
struct steps {
    struct bytes encoded;
    uint32_t count;
};

/* Takes what `call` has gathered. */
static void steps_add(struct steps *steps, struct call *call)
{
    struct msgpack_sink head;

    msgpack_sink_init(&head, &steps->encoded);
    sink_map(&head.sink, call->pair_count + 1);
    sink_kv_str(&head.sink, "method", call->method);
    bytes_append(&steps->encoded, call->pairs.data, call->pairs.len);
    steps->count++;
    call_release(call);
}

/* ---------------------------------------------------------------------- showing */

/* "at once", "+500 ms" */
static const char *text_after(struct arena *a, const struct value *v)
{
    uint64_t after_ms = 0;

    value_get_uint(v, "after_ms", &after_ms);
    return after_ms == 0 ? "at once" : arena_printf(a, "+%s", text_duration(a, after_ms));
}

static void show_replies(const struct cli *cli, struct arena *a, const struct value *replies)
{
    for (uint32_t i = 0; replies != NULL && i < replies->len; i++) {
        const struct value *r = &replies->items[i];
        const char *detail = text_field(a, r, "detail");
        uint32_t code = 0;

        value_get_u32(r, "code", &code);
        if (code == 0 || code == ERROR_IO_PENDING || code == ERROR_CLUSTER_GROUP_QUEUED ||
            code == ERROR_RESOURCE_PROPERTIES_STORED)
            continue;
        fprintf(cli->io->out, "%s: %s%s%s (%u %s)\n",
                code == ERROR_CLUSTER_GROUP_QUEUED ? "it would be queued" : "it would be refused",
                text_field(a, r, "message"), strcmp(detail, "-") == 0 ? "" : ": ",
                strcmp(detail, "-") == 0 ? "" : detail, code, text_field(a, r, "name"));
    }
}

static void show_changes(const struct cli *cli, struct arena *a, const struct value *changes)
{
    uint64_t last_ms = UINT64_MAX;

    for (uint32_t i = 0; changes != NULL && i < changes->len; i++) {
        const struct value *change = &changes->items[i];
        uint64_t after_ms = 0;

        value_get_uint(change, "after_ms", &after_ms);
        if (after_ms != last_ms)
            fprintf(cli->io->out, "%s\n", text_after(a, change));
        last_ms = after_ms;
        fprintf(cli->io->out, "  %s\n", text_event(cli, a, change));
        if (cli_has(cli, OPTION_VERBOSE))
            show_candidates(cli, a, value_get_array(change, "candidates"), "      ");
    }
}

static void show_outcome(const struct cli *cli, struct arena *a, const struct value *answer)
{
    static const struct column columns[] = {{.title = "GROUP"},
                                            {.title = "BEFORE"},
                                            {.title = "AFTER"},
                                            {.title = "WAITS FOR", .optional = true}};
    const struct value *groups = value_get_array(answer, "groups");
    struct table t;

    if (groups == NULL || groups->len == 0)
        return;
    fprintf(cli->io->out, "\nin the end (%s)\n", text_after(a, answer));
    table_init(&t, a, columns, 4);
    t.indent = "  ";
    for (uint32_t i = 0; i < groups->len; i++) {
        const struct value *g = &groups->items[i];
        table_add(&t, text_field(a, g, "name"));
        table_add(&t, arena_printf(a, "%s on %s", text_field(a, g, "state_before"),
                                   text_field(a, g, "owner_before")));
        table_add_styled(
            &t, arena_printf(a, "%s on %s", text_field(a, g, "state"), text_field(a, g, "owner")),
            style_of_state(text_field(a, g, "state")));
        table_add(&t, text_field(a, g, "wait"));
    }
    table_print(&t, cli);
    table_release(&t);
}

static void warn_of_quorum(const struct cli *cli, const struct value *answer)
{
    bool quorum = true;

    value_get_bool(answer, "quorum", &quorum);
    if (!quorum)
        fputs("! the majority would be lost: nothing of this could come before it is back\n",
              cli->io->out);
}

static void show_end(const struct cli *cli, struct arena *a, const struct value *answer)
{
    FILE *out = cli->io->out;
    uint64_t next_ms = 0, dropped = 0;

    value_get_uint(answer, "dropped", &dropped);
    if (dropped > 0)
        fprintf(out, "%llu more changes are left out\n", (unsigned long long)dropped);
    if (value_is_str(value_get(answer, "end"), "limit"))
        fputs("it would go on: this is as far as it was played\n", out);
    else if (value_get_uint(answer, "next_ms", &next_ms))
        fprintf(out, "the next thing would fall due after %s\n", text_duration(a, next_ms));
}

static int rehearse(struct cli *cli, struct steps *steps, int status)
{
    const char *horizon = cli->options[OPTION_HORIZON];
    const struct value *answer, *changes;
    struct arena *a = &cli->arena;
    struct call call;

    call_init(&call, "whatif.run", false);
    sink_array(call_value(&call, "steps"), steps->count);
    bytes_append(&call.pairs, steps->encoded.data, steps->encoded.len);
    bytes_release(&steps->encoded);
    if (status == CLI_DONE && horizon != NULL) {
        char *end;
        double seconds = strtod(horizon, &end);
        if (end == horizon || *end != '\0' || !(seconds >= 0) || !(seconds <= 366 * 86400.0))
            status = cli_usage(cli, "--horizon %s: not a number of seconds", horizon);
        else
            call_uint(&call, "horizon_ms", (uint64_t)llround(seconds * 1000));
    }
    if (cli_has(cli, OPTION_STALE))
        call_true(&call, "stale");
    if (status != CLI_DONE) {
        call_release(&call);
        return status;
    }
    status = cli_call(cli, &call, arena_printf(a, "what-if %s", cli->operand), a, &answer);
    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, answer);
    changes = value_get_array(answer, "changes");
    warn_of_quorum(cli, answer);
    show_replies(cli, a, value_get_array(answer, "replies"));
    if (changes == NULL || changes->len == 0)
        fputs("nothing would change\n", cli->io->out);
    show_changes(cli, a, changes);
    show_outcome(cli, a, answer);
    show_end(cli, a, answer);
    return CLI_DONE;
}

/* ----------------------------------------------------------------- the questions */

static int rehearse_one(struct cli *cli, const char *method,
                        int (*params)(struct cli *cli, struct call *call))
{
    struct steps steps = {0};
    struct call call;
    int status;

    call_init(&call, method, false);
    status = params(cli, &call);
    steps_add(&steps, &call);
    return rehearse(cli, &steps, status);
}

int run_whatif_node_down(struct cli *cli)
{
    struct steps steps = {0};

    for (unsigned i = 0; i <= cli->rest_count; i++) {
        struct call call;
        call_init(&call, "node.down", false);
        call_str(&call, "name", i == 0 ? cli->operand : cli->rest[i - 1]);
        steps_add(&steps, &call);
    }
    return rehearse(cli, &steps, CLI_DONE);
}

int run_whatif_pause(struct cli *cli)
{
    return rehearse_one(cli, "node.pause", params_node_pause);
}

int run_whatif_resume(struct cli *cli)
{
    return rehearse_one(cli, "node.resume", params_node_resume);
}

int run_whatif_evict(struct cli *cli)
{
    return rehearse_one(cli, "node.evict", params_node_evict);
}

int run_whatif_online(struct cli *cli)
{
    return rehearse_one(cli, "group.online", params_group_online);
}

int run_whatif_offline(struct cli *cli)
{
    return rehearse_one(cli, "group.offline", params_group_offline);
}

static int params_move(struct cli *cli, struct call *call)
{
    const char *to = cli->options[OPTION_TO];

    if (to != NULL && cli->rest_count > 0)
        return cli_usage(cli, "`%s` is too much beside --to %s", cli->rest[0], to);
    return params_group_move(cli, call, to == NULL && cli->rest_count > 0 ? cli->rest[0] : to);
}

int run_whatif_move(struct cli *cli)
{
    return rehearse_one(cli, "group.move", params_move);
}

static int params_resource(struct cli *cli, struct call *call)
{
    const char *name;
    int status = cli_check_resource(cli, cli->operand, &name);

    if (status == CLI_DONE)
        call_str(call, "name", name);
    return status;
}

int run_whatif_fail(struct cli *cli)
{
    return rehearse_one(cli, "resource.fail", params_resource);
}

int run_whatif_restart(struct cli *cli)
{
    return rehearse_one(cli, "resource.restart", params_resource);
}

int run_whatif_set(struct cli *cli)
{
    if (cli->rest_count == 0 && !cli_has(cli, OPTION_PREFERRED))
        return cli_usage(cli, "nothing to set: give PROP=VALUE or --preferred");
    return rehearse_one(cli, "group.set", params_group_set);
}
