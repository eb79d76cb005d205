/* Connecting, and failing to. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/socket.h"
#include "tests/net/world.h"

/* A listening socket that never takes a connection: its backlog is full, so
 * the kernel drops who knocks. */
struct blackhole {
    int listener;
    int waiting[4];
    uint16_t port;
};

static void blackhole_open(struct blackhole *b)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;

    b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(b->listener, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(listen(b->listener, 0), 0);
    cr_assert_eq(getsockname(b->listener, (struct sockaddr *)&name, &len), 0);
    for (int i = 0; i < 4; i++) {
        b->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(b->waiting[i], (struct sockaddr *)&name, sizeof name);
    }
    b->port = ntohs(name.sin_port);
}

static void blackhole_close(struct blackhole *b)
{
    for (int i = 0; i < 4; i++)
        close(b->waiting[i]);
    close(b->listener);
}

static uint16_t closed_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    close(fd);
    return ntohs(name.sin_port);
}

struct outcome {
    unsigned count;
    uint32_t code;
    struct rpc_conn *conn;
};

static void on_dialled(struct rpc_conn *c, uint32_t code, void *data)
{
    struct outcome *o = data;

    o->count++;
    o->code = code;
    o->conn = c;
}

static const struct rpc_handlers no_handlers = {0};

static struct rpc_dial *dial(struct world *w, const struct address *a, unsigned timeout_ms,
                             struct outcome *o)
{
    struct rpc_dial_options options = {
        .handlers = &no_handlers, .data = o, .connect_timeout_ms = timeout_ms};
    struct rpc_dial *d = rpc_dial(&w->loop, a, &options, on_dialled);

    cr_assert_eq(o->count, 0, "never from inside rpc_dial()");
    return d;
}

static void fails_with(const struct address *a, unsigned timeout_ms, uint32_t code)
{
    struct world w;
    struct outcome o = {0};

    world_setup(&w);
    dial(&w, a, timeout_ms, &o);
    RUN_UNTIL(&w, o.count == 1);
    cr_assert_null(o.conn);
    cr_assert_eq(o.code, code, "%u for %s", o.code, a->host);
    world_teardown(&w);
    cr_assert_eq(o.count, 1);
}

Test(rpc_dial, a_port_that_nobody_listens_on_refuses)
{
    struct address a = {.host = "127.0.0.1", .port = closed_port()};

    fails_with(&a, 5000, ERROR_CONNECTION_REFUSED);
    strcpy(a.host, "localhost");
    fails_with(&a, 5000, ERROR_CONNECTION_REFUSED);
}

Test(rpc_dial, a_name_that_nobody_knows_fails)
{
    struct address a = {.port = 1};

    memset(a.host, 'a', 70); /* Longer than a label may be: no server is asked. */
    fails_with(&a, 10000, ERROR_HOST_UNREACHABLE);
}

Test(rpc_dial, a_black_hole_ends_in_a_time_out)
{
    struct blackhole b;
    struct address a = {.host = "127.0.0.1"};

    blackhole_open(&b);
    a.port = b.port;
    fails_with(&a, 100, ERROR_TIMEOUT);
    blackhole_close(&b);
}

Test(rpc_dial, a_unix_socket_that_is_not_there_fails)
{
    struct address a = {.is_unix = true, .host = "/tmp/holdfast-none/sock"};

    fails_with(&a, 5000, ERROR_FILE_NOT_FOUND);
}

Test(rpc_dial, a_unix_path_too_long_is_not_cut)
{
    struct address a = {.is_unix = true};

    memset(a.host, 'a', 108);
    fails_with(&a, 5000, ERROR_FILENAME_EXCED_RANGE);
}

Test(rpc_dial, a_cancelled_dial_is_not_heard_of_again)
{
    struct blackhole b;
    struct address a = {.host = "127.0.0.1"};
    struct address name = {.host = "localhost", .port = closed_port()};
    struct outcome o = {0};
    struct world w;

    blackhole_open(&b);
    a.port = b.port;
    world_setup(&w);
    for (int steps = 0; steps < 3; steps++) {
        /* Before it began, while the name is looked up, while it connects. */
        struct rpc_dial *to_name = dial(&w, &name, 60000, &o);
        struct rpc_dial *to_hole = dial(&w, &a, 60000, &o);

        for (int i = 0; i < steps && o.count == 0; i++)
            uv_run(&w.loop, UV_RUN_NOWAIT);
        rpc_dial_cancel(to_hole);
        if (o.count == 0)
            rpc_dial_cancel(to_name);
        o.count = 0;
    }
    world_teardown(&w);
    cr_assert_eq(o.count, 0);
    blackhole_close(&b);
}

Test(rpc_dial, a_socket_connected_to_itself_is_recognised)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int pair[2];

    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert(socket_is_self_connected(fd));
    close(fd);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_not(socket_is_self_connected(pair[0]));
    close(pair[0]);
    close(pair[1]);
}

Test(rpc_dial, what_is_no_socket_is_closed_from_the_loop)
{
    struct world w;
    int fds[2];

    world_setup(&w);
    cr_assert_eq(pipe(fds), 0);
    close(fds[0]);
    world_serve(&w, "127.0.0.1", NULL);
    w.near.conn = rpc_conn_from_fd(&w.loop, fds[1], NULL, &w.handlers, &w);
    rpc_notify(w.near.conn, "event", NULL);
    RUN_UNTIL(&w, w.near.closed == 1);
    cr_assert_neq(w.near.code, 0);
    world_teardown(&w);
}

/* Keeps a thread of libuv's pool busy until the pipe is closed. */
static void work_wait(uv_work_t *work)
{
    char byte;
    ssize_t n = read(*(int *)work->data, &byte, 1);

    (void)n;
}

Test(rpc_dial, a_look_up_that_hangs_ends_in_a_time_out)
{
    struct address a = {.host = "localhost", .port = closed_port()};
    struct outcome o = {0};
    struct world w;
    uv_work_t works[16];
    int fds[2];

    setenv("UV_THREADPOOL_SIZE", "4", 1);
    world_setup(&w);
    cr_assert_eq(pipe(fds), 0);
    for (int i = 0; i < 16; i++) {
        works[i].data = &fds[0];
        uv_queue_work(&w.loop, &works[i], work_wait, NULL);
    }
    dial(&w, &a, 50, &o);
    RUN_UNTIL(&w, o.count == 1);
    cr_assert_eq(o.code, ERROR_TIMEOUT);
    close(fds[1]);
    world_teardown(&w);
    close(fds[0]);
    cr_assert_eq(o.count, 1);
}
