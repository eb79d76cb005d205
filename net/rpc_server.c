/* Accepts with uv_poll instead of uv_listen: when descriptors run out, libuv's
 * own way accepts whoever waits and hangs up on them, silently. Here they stay
 * in the backlog until there is room. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/rpc_private.h"

enum {
    ACCEPT_BATCH = 64, /* Then the others on the loop have their turn. */
    ACCEPT_PAUSE_MS = 100,
    COMPLAINT_MS = 1000,
};

struct rpc_server {
    uv_loop_t *loop;
    const struct rpc_handlers *handlers;
    void (*accepted)(struct rpc_conn *c, void *data);
    void *data;
    struct rpc_limits limits;
    struct rpc_listening listening;
    uv_poll_t polls[RPC_LISTENERS_MAX];
    uv_timer_t pause;
    unsigned handles_open;
    bool closing;
    uint64_t complaint_due_ms; /* Not earlier than this; one line a second. */
    struct rpc_conn *conns;
};

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void polls_start(struct rpc_server *s)
{
    for (unsigned i = 0; i < s->listening.count; i++)
        uv_poll_start(&s->polls[i], UV_READABLE, on_acceptable);
}

static void on_pause_over(uv_timer_t *timer)
{
    polls_start(timer->data);
}

/* There is no room for another connection now: those who wait would wake us
 * again and again. */
static void accept_pause(struct rpc_server *s, int errnum)
{
    uint64_t now = uv_now(s->loop);

    if (now >= s->complaint_due_ms) {
        log_warn("net", "cannot accept connections: %s; going on when there is room",
                 strerror(errnum));
        s->complaint_due_ms = now + COMPLAINT_MS;
    }
    for (unsigned i = 0; i < s->listening.count; i++)
        uv_poll_stop(&s->polls[i]);
    uv_timer_start(&s->pause, on_pause_over, ACCEPT_PAUSE_MS, 0);
}

static void conn_accepted(struct rpc_server *s, int fd)
{
    struct rpc_conn *c = rpc_conn_from_fd(s->loop, fd, &s->limits, s->handlers, s->data);

    if (c->state == RPC_OPEN) {
        c->server = s;
        DL_APPEND(s->conns, c);
        c->deadline_ms = uv_now(s->loop) + c->limits.idle_ms;
        rpc_timer_update(c);
    }
    if (s->accepted != NULL)
        s->accepted(c, s->data);
}

/* True if an error of accept() concerns only the connection that it was about
 * to give (accept(2) lists those of the network that show up there). */
static bool accept_may_repeat(int errnum)
{
    switch (errnum) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct rpc_server *s = poll->data;
    int listener = s->listening.fds[poll - s->polls];

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPT_BATCH && !s->closing; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            conn_accepted(s, fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (!accept_may_repeat(errno)) {
            accept_pause(s, errno);
            return;
        }
    }
}

void rpc_server_forget(struct rpc_conn *c)
{
    if (c->server == NULL)
        return;
    DL_DELETE(c->server->conns, c);
    c->server = NULL;
}

uint32_t rpc_server_open(uv_loop_t *loop, const struct address *address, mode_t mode,
                         const struct rpc_limits *limits, const struct rpc_handlers *handlers,
                         void (*accepted)(struct rpc_conn *c, void *data), void *data,
                         struct rpc_server **ret)
{
    struct rpc_server *s = xcalloc(1, sizeof *s);
    uint32_t code = rpc_listen(address, mode, &s->listening);

    if (code != ERROR_SUCCESS) {
        free(s);
        return code;
    }
    s->loop = loop;
    s->handlers = handlers;
    s->accepted = accepted;
    s->data = data;
    if (limits != NULL)
        s->limits = *limits;
    uv_timer_init(loop, &s->pause);
    s->pause.data = s;
    s->handles_open = 1 + s->listening.count;
    for (unsigned i = 0; i < s->listening.count; i++) {
        int rc = uv_poll_init(loop, &s->polls[i], s->listening.fds[i]);

        assert(rc == 0); /* A listening socket of ours can be polled. */
        (void)rc;
        s->polls[i].data = s;
    }
    polls_start(s);
    *ret = s;
    return ERROR_SUCCESS;
}

uint16_t rpc_server_port(const struct rpc_server *s)
{
    return s->listening.port;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct rpc_server *s = handle->data;

    if (--s->handles_open == 0)
        free(s);
}

void rpc_server_close(struct rpc_server *s)
{
    struct rpc_conn *c, *next;

    assert(!s->closing);
    s->closing = true;
    rpc_listening_release(&s->listening);
    for (unsigned i = 0; i < s->listening.count; i++) {
        uv_close((uv_handle_t *)&s->polls[i], on_handle_closed);
        close(s->listening.fds[i]); /* uv_close() has stopped the polling. */
    }
    uv_close((uv_handle_t *)&s->pause, on_handle_closed);
    DL_FOREACH_SAFE(s->conns, c, next)
    rpc_close(c);
    assert(s->conns == NULL);
}
