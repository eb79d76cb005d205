#include "net/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

static bool host_is_ipv6(const char *host)
{
    struct in6_addr ignored;
    char literal[256];
    size_t len = strcspn(host, "%"); /* A link-local address names its interface. */

    if (host[len] == '%' && host[len + 1] == '\0')
        return false;
    memcpy(literal, host, len);
    literal[len] = '\0';
    return inet_pton(AF_INET6, literal, &ignored) == 1;
}

/* What host names consist of (RFC 1123, and the `_` that people use). */
static bool host_is_name(const char *host)
{
    size_t len = strlen(host);

    for (size_t i = 0; i < len; i++) {
        char c = host[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!word && c != '-' && c != '.' && c != '_')
            return false;
    }
    return len > 0 && len <= 253 && host[0] != '-' && host[0] != '.';
}

static bool port_parse(const char *text, uint16_t *ret)
{
    unsigned long port = 0;

    if (text[0] == '\0' || strlen(text) > 5)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9')
            return false;
        port = port * 10 + (unsigned long)(*c - '0');
    }
    if (port == 0 || port > UINT16_MAX)
        return false;
    *ret = (uint16_t)port;
    return true;
}

static uint32_t unix_parse(const char *path, struct address *ret)
{
    if (path[0] == '\0' || strlen(path) >= sizeof ret->host)
        return ERROR_INVALID_PARAMETER;
    *ret = (struct address){.is_unix = true};
    strcpy(ret->host, path);
    return ERROR_SUCCESS;
}

/* Cut `text` into host and port (NULL if it has none). An IPv6 address with a
 * port has brackets; bare, its colons are all its own. */
static bool address_split(char *text, char **ret_host, char **ret_port, bool *ret_brackets)
{
    char *end;

    *ret_port = NULL;
    *ret_host = text;
    *ret_brackets = text[0] == '[';
    if (*ret_brackets) {
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        *ret_host = text + 1;
        *ret_port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
        return true;
    }
    end = strchr(text, ':');
    if (end != NULL && strchr(end + 1, ':') == NULL) {
        *end = '\0';
        *ret_port = end + 1;
    }
    return true;
}

uint32_t address_parse(const char *text, uint16_t port_default, struct address *ret)
{
    struct address parsed = {.port = port_default};
    char copy[sizeof parsed.host + 16];
    char *host, *port;
    bool brackets, ipv6;

    if (strncmp(text, "unix:", 5) == 0)
        return unix_parse(text + 5, ret);
    if (strlen(text) >= sizeof copy)
        return ERROR_INVALID_PARAMETER;
    strcpy(copy, text);
    if (!address_split(copy, &host, &port, &brackets) || strlen(host) >= sizeof parsed.host)
        return ERROR_INVALID_PARAMETER;
    ipv6 = host_is_ipv6(host);
    if (brackets ? !ipv6 : !(ipv6 || host_is_name(host)))
        return ERROR_INVALID_PARAMETER;
    if (port != NULL ? !port_parse(port, &parsed.port) : port_default == 0)
        return ERROR_INVALID_PARAMETER;
    strcpy(parsed.host, host);
    *ret = parsed;
    return ERROR_SUCCESS;
}

bool address_is_loopback(const struct address *a)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (a->is_unix || strcasecmp(a->host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, a->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, a->host, &v6) != 1)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

char *address_format(const struct address *a, char *buf, unsigned long size)
{
    assert(size > 0);
    if (a->is_unix)
        snprintf(buf, size, "unix:%s", a->host);
    else if (strchr(a->host, ':') != NULL)
        snprintf(buf, size, "[%s]:%u", a->host, (unsigned)a->port);
    else
        snprintf(buf, size, "%s:%u", a->host, (unsigned)a->port);
    return buf;
}
