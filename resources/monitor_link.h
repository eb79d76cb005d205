/* What monitor.c, which keeps the link, shows monitor_orders.c, which uses it. */
#ifndef HOLDFAST_RESOURCES_MONITOR_LINK_H
#define HOLDFAST_RESOURCES_MONITOR_LINK_H

#include <stdbool.h>

#include "net/rpc.h"
#include "resources/monitor.h"

/* NULL unless the link is ready. */
struct rpc_conn *monitor_conn(const struct monitor *m);
bool monitor_is_closed(const struct monitor *m);
/* Its end shows in the end of the connection, and in the lock. */
void monitor_send_shutdown(struct rpc_conn *conn);

#endif
