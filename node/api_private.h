/* Shared by the files of the API only: api.c (servers, sessions, dispatch),
 * api_change.c (commands from parameters), api_read.c (queries), api_past.c, api_peer.c. */
#ifndef HOLDFAST_NODE_API_PRIVATE_H
#define HOLDFAST_NODE_API_PRIVATE_H

#include "base/value.h"
#include "net/rpc.h"
#include "node/api.h"

enum { CALL_TIMEOUT_MS = 30000, CALL_TIMEOUT_MS_MAX = 600000, CALLERS_MAX = 4096 };

/* What is known of one connection. */
struct session {
    struct api *api;
    struct rpc_conn *conn;
    bool is_peer;      /* Said peer.hello. */
    bool follows;      /* Gets events. */
    struct session *next, **at;
};

/* A (client, sequence) that the node lends to calls that bring none. */
struct caller {
    uint64_t client, seq;
};

struct api {
    struct api_config config;
    struct consensus *consensus; /* NULL until api_start(). */
    struct rpc_server *unix_server, *tcp_server;
    struct session *sessions;
    unsigned follower_count;            /* Sessions that follow events. */
    struct caller callers[CALLERS_MAX]; /* Free ones. */
    unsigned caller_count;
    bool closing;
};

static inline struct view api_view(const struct api *a, struct cluster *cluster)
{
    return (struct view){cluster, a->consensus, a->config.executor, a->config.self};
}

unsigned api_timeout(const struct value *params);
bool session_may_change(const struct session *s);

/* Each takes the request: answers it now or later. False: not a method of its. */
bool api_change(struct session *s, struct rpc_request *r, const char *method,
                const struct value *params);
bool api_read(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params);
bool api_past(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params);
bool api_peer(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params);

#endif
