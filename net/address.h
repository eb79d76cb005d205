/* Addresses as people write them: `host:port`, `10.0.0.1:7400`, `[::1]:7400`,
 * or `unix:/path`. Any thread. */
#ifndef HOLDFAST_NET_ADDRESS_H
#define HOLDFAST_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
    bool is_unix;
    char host[256]; /* Name, IPv4 or IPv6 without brackets; the path of a Unix socket. */
    uint16_t port;  /* 1-65535; 0 only where `port_default` allowed it. */
};

/* Parse `text`. Without a port, `port_default` is taken (0: a port is needed).
 * Returns 0 or ERROR_INVALID_PARAMETER; *ret is written only on success. */
uint32_t address_parse(const char *text, uint16_t port_default, struct address *ret);
/* True for 127.0.0.0/8, ::1, "localhost" and Unix sockets. */
bool address_is_loopback(const struct address *a);
/* The canonical text; `buf` of 300 bytes always suffices. Returns buf. */
char *address_format(const struct address *a, char *buf, unsigned long size);

#endif
