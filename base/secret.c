#include "base/secret.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

bool secret_may_show(const char *name)
{
    static const char *const harmless[] = {
        "action",
        "agent",
        "cipher",
        "delay",
        "disable_timeout",
        "inet4_only",
        "inet6_only",
        "ip",
        "ipaddr",
        "ipport",
        "lanplus",
        "login",
        "login_timeout",
        "method",
        "nodename",
        "plug",
        "port",
        "power_timeout",
        "power_wait",
        "quiet",
        "retry_on",
        "shell_timeout",
        "ssh",
        "ssl",
        "ssl_insecure",
        "ssl_secure",
        "uri",
        "username",
        "verbose",
        "zone",
    };

    assert(name != NULL);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (name_equal(name, harmless[i]))
            return true;
    return false;
}

void secret_strike(char *text, const char *secret)
{
    size_t len = strlen(secret);

    if (len == 0)
        return;
    for (char *at = strstr(text, secret); at != NULL; at = strstr(at + len, secret))
        memset(at, '*', len);
}
