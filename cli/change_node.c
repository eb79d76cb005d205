#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"

enum { POLL_MS = 75 };

/* ----------------------------------------------------- waiting for a drain's end */

static int drain_ended(struct cli *cli, const char *about, const struct value *node,
                       uint64_t begun_ms)
{
    struct arena *a = &cli->arena;
    const char *drain = text_field(a, node, "drain");
    const char *elapsed = text_duration(a, clock_boot_ms() - begun_ms);

    if (strcmp(drain, "completed") != 0) {
        cli_report(cli, about, ERROR_OPERATION_ABORTED,
                   arena_printf(a, "the drain ended after %s: %s; it owns %s groups", elapsed,
                                drain, text_field(a, node, "groups")),
                   arena_printf(a, "holdfast why %s", cli->operand));
        return CLI_FAILED;
    }
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, node);
    fprintf(cli->io->out, "%s: %s and drained after %s\n", about, text_field(a, node, "state"),
            elapsed);
    return CLI_DONE;
}

static int wait_for_drain(struct cli *cli, const char *about, uint64_t begun_ms)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    const struct value *node;

    for (;;) {
        int status = cli_read(cli, "node.get", cli->operand, about, &node);
        if (status != CLI_DONE)
            return status;
        if (!value_is_str(value_get(node, "drain"), "in-progress"))
            return drain_ended(cli, about, node, begun_ms);
        if (cli->deadline_ms != 0 && clock_boot_ms() + POLL_MS >= cli->deadline_ms)
            break;
        nanosleep(&pause, NULL);
    }
    cli_report(cli, about, ERROR_TIMEOUT, "still draining; that goes on",
               arena_printf(&cli->arena, "holdfast node show %s", cli->operand));
    return CLI_TIMED_OUT;
}

/* ------------------------------------------------------------------ the changes */

int run_node_pause(struct cli *cli)
{
    const char *about = arena_printf(&cli->arena, "node %s", cli->operand);
    uint64_t begun_ms = clock_boot_ms();
    bool wait = cli_has(cli, OPTION_WAIT) && cli_has(cli, OPTION_DRAIN);
    struct change change = {.kind = "node",
                            .name = cli->operand,
                            .doing = "paused; its groups move away",
                            .done = "paused",
                            .quiet = wait};
    struct call call;
    int status;

    call_init(&call, "node.pause", true);
    status = params_node_pause(cli, &call);
    status = cli_change(cli, &call, status, &change);
    return status == CLI_DONE && wait ? wait_for_drain(cli, about, begun_ms) : status;
}

int run_node_resume(struct cli *cli)
{
    struct call call;
    int status;

    call_init(&call, "node.resume", true);
    status = params_node_resume(cli, &call);
    return cli_change(cli, &call, status,
                      &(struct change){.kind = "node",
                                       .name = cli->operand,
                                       .doing = "resumed; groups come back",
                                       .done = "resumed"});
}

int run_node_evict(struct cli *cli)
{
    struct call call;
    int status;

    call_init(&call, "node.evict", true);
    status = params_node_evict(cli, &call);
    return cli_change(
        cli, &call, status,
        &(struct change){
            .kind = "node", .name = cli->operand, .doing = "being evicted", .done = "evicted"});
}

static int set_properties(struct cli *cli, const char *method, const char *kind, const char *name)
{
    struct call call;
    int status;

    if (cli->rest_count == 0)
        return cli_usage(cli, "nothing to set: give PROP=VALUE");
    call_init(&call, method, true);
    call_str(&call, "name", cli->operand);
    status = cli_add_properties(cli, &call);
    return cli_change(
        cli, &call, status,
        &(struct change){.kind = kind, .name = name, .doing = "being changed", .done = "changed"});
}

int run_node_set(struct cli *cli)
{
    return set_properties(cli, "node.set", "node", cli->operand);
}

int run_cluster_update_level(struct cli *cli)
{
    const char *level = cli->options[OPTION_LEVEL];
    struct call call;

    call_init(&call, "cluster.update_level", true);
    if (level != NULL)
        call_uint(&call, "level", strtoull(level, NULL, 10)); /* Checked by the parser. */
    return cli_change(
        cli, &call, CLI_DONE,
        &(struct change){.kind = "the",
                         .name = "cluster",
                         .doing = "being raised",
                         .done = level != NULL
                                     ? arena_printf(&cli->arena, "at functional level %s", level)
                                     : "at the highest functional level that all "
                                       "nodes know"});
}

int run_cluster_set(struct cli *cli)
{
    return set_properties(cli, "cluster.set", "the", "cluster");
}
