/* How client.c gets its socket. */
#ifndef HOLDFAST_NET_CLIENT_PRIVATE_H
#define HOLDFAST_NET_CLIENT_PRIVATE_H

#include <stdint.h>

#include "net/address.h"

/* Milliseconds from now to `deadline_ms` (clock_boot_ms()), 0 if it is past;
 * fit for poll(2). */
int client_time_left(uint64_t deadline_ms);

/* Wait until `fd` has one of `events` or the deadline is past. Returns 0,
 * ETIMEDOUT or another errno. */
int client_poll(int fd, short events, uint64_t deadline_ms);

/* A connected, non-blocking socket to `address`. Returns 0, or an error code
 * with *ret_why (to free) telling each address tried and what became of it. */
uint32_t client_connect(const struct address *address, uint64_t deadline_ms, int *ret_fd,
                        char **ret_why);

#endif
