#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/address.h"

uint32_t socket_unix_name(const char *path, struct sockaddr_un *ret)
{
    if (strlen(path) >= sizeof ret->sun_path)
        return ERROR_FILENAME_EXCED_RANGE;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    strcpy(ret->sun_path, path);
    return ERROR_SUCCESS;
}

struct addrinfo *socket_literal(const char *host, uint16_t port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list;
    char service[8];

    snprintf(service, sizeof service, "%u", (unsigned)port);
    return getaddrinfo(host, service, &hints, &list) == 0 ? list : NULL;
}

static void socket_set(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

void socket_tune_tcp(int fd, unsigned user_timeout_ms)
{
    socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    /* A peer that vanished without a word is found within half a minute. */
    socket_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    socket_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
    socket_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    socket_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    if (user_timeout_ms > 0)
        socket_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)user_timeout_ms);
}

char *socket_address_text(const struct sockaddr *address, socklen_t len)
{
    struct address a = {.is_unix = false};
    char text[300];

    if (getnameinfo(address, len, a.host, sizeof a.host, NULL, 0, NI_NUMERICHOST) != 0)
        return xstrdup("unknown address");
    if (address->sa_family == AF_INET)
        a.port = ntohs(((const struct sockaddr_in *)address)->sin_port);
    else
        a.port = ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return xstrdup(address_format(&a, text, sizeof text));
}

static char *unix_peer_text(int fd, const struct sockaddr_un *name, socklen_t len)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;

    if (len > offsetof(struct sockaddr_un, sun_path) && name->sun_path[0] != '\0')
        return xasprintf("unix:%.*s", (int)sizeof name->sun_path, name->sun_path);
    /* Who connects has no name, but an owner. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return xstrdup("unix");
    return xasprintf("unix (uid %lu, pid %ld)", (unsigned long)credentials.uid,
                     (long)credentials.pid);
}

char *socket_peer_text(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_storage storage;
    } name = {.storage = {0}};
    socklen_t len = sizeof name;

    if (getpeername(fd, &name.any, &len) != 0)
        return xstrdup("unknown peer");
    if (name.any.sa_family == AF_UNIX)
        return unix_peer_text(fd, &name.un, len);
    return socket_address_text(&name.any, len);
}

bool socket_is_unix(int fd)
{
    int domain;
    socklen_t size = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

long socket_peer_uid(int fd)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;

    if (!socket_is_unix(fd) || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return -1;
    return (long)credentials.uid;
}

bool socket_is_self_connected(int fd)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_len = sizeof own, peer_len = sizeof peer;

    if (socket_is_unix(fd) || getsockname(fd, (struct sockaddr *)&own, &own_len) != 0 ||
        getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0)
        return false;
    return own_len == peer_len && memcmp(&own, &peer, own_len) == 0;
}
