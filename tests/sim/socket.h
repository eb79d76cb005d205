/* Connections of the simulation, as their files share them. */
#ifndef HOLDFAST_SIM_SOCKET_H
#define HOLDFAST_SIM_SOCKET_H

#include "net/rpc.h"
#include "tests/sim/sim.h"

/* One end of a connection. Kept until the history is over. */
struct rpc_conn {
    struct process *owner;
    struct rpc_conn *other;
    const struct rpc_handlers *handlers;
    void *data, *user;
    bool closing; /* closed() is planned or was called. */
    bool is_local;
    uint64_t arrival_ns; /* Of the last frame that was sent. */
    struct frame *waiting, **waiting_tail;
    uint64_t waiting_since_ns;
    unsigned user_timeout_ms;
    uint64_t last_id;
    struct call *calls;
    struct rpc_server *server;
    struct rpc_conn *next;
};

struct rpc_server {
    struct process *owner;
    struct address address;
    const struct rpc_handlers *handlers;
    void (*accepted)(struct rpc_conn *c, void *data);
    void *data;
    bool closed;
    struct rpc_server *next;
};

/* rpc.c. The other end is the caller's to set. */
struct rpc_conn *conn_new(struct process *owner, const struct rpc_handlers *handlers, void *data,
                          unsigned user_timeout_ms);
void server_conns_close(struct rpc_server *s);
/* rpc_connect.c */
void servers_of_process_close(struct process *p);
void servers_release(void);

#endif
