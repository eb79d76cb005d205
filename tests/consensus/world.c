#include "tests/consensus/world.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/rpc.h"

enum { PATIENCE_MS = 100000 };

/* -------------------------------------------------------------------- servers */

static void on_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                       const struct value *params, void *data)
{
    struct node *n = data;

    if (n->consensus != NULL && strcmp(method, "raft.connect") == 0)
        consensus_accept(n->consensus, c, r, params);
    else
        rpc_reply_error(r, ERROR_NOT_READY, NULL);
}

static const struct rpc_handlers handlers = {.request = on_request};

static void node_serve(struct node *n, const char *host)
{
    struct address a;
    char text[300];

    snprintf(text, sizeof text, "%s:1", host);
    cr_assert_eq(address_parse(text, 0, &a), 0);
    a.port = 0;
    cr_assert_eq(rpc_server_open(&n->world->loop, &a, 0, NULL, &handlers, NULL, n, &n->server), 0);
    snprintf(n->address, sizeof n->address, "%s:%u", host, (unsigned)rpc_server_port(n->server));
}

/* ------------------------------------------------------------------------ life */

static void on_guard(uv_timer_t *guard)
{
    (void)guard;
    cr_assert_fail("nothing happened for %d ms", PATIENCE_MS);
}

void world_setup(struct world *w, unsigned count, const char *host)
{
    memset(w, 0, sizeof *w);
    signal(SIGPIPE, SIG_IGN); /* As the daemon does. */
    strcpy(w->dir, "/tmp/holdfast-raft-XXXXXX");
    cr_assert_not_null(mkdtemp(w->dir));
    cr_assert_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->guard);
    uv_unref((uv_handle_t *)&w->guard);
    w->count = count;
    w->election_ms = 300;
    for (unsigned i = 0; i < count; i++) {
        struct node *n = &w->nodes[i];
        n->world = w;
        n->id = i + 1;
        n->role = CONSENSUS_VOTER;
        snprintf(n->dir, sizeof n->dir, "%s/%u", w->dir, n->id);
        snprintf(n->disk, sizeof n->disk, "disk-%u", n->id);
        cr_assert_eq(mkdir(n->dir, 0700), 0);
        node_serve(n, host != NULL ? host : "127.0.0.1");
    }
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void world_teardown(struct world *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        struct node *n = &w->nodes[i];
        if (n->consensus != NULL)
            node_close(n);
        rpc_server_close(n->server);
        bytes_release(&n->state);
    }
    uv_timer_stop(&w->guard);
    uv_close((uv_handle_t *)&w->guard, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&w->loop), 0, "no handle is left");
    nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void world_step(struct world *w)
{
    /* Only the test's own progress counts, and the loop is never idle: so the
     * time runs over all of the test. */
    if (!uv_is_active((uv_handle_t *)&w->guard))
        uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0);
    uv_run(&w->loop, UV_RUN_ONCE);
}

/* ------------------------------------------------------------------- callbacks */

static void on_apply(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                     void *request, void *data)
{
    struct node *n = data;
    struct ask *ask = request;
    uint32_t prefix = (uint32_t)len;

    bytes_append(&n->state, &prefix, sizeof prefix);
    bytes_append(&n->state, command, len);
    n->commands++;
    n->stamp_ms = stamp_ms;
    if (n->consensus != NULL)
        n->arrived_ms = consensus_arrived_ms(n->consensus);
    cr_assert_eq(position, n->applied_position + 1);
    if (ask != NULL) {
        cr_assert_eq(ask->finished, 0, "applied before it is answered");
        ask->applied++;
        ask->position = position;
    }
}

static void on_applied(uint64_t position, void *data)
{
    struct node *n = data;

    cr_assert_eq(position, n->applied_position + 1);
    n->applied_position = position;
    n->entries++;
}

static void on_finished(void *request, uint32_t code, void *data)
{
    struct node *n = data;
    struct ask *ask = request;

    ask->finished++;
    ask->code = code;
    ask->entries_at_finish = n->entries;
    ask->order = ++n->world->finished;
}

/* Position, then the state: so that a restored node is checked like others. */
static void on_snapshot(struct bytes *out, void *data)
{
    struct node *n = data;

    bytes_append(out, &n->applied_position, sizeof n->applied_position);
    bytes_append(out, n->state.data, n->state.len);
}

static uint32_t on_restore(const uint8_t *state, size_t len, void *data)
{
    struct node *n = data;

    if (len < sizeof n->applied_position)
        return ERROR_INVALID_DATA;
    memcpy(&n->applied_position, state, sizeof n->applied_position);
    bytes_clear(&n->state);
    bytes_append(&n->state, state + sizeof n->applied_position, len - sizeof n->applied_position);
    n->restores++;
    return 0;
}

static void on_leadership(uint32_t leader, uint64_t term, bool is_self, void *data)
{
    struct node *n = data;
    struct ask *ask = n->when_leading;

    (void)term;
    cr_assert(!is_self || leader == n->id);
    if (!is_self || ask == NULL)
        return;
    n->when_leading = NULL;
    node_propose(n, "first", ask);
}

static const char *refuse_peer(uint32_t id, const char *disk, void *data)
{
    struct node *n = data;
    char expected[16];

    snprintf(expected, sizeof expected, "disk-%u", id);
    if (strcmp(disk, expected) == 0)
        return NULL;
    n->refusals++;
    return "its disk is another one";
}

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    fprintf(stderr, "fatal: %s\n", message);
    _exit(WORLD_FATAL);
}

static void on_outlived(const char *message, void *data)
{
    cr_assert_not_null(message);
    ((struct node *)data)->outlived++;
}

static const struct consensus_callbacks callbacks = {
    .outlived = on_outlived,
    .apply = on_apply,
    .applied = on_applied,
    .finished = on_finished,
    .snapshot = on_snapshot,
    .restore = on_restore,
    .leadership = on_leadership,
    .refuse_peer = refuse_peer,
    .fatal = on_fatal,
};

/* ----------------------------------------------------------------------- nodes */

uint32_t node_try_open(struct node *n, char **ret_why)
{
    struct world *w = n->world;
    struct consensus_server servers[WORLD_NODES_MAX];

    cr_assert_null(n->consensus);
    unsigned first = w->first != 0 ? w->first : w->count;
    for (unsigned i = 0; i < first; i++)
        servers[i] =
            (struct consensus_server){w->nodes[i].id, w->nodes[i].address, w->nodes[i].role};
    struct consensus_config config = {
        .dir = n->dir,
        .cluster = "test",
        .id = n->id,
        .address = n->address,
        .disk = n->disk,
        .epoch = n->epoch,
        .alone = n->alone,
        .servers = servers,
        .server_count = n->id <= first ? first : 0,
        .election_ms = w->election_ms,
        .heartbeat_ms = w->election_ms / 5,
        .snapshot_threshold = w->threshold,
        .snapshot_trailing = w->trailing,
    };
    bytes_clear(&n->state);
    n->commands = n->entries = n->restores = 0;
    n->applied_position = 0;
    return consensus_open(&w->loop, &config, &callbacks, n, &n->consensus, ret_why);
}

void node_open(struct node *n)
{
    char *why = NULL;
    uint32_t code = node_try_open(n, &why);

    cr_assert_eq(code, 0, "consensus_open: %s", why != NULL ? why : "");
}

static void on_closed(void *data)
{
    struct node *n = data;

    n->consensus = NULL;
}

void node_close(struct node *n)
{
    consensus_close(n->consensus, on_closed, n);
    RUN_UNTIL(n->world, n->consensus == NULL);
}

void node_propose(struct node *n, const char *command, struct ask *ask)
{
    consensus_propose(n->consensus, command, strlen(command), ask);
}

void node_barrier(struct node *n, struct ask *ask)
{
    consensus_barrier(n->consensus, ask);
}

void node_commit(struct node *n, const char *command)
{
    struct ask ask = {0};

    node_propose(n, command, &ask);
    RUN_UNTIL(n->world, ask.finished > 0);
    cr_assert_eq(ask.code, 0);
    cr_assert_eq(ask.applied, 1);
}

bool node_equal(const struct node *a, const struct node *b)
{
    return a->applied_position == b->applied_position && a->state.len == b->state.len &&
           (a->state.len == 0 || memcmp(a->state.data, b->state.data, a->state.len) == 0);
}

struct node *world_leader(struct world *w)
{
    struct node *leader = NULL;

    for (unsigned i = 0; i < w->count; i++) {
        struct node *n = &w->nodes[i];
        if (n->consensus == NULL || !consensus_is_leader(n->consensus))
            continue;
        if (leader != NULL)
            return NULL;
        leader = n;
    }
    return leader;
}

static bool all_follow(struct world *w)
{
    const struct node *leader = world_leader(w);

    for (unsigned i = 0; leader != NULL && i < w->count; i++)
        if (w->nodes[i].consensus != NULL && consensus_leader(w->nodes[i].consensus) != leader->id)
            return false;
    return leader != NULL;
}

struct node *world_elect(struct world *w)
{
    RUN_UNTIL(w, all_follow(w));
    return world_leader(w);
}

/* --------------------------------------------------------------------- children */

int in_child(int (*body)(void *data), void *data)
{
    int status;
    pid_t pid = fork();

    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(body(data));
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

struct run {
    struct node *node;
    unsigned count;
    size_t len;
};

static int run_and_die(void *data)
{
    const struct run *r = data;
    char *command = xmalloc(r->len + 1);

    uv_loop_fork(&r->node->world->loop);
    node_open(r->node);
    world_elect(r->node->world);
    for (unsigned i = 0; i < r->count; i++) {
        memset(command, 'a' + (int)(i % 26), r->len);
        command[r->len] = '\0';
        node_commit(r->node, command);
    }
    return 0;
}

void node_run_and_die(struct node *n, unsigned count, size_t len)
{
    struct run r = {n, count, len};

    cr_assert_eq(in_child(run_and_die, &r), 0);
}

/* ------------------------------------------------------------------------ files */

uint8_t *file_read(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    struct bytes b = BYTES_INIT;
    size_t n;

    cr_assert_not_null(f, "%s", path);
    do {
        n = fread(bytes_reserve(&b, 65536), 1, 65536, f);
        b.len += n;
    } while (n > 0);
    fclose(f);
    bytes_append(&b, "", 1);
    *ret_len = b.len - 1;
    return bytes_detach(&b, &n);
}

void file_write(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");

    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fwrite(data, 1, len, f), len);
    cr_assert_eq(fclose(f), 0);
}

bool file_find(const char *dir, const char *prefix, const char *suffix, unsigned nth, char *path,
               size_t size)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, versionsort);
    bool found = false;

    cr_assert_geq(n, 0);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        size_t len = strlen(name), tail = strlen(suffix);
        if (!found && strncmp(name, prefix, strlen(prefix)) == 0 && len >= tail &&
            strcmp(name + len - tail, suffix) == 0 && nth-- == 0) {
            found = true;
            snprintf(path, size, "%s/%s", dir, name);
        }
        free(names[i]);
    }
    free(names);
    return found;
}
