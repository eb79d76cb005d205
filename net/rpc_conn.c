#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/rpc_private.h"
#include "net/socket.h"

#define TO(state) (1u << RPC_##state)
static const unsigned state_next[RPC_STATE_COUNT] = {
    [RPC_OPEN] = TO(DRAINING) | TO(DETACHING) | TO(ENDED),
    [RPC_DRAINING] = TO(ENDED),
    [RPC_DETACHING] = TO(DETACHED) | TO(ENDED),
};
#undef TO

/* The only place that writes c->state after rpc_conn_new(). */
static void conn_enter(struct rpc_conn *c, enum rpc_state next)
{
    assert(state_next[c->state] & (1u << next));
    c->state = next;
}

uint32_t rpc_error_from_uv(int rc)
{
    if (rc >= 0)
        return ERROR_SUCCESS;
    if (rc == UV_EOF)
        return ERROR_CONNECTION_ABORTED;
    if (rc <= UV_EAI_ADDRFAMILY && rc >= UV_EAI_PROTOCOL)
        return ERROR_HOST_UNREACHABLE; /* The name is unknown. */
    return error_from_errno(-rc);
}

/* ------------------------------------------------------------------ ending */

static void conn_free(struct rpc_conn *c)
{
    assert(c->calls == NULL && c->requests == NULL && c->server == NULL);
    bytes_release(&c->in);
    bytes_release(&c->out);
    bytes_release(&c->writing);
    free(c->peer);
    free(c);
}

static void conn_finish(struct rpc_conn *c)
{
    uv_stream_t *stream = c->stream;

    rpc_calls_abort(c);
    if (c->state == RPC_ENDED) {
        free(stream);
        stream = NULL;
    }
    if (c->detached != NULL)
        c->detached(stream, c->detached_data);
    else if (c->handlers->closed != NULL)
        c->handlers->closed(c, c->code, c->data);
    /* Calls that were made in answer to the first ones' failure: had they been
     * answered at once, whoever repeats a call that broke would go in circles
     * here, not having been told yet that the connection is gone. */
    rpc_calls_abort(c);
    conn_free(c);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct rpc_conn *c = handle->data;

    assert(c->handles_open > 0);
    if (--c->handles_open == 0)
        conn_finish(c);
}

static void conn_close_helpers(struct rpc_conn *c)
{
    uv_close((uv_handle_t *)&c->idle, on_handle_closed);
    uv_close((uv_handle_t *)&c->check, on_handle_closed);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
}

void rpc_end(struct rpc_conn *c, uint32_t code)
{
    if (c->state == RPC_ENDED || c->state == RPC_DETACHED)
        return;
    conn_enter(c, RPC_ENDED);
    c->code = code;
    rpc_server_forget(c);
    rpc_requests_orphan(c);
    conn_close_helpers(c);
    uv_close((uv_handle_t *)c->stream, on_handle_closed);
}

void rpc_fault(struct rpc_conn *c, const char *format, ...)
{
    char reason[256];
    va_list args;

    if (c->state == RPC_ENDED || c->state == RPC_DETACHED)
        return;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    log_warn("net", "%s: %s; connection closed", c->peer, reason);
    rpc_end(c, ERROR_INVALID_DATA);
}

void rpc_close(struct rpc_conn *c)
{
    rpc_end(c, ERROR_OPERATION_ABORTED);
}

/* ---------------------------------------------------------------- draining */

static void conn_drain_until(struct rpc_conn *c, unsigned ms)
{
    c->deadline_ms = uv_now(c->loop) + ms;
    rpc_timer_update(c);
}

void rpc_close_after_writes(struct rpc_conn *c)
{
    if (c->state != RPC_OPEN)
        return;
    conn_enter(c, RPC_DRAINING);
    rpc_requests_orphan(c);
    conn_drain_until(c, RPC_DRAIN_MS);
    /* It may have been stalled; now only the peer's end of stream matters. */
    rpc_read_start(c);
    rpc_turn_schedule(c);
}

void rpc_detach(struct rpc_conn *c, void (*done)(uv_stream_t *stream, void *data), void *data)
{
    assert(done != NULL && c->detached == NULL);
    c->detached = done;
    c->detached_data = data;
    if (c->state == RPC_ENDED)
        return;
    if (c->state != RPC_OPEN) {
        rpc_end(c, ERROR_OPERATION_ABORTED);
        return;
    }
    conn_enter(c, RPC_DETACHING);
    uv_read_stop(c->stream);
    rpc_requests_orphan(c);
    conn_drain_until(c, RPC_DRAIN_MS);
    rpc_turn_schedule(c);
    /* Within a handler, rpc_dispatch() knows what is left. */
    if (!c->dispatching && c->in.len > 0)
        rpc_fault(c, "sent bytes before it was their turn");
}

/* Closing now, with the peer's bytes unread, would send a reset, and a reset
 * makes the peer's kernel drop the answer that was to arrive before the end.
 * So say that there is no more, and wait for the peer to close. */
static void conn_finish_writing(struct rpc_conn *c)
{
    uv_os_fd_t fd;

    if (c->finished_writing)
        return;
    c->finished_writing = true;
    if (uv_fileno((uv_handle_t *)c->stream, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        rpc_end(c, ERROR_OPERATION_ABORTED);
        return;
    }
    conn_drain_until(c, RPC_LINGER_MS);
}

void rpc_drained(struct rpc_conn *c)
{
    if (c->state == RPC_DRAINING) {
        conn_finish_writing(c);
    } else if (c->state == RPC_DETACHING) {
        conn_enter(c, RPC_DETACHED);
        rpc_server_forget(c);
        c->handles_open--;
        c->stream->data = NULL;
        conn_close_helpers(c);
    }
}

/* ------------------------------------------------------------------- timer */

static void conn_deadline_passed(struct rpc_conn *c)
{
    c->deadline_ms = 0;
    if (c->state == RPC_OPEN)
        rpc_fault(c, "sent no whole message in %u ms", c->limits.idle_ms);
    else if (c->finished_writing)
        rpc_end(c, ERROR_OPERATION_ABORTED);
    else
        rpc_fault(c, "did not read what was sent to it in %d ms", RPC_DRAIN_MS);
}

static void on_timer(uv_timer_t *timer)
{
    struct rpc_conn *c = timer->data;

    c->timer_due_ms = 0;
    if (c->deadline_ms != 0 && c->deadline_ms <= uv_now(c->loop))
        conn_deadline_passed(c);
    rpc_calls_expire(c);
    rpc_timer_update(c);
}

/* A timer that is set too early costs one look when it fires; so it is never
 * set back, and a call that is answered in time does not touch it. */
void rpc_timer_update(struct rpc_conn *c)
{
    uint64_t now = uv_now(c->loop);
    uint64_t due = c->deadline_ms;

    if (c->calls_due_ms != 0 && (due == 0 || c->calls_due_ms < due))
        due = c->calls_due_ms;
    if (due == 0 || c->state == RPC_ENDED || c->state == RPC_DETACHED)
        return;
    if (c->timer_due_ms != 0 && c->timer_due_ms <= due)
        return;
    c->timer_due_ms = due;
    uv_timer_start(&c->timer, on_timer, due > now ? due - now : 0, 0);
}

/* ------------------------------------------------------------------- birth */

uv_stream_t *rpc_stream_alloc(void)
{
    /* Handed out by rpc_detach() to somebody who frees it. */
    return xcalloc(1, sizeof(uv_tcp_t) > sizeof(uv_pipe_t) ? sizeof(uv_tcp_t) : sizeof(uv_pipe_t));
}

static struct rpc_limits limits_fill(const struct rpc_limits *limits)
{
    struct rpc_limits l = {0};

    if (limits != NULL)
        l = *limits;
    if (l.frame_bytes_max == 0)
        l.frame_bytes_max = (size_t)4 << 20;
    if (l.out_bytes_max == 0)
        l.out_bytes_max = (size_t)64 << 20;
    if (l.in_flight_max == 0)
        l.in_flight_max = 1024;
    if (l.idle_ms == 0)
        l.idle_ms = 30000;
    return l;
}

struct rpc_conn *rpc_conn_new(uv_loop_t *loop, uv_stream_t *stream, const struct rpc_limits *limits,
                              const struct rpc_handlers *handlers, void *data)
{
    struct rpc_conn *c = xcalloc(1, sizeof *c);
    uv_os_fd_t fd = -1;

    c->loop = loop;
    c->stream = stream;
    c->stream->data = c;
    c->state = RPC_OPEN;
    c->handlers = handlers;
    c->data = data;
    c->limits = limits_fill(limits);
    rpc_turn_init(c);
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    uv_unref((uv_handle_t *)&c->timer); /* The stream is what keeps the loop. */
    c->handles_open = 4;

    uv_fileno((uv_handle_t *)stream, &fd);
    c->peer = socket_peer_text(fd);
    c->uid = socket_peer_uid(fd);
    c->local = socket_is_unix(fd);
    rpc_read_start(c);
    return c;
}

struct rpc_conn *rpc_conn_from_fd(uv_loop_t *loop, int fd, const struct rpc_limits *limits,
                                  const struct rpc_handlers *handlers, void *data)
{
    uv_stream_t *stream = rpc_stream_alloc();
    struct rpc_conn *c;
    int rc;

    if (socket_is_unix(fd)) {
        uv_pipe_init(loop, (uv_pipe_t *)stream, 0);
        rc = uv_pipe_open((uv_pipe_t *)stream, fd);
    } else {
        uv_tcp_init(loop, (uv_tcp_t *)stream);
        rc = uv_tcp_open((uv_tcp_t *)stream, fd);
        socket_tune_tcp(fd, 0);
    }
    if (rc != 0)
        close(fd);
    c = rpc_conn_new(loop, stream, limits, handlers, data);
    if (rc != 0)
        rpc_end(c, rpc_error_from_uv(rc));
    return c;
}

const char *rpc_conn_peer(const struct rpc_conn *c)
{
    return c->peer;
}

long rpc_conn_uid(const struct rpc_conn *c)
{
    return c->uid;
}

bool rpc_conn_is_local(const struct rpc_conn *c)
{
    return c->local;
}

void rpc_conn_set_user(struct rpc_conn *c, void *user)
{
    c->user = user;
}

void *rpc_conn_user(const struct rpc_conn *c)
{
    return c->user;
}
