/* Connections from this node to the others, and what nodes say to each other.
 *
 *   peer.hello    {cluster, id, to, disk, address, lease_ms, epoch, level, level_min}
 *                   -> {id, disk, epoch, level}         first on each connection; in the answer
 *                                                       the functional level in force
 *   peer.propose  {command, again}        -> {code, index, detail}
 *   peer.barrier  {}                      -> {position}
 *   peer.log      {}                      -> {term, index, leader}: where its log ends
 *   peer.renew    {node, incarnation, seq, flags}         notification
 *   peer.renewed  {incarnation, seq, position}            notification: it was accepted there
 *
 * One connection to each other node, made when first needed and again 100 ms
 * after it broke, for as long as somebody asks for it. Loop thread only. */
#ifndef HOLDFAST_NODE_PEERS_H
#define HOLDFAST_NODE_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/bytes.h"

struct peers;
struct rpc_conn;

struct peers_config {
    uv_loop_t *loop;
    const char *cluster; /* Borrowed. */
    const char *disk;
    const char *address; /* Own, as the others are to dial it. */
    uint32_t id;
    uint32_t epoch;     /* Of the cluster: consensus/epoch.h. */
    unsigned level_max; /* Functional levels that this node knows: up to. */
    unsigned lease_ms;  /* Must be the same everywhere: see node/pulse.h. */
    unsigned connect_timeout_ms;
    unsigned user_timeout_ms;
    /* host:port of a node (borrowed), NULL if it is not known. */
    const char *(*address_of)(uint32_t id, void *data);
    /* See consensus_callbacks.refuse_peer. */
    const char *(*refuse_peer)(uint32_t id, const char *disk, void *data);
    /* A member says that this node is none: it was evicted, or left behind in a former epoch. */
    void (*expelled)(const char *message, void *data);
    /* A connection became usable. */
    void (*connected)(uint32_t id, void *data);
    void *data;
};

struct peers *peers_open(const struct peers_config *config);
/* Close all connections. */
void peers_close(struct peers *p);
/* Once the loop has run after peers_close(). */
void peers_free(struct peers *p);

/* The usable connection to node `id`, or NULL: then one is being made. */
struct rpc_conn *peers_get(struct peers *p, uint32_t id);
/* Node `id` said where it is to be dialled: that counts from now on, for it may have been
 * moved, and can tell the cluster only once it is reached there. */
void peers_learn(struct peers *p, uint32_t id, const char *address);
/* What was learned of it; NULL: nothing. Borrowed. */
const char *peers_address(const struct peers *p, uint32_t id);
/* Ask node `id` anew whether this node is a member: expelled() tells if not. */
void peers_probe(struct peers *p, uint32_t id);

#endif
