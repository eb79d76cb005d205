/* This node's disk, as far as the log needs it: says in the daemon's log when the log waits
 * for the disk and when it goes on, and hands leadership to a node that can write.
 *
 * A leader goes on leading while its own log waits: the others are a majority, and it
 * applies what they have written. But it keeps in memory all that it has
 * not written, without a bound, where a follower is sent no more than so many entries; and what is
 * committed is on one node less. So it hands over, once its log has waited for a
 * lease, if there is a voter to hand over to whose log does not.
 *
 * When so many disks have no room for more of the log that what is left is no majority,
 * the leader refuses what clients want to change (ERROR_DISK_FULL), and nothing else:
 * pulses, reports and ticks have what is left of the last prepared segments to
 * themselves. So leases are renewed, reads are answered, operations end, and when
 * there is room again, changes are taken again. Loop thread. */
#ifndef HOLDFAST_NODE_SPACE_H
#define HOLDFAST_NODE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct space;
struct config;
struct consensus;
struct cluster;
struct replica;
struct reply;

struct space *space_open(uv_loop_t *loop, const struct config *config, struct replica *replica);
void space_start(struct space *s, struct consensus *consensus);
void space_close(struct space *s);
void space_free(struct space *s); /* Once the loop has run. */

/* Changes are refused for want of room: fills `text` with who has none and what to do. */
bool space_is_wanting(const struct cluster *c, const struct consensus *consensus, char *text,
                      size_t size);
/* As leader: is this command, encoded, refused for that? Then *ret_reply is the answer.
 * Not one whose answer is known: it gets that. */
bool space_refuses(const struct space *s, const uint8_t *command, size_t len,
                   struct reply *ret_reply);

#endif
