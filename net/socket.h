/* What the blocking client and the loop's connections both need of sockets.
 * Private to net/. No libuv. Any thread. */
#ifndef HOLDFAST_NET_SOCKET_H
#define HOLDFAST_NET_SOCKET_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

/* The address of a Unix socket; ERROR_FILENAME_EXCED_RANGE if `path` does not
 * fit: it would be cut short silently and mean another file. */
uint32_t socket_unix_name(const char *path, struct sockaddr_un *ret);

/* The addresses of `host` and `port` if `host` is an IPv4 or IPv6 literal, else
 * NULL. Never blocks. Free with freeaddrinfo(). */
struct addrinfo *socket_literal(const char *host, uint16_t port);

/* NODELAY, keepalive and, if not 0, TCP_USER_TIMEOUT. Failure is no matter. */
void socket_tune_tcp(int fd, unsigned user_timeout_ms);

/* Text of one address or, for logs, of a socket's peer. To free. */
char *socket_address_text(const struct sockaddr *address, socklen_t len);
char *socket_peer_text(int fd);

/* The uid at the other end of a Unix socket; -1 of any other. */
long socket_peer_uid(int fd);
bool socket_is_unix(int fd);

/* True if a TCP socket is connected to itself. Connecting to a port of this
 * machine's ephemeral range that nobody listens on can succeed that way (RFC
 * 793, simultaneous open), and then keeps the real owner from binding it. */
bool socket_is_self_connected(int fd);

#endif
