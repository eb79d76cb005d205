/* Shared by host.c (the table, orders, reports, the loop) and host_lease.c (what may run,
 * and its end) only. */
#ifndef HOLDFAST_RESOURCES_HOST_PRIVATE_H
#define HOLDFAST_RESOURCES_HOST_PRIVATE_H

#include <uthash.h>

#include "net/rpc.h"
#include "resources/host.h"
#include "resources/lease.h"
#include "resources/unit.h"
#include "resources/vigil.h"

struct entry {
    uint64_t id;
    struct unit *unit;
    UT_hash_handle hh;
};

struct host {
    uv_loop_t *loop;
    char *dir, *node, *cgroup_prefix;
    struct unit_env env;
    struct guardians *guardians;
    struct lease *lease;
    struct rpc_server *server;
    struct rpc_conn *daemon; /* The one whose orders count; NULL. */
    uv_signal_t terminate;
    struct vigil vigil;
    char refusal[256]; /* The last one's words. */
    struct entry *entries;
    bool shutting_down;
    bool finished;
};

/* For struct unit_env. */
bool host_may_start(const struct life *life, struct unit_refusal *ret, void *data);
/* For the lease. */
void host_on_lease_expired(void *data);
void host_on_late(void *data);
/* For the vigil. */
void host_on_vigil_broken(const char *text, void *data);
/* After each change of what runs. */
void host_look_to_vigil(struct host *h);

#endif
