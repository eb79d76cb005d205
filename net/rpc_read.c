#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "net/rpc_private.h"

#define READ_SIZE ((size_t)16 << 10)
#define READ_ROOM_MIN ((size_t)4 << 10)

bool rpc_is_stalled(const struct rpc_conn *c)
{
    return c->in_flight >= c->limits.in_flight_max;
}

/* --------------------------------------------------------------- messages */

static bool is_text(const struct value *v)
{
    return v->type == VALUE_STR && memchr(v->str, '\0', v->len) == NULL;
}

static bool is_params(const struct value *v)
{
    return v->type == VALUE_MAP || v->type == VALUE_NIL;
}

static const char *request_dispatch(struct rpc_conn *c, const struct value *message)
{
    const struct value *items = message->items;

    if (message->len != 4 || items[1].type != VALUE_UINT || !is_text(&items[2]))
        return "a request is [0, id, method, params]";
    if (!is_params(&items[3]))
        return "the params of a request are a map or nil";
    rpc_request_arrived(c, message);
    return NULL;
}

static const char *notification_dispatch(struct rpc_conn *c, const struct value *message)
{
    const struct value *items = message->items;

    if (message->len != 3 || !is_text(&items[1]))
        return "a notification is [2, method, params]";
    if (!is_params(&items[2]))
        return "the params of a notification are a map or nil";
    if (c->handlers->notification != NULL)
        c->handlers->notification(c, items[1].str, &items[2], c->data);
    return NULL;
}

/* Returns NULL, or what is wrong with the message. */
static const char *message_dispatch(struct rpc_conn *c, const struct value *message)
{
    if (message->type != VALUE_ARRAY || message->len == 0 || message->items[0].type != VALUE_UINT)
        return "not a message: an array that begins with its kind";
    switch (message->items[0].uint) {
    case 0:
        return request_dispatch(c, message);
    case 1:
        return rpc_call_answered(c, message);
    case 2:
        return notification_dispatch(c, message);
    default:
        return "a message of unknown kind";
    }
}

static void frame_dispatch(struct rpc_conn *c, const uint8_t *frame, size_t len)
{
    struct arena a = {0};
    const struct value *message;
    const char *wrong = "not MessagePack";

    if (msgpack_read(frame, len, &a, &message) == ERROR_SUCCESS)
        wrong = message_dispatch(c, message);
    arena_release(&a);
    if (wrong != NULL)
        rpc_fault(c, "%s", wrong);
    else if (c->state == RPC_OPEN)
        c->deadline_ms = 0; /* It has shown that it speaks our language. */
}

/* Handle one frame at the start of `data`. Returns its length, 0 if there is
 * no whole one. */
static size_t frame_take(struct rpc_conn *c, const uint8_t *data, size_t len)
{
    size_t frame_len;

    switch (msgpack_scan(&c->scan, data, len, c->limits.frame_bytes_max)) {
    case MSGPACK_SCAN_MORE:
        return 0;
    case MSGPACK_SCAN_BAD:
        rpc_fault(c, "not MessagePack, or larger than %zu bytes, or deeper than %d",
                  c->limits.frame_bytes_max, MSGPACK_DEPTH_MAX);
        return 0;
    case MSGPACK_SCAN_DONE:
        break;
    }
    frame_len = c->scan.position;
    c->scan = (struct msgpack_scan){0};
    frame_dispatch(c, data, frame_len);
    return frame_len;
}

void rpc_dispatch(struct rpc_conn *c)
{
    size_t start = 0, taken = 1;

    assert(!c->dispatching);
    c->dispatching = true;
    while (c->state == RPC_OPEN && start < c->in.len && taken > 0 && !rpc_is_stalled(c)) {
        taken = frame_take(c, c->in.data + start, c->in.len - start);
        start += taken;
    }
    c->dispatching = false;

    if (c->state == RPC_DETACHING && start < c->in.len)
        rpc_fault(c, "sent bytes before it was their turn");
    bytes_consume(&c->in, start);
    /* An idle connection costs no buffer. */
    if (c->in.len == 0)
        bytes_release(&c->in);
    if (c->state != RPC_OPEN)
        return;
    if (rpc_is_stalled(c))
        uv_read_stop(c->stream);
    else
        rpc_read_start(c);
}

/* ----------------------------------------------------------------- reading */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct rpc_conn *c = handle->data;

    (void)suggested;
    /* A large frame's buffer doubles with what has really arrived, whatever
     * its header announced. */
    if (c->in.size - c->in.len < READ_ROOM_MIN)
        bytes_reserve(&c->in, READ_SIZE);
    buf->base = (char *)c->in.data + c->in.len;
    buf->len = c->in.size - c->in.len;
}

static void read_ended(struct rpc_conn *c, int rc)
{
    if (c->state == RPC_DRAINING)
        rpc_end(c, ERROR_OPERATION_ABORTED);
    else if (c->in.len > 0)
        rpc_fault(c, "the stream ended inside a message (%s)", uv_err_name(rc));
    else
        rpc_end(c, rc == UV_EOF ? (uint32_t)ERROR_SUCCESS : rpc_error_from_uv(rc));
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct rpc_conn *c = stream->data;

    (void)buf;
    if (nread < 0) {
        read_ended(c, (int)nread);
        return;
    }
    if (c->state == RPC_DRAINING || nread == 0)
        return;
    c->in.len += (size_t)nread;
    rpc_dispatch(c);
}

void rpc_read_start(struct rpc_conn *c)
{
    int rc = uv_read_start(c->stream, on_alloc, on_read);

    if (rc != 0 && rc != UV_EALREADY)
        rpc_end(c, rpc_error_from_uv(rc));
}
