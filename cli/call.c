#include "cli/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/output.h"
#include "net/client.h"

enum {
    PAUSE_MS_MIN = 20, /* Between attempts to come back after a broken connection. */
    PAUSE_MS_MAX = 500,
    ASKED_AGAIN_MAX = 5, /* A read that is answered with ERROR_RETRY. */
    /* How much later than the node we give up: its word why is worth more. */
    GRACE_MS = 250,
};

/* ------------------------------------------------------------- parameters */

void call_init(struct call *call, const char *method, bool changing)
{
    *call = (struct call){.method = method, .changing = changing};
    msgpack_sink_init(&call->to, &call->pairs);
}

void call_release(struct call *call)
{
    bytes_release(&call->pairs);
}

struct sink *call_value(struct call *call, const char *key)
{
    sink_str(&call->to.sink, key);
    call->pair_count++;
    return &call->to.sink;
}

void call_str(struct call *call, const char *key, const char *value)
{
    if (value != NULL)
        sink_str(call_value(call, key), value);
}

void call_uint(struct call *call, const char *key, uint64_t value)
{
    sink_uint(call_value(call, key), value);
}

void call_true(struct call *call, const char *key)
{
    sink_bool(call_value(call, key), true);
}

/* The map of all parameters. */
static void call_encode(const struct call *call, struct bytes *out)
{
    struct msgpack_sink head;

    msgpack_sink_init(&head, out);
    sink_map(&head.sink, call->pair_count);
    bytes_append(out, call->pairs.data, call->pairs.len);
}

/* ---------------------------------------------------------------- calling */

/* How one call ended. */
struct outcome {
    uint32_t code;       /* 0: *result is there. */
    bool from_node;      /* The code is a node's word. */
    bool maybe_done;     /* A changing call that was sent and not answered. */
    const char *message; /* In the arena; "" if none. */
};

void cli_disconnect(struct cli *cli)
{
    client_close(cli->client);
    cli->client = NULL;
}

static uint64_t random_nonzero(void)
{
    uint64_t n = 0;

    while (n == 0) {
        /* Before the pool of the kernel is ready this waits: a number that
         * another client also draws would be taken for that one's retry. */
        if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
            n = 0;
    }
    return n;
}

static unsigned time_left(uint64_t deadline_ms)
{
    uint64_t now_ms = clock_boot_ms();
    return now_ms < deadline_ms ? (unsigned)(deadline_ms - now_ms) : 0;
}

static uint32_t connect_to_node(struct cli *cli, unsigned timeout_ms, struct arena *a,
                                const char **ret_why)
{
    char *why = NULL;
    uint32_t code = client_open(&cli->address, timeout_ms, &cli->client, &why);

    if (code != 0)
        cli->client = NULL;
    else
        cli->reached = true;
    if (code != 0 && why != NULL)
        *ret_why = text_clean(a, why, strlen(why));
    free(why);
    return code;
}

/* One attempt. Returns true if the call has ended, one way or the other; false
 * if the connection broke and it may be tried again. */
static bool attempt(struct cli *cli, const struct call *call, const struct bytes *params,
                    unsigned timeout_ms, struct arena *a, const struct value **ret,
                    struct outcome *outcome)
{
    uint64_t give_up_ms = clock_boot_ms() + timeout_ms + GRACE_MS;
    const char *message = NULL;
    bool first = !cli->reached;

    outcome->from_node = false;
    if (cli->client == NULL) {
        outcome->code = connect_to_node(cli, timeout_ms, a, &outcome->message);
        if (outcome->code != 0)
            return first;
    }
    outcome->code =
        client_call(cli->client, call->method, params, timeout_ms + GRACE_MS, a, ret, &message);
    outcome->message = message == NULL ? "" : text_clean(a, message, strlen(message));
    /* A node that passes 1726 on lost its own connection to the leader: that is
     * tried again as well. A time-out before our time is the node's word. */
    outcome->from_node = outcome->code != RPC_S_CALL_FAILED &&
                         (outcome->code != ERROR_TIMEOUT || clock_boot_ms() < give_up_ms);
    if (outcome->code == 0 || outcome->from_node)
        return true;
    cli_disconnect(cli);
    outcome->maybe_done = call->changing;
    return outcome->code == ERROR_TIMEOUT;
}

/* A read that met a moment in which the node could not answer. */
static bool may_ask_again(const struct call *call, const struct outcome *outcome)
{
    return outcome->from_node && outcome->code == ERROR_RETRY && !call->changing;
}

/* Until answered, or until `deadline_ms`. The parameters, and so client and
 * seq, are the same bytes each time: the cluster does it once. */
static struct outcome call_until(struct cli *cli, struct call *call, uint64_t deadline_ms,
                                 struct arena *a, const struct value **ret)
{
    struct outcome outcome = {.message = ""};
    struct bytes params = BYTES_INIT;
    unsigned pause_ms = PAUSE_MS_MIN, asked = 0;

    call_encode(call, &params);
    while (!attempt(cli, call, &params, time_left(deadline_ms), a, ret, &outcome) ||
           (may_ask_again(call, &outcome) && asked++ < ASKED_AGAIN_MAX)) {
        struct timespec pause = {.tv_nsec = (long)pause_ms * 1000000};
        if (time_left(deadline_ms) <= pause_ms)
            break;
        nanosleep(&pause, NULL);
        pause_ms = 2 * pause_ms < PAUSE_MS_MAX ? 2 * pause_ms : PAUSE_MS_MAX;
    }
    bytes_release(&params);
    return outcome;
}

/* What a node sends with a refusal is what it is about ("db", "Demo has 2
 * resources"), which says little alone: put the meaning of the code before it,
 * unless it is there already, and leave out what `about` ("group Demo") says. */
static const char *refusal_text(struct arena *a, const char *about, const struct outcome *o)
{
    const char *text = error_text(o->code);
    const char *name = about == NULL || strchr(about, ' ') == NULL ? "" : strchr(about, ' ') + 1;
    const char *detail = o->message;

    if (strncmp(detail, text, strlen(text)) == 0)
        detail += strlen(text) + strspn(detail + strlen(text), ": ");
    if (detail[0] == '\0' ||
        (name_equal(detail, name) && o->code != ERROR_CLUSTER_RESOURCE_LOCKED_STATUS))
        return text;
    if (o->code == ERROR_CLUSTER_RESOURCE_LOCKED_STATUS)
        return strstr(detail, "locked") != NULL ? detail
                                                : arena_printf(a, "resource %s is locked", detail);
    return arena_printf(a, "%s: %s", text, detail);
}

/* Say why a call failed; returns the exit status. */
static int report_outcome(struct cli *cli, const char *about, const struct outcome *o)
{
    struct arena *a = &cli->arena;

    if (o->from_node) {
        cli_report(cli, about, o->code, refusal_text(a, about, o), NULL);
        return o->code == ERROR_TIMEOUT ? CLI_TIMED_OUT : CLI_FAILED;
    }
    if (o->maybe_done || o->code == ERROR_TIMEOUT) {
        const char *message = arena_printf(a, "no answer from %s within %s%s", cli->where,
                                           text_duration(a, cli->timeout_ms),
                                           o->maybe_done ? "; it may still be done" : "");
        cli_report(cli, about, ERROR_TIMEOUT, message,
                   o->maybe_done ? "look at the state before repeating it, or give more time with "
                                   "--timeout"
                                 : "give more time with --timeout, or ask another node");
        return CLI_TIMED_OUT;
    }
    cli_report(cli, NULL, o->code,
               o->message[0] == '\0' ? arena_printf(a, "no cluster reached at %s", cli->where)
                                     : arena_printf(a, "no cluster reached: %s", o->message),
               o->code == RPC_S_CALL_FAILED ? error_advice(RPC_S_SERVER_UNAVAILABLE) : NULL);
    return CLI_NO_CLUSTER;
}

int cli_call(struct cli *cli, struct call *call, const char *about, struct arena *a,
             const struct value **ret)
{
    uint64_t deadline_ms = cli->deadline_ms;
    struct outcome outcome;

    if (deadline_ms == 0)
        deadline_ms = clock_boot_ms() + cli->timeout_ms;
    if (call->changing) {
        if (cli->client_id == 0)
            cli->client_id = random_nonzero();
        call_uint(call, "client", cli->client_id);
        call_uint(call, "seq", ++cli->seq);
    }
    call_uint(call, "timeout_ms", time_left(deadline_ms) + 1);
    outcome = call_until(cli, call, deadline_ms, a, ret);
    call_release(call);
    return outcome.code == 0 ? CLI_DONE : report_outcome(cli, about, &outcome);
}

int cli_read(struct cli *cli, const char *method, const char *name, const char *about,
             const struct value **ret)
{
    struct call call;

    call_init(&call, method, false);
    call_str(&call, "name", name);
    if (cli_has(cli, OPTION_STALE))
        call_true(&call, "stale");
    return cli_call(cli, &call, about, &cli->arena, ret);
}

/* -------------------------------------------------------------- resources */

const char *resource_plain_name(const char *words)
{
    const char *slash = strchr(words, '/');
    return slash == NULL ? words : slash + 1;
}

int cli_read_resource(struct cli *cli, const char *words, const struct value **ret)
{
    struct arena *a = &cli->arena;
    const char *name = resource_plain_name(words);
    const char *about = arena_printf(a, "resource %s", name);
    const char *group;
    int status = cli_read(cli, "resource.get", name, about, ret);

    if (status != CLI_DONE || name == words)
        return status;
    group = arena_strndup(a, words, (size_t)(name - words) - 1);
    if (value_get_str(*ret, "group", SIZE_MAX, &words) && name_equal(words, group))
        return CLI_DONE;
    cli_report(
        cli, about, ERROR_RESOURCE_NOT_FOUND,
        arena_printf(a, "it is not in group %s but in %s", group, text_field(a, *ret, "group")),
        NULL);
    return CLI_FAILED;
}

int cli_check_resource(struct cli *cli, const char *words, const char **ret_name)
{
    const struct value *resource;

    *ret_name = resource_plain_name(words);
    if (*ret_name == words)
        return CLI_DONE;
    return cli_read_resource(cli, words, &resource);
}
