/* Listening and accepting. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/socket.h"
#include "tests/net/world.h"

static const struct rpc_handlers no_handlers = {0};

static uint32_t open_code(struct world *w, const struct address *a, mode_t mode,
                          struct rpc_server **ret)
{
    return rpc_server_open(&w->loop, a, mode, NULL, &no_handlers, NULL, NULL, ret);
}

static struct address unix_address(struct world *w, const char *name)
{
    struct address a = {.is_unix = true};

    snprintf(a.host, sizeof a.host, "%s/%s", w->dir, name);
    return a;
}

static void serve_unix(struct world *w)
{
    char text[64];

    snprintf(text, sizeof text, "unix:%s/sock", w->dir);
    world_serve(w, text, NULL);
}

Test(rpc_server, a_unix_socket_has_its_mode_whatever_the_umask)
{
    struct world w;
    struct address a;
    struct rpc_server *s;
    struct stat st;

    world_setup(&w);
    a = unix_address(&w, "sock");
    umask(0077);
    cr_assert_eq(open_code(&w, &a, 0666, &s), 0);
    cr_assert_eq(stat(a.host, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0666);
    rpc_server_close(s);
    cr_assert_neq(stat(a.host, &st), 0, "the file is removed");

    umask(0);
    cr_assert_eq(open_code(&w, &a, 0600, &s), 0);
    cr_assert_eq(stat(a.host, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0600);
    rpc_server_close(s);
    world_teardown(&w);
}

Test(rpc_server, a_unix_peer_is_known_by_its_uid)
{
    struct world w;

    world_setup(&w);
    serve_unix(&w);
    world_dial(&w, NULL);
    RUN_UNTIL(&w, w.far.conn != NULL);
    cr_assert_eq(rpc_conn_uid(w.far.conn), (long)getuid());
    cr_assert(rpc_conn_is_local(w.far.conn));
    cr_assert_not_null(strstr(rpc_conn_peer(w.far.conn), "uid "));
    cr_assert_not_null(strstr(rpc_conn_peer(w.near.conn), "/sock"));
    world_teardown(&w);
}

Test(rpc_server, a_tcp_peer_is_known_by_its_address)
{
    struct world w;

    world_setup(&w);
    world_connect(&w);
    cr_assert_eq(rpc_conn_uid(w.far.conn), -1);
    cr_assert_not(rpc_conn_is_local(w.far.conn));
    cr_assert_eq(strncmp(rpc_conn_peer(w.far.conn), "127.0.0.1:", 10), 0);
    world_teardown(&w);
}

Test(rpc_server, a_connection_carries_a_pointer_of_its_user)
{
    struct world w;

    world_setup(&w);
    world_connect(&w);
    cr_assert_null(rpc_conn_user(w.far.conn));
    rpc_conn_set_user(w.far.conn, &w);
    cr_assert_eq(rpc_conn_user(w.far.conn), &w);
    world_teardown(&w);
}

/* A socket file as a killed process leaves it. */
static void leave_stale(const char *path)
{
    struct sockaddr_un name;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(socket_unix_name(path, &name), 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    listen(fd, 1);
    close(fd);
}

Test(rpc_server, a_stale_socket_is_replaced)
{
    struct world w;
    struct address a;
    struct rpc_server *s;

    world_setup(&w);
    a = unix_address(&w, "sock");
    leave_stale(a.host);
    cr_assert_eq(open_code(&w, &a, 0600, &s), 0);
    rpc_server_close(s);
    world_teardown(&w);
}

Test(rpc_server, a_socket_that_somebody_answers_on_is_left_alone)
{
    struct world w;
    struct rpc_server *second;
    struct answer a = {0};

    world_setup(&w);
    serve_unix(&w);
    cr_assert_eq(open_code(&w, &w.address, 0600, &second), ERROR_ADDRESS_IN_USE);
    RUN_UNTIL(&w, w.far.closed == 1); /* The question was a connection. */
    world_dial(&w, NULL);
    rpc_call(w.near.conn, "echo", NULL, 0, answer_done, &a);
    RUN_UNTIL(&w, a.count == 1);
    cr_assert_eq(a.code, 0);
    world_teardown(&w);
}

Test(rpc_server, a_file_that_is_no_socket_is_left_alone)
{
    struct world w;
    struct address a;
    struct rpc_server *s;
    struct stat st;

    world_setup(&w);
    a = unix_address(&w, "file");
    close(open(a.host, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    cr_assert_eq(open_code(&w, &a, 0600, &s), ERROR_ADDRESS_IN_USE);
    cr_assert_eq(stat(a.host, &st), 0);
    cr_assert(S_ISREG(st.st_mode));
    unlink(a.host);
    world_teardown(&w);
}

Test(rpc_server, the_socket_of_a_successor_is_not_removed)
{
    struct world w;
    struct address a;
    struct rpc_server *s;
    struct stat st;

    world_setup(&w);
    a = unix_address(&w, "sock");
    cr_assert_eq(open_code(&w, &a, 0600, &s), 0);
    unlink(a.host);
    leave_stale(a.host);
    rpc_server_close(s);
    cr_assert_eq(stat(a.host, &st), 0);
    unlink(a.host);
    world_teardown(&w);
}

Test(rpc_server, a_path_too_long_for_a_socket_is_refused_not_cut)
{
    struct world w;
    struct address a = {.is_unix = true};
    struct rpc_server *s;

    world_setup(&w);
    memset(a.host, 'a', 108);
    memcpy(a.host, "/tmp/", 5);
    cr_assert_eq(open_code(&w, &a, 0600, &s), ERROR_FILENAME_EXCED_RANGE);
    world_teardown(&w);
}

Test(rpc_server, a_folder_that_is_not_there_is_told)
{
    struct world w;
    struct address a;
    struct rpc_server *s;

    world_setup(&w);
    a = unix_address(&w, "none/sock");
    cr_assert_eq(open_code(&w, &a, 0600, &s), ERROR_FILE_NOT_FOUND);
    world_teardown(&w);
}

Test(rpc_server, a_port_in_use_is_told)
{
    struct world w;
    struct rpc_server *s;

    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    cr_assert_neq(w.address.port, 0);
    cr_assert_eq(open_code(&w, &w.address, 0, &s), ERROR_ADDRESS_IN_USE);
    world_teardown(&w);
}

Test(rpc_server, a_port_is_free_again_at_once)
{
    struct world w;
    struct rpc_server *s;

    world_setup(&w);
    world_connect(&w);
    rpc_server_close(w.server); /* The server closes first: TIME_WAIT is on its side. */
    w.server = NULL;
    RUN_UNTIL(&w, w.near.closed == 1 && w.far.closed == 1);
    cr_assert_eq(open_code(&w, &w.address, 0, &s), 0);
    rpc_server_close(s);
    world_teardown(&w);
}

static bool have_ipv6(void)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool have = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0;

    if (fd >= 0)
        close(fd);
    return have;
}

static void serves_at(const char *listen, const char *dial)
{
    struct world w;
    struct answer a = {0};

    world_setup(&w);
    world_serve(&w, listen, NULL);
    strcpy(w.address.host, dial);
    world_dial(&w, NULL);
    cr_assert_eq(w.dial_code, 0, "%s at %s", listen, dial);
    rpc_call(w.near.conn, "echo", NULL, 0, answer_done, &a);
    RUN_UNTIL(&w, a.count == 1);
    cr_assert_eq(a.code, 0);
    world_teardown(&w);
}

Test(rpc_server, ipv4_and_names_are_served)
{
    serves_at("127.0.0.1", "127.0.0.1");
    serves_at("localhost", "localhost");
    serves_at("0.0.0.0", "127.0.0.1");
    serves_at("localhost", "127.0.0.1");
    serves_at("127.0.0.1", "localhost");
}

Test(rpc_server, ipv6_is_served)
{
    if (!have_ipv6())
        cr_skip_test("this machine has no ::1");
    serves_at("[::1]", "::1");
    serves_at("[::]", "::1");
}

Test(rpc_server, a_name_that_nobody_knows_is_told)
{
    struct world w;
    struct address a = {.port = 1};
    struct rpc_server *s;

    world_setup(&w);
    memset(a.host, 'a', 70); /* Longer than a label may be: no server is asked. */
    cr_assert_eq(open_code(&w, &a, 0, &s), ERROR_HOST_UNREACHABLE);
    world_teardown(&w);
}

static void on_enough(uv_timer_t *timer)
{
    timer->data = NULL;
}

static unsigned iterations_in(struct world *w, unsigned ms)
{
    uv_timer_t timer;
    unsigned count = 0;

    uv_timer_init(&w->loop, &timer);
    timer.data = w;
    uv_timer_start(&timer, on_enough, ms, 0);
    while (timer.data != NULL) {
        uv_run(&w->loop, UV_RUN_ONCE);
        count++;
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    return count;
}

Test(rpc_server, without_descriptors_it_waits_and_then_serves_who_waited)
{
    struct world w;
    struct rlimit usual, tight;
    struct addrinfo *list;
    int fds[4];
    uint64_t start_ms;
    unsigned iterations;

    /* valgrind has descriptors of its own and answers for the limit itself. */
    if (RUNNING_ON_VALGRIND)
        cr_skip_test("not under valgrind");
    world_setup(&w);
    world_serve(&w, "127.0.0.1", NULL);
    for (int i = 0; i < 4; i++)
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    list = socket_literal(w.address.host, w.address.port);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    tight = usual;
    /* The lowest free descriptor is the first that may not be had. */
    tight.rlim_cur = (rlim_t)dup(fds[3]);
    close((int)tight.rlim_cur);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);

    start_ms = clock_boot_ms();
    for (int i = 0; i < 4; i++)
        cr_assert_eq(connect(fds[i], list->ai_addr, list->ai_addrlen), 0);
    freeaddrinfo(list);
    iterations = iterations_in(&w, 500);
    cr_assert_eq(w.far.opened, 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    cr_assert_lt(iterations, 100, "it does not spin");
    cr_assert_geq(world_logged(&w, "cannot accept"), 1);
    cr_assert_leq(world_logged(&w, "cannot accept"), 1 + (clock_boot_ms() - start_ms) / 1000);

    RUN_UNTIL(&w, w.far.opened == 4);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    RUN_UNTIL(&w, w.far.closed == 4);
    world_teardown(&w);
}
