#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"
#include "net/client.h"

enum { NOTIFICATION_WAIT_MS = 60000 };

/* "2026-01-31 12:00:00.123  group DemoGroup  Online -> Pending  a client asked  (n1)" */
static void show_event(const struct cli *cli, struct arena *a, const struct value *event)
{
    FILE *out = cli->io->out;
    const char *from = text_field(a, event, "from"), *to = text_field(a, event, "to");
    const char *cause = text_field(a, event, "cause_text");
    const char *failure = text_failure(a, event);
    const char *node = text_field(a, event, "node");
    uint64_t stamp_ms = 0;

    value_get_uint(event, "stamp_ms", &stamp_ms);
    fprintf(out, "%s  %s %s  ", text_time(a, stamp_ms), text_field(a, event, "object"),
            text_field(a, event, "name"));
    if (strcmp(from, to) != 0)
        fprintf(out, "%s -> ", from);
    fputs(style_text(cli, a, style_of_state(to), to), out);
    if (strcmp(node, "-") != 0 && !value_is_str(value_get(event, "object"), "node"))
        fprintf(out, " on %s", node);
    if (strcmp(cause, "-") == 0)
        cause = text_field(a, event, "cause");
    if (strcmp(cause, "-") != 0)
        fprintf(out, "  %s", cause);
    if (failure[0] != '\0')
        fprintf(out, "  %s", failure);
    fputc('\n', out);
    fflush(out);
}

/* Parameters `since` and `limit`, which parse.c has found to be numbers. */
static void add_number(const struct cli *cli, struct call *call, enum option_id id)
{
    if (cli_has(cli, id))
        call_uint(call, option_specs[id].name, strtoull(cli->options[id], NULL, 10));
}

static uint64_t newest_index(const struct value *events, uint64_t newest)
{
    for (uint32_t i = 0; events->type == VALUE_ARRAY && i < events->len; i++) {
        uint64_t index = 0;
        value_get_uint(&events->items[i], "index", &index);
        newest = index > newest ? index : newest;
    }
    return newest;
}

static int list_events(struct cli *cli, const struct value **ret)
{
    struct call call;

    call_init(&call, "events.list", false);
    add_number(cli, &call, OPTION_SINCE);
    add_number(cli, &call, OPTION_LIMIT);
    if (cli_has(cli, OPTION_STALE))
        call_true(&call, "stale");
    return cli_call(cli, &call, NULL, &cli->arena, ret);
}

/* ----------------------------------------------------------------- follow */

/* One document a line: a stream has no end to close an array at. */
static void follow_show(const struct cli *cli, struct arena *a, const struct value *event)
{
    json_t *j;

    if (!cli_has(cli, OPTION_JSON)) {
        show_event(cli, a, event);
        return;
    }
    j = json_from_value(event);
    json_dumpf(j, cli->io->out, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(j);
    fputc('\n', cli->io->out);
    fflush(cli->io->out);
}

static int subscribe(struct cli *cli, uint64_t since)
{
    const struct value *answer;
    struct arena a = {0};
    struct call call;
    int status;

    call_init(&call, "events.follow", false);
    call_uint(&call, "since", since);
    status = cli_call(cli, &call, NULL, &a, &answer);
    arena_release(&a);
    return status;
}

/* Print what arrives until the connection breaks. Several events share the
 * index of the command that caused them: only those up to `*since` are old. */
static void follow_connection(struct cli *cli, uint64_t *since)
{
    const uint64_t seen = *since;
    uint32_t code = 0;

    while (code == 0 || code == ERROR_TIMEOUT) {
        const struct value *event = NULL;
        const char *method = "";
        struct arena a = {0};
        uint64_t index = 0;

        code = client_wait_notification(cli->client, NOTIFICATION_WAIT_MS, &a, &method, &event);
        if (code == 0 && strcmp(method, "event") == 0) {
            bool has_index = value_get_uint(event, "index", &index);
            if (!has_index || index > seen)
                follow_show(cli, &a, event);
            *since = index > *since ? index : *since;
        }
        arena_release(&a);
    }
    cli_disconnect(cli);
}

/* A node that goes away is asked again for as long as --timeout says, each
 * time anew; then following ends with that failure. */
static int follow(struct cli *cli, uint64_t since)
{
    struct timespec pause = {.tv_nsec = 100 * 1000000L};
    int status;

    cli->deadline_ms = 0;
    while ((status = subscribe(cli, since)) == CLI_DONE) {
        follow_connection(cli, &since);
        nanosleep(&pause, NULL);
    }
    return status;
}

int run_events(struct cli *cli)
{
    const struct value *events;
    uint64_t since = 0;
    int status = list_events(cli, &events);

    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_SINCE))
        since = strtoull(cli->options[OPTION_SINCE], NULL, 10);
    if (cli_has(cli, OPTION_JSON) && !cli_has(cli, OPTION_FOLLOW))
        return json_print_value(cli, events);
    for (uint32_t i = 0; events->type == VALUE_ARRAY && i < events->len; i++)
        follow_show(cli, &cli->arena, &events->items[i]);
    return cli_has(cli, OPTION_FOLLOW) ? follow(cli, newest_index(events, since)) : CLI_DONE;
}
