/* What a node that is to join asks of the members: who they are, what their files say
 * alike, and that its old life be ended. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/join.h"
#include "cli/output.h"
#include "net/client.h"
#include "net/resolve.h"
#include "net/socket.h"

enum {
    CONNECT_MS = 2000,
    ASK_MS = 6000,
    DOWN_MS = 20000, /* Until an old life is declared over: a lease, and some. */
    POLL_MS = 100,
    NODE_EVICT_FORCE = 0x1,
};

/* -------------------------------------------------------------- the own address */

/* The address of the interface that reaches the member: nothing is sent. */
static const char *own_host(struct arena *a, const struct address *member)
{
    struct sockaddr_storage self;
    socklen_t len = sizeof(self);
    struct addrinfo *list = NULL;
    const char *host = NULL;
    char text[NI_MAXHOST];

    if (resolve(member->host, member->port, CONNECT_MS, &list) != NULL || list == NULL)
        return NULL;
    int fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0 &&
        getsockname(fd, (struct sockaddr *)&self, &len) == 0 &&
        getnameinfo((struct sockaddr *)&self, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST) ==
            0)
        host = arena_strndup(a, text, strlen(text));
    if (fd >= 0)
        close(fd);
    freeaddrinfo(list);
    return host;
}

/* With the port that the member has: all nodes of a cluster usually have the same. */
static int find_address(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const struct address *member = &j->cli->address;
    const char *host = own_host(a, member);
    struct address own = {.port = member->port};
    char text[300];

    if (host == NULL || strlen(host) >= sizeof(own.host) || strcmp(host, member->host) == 0 ||
        (address_is_loopback(member) && strncmp(host, "127.", 4) == 0)) {
        cli_report(j->cli, j->about, ERROR_INVALID_PARAMETER,
                   "which address the others are to dial it at cannot be told",
                   "--address HOST:PORT");
        return CLI_FAILED;
    }
    strcpy(own.host, host); /* Fits: see above. */
    address_format(&own, text, sizeof(text));
    j->address = arena_printf(a, "%s%s", text, cli_has(j->cli, OPTION_WITNESS) ? "/witness" : "");
    return CLI_DONE;
}

/* What nobody can listen on would be found out only by a daemon that has joined. */
static int check_address(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const char *slash = strrchr(j->address, '/');
    const char *plain =
        slash != NULL ? arena_strndup(a, j->address, (size_t)(slash - j->address)) : j->address;
    struct addrinfo *list = NULL;
    struct address own;
    bool taken = false;
    int on = 1;

    if (address_parse(plain, 0, &own) != 0 ||
        resolve(own.host, own.port, CONNECT_MS, &list) != NULL || list == NULL)
        return CLI_DONE; /* The daemon's own check has the last word. */
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        taken = bind(fd, list->ai_addr, list->ai_addrlen) != 0 && errno == EADDRINUSE;
        close(fd);
    }
    freeaddrinfo(list);
    if (!taken)
        return CLI_DONE;
    cli_report(j->cli, j->about, ERROR_BUSY,
               arena_printf(a, "%s is in use by another program", plain),
               "--address HOST:PORT with another port, or end that program");
    return CLI_FAILED;
}

/* -------------------------------------------------------------------- members */

/* One member. On false, why not is in *ret_why. */
static bool ask_one(struct join *j, const char *seed, const char **ret_why)
{
    struct arena *a = &j->cli->arena;
    struct bytes params = BYTES_INIT;
    struct client *client = NULL;
    const char *message = "";
    struct address address;
    struct msgpack_sink m;
    char *text = NULL;

    if (address_parse(seed, 0, &address) != 0)
        return false;
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "timeout_ms", ASK_MS);
    uint32_t code = client_open(&address, CONNECT_MS, &client, &text);
    if (code == 0)
        code = client_call(client, "cluster.get", &params, ASK_MS, a, &j->settings, &message);
    if (code != 0)
        *ret_why = arena_printf(a, "%s%s%s: %s", *ret_why, (*ret_why)[0] != '\0' ? "; " : "", seed,
                                text != NULL                            ? text
                                : message != NULL && message[0] != '\0' ? message
                                                                        : error_text(code));
    bytes_release(&params);
    client_close(client);
    free(text);
    if (code != 0)
        return false;
    j->seed = seed;
    j->cli->address = address;
    address_format(&address, j->cli->where, sizeof(j->cli->where));
    return true;
}

int join_look(struct join *j)
{
    int status = cli_read(j->cli, "node.list", NULL, j->about, &j->nodes);

    j->member = NULL;
    for (uint32_t i = 0; status == CLI_DONE && j->nodes->type == VALUE_ARRAY && i < j->nodes->len;
         i++) {
        const char *name;

        if (value_get_str(&j->nodes->items[i], "name", SIZE_MAX, &name) &&
            name_equal(name, j->name))
            j->member = &j->nodes->items[i];
    }
    return status;
}

static int check_cluster(struct join *j)
{
    struct arena *a = &j->cli->arena;
    const char *cluster;

    if (!value_get_str(j->settings, "name", SIZE_MAX, &cluster) ||
        value_get_map(j->settings, "timing") == NULL) {
        cli_report(j->cli, j->about, ERROR_INVALID_DATA,
                   arena_printf(a,
                                "%s does not say what a new node must know: it is older than this "
                                "program, or no node of a cluster",
                                j->seed),
                   "name a member that is upgraded already");
        return CLI_FAILED;
    }
    if (j->cluster != NULL && !name_equal(j->cluster, cluster)) {
        cli_report(j->cli, j->about, ERROR_ALREADY_EXISTS,
                   arena_printf(a, "%s says cluster %s, but %s is of cluster %s", j->config,
                                j->cluster, j->seed, cluster),
                   "name a member of the right cluster, or take another --config");
        return CLI_FAILED;
    }
    j->cluster = cluster;
    return CLI_DONE;
}

int join_ask(struct join *j)
{
    const char *why = "";
    int status;

    for (unsigned i = 0; i < j->seed_count && j->seed == NULL; i++)
        (void)ask_one(j, j->seeds[i], &why);
    if (j->seed == NULL) {
        cli_report(j->cli, j->about, RPC_S_SERVER_UNAVAILABLE,
                   arena_printf(&j->cli->arena, "no member answers: %s", why),
                   "HOST:PORT of a node that is up and has a quorum (holdfast node list, there)");
        return CLI_NO_CLUSTER;
    }
    status = check_cluster(j);
    if (status == CLI_DONE)
        status = join_look(j);
    if (status == CLI_DONE && j->address == NULL)
        status = find_address(j);
    return status != CLI_DONE || j->running ? status : check_address(j);
}

/* --------------------------------------------------------------- the old member */

/* The life in this folder is over, we hold its locks; but the others know only when its
 * lease has run out. A life elsewhere does not end by waiting. */
static int wait_until_down(struct join *j)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    uint64_t until_ms = clock_boot_ms() + DOWN_MS;
    int status = CLI_DONE;

    while (status == CLI_DONE && j->member != NULL &&
           !value_is_str(value_get(j->member, "state"), "Down")) {
        if (clock_boot_ms() >= until_ms) {
            cli_report(j->cli, j->about, ERROR_CANT_EVICT_ACTIVE_NODE,
                       arena_printf(&j->cli->arena, "it is %s, at %s: nothing was changed",
                                    text_field(&j->cli->arena, j->member, "state"),
                                    text_field(&j->cli->arena, j->member, "address")),
                       "is this the machine that was meant? If so, stop holdfastd where it runs");
            return CLI_FAILED;
        }
        nanosleep(&pause, NULL);
        status = join_look(j);
    }
    return status;
}

int join_evict(struct join *j)
{
    const struct value *result;
    struct call call;
    int status = wait_until_down(j);

    if (status != CLI_DONE || j->member == NULL)
        return status;
    call_init(&call, "node.evict", true);
    call_str(&call, "name", j->name);
    call_uint(&call, "flags", NODE_EVICT_FORCE); /* It is down: its groups go to others. */
    return cli_call(j->cli, &call, j->about, &j->cli->arena, &result);
}
