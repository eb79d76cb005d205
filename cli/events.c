#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/call.h"
#include "cli/output.h"
#include "net/client.h"

enum { NOTIFICATION_WAIT_MS = 60000 };

/* "2026-01-31 12:00:00.123  group DemoGroup  Online -> Pending on n1  a client asked" */
void show_event(const struct cli *cli, struct arena *a, const struct value *event)
{
    FILE *out = cli->io->out;
    uint64_t stamp_ms = 0;

    value_get_uint(event, "stamp_ms", &stamp_ms);
    fprintf(out, "%s  %s\n", text_time(a, stamp_ms), text_event(cli, a, event));
    if (cli_has(cli, OPTION_VERBOSE)) {
        fprintf(out, "    by command %s, %s\n", text_field(a, event, "index"),
                text_field(a, event, "command"));
        show_candidates(cli, a, value_get_array(event, "candidates"), "    ");
    }
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

static bool wants_candidates(const struct cli *cli)
{
    return cli_has(cli, OPTION_VERBOSE) || cli_has(cli, OPTION_JSON);
}

static int list_events(struct cli *cli, const struct value **ret)
{
    struct call call;

    call_init(&call, "events.list", false);
    add_number(cli, &call, OPTION_SINCE);
    add_number(cli, &call, OPTION_LIMIT);
    if (wants_candidates(cli))
        call_true(&call, "candidates");
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
    if (wants_candidates(cli))
        call_true(&call, "candidates");
    status = cli_call(cli, &call, NULL, &a, &answer);
    arena_release(&a);
    return status;
}

/* How long the next notification may be waited for; 0: --timeout is over. */
static unsigned patience_ms(const struct cli *cli)
{
    uint64_t now_ms = clock_boot_ms();

    if (cli->deadline_ms == 0 || cli->deadline_ms > now_ms + NOTIFICATION_WAIT_MS)
        return NOTIFICATION_WAIT_MS;
    return cli->deadline_ms > now_ms ? (unsigned)(cli->deadline_ms - now_ms) : 0;
}

/* Print what arrives until the connection breaks; false: until --timeout is over.
 * Several events share the index of the command that caused them: only those up
 * to `*since` are old. */
static bool follow_connection(struct cli *cli, uint64_t *since)
{
    const uint64_t seen = *since;
    uint32_t code = 0;

    while (code == 0 || code == ERROR_TIMEOUT) {
        const struct value *event = NULL;
        const char *method = "";
        struct arena a = {0};
        unsigned wait_ms = patience_ms(cli);
        uint64_t index = 0;

        if (wait_ms == 0)
            return false;
        code = client_wait_notification(cli->client, wait_ms, &a, &method, &event);
        if (code == 0 && strcmp(method, "event") == 0) {
            bool has_index = value_get_uint(event, "index", &index);
            if (!has_index || index > seen)
                follow_show(cli, &a, event);
            *since = index > *since ? index : *since;
        }
        arena_release(&a);
    }
    cli_disconnect(cli);
    return true;
}

/* A node that goes away is asked again until --timeout is over or, without it,
 * for the time that a call has; then following ends with that failure. */
static int follow(struct cli *cli, uint64_t since)
{
    struct timespec pause = {.tv_nsec = 100 * 1000000L};
    int status;

    while ((status = subscribe(cli, since)) == CLI_DONE) {
        if (!follow_connection(cli, &since)) {
            cli_report(cli, NULL, ERROR_TIMEOUT,
                       arena_printf(&cli->arena, "followed for %s",
                                    text_duration(&cli->arena, cli->timeout_ms)),
                       "");
            return CLI_TIMED_OUT;
        }
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
