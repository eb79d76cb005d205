#include "tests/clusapi/fake.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/msgpack.h"

enum { CONNECTIONS_MAX = 256, FRAME_MAX = 4 << 20 };

struct connection {
    struct fake *fake;
    int fd;
    unsigned number;
    pthread_t thread;
};

struct fake {
    pthread_mutex_t mutex;
    pthread_cond_t gathered;
    struct fake_behaviour behaviour;
    char path[108];
    int listener;
    bool stopping;
    unsigned waiting; /* Calls held back by `gather`. */
    pthread_t thread;
    struct connection connections[CONNECTIONS_MAX];
    unsigned connection_count;
    struct fake_call calls[FAKE_CALLS_MAX];
    unsigned call_count;
};

/* ------------------------------------------------------------------ answers */

static void write_status(const struct fake *f, struct sink *s)
{
    const struct fake_behaviour *b = &f->behaviour;
    char address[120];

    snprintf(address, sizeof(address), "unix:%s", f->path);
    sink_map(s, 3);
    sink_kv_str(s, "name", b->cluster != NULL ? b->cluster : "test");
    sink_kv_str(s, "node", "n1");
    sink_kv_array(s, "nodes", b->peer != NULL ? 2 : 1);
    sink_map(s, 3);
    sink_kv_uint(s, "id", 1);
    sink_kv_str(s, "name", "n1");
    sink_kv_str(s, "address", address);
    if (b->peer != NULL) {
        sink_map(s, 3);
        sink_kv_uint(s, "id", 2);
        sink_kv_str(s, "name", "n2");
        sink_kv_str(s, "address", b->peer);
    }
}

static void write_object(struct fake *f, const char *name, struct sink *s)
{
    struct fake_behaviour *b = &f->behaviour;
    int state = b->pending > 0 ? 4 : b->state;

    if (b->pending > 0)
        b->pending--;
    sink_map(s, 5);
    sink_kv_uint(s, "id", b->id != 0 ? b->id : 7);
    sink_kv_str(s, "name", name);
    sink_kv_int(s, "state_code", state);
    sink_kv_str(s, "owner", b->owner != NULL ? b->owner : "n1");
    sink_kv_str(s, "group", "DemoGroup");
}

static void write_word(const struct fake *f, struct sink *s)
{
    sink_map(s, 3);
    sink_kv_uint(s, "code", f->behaviour.word);
    sink_kv_uint(s, "index", 99);
    sink_kv_str(s, "detail", "");
}

static uint32_t code_of(struct fake *f, const struct fake_call *c)
{
    static const struct {
        const char *get, *name;
        uint32_t missing;
    } objects[] = {
        {"group.get", "DemoGroup", 5013}, {"node.get", "n1", 5042}, {"resource.get", "Web", 5007}};

    if (strcmp(c->method, "cluster.status") == 0)
        return f->behaviour.starting > 0 && f->behaviour.starting-- > 0 ? ERROR_NOT_READY : 0;
    if (f->behaviour.refuse_all != 0)
        return f->behaviour.refuse_all;
    for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        if (strcmp(c->method, objects[i].get) == 0)
            return strcasecmp(c->name, objects[i].name) == 0 ? 0 : objects[i].missing;
    }
    return f->behaviour.refuse;
}

static void write_answer(struct fake *f, const struct fake_call *c, struct sink *s)
{
    uint32_t code = code_of(f, c);

    if (code != 0) {
        sink_map(s, 3);
        sink_kv_uint(s, "code", code);
        sink_kv_str(s, "name", "ERROR");
        sink_kv_str(s, "message", "refused");
        sink_nil(s);
        return;
    }
    sink_nil(s);
    if (strcmp(c->method, "cluster.status") == 0)
        write_status(f, s);
    else if (f->behaviour.bare)
        sink_map(s, 0);
    else if (strstr(c->method, ".get") != NULL)
        write_object(f, c->name, s);
    else
        write_word(f, s);
}

/* -------------------------------------------------------------------- calls */

static void copy_text(const struct value *params, const char *key, char *to, size_t size)
{
    const char *text;
    if (value_get_str(params, key, size - 1, &text))
        strcpy(to, text);
}

static struct fake_call call_read(const struct value *request, unsigned connection)
{
    const struct value *params = &request->items[3];
    struct fake_call c = {.connection = connection};
    const uint8_t *bytes;
    size_t len;

    snprintf(c.method, sizeof(c.method), "%s", request->items[2].str);
    copy_text(params, "name", c.name, sizeof(c.name));
    copy_text(params, "node", c.node, sizeof(c.node));
    copy_text(params, "group", c.group, sizeof(c.group));
    copy_text(params, "type", c.type, sizeof(c.type));
    copy_text(params, "on", c.on, sizeof(c.on));
    value_get_uint(params, "client", &c.client);
    value_get_uint(params, "seq", &c.seq);
    c.has_flags = value_get_u32(params, "flags", &c.flags);
    if (value_get_bin(params, "instructions", &bytes, &len) && len <= sizeof(c.instructions)) {
        memcpy(c.instructions, bytes, len);
        c.instructions_len = len;
    }
    return c;
}

/* Keep it, and wait for company if that was asked for. Returns false if the
 * caller is to be hung up on. Mutex held. */
static bool call_take(struct fake *f, const struct fake_call *c)
{
    if (strcmp(c->method, "cluster.status") == 0)
        return true;
    if (f->call_count < FAKE_CALLS_MAX)
        f->calls[f->call_count++] = *c;
    f->waiting++;
    pthread_cond_broadcast(&f->gathered);
    while (f->waiting < f->behaviour.gather && !f->stopping)
        pthread_cond_wait(&f->gathered, &f->mutex);
    if (f->behaviour.gather == 0)
        f->waiting = 0;
    if (f->behaviour.hang_ups == 0)
        return true;
    f->behaviour.hang_ups--;
    return false;
}

/* Answer one request; false to hang up. */
static bool request_serve(struct connection *c, const struct value *request)
{
    struct fake *f = c->fake;
    struct bytes out = BYTES_INIT;
    struct msgpack_sink m;
    struct fake_call call = call_read(request, c->number);

    pthread_mutex_lock(&f->mutex);
    bool goes_on = call_take(f, &call);
    msgpack_sink_init(&m, &out);
    sink_array(&m.sink, 4);
    sink_uint(&m.sink, 1);
    sink_uint(&m.sink, request->items[1].uint);
    write_answer(f, &call, &m.sink);
    if (f->behaviour.garbage && strcmp(call.method, "cluster.status") != 0)
        memset(out.data, 0xc1, out.len);
    pthread_mutex_unlock(&f->mutex);

    if (goes_on)
        goes_on = send(c->fd, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
    bytes_release(&out);
    return goes_on;
}

static void *connection_run(void *arg)
{
    struct connection *c = arg;
    struct bytes in = BYTES_INIT;
    struct msgpack_scan scan = {0};
    bool goes_on = true;

    while (goes_on) {
        enum msgpack_scan_result found = msgpack_scan(&scan, in.data, in.len, FRAME_MAX);
        if (found == MSGPACK_SCAN_DONE) {
            struct arena a = {0};
            const struct value *request;
            goes_on = msgpack_read(in.data, scan.position, &a, &request) == 0 &&
                      request_serve(c, request);
            arena_release(&a);
            bytes_consume(&in, scan.position);
            scan = (struct msgpack_scan){0};
            continue;
        }
        ssize_t n = recv(c->fd, bytes_reserve(&in, 65536), 65536, 0);
        if (found == MSGPACK_SCAN_BAD || n <= 0)
            break;
        in.len += (size_t)n;
    }
    shutdown(c->fd, SHUT_RDWR);
    bytes_release(&in);
    return NULL;
}

/* ------------------------------------------------------------------- server */

static void *listener_run(void *arg)
{
    struct fake *f = arg;
    for (;;) {
        int fd = accept(f->listener, NULL, NULL);
        pthread_mutex_lock(&f->mutex);
        if (f->stopping || fd < 0 || f->connection_count == CONNECTIONS_MAX) {
            pthread_mutex_unlock(&f->mutex);
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        struct connection *c = &f->connections[f->connection_count++];
        *c = (struct connection){.fake = f, .fd = fd, .number = f->connection_count};
        cr_assert_eq(pthread_create(&c->thread, NULL, connection_run, c), 0);
        pthread_mutex_unlock(&f->mutex);
    }
}

struct fake *fake_start(const char *path, const struct fake_behaviour *behaviour)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fake *f = xcalloc(1, sizeof(*f));

    if (behaviour != NULL)
        f->behaviour = *behaviour;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->gathered, NULL);
    cr_assert_lt(strlen(path), sizeof(address.sun_path));
    strcpy(f->path, path);
    strcpy(address.sun_path, path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(f->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(f->listener, 64), 0);
    cr_assert_eq(pthread_create(&f->thread, NULL, listener_run, f), 0);
    return f;
}

void fake_stop(struct fake *f)
{
    pthread_mutex_lock(&f->mutex);
    f->stopping = true;
    pthread_cond_broadcast(&f->gathered);
    pthread_mutex_unlock(&f->mutex);
    unlink(f->path);
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
    for (unsigned i = 0; i < f->connection_count; i++) {
        shutdown(f->connections[i].fd, SHUT_RDWR);
        pthread_join(f->connections[i].thread, NULL);
        close(f->connections[i].fd);
    }
    pthread_cond_destroy(&f->gathered);
    pthread_mutex_destroy(&f->mutex);
    free(f);
}

struct fake_behaviour *fake_lock(struct fake *f)
{
    pthread_mutex_lock(&f->mutex);
    return &f->behaviour;
}

void fake_unlock(struct fake *f)
{
    pthread_mutex_unlock(&f->mutex);
}

unsigned fake_call_count(struct fake *f)
{
    pthread_mutex_lock(&f->mutex);
    unsigned count = f->call_count;
    pthread_mutex_unlock(&f->mutex);
    return count;
}

struct fake_call fake_call(struct fake *f, unsigned position)
{
    pthread_mutex_lock(&f->mutex);
    cr_assert_lt(position, f->call_count);
    struct fake_call c = f->calls[position];
    pthread_mutex_unlock(&f->mutex);
    return c;
}

void place_make(struct place *p)
{
    strcpy(p->folder, "/tmp/holdfast-clusapi-XXXXXX");
    cr_assert_not_null(mkdtemp(p->folder));
    snprintf(p->n1, sizeof(p->n1), "%s/n1", p->folder);
    snprintf(p->n2, sizeof(p->n2), "%s/n2", p->folder);
    setenv("HOLDFAST_SOCKET", p->n1, 1);
}

void place_remove(struct place *p)
{
    cr_expect_eq(rmdir(p->folder), 0, "left behind: files");
}
