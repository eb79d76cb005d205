#include "tests/net/world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "net/socket.h"

#define PATIENCE_MS 100000

static void on_guard(uv_timer_t *guard)
{
    (void)guard;
    cr_assert_fail("nothing happened for %d ms", PATIENCE_MS);
}

void world_setup(struct world *w)
{
    memset(w, 0, sizeof *w);
    signal(SIGPIPE, SIG_IGN); /* As the daemon does. */
    strcpy(w->dir, "/tmp/holdfast-net-XXXXXX");
    cr_assert_not_null(mkdtemp(w->dir));
    snprintf(w->log_path, sizeof w->log_path, "%s/log", w->dir);
    cr_assert_eq(log_open(w->log_path, "test", LOG_DEBUG_), 0);
    cr_assert_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->guard);
}

void world_teardown(struct world *w)
{
    if (w->server != NULL)
        rpc_server_close(w->server);
    if (w->near.conn != NULL)
        rpc_close(w->near.conn);
    if (w->far.conn != NULL) /* Already, if it came from the server. */
        rpc_close(w->far.conn);
    uv_timer_stop(&w->guard);
    uv_close((uv_handle_t *)&w->guard, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < w->far.held_count; i++)
        rpc_reply(w->far.held[i], NULL);
    cr_assert_eq(uv_loop_close(&w->loop), 0, "no handle is left");
    cr_assert_eq(w->far.opened, w->far.closed, "every connection is told its end");
    log_open(NULL, "test", LOG_INFO_);
    unlink(w->log_path);
    cr_assert_eq(rmdir(w->dir), 0, "no file is left");
}

void world_step(struct world *w)
{
    uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0);
    uv_run(&w->loop, UV_RUN_ONCE);
}

/* ---------------------------------------------------------------- handlers */

static struct end *end_of(struct world *w, struct rpc_conn *c)
{
    return c == w->near.conn ? &w->near : &w->far;
}

static uint64_t n_of(const struct value *v)
{
    uint64_t n = 0;

    value_get_uint(v, "n", &n);
    return n;
}

static void reply_echo(struct rpc_request *r, const struct value *params)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &b);
    sink_value(&m.sink, params);
    rpc_reply(r, &b);
    bytes_release(&b);
}

static void on_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                       const struct value *params, void *data)
{
    struct world *w = data;
    struct end *e = end_of(w, c);

    cr_assert_eq(rpc_request_conn(r), c);
    e->requests++;
    e->last = n_of(params);
    if (strcmp(method, "echo") == 0) {
        reply_echo(r, params);
    } else if (strcmp(method, "hold") == 0) {
        cr_assert_lt(e->held_count, (unsigned)HELD_MAX);
        e->held[e->held_count++] = r;
    } else if (strcmp(method, "close") == 0) {
        rpc_close(c);
        cr_assert_null(rpc_request_conn(r));
        reply_echo(r, params);
        rpc_notify(c, "late", NULL);
        rpc_close_after_writes(c);
    } else if (strcmp(method, "stop") == 0) {
        rpc_server_close(w->server);
        w->server = NULL;
        rpc_reply(r, NULL);
    } else if (strcmp(method, "last") == 0) {
        rpc_reply_error(r, ERROR_ACCESS_DENIED, "go away");
        rpc_close_after_writes(c);
    } else {
        rpc_reply_error(r, ERROR_GROUP_NOT_FOUND, NULL);
    }
}

static void on_notification(struct rpc_conn *c, const char *method, const struct value *params,
                            void *data)
{
    struct end *e = end_of(data, c);

    (void)method;
    e->notifications++;
    e->last = n_of(params);
}

static void on_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct end *e = end_of(data, c);

    e->closed++;
    e->code = code;
    if (e->conn == c)
        e->conn = NULL;
}

static void on_accepted(struct rpc_conn *c, void *data)
{
    struct world *w = data;

    w->far.conn = c;
    w->far.opened++;
}

static void on_dialled(struct rpc_conn *c, uint32_t code, void *data)
{
    struct world *w = data;

    w->dialled++;
    w->dial_code = code;
    w->near.conn = c;
}

/* ------------------------------------------------------------- connections */

void world_serve(struct world *w, const char *address, const struct rpc_limits *limits)
{
    struct address a;

    cr_assert_eq(address_parse(address, 1, &a), 0);
    a.port = 0;
    w->handlers = (struct rpc_handlers){on_request, on_notification, on_closed};
    cr_assert_eq(
        rpc_server_open(&w->loop, &a, 0600, limits, &w->handlers, on_accepted, w, &w->server), 0);
    a.port = rpc_server_port(w->server);
    w->address = a;
}

void world_dial(struct world *w, const struct rpc_limits *limits)
{
    struct rpc_dial_options options = {
        .handlers = &w->handlers, .data = w, .limits = limits, .connect_timeout_ms = 10000};
    unsigned dialled = w->dialled;

    rpc_dial(&w->loop, &w->address, &options, on_dialled);
    RUN_UNTIL(w, w->dialled > dialled);
}

void world_connect(struct world *w)
{
    world_serve(w, "127.0.0.1", NULL);
    world_dial(w, NULL);
    cr_assert_eq(w->dial_code, 0);
    RUN_UNTIL(w, w->far.conn != NULL);
}

int world_raw(struct world *w)
{
    struct addrinfo *list;
    struct sockaddr_un name;
    unsigned opened = w->far.opened;
    int fd;

    if (w->address.is_unix) {
        cr_assert_eq(socket_unix_name(w->address.host, &name), 0);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    } else {
        list = socket_literal(w->address.host, w->address.port);
        fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(fd, list->ai_addr, list->ai_addrlen), 0);
        freeaddrinfo(list);
    }
    RUN_UNTIL(w, w->far.opened > opened);
    return fd;
}

void raw_send(struct world *w, int fd, const void *data, size_t len)
{
    size_t sent = 0;

    while (sent < len) {
        ssize_t n = send(fd, (const char *)data + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0)
            sent += (size_t)n;
        else if (errno != EAGAIN)
            return; /* The server has hung up: the test looks at that. */
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

size_t raw_drain(struct world *w, int fd)
{
    char buf[4096];
    size_t total = 0;

    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

        if (n > 0)
            total += (size_t)n;
        else if (n == 0 || errno != EAGAIN)
            return total;
        else
            uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

/* ------------------------------------------------------------------- words */

const struct bytes *params_n(struct bytes *b, uint64_t value)
{
    struct msgpack_sink m;

    bytes_clear(b);
    msgpack_sink_init(&m, b);
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "n", value);
    return b;
}

void answer_done(uint32_t code, const char *message, const struct value *result, void *data)
{
    struct answer *a = data;

    a->count++;
    a->code = code;
    snprintf(a->message, sizeof a->message, "%s", message);
    a->n = n_of(result);
}

unsigned world_logged(struct world *w, const char *text)
{
    FILE *log = fopen(w->log_path, "r");
    char line[1024];
    unsigned count = 0;

    cr_assert_not_null(log);
    while (fgets(line, sizeof line, log) != NULL)
        count += strstr(line, text) != NULL;
    fclose(log);
    return count;
}
