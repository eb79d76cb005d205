/* This node's disk, as far as the log needs it: says in the daemon's log when the log waits
 * for the disk and when it goes on, and hands leadership to a node that can write.
 *
 * A leader goes on leading while its own log waits: the others are a majority, and it
 * applies what they have written. But it keeps in memory all that it has
 * not written, without a bound, where a follower is sent no more than so many entries; and what is
 * committed is on one node less. So it hands over, once its log has waited for a
 * lease, if there is a voter to hand over to whose log does not. Loop thread. */
#ifndef HOLDFAST_NODE_SPACE_H
#define HOLDFAST_NODE_SPACE_H

#include <uv.h>

struct space;
struct config;
struct consensus;
struct replica;

struct space *space_open(uv_loop_t *loop, const struct config *config, struct replica *replica);
void space_start(struct space *s, struct consensus *consensus);
void space_close(struct space *s);
void space_free(struct space *s); /* Once the loop has run. */

#endif
