/* The daemon's orders to the monitor: what becomes of them is told by reports. */
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "resources/monitor.h"
#include "resources/monitor_link.h"
#include "resources/monitor_protocol.h"

struct message {
    struct bytes bytes;
    struct msgpack_sink sink;
};

static struct sink *message_begin(struct message *message, uint32_t pairs)
{
    message->bytes = (struct bytes)BYTES_INIT;
    msgpack_sink_init(&message->sink, &message->bytes);
    if (pairs > 0)
        sink_map(&message->sink.sink, pairs);
    return &message->sink.sink;
}

static void monitor_on_answer(uint32_t code, const char *message, const struct value *result,
                              void *data)
{
    (void)result;
    (void)data;
    if (code != 0 && code != ERROR_CONNECTION_ABORTED)
        log_warn("monitor", "the monitor refused an order: %s (%u)", message, code);
}

static void message_order(struct rpc_conn *conn, const char *method, struct message *message)
{
    rpc_call(conn, method, &message->bytes, 0, monitor_on_answer, NULL);
    bytes_release(&message->bytes);
}

void monitor_send_shutdown(struct rpc_conn *conn)
{
    struct message message;

    message_begin(&message, 0);
    message_order(conn, "shutdown", &message);
}

void monitor_online(struct monitor *m, const struct monitor_order *order)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct message message;

    if (conn == NULL)
        return;
    monitor_order_write(order, message_begin(&message, 0));
    message_order(conn, "online", &message);
}

void monitor_offline(struct monitor *m, uint64_t id, uint64_t next, uint32_t pending_timeout_ms,
                     const uint8_t *instructions, size_t instructions_len)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct message message;
    struct sink *s;

    if (conn == NULL)
        return;
    s = message_begin(&message, 4);
    sink_kv_uint(s, "id", id);
    sink_kv_uint(s, "next", next);
    sink_kv_uint(s, "pending_timeout_ms", pending_timeout_ms);
    sink_kv_bin(s, "instructions", instructions, instructions_len);
    message_order(conn, "offline", &message);
}

void monitor_fail(struct monitor *m, uint64_t id, uint64_t operation)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct message message;
    struct sink *s;

    if (conn == NULL)
        return;
    s = message_begin(&message, 2);
    sink_kv_uint(s, "id", id);
    sink_kv_uint(s, "operation", operation);
    message_order(conn, "fail", &message);
}

void monitor_watch(struct monitor *m, uint64_t id, uint64_t operation, bool watched)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct message message;
    struct sink *s;

    if (conn == NULL)
        return;
    s = message_begin(&message, 3);
    sink_kv_uint(s, "id", id);
    sink_kv_uint(s, "operation", operation);
    sink_kv_bool(s, "watched", watched);
    message_order(conn, "watch", &message);
}

void monitor_terminate(struct monitor *m, uint64_t id)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct message message;

    if (conn == NULL)
        return;
    sink_kv_uint(message_begin(&message, 1), "id", id);
    message_order(conn, "terminate", &message);
}

void monitor_set_lease(struct monitor *m, uint64_t incarnation, uint64_t deadline_ms)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct message message;
    struct sink *s;

    if (conn == NULL)
        return;
    s = message_begin(&message, 2);
    sink_kv_uint(s, "incarnation", incarnation);
    sink_kv_uint(s, "deadline_ms", deadline_ms);
    rpc_notify(conn, "lease", &message.bytes);
    bytes_release(&message.bytes);
}

struct control {
    const struct monitor *monitor;
    void (*done)(uint32_t code, void *data);
    void *data;
};

static void monitor_on_controlled(uint32_t code, const char *message, const struct value *result,
                                  void *data)
{
    struct control *control = data;

    (void)message;
    (void)result;
    if (!monitor_is_closed(control->monitor))
        control->done(code, control->data);
    free(control);
}

uint32_t monitor_control(struct monitor *m, uint64_t id, uint32_t code, const uint8_t *input,
                         size_t len, void (*done)(uint32_t code, void *data), void *data)
{
    struct rpc_conn *conn = monitor_conn(m);
    struct control *control;
    struct message message;
    struct sink *s;

    if (conn == NULL)
        return ERROR_NOT_READY;
    control = xcalloc(1, sizeof(*control));
    *control = (struct control){m, done, data};
    s = message_begin(&message, 3);
    sink_kv_uint(s, "id", id);
    sink_kv_uint(s, "code", code);
    sink_kv_bin(s, "input", input, len);
    rpc_call(conn, "control", &message.bytes, 0, monitor_on_controlled, control);
    bytes_release(&message.bytes);
    return 0;
}
