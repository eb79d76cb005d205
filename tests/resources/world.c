#include "tests/resources/world.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "net/msgpack.h"
#include "resources/cgroup.h"

enum { PATIENCE_MS = 60000, TICK_MS = 10, PENDING_TIMEOUT_MS = 60000 };

/* ----------------------------------------------------------------------- link */

static void remember(struct world_link *link, const struct monitor_resource *r)
{
    char *history = xasprintf("%s%" PRIu64 ":%" PRIu64 ":%d\n", link->history, r->id, r->operation,
                              (int)r->state);
    unsigned i = 0;

    free(link->history);
    link->history = history;
    if (r->embedded_failure)
        snprintf(link->embedded_failure, sizeof(link->embedded_failure), "%s", r->text);
    while (i < link->count && link->resources[i].id != r->id)
        i++;
    cr_assert_lt(i, WORLD_RESOURCES_MAX);
    if (i == link->count)
        link->count++;
    else
        free((char *)(uintptr_t)link->resources[i].text);
    link->resources[i] = *r;
    link->resources[i].text = xstrdup(r->text);
}

static void forget(struct world_link *link)
{
    for (unsigned i = 0; i < link->count; i++)
        free((char *)(uintptr_t)link->resources[i].text);
    link->count = 0;
}

static void on_ready(uint64_t incarnation, const struct monitor_resource *resources, unsigned count,
                     void *data)
{
    struct world_link *link = data;

    forget(link);
    for (unsigned i = 0; i < count; i++)
        remember(link, &resources[i]);
    link->incarnation = incarnation;
    link->inventory = count;
    link->ready++;
}

static void on_changed(const struct monitor_resource *r, void *data)
{
    struct world_link *link = data;

    cr_assert_gt(link->ready, 0, "changed() before ready()");
    remember(link, r);
}

static void on_gone(void *data)
{
    struct world_link *link = data;

    link->gone++;
    cr_assert_eq(world_processes(link->world), 0, "gone() while processes were left");
}

static void on_failed(uint32_t code, const char *message, void *data)
{
    struct world_link *link = data;

    cr_assert_neq(message[0], '\0');
    link->failed_code = code;
    link->failed++;
}

static void on_shut_down(void *data)
{
    struct world_link *link = data;

    link->shut_down++;
}

static void on_stranded(void *data)
{
    ((struct world_link *)data)->stranded++;
}

static const struct monitor_callbacks link_callbacks = {on_ready, on_changed, on_gone, on_stranded,
                                                        on_failed};

static bool link_is_ready(void *data)
{
    return ((struct world_link *)data)->ready > 0;
}

static bool link_is_shut_down(void *data)
{
    return ((struct world_link *)data)->shut_down > 0;
}

void world_link_begin(struct world *w, struct world_link *link)
{
    struct monitor_config config = {.dir = w->dir,
                                    .program = w->program,
                                    .node_name = "n1",
                                    .self_fence = w->self_fence,
                                    .watchdog = w->watchdog};

    *link = (struct world_link){.world = w};
    link->history = xstrdup("");
    cr_assert_eq(monitor_open(&w->loop, &config, &link_callbacks, link, &link->monitor), 0);
}

void world_link_open(struct world *w, struct world_link *link)
{
    world_link_begin(w, link);
    world_wait(w, link_is_ready, link, "ready()");
}

void world_link_close(struct world *w, struct world_link *link)
{
    monitor_close(link->monitor);
    link->monitor = NULL;
    forget(link);
    free(link->history);
    link->history = NULL;
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* -------------------------------------------------------------------- the world */

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void find_program(struct world *w)
{
    const char *given = getenv("HOLDFAST_MONITOR");
    char *slash;
    ssize_t n;

    if (given != NULL) {
        snprintf(w->program, sizeof(w->program), "%s", given);
        return;
    }
    n = readlink("/proc/self/exe", w->program, sizeof(w->program) - 32);
    cr_assert_gt(n, 0);
    w->program[n] = '\0';
    slash = strrchr(w->program, '/');
    strcpy(slash, "/../holdfast-monitor");
}

void world_setup_bare(struct world *w)
{
    *w = (struct world){.next_operation = 100};
    strcpy(w->dir, "/tmp/holdfast-resources-XXXXXX");
    cr_assert_not_null(mkdtemp(w->dir));
    find_program(w);
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->tick);
}

void world_setup(struct world *w)
{
    world_setup_bare(w);
    world_link_open(w, &w->link);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void assert_no_cgroups(const struct world *w)
{
    char *own = cgroup_own(), prefix[64];
    const struct dirent *entry;
    DIR *folder;

    if (own == NULL)
        return;
    snprintf(prefix, sizeof(prefix), "holdfast-%016" PRIx64 "-",
             digest_bytes(w->dir, strlen(w->dir)));
    folder = opendir(own);
    while ((entry = readdir(folder)) != NULL)
        cr_expect_neq(strncmp(entry->d_name, prefix, strlen(prefix)), 0, "left: %s", entry->d_name);
    closedir(folder);
    free(own);
}

void world_teardown(struct world *w)
{
    if (w->link.monitor == NULL)
        world_link_open(w, &w->link);
    monitor_shutdown(w->link.monitor, on_shut_down, &w->link);
    world_wait(w, link_is_shut_down, &w->link, "shutdown");
    cr_assert_neq(access(world_path(w, "monitor.sock"), F_OK), 0);
    cr_assert_neq(access(world_path(w, "monitor.pid"), F_OK), 0);
    world_link_close(w, &w->link);
    world_wait_no_processes(w);
    assert_no_cgroups(w);
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&w->loop), 0);
    nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---------------------------------------------------------------------- waiting */

void world_wait(struct world *w, bool (*done)(void *data), void *data, const char *what)
{
    uint64_t limit_ms = clock_boot_ms() + PATIENCE_MS;

    uv_timer_start(&w->tick, on_tick, TICK_MS, TICK_MS);
    while (!done(data)) {
        if (clock_boot_ms() >= limit_ms) {
            char *log = world_read(w, "monitor.log");
            fprintf(stderr, "%s\n", log == NULL ? "" : log);
            free(log);
            cr_assert_fail("waited in vain for %s", what);
        }
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&w->tick);
}

void world_run_for(struct world *w, uint64_t ms)
{
    uint64_t until_ms = clock_boot_ms() + ms;

    uv_timer_start(&w->tick, on_tick, TICK_MS, TICK_MS);
    while (clock_boot_ms() < until_ms)
        uv_run(&w->loop, UV_RUN_ONCE);
    uv_timer_stop(&w->tick);
}

static const struct monitor_resource *find_resource(const struct world *w, uint64_t id)
{
    for (unsigned i = 0; i < w->link.count; i++) {
        if (w->link.resources[i].id == id)
            return &w->link.resources[i];
    }
    return NULL;
}

struct state_wait {
    struct world *w;
    uint64_t id, operation; /* 0: any. */
    enum monitor_resource_state state;
};

static bool is_in_state(void *data)
{
    const struct state_wait *s = data;
    const struct monitor_resource *r = find_resource(s->w, s->id);

    return r != NULL && r->state == s->state && (s->operation == 0 || r->operation == s->operation);
}

void world_wait_state(struct world *w, uint64_t id, enum monitor_resource_state state)
{
    world_wait_life(w, id, 0, state);
}

void world_wait_life(struct world *w, uint64_t id, uint64_t operation,
                     enum monitor_resource_state state)
{
    struct state_wait s = {w, id, operation, state};
    char what[80];

    snprintf(what, sizeof(what), "resource %" PRIu64 " operation %" PRIu64 " in state %d", id,
             operation, (int)state);
    world_wait(w, is_in_state, &s, what);
}

const struct monitor_resource *world_resource(struct world *w, uint64_t id)
{
    const struct monitor_resource *r = find_resource(w, id);

    cr_assert_not_null(r);
    return r;
}

bool world_knows(const struct world *w, uint64_t id)
{
    return find_resource(w, id) != NULL;
}

/* Requests are obeyed in order, so an answered one says that all before are. */
static void on_settled(uint32_t code, void *data)
{
    (void)code;
    *(bool *)data = true;
}

static bool is_true(void *data)
{
    return *(bool *)data;
}

void world_settle(struct world *w)
{
    bool settled = false;

    cr_assert_eq(monitor_control(w->link.monitor, 0, 0, NULL, 0, on_settled, &settled), 0);
    world_wait(w, is_true, &settled, "an answer");
}

/* ----------------------------------------------------------------------- orders */

struct monitor_order world_default_order(struct world *w, uint64_t id, const char *type)
{
    return (struct monitor_order){
        .id = id,
        .operation = ++w->next_operation,
        .token = 7777,
        .name = "res",
        .group = "grp",
        .type = type,
        .pending_timeout_ms = PENDING_TIMEOUT_MS,
        .looks_alive_ms = UINT32_MAX,
        .is_alive_ms = UINT32_MAX,
    };
}

static void order_with(struct world *w, struct monitor_order *order, va_list pairs)
{
    struct bytes properties = BYTES_INIT;
    struct msgpack_sink sink;
    uint32_t count = 0;
    va_list counted;

    va_copy(counted, pairs);
    while (va_arg(counted, const char *) != NULL)
        count++;
    va_end(counted);
    cr_assert_eq(count % 2, 0);
    msgpack_sink_init(&sink, &properties);
    sink_map(&sink.sink, count / 2);
    for (uint32_t i = 0; i < count; i++)
        sink_str(&sink.sink, va_arg(pairs, const char *));
    order->properties = &properties;
    monitor_online(w->link.monitor, order);
    bytes_release(&properties);
}

void world_order(struct world *w, struct monitor_order order, ...)
{
    va_list pairs;

    va_start(pairs, order);
    order_with(w, &order, pairs);
    va_end(pairs);
}

uint64_t world_online(struct world *w, uint64_t id, const char *type, ...)
{
    struct monitor_order order = world_default_order(w, id, type);
    va_list pairs;

    va_start(pairs, type);
    order_with(w, &order, pairs);
    va_end(pairs);
    return order.operation;
}

uint64_t world_offline_bytes(struct world *w, uint64_t id, const void *list, size_t len)
{
    monitor_offline(w->link.monitor, id, ++w->next_operation, PENDING_TIMEOUT_MS, list, len);
    return w->next_operation;
}

uint64_t world_offline(struct world *w, uint64_t id)
{
    return world_offline_bytes(w, id, NULL, 0);
}

uint64_t world_offline_dword(struct world *w, uint64_t id, const char *name, uint32_t value)
{
    struct proplist_builder b;
    uint64_t operation;

    proplist_builder_init(&b, PROPLIST_UTF16);
    cr_assert_eq(proplist_add_dword(&b, name, value), 0);
    operation = world_offline_bytes(w, id, b.bytes.data, b.bytes.len);
    proplist_builder_release(&b);
    return operation;
}

/* ------------------------------------------------------------------------ files */

const char *world_path(struct world *w, const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    return path;
}

static char *read_whole(const char *path, size_t *ret_len)
{
    struct bytes b = BYTES_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len;
    ssize_t n;

    if (fd < 0)
        return NULL;
    do {
        n = read(fd, bytes_reserve(&b, 4096), 4096);
        b.len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    close(fd);
    bytes_append(&b, "", 1);
    if (ret_len != NULL)
        *ret_len = b.len - 1;
    return (char *)bytes_detach(&b, &len);
}

char *world_read(struct world *w, const char *name)
{
    return read_whole(world_path(w, name), NULL);
}

struct file_wait {
    struct world *w;
    const char *name, *contains;
};

static bool file_contains(void *data)
{
    const struct file_wait *f = data;
    char *text = world_read(f->w, f->name);
    bool found = text != NULL && strstr(text, f->contains) != NULL;

    free(text);
    return found;
}

void world_wait_file(struct world *w, const char *name, const char *contains)
{
    struct file_wait f = {w, name, contains};

    world_wait(w, file_contains, &f, name);
}

long world_read_pid(struct world *w, const char *name)
{
    char *text;
    long pid;

    world_wait_file(w, name, "\n");
    text = world_read(w, name);
    pid = atol(text);
    free(text);
    cr_assert_gt(pid, 1);
    return pid;
}

long world_monitor_pid(struct world *w)
{
    return world_read_pid(w, "monitor.pid");
}

/* -------------------------------------------------------------------- processes */

static bool names_folder(const char *pid, const char *file, const char *dir)
{
    char path[64];
    size_t len = 0;
    char *text;
    bool found;

    snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
    text = read_whole(path, &len);
    found = text != NULL && memmem(text, len, dir, strlen(dir)) != NULL;
    free(text);
    return found;
}

unsigned world_processes(struct world *w)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    unsigned count = 0;

    while ((entry = readdir(proc)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
            continue;
        if (names_folder(entry->d_name, "cmdline", w->dir) ||
            names_folder(entry->d_name, "environ", w->dir))
            count++;
    }
    closedir(proc);
    return count;
}

static bool no_processes(void *data)
{
    return world_processes(data) == 0;
}

void world_wait_no_processes(struct world *w)
{
    world_wait(w, no_processes, w, "the end of all processes");
}

static bool process_stat(long pid, char *ret_state, long *ret_parent)
{
    char path[64], *text, *end;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    text = read_whole(path, NULL);
    end = text == NULL ? NULL : strrchr(text, ')');
    if (end != NULL)
        found = sscanf(end, ") %c %ld", ret_state, ret_parent) == 2;
    free(text);
    return found;
}

bool process_lives(long pid)
{
    long parent;
    char state;

    return process_stat(pid, &state, &parent) && state != 'Z' && state != 'X';
}

long process_parent(long pid)
{
    long parent = 0;
    char state;

    return process_stat(pid, &state, &parent) ? parent : 0;
}

static bool is_dead(void *data)
{
    return !process_lives(*(const long *)data);
}

void world_wait_dead(struct world *w, long pid)
{
    world_wait(w, is_dead, &pid, "the death of a process");
}
