/* Output is queued in one buffer and leaves at the end of the loop's turn, in
 * one system call.
 *
 * The end of a turn is seen by two handles that run only while something is
 * queued. The check runs right after the poll, in whose callbacks most output
 * is queued. The idle runs before the poll, for what timers and callbacks of
 * other phases queued; while it is active libuv does not block in the poll, so
 * nothing queued can ever wait for an event. */
#include <assert.h>

#include "base/error.h"
#include "net/rpc_private.h"

/* A buffer of at most this size is kept for the next turn. */
#define OUT_KEEP ((size_t)1024)

static void out_flush(struct rpc_conn *c);

static void on_written(uv_write_t *write, int status)
{
    struct rpc_conn *c = write->data;

    bytes_release(&c->writing);
    if (c->state == RPC_ENDED)
        return;
    if (status != 0)
        rpc_end(c, rpc_error_from_uv(status));
    else
        out_flush(c);
}

/* The kernel did not take all: libuv waits for room and writes the rest. */
static void out_wait(struct rpc_conn *c, size_t written)
{
    uv_buf_t buf;
    int rc;

    c->writing = c->out;
    c->out = (struct bytes)BYTES_INIT;
    c->write.data = c;
    buf.base = (char *)c->writing.data + written;
    buf.len = c->writing.len - written;
    rc = uv_write(&c->write, c->stream, &buf, 1, on_written);
    if (rc != 0) {
        bytes_release(&c->writing);
        rpc_end(c, rpc_error_from_uv(rc));
    }
}

static void out_flush(struct rpc_conn *c)
{
    if (c->writing.len > 0)
        return;
    if (c->out.len > 0) {
        uv_buf_t buf = {.base = (char *)c->out.data, .len = c->out.len};
        int written = uv_try_write(c->stream, &buf, 1);

        if (written < 0 && written != UV_EAGAIN) {
            rpc_end(c, rpc_error_from_uv(written));
            return;
        }
        if (written < 0)
            written = 0;
        if ((size_t)written < c->out.len) {
            out_wait(c, (size_t)written);
            return;
        }
        bytes_clear(&c->out);
    }
    if (c->out.size > OUT_KEEP)
        bytes_release(&c->out);
    rpc_drained(c);
}

static void turn_end(struct rpc_conn *c)
{
    /* A reply may have made room for requests that wait in the buffer. */
    if (c->state == RPC_OPEN && !rpc_is_stalled(c))
        rpc_dispatch(c);
    if (c->state == RPC_ENDED)
        return;
    uv_idle_stop(&c->idle);
    uv_check_stop(&c->check);
    c->turn_pending = false;
    out_flush(c);
}

static void on_idle(uv_idle_t *idle)
{
    turn_end(idle->data);
}

static void on_check(uv_check_t *check)
{
    turn_end(check->data);
}

void rpc_turn_init(struct rpc_conn *c)
{
    uv_idle_init(c->loop, &c->idle);
    uv_check_init(c->loop, &c->check);
    c->idle.data = c;
    c->check.data = c;
}

void rpc_turn_schedule(struct rpc_conn *c)
{
    if (c->turn_pending || c->state == RPC_ENDED || c->state == RPC_DETACHED)
        return;
    c->turn_pending = true;
    uv_idle_start(&c->idle, on_idle);
    uv_check_start(&c->check, on_check);
}

struct bytes *rpc_out(struct rpc_conn *c)
{
    return c->state == RPC_OPEN ? &c->out : NULL;
}

void rpc_out_queued(struct rpc_conn *c)
{
    size_t waiting = c->out.len + c->writing.len;

    if (waiting > c->limits.out_bytes_max)
        rpc_fault(c, "does not read: %zu bytes wait for it", waiting);
    else
        rpc_turn_schedule(c);
}
