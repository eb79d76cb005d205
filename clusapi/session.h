/* A connection to a cluster that outlives the node it talks to.
 *
 * Behind every HCLUSTER and everything opened through it. Calls of several
 * threads run at once, each over a connection of its own taken from a small
 * pool. Any thread. */
#ifndef HOLDFAST_CLUSAPI_SESSION_H
#define HOLDFAST_CLUSAPI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "clusapi/call.h"
#include "net/address.h"

/* How long a call is tried by default; HOLDFAST_TIMEOUT_MS in the environment
 * changes it for sessions opened afterwards. */
enum { SESSION_CALL_MS = 30000 };

struct session;

/* Connect to the cluster that the node at `home` belongs to. A node that
 * is starting is waited for; one that does not answer is
 * RPC_S_SERVER_UNAVAILABLE at once; ERROR_ACCESS_DENIED if the socket may not be
 * opened. */
uint32_t session_open(const struct address *home, struct session **ret);
struct session *session_retain(struct session *s); /* Returns `s`. */
void session_release(struct session *s);           /* The last one closes it. NULL is fine. */

/* True if both are known to be of different clusters. */
bool session_is_foreign(const struct session *a, const struct session *b);

/* Make a call and wait for its result, in `a`. If the connection breaks, or the
 * node cannot serve, the call is repeated, at the same node and then at the
 * others, with the same client id and sequence number: a change is made once,
 * whatever happens on the way.
 *
 * Returns what the cluster answered. If no node has when the time is over:
 * RPC_S_SERVER_UNAVAILABLE and its like, ERROR_TIMEOUT, ERROR_CLUSTER_NO_QUORUM;
 * whether a change was made is unknown then. */
uint32_t session_call(struct session *s, const struct call *call, struct arena *a,
                      const struct value **ret_result);

#endif
