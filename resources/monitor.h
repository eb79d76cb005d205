/* The daemon's link to this node's monitor: the process that hosts the
 * resource handlers and outlives the daemon.
 *
 * monitor_open() finds the monitor that a former daemon left behind (by its
 * socket in `dir`) or starts one. Orders go out, states come back; both are
 * levels, not edges: an order repeated is harmless, and after every connection
 * the monitor tells the state of all it has. Loop thread only; no call blocks.
 *
 * Invariant: the monitor reports a resource as offline or failed only when
 * nothing of it runs any more. And none is started while a dead one may have left
 * something running. */
#ifndef HOLDFAST_RESOURCES_MONITOR_H
#define HOLDFAST_RESOURCES_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/value.h"

struct monitor;

/* What the monitor has of one resource. */
enum monitor_resource_state {
    MONITOR_ONLINE_PENDING = 1,
    MONITOR_ONLINE,
    MONITOR_OFFLINE_PENDING,
    MONITOR_OFFLINE,
    MONITOR_FAILED, /* And gone: `code` and `text` say why. */
    MONITOR_TERMINATING,
};

/* Of MONITOR_FAILED: what the handler says of trying again. */
enum monitor_refusal {
    MONITOR_REFUSES_NOTHING,
    MONITOR_REFUSES_NODE,  /* It cannot come online on this node, */
    MONITOR_REFUSES_NODES, /* or on any. */
};

struct monitor_resource {
    uint64_t id;        /* Of the resource. */
    uint64_t operation; /* The life that it is in. */
    enum monitor_resource_state state;
    bool locked;
    uint32_t code;
    const char *text; /* "" if none. */
    long pid;         /* Main process; 0 if there is none. */
    uint32_t checkpoint;
    enum monitor_refusal refusal;
    bool embedded_failure; /* It runs; something within it failed, `text` says what. */
    bool unwatched;        /* Is not asked whether it is alive: monitor_watch(). */
};

struct monitor_callbacks {
    /* Connected. All that the monitor has; what it does not name, it does not
     * run. `incarnation`: the one last given by monitor_set_lease(), 0 if none:
     * a new monitor. Every other callback comes after this one. */
    void (*ready)(uint64_t incarnation, const struct monitor_resource *resources, unsigned count,
                  void *data);
    /* One resource changed. */
    void (*changed)(const struct monitor_resource *resource, void *data);
    /* The monitor's process is gone and everything that it ran with it. A new
     * one is being started; ready() follows. */
    void (*gone)(void *data);
    /* Instead of gone(), or of the first ready(): the monitor's process is gone, but not all
     * that it ran for certain (base/reset_mark.h). No other is started, and none of the other
     * callbacks follows. */
    void (*stranded)(void *data);
    /* No monitor can be had: `message` says why. Tried again every second. */
    void (*failed)(uint32_t code, const char *message, void *data);
};

struct monitor_config {
    const char *dir;     /* For monitor.sock, monitor.log, monitor.pid and the
                          * resources' own logs. Exists. */
    const char *program; /* Path of holdfast-monitor. */
    const char *node_name;
    const char *self_fence; /* none, watchdog or reboot; NULL: none. */
    const char *watchdog;   /* Its device; NULL: /dev/watchdog. */
};

/* An order to have a resource online. Everything is copied. */
struct monitor_order {
    uint64_t id;
    uint64_t operation;
    uint64_t token; /* Fencing token, HOLDFAST_TOKEN. */
    const char *name;
    const char *group;
    const char *type;
    uint32_t pending_timeout_ms;
    uint32_t looks_alive_ms; /* Poll intervals; 0xFFFFFFFF: the type's own. */
    uint32_t is_alive_ms;
    uint32_t budget_ms; /* TerminateBudget: what it may take to end it after the lease. */
    bool self_fencing;  /* Only while the monitor feeds the node's watchdog (vigil.h). */
    const struct bytes *properties; /* Encoded map: name -> string, integer or array of strings. */
    const uint8_t *instructions;    /* 16-bit property list; NULL. */
    size_t instructions_len;
};

uint32_t monitor_open(uv_loop_t *loop, const struct monitor_config *config,
                      const struct monitor_callbacks *callbacks, void *data, struct monitor **ret);
/* Let go: the monitor and its resources go on. Freed once the loop has run. */
void monitor_close(struct monitor *m);
bool monitor_is_ready(const struct monitor *m);
/* It knows `self_fencing`, and to mark it; false: it is older than this daemon. While ready. */
bool monitor_feeds_watchdog(const struct monitor *m);

/* All of these do nothing while the link is down: ready() tells when to look
 * at everything again. */
void monitor_online(struct monitor *m, const struct monitor_order *order);
/* Take life `operation` of `id` offline as operation `next`, the life that the
 * reports will then carry. */
void monitor_offline(struct monitor *m, uint64_t id, uint64_t next, uint32_t pending_timeout_ms,
                     const uint8_t *instructions, size_t instructions_len);
/* As if it had failed: terminate, then report FAILED. */
void monitor_fail(struct monitor *m, uint64_t id, uint64_t operation);
/* Ask no longer, or again, whether life `operation` is alive (maintenance). Each
 * life begins watched. */
void monitor_watch(struct monitor *m, uint64_t id, uint64_t operation, bool watched);
/* End it at once, whatever it does, and forget it. changed() with OFFLINE tells. */
void monitor_terminate(struct monitor *m, uint64_t id);
/* Something of the type's own: `code` and `input` mean what its header says.
 * Returns 0, then `done` is called once, later, with what came of it (but not
 * after monitor_close()); or ERROR_NOT_READY while the link is down. */
uint32_t monitor_control(struct monitor *m, uint64_t id, uint32_t code, const uint8_t *input,
                         size_t len, void (*done)(uint32_t code, void *data), void *data);

/* The node holds its lease for `incarnation` until `deadline_ms` of
 * clock_boot_ms(): when that passes without a later one, the monitor terminates
 * everything, whatever the daemon does. 0: not enforced. */
void monitor_set_lease(struct monitor *m, uint64_t incarnation, uint64_t deadline_ms);

/* Terminate everything and end the monitor's process; then `done`. */
void monitor_shutdown(struct monitor *m, void (*done)(void *data), void *data);

#endif
