#include "node/peers.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "net/msgpack.h"
#include "net/rpc.h"

enum { PATIENCE_MS = 100000 };

struct world {
    uv_loop_t loop;
    uv_timer_t guard, tick;    /* The daemon's timers ask again and again. */
    struct rpc_server *server; /* Plays node 2. */
    char address[64];
    struct peers *peers; /* Of node 1. */
    uint32_t claimed_id, error;
    uint32_t epoch; /* Of this node; the other one is of the first. */
    const char *claimed_disk;
    bool silent;
    struct rpc_request *held;
    struct rpc_conn *last;
    unsigned hellos, closed, connected, expelled;
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

static void on_tick(uv_timer_t *tick)
{
    (void)tick; /* Ends a turn of the loop. */
}

#define RUN_UNTIL(w, condition)             \
    while (!(condition)) {                  \
        if ((w)->peers != NULL)             \
            (void)peers_get((w)->peers, 2); \
        step(w);                            \
    }

static void on_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                       const struct value *params, void *data)
{
    struct world *w = data;
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    uint32_t id = 0, to = 0;

    cr_assert_str_eq(method, "peer.hello");
    cr_assert(value_get_u32(params, "id", &id) && id == 1);
    cr_assert(value_get_u32(params, "to", &to) && to == 2);
    w->hellos++;
    w->last = c;
    if (w->silent) {
        w->held = r;
        return;
    }
    if (w->error != 0) {
        rpc_reply_error(r, w->error, NULL);
        return;
    }
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 2);
    sink_kv_uint(&m.sink, "id", w->claimed_id);
    sink_kv_str(&m.sink, "disk", w->claimed_disk);
    rpc_reply(r, &b);
    bytes_release(&b);
}

static void on_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    (void)c;
    (void)code;
    ((struct world *)data)->closed++;
}

static const struct rpc_handlers handlers = {.request = on_request, .closed = on_closed};

static const char *address_of(uint32_t id, void *data)
{
    return id == 2 ? ((struct world *)data)->address : NULL;
}

static const char *refuse_peer(uint32_t id, const char *disk, void *data)
{
    (void)data;
    return id == 2 && strcmp(disk, "disk-2") == 0 ? NULL : "another disk";
}

static void on_connected(uint32_t id, void *data)
{
    cr_assert_eq(id, 2);
    ((struct world *)data)->connected++;
}

static void on_expelled(const char *message, void *data)
{
    cr_assert_not_null(message);
    ((struct world *)data)->expelled++;
}

static void setup_epoch(struct world *w, uint32_t epoch)
{
    struct address a;

    memset(w, 0, sizeof *w);
    w->epoch = epoch;
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->guard);
    uv_unref((uv_handle_t *)&w->guard);
    uv_timer_init(&w->loop, &w->tick);
    uv_timer_start(&w->tick, on_tick, 10, 10);
    cr_assert_eq(address_parse("127.0.0.1:1", 0, &a), 0);
    a.port = 0;
    cr_assert_eq(rpc_server_open(&w->loop, &a, 0, NULL, &handlers, NULL, w, &w->server), 0);
    snprintf(w->address, sizeof w->address, "127.0.0.1:%u", (unsigned)rpc_server_port(w->server));
    w->claimed_id = 2;
    w->claimed_disk = "disk-2";
    struct peers_config config = {.loop = &w->loop,
                                  .cluster = "test",
                                  .disk = "disk-1",
                                  .address = "127.0.0.1:1",
                                  .id = 1,
                                  .epoch = w->epoch != 0 ? w->epoch : 1,
                                  .connect_timeout_ms = 500,
                                  .user_timeout_ms = 1000,
                                  .address_of = address_of,
                                  .refuse_peer = refuse_peer,
                                  .expelled = on_expelled,
                                  .connected = on_connected,
                                  .data = w};
    w->peers = peers_open(&config);
}

static void setup(struct world *w)
{
    setup_epoch(w, 1);
}

static void teardown(struct world *w)
{
    struct peers *peers = w->peers;

    peers_close(peers);
    cr_assert_null(peers_get(peers, 2), "none is made while closing");
    if (w->held != NULL)
        rpc_reply(w->held, NULL);
    rpc_server_close(w->server);
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_timer_stop(&w->guard);
    uv_close((uv_handle_t *)&w->guard, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    peers_free(peers);
    cr_assert_eq(uv_loop_close(&w->loop), 0, "no handle is left");
}

Test(peers, a_connection_is_made_when_asked_for_and_shared)
{
    struct world w;

    setup(&w);
    cr_assert_null(peers_get(w.peers, 3), "nobody knows where that one is");
    cr_assert_null(peers_get(w.peers, 2));
    RUN_UNTIL(&w, w.connected > 0);
    struct rpc_conn *c = peers_get(w.peers, 2);
    cr_assert_not_null(c);
    cr_assert_eq(peers_get(w.peers, 2), c);
    cr_assert_eq(w.hellos, 1);
    teardown(&w);
}

Test(peers, it_is_not_used_before_hello_was_answered)
{
    struct world w;

    setup(&w);
    w.silent = true;
    RUN_UNTIL(&w, w.hellos > 0);
    cr_assert_null(peers_get(w.peers, 2));
    cr_assert_eq(w.connected, 0);
    teardown(&w);
}

Test(peers, one_that_broke_is_made_again)
{
    struct world w;

    setup(&w);
    RUN_UNTIL(&w, w.connected > 0);
    rpc_close(w.last);
    RUN_UNTIL(&w, w.connected > 1);
    cr_assert_not_null(peers_get(w.peers, 2));
    teardown(&w);
}

Test(peers, who_is_asked_again_may_say_that_this_node_was_evicted)
{
    struct world w;

    setup(&w);
    RUN_UNTIL(&w, w.connected > 0);
    peers_probe(w.peers, 2);
    RUN_UNTIL(&w, w.hellos > 1);
    cr_assert_eq(w.connected, 1);
    w.error = ERROR_CLUSTER_NODE_NOT_MEMBER;
    peers_probe(w.peers, 2);
    RUN_UNTIL(&w, w.expelled > 0);
    teardown(&w);
}

/* It says nothing of epochs, so it is of the first. */
static void expect_unusable_and_tried_again(struct world *w);
Test(peers, one_of_another_epoch_is_no_peer)
{
    struct world w;

    setup_epoch(&w, 2);
    expect_unusable_and_tried_again(&w);
}

static void expect_unusable_and_tried_again(struct world *w)
{
    RUN_UNTIL(w, w->hellos > 1);
    cr_assert_geq(w->closed, 1, "the first was hung up on");
    cr_assert_eq(w->connected, 0);
    cr_assert_null(peers_get(w->peers, 2));
    teardown(w);
}

Test(peers, a_node_with_another_disk_is_none)
{
    struct world w;

    setup(&w);
    w.claimed_disk = "emptied";
    expect_unusable_and_tried_again(&w);
}

Test(peers, another_node_is_none)
{
    struct world w;

    setup(&w);
    w.claimed_id = 3;
    expect_unusable_and_tried_again(&w);
}

Test(peers, a_refusal_is_none)
{
    struct world w;

    setup(&w);
    w.error = ERROR_ACCESS_DENIED;
    expect_unusable_and_tried_again(&w);
}

/* The code by which rpc tells of a broken connection, said by a peer that lives. */
Test(peers, a_claimed_abort_does_not_block_the_peer_for_ever)
{
    struct world w;

    setup(&w);
    w.error = ERROR_CONNECTION_ABORTED;
    expect_unusable_and_tried_again(&w);
}

Test(peers, closing_is_fine_wherever_a_connection_is)
{
    for (unsigned turns = 0; turns < 12; turns++) {
        struct world w;
        setup(&w);
        w.silent = turns % 2 == 0;
        (void)peers_get(w.peers, 2);
        for (unsigned i = 0; i < turns; i++)
            uv_run(&w.loop, UV_RUN_NOWAIT);
        teardown(&w);
    }
}
