/* Changing and reading the cluster's state from any node.
 *
 * A change goes to the leader, here or elsewhere, and is tried again across a
 * change of leader until its deadline: what carries a (client, sequence) is
 * applied once however often it is sent, and what does not carry one is
 * harmless twice. A read waits until this copy holds everything that was
 * committed when the read began; all reads that wait share one barrier.
 *
 * Invariant of reads: a barrier that answers for a read was begun after that
 * read. So a read joins the next barrier, never the one under way. Loop thread. */
#ifndef HOLDFAST_NODE_CALLS_H
#define HOLDFAST_NODE_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/bytes.h"
#include "consensus/consensus.h"
#include "groupmgr/groupmgr.h"

struct calls;
struct peers;
struct space;
struct rpc_request;
struct value;

/* `consensus` may be NULL until calls_start(). */
struct calls *calls_open(uv_loop_t *loop, uint32_t self);
void calls_start(struct calls *c, struct consensus *consensus, struct peers *peers);
/* Everything that waits ends with ERROR_CLUSTER_NODE_SHUTTING_DOWN. */
void calls_close(struct calls *c);
void calls_free(struct calls *c); /* Once the loop has run. */

/* As leader, refuse before it is proposed what space_refuses(). `space` is borrowed. */
void calls_ask_room(struct calls *c, const struct space *space);

/* Have `command` (encoded; copied) applied within `timeout_ms`. `done` is
 * called exactly once, later: `code` 0 with the reply, or why there is none:
 * ERROR_CLUSTER_NO_QUORUM (no leader in all that time), ERROR_TIMEOUT (there was
 * one, the answer did not come), ERROR_DISK_FULL. */
typedef void (*change_done)(uint32_t code, const struct reply *reply, void *data);
void calls_change(struct calls *c, const struct bytes *command, unsigned timeout_ms,
                  change_done done, void *data);

/* The same for a command that is not encoded yet. */
void calls_change_command(struct calls *c, const struct command *cmd, unsigned timeout_ms,
                          change_done done, void *data);

/* Call `done` when this copy is as new as the cluster was at this call. */
typedef void (*read_done)(uint32_t code, void *data);
void calls_read(struct calls *c, unsigned timeout_ms, read_done done, void *data);

/* Another node forwards a change or asks for a barrier. */
void calls_serve_propose(struct calls *c, struct rpc_request *request, const struct value *params);
void calls_serve_barrier(struct calls *c, struct rpc_request *request);

/* Events that may let waiting calls go on. */
void calls_on_leadership(struct calls *c);
void calls_on_peer(struct calls *c);
void calls_on_applied(struct calls *c);

#endif
