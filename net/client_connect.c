#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/client_private.h"
#include "net/resolve.h"
#include "net/socket.h"

int client_time_left(uint64_t deadline_ms)
{
    uint64_t now = clock_boot_ms();

    if (now >= deadline_ms)
        return 0;
    return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}

int client_poll(int fd, short events, uint64_t deadline_ms)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int rc = poll(&p, 1, client_time_left(deadline_ms));

        if (rc > 0)
            return 0;
        if (rc == 0 && client_time_left(deadline_ms) == 0)
            return ETIMEDOUT;
        if (rc < 0 && errno != EINTR)
            return errno;
    }
}

/* Returns 0 with a connected socket, or an errno. */
static int connect_one(const struct sockaddr *name, socklen_t len, uint64_t deadline_ms,
                       int *ret_fd)
{
    int fd = socket(name->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = 0;
    socklen_t size = sizeof rc;

    if (fd < 0)
        return errno;
    if (connect(fd, name, len) != 0) {
        rc = errno;
        if (rc == EINPROGRESS || rc == EINTR) {
            rc = client_poll(fd, POLLOUT, deadline_ms);
            if (rc == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &rc, &size) != 0)
                rc = errno;
        }
    }
    if (rc == 0 && socket_is_self_connected(fd))
        rc = ECONNREFUSED;
    if (rc != 0) {
        close(fd);
        return rc;
    }
    if (name->sa_family != AF_UNIX)
        socket_tune_tcp(fd, 0);
    *ret_fd = fd;
    return 0;
}

static uint32_t connect_unix(const char *path, uint64_t deadline_ms, int *ret_fd, struct bytes *why)
{
    struct sockaddr_un name;
    uint32_t code = socket_unix_name(path, &name);
    int rc;

    if (code != ERROR_SUCCESS) {
        bytes_printf(why, "the path is longer than %zu bytes", sizeof name.sun_path - 1);
        return code;
    }
    rc = connect_one((struct sockaddr *)&name, sizeof name, deadline_ms, ret_fd);
    if (rc == 0)
        return ERROR_SUCCESS;
    bytes_printf(why, "%s", strerror(rc));
    /* Not to be let in is another matter than nobody being there. */
    return rc == EACCES || rc == EPERM ? (uint32_t)ERROR_ACCESS_DENIED
                                       : (uint32_t)RPC_S_SERVER_UNAVAILABLE;
}

static unsigned list_length(const struct addrinfo *list)
{
    unsigned count = 0;

    for (; list != NULL; list = list->ai_next)
        count++;
    return count;
}

static uint32_t connect_tcp(const struct address *address, uint64_t deadline_ms, int *ret_fd,
                            struct bytes *why)
{
    unsigned timeout_ms = (unsigned)client_time_left(deadline_ms);
    struct addrinfo *list = NULL;
    const char *problem = resolve(address->host, address->port, timeout_ms, &list);

    if (problem != NULL) {
        bytes_printf(why, "%s", problem);
        return RPC_S_SERVER_UNAVAILABLE;
    }
    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
        /* Each address gets its share, so that one which swallows everything
         * does not keep the next from being tried. */
        unsigned share = (unsigned)client_time_left(deadline_ms) / list_length(ai);
        int rc = connect_one(ai->ai_addr, ai->ai_addrlen, clock_boot_ms() + share, ret_fd);
        char *text;

        if (rc == 0) {
            freeaddrinfo(list);
            return ERROR_SUCCESS;
        }
        text = socket_address_text(ai->ai_addr, ai->ai_addrlen);
        bytes_printf(why, "%s%s: %s", why->len > 0 ? "; " : "", text, strerror(rc));
        free(text);
    }
    freeaddrinfo(list);
    return RPC_S_SERVER_UNAVAILABLE;
}

uint32_t client_connect(const struct address *address, uint64_t deadline_ms, int *ret_fd,
                        char **ret_why)
{
    struct bytes why = BYTES_INIT;
    char text[300];
    uint32_t code;

    if (address->is_unix)
        code = connect_unix(address->host, deadline_ms, ret_fd, &why);
    else
        code = connect_tcp(address, deadline_ms, ret_fd, &why);
    if (code != ERROR_SUCCESS)
        *ret_why =
            xasprintf("cannot connect to %s: %.*s", address_format(address, text, sizeof text),
                      (int)why.len, why.data == NULL ? "" : (const char *)why.data);
    bytes_release(&why);
    return code;
}
