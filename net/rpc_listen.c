#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/resolve.h"
#include "net/rpc_private.h"
#include "net/socket.h"

#define BACKLOG 512
#define PORT_TRIES 16
#define RESOLVE_MS 10000

/* -------------------------------------------------------------------- unix */

/* Why nobody can bind `name`: 0 if only a dead process's file is in the way. */
static uint32_t unix_is_taken(const struct sockaddr_un *name)
{
    struct stat st;
    int fd, rc = 0;

    if (lstat(name->sun_path, &st) != 0)
        return errno == ENOENT ? (uint32_t)ERROR_SUCCESS : error_from_errno(errno);
    if (!S_ISSOCK(st.st_mode)) /* Somebody's file: not ours to remove. */
        return ERROR_ADDRESS_IN_USE;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_from_errno(errno);
    if (connect(fd, (const struct sockaddr *)name, sizeof *name) != 0)
        rc = errno;
    close(fd);
    /* Only a refusal proves that nobody listens: EAGAIN, say, is a full
     * backlog of somebody who does. */
    return rc == ECONNREFUSED || rc == ENOENT ? (uint32_t)ERROR_SUCCESS
                                              : (uint32_t)ERROR_ADDRESS_IN_USE;
}

static uint32_t unix_bind(int fd, const struct sockaddr_un *name)
{
    const struct sockaddr *address = (const struct sockaddr *)name;
    uint32_t code;

    if (bind(fd, address, sizeof *name) == 0)
        return ERROR_SUCCESS;
    if (errno != EADDRINUSE)
        return error_from_errno(errno);
    code = unix_is_taken(name);
    if (code != ERROR_SUCCESS)
        return code;
    if (unlink(name->sun_path) != 0 && errno != ENOENT)
        return error_from_errno(errno);
    return bind(fd, address, sizeof *name) == 0 ? (uint32_t)ERROR_SUCCESS : error_from_errno(errno);
}

static uint32_t listen_unix(const char *path, mode_t mode, struct rpc_listening *l)
{
    struct sockaddr_un name;
    struct stat st;
    uint32_t code = socket_unix_name(path, &name);
    int fd;

    if (code != ERROR_SUCCESS)
        return code;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_from_errno(errno);
    code = unix_bind(fd, &name);
    if (code != ERROR_SUCCESS)
        goto close_fd;
    /* The mode is set between bind and listen: until listen() every connect is
     * refused, so that nobody slips in under the umask's mode. */
    if (chmod(path, mode) != 0 || lstat(path, &st) != 0 || listen(fd, BACKLOG) != 0) {
        code = error_from_errno(errno);
        goto unlink_path;
    }
    *l = (struct rpc_listening){.fds = {fd}, .count = 1, .path = xstrdup(path)};
    l->device = st.st_dev;
    l->inode = st.st_ino;
    return ERROR_SUCCESS;

unlink_path:
    unlink(path);
close_fd:
    close(fd);
    return code;
}

/* --------------------------------------------------------------------- tcp */

static void fds_close(struct rpc_listening *l)
{
    while (l->count > 0)
        close(l->fds[--l->count]);
}

static void port_set(struct sockaddr *address, uint16_t port)
{
    if (address->sa_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;

    getsockname(fd, (struct sockaddr *)&name, &len);
    if (name.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&name)->sin_port);
    return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
}

/* Returns 0 or an errno. */
static int listen_one(const struct addrinfo *ai, struct rpc_listening *l)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, rc;

    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    port_set(ai->ai_addr, l->port);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        rc = errno;
        close(fd);
        return rc;
    }
    l->fds[l->count++] = fd;
    if (l->port == 0)
        l->port = port_of(fd);
    return 0;
}

/* The resolver may give an address twice: /etc/hosts often has "localhost" in
 * two lines. Ports are not compared. */
static bool address_is_repeated(const struct addrinfo *list, const struct addrinfo *ai)
{
    for (; list != ai; list = list->ai_next) {
        port_set(list->ai_addr, 0);
        if (list->ai_addrlen == ai->ai_addrlen &&
            memcmp(list->ai_addr, ai->ai_addr, ai->ai_addrlen) == 0)
            return true;
    }
    return false;
}

/* All addresses of the list, on one port. One that this machine does not have
 * (IPv6 switched off, and "localhost") is left out if there are others. */
static int listen_all(const struct addrinfo *list, uint16_t port, struct rpc_listening *l)
{
    int missing = EADDRNOTAVAIL;

    *l = (struct rpc_listening){.port = port};
    for (const struct addrinfo *ai = list; ai != NULL && l->count < RPC_LISTENERS_MAX;
         ai = ai->ai_next) {
        int rc;

        port_set(ai->ai_addr, 0);
        rc = address_is_repeated(list, ai) ? 0 : listen_one(ai, l);
        if (rc == EADDRNOTAVAIL || rc == EAFNOSUPPORT) {
            missing = rc;
        } else if (rc != 0) {
            fds_close(l);
            return rc;
        }
    }
    return l->count > 0 ? 0 : missing;
}

static uint32_t listen_tcp(const char *host, uint16_t port, struct rpc_listening *l)
{
    struct rpc_listening listening;
    struct addrinfo *list;
    int rc = EADDRINUSE;

    if (resolve(host, port, RESOLVE_MS, &list) != NULL)
        return ERROR_HOST_UNREACHABLE;
    /* A port that is free on one address may be taken on the next. */
    for (int tries = 0; rc == EADDRINUSE && tries < (port == 0 ? PORT_TRIES : 1); tries++)
        rc = listen_all(list, port, &listening);
    freeaddrinfo(list);
    if (rc != 0)
        return error_from_errno(rc);
    *l = listening;
    return ERROR_SUCCESS;
}

/* -------------------------------------------------------------------- both */

uint32_t rpc_listen(const struct address *address, mode_t mode, struct rpc_listening *l)
{
    if (address->is_unix)
        return listen_unix(address->host, mode, l);
    return listen_tcp(address->host, address->port, l);
}

void rpc_listening_release(struct rpc_listening *l)
{
    struct stat st;

    /* A successor may have put its own socket there. */
    if (l->path != NULL && lstat(l->path, &st) == 0 && st.st_dev == l->device &&
        st.st_ino == l->inode)
        unlink(l->path);
    free(l->path);
    l->path = NULL;
}
