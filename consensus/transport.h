/* raft's connections, made through net/rpc.h.
 *
 * libraft's own TCP transport takes only IPv4 literals in the version that
 * Debian 12 has, trusts whoever connects, reads an address of unbounded length,
 * and has no time-outs: after a silent partition it goes on only when TCP's
 * back-off lets it (up to 120 s). Here a connection begins as an RPC connection
 * on the node's one port, with the call
 *
 *   raft.connect {cluster, id, address, disk, to, epoch}  ->  {id, disk}
 *
 * in which each side learns the other's identity and may refuse it; only then
 * is the socket handed to libraft. Host names, IPv6, connect and write time-outs
 * (TCP_USER_TIMEOUT) are those of rpc_dial(). Loop thread only. */
#ifndef HOLDFAST_CONSENSUS_TRANSPORT_H
#define HOLDFAST_CONSENSUS_TRANSPORT_H

#include <raft.h>
#include <raft/uv.h>
#include <stdint.h>

#include "base/value.h"

struct transport;
struct rpc_conn;
struct rpc_request;

struct transport_config {
    uv_loop_t *loop;
    const char *cluster; /* All three borrowed while the transport lives. */
    const char *address;
    const char *disk;
    uint32_t id;
    uint32_t epoch; /* Nodes of another one are refused, in both directions. */
    unsigned connect_timeout_ms;
    unsigned user_timeout_ms;
    const char *(*refuse_peer)(uint32_t id, const char *disk, void *data);
    /* See consensus_callbacks. */
    void (*outlived)(const char *message, void *data);
    /* Where to dial `id`, whose address in raft's configuration is `known`. Also of who is in
     * none that this node has: a leader may be newer than that, and wants its answers. A
     * NULL function: where raft says. */
    const char *(*address_of)(uint32_t id, const char *known, void *data);
    void *data;
};

struct transport *transport_open(const struct transport_config *config);
/* What raft_uv_init() wants. */
struct raft_uv_transport *transport_raft(struct transport *t);
/* After raft has closed it. */
void transport_free(struct transport *t); /* NULL is fine. */

void transport_accept(struct transport *t, struct rpc_conn *conn, struct rpc_request *request,
                      const struct value *params);

#endif
