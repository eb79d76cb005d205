/* raft's connections against peers that are not what they should be. */
#include "consensus/transport.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/msgpack.h"
#include "net/rpc.h"

enum { PATIENCE_MS = 20000 };

struct world {
    uv_loop_t loop;
    uv_timer_t guard;
    struct transport *transport; /* Of node 1, disk "disk-1". */
    struct rpc_server *near;     /* Gives raft.connect to it. */
    struct rpc_server *far;      /* Plays node 2. */
    char far_address[64];
    struct address near_address;
    bool listens;

    uint32_t claimed_id; /* What the far side answers. */
    const char *claimed_disk;
    uint32_t far_code; /* Or with what error. */
    bool far_silent;
    struct rpc_request *held;
    unsigned far_calls, far_closed;

    unsigned accepted, connected, closed;
    int connect_status;
    uv_stream_t *streams[2];
    struct raft_uv_connect req;

    struct rpc_conn *dialled;
    unsigned answered, dialled_closed;
    uint32_t answer_code;
};

static void on_guard(uv_timer_t *guard)
{
    (void)guard;
    cr_assert_fail("nothing happened for %d ms", PATIENCE_MS);
}

static void step(struct world *w)
{
    if (!uv_is_active((uv_handle_t *)&w->guard))
        uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0);
    uv_run(&w->loop, UV_RUN_ONCE);
}
#define RUN_UNTIL(w, condition) \
    while (!(condition))        \
    step(w)

static void reply_identity(struct rpc_request *r, uint32_t id, const char *disk)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 2);
    sink_kv_uint(&m.sink, "id", id);
    sink_kv_str(&m.sink, "disk", disk);
    rpc_reply(r, &b);
    bytes_release(&b);
}

static void on_far_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                           const struct value *params, void *data)
{
    struct world *w = data;

    (void)c;
    (void)params;
    cr_assert_str_eq(method, "raft.connect");
    w->far_calls++;
    if (w->far_silent)
        w->held = r;
    else if (w->far_code != 0)
        rpc_reply_error(r, w->far_code, NULL);
    else
        reply_identity(r, w->claimed_id, w->claimed_disk);
}

static void on_far_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct world *w = data;

    (void)c;
    (void)code;
    w->far_closed++;
}

static void on_near_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                            const struct value *params, void *data)
{
    struct world *w = data;

    (void)method;
    transport_accept(w->transport, c, r, params);
}

static const struct rpc_handlers far_handlers = {.request = on_far_request,
                                                 .closed = on_far_closed};
static const struct rpc_handlers near_handlers = {.request = on_near_request};

static const char *refuse_peer(uint32_t id, const char *disk, void *data)
{
    (void)data;
    return id == 2 && strcmp(disk, "disk-2") == 0 ? NULL : "not the disk of that node";
}

static void on_accept(struct raft_uv_transport *t, raft_id id, const char *address,
                      struct uv_stream_s *stream)
{
    struct world *w = t->data;

    cr_assert_eq(id, 2);
    cr_assert_str_eq(address, "two:7400");
    w->streams[w->accepted++] = (uv_stream_t *)stream;
}

static void on_connect(struct raft_uv_connect *req, struct uv_stream_s *stream, int status)
{
    struct world *w = req->data;

    w->connected++;
    w->connect_status = status;
    w->streams[0] = (uv_stream_t *)stream;
}

static uint16_t serve(struct world *w, const struct rpc_handlers *handlers, struct rpc_server **ret)
{
    struct address a;

    cr_assert_eq(address_parse("127.0.0.1:1", 0, &a), 0);
    a.port = 0;
    cr_assert_eq(rpc_server_open(&w->loop, &a, 0, NULL, handlers, NULL, w, ret), 0);
    return rpc_server_port(*ret);
}

static void setup(struct world *w)
{
    memset(w, 0, sizeof *w);
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->guard);
    uv_unref((uv_handle_t *)&w->guard);
    snprintf(w->far_address, sizeof w->far_address, "127.0.0.1:%u",
             (unsigned)serve(w, &far_handlers, &w->far));
    cr_assert_eq(address_parse("127.0.0.1:1", 0, &w->near_address), 0);
    w->near_address.port = serve(w, &near_handlers, &w->near);
    w->claimed_id = 2;
    w->claimed_disk = "disk-2";
    struct transport_config config = {.loop = &w->loop,
                                      .cluster = "test",
                                      .address = "one:7400",
                                      .disk = "disk-1",
                                      .id = 1,
                                      .epoch = 1,
                                      .connect_timeout_ms = 300,
                                      .user_timeout_ms = 600,
                                      .refuse_peer = refuse_peer};
    w->transport = transport_open(&config);
    struct raft_uv_transport *t = transport_raft(w->transport);
    t->data = w;
    w->req.data = w;
    t->init(t, 1, "one:7400");
    t->listen(t, on_accept);
}

static void on_closed(struct raft_uv_transport *t)
{
    ((struct world *)t->data)->closed++;
}

static void teardown(struct world *w)
{
    struct raft_uv_transport *t = transport_raft(w->transport);

    for (unsigned i = 0; i < 2; i++)
        if (w->streams[i] != NULL)
            uv_close((uv_handle_t *)w->streams[i], (uv_close_cb)free);
    if (w->closed == 0)
        t->close(t, on_closed);
    cr_assert(w->closed <= 1);
    if (w->held != NULL)
        rpc_reply(w->held, NULL);
    rpc_server_close(w->far);
    rpc_server_close(w->near);
    uv_timer_stop(&w->guard);
    uv_close((uv_handle_t *)&w->guard, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert_eq(w->closed, 1);
    transport_free(w->transport);
    cr_assert_eq(uv_loop_close(&w->loop), 0, "no handle is left");
}

static int connect_to(struct world *w, const char *address)
{
    struct raft_uv_transport *t = transport_raft(w->transport);

    return t->connect(t, &w->req, 2, address, on_connect);
}

/* ------------------------------------------------------------------ dialling */

Test(transport, the_right_node_gets_a_stream)
{
    struct world w;

    setup(&w);
    cr_assert_eq(connect_to(&w, w.far_address), 0);
    cr_assert_eq(w.connected, 0, "never from inside");
    RUN_UNTIL(&w, w.connected > 0);
    cr_assert_eq(w.connect_status, 0);
    cr_assert_not_null(w.streams[0]);
    teardown(&w);
}

static void expect_no_connection(struct world *w)
{
    cr_assert_eq(connect_to(w, w->far_address), 0);
    RUN_UNTIL(w, w->connected > 0 && w->far_closed > 0);
    cr_assert_eq(w->connected, 1);
    cr_assert_eq(w->connect_status, RAFT_NOCONNECTION);
    cr_assert_null(w->streams[0]);
    teardown(w);
}

Test(transport, a_node_with_another_disk_gets_none)
{
    struct world w;

    setup(&w);
    w.claimed_disk = "emptied";
    expect_no_connection(&w);
}

Test(transport, another_node_at_that_address_gets_none)
{
    struct world w;

    setup(&w);
    w.claimed_id = 3;
    expect_no_connection(&w);
}

Test(transport, a_refusal_is_no_connection)
{
    struct world w;

    setup(&w);
    w.far_code = ERROR_ACCESS_DENIED;
    expect_no_connection(&w);
}

/* The code by which a broken connection is told, said by a peer that lives. */
Test(transport, a_peer_that_claims_an_abort_leaves_no_connection_behind)
{
    struct world w;

    setup(&w);
    w.far_code = ERROR_CONNECTION_ABORTED;
    expect_no_connection(&w);
}

Test(transport, a_peer_that_does_not_answer_is_given_up)
{
    struct world w;

    setup(&w);
    w.far_silent = true;
    expect_no_connection(&w);
}

Test(transport, an_address_that_is_none_is_an_error_at_once)
{
    struct world w;

    setup(&w);
    cr_assert_eq(connect_to(&w, "no port"), RAFT_NOCONNECTION);
    cr_assert_eq(w.connected, 0);
    teardown(&w);
}

static void close_after(unsigned turns, bool silent)
{
    struct world w;

    setup(&w);
    w.far_silent = silent;
    cr_assert_eq(connect_to(&w, w.far_address), 0);
    for (unsigned i = 0; i < turns; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    struct raft_uv_transport *t = transport_raft(w.transport);
    unsigned before = w.connected;
    t->close(t, on_closed);
    cr_assert_eq(w.closed, 0, "told from the loop only");
    RUN_UNTIL(&w, w.closed > 0);
    cr_assert_eq(w.connected, 1, "answered before the end is told");
    if (before == 0) {
        cr_assert_eq(w.connect_status, RAFT_CANCELED);
        cr_assert_null(w.streams[0]);
    }
    teardown(&w);
}

/* After each number of turns the attempt is somewhere else on its way. */
Test(transport, closing_ends_an_attempt_wherever_it_is)
{
    for (unsigned turns = 0; turns < 14; turns++) {
        close_after(turns, false);
        close_after(turns, true);
    }
}

/* ------------------------------------------------------------------ accepting */

static void on_answer(uint32_t code, const char *message, const struct value *result, void *data)
{
    struct world *w = data;
    uint32_t id = 0;

    (void)message;
    w->answered++;
    w->answer_code = code;
    if (code == 0) {
        cr_assert(value_get_u32(result, "id", &id));
        cr_assert_eq(id, 1);
    }
}

static void on_dialled_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct world *w = data;

    (void)c;
    (void)code;
    w->dialled = NULL;
    w->dialled_closed++;
}

static void on_dialled(struct rpc_conn *c, uint32_t code, void *data)
{
    cr_assert_eq(code, 0);
    ((struct world *)data)->dialled = c;
}

static const struct rpc_handlers dial_handlers = {.closed = on_dialled_closed};

static void call(struct world *w, const char *cluster, uint32_t id, const char *disk, uint32_t to)
{
    struct rpc_dial_options options = {.handlers = &dial_handlers, .data = w};
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    rpc_dial(&w->loop, &w->near_address, &options, on_dialled);
    RUN_UNTIL(w, w->dialled != NULL);
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, disk != NULL ? 5 : 4);
    sink_kv_str(&m.sink, "cluster", cluster);
    sink_kv_uint(&m.sink, "id", id);
    sink_kv_str(&m.sink, "address", "two:7400");
    sink_kv_uint(&m.sink, "to", to);
    if (disk != NULL)
        sink_kv_str(&m.sink, "disk", disk);
    rpc_call(w->dialled, "raft.connect", &b, 10000, on_answer, w);
    bytes_release(&b);
    RUN_UNTIL(w, w->answered > 0);
}

Test(transport, the_right_caller_is_taken_over)
{
    struct world w;

    setup(&w);
    call(&w, "test", 2, "disk-2", 1);
    cr_assert_eq(w.answer_code, 0);
    RUN_UNTIL(&w, w.accepted > 0);
    uv_close((uv_handle_t *)w.streams[0], (uv_close_cb)free);
    w.streams[0] = NULL;
    RUN_UNTIL(&w, w.dialled_closed > 0);
    teardown(&w);
}

Test(transport, strangers_are_refused_and_hung_up_on)
{
    static const struct {
        const char *cluster;
        uint32_t id;
        const char *disk;
        uint32_t to;
    } cases[] = {
        {"other", 2, "disk-2", 1}, {"test", 2, "emptied", 1}, {"test", 3, "disk-2", 1},
        {"test", 2, "disk-2", 3},  {"test", 1, "disk-1", 1},  {"test", 0, "disk-2", 1},
        {"test", 2, NULL, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        setup(&w);
        call(&w, cases[i].cluster, cases[i].id, cases[i].disk, cases[i].to);
        cr_assert_eq(w.answer_code, ERROR_ACCESS_DENIED, "case %zu", i);
        RUN_UNTIL(&w, w.dialled_closed > 0);
        cr_assert_eq(w.accepted, 0);
        teardown(&w);
    }
}

Test(transport, while_closing_nobody_is_accepted)
{
    struct world w;

    setup(&w);
    struct raft_uv_transport *t = transport_raft(w.transport);
    t->close(t, on_closed);
    call(&w, "test", 2, "disk-2", 1);
    cr_assert_eq(w.answer_code, ERROR_NOT_READY);
    RUN_UNTIL(&w, w.dialled_closed > 0);
    cr_assert_eq(w.accepted, 0);
    teardown(&w);
}
