/* Requests, responses and notifications over a real socket. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/net/world.h"

Test(rpc, a_request_gets_its_own_result)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "echo", params_n(&b, 42), 10000, answer_done, &a);
    cr_assert_eq(a.count, 0, "never from inside rpc_call()");
    RUN_UNTIL(&w, a.count > 0);
    cr_assert_eq(a.code, 0);
    cr_assert_eq(a.n, 42);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc, an_error_comes_with_code_and_text)
{
    struct world w;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "refuse", NULL, 0, answer_done, &a);
    RUN_UNTIL(&w, a.count > 0);
    cr_assert_eq(a.code, ERROR_GROUP_NOT_FOUND);
    cr_assert_str_eq(a.message, error_text(ERROR_GROUP_NOT_FOUND));
    world_teardown(&w);
}

Test(rpc, the_accepted_side_can_call_and_notify_too)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.far.conn, "echo", params_n(&b, 7), 0, answer_done, &a);
    rpc_notify(w.far.conn, "event", params_n(&b, 8));
    RUN_UNTIL(&w, a.count > 0 && w.near.notifications > 0);
    cr_assert_eq(a.n, 7);
    cr_assert_eq(w.near.last, 8);
    rpc_notify(w.near.conn, "event", NULL);
    RUN_UNTIL(&w, w.far.notifications > 0);
    bytes_release(&b);
    world_teardown(&w);
}

struct sequence {
    unsigned answers;
    unsigned in_order;
};

static void sequence_done(uint32_t code, const char *message, const struct value *result,
                          void *data)
{
    struct sequence *s = data;
    uint64_t n;

    (void)message;
    if (code == 0 && value_get_uint(result, "n", &n) && n == s->answers)
        s->in_order++;
    s->answers++;
}

Test(rpc, a_thousand_pipelined_requests_are_answered_in_order)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct sequence s = {0};

    world_setup(&w);
    world_connect(&w);
    for (unsigned i = 0; i < 1000; i++)
        rpc_call(w.near.conn, "echo", params_n(&b, i), 10000, sequence_done, &s);
    RUN_UNTIL(&w, s.answers == 1000);
    cr_assert_eq(s.in_order, 1000);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc, messages_of_one_turn_leave_together_at_its_end)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    int fds[2];
    char buf[65536];

    world_setup(&w);
    world_connect(&w);
    rpc_close(w.near.conn);
    RUN_UNTIL(&w, w.near.conn == NULL);
    /* SEQPACKET keeps the boundaries of writes. */
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    w.near.conn = rpc_conn_from_fd(&w.loop, fds[0], NULL, &w.handlers, &w);
    for (unsigned i = 0; i < 10; i++)
        rpc_notify(w.near.conn, "event", params_n(&b, i));
    cr_assert_lt(recv(fds[1], buf, sizeof buf, MSG_DONTWAIT), 0, "not before the turn ends");
    uv_run(&w.loop, UV_RUN_NOWAIT);
    cr_assert_eq(recv(fds[1], buf, sizeof buf, MSG_DONTWAIT), 10 * 12, "all in one write");
    close(fds[1]);
    bytes_release(&b);
    world_teardown(&w);
}

/* {0, id, "echo", {n: id}} */
static void echo_append(struct bytes *out, unsigned id)
{
    struct msgpack_sink m;

    msgpack_sink_init(&m, out);
    sink_array(&m.sink, 4);
    sink_uint(&m.sink, 0);
    sink_uint(&m.sink, id);
    sink_str(&m.sink, "echo");
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "n", id);
}

Test(rpc, a_reply_leaves_in_the_iteration_that_read_its_request)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    char buf[256];
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    echo_append(&b, 1);
    cr_assert_eq(send(fd, b.data, b.len, 0), (ssize_t)b.len);
    while (w.far.requests == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    cr_assert_gt(recv(fd, buf, sizeof buf, MSG_DONTWAIT), 0);
    close(fd);
    bytes_release(&b);
    world_teardown(&w);
}

static void notify_from_prepare(uv_prepare_t *prepare)
{
    rpc_notify(prepare->data, "event", NULL);
    uv_close((uv_handle_t *)prepare, NULL);
}

Test(rpc, output_queued_right_before_the_poll_does_not_wait_for_an_event)
{
    struct world w;
    uv_prepare_t prepare;

    world_setup(&w);
    world_connect(&w);
    uv_prepare_init(&w.loop, &prepare);
    prepare.data = w.near.conn;
    uv_prepare_start(&prepare, notify_from_prepare);
    RUN_UNTIL(&w, w.far.notifications == 1);
    world_teardown(&w);
}

Test(rpc, frames_arrive_whole_however_the_stream_is_cut)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    for (unsigned i = 1; i <= 20; i++)
        echo_append(&b, i);
    for (size_t i = 0; i < b.len; i++)
        raw_send(&w, fd, b.data + i, 1);
    RUN_UNTIL(&w, w.far.requests == 20);
    cr_assert_eq(w.far.last, 20);
    close(fd);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc, a_large_frame_goes_both_ways)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer a = {0};
    struct msgpack_sink m;
    size_t len = (size_t)4000 << 10;
    void *blob;

    world_setup(&w);
    world_connect(&w);
    blob = calloc(1, len);
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 2);
    sink_kv_bin(&m.sink, "blob", blob, len);
    sink_kv_uint(&m.sink, "n", 5);
    rpc_call(w.near.conn, "echo", &b, 0, answer_done, &a);
    rpc_call(w.near.conn, "echo", &b, 0, answer_done, &a);
    RUN_UNTIL(&w, a.count == 2);
    cr_assert_eq(a.code, 0);
    cr_assert_eq(a.n, 5);
    free(blob);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc, reading_pauses_at_the_limit_of_requests_and_goes_on_after_a_reply)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct rpc_limits limits = {.in_flight_max = 4};
    struct answer a = {0};

    world_setup(&w);
    world_serve(&w, "127.0.0.1", &limits);
    world_dial(&w, NULL);
    for (unsigned i = 1; i <= 10; i++)
        rpc_call(w.near.conn, "hold", params_n(&b, i), 0, answer_done, &a);
    RUN_UNTIL(&w, w.far.requests == 4);
    for (int i = 0; i < 20; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    cr_assert_eq(w.far.requests, 4);
    rpc_reply(w.far.held[--w.far.held_count], NULL);
    cr_assert_eq(w.far.requests, 4, "not from inside rpc_reply()");
    RUN_UNTIL(&w, w.far.requests == 5 && a.count == 1);
    while (w.far.held_count > 0) {
        rpc_reply(w.far.held[--w.far.held_count], NULL);
        if (w.far.requests < 10)
            RUN_UNTIL(&w, w.far.held_count == 4);
    }
    RUN_UNTIL(&w, a.count == 10);
    cr_assert_eq(w.far.last, 10);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc, a_call_times_out_and_its_late_answer_is_no_fault)
{
    struct world w;
    struct bytes b = BYTES_INIT;
    struct answer slow = {0}, after = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "hold", NULL, 30, answer_done, &slow);
    RUN_UNTIL(&w, slow.count == 1);
    cr_assert_eq(slow.code, ERROR_TIMEOUT);
    RUN_UNTIL(&w, w.far.held_count == 1);
    rpc_reply(w.far.held[--w.far.held_count], NULL);
    rpc_call(w.near.conn, "echo", params_n(&b, 9), 10000, answer_done, &after);
    RUN_UNTIL(&w, after.count == 1);
    cr_assert_eq(after.n, 9);
    cr_assert_eq(slow.count, 1);
    cr_assert_eq(world_logged(&w, "connection closed"), 0);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc, the_shorter_of_two_time_outs_ends_first)
{
    struct world w;
    struct answer slow = {0}, fast = {0}, never = {0};

    world_setup(&w);
    world_connect(&w);
    rpc_call(w.near.conn, "hold", NULL, 0, answer_done, &never);
    rpc_call(w.near.conn, "hold", NULL, 150, answer_done, &slow);
    rpc_call(w.near.conn, "hold", NULL, 20, answer_done, &fast);
    RUN_UNTIL(&w, fast.count == 1);
    cr_assert_eq(slow.count, 0);
    RUN_UNTIL(&w, slow.count == 1);
    cr_assert_eq(never.count, 0);
    rpc_close(w.near.conn);
    RUN_UNTIL(&w, never.count == 1);
    cr_assert_eq(never.code, ERROR_CONNECTION_ABORTED);
    world_teardown(&w);
}

Test(rpc, a_request_that_nobody_handles_is_answered_so)
{
    struct world w;
    struct answer a = {0};

    world_setup(&w);
    world_connect(&w);
    w.handlers.request = NULL;
    rpc_call(w.near.conn, "echo", NULL, 0, answer_done, &a);
    RUN_UNTIL(&w, a.count == 1);
    cr_assert_eq(a.code, ERROR_CALL_NOT_IMPLEMENTED);
    world_teardown(&w);
}
