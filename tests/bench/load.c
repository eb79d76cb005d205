/* A closed loop of N clients of one node: each has its own connection and its
 * own group, and makes its next call when the last one is answered.
 *
 *   load --socket PATH --clients N --call set|get [--seconds S] [--warmup S] [--bytes B]
 *
 * One line of JSON on standard output. B is what a `set` takes in the log. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/bench/histogram.h"
#include "tests/bench/request.h"

enum {
    CLIENTS_MAX = 1024,
    EVENTS = 256,
    READ_ROOM = 4096,
    FIRST_ID = 1 << 16, /* See answer_read(). */
    DESCRIPTION_MIN = 8,
    DESCRIPTION_MAX = 1000,
    SILENCE_MS = 10000,
};

struct client {
    int fd;
    struct request create, call;
    struct request *current;
    uint32_t id; /* Of the call that is out. */
    uint64_t sent_ns;
    struct bytes in;
};

struct load {
    const char *socket;
    enum request_kind kind;
    unsigned client_count;
    double seconds, warmup;
    size_t bytes, filler;

    int epoll;
    struct client *clients;
    unsigned created;          /* Clients whose group exists. */
    uint64_t begin_ns, end_ns; /* Of the measurement; 0: not yet known. */
    uint64_t errors, cpu_begin_us;
    uint32_t first_error;
    struct histogram latencies;
};

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *format, ...)
{
    va_list args;

    fputs("load: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

/* CLOCK_MONOTONIC is read without a system call. */
static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_us(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

/* -------------------------------------------------------------------- clients */

/* A request is far smaller than a socket's buffer, and only one is out. */
static void client_send(struct client *c, struct request *r)
{
    c->current = r;
    request_renew(r, ++c->id);
    c->sent_ns = now_ns();
    if (send(c->fd, r->frame.data, r->frame.len, MSG_NOSIGNAL) != (ssize_t)r->frame.len)
        die("cannot send: %s", strerror(errno));
}

static void client_open(struct load *l, unsigned number)
{
    struct client *c = &l->clients[number];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    uint64_t identity;
    char group[24];

    if (strlen(l->socket) >= sizeof to.sun_path)
        die("the path of the socket is too long: %s", l->socket);
    strcpy(to.sun_path, l->socket);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect to %s: %s", l->socket, strerror(errno));
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
        die("epoll: %s", strerror(errno));
    if (getrandom(&identity, sizeof identity, 0) != sizeof identity)
        die("getrandom: %s", strerror(errno));
    identity |= 1ull << 63; /* Always as long in the log. */
    snprintf(group, sizeof group, "bench-%03u", number);
    request_init(&c->create, REQUEST_CREATE, group, identity, 0);
    request_init(&c->call, l->kind, group, identity, l->filler);
    c->id = FIRST_ID;
    client_send(c, &c->create);
}

static void client_close(struct client *c)
{
    request_release(&c->create);
    request_release(&c->call);
    bytes_release(&c->in);
    close(c->fd);
}

/* ----------------------------------------------------------------- measurement */

static void start(struct load *l)
{
    uint64_t now = now_ns();

    l->begin_ns = now + (uint64_t)(l->warmup * 1e9);
    l->end_ns = l->begin_ns + (uint64_t)(l->seconds * 1e9);
    for (unsigned i = 0; i < l->client_count; i++)
        client_send(&l->clients[i], &l->clients[i].call);
}

/* The groups of an earlier run are as good as new ones. */
static void created(struct load *l, enum answer answer, uint32_t code)
{
    if (answer == ANSWER_ERROR && code != ERROR_OBJECT_ALREADY_EXISTS)
        die("cannot create a group: %u %s", code, error_name(code));
    if (++l->created == l->client_count)
        start(l);
}

static void called(struct load *l, struct client *c, enum answer answer, uint32_t code)
{
    uint64_t now = now_ns();

    if (now >= l->begin_ns && now < l->end_ns) {
        if (l->cpu_begin_us == 0)
            l->cpu_begin_us = cpu_us();
        if (answer == ANSWER_GOOD)
            histogram_add(&l->latencies, (now - c->sent_ns) / 1000);
        else if (l->errors++ == 0)
            l->first_error = code;
    }
    if (now < l->end_ns)
        client_send(c, &c->call);
}

static void client_readable(struct load *l, struct client *c)
{
    uint8_t *room = bytes_reserve(&c->in, READ_ROOM);
    ssize_t n = recv(c->fd, room, READ_ROOM, MSG_DONTWAIT);
    uint32_t code = 0;
    size_t len;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        die("the node closed the connection%s%s", n < 0 ? ": " : "", n < 0 ? strerror(errno) : "");
    c->in.len += (size_t)n;
    enum answer answer = answer_read(c->in.data, c->in.len, c->id, &len, &code);
    if (answer == ANSWER_PARTIAL)
        return;
    if (answer == ANSWER_WRONG)
        die("the node's answer is not one");
    bytes_consume(&c->in, len);
    if (c->current == &c->create)
        created(l, answer, code);
    else
        called(l, c, answer, code);
}

static void run(struct load *l)
{
    struct epoll_event events[EVENTS];

    while (l->end_ns == 0 || now_ns() < l->end_ns) {
        int n = epoll_wait(l->epoll, events, EVENTS, SILENCE_MS);
        if (n < 0 && errno != EINTR)
            die("epoll: %s", strerror(errno));
        if (n == 0)
            die("no answer in %d ms", SILENCE_MS);
        for (int i = 0; i < n; i++)
            client_readable(l, events[i].data.ptr);
    }
}

static void report(const struct load *l)
{
    const struct histogram *h = &l->latencies;
    double cpu = l->cpu_begin_us == 0 ? 0 : (double)(cpu_us() - l->cpu_begin_us) / 1e6;

    printf("{\"calls_per_s\": %.1f, \"p50_us\": %llu, \"p99_us\": %llu, \"max_us\": %llu, "
           "\"errors\": %llu, \"error\": \"%s\", \"cpu\": %.3f, \"bytes\": %zu}\n",
           (double)h->count / l->seconds, (unsigned long long)histogram_percentile(h, 50),
           (unsigned long long)histogram_percentile(h, 99), (unsigned long long)h->max_us,
           (unsigned long long)l->errors, l->errors > 0 ? error_name(l->first_error) : "",
           cpu / l->seconds, request_logged_bytes(l->filler));
}

/* -------------------------------------------------------------------- arguments */

static void usage(void) __attribute__((noreturn));
static void usage(void)
{
    fputs("usage: load --socket PATH --clients N --call set|get"
          " [--seconds S] [--warmup S] [--bytes B]\n",
          stderr);
    exit(2);
}

static void arguments(struct load *l, int argc, char **argv)
{
    static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                            {"clients", required_argument, NULL, 'n'},
                                            {"call", required_argument, NULL, 'c'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"warmup", required_argument, NULL, 'w'},
                                            {"bytes", required_argument, NULL, 'b'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            l->socket = optarg;
        else if (option == 'n')
            l->client_count = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'c' && (strcmp(optarg, "set") == 0 || strcmp(optarg, "get") == 0))
            l->kind = optarg[0] == 's' ? REQUEST_SET : REQUEST_GET;
        else if (option == 't')
            l->seconds = strtod(optarg, NULL);
        else if (option == 'w')
            l->warmup = strtod(optarg, NULL);
        else if (option == 'b')
            l->bytes = strtoul(optarg, NULL, 10);
        else
            usage();
    }
    if (l->socket == NULL || l->client_count == 0 || l->client_count > CLIENTS_MAX ||
        l->kind == REQUEST_CREATE || l->seconds <= 0 || l->warmup < 0)
        usage();
}

int main(int argc, char **argv)
{
    struct load *l = xcalloc(1, sizeof *l);

    l->seconds = 4;
    l->warmup = 0.5;
    l->bytes = 200;
    arguments(l, argc, argv);
    l->filler = DESCRIPTION_MIN;
    while (l->filler < DESCRIPTION_MAX && request_logged_bytes(l->filler) < l->bytes)
        l->filler++;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0)
        die("epoll: %s", strerror(errno));
    l->clients = xcalloc(l->client_count, sizeof *l->clients);
    for (unsigned i = 0; i < l->client_count; i++)
        client_open(l, i);
    run(l);
    report(l);
    for (unsigned i = 0; i < l->client_count; i++)
        client_close(&l->clients[i]);
    free(l->clients);
    close(l->epoll);
    free(l);
    return 0;
}
