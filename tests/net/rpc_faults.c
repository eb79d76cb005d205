/* Peers that break the rules lose their connection, with one line in the log,
 * and nobody else notices. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/net/world.h"

static void others_are_served(struct world *w)
{
    struct bytes b = BYTES_INIT;
    struct answer a = {0};

    rpc_call(w->near.conn, "echo", params_n(&b, 77), 10000, answer_done, &a);
    RUN_UNTIL(w, a.count == 1);
    cr_assert_eq(a.n, 77);
    bytes_release(&b);
}

/* A raw peer sends `data`, and `end`s its stream or not. */
static void punished(const char *address, const void *data, size_t len, bool end)
{
    struct world w;
    int fd;

    world_setup(&w);
    if (strcmp(address, "unix") == 0) {
        char path[80];

        snprintf(path, sizeof path, "unix:%s/sock", w.dir);
        world_serve(&w, path, NULL);
    } else {
        world_serve(&w, address, NULL);
    }
    world_dial(&w, NULL);
    RUN_UNTIL(&w, w.far.opened == 1);
    fd = world_raw(&w);
    raw_send(&w, fd, data, len);
    if (end)
        shutdown(fd, SHUT_WR);
    RUN_UNTIL(&w, w.far.closed == 1);
    cr_assert_eq(w.far.code, ERROR_INVALID_DATA);
    raw_drain(&w, fd);
    close(fd);
    cr_assert_eq(w.far.requests, 0);
    cr_assert_eq(world_logged(&w, "connection closed"), 1, "one line, no more");
    others_are_served(&w);
    world_teardown(&w);
}
#define PUNISHED(literal) punished("127.0.0.1", literal, sizeof(literal) - 1, false)

Test(rpc_faults, a_frame_of_100_mb_is_refused_by_its_header)
{
    /* [0, 1, "echo", {"x": 100 MB… */
    static const char header[] = "\x94\x00\x01\xa4"
                                 "echo\x81\xa1x\xc6\x06\x00\x00\x00";

    punished("127.0.0.1", header, sizeof header - 1, false);
    punished("unix", header, sizeof header - 1, false);
}

Test(rpc_faults, a_huge_array_and_deep_nesting_are_refused)
{
    char deep[64];

    PUNISHED("\xdd\xff\xff\xff\xff");
    PUNISHED("\xdf\xff\xff\xff\xff");
    memset(deep, 0x91, sizeof deep);
    punished("127.0.0.1", deep, sizeof deep, false);
}

Test(rpc_faults, a_frame_cut_short_is_noticed)
{
    static const char cut[] = "\x94\x00\x01\xa4"
                              "ech";

    punished("127.0.0.1", cut, sizeof cut - 1, true);
    punished("unix", cut, sizeof cut - 1, true);
}

Test(rpc_faults, random_bytes_are_refused)
{
    unsigned seed = 99;
    unsigned char noise[4096];

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)rand_r(&seed);
    for (int i = 0; i < 5; i++) {
        noise[0] = (unsigned char)rand_r(&seed);
        punished("127.0.0.1", noise, sizeof noise, true);
        punished("unix", noise, sizeof noise, true);
    }
}

Test(rpc_faults, another_protocol_is_refused)
{
    PUNISHED("GET / HTTP/1.1\r\n\r\n");
    PUNISHED("\x16\x03\x01\x02\x00\x01");
}

Test(rpc_faults, messages_of_a_wrong_shape_are_refused)
{
    PUNISHED("\xc0");                      /* nil */
    PUNISHED("\x90");                      /* [] */
    PUNISHED("\x91\x00");                  /* [0] */
    PUNISHED("\x94\x03\x01\xa1x\x80");     /* kind 3 */
    PUNISHED("\x94\xff\x01\xa1x\x80");     /* kind -1 */
    PUNISHED("\x94\x00\xa1x\xa1x\x80");    /* id no number */
    PUNISHED("\x94\x00\xff\xa1x\x80");     /* id negative */
    PUNISHED("\x94\x00\x01\x05\x80");      /* method no string */
    PUNISHED("\x94\x00\x01\xa2x\x00\x80"); /* method with a NUL */
    PUNISHED("\x94\x00\x01\xa1x\x90");     /* params an array */
    PUNISHED("\x93\x00\x01\xa1x");         /* request of three */
    PUNISHED("\x94\x02\xa1x\x80\xc0");     /* notification of four */
    PUNISHED("\x93\x02\x01\x80");          /* method no string */
    PUNISHED("\x93\x02\xa1x\x01");         /* params a number */
    PUNISHED("\x93\x01\x01\xc0");          /* response of three */
    PUNISHED("\x80");                      /* a map */
}

Test(rpc_faults, a_response_to_no_call_is_refused)
{
    PUNISHED("\x94\x01\x01\xc0\xc0");
    PUNISHED("\x94\x01\xcf\x00\x00\x00\x01\x00\x00\x00\x01\xc0\xc0");
}

Test(rpc_faults, a_response_with_an_error_that_is_no_map_ends_the_call_too)
{
    struct world w;
    struct answer a = {0};
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    rpc_call(w.far.conn, "x", NULL, 0, answer_done, &a);
    raw_send(&w, fd, "\x94\x01\x01\x05\xc0", 5);
    RUN_UNTIL(&w, a.count == 1);
    cr_assert_eq(a.code, ERROR_CONNECTION_ABORTED);
    close(fd);
    world_teardown(&w);
}

Test(rpc_faults, what_came_before_the_fault_is_still_handled)
{
    static const char stream[] = "\x93\x02\xa1x\x81\xa1n\x07\xc1";
    struct world w;
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    raw_send(&w, fd, stream, sizeof stream - 1);
    RUN_UNTIL(&w, w.far.closed == 1);
    cr_assert_eq(w.far.notifications, 1);
    cr_assert_eq(w.far.last, 7);
    close(fd);
    world_teardown(&w);
}

Test(rpc_faults, a_peer_that_does_not_read_is_closed_at_the_limit)
{
    struct rpc_limits limits = {.out_bytes_max = 1 << 20};
    struct world w;
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    static char blob[100000];
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", &limits);
    fd = world_raw(&w);
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 1);
    sink_kv_bin(&m.sink, "blob", blob, sizeof blob);
    for (int i = 0; i < 1000 && w.far.closed == 0; i++) {
        rpc_notify(w.far.conn, "event", &b);
        uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    cr_assert_eq(w.far.closed, 1);
    cr_assert_eq(world_logged(&w, "does not read"), 1);
    close(fd);
    bytes_release(&b);
    world_teardown(&w);
}

Test(rpc_faults, who_never_sends_a_whole_message_is_closed_in_time)
{
    struct rpc_limits limits = {.idle_ms = 500};
    struct world w;
    int good, slow, quiet;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", &limits);
    /* The good one first: when the others' time is over, its own is, too. */
    good = world_raw(&w);
    raw_send(&w, good, "\x93\x02\xa1x\x80", 5);
    RUN_UNTIL(&w, w.far.notifications == 1);
    slow = world_raw(&w);
    raw_send(&w, slow, "\x94\x00", 2);
    quiet = world_raw(&w);
    RUN_UNTIL(&w, w.far.closed == 2);
    cr_assert_eq(world_logged(&w, "sent no whole message"), 2);
    cr_assert_eq(raw_drain(&w, quiet) + raw_drain(&w, slow), 0);
    raw_send(&w, good, "\x93\x02\xa1x\x80", 5);
    RUN_UNTIL(&w, w.far.notifications == 2);
    cr_assert_eq(w.far.closed, 2, "who has spoken may be silent");
    close(quiet);
    close(slow);
    close(good);
    world_teardown(&w);
}

Test(rpc_faults, an_orderly_end_is_no_fault)
{
    struct world w;
    int fd;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    fd = world_raw(&w);
    raw_send(&w, fd, "\x93\x02\xa1x\x80", 5);
    close(fd);
    RUN_UNTIL(&w, w.far.closed == 1);
    cr_assert_eq(w.far.code, ERROR_SUCCESS);
    cr_assert_eq(world_logged(&w, "WARN"), 0);
    world_teardown(&w);
}
