/* What the daemon and its monitor say to each other: MessagePack-RPC (net/rpc.h)
 * on DIR/monitor.sock. Each params is a map.
 *
 *   from the daemon, requests
 *   attach     {version}                      first; this daemon's orders count from
 *                                             now on, an older one is disconnected.
 *                -> {version, revision, incarnation, pid, resources: [resource...]}
 *   online     {id, operation, token, name, group, type, pending_timeout_ms,
 *               looks_alive_ms, is_alive_ms, properties: bin, instructions: bin,
 *               budget_ms, self_fencing}         the last two only if not 0 or false
 *   offline    {id, next, pending_timeout_ms, instructions: bin}
 *   fail       {id, operation}
 *   terminate  {id}
 *   watch      {id, operation, watched}
 *   control    {id, code, input: bin}
 *   shutdown   {}                             answered when nothing runs any more;
 *                                             then the monitor's process ends
 *
 *   from the daemon, notification (several a second, so not answered)
 *   lease      {incarnation, deadline_ms}
 *
 *   from the monitor, notification
 *   changed    resource: {id, operation, state, locked, code, text, pid, checkpoint,
 *               refusal, embedded, unwatched}    the last three only if not 0 or false
 *
 * Empty bins mean none. The numbers of states are those of enum
 * monitor_resource_state. A monitor may be older than its daemon: members are
 * only ever added, what is not known is ignored, and `version` changes when
 * that does not suffice. `revision` rises with each member that an order may not be
 * obeyed without, so that a newer daemon does not give it (monitor_feeds_watchdog()):
 * 1, or not told: none; 3: self_fencing (2: without the mark of base/reset_mark.h). A budget that
 * is not known is one of 0, which is sooner than the others count on. Any thread. */
#ifndef HOLDFAST_RESOURCES_MONITOR_PROTOCOL_H
#define HOLDFAST_RESOURCES_MONITOR_PROTOCOL_H

#include "base/bytes.h"
#include "base/value.h"
#include "net/rpc.h"
#include "resources/monitor.h"

enum { MONITOR_PROTOCOL_VERSION = 1, MONITOR_PROTOCOL_REVISION = 3 };

/* Both sides. A node may have 65536 resources: its inventory fits. */
extern const struct rpc_limits monitor_rpc_limits;

/* The order's pointers borrow from `v` and, for the properties, from *ret_bytes,
 * which borrows from `v`, too. ERROR_INVALID_PARAMETER if a member is missing
 * or wrong. */
void monitor_order_write(const struct monitor_order *order, struct sink *s);
uint32_t monitor_order_read(const struct value *v, struct bytes *ret_bytes,
                            struct monitor_order *ret);

void monitor_resource_write(const struct monitor_resource *r, struct sink *s);
/* Strings borrow from `v`. */
uint32_t monitor_resource_read(const struct value *v, struct monitor_resource *ret);

#endif
