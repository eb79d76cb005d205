/* sd_notify(3): tells systemd, if it started this process, what the state is.
 *
 * The protocol is one datagram to the socket that NOTIFY_SOCKET names; systemd
 * documents it as stable for this use. libsystemd would bring five more
 * libraries into a daemon that has 20 MB. Any thread. */
#ifndef HOLDFAST_NODE_NOTIFY_H
#define HOLDFAST_NODE_NOTIFY_H

#include <stdbool.h>

/* `text` such as "READY=1". Without systemd nothing happens. */
void notify_state(const char *text);
/* systemd started this process and supervises it. */
bool notify_is_supervised(void);

#endif
