#include "resources/monitor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/reset_mark.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "resources/monitor_link.h"
#include "resources/monitor_protocol.h"

enum {
    RETRY_MS = 20,      /* While a monitor comes up, or the rest of one goes down. */
    PATIENCE_MS = 5000, /* After that much of it, say so. */
    RETRY_FAILED_MS = 1000,
    ATTACH_MS = 5000,
    /* A connection that ended sooner was taken over, perhaps: two daemons must
     * not snatch it from each other without a pause. */
    SETTLED_MS = 1000,
};

enum link_state {
    LINK_WAITING, /* The timer brings the next try. */
    LINK_DIALING,
    LINK_ATTACHING,
    LINK_READY,
    LINK_SPAWNING,
    LINK_IDLE, /* Shut down, or stranded. */
    LINK_CLOSED,
};

struct monitor {
    uv_loop_t *loop;
    char *dir, *program, *node_name, *self_fence, *watchdog;
    struct address address;
    struct monitor_callbacks callbacks;
    void *data;

    enum link_state state;
    struct rpc_dial *dial;
    struct rpc_conn *conn;
    uv_timer_t timer;
    uv_process_t *process;    /* Holds the front process until the monitor serves; NULL. */
    uint32_t revision;        /* Of the monitor's protocol. */
    bool known;               /* ready() was called and gone() was not since. */
    uint64_t trying_since_ms; /* Loop's clock; 0: not trying. */
    uint64_t ready_since_ms;
    uint64_t pause_until_ms;
    void (*shutdown_done)(void *data); /* NULL: no shutdown asked for. */
    void *shutdown_data;
    unsigned open; /* Handles and connections that still have a callback to come. */
};

static void monitor_try(struct monitor *m);

/* ------------------------------------------------------------------- life time */

static void monitor_unref(struct monitor *m)
{
    if (--m->open > 0)
        return;
    free(m->node_name);
    free(m->self_fence);
    free(m->watchdog);
    free(m->program);
    free(m->dir);
    free(m);
}

static void monitor_on_timer_closed(uv_handle_t *handle)
{
    monitor_unref(handle->data);
}

static void monitor_on_timer(uv_timer_t *timer)
{
    monitor_try(timer->data);
}

static void try_again(struct monitor *m, uint64_t delay_ms)
{
    m->state = LINK_WAITING;
    uv_timer_start(&m->timer, monitor_on_timer, delay_ms, 0);
}

static void fail(struct monitor *m, uint32_t code, const char *message)
{
    m->trying_since_ms = 0;
    try_again(m, RETRY_FAILED_MS);
    if (m->callbacks.failed != NULL)
        m->callbacks.failed(code, message, m->data);
}

static void finish_shutdown(struct monitor *m)
{
    void (*done)(void *data) = m->shutdown_done;

    m->state = LINK_IDLE;
    m->known = false;
    m->shutdown_done = NULL;
    done(m->shutdown_data);
}

/* ------------------------------------------------------------------ connected */

struct rpc_conn *monitor_conn(const struct monitor *m)
{
    return monitor_is_ready(m) ? m->conn : NULL;
}

bool monitor_is_closed(const struct monitor *m)
{
    return m->state == LINK_CLOSED;
}

/* Returns false if the answer is not one of a monitor. */
static bool take_inventory(struct monitor *m, const struct value *result)
{
    const struct value *list = value_get_array(result, "resources");
    struct monitor_resource *resources;
    uint64_t incarnation;
    uint32_t count;

    if (list == NULL || !value_get_uint(result, "incarnation", &incarnation))
        return false;
    count = list->len;
    resources = xcalloc(count + (size_t)1, sizeof(*resources));
    for (uint32_t i = 0; i < count; i++) {
        if (monitor_resource_read(&list->items[i], &resources[i]) != 0) {
            free(resources);
            return false;
        }
    }
    m->revision = 1;
    value_get_u32(result, "revision", &m->revision);
    m->state = LINK_READY;
    m->known = true;
    m->trying_since_ms = 0;
    m->ready_since_ms = uv_now(m->loop);
    if (m->callbacks.ready != NULL)
        m->callbacks.ready(incarnation, resources, count, m->data);
    free(resources);
    return true;
}

static void monitor_on_attached(uint32_t code, const char *message, const struct value *result,
                                void *data)
{
    struct monitor *m = data;

    if (m->state != LINK_ATTACHING)
        return;
    if (code == 0 && m->shutdown_done != NULL) {
        m->state = LINK_READY;
        monitor_send_shutdown(m->conn);
        return;
    }
    if (code == 0 && !take_inventory(m, result)) {
        code = ERROR_INVALID_DATA;
        message = "the monitor's inventory cannot be read";
    }
    if (code == 0 || m->conn == NULL)
        return;
    /* If the connection broke, closed() follows and tries again. */
    if (code == ERROR_CONNECTION_ABORTED)
        return;
    rpc_close(m->conn);
    m->conn = NULL;
    fail(m, code, code == ERROR_TIMEOUT ? "the monitor does not answer" : message);
}

static void attach(struct monitor *m)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink sink;

    m->state = LINK_ATTACHING;
    msgpack_sink_init(&sink, &b);
    sink_map(&sink.sink, 1);
    sink_kv_uint(&sink.sink, "version", MONITOR_PROTOCOL_VERSION);
    rpc_call(m->conn, "attach", &b, ATTACH_MS, monitor_on_attached, m);
    bytes_release(&b);
}

static void monitor_on_notification(struct rpc_conn *c, const char *method,
                                    const struct value *params, void *data)
{
    struct monitor *m = data;
    struct monitor_resource r;

    if (m->state != LINK_READY || c != m->conn || strcmp(method, "changed") != 0)
        return;
    if (m->shutdown_done != NULL || m->callbacks.changed == NULL)
        return;
    if (monitor_resource_read(params, &r) == 0)
        m->callbacks.changed(&r, m->data);
    else
        log_warn("monitor", "a report of the monitor cannot be read");
}

/* ----------------------------------------------------------------- no connection */

/* The lock is free only if the monitor and everything that it ran are gone: its
 * guardians hold it, too. */
static bool monitor_is_dead(const struct monitor *m, uint32_t *ret_code)
{
    char *path = xasprintf("%s/monitor.lock", m->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool dead;

    free(path);
    if (fd < 0) {
        *ret_code = error_from_errno(errno);
        return false;
    }
    dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    *ret_code = 0;
    return dead;
}

static void monitor_on_process_closed(uv_handle_t *handle)
{
    free(handle);
}

static void monitor_on_spawn_ended(uv_process_t *process, int64_t status, int signal_number)
{
    struct monitor *m = process->data;

    uv_close((uv_handle_t *)process, monitor_on_process_closed);
    m->process = NULL;
    if (m->state == LINK_SPAWNING) {
        if (status == 0 && signal_number == 0) {
            monitor_try(m);
        } else {
            char *message = xasprintf("%s did not come up; see %s/monitor.log", m->program, m->dir);
            fail(m, ERROR_RESMON_ONLINE_FAILED, message);
            free(message);
        }
    }
    monitor_unref(m);
}

static int spawn_process(struct monitor *m, int log_fd)
{
    char *const args[] = {m->program,
                          (char[]){"--dir"},
                          m->dir,
                          (char[]){"--node"},
                          m->node_name,
                          (char[]){"--detach"},
                          (char[]){"--self-fence"},
                          m->self_fence,
                          (char[]){"--watchdog"},
                          m->watchdog,
                          NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = log_fd},
        {.flags = UV_INHERIT_FD, .data.fd = log_fd},
    };
    uv_process_options_t options = {
        .file = m->program,
        .args = (char **)(uintptr_t)args,
        .flags = UV_PROCESS_DETACHED,
        .stdio = stdio,
        .stdio_count = 3,
        .exit_cb = monitor_on_spawn_ended,
    };

    return uv_spawn(m->loop, m->process, &options);
}

/* The process started goes to the background by itself and is then nobody's
 * child; what is waited for here is the one in front, which ends when the
 * monitor serves. */
static void spawn(struct monitor *m)
{
    char *log_path = xasprintf("%s/monitor.log", m->dir), *message;
    int log_fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    int rc = log_fd < 0 ? -errno : 0;

    if (rc == 0) {
        m->process = xcalloc(1, sizeof(*m->process));
        rc = spawn_process(m, log_fd);
        m->process->data = m;
        m->open++;
        close(log_fd);
    }
    if (rc == 0) {
        log_info("monitor", "starting %s", m->program);
        m->state = LINK_SPAWNING;
        free(log_path);
        return;
    }
    message = xasprintf("cannot start %s: %s", m->program, uv_strerror(rc));
    if (m->process != NULL) {
        uv_close((uv_handle_t *)m->process, monitor_on_process_closed);
        m->process = NULL;
        m->open--;
    }
    fail(m, ERROR_RESMON_CREATE_FAILED, message);
    free(message);
    free(log_path);
}

/* For good: only the next boot makes the mark void. */
static void strand(struct monitor *m)
{
    m->state = LINK_IDLE;
    m->known = false;
    if (m->callbacks.stranded != NULL)
        m->callbacks.stranded(m->data);
}

/* Nobody answers at the socket. */
static void unreached(struct monitor *m)
{
    uint64_t now_ms = uv_now(m->loop);
    uint32_t code;

    if (monitor_is_dead(m, &code)) {
        if (m->shutdown_done != NULL) {
            finish_shutdown(m);
            return;
        }
        if (reset_mark_is_set(m->dir)) {
            strand(m);
            return;
        }
        if (m->known) {
            m->known = false;
            log_warn("monitor", "the monitor's process is gone");
            if (m->callbacks.gone != NULL)
                m->callbacks.gone(m->data);
            if (m->state == LINK_CLOSED)
                return;
        }
        spawn(m);
        return;
    }
    if (code != 0) {
        fail(m, code, "the lock file of the monitor cannot be opened");
    } else if (m->trying_since_ms != 0 && now_ms - m->trying_since_ms > PATIENCE_MS) {
        fail(m, ERROR_RESMON_ONLINE_FAILED, "a monitor is alive but does not listen");
    } else {
        if (m->trying_since_ms == 0)
            m->trying_since_ms = now_ms;
        try_again(m, RETRY_MS);
    }
}

static void monitor_broke(struct monitor *m)
{
    uint64_t now_ms = uv_now(m->loop);
    bool settled = now_ms - m->ready_since_ms >= SETTLED_MS;

    if (m->shutdown_done == NULL)
        log_info("monitor", "the link to the monitor broke");
    m->trying_since_ms = 0;
    m->pause_until_ms = settled || m->shutdown_done != NULL ? 0 : now_ms + SETTLED_MS;
    try_again(m, 0);
}

static void monitor_on_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct monitor *m = data;

    (void)code;
    if (c == m->conn) {
        m->conn = NULL;
        if (m->state == LINK_READY || m->state == LINK_ATTACHING)
            monitor_broke(m);
    }
    monitor_unref(m);
}

static const struct rpc_handlers monitor_handlers = {
    .notification = monitor_on_notification,
    .closed = monitor_on_closed,
};

static void monitor_on_dialed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct monitor *m = data;

    (void)code;
    m->dial = NULL;
    if (c == NULL) {
        unreached(m);
        return;
    }
    m->conn = c;
    m->open++;
    attach(m);
}

static void monitor_try(struct monitor *m)
{
    struct rpc_dial_options options = {
        .handlers = &monitor_handlers,
        .data = m,
        .limits = &monitor_rpc_limits,
    };
    uint32_t code;

    /* A pause between daemons, not between a death and its notice. */
    if (uv_now(m->loop) < m->pause_until_ms && !monitor_is_dead(m, &code)) {
        try_again(m, RETRY_MS);
        return;
    }
    m->state = LINK_DIALING;
    m->dial = rpc_dial(m->loop, &m->address, &options, monitor_on_dialed);
}

/* ------------------------------------------------------------ opening, closing */

uint32_t monitor_open(uv_loop_t *loop, const struct monitor_config *config,
                      const struct monitor_callbacks *callbacks, void *data, struct monitor **ret)
{
    struct monitor *m = xcalloc(1, sizeof(*m));
    int len = snprintf(m->address.host, sizeof(m->address.host), "%s/monitor.sock", config->dir);

    if (len < 0 || (size_t)len >= sizeof(m->address.host)) {
        free(m);
        return ERROR_FILENAME_EXCED_RANGE;
    }
    m->address.is_unix = true;
    m->loop = loop;
    m->dir = xstrdup(config->dir);
    m->program = xstrdup(config->program);
    m->node_name = xstrdup(config->node_name);
    m->self_fence = xstrdup(config->self_fence != NULL ? config->self_fence : "none");
    m->watchdog = xstrdup(config->watchdog != NULL ? config->watchdog : "/dev/watchdog");
    m->callbacks = *callbacks;
    m->data = data;
    m->open = 1;
    uv_timer_init(loop, &m->timer);
    m->timer.data = m;
    try_again(m, 0);
    *ret = m;
    return 0;
}

void monitor_close(struct monitor *m)
{
    if (m == NULL)
        return;
    assert(m->state != LINK_CLOSED);
    m->state = LINK_CLOSED;
    m->shutdown_done = NULL;
    if (m->dial != NULL)
        rpc_dial_cancel(m->dial);
    m->dial = NULL;
    if (m->conn != NULL)
        rpc_close(m->conn);
    uv_close((uv_handle_t *)&m->timer, monitor_on_timer_closed);
    /* A process that is coming up is waited for, or it would stay a zombie. */
}

bool monitor_is_ready(const struct monitor *m)
{
    return m->state == LINK_READY && m->conn != NULL && m->shutdown_done == NULL;
}

bool monitor_feeds_watchdog(const struct monitor *m)
{
    return m->revision >= 3;
}

void monitor_shutdown(struct monitor *m, void (*done)(void *data), void *data)
{
    bool ready = monitor_is_ready(m);

    m->shutdown_done = done;
    m->shutdown_data = data;
    if (ready)
        monitor_send_shutdown(m->conn);
    else if (m->state == LINK_WAITING || m->state == LINK_IDLE)
        try_again(m, 0);
}
