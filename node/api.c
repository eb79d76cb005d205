#include "node/api.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/pulse.h"
#include "node/replica.h"

enum { SOCKET_MODE = 0666 }; /* Reading is free; changing looks at the caller's uid. */

unsigned api_timeout(const struct value *params)
{
    uint32_t ms = CALL_TIMEOUT_MS;

    if (value_get_u32(params, "timeout_ms", &ms) && ms > CALL_TIMEOUT_MS_MAX)
        ms = CALL_TIMEOUT_MS_MAX;
    return ms;
}

bool session_may_change(const struct session *s)
{
    long uid = rpc_conn_uid(s->conn);

    if (!rpc_conn_is_local(s->conn))
        return true;
    return uid == 0 || uid == (long)geteuid();
}

/* ------------------------------------------------------------------- sessions */

static void on_accepted(struct rpc_conn *conn, void *data)
{
    struct api *a = data;
    struct session *s = xcalloc(1, sizeof *s);

    s->api = a;
    s->conn = conn;
    s->next = a->sessions;
    s->at = &a->sessions;
    if (s->next != NULL)
        s->next->at = &s->next;
    a->sessions = s;
    rpc_conn_set_user(conn, s);
}

static void session_end(struct session *s)
{
    *s->at = s->next;
    if (s->next != NULL)
        s->next->at = s->at;
    if (s->follows)
        s->api->follower_count--;
    free(s);
}

static void on_closed(struct rpc_conn *conn, uint32_t code, void *data)
{
    (void)code;
    (void)data;
    if (rpc_conn_user(conn) != NULL)
        session_end(rpc_conn_user(conn));
}

static void on_request(struct rpc_conn *conn, struct rpc_request *r, const char *method,
                       const struct value *params, void *data)
{
    struct session *s = rpc_conn_user(conn);
    struct api *a = data;

    if (a->closing || a->consensus == NULL) {
        rpc_reply_error(r, ERROR_NOT_READY,
                        "this node is starting or stopping; ask another one, or again");
        return;
    }
    if (strcmp(method, "raft.connect") == 0) {
        /* The connection becomes raft's: closed() will not come. */
        rpc_conn_set_user(conn, NULL);
        session_end(s);
        consensus_accept(a->consensus, conn, r, params);
        return;
    }
    if (params->type != VALUE_MAP && params->type != VALUE_NIL)
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "parameters must be a map");
    else if (!api_change(s, r, method, params) && !api_read(s, r, method, params) &&
             !api_whatif(s, r, method, params) && !api_past(s, r, method, params) &&
             !api_recover(s, r, method, params) && !api_peer(s, r, method, params))
        rpc_reply_error(r, ERROR_INVALID_FUNCTION, "there is no such method");
}

static void on_notification(struct rpc_conn *conn, const char *method, const struct value *params,
                            void *data)
{
    const struct session *s = rpc_conn_user(conn);
    struct api *a = data;

    if (s != NULL && s->is_peer && strcmp(method, "peer.renew") == 0)
        pulse_on_renewal(a->config.pulse, params);
    else if (s != NULL && s->is_peer && strcmp(method, "peer.renewed") == 0)
        pulse_on_renewed(a->config.pulse, params);
}

static const struct rpc_handlers handlers = {
    .request = on_request,
    .notification = on_notification,
    .closed = on_closed,
};

/* --------------------------------------------------------------------- events */

static void send_event(const struct session *s, const struct event *e)
{
    struct view v = api_view(s->api, replica_cluster(s->api->config.replica));
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &params);
    view_event(&v, e, s->with_candidates, &m.sink);
    rpc_notify(s->conn, "event", &params);
    bytes_release(&params);
}

void api_on_command(struct api *a)
{
    unsigned count;
    const struct event *events;

    if (a->closing || a->consensus == NULL || a->follower_count == 0)
        return;
    events = cluster_changes(replica_cluster(a->config.replica), &count);
    for (struct session *s = count > 0 ? a->sessions : NULL; s != NULL; s = s->next)
        for (unsigned i = 0; s->follows && i < count; i++)
            send_event(s, &events[i]);
}

/* ----------------------------------------------------------------------- life */

/* If it cannot be made, listening will fail and say where. */
static void make_folder_of(const char *socket)
{
    char *folder = xstrdup(socket);
    char *slash = strrchr(folder, '/');

    if (slash != NULL && slash != folder) {
        *slash = '\0';
        (void)mkdir(folder, 0755);
    }
    free(folder);
}

uint32_t api_open(const struct api_config *config, struct api **ret, char **ret_why)
{
    struct api *a = xcalloc(1, sizeof *a);
    struct address local = {.is_unix = true};
    char text[300];

    a->config = *config;
    if (strlen(config->socket) >= sizeof local.host) {
        *ret_why = xasprintf("the socket's path is too long: %s", config->socket);
        free(a);
        return ERROR_FILENAME_EXCED_RANGE;
    }
    strcpy(local.host, config->socket);
    make_folder_of(config->socket);
    uint32_t code = rpc_server_open(config->loop, &local, SOCKET_MODE, NULL, &handlers, on_accepted,
                                    a, &a->unix_server);
    if (code != 0) {
        *ret_why = xasprintf("cannot listen on %s: %s", config->socket, error_text(code));
        goto failed;
    }
    code = rpc_server_open(config->loop, config->listen, 0, NULL, &handlers, on_accepted, a,
                           &a->tcp_server);
    if (code != 0) {
        *ret_why = xasprintf("cannot listen on %s: %s",
                             address_format(config->listen, text, sizeof text), error_text(code));
        goto failed;
    }
    if (address_is_loopback(config->listen))
        log_info("api", "nodes have no identities yet: listening on loopback only, %s",
                 address_format(config->listen, text, sizeof text));
    else
        log_warn("api",
                 "listening on %s WITHOUT identities: whoever reaches this port can control the "
                 "cluster; keep it on a network of its own",
                 address_format(config->listen, text, sizeof text));
    *ret = a;
    return 0;

failed: /* The process ends: a server that is open goes with it. */
    free(a);
    return code;
}

void api_start(struct api *a, struct consensus *consensus)
{
    a->consensus = consensus;
}

void api_close(struct api *a)
{
    a->closing = true;
    rpc_server_close(a->unix_server);
    rpc_server_close(a->tcp_server);
}

void api_free(struct api *a)
{
    assert(a->sessions == NULL);
    free(a);
}
