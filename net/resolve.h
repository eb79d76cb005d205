/* Host names to addresses, with a deadline. Private to net/. No libuv. */
#ifndef HOLDFAST_NET_RESOLVE_H
#define HOLDFAST_NET_RESOLVE_H

#include <netdb.h>
#include <stdint.h>

/* Look `host` up, waiting at most `timeout_ms`. Blocks. Returns NULL with the
 * list (for freeaddrinfo()) in *ret, or a constant text that says why not. Any
 * thread. */
const char *resolve(const char *host, uint16_t port, unsigned timeout_ms, struct addrinfo **ret);

#endif
