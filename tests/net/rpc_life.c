/* Connections end at every moment, and everybody is told exactly once. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/net/world.h"

Test(rpc_life, a_handler_may_close_its_connection_and_then_answer)
{
    struct world w;
    struct answer a = {0}, b = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "close", NULL, 0, answer_done, &a);
    rpc_call(w.near.conn, "echo", NULL, 0, answer_done, &b);
    RUN_UNTIL(&w, w.near.closed == 1 && w.far.closed == 1);
    cr_assert_eq(a.code, ERROR_CONNECTION_ABORTED);
    cr_assert_eq(b.code, ERROR_CONNECTION_ABORTED);
    cr_assert_eq(w.far.requests, 1, "what is behind it is not handled");
    cr_assert_eq(w.far.code, ERROR_OPERATION_ABORTED);
    world_teardown(&w);
}

Test(rpc_life, a_handler_may_close_the_server)
{
    struct world w;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "stop", NULL, 0, answer_done, &a);
    RUN_UNTIL(&w, w.near.closed == 1 && w.far.closed == 1);
    cr_assert_eq(a.count, 1);
    world_teardown(&w);
}

Test(rpc_life, a_reply_after_the_end_is_dropped)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "hold", NULL, 0, answer_done, &a);
    rpc_call(w.near.conn, "hold", NULL, 0, answer_done, &a);
    RUN_UNTIL(&w, w.far.held_count == 2);
    rpc_close(w.near.conn);
    RUN_UNTIL(&w, w.far.closed == 1);
    cr_assert_null(rpc_request_conn(w.far.held[0]));
    rpc_reply(w.far.held[0], params_n(&b, 1));
    rpc_reply_error(w.far.held[1], ERROR_BUSY, NULL);
    w.far.held_count = 0;
    cr_assert_eq(a.count, 2);
    bytes_release(&b);
    world_teardown(&w);
}

static void close_done(uint32_t code, const char *message, const struct value *result, void *data)
{
    struct world *w = data;

    (void)code;
    (void)message;
    (void)result;
    if (w->near.conn != NULL)
        rpc_close(w->near.conn);
}

Test(rpc_life, an_answer_may_close_its_connection)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "echo", params_n(&b, 1), 0, close_done, &w);
    rpc_call(w.near.conn, "echo", params_n(&b, 2), 0, answer_done, &a);
    RUN_UNTIL(&w, w.near.closed == 1);
    cr_assert_eq(a.code, ERROR_CONNECTION_ABORTED);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc_life, a_time_out_may_close_its_connection)
{
    struct world w;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "hold", NULL, 20, close_done, &w);
    rpc_call(w.near.conn, "hold", NULL, 20, answer_done, &a);
    RUN_UNTIL(&w, w.near.closed == 1);
    cr_assert_eq(a.count, 1);
    world_teardown(&w);
}

struct stubborn {
    struct world *w;
    unsigned told;
    unsigned told_before_closed;
};

/* Repeats its call on the same connection for as long as it believes in it. */
static void stubborn_done(uint32_t code, const char *message, const struct value *result,
                          void *data)
{
    struct stubborn *s = data;

    (void)message;
    (void)result;
    cr_assert_eq(code, ERROR_CONNECTION_ABORTED);
    cr_assert_lt(++s->told, 10);
    if (s->w->near.closed == 0) {
        s->told_before_closed++;
        rpc_call(s->w->near.conn, "hold", NULL, 0, stubborn_done, s);
    }
}

Test(rpc_life, a_call_repeated_on_a_dying_connection_does_not_go_in_circles)
{
    struct world w;
    struct stubborn s = {.w = &w};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "hold", NULL, 0, stubborn_done, &s);
    RUN_UNTIL(&w, w.far.held_count == 1);
    rpc_close(w.far.conn);
    RUN_UNTIL(&w, w.near.closed == 1);
    cr_assert_eq(s.told_before_closed, 1, "its own call is answered before closed()");
    cr_assert_eq(s.told, 2, "and the repeated one, once, after");
    world_teardown(&w);
}

Test(rpc_life, calls_on_a_closed_connection_are_answered)
{
    struct world w;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_close(w.near.conn);
    rpc_close(w.near.conn);
    rpc_call(w.near.conn, "echo", NULL, 5, answer_done, &a);
    cr_assert_eq(a.count, 0);
    RUN_UNTIL(&w, w.near.closed == 1);
    cr_assert_eq(a.count, 1);
    cr_assert_eq(a.code, ERROR_CONNECTION_ABORTED);
    world_teardown(&w);
}

Test(rpc_life, closing_after_writes_delivers_the_last_answer)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer last = {0}, after = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "last", NULL, 0, answer_done, &last);
    /* Bytes that arrive unread must not turn the end into a reset. */
    for (int i = 0; i < 100; i++)
        rpc_call(w.near.conn, "echo", params_n(&b, 1), 0, answer_done, &after);
    RUN_UNTIL(&w, w.near.closed == 1 && w.far.closed == 1);
    cr_assert_eq(last.code, ERROR_ACCESS_DENIED);
    cr_assert_str_eq(last.message, "go away");
    cr_assert_eq(after.count, 100);
    cr_assert_eq(after.code, ERROR_CONNECTION_ABORTED);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc_life, closing_after_writes_writes_all_first)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    static char blob[3 << 20];
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 1);
    sink_kv_bin(&m.sink, "blob", blob, sizeof blob);
    rpc_notify(w.far.conn, "event", &b);
    rpc_notify(w.far.conn, "event", &b);
    rpc_close_after_writes(w.far.conn);
    cr_assert_geq(raw_drain(&w, fd), 2 * b.len);
    close(fd);
    RUN_UNTIL(&w, w.far.closed == 1);
    cr_assert_eq(w.far.code, ERROR_OPERATION_ABORTED);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc_life, closing_after_writes_does_not_reset_what_the_peer_has_yet_to_get)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    static char blob[300000];
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 1);
    sink_kv_bin(&m.sink, "blob", blob, sizeof blob);
    /* Unread when the output goes into the kernel: were the socket closed then,
     * the kernel would throw away what does not fit the peer's window. */
    cr_assert_eq(send(fd, "\x93\x02\xa1x\x80", 5, 0), 5);
    rpc_notify(w.far.conn, "event", &b);
    rpc_close_after_writes(w.far.conn);
    cr_assert_geq(raw_drain(&w, fd), b.len);
    cr_assert_eq(w.far.notifications, 0);
    close(fd);
    RUN_UNTIL(&w, w.far.closed == 1);
    bytes_release(&b);
    world_teardown(&w);
}

/* ------------------------------------------------------------------ detach */

struct detached {
    unsigned count;
    uv_stream_t *stream;
};

static void on_detached(uv_stream_t *stream, void *data)
{
    struct detached *d = data;

    d->count++;
    d->stream = stream;
}

static void on_stream_closed(uv_handle_t *handle)
{
    free(handle);
}

/* What a handler of a handshake does: answer, then take the stream. */
static struct detached handshake;

static void handshake_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                              const struct value *params, void *data)
{
    struct world *w = data;

    (void)method;
    (void)params;
    rpc_reply(r, NULL);
    rpc_detach(c, on_detached, &handshake);
    w->far.conn = NULL;
    w->far.closed++; /* closed() will not be called. */
}

static int handshake_setup(struct world *w)
{
    world_setup(w);
    world_serve(w, "127.0.0.1", NULL);
    w->handlers.request = handshake_request;
    return world_raw(w);
}

Test(rpc_life, a_detached_stream_comes_after_the_queued_reply_and_is_usable)
{
    struct world w;
    int fd = handshake_setup(&w);
    char buf[64];
    uv_buf_t hello = {.base = (char *)"hello", .len = 5};

    raw_send(&w, fd, "\x94\x00\x07\xa5hello\x80", 10);
    RUN_UNTIL(&w, handshake.count == 1);
    cr_assert_not_null(handshake.stream);
    cr_assert_eq(recv(fd, buf, sizeof buf, 0), 5);
    cr_assert_eq(memcmp(buf, "\x94\x01\x07\xc0\xc0", 5), 0);
    cr_assert_eq(uv_try_write(handshake.stream, &hello, 1), 5);
    cr_assert_eq(recv(fd, buf, sizeof buf, 0), 5);
    uv_close((uv_handle_t *)handshake.stream, on_stream_closed);
    close(fd);
    world_teardown(&w);
    cr_assert_eq(w.far.closed, 1);
}

Test(rpc_life, bytes_that_come_too_early_spoil_a_detach)
{
    struct world w;
    int fd = handshake_setup(&w);

    raw_send(&w, fd, "\x94\x00\x07\xa5hello\x80!", 11);
    RUN_UNTIL(&w, handshake.count == 1);
    cr_assert_null(handshake.stream);
    cr_assert_eq(world_logged(&w, "before it was their turn"), 1);
    close(fd);
    world_teardown(&w);
}

Test(rpc_life, bytes_after_the_reply_belong_to_the_new_owner)
{
    struct world w;
    int fd = handshake_setup(&w);
    char buf[64];
    uv_os_fd_t taken;

    raw_send(&w, fd, "\x94\x00\x07\xa5hello\x80", 10);
    while (recv(fd, buf, sizeof buf, MSG_DONTWAIT) < 0)
        world_step(&w);
    cr_assert_eq(send(fd, "raft", 4, 0), 4);
    RUN_UNTIL(&w, handshake.count == 1);
    cr_assert_not_null(handshake.stream);
    cr_assert_eq(uv_fileno((uv_handle_t *)handshake.stream, &taken), 0);
    cr_assert_eq(read(taken, buf, 4), 4);
    uv_close((uv_handle_t *)handshake.stream, on_stream_closed);
    close(fd);
    world_teardown(&w);
}

static void raw_skip(struct world *w, int fd, size_t len)
{
    char buf[65536];

    while (len > 0) {
        ssize_t n = recv(fd, buf, len < sizeof buf ? len : sizeof buf, MSG_DONTWAIT);

        if (n > 0)
            len -= (size_t)n;
        else
            world_step(w);
    }
}

Test(rpc_life, nothing_is_read_while_a_detach_waits_for_its_writes)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct detached d = {0};
    struct msgpack_sink m;
    static char blob[8 << 20];
    uv_os_fd_t taken;
    char buf[4];
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    msgpack_sink_init(&m, &b);
    sink_bin(&m.sink, blob, sizeof blob);
    rpc_notify(w.far.conn, "event", &b);
    rpc_detach(w.far.conn, on_detached, &d);
    w.far.conn = NULL;
    w.far.closed++;
    cr_assert_eq(send(fd, "raft", 4, 0), 4);
    for (int i = 0; i < 5; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    raw_skip(&w, fd, b.len + 8); /* [2, "event", … */
    RUN_UNTIL(&w, d.count == 1);
    cr_assert_not_null(d.stream);
    cr_assert_eq(uv_fileno((uv_handle_t *)d.stream, &taken), 0);
    cr_assert_eq(read(taken, buf, 4), 4);
    cr_assert_eq(memcmp(buf, "raft", 4), 0);
    uv_close((uv_handle_t *)d.stream, on_stream_closed);
    close(fd);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc_life, a_detach_of_a_connection_that_ends_gives_no_stream)
{
    struct world w;
    struct detached d = {0};
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "hold", NULL, 0, answer_done, &a);
    rpc_close(w.near.conn);
    rpc_detach(w.near.conn, on_detached, &d);
    w.near.conn = NULL;
    RUN_UNTIL(&w, d.count == 1);
    cr_assert_null(d.stream);
    cr_assert_eq(a.code, ERROR_CONNECTION_ABORTED);
    cr_assert_eq(w.near.closed, 0);
    RUN_UNTIL(&w, w.far.closed == 1);
    world_teardown(&w);
}

Test(rpc_life, a_server_that_closes_takes_a_detaching_connection_with_it)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct detached d = {0};
    struct msgpack_sink m;
    static char blob[8 << 20];
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    msgpack_sink_init(&m, &b);
    sink_bin(&m.sink, blob, sizeof blob);
    rpc_notify(w.far.conn, "event", &b);
    rpc_detach(w.far.conn, on_detached, &d);
    w.far.conn = NULL;
    w.far.closed++;
    uv_run(&w.loop, UV_RUN_NOWAIT);
    cr_assert_eq(d.count, 0, "the peer has not read it all");
    rpc_server_close(w.server);
    w.server = NULL;
    RUN_UNTIL(&w, d.count == 1);
    cr_assert_null(d.stream);
    close(fd);
    bytes_release(&b);
    world_teardown(&w);
}
