#include "net/client.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/client_private.h"
#include "net/msgpack.h"

/* A reply may be larger than a request: the whole state of a cluster. */
#define CLIENT_FRAME_MAX ((size_t)64 << 20)
#define CLIENT_NOTIFICATIONS_MAX ((size_t)64 << 20)
#define CLIENT_READ_SIZE ((size_t)16 << 10)

struct client {
    int fd;
    bool broken; /* Nobody knows what comes next in the stream. */
    uint32_t call_id;
    char *peer;
    struct bytes in;
    size_t in_start;            /* Where the frame now being read begins. */
    struct msgpack_scan scan;   /* Of that frame. */
    struct bytes notifications; /* Whole frames that came during calls. */
    size_t notifications_start;
};

uint32_t client_open(const struct address *address, unsigned timeout_ms, struct client **ret,
                     char **ret_why)
{
    char text[300];
    char *why = NULL;
    struct client *c;
    int fd = -1;
    uint32_t code = client_connect(address, clock_boot_ms() + timeout_ms, &fd, &why);

    if (code != ERROR_SUCCESS) {
        if (ret_why != NULL)
            *ret_why = why;
        else
            free(why);
        return code;
    }
    c = xcalloc(1, sizeof *c);
    c->fd = fd;
    c->peer = xstrdup(address_format(address, text, sizeof text));
    *ret = c;
    return ERROR_SUCCESS;
}

void client_close(struct client *c)
{
    if (c == NULL)
        return;
    close(c->fd);
    free(c->peer);
    bytes_release(&c->in);
    bytes_release(&c->notifications);
    free(c);
}

/* ----------------------------------------------------------------- streams */

/* Returns 0 or an errno. */
static int send_all(struct client *c, const struct bytes *frame, uint64_t deadline_ms)
{
    size_t sent = 0;

    while (sent < frame->len) {
        ssize_t n = send(c->fd, frame->data + sent, frame->len - sent, MSG_NOSIGNAL);
        int rc = 0;

        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            rc = client_poll(c->fd, POLLOUT, deadline_ms);
        else if (errno != EINTR)
            rc = errno;
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Read what is there, waiting for it. Returns 0 or an errno; ECONNRESET at the
 * end of the stream. */
static int receive_some(struct client *c, uint64_t deadline_ms)
{
    for (;;) {
        uint8_t *room = bytes_reserve(&c->in, CLIENT_READ_SIZE);
        ssize_t n = recv(c->fd, room, c->in.size - c->in.len, 0);
        int rc = 0;

        if (n > 0) {
            c->in.len += (size_t)n;
            return 0;
        }
        if (n == 0)
            return ECONNRESET;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            rc = client_poll(c->fd, POLLIN, deadline_ms);
        else if (errno != EINTR)
            rc = errno;
        if (rc != 0)
            return rc;
    }
}

/* Wait for a whole frame. Returns 0 with a frame that is valid until the next
 * call, or an errno; EBADMSG for what is no frame. */
static int receive_frame(struct client *c, uint64_t deadline_ms, const uint8_t **ret,
                         size_t *ret_len)
{
    for (;;) {
        enum msgpack_scan_result result = MSGPACK_SCAN_MORE;
        int rc;

        if (c->in.len > c->in_start)
            result = msgpack_scan(&c->scan, c->in.data + c->in_start, c->in.len - c->in_start,
                                  CLIENT_FRAME_MAX);
        if (result == MSGPACK_SCAN_BAD)
            return EBADMSG;
        if (result == MSGPACK_SCAN_DONE) {
            *ret = c->in.data + c->in_start;
            *ret_len = c->scan.position;
            c->in_start += c->scan.position;
            c->scan = (struct msgpack_scan){0};
            return 0;
        }
        bytes_consume(&c->in, c->in_start);
        c->in_start = 0;
        rc = receive_some(c, deadline_ms);
        if (rc != 0)
            return rc;
    }
}

/* ---------------------------------------------------------------- messages */

static void call_encode(struct bytes *out, uint32_t id, const char *method,
                        const struct bytes *params)
{
    struct msgpack_sink m;

    msgpack_sink_init(&m, out);
    sink_array(&m.sink, 4);
    sink_uint(&m.sink, 0);
    sink_uint(&m.sink, id);
    sink_str(&m.sink, method);
    if (params == NULL || params->len == 0)
        sink_map(&m.sink, 0);
    else
        bytes_append(out, params->data, params->len);
}

/* True if the frame is an array of three items: only notifications are. */
static bool frame_is_notification(const uint8_t *frame, size_t len)
{
    return frame[0] == 0x93 || (len > 3 && frame[0] == 0xdc && frame[1] == 0 && frame[2] == 3) ||
           (len > 5 && memcmp(frame, "\xdd\0\0\0\3", 5) == 0);
}

/* Keep a notification for client_wait_notification(). */
static int notification_keep(struct client *c, const uint8_t *frame, size_t len)
{
    bytes_consume(&c->notifications, c->notifications_start);
    c->notifications_start = 0;
    if (c->notifications.len + len > CLIENT_NOTIFICATIONS_MAX)
        return ENOBUFS;
    bytes_append(&c->notifications, frame, len);
    return 0;
}

static uint32_t error_decode(const struct value *error, struct arena *a, const char **ret_message)
{
    const struct value *text = value_get(error, "message");
    uint32_t code;

    if (text != NULL && text->type == VALUE_STR)
        *ret_message = arena_strndup(a, text->str, text->len);
    if (value_get_u32(error, "code", &code) && code != ERROR_SUCCESS)
        return code;
    return ERROR_INTERNAL_ERROR;
}

/* Read a response to call `id`. Returns false if the frame is none. */
static bool response_decode(const uint8_t *frame, size_t len, uint32_t id, struct arena *a,
                            uint32_t *ret_code, const struct value **ret_result,
                            const char **ret_message)
{
    const struct value *v;

    if (msgpack_read(frame, len, a, &v) != ERROR_SUCCESS || v->type != VALUE_ARRAY || v->len != 4)
        return false;
    if (v->items[0].type != VALUE_UINT || v->items[0].uint != 1 || v->items[1].type != VALUE_UINT ||
        v->items[1].uint != id)
        return false;
    if (v->items[2].type == VALUE_MAP) {
        *ret_code = error_decode(&v->items[2], a, ret_message);
        return true;
    }
    if (v->items[2].type != VALUE_NIL)
        return false;
    *ret_code = ERROR_SUCCESS;
    *ret_result = &v->items[3];
    return true;
}

/* Returns 0 with the answer decoded, or an errno. */
static int response_wait(struct client *c, uint64_t deadline_ms, struct arena *a,
                         uint32_t *ret_code, const struct value **ret_result,
                         const char **ret_message)
{
    for (;;) {
        const uint8_t *frame;
        size_t len;
        int rc = receive_frame(c, deadline_ms, &frame, &len);

        if (rc != 0)
            return rc;
        if (!frame_is_notification(frame, len))
            return response_decode(frame, len, c->call_id, a, ret_code, ret_result, ret_message)
                       ? 0
                       : EBADMSG;
        rc = notification_keep(c, frame, len);
        if (rc != 0)
            return rc;
    }
}

/* The stream is of no use any more. */
static uint32_t client_break(struct client *c, int rc, struct arena *a, const char **ret_message)
{
    c->broken = true;
    *ret_message =
        arena_printf(a, "%s: %s", c->peer, rc == ETIMEDOUT ? "no answer in time" : strerror(rc));
    return rc == ETIMEDOUT ? (uint32_t)ERROR_TIMEOUT : (uint32_t)RPC_S_CALL_FAILED;
}

uint32_t client_call(struct client *c, const char *method, const struct bytes *params,
                     unsigned timeout_ms, struct arena *a, const struct value **ret_result,
                     const char **ret_message)
{
    uint64_t deadline_ms = clock_boot_ms() + timeout_ms;
    const struct value *result = NULL;
    struct bytes frame = BYTES_INIT;
    const char *message = "";
    const char **message_at = ret_message != NULL ? ret_message : &message;
    uint32_t code = ERROR_SUCCESS;
    int rc = ENOTCONN;

    *message_at = "";
    if (c->broken)
        return client_break(c, rc, a, message_at);
    call_encode(&frame, ++c->call_id, method, params);
    rc = send_all(c, &frame, deadline_ms);
    bytes_release(&frame);
    if (rc == 0)
        rc = response_wait(c, deadline_ms, a, &code, &result, message_at);
    if (rc != 0)
        return client_break(c, rc, a, message_at);
    if (code == ERROR_SUCCESS && ret_result != NULL)
        *ret_result = result;
    return code;
}

/* ----------------------------------------------------------- notifications */

/* The oldest notification kept, or else one that arrives in time. */
static int notification_next(struct client *c, uint64_t deadline_ms, const uint8_t **ret,
                             size_t *ret_len)
{
    struct msgpack_scan scan = {0};
    size_t start = c->notifications_start;
    enum msgpack_scan_result result;

    if (start == c->notifications.len) {
        int rc = receive_frame(c, deadline_ms, ret, ret_len);

        return rc == 0 && !frame_is_notification(*ret, *ret_len) ? EBADMSG : rc;
    }
    result = msgpack_scan(&scan, c->notifications.data + start, c->notifications.len - start,
                          CLIENT_FRAME_MAX);
    assert(result == MSGPACK_SCAN_DONE);
    *ret = c->notifications.data + start;
    *ret_len = scan.position;
    c->notifications_start += scan.position;
    return 0;
}

uint32_t client_wait_notification(struct client *c, unsigned timeout_ms, struct arena *a,
                                  const char **ret_method, const struct value **ret_params)
{
    const uint8_t *frame;
    const struct value *v;
    size_t len;
    int rc;

    if (c->broken)
        return RPC_S_CALL_FAILED;
    rc = notification_next(c, clock_boot_ms() + timeout_ms, &frame, &len);
    if (rc == ETIMEDOUT)
        return ERROR_TIMEOUT;
    if (rc == 0 && msgpack_read(frame, len, a, &v) == ERROR_SUCCESS &&
        v->items[0].type == VALUE_UINT && v->items[0].uint == 2 && v->items[1].type == VALUE_STR) {
        *ret_method = v->items[1].str;
        *ret_params = &v->items[2];
        return ERROR_SUCCESS;
    }
    c->broken = true;
    return RPC_S_CALL_FAILED;
}
