/* The monitor process: the table of its resources, the daemon's orders, the
 * reports, the lease, and the loop that runs them all. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_HOST_H
#define HOLDFAST_RESOURCES_HOST_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "resources/watchdog.h"

struct host;

struct host_config {
    const char *dir; /* Absolute. */
    const char *node;
    int lock_fd; /* Of DIR/monitor.lock, held; borrowed. */
    /* What to do about a resource that does not end with the lease (watchdog.h). */
    enum self_fence self_fence;
    const char *watchdog; /* Borrowed. */
};

/* Listen on DIR/monitor.sock. Ends what an earlier monitor of this folder may
 * have left behind in cgroups. Returns 0 or an error code with a message. */
uint32_t host_open(uv_loop_t *loop, const struct host_config *config, struct host **ret,
                   char *message, size_t size);
/* Serve until shut down (by the daemon's order or SIGTERM), with every resource
 * ended. Frees `h` and leaves nothing on the loop. */
void host_run(struct host *h);
/* What host_run() does, for who turns the loop by himself: host_wake() before
 * every turn, host_free() once the loop has nothing left. */
void host_wake(struct host *h);
void host_free(struct host *h);

#endif
