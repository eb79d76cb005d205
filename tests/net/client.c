/* The blocking client against a server in a thread. */
#include "net/client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/msgpack.h"
#include "net/resolve.h"
#include "net/rpc.h"

struct service {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    struct rpc_server *server;
    struct rpc_request *held; /* Answered when the service stops. */
    struct address address;
    char dir[32];
};

static void reply_value(struct rpc_request *r, const struct value *v)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &b);
    sink_value(&m.sink, v);
    rpc_reply(r, &b);
    bytes_release(&b);
}

static void notify_n(struct rpc_conn *c, uint64_t n)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "n", n);
    rpc_notify(c, "event", &b);
    bytes_release(&b);
}

static void on_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                       const struct value *params, void *data)
{
    struct service *s = data;

    if (strcmp(method, "echo") == 0) {
        reply_value(r, params);
    } else if (strcmp(method, "hold") == 0) {
        s->held = r;
    } else if (strcmp(method, "follow") == 0) {
        for (uint64_t n = 1; n <= 3; n++)
            notify_n(c, n);
        rpc_reply(r, NULL);
        notify_n(c, 4);
    } else if (strcmp(method, "hang-up") == 0) {
        rpc_close(c);
        rpc_reply(r, NULL);
    } else {
        rpc_reply_error(r, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, "it is locked");
    }
}

static const struct rpc_handlers handlers = {.request = on_request};

static void on_stop(uv_async_t *async)
{
    struct service *s = async->data;

    rpc_server_close(s->server);
    if (s->held != NULL)
        rpc_reply(s->held, NULL);
    uv_close((uv_handle_t *)async, NULL);
}

static void *service_run(void *data)
{
    struct service *s = data;

    uv_run(&s->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void service_start(struct service *s, const char *address)
{
    memset(s, 0, sizeof *s);
    strcpy(s->dir, "/tmp/holdfast-net-XXXXXX");
    cr_assert_not_null(mkdtemp(s->dir));
    s->address = (struct address){.is_unix = strcmp(address, "unix") == 0};
    if (s->address.is_unix)
        snprintf(s->address.host, sizeof s->address.host, "%s/sock", s->dir);
    else
        strcpy(s->address.host, address);
    uv_loop_init(&s->loop);
    uv_async_init(&s->loop, &s->stop, on_stop);
    s->stop.data = s;
    cr_assert_eq(rpc_server_open(&s->loop, &s->address, 0600, NULL, &handlers, NULL, s, &s->server),
                 0);
    s->address.port = rpc_server_port(s->server);
    cr_assert_eq(pthread_create(&s->thread, NULL, service_run, s), 0);
}

static void service_stop(struct service *s)
{
    uv_async_send(&s->stop);
    pthread_join(s->thread, NULL);
    cr_assert_eq(uv_loop_close(&s->loop), 0);
    cr_assert_eq(rmdir(s->dir), 0);
}

static struct client *opened(const struct address *a)
{
    struct client *c = NULL;

    cr_assert_eq(client_open(a, 10000, &c, NULL), 0);
    return c;
}

static void echoes(struct client *c, uint64_t n)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    struct arena a = {0};
    const struct value *result;
    const char *message;
    uint64_t got;

    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "n", n);
    cr_assert_eq(client_call(c, "echo", &b, 10000, &a, &result, &message), 0);
    cr_assert(value_get_uint(result, "n", &got));
    cr_assert_eq(got, n);
    bytes_release(&b);
    arena_release(&a);
}

Test(client, calls_are_answered_over_every_kind_of_socket)
{
    static const char *const kinds[] = {"127.0.0.1", "localhost", "unix"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct service s;
        struct client *c;

        service_start(&s, kinds[i]);
        c = opened(&s.address);
        for (uint64_t n = 0; n < 100; n++)
            echoes(c, n);
        client_close(c);
        service_stop(&s);
    }
}

Test(client, an_error_of_the_server_leaves_the_client_usable)
{
    struct service s;
    struct arena a = {0};
    const struct value *result = NULL;
    const char *message;
    struct client *c;

    service_start(&s, "unix");
    c = opened(&s.address);
    cr_assert_eq(client_call(c, "refuse", NULL, 10000, &a, &result, &message),
                 ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    cr_assert_str_eq(message, "it is locked");
    cr_assert_null(result);
    echoes(c, 1);
    client_close(c);
    arena_release(&a);
    service_stop(&s);
}

Test(client, a_large_request_and_answer_pass)
{
    struct service s;
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    struct arena a = {0};
    const struct value *result;
    const uint8_t *bin;
    const char *message;
    struct client *c;
    size_t len = (size_t)4000 << 10, got;
    void *blob = calloc(1, len);

    service_start(&s, "unix");
    c = opened(&s.address);
    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 1);
    sink_kv_bin(&m.sink, "blob", blob, len);
    cr_assert_eq(client_call(c, "echo", &b, 30000, &a, &result, &message), 0);
    cr_assert(value_get_bin(result, "blob", &bin, &got));
    cr_assert_eq(got, len);
    client_close(c);
    free(blob);
    bytes_release(&b);
    arena_release(&a);
    service_stop(&s);
}

Test(client, a_call_without_an_answer_times_out_and_spoils_the_client)
{
    struct service s;
    struct arena a = {0};
    const struct value *result;
    const char *message;
    struct client *c;

    service_start(&s, "127.0.0.1");
    c = opened(&s.address);
    cr_assert_eq(client_call(c, "hold", NULL, 50, &a, &result, &message), ERROR_TIMEOUT);
    cr_assert_eq(client_call(c, "echo", NULL, 50, &a, &result, &message), RPC_S_CALL_FAILED);
    client_close(c);
    arena_release(&a);
    service_stop(&s);
}

Test(client, a_connection_that_breaks_in_a_call_is_told)
{
    struct service s;
    struct arena a = {0};
    const struct value *result;
    const char *message;
    struct client *c;

    service_start(&s, "127.0.0.1");
    c = opened(&s.address);
    cr_assert_eq(client_call(c, "hang-up", NULL, 10000, &a, &result, &message), RPC_S_CALL_FAILED);
    cr_assert_not_null(strstr(message, "127.0.0.1:"), "%s", message);
    client_close(c);
    arena_release(&a);
    service_stop(&s);
}

Test(client, a_server_that_has_gone_does_not_kill_by_sigpipe)
{
    struct service s;
    struct arena a = {0};
    const struct value *result;
    const char *message;
    struct client *c;

    signal(SIGPIPE, SIG_DFL);
    service_start(&s, "unix");
    c = opened(&s.address);
    echoes(c, 1);
    service_stop(&s);
    cr_assert_eq(client_call(c, "echo", NULL, 1000, &a, &result, &message), RPC_S_CALL_FAILED);
    client_close(c);
    arena_release(&a);
}

static uint64_t next_event(struct client *c, struct arena *a)
{
    const struct value *params;
    const char *method;
    uint64_t n = 0;

    cr_assert_eq(client_wait_notification(c, 10000, a, &method, &params), 0);
    cr_assert_str_eq(method, "event");
    value_get_uint(params, "n", &n);
    return n;
}

Test(client, notifications_before_and_after_an_answer_come_in_order)
{
    struct service s;
    struct arena a = {0};
    const struct value *result;
    const char *message, *method;
    struct client *c;

    service_start(&s, "unix");
    c = opened(&s.address);
    cr_assert_eq(client_call(c, "follow", NULL, 10000, &a, &result, &message), 0);
    cr_assert_eq(next_event(c, &a), 1);
    echoes(c, 5);
    for (uint64_t n = 2; n <= 4; n++)
        cr_assert_eq(next_event(c, &a), n);
    cr_assert_eq(client_wait_notification(c, 20, &a, &method, &result), ERROR_TIMEOUT);
    echoes(c, 6);
    client_close(c);
    arena_release(&a);
    service_stop(&s);
}

/* -------------------------------------------------------- broken servers */

struct liar {
    int listener;
    const char *reply;
    size_t len;
};

static void *liar_run(void *data)
{
    struct liar *l = data;
    char buf[256];
    int fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC);

    cr_assert_gt(recv(fd, buf, sizeof buf, 0), 0);
    send(fd, l->reply, l->len, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, buf, sizeof buf, 0) > 0)
        continue;
    close(fd);
    return NULL;
}

static int listen_anywhere(struct address *ret)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    *ret = (struct address){.host = "127.0.0.1", .port = ntohs(name.sin_port)};
    return fd;
}

static void lie_is_seen(const char *reply, size_t len)
{
    struct liar l = {.reply = reply, .len = len};
    struct address address;
    struct arena a = {0};
    const struct value *result;
    const char *message;
    struct client *c;
    pthread_t thread;

    l.listener = listen_anywhere(&address);
    listen(l.listener, 1);
    pthread_create(&thread, NULL, liar_run, &l);
    c = opened(&address);
    cr_assert_eq(client_call(c, "x", NULL, 10000, &a, &result, &message), RPC_S_CALL_FAILED);
    client_close(c);
    pthread_join(thread, NULL);
    close(l.listener);
    arena_release(&a);
}
#define LIE_IS_SEEN(literal) lie_is_seen(literal, sizeof(literal) - 1)

Test(client, what_is_no_answer_is_not_taken_for_one)
{
    LIE_IS_SEEN("");
    LIE_IS_SEEN("\xc1");
    LIE_IS_SEEN("HTTP/1.1 400 Bad Request\r\n\r\n");
    LIE_IS_SEEN("\x94\x01\x02\xc0\xc0"); /* Of another call. */
    LIE_IS_SEEN("\x94\x00\x01\xc0\xc0"); /* A request. */
    LIE_IS_SEEN("\x94\x01\x01\x05\xc0"); /* An error that is no map. */
    LIE_IS_SEEN("\x94\x01\x01\xc0");     /* Cut short. */
    LIE_IS_SEEN("\x94\x01\x01\xc0\xc6\xff\xff\xff\xff");
}

Test(client, an_error_without_a_code_is_still_an_error)
{
    struct liar l = {.reply = "\x94\x01\x01\x80\xc0", .len = 5};
    struct address address;
    struct arena a = {0};
    const struct value *result;
    const char *message;
    struct client *c;
    pthread_t thread;

    l.listener = listen_anywhere(&address);
    listen(l.listener, 1);
    pthread_create(&thread, NULL, liar_run, &l);
    c = opened(&address);
    cr_assert_eq(client_call(c, "x", NULL, 10000, &a, &result, &message), ERROR_INTERNAL_ERROR);
    cr_assert_str_eq(message, "");
    client_close(c);
    pthread_join(thread, NULL);
    close(l.listener);
    arena_release(&a);
}

/* ------------------------------------------------------------- connecting */

static char *open_fails(const struct address *a, unsigned timeout_ms, uint32_t code)
{
    struct client *c = NULL;
    char *why = NULL;

    cr_assert_eq(client_open(a, timeout_ms, &c, &why), code);
    cr_assert_null(c);
    cr_assert_not_null(why);
    cr_assert_eq(client_open(a, timeout_ms, &c, NULL), code, "the text may be left out");
    return why;
}

Test(client, the_reason_of_a_refusal_names_address_and_error)
{
    struct address a;
    int fd = listen_anywhere(&a); /* Bound, and not listening. */
    char expected[32], *why;

    why = open_fails(&a, 5000, RPC_S_SERVER_UNAVAILABLE);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", (unsigned)a.port);
    cr_assert_not_null(strstr(why, expected), "%s", why);
    cr_assert_not_null(strstr(why, strerror(ECONNREFUSED)), "%s", why);
    free(why);
    close(fd);
}

Test(client, a_socket_that_is_not_there_is_told)
{
    struct address a = {.is_unix = true, .host = "/tmp/holdfast-none/sock"};
    char *why = open_fails(&a, 5000, RPC_S_SERVER_UNAVAILABLE);

    cr_assert_not_null(strstr(why, "unix:/tmp/holdfast-none/sock"), "%s", why);
    cr_assert_not_null(strstr(why, strerror(ENOENT)), "%s", why);
    free(why);
    memset(a.host, 'a', 108);
    free(open_fails(&a, 5000, ERROR_FILENAME_EXCED_RANGE));
}

Test(client, an_unknown_name_is_told)
{
    struct address a = {.port = 1};

    memset(a.host, 'a', 70); /* Longer than a label may be: no server is asked. */
    free(open_fails(&a, 10000, RPC_S_SERVER_UNAVAILABLE));
}

Test(client, a_black_hole_ends_in_time)
{
    struct address a;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = listen_anywhere(&a), waiting[4];
    char *why;

    listen(fd, 0);
    name.sin_port = htons(a.port);
    for (int i = 0; i < 4; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(waiting[i], (struct sockaddr *)&name, sizeof name);
    }
    why = open_fails(&a, 50, RPC_S_SERVER_UNAVAILABLE);
    cr_assert_not_null(strstr(why, strerror(ETIMEDOUT)), "%s", why);
    free(why);
    for (int i = 0; i < 4; i++)
        close(waiting[i]);
    close(fd);
}

Test(client, closing_no_client_is_fine)
{
    client_close(NULL);
}

Test(client, a_name_is_looked_up_in_a_thread_of_its_own)
{
    struct addrinfo *list = NULL;

    cr_assert_null(resolve("localhost", 80, 10000, &list));
    cr_assert_not_null(list);
    freeaddrinfo(list);
    cr_assert_null(resolve("127.0.0.1", 80, 0, &list), "a literal takes no time");
    freeaddrinfo(list);
}
