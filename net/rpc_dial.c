#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/rpc_private.h"
#include "net/socket.h"

#define CONNECT_TIMEOUT_MS 2000

/* A name look-up or one try to connect lives on by itself when the dial lets
 * go of it, until libuv gives it back. */
struct lookup {
    uv_getaddrinfo_t request;
    struct rpc_dial *dial; /* NULL once it is of no use. */
};

struct attempt {
    uv_connect_t request;
    uv_stream_t *stream;   /* Owned, until a connection takes it. */
    struct rpc_dial *dial; /* NULL once it is of no use. */
};

struct rpc_dial {
    uv_loop_t *loop;
    struct address address;
    struct rpc_dial_options options;
    struct rpc_limits limits;
    rpc_dialed done;
    uv_timer_t timer;
    bool started;
    uint64_t deadline_ms;
    uint32_t code; /* Of the last address that failed. */
    struct lookup *lookup;
    struct attempt *attempt;
    struct addrinfo *list; /* Owned. */
    struct addrinfo *next; /* To be tried after the present one. */
};

static void on_timer(uv_timer_t *timer);

/* --------------------------------------------------------------------- end */

static void on_attempt_closed(uv_handle_t *handle)
{
    free(handle);
}

static void attempt_drop(struct rpc_dial *d)
{
    struct attempt *attempt = d->attempt;

    if (attempt == NULL)
        return;
    d->attempt = NULL;
    attempt->dial = NULL;
    /* on_connected() is still called, with ECANCELED, and frees the attempt. */
    uv_close((uv_handle_t *)attempt->stream, on_attempt_closed);
}

static void on_dial_closed(uv_handle_t *timer)
{
    struct rpc_dial *d = timer->data;

    if (d->list != NULL)
        freeaddrinfo(d->list);
    free(d);
}

static void dial_end(struct rpc_dial *d)
{
    attempt_drop(d);
    if (d->lookup != NULL) {
        d->lookup->dial = NULL;
        uv_cancel((uv_req_t *)&d->lookup->request);
        d->lookup = NULL;
    }
    uv_close((uv_handle_t *)&d->timer, on_dial_closed);
}

static void dial_fail(struct rpc_dial *d, uint32_t code)
{
    rpc_dialed done = d->done;
    void *data = d->options.data;

    assert(code != ERROR_SUCCESS);
    dial_end(d);
    done(NULL, code, data);
}

/* The attempt has succeeded: its stream becomes a connection. */
static void dial_succeed(struct rpc_dial *d, uv_stream_t *stream)
{
    rpc_dialed done = d->done;
    void *data = d->options.data;
    struct rpc_conn *c =
        rpc_conn_new(d->loop, stream, &d->limits, d->options.handlers, d->options.data);

    dial_end(d);
    done(c, ERROR_SUCCESS, data);
}

void rpc_dial_cancel(struct rpc_dial *d)
{
    dial_end(d);
}

/* ---------------------------------------------------------------- connect */

static void dial_next(struct rpc_dial *d);

static void on_connected(uv_connect_t *request, int status)
{
    struct attempt *attempt = request->data;
    struct rpc_dial *d = attempt->dial;
    uv_stream_t *stream = attempt->stream;
    uv_os_fd_t fd = -1;

    free(attempt);
    if (d == NULL)
        return; /* Dropped: the stream is being closed. */
    d->attempt = NULL;
    if (status == 0) {
        uv_fileno((uv_handle_t *)stream, &fd);
        if (socket_is_self_connected(fd))
            status = UV_ECONNREFUSED;
    }
    if (status != 0) {
        d->code = rpc_error_from_uv(status);
        uv_close((uv_handle_t *)stream, on_attempt_closed);
        dial_next(d);
        return;
    }
    if (!d->address.is_unix)
        socket_tune_tcp(fd, d->options.user_timeout_ms);
    dial_succeed(d, stream);
}

static struct attempt *attempt_new(struct rpc_dial *d)
{
    struct attempt *attempt = xcalloc(1, sizeof *attempt);

    attempt->dial = d;
    attempt->request.data = attempt;
    attempt->stream = rpc_stream_alloc();
    return attempt;
}

static void connect_unix(struct rpc_dial *d)
{
    struct sockaddr_un ignored;
    /* libuv would cut the path short. */
    uint32_t code = socket_unix_name(d->address.host, &ignored);

    if (code != ERROR_SUCCESS) {
        dial_fail(d, code);
        return;
    }
    d->attempt = attempt_new(d);
    uv_pipe_init(d->loop, (uv_pipe_t *)d->attempt->stream, 0);
    uv_pipe_connect(&d->attempt->request, (uv_pipe_t *)d->attempt->stream, d->address.host,
                    on_connected);
}

/* Start with one address. Returns 0 or libuv's error. */
static int connect_tcp(struct rpc_dial *d, const struct addrinfo *ai)
{
    struct attempt *attempt = attempt_new(d);
    uv_tcp_t *tcp = (uv_tcp_t *)attempt->stream;
    int rc;

    uv_tcp_init(d->loop, tcp);
    rc = uv_tcp_connect(&attempt->request, tcp, ai->ai_addr, on_connected);
    if (rc != 0) {
        uv_close((uv_handle_t *)tcp, on_attempt_closed);
        free(attempt);
        return rc;
    }
    d->attempt = attempt;
    return 0;
}

/* Each address gets its share of the time that is left, so that one which
 * swallows everything does not keep the next from being tried. */
static uint64_t dial_share_ms(const struct rpc_dial *d, const struct addrinfo *rest)
{
    uint64_t now = uv_now(d->loop);
    unsigned count = 0;

    for (; rest != NULL; rest = rest->ai_next)
        count++;
    return d->deadline_ms > now ? (d->deadline_ms - now) / count : 0;
}

static void dial_next(struct rpc_dial *d)
{
    while (d->next != NULL) {
        struct addrinfo *ai = d->next;
        int rc;

        d->next = ai->ai_next;
        rc = connect_tcp(d, ai);
        if (rc == 0) {
            uv_timer_start(&d->timer, on_timer, dial_share_ms(d, ai), 0);
            return;
        }
        d->code = rpc_error_from_uv(rc);
    }
    dial_fail(d, d->code);
}

/* ----------------------------------------------------------------- look up */

static void dial_found(struct rpc_dial *d, struct addrinfo *list)
{
    d->list = list;
    d->next = list;
    dial_next(d);
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct lookup *lookup = request->data;
    struct rpc_dial *d = lookup->dial;

    free(lookup);
    if (d == NULL) {
        uv_freeaddrinfo(list);
        return;
    }
    d->lookup = NULL;
    if (status != 0)
        dial_fail(d, rpc_error_from_uv(status));
    else
        dial_found(d, list);
}

static void dial_look_up(struct rpc_dial *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *literal = socket_literal(d->address.host, d->address.port);
    char service[8];
    int rc;

    if (literal != NULL) {
        dial_found(d, literal);
        return;
    }
    snprintf(service, sizeof service, "%u", (unsigned)d->address.port);
    d->lookup = xcalloc(1, sizeof *d->lookup);
    d->lookup->dial = d;
    d->lookup->request.data = d->lookup;
    rc = uv_getaddrinfo(d->loop, &d->lookup->request, on_looked_up, d->address.host, service,
                        &hints);
    if (rc != 0) {
        free(d->lookup);
        d->lookup = NULL;
        dial_fail(d, rpc_error_from_uv(rc));
    }
}

/* ------------------------------------------------------------------- timer */

static void dial_start(struct rpc_dial *d)
{
    unsigned timeout_ms = d->options.connect_timeout_ms;

    d->started = true;
    if (timeout_ms == 0)
        timeout_ms = CONNECT_TIMEOUT_MS;
    d->deadline_ms = uv_now(d->loop) + timeout_ms;
    uv_timer_start(&d->timer, on_timer, timeout_ms, 0);
    if (d->address.is_unix)
        connect_unix(d);
    else
        dial_look_up(d);
}

static void on_timer(uv_timer_t *timer)
{
    struct rpc_dial *d = timer->data;

    if (!d->started) {
        dial_start(d);
        return;
    }
    d->code = ERROR_TIMEOUT;
    attempt_drop(d);
    if (uv_now(d->loop) < d->deadline_ms)
        dial_next(d);
    else
        dial_fail(d, ERROR_TIMEOUT);
}

/* Everything begins in the first timer callback, so that nothing can fail and
 * call `done` while the caller is still in here. */
struct rpc_dial *rpc_dial(uv_loop_t *loop, const struct address *address,
                          const struct rpc_dial_options *options, rpc_dialed done)
{
    struct rpc_dial *d = xcalloc(1, sizeof *d);

    d->loop = loop;
    d->address = *address;
    d->options = *options;
    if (options->limits != NULL)
        d->limits = *options->limits;
    d->options.limits = NULL;
    d->done = done;
    uv_timer_init(loop, &d->timer);
    d->timer.data = d;
    uv_timer_start(&d->timer, on_timer, 0, 0);
    return d;
}
