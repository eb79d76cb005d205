#include "tests/cli/fake.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "net/msgpack.h"

struct record {
    char *method;
    struct bytes params;
};

struct fake {
    fake_handler handler;
    void *data;
    char dir[64];
    char socket[128];
    int listener;
    int stop[2]; /* A pipe: closing its end stops the thread. */
    pthread_t thread;
    struct record *records;
    unsigned record_count;
    unsigned connections;
};

/* ------------------------------------------------------------ JSON to wire */

static void write_json(struct sink *s, const json_t *j)
{
    const char *key;
    json_t *value;
    size_t i;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        sink_map(s, (uint32_t)json_object_size(j));
        json_object_foreach((json_t *)j, key, value)
        {
            sink_str(s, key);
            write_json(s, value);
        }
        break;
    case JSON_ARRAY:
        sink_array(s, (uint32_t)json_array_size(j));
        json_array_foreach(j, i, value) write_json(s, value);
        break;
    case JSON_STRING:
        sink_str(s, json_string_value(j));
        break;
    case JSON_INTEGER:
        sink_int(s, json_integer_value(j));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        sink_bool(s, json_is_true(j));
        break;
    case JSON_REAL:
    case JSON_NULL:
        sink_nil(s);
        break;
    }
}

static void write_json_text(struct sink *s, const char *text)
{
    json_error_t error;
    json_t *j = json_loads(text == NULL ? "{}" : text, JSON_DECODE_ANY, &error);

    if (j == NULL)
        fprintf(stderr, "fake: %s in %s\n", error.text, text);
    if (j == NULL)
        abort();
    write_json(s, j);
    json_decref(j);
}

/* ------------------------------------------------------------------ answers */

static unsigned count_seen(const struct fake *f, const char *method)
{
    unsigned n = 0;

    for (unsigned i = 0; i < f->record_count; i++)
        n += strcmp(f->records[i].method, method) == 0;
    return n;
}

static void remember(struct fake *f, const char *method, const struct value *params)
{
    struct msgpack_sink m;
    struct record *r;

    f->records = xrealloc(f->records, (f->record_count + 1) * sizeof(*f->records));
    r = &f->records[f->record_count++];
    *r = (struct record){.method = xstrdup(method)};
    msgpack_sink_init(&m, &r->params);
    sink_value(&m.sink, params);
}

static void encode_answer(struct bytes *out, uint64_t id, const struct fake_answer *answer)
{
    struct msgpack_sink m;

    msgpack_sink_init(&m, out);
    sink_array(&m.sink, 4);
    sink_uint(&m.sink, 1);
    sink_uint(&m.sink, id);
    if (answer->code != 0) {
        sink_map(&m.sink, 3);
        sink_kv_uint(&m.sink, "code", answer->code);
        sink_kv_str(&m.sink, "name", error_name(answer->code));
        sink_kv_str(&m.sink, "message", answer->message == NULL ? "" : answer->message);
        sink_nil(&m.sink);
    } else {
        sink_nil(&m.sink);
        if (answer->value != NULL)
            sink_value(&m.sink, answer->value);
        else
            write_json_text(&m.sink, answer->json);
    }
    for (unsigned i = 0; i < 4 && answer->notify[i] != NULL; i++) {
        sink_array(&m.sink, 3);
        sink_uint(&m.sink, 2);
        sink_str(&m.sink, "event");
        write_json_text(&m.sink, answer->notify[i]);
    }
}

/* Returns false if the connection is to be closed. */
static bool serve_frame(struct fake *f, int fd, const uint8_t *frame, size_t len)
{
    struct fake_answer answer = {0};
    struct bytes out = BYTES_INIT;
    struct arena a = {0};
    const struct value *v;
    bool go_on = msgpack_read(frame, len, &a, &v) == 0 && v->len == 4;

    if (go_on) {
        struct fake_request request = {.method = v->items[2].str, .params = &v->items[3]};
        request.seen = count_seen(f, request.method);
        remember(f, request.method, request.params);
        f->handler(&request, &answer, f->data);
        go_on = !answer.hang_up;
    }
    if (go_on && !answer.silent) {
        encode_answer(&out, v->items[1].uint, &answer);
        go_on =
            send(fd, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len && !answer.hang_up_after;
    }
    bytes_release(&out);
    arena_release(&a);
    return go_on;
}

/* Wait until `fd` can be read; false when the test stops the fake. */
static bool wait_readable(const struct fake *f, int fd)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = f->stop[0], .events = POLLIN}};

    while (poll(p, 2, -1) < 0)
        ;
    return p[1].revents == 0;
}

static bool serve_connection(struct fake *f, int fd)
{
    struct msgpack_scan scan = {0};
    struct bytes in = BYTES_INIT;
    bool running = true, open = true;

    while (open && (running = wait_readable(f, fd))) {
        ssize_t n = recv(fd, bytes_reserve(&in, 65536), 65536, 0);
        if (n <= 0)
            break;
        in.len += (size_t)n;
        while (open && in.len > 0 &&
               msgpack_scan(&scan, in.data, in.len, 4 << 20) == MSGPACK_SCAN_DONE) {
            size_t len = scan.position;
            scan = (struct msgpack_scan){0};
            open = serve_frame(f, fd, in.data, len);
            bytes_consume(&in, len);
        }
    }
    bytes_release(&in);
    close(fd);
    return running;
}

static void *serve(void *data)
{
    struct fake *f = data;

    while (wait_readable(f, f->listener)) {
        int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        f->connections++;
        if (!serve_connection(f, fd))
            break;
    }
    return NULL;
}

/* ---------------------------------------------------------------- life time */

struct fake *fake_start(fake_handler handler, void *data)
{
    struct fake *f = xcalloc(1, sizeof(*f));
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    f->handler = handler == NULL ? cluster_answers : handler;
    f->data = data;
    strcpy(f->dir, "/tmp/holdfast-cli-XXXXXX");
    cr_assert_not_null(mkdtemp(f->dir));
    snprintf(f->socket, sizeof(f->socket), "%s/api.sock", f->dir);
    strcpy(name.sun_path, f->socket);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(f->listener, (struct sockaddr *)&name, sizeof(name)), 0);
    cr_assert_eq(listen(f->listener, 16), 0);
    cr_assert_eq(pipe(f->stop), 0);
    cr_assert_eq(pthread_create(&f->thread, NULL, serve, f), 0);
    return f;
}

void fake_stop(struct fake *f)
{
    close(f->stop[1]);
    pthread_join(f->thread, NULL);
    close(f->stop[0]);
    close(f->listener);
    unlink(f->socket);
    rmdir(f->dir);
    for (unsigned i = 0; i < f->record_count; i++) {
        free(f->records[i].method);
        bytes_release(&f->records[i].params);
    }
    free(f->records);
    free(f);
}

const char *fake_socket(const struct fake *f)
{
    return f->socket;
}

unsigned fake_connections(const struct fake *f)
{
    return f->connections;
}

const struct bytes *fake_seen(const struct fake *f, const char *method, unsigned position)
{
    for (unsigned i = 0; i < f->record_count; i++) {
        if (strcmp(f->records[i].method, method) == 0 && position-- == 0)
            return &f->records[i].params;
    }
    return NULL;
}

/* ------------------------------------------------------------------ running */

static struct run run_with(const struct fake *f, bool terminal, unsigned columns,
                           const char *const words[])
{
    struct cli_io io = {.out_is_terminal = terminal,
                        .err_is_terminal = terminal,
                        .colour = true,
                        .columns = columns,
                        .socket = f == NULL ? "/nonexistent/api.sock" : f->socket};
    struct run r = {0};
    size_t out_len, err_len;
    char *argv[32] = {(char *)(uintptr_t) "holdfast"};
    int argc = 1;

    for (; words[argc - 1] != NULL; argc++) {
        cr_assert_lt(argc, 31);
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    io.out = open_memstream(&r.out, &out_len);
    io.err = open_memstream(&r.err, &err_len);
    r.status = cli_run(argc, argv, &io);
    fclose(io.out);
    fclose(io.err);
    return r;
}

struct run run_words(const struct fake *f, const char *const words[])
{
    return run_with(f, false, 0, words);
}

struct run run_on_terminal(const struct fake *f, unsigned columns, const char *const words[])
{
    return run_with(f, true, columns, words);
}

void run_release(struct run *r)
{
    free(r->out);
    free(r->err);
}
