#include "resources/host.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "net/rpc.h"
#include "resources/cgroup.h"
#include "resources/host_private.h"
#include "resources/monitor_protocol.h"

/* --------------------------------------------------------------------- table */

static struct unit *find_unit(const struct host *h, uint64_t id)
{
    struct entry *e;

    HASH_FIND(hh, h->entries, &id, sizeof(id), e);
    return e == NULL ? NULL : e->unit;
}

static struct unit *add_unit(struct host *h, uint64_t id, const char *name)
{
    struct entry *e = xcalloc(1, sizeof(*e));

    e->id = id;
    e->unit = unit_new(&h->env, id, name);
    HASH_ADD(hh, h->entries, id, sizeof(id), e);
    return e->unit;
}

static void finish_if_idle(struct host *h);

static void host_on_forgotten(struct unit *u, void *data)
{
    struct host *h = data;
    uint64_t id = unit_id(u);
    struct entry *e;

    HASH_FIND(hh, h->entries, &id, sizeof(id), e);
    assert(e != NULL && e->unit == u);
    HASH_DEL(h->entries, e);
    free(e);
    unit_free(u);
    host_look_to_vigil(h);
    finish_if_idle(h);
}

/* ------------------------------------------------------------------- reports */

static void report(struct host *h, const struct monitor_resource *r)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    if (h->daemon == NULL)
        return;
    msgpack_sink_init(&m, &b);
    monitor_resource_write(r, &m.sink);
    rpc_notify(h->daemon, "changed", &b);
    bytes_release(&b);
}

static void host_on_changed(const struct unit *u, void *data)
{
    struct monitor_resource r;

    unit_describe(u, &r);
    report(data, &r);
    host_look_to_vigil(data);
}

/* Of a resource that the monitor does not have. */
static void report_absent(struct host *h, uint64_t id, uint64_t operation,
                          enum monitor_resource_state state, uint32_t code, const char *text)
{
    report(h, &(struct monitor_resource){
                  .id = id, .operation = operation, .state = state, .code = code, .text = text});
}

/* ------------------------------------------------------------------ shutdown */

static void finish_if_idle(struct host *h)
{
    if (!h->shutting_down || h->finished || h->entries != NULL)
        return;
    h->finished = true;
    log_info("monitor", "nothing runs any more: ending");
    rpc_server_close(h->server);
    lease_close(h->lease);
    guardians_close(h->guardians);
    uv_close((uv_handle_t *)&h->terminate, NULL);
    vigil_close(&h->vigil);
}

static void host_shutdown(struct host *h)
{
    struct entry *e, *next;

    if (h->shutting_down)
        return;
    log_info("monitor", "shutting down: terminating %u resources", HASH_COUNT(h->entries));
    h->shutting_down = true;
    HASH_ITER(hh, h->entries, e, next)
    {
        unit_hurry(e->unit); /* Whoever waits for this end does not wait for a budget. */
        unit_terminate(e->unit);
    }
    finish_if_idle(h);
}

static void host_on_sigterm(uv_signal_t *handle, int signal_number)
{
    (void)signal_number;
    host_shutdown(handle->data);
}

/* -------------------------------------------------------------------- orders */

static uint32_t order_online(struct host *h, const struct value *params)
{
    struct monitor_order order;
    struct bytes properties;
    struct unit *u;
    uint32_t rc = monitor_order_read(params, &properties, &order);

    if (rc != 0)
        return rc;
    u = find_unit(h, order.id);
    if (u == NULL && h->shutting_down) {
        report_absent(h, order.id, order.operation, MONITOR_FAILED, ERROR_SHUTDOWN_IN_PROGRESS,
                      "not started: the monitor is shutting down");
        return 0;
    }
    unit_online(u != NULL ? u : add_unit(h, order.id, order.name), &order);
    return 0;
}

static uint32_t order_offline(struct host *h, const struct value *params)
{
    const uint8_t *instructions;
    uint64_t id, next;
    uint32_t pending_timeout_ms;
    struct unit *u;
    size_t len;

    if (!value_get_uint(params, "id", &id) || !value_get_uint(params, "next", &next) ||
        !value_get_u32(params, "pending_timeout_ms", &pending_timeout_ms) ||
        !value_get_bin(params, "instructions", &instructions, &len))
        return ERROR_INVALID_PARAMETER;
    u = find_unit(h, id);
    if (u == NULL)
        report_absent(h, id, next, MONITOR_OFFLINE, 0, "was not running");
    else
        unit_offline(u, next, pending_timeout_ms, instructions, len);
    return 0;
}

static uint32_t order_fail(struct host *h, const struct value *params)
{
    uint64_t id, operation;
    struct unit *u;

    if (!value_get_uint(params, "id", &id) || !value_get_uint(params, "operation", &operation))
        return ERROR_INVALID_PARAMETER;
    u = find_unit(h, id);
    if (u == NULL)
        report_absent(h, id, operation, MONITOR_FAILED, ERROR_RESOURCE_FAILED, "was not running");
    else
        unit_fail(u, operation, ERROR_RESOURCE_FAILED, "failed on request");
    return 0;
}

static uint32_t order_terminate(struct host *h, const struct value *params)
{
    struct unit *u;
    uint64_t id;

    if (!value_get_uint(params, "id", &id))
        return ERROR_INVALID_PARAMETER;
    u = find_unit(h, id);
    if (u == NULL)
        report_absent(h, id, 0, MONITOR_OFFLINE, 0, "was not running");
    else
        unit_terminate(u);
    return 0;
}

/* Of a life that is over there is nothing to watch. */
static uint32_t order_watch(struct host *h, const struct value *params)
{
    uint64_t id, operation;
    struct unit *u;
    bool watched;

    if (!value_get_uint(params, "id", &id) || !value_get_uint(params, "operation", &operation) ||
        !value_get_bool(params, "watched", &watched))
        return ERROR_INVALID_PARAMETER;
    u = find_unit(h, id);
    if (u != NULL)
        unit_watch(u, operation, watched);
    return 0;
}

static uint32_t order_control(struct host *h, const struct value *params)
{
    const uint8_t *input;
    struct unit *u;
    uint64_t id;
    uint32_t code;
    size_t len;

    if (!value_get_uint(params, "id", &id) || !value_get_u32(params, "code", &code) ||
        !value_get_bin(params, "input", &input, &len))
        return ERROR_INVALID_PARAMETER;
    u = find_unit(h, id);
    return u == NULL ? ERROR_RESOURCE_NOT_ONLINE : unit_control(u, code, input, len);
}

static uint32_t order_shutdown(struct host *h, const struct value *params)
{
    (void)params;
    host_shutdown(h);
    return 0;
}

/* ----------------------------------------------------------------- connection */

static void reply_inventory(const struct host *h, struct rpc_request *r)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;
    const struct entry *e;

    msgpack_sink_init(&m, &b);
    sink_map(&m.sink, 5);
    sink_kv_uint(&m.sink, "version", MONITOR_PROTOCOL_VERSION);
    sink_kv_uint(&m.sink, "revision", MONITOR_PROTOCOL_REVISION);
    sink_kv_uint(&m.sink, "incarnation", lease_incarnation(h->lease));
    sink_kv_uint(&m.sink, "pid", (uint64_t)getpid());
    sink_kv_array(&m.sink, "resources", HASH_COUNT(h->entries));
    for (e = h->entries; e != NULL; e = e->hh.next) {
        struct monitor_resource described;
        unit_describe(e->unit, &described);
        monitor_resource_write(&described, &m.sink);
    }
    rpc_reply(r, &b);
    bytes_release(&b);
}

static void attach(struct host *h, struct rpc_conn *c, struct rpc_request *r,
                   const struct value *params)
{
    struct rpc_conn *older = h->daemon;
    uint32_t version;

    if (!value_get_u32(params, "version", &version) || version != MONITOR_PROTOCOL_VERSION) {
        rpc_reply_error(r, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS,
                        "the monitor speaks another version of its protocol");
        return;
    }
    log_info("monitor", "attached to a daemon");
    h->daemon = c;
    reply_inventory(h, r);
    if (older != NULL && older != c) {
        log_warn("monitor", "an older daemon is disconnected");
        rpc_close(older);
    }
}

static void host_on_request(struct rpc_conn *c, struct rpc_request *r, const char *method,
                            const struct value *params, void *data)
{
    static const struct {
        const char *method;
        uint32_t (*obey)(struct host *h, const struct value *params);
    } orders[] = {
        {"online", order_online},       {"offline", order_offline}, {"fail", order_fail},
        {"terminate", order_terminate}, {"control", order_control}, {"shutdown", order_shutdown},
        {"watch", order_watch},
    };
    struct host *h = data;
    size_t i = 0;

    if (strcmp(method, "attach") == 0) {
        attach(h, c, r, params);
        return;
    }
    while (i < sizeof(orders) / sizeof(orders[0]) && strcmp(method, orders[i].method) != 0)
        i++;
    if (i == sizeof(orders) / sizeof(orders[0])) {
        rpc_reply_error(r, ERROR_CALL_NOT_IMPLEMENTED, NULL);
    } else if (c != h->daemon) {
        rpc_reply_error(r, ERROR_INVALID_STATE, "attach first");
    } else {
        uint32_t rc = orders[i].obey(h, params);
        if (rc == 0)
            rpc_reply(r, NULL);
        else
            rpc_reply_error(r, rc, NULL);
    }
}

static void host_on_notification(struct rpc_conn *c, const char *method, const struct value *params,
                                 void *data)
{
    struct host *h = data;
    uint64_t incarnation, deadline_ms;

    if (c != h->daemon || strcmp(method, "lease") != 0)
        return;
    if (value_get_uint(params, "incarnation", &incarnation) &&
        value_get_uint(params, "deadline_ms", &deadline_ms))
        lease_set(h->lease, incarnation, deadline_ms);
}

static void host_on_closed(struct rpc_conn *c, uint32_t code, void *data)
{
    struct host *h = data;

    (void)code;
    if (c != h->daemon)
        return;
    log_info("monitor", "the daemon is gone; its resources go on");
    h->daemon = NULL;
}

static const struct rpc_handlers host_handlers = {
    .request = host_on_request,
    .notification = host_on_notification,
    .closed = host_on_closed,
};

/* -------------------------------------------------------------- opening, running */

static void prepare_cgroups(struct host *h)
{
    char *own = cgroup_own();
    char prefix[64];
    unsigned left;

    if (own == NULL) {
        log_info("monitor", "no cgroups can be made here: resources go without");
        return;
    }
    /* Monitors of other folders may share the cgroup we are in. */
    snprintf(prefix, sizeof(prefix), "holdfast-%016" PRIx64 "-",
             digest_bytes(h->dir, strlen(h->dir)));
    left = cgroup_sweep(own, prefix);
    if (left > 0)
        log_warn("monitor", "ended %u resources that an earlier monitor left behind", left);
    h->cgroup_prefix = xasprintf("%s/%s", own, prefix);
    free(own);
}

static uint32_t listen_on_socket(struct host *h, char *message, size_t size)
{
    struct address address = {.is_unix = true};
    int len = snprintf(address.host, sizeof(address.host), "%s/monitor.sock", h->dir);
    uint32_t rc;

    if (len < 0 || (size_t)len >= sizeof(address.host)) {
        snprintf(message, size, "the path of the folder is too long: %s", h->dir);
        return ERROR_FILENAME_EXCED_RANGE;
    }
    rc = rpc_server_open(h->loop, &address, 0600, &monitor_rpc_limits, &host_handlers, NULL, h,
                         &h->server);
    if (rc != 0)
        snprintf(message, size, "cannot listen on %s: %s", address.host, error_text(rc));
    return rc;
}

void host_free(struct host *h)
{
    free(h->cgroup_prefix);
    free(h->node);
    free(h->dir);
    free(h);
}

static void host_fill_env(struct host *h)
{
    h->env = (struct unit_env){
        .loop = h->loop,
        .guardians = h->guardians,
        .dir = h->dir,
        .node = h->node,
        .cgroup_prefix = h->cgroup_prefix,
        .may_start = host_may_start,
        .changed = host_on_changed,
        .forgotten = host_on_forgotten,
        .data = h,
    };
}

uint32_t host_open(uv_loop_t *loop, const struct host_config *config, struct host **ret,
                   char *message, size_t size)
{
    struct host *h = xcalloc(1, sizeof(*h));
    struct watchdog watchdog;
    uint32_t rc;

    h->loop = loop;
    h->dir = xstrdup(config->dir);
    h->node = xstrdup(config->node);
    watchdog_init(&watchdog, config->self_fence, config->watchdog, "/proc/sysrq-trigger");
    prepare_cgroups(h);
    rc = lease_open(loop, host_on_lease_expired, host_on_late, h, &h->lease);
    if (rc != 0) {
        snprintf(message, size, "no timer can be had: %s", error_text(rc));
        goto release;
    }
    rc = guardians_open(loop, config->lock_fd, lease_deadline(h->lease), &h->guardians);
    if (rc != 0) {
        snprintf(message, size, "cannot become a subreaper: %s", error_text(rc));
        goto close_lease;
    }
    rc = listen_on_socket(h, message, size);
    if (rc != 0)
        goto close_guardians;
    host_fill_env(h);
    vigil_init(&h->vigil, loop, &watchdog, h->lease, h->dir, host_on_vigil_broken, h);
    uv_signal_init(loop, &h->terminate);
    h->terminate.data = h;
    uv_signal_start(&h->terminate, host_on_sigterm, SIGTERM);
    *ret = h;
    return 0;

close_guardians:
    guardians_close(h->guardians);
close_lease:
    lease_close(h->lease);
release:
    uv_run(loop, UV_RUN_DEFAULT);
    host_free(h);
    return rc;
}

/* Sleep until something is ready, but leave it untouched. */
static void wait_for_events(const uv_loop_t *loop)
{
    struct pollfd backend = {.fd = uv_backend_fd(loop), .events = POLLIN};

    poll(&backend, 1, uv_backend_timeout(loop));
}

void host_wake(struct host *h)
{
    if (h->finished)
        return;
    lease_burden(h->lease, guardians_count(h->guardians));
    lease_check(h->lease);
}

void host_run(struct host *h)
{
    while (uv_loop_alive(h->loop)) {
        wait_for_events(h->loop);
        /* Before anything that woke us is looked at: the process, or the whole
         * machine, may have been frozen for longer than the lease. uv_run()
         * alone would read the sockets first. */
        host_wake(h);
        uv_run(h->loop, UV_RUN_NOWAIT);
    }
    host_free(h);
}
