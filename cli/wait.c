/* --wait: following a group or resource until what was begun has ended. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/call.h"
#include "cli/output.h"

enum { POLL_MS = 75, FAILURES_SHOWN = 4 };

struct wait {
    struct cli *cli;
    const struct change *change;
    const char *about; /* "group DemoGroup" */
    uint64_t operation;
    uint64_t begun_ms;
    unsigned turns; /* Of the live line. */
    bool live;
};

static const char *wait_elapsed(const struct wait *w, struct arena *a)
{
    return text_duration(a, clock_boot_ms() - w->begun_ms);
}

static int wait_poll(struct wait *w, struct arena *a, const struct value **ret)
{
    struct call call;

    call_init(&call, strcmp(w->change->kind, "group") == 0 ? "group.get" : "resource.get", false);
    call_str(&call, "name", w->change->name);
    return cli_call(w->cli, &call, w->about, a, ret);
}

static bool is_pending(const char *state)
{
    return style_of_state(state) == STYLE_BUSY && strcmp(state, "PartialOnline") != 0;
}

/* Another operation than ours may have begun meanwhile: then the state goes on
 * to be Pending, and the state in which it ends is what counts. */
static bool has_ended(const struct wait *w, struct arena *a, const struct value *object)
{
    uint64_t running = 0;

    value_get_uint(value_get_map(object, "operation"), "id", &running);
    return !is_pending(text_field(a, object, "state")) && (running == 0 || running != w->operation);
}

static bool is_as_asked(const struct wait *w, struct arena *a, const struct value *object)
{
    const struct change *change = w->change;
    const char *state = text_field(a, object, "state");
    const char *owner = text_field(a, object, "owner");

    if (change->owner != NULL && !name_equal(owner, change->owner))
        return false;
    if (change->owner == NULL && change->source != NULL && name_equal(owner, change->source))
        return false;
    return change->want[0] == '\0' ? strcmp(state, "Failed") != 0
                                   : strcmp(state, change->want) == 0;
}

/* -------------------------------------------------------------- live line */

static void live_clear(const struct wait *w)
{
    if (w->live && w->turns > 0) {
        fputs("\r\033[K", w->cli->io->err);
        fflush(w->cli->io->err);
    }
}

/* Rewritten in place, never longer than the terminal is wide: a line that wraps
 * could not be taken back. What is still pending comes first. */
static void live_show(struct wait *w, struct arena *a, const struct value *object)
{
    static const char spinner[] = "|/-\\";
    const struct cli_io *io = w->cli->io;
    unsigned width = io->columns > 1 ? io->columns - 1 : 79;
    const struct value *resources = value_get_array(object, "resources");
    const char *line = arena_printf(a, "%c %s  %s  %s", spinner[w->turns % 4],
                                    text_clean(a, w->change->name, strlen(w->change->name)),
                                    text_field(a, object, "state"), wait_elapsed(w, a));

    if (!w->live)
        return;
    w->turns++;
    for (int pending = 1; pending >= 0; pending--) {
        for (uint32_t i = 0; resources != NULL && i < resources->len; i++) {
            const char *state = text_field(a, &resources->items[i], "state");
            if (text_width(line) > width)
                break;
            if (is_pending(state) == (pending == 1))
                line = arena_printf(a, "%s  %s %s", line,
                                    text_field(a, &resources->items[i], "name"), state);
        }
    }
    fprintf(io->err, "\r%s\033[K", text_fit(a, line, width));
    fflush(io->err);
}

/* ---------------------------------------------------------------- the end */

static int end_well(const struct wait *w, struct arena *a, const struct value *object)
{
    const struct cli *cli = w->cli;

    if (cli_has(cli, OPTION_JSON)) {
        json_t *j = json_from_value(object);
        json_object_set_new(j, "code", json_integer(0));
        json_object_set_new(j, "index", json_integer((json_int_t)w->operation));
        json_object_set_new(j, "elapsed_ms",
                            json_integer((json_int_t)(clock_boot_ms() - w->begun_ms)));
        return json_print(cli, j);
    }
    fprintf(cli->io->out, "%s: %s on %s after %s\n", text_clean(a, w->about, strlen(w->about)),
            text_field(a, object, "state"), text_field(a, object, "owner"), wait_elapsed(w, a));
    return CLI_DONE;
}

/* "resource db failed: disk is gone (1117 ERROR_IO_DEVICE)" for the first few
 * that did; of the first also the code. */
static const char *list_failures(struct arena *a, const struct value *object, uint32_t *ret_code)
{
    const struct value *resources = value_get_array(object, "resources");
    const char *list = "";
    unsigned count = 0;

    for (uint32_t i = 0; resources != NULL && i < resources->len; i++) {
        const struct value *r = &resources->items[i];
        const char *failure = text_failure(a, r);
        if (!value_is_str(value_get(r, "state"), "Failed") || ++count > FAILURES_SHOWN)
            continue;
        if (count == 1)
            value_get_u32(r, "code", ret_code);
        list = arena_printf(a, "%s%sresource %s failed%s%s", list, count == 1 ? "" : "; ",
                            text_field(a, r, "name"), failure[0] == '\0' ? "" : ": ", failure);
    }
    return count <= FAILURES_SHOWN
               ? list
               : arena_printf(a, "%s; and %u more", list, count - FAILURES_SHOWN);
}

/* The operation ended otherwise than asked for. */
static int end_badly(const struct wait *w, struct arena *a, const struct value *object)
{
    const struct change *change = w->change;
    uint32_t code = 0;
    const char *failures = list_failures(a, object, &code);
    const char *asked = change->want[0] == '\0' ? "moved" : change->want;
    const char *message;

    if (failures[0] == '\0') {
        failures = text_failure(a, object);
        value_get_u32(object, "code", &code);
    }
    if (change->owner != NULL)
        asked = arena_printf(a, "%s%son %s", change->want, change->want[0] == '\0' ? "" : " ",
                             change->owner);
    message = arena_printf(a, "%s on %s after %s, not %s%s%s", text_field(a, object, "state"),
                           text_field(a, object, "owner"), wait_elapsed(w, a), asked,
                           failures[0] == '\0' ? "" : ": ", failures);
    cli_report(w->cli, w->about, code == 0 ? ERROR_RESOURCE_FAILED : code, message,
               arena_printf(a, "holdfast %s show %s; holdfast events --limit 20", change->kind,
                            change->name));
    return CLI_FAILED;
}

static int end_late(const struct wait *w, struct arena *a, const struct value *object)
{
    cli_report(w->cli, w->about, ERROR_TIMEOUT,
               arena_printf(a, "still %s after %s; operation %llu goes on",
                            text_field(a, object, "state"), wait_elapsed(w, a),
                            (unsigned long long)w->operation),
               arena_printf(a, "holdfast %s show %s", w->change->kind, w->change->name));
    return CLI_TIMED_OUT;
}

/* One look. Returns true when it is over, with *ret_status. */
static bool wait_step(struct wait *w, int *ret_status)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    const struct value *object;
    struct arena a = {0}; /* Of this look only: a wait may be long. */
    bool over = true;

    *ret_status = wait_poll(w, &a, &object);
    if (*ret_status != CLI_DONE) {
        live_clear(w);
    } else if (has_ended(w, &a, object)) {
        live_clear(w);
        *ret_status =
            is_as_asked(w, &a, object) ? end_well(w, &a, object) : end_badly(w, &a, object);
    } else if (w->cli->deadline_ms != 0 && clock_boot_ms() + POLL_MS >= w->cli->deadline_ms) {
        live_clear(w);
        *ret_status = end_late(w, &a, object);
    } else {
        over = false;
        live_show(w, &a, object);
    }
    arena_release(&a);
    if (!over)
        nanosleep(&pause, NULL);
    return over;
}

int cli_wait(struct cli *cli, const struct change *change, uint64_t operation, uint64_t begun_ms)
{
    struct wait w = {
        .cli = cli,
        .change = change,
        .about = arena_printf(&cli->arena, "%s %s", change->kind, change->name),
        .operation = operation,
        .begun_ms = begun_ms,
        .live = cli->io->err_is_terminal && !cli_has(cli, OPTION_JSON),
    };
    int status;

    while (!wait_step(&w, &status))
        ;
    return status;
}
