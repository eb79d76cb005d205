/* Has lost nodes switched off, while this node leads.
 *
 * What is to be done is read off the state (groupmgr/fencing.c), level-triggered:
 * a new leader looks and goes on. Each attempt begins with a committed
 * FENCE_ATTEMPT, which a deposed leader cannot have: so no device is used for a node
 * that may have come back, but for the time between the commit and the agent's
 * start, in which NODE_UP is refused. A leader that is deposed kills the agents that
 * it runs.
 *
 * This node is never switched off by itself: if it is to be, it hands leadership on.
 *
 * Agents are children of the daemon that are started and read without blocking
 * (resources/fence_agent.h); nothing here blocks. Loop thread. */
#ifndef HOLDFAST_NODE_FENCE_H
#define HOLDFAST_NODE_FENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct calls;
struct consensus;
struct fence;
struct pulse;
struct replica;
struct rpc_request;

struct fence *fence_open(uv_loop_t *loop, struct replica *replica, struct calls *calls,
                         struct pulse *pulse, uint32_t self);
void fence_start(struct fence *f, struct consensus *consensus);
void fence_close(struct fence *f);
void fence_free(struct fence *f); /* Once the loop has run. */

/* Something was applied, or leadership changed. */
void fence_look(struct fence *f);

/* Ask all devices of node `name` for their status, from this node, and answer `r`
 * with an array of maps (level, device, plug, result, text). Takes the request. */
void fence_test(struct fence *f, struct rpc_request *r, const char *name);

#endif
