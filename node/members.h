/* The raft configuration follows the replicated state.
 *
 * What is wanted stands in the state: which nodes are members, which were evicted. The
 * leader compares and carries out one change after another, as voters.h decides; a new
 * leader goes on where the last one was, for nothing is remembered here. So no request
 * is refused because another is under way.
 *
 * And every node looks whether it still is a member: who was evicted is not told by
 * raft, so a node that knows no leader, or has seen its own eviction, asks the others
 * (peers_probe()). Loop thread. */
#ifndef HOLDFAST_NODE_MEMBERS_H
#define HOLDFAST_NODE_MEMBERS_H

#include <uv.h>

struct calls;
struct config;
struct consensus;
struct members;
struct peers;
struct replica;

struct members *members_open(uv_loop_t *loop, const struct config *config, struct replica *replica,
                             struct calls *calls);
void members_start(struct members *m, struct consensus *consensus, struct peers *peers);
void members_close(struct members *m);
void members_free(struct members *m); /* Once the loop has run. */

#endif
