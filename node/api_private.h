/* Shared by the files of the API only: api.c (servers, sessions, dispatch),
 * api_build.c (commands from parameters), api_change.c, api_read.c (queries),
 * whatif.c, api_past.c, api_recover.c, api_peer.c. */
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
    bool is_peer;         /* Said peer.hello, */
    uint32_t peer_id;     /* and that it is this node. */
    bool follows;         /* Gets events, */
    bool with_candidates; /* with those of placements. */
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
    unsigned rehearsals; /* Under way in other threads. */
    bool closing;
};

static inline struct view api_view(const struct api *a, struct cluster *cluster)
{
    return (struct view){cluster, a->consensus, a->config.executor, a->config.self,
                         a->config.file};
}

/* Parameters on their way to a command. Everything lives in `arena`, or in the
 * parameters. Zeroed but for the first two members to begin with. */
struct building {
    struct api *api;
    const struct value *params;
    struct arena arena; /* To release. */
    struct command cmd;
    char fault[300]; /* What is wrong; "": the code's own text. */
};
/* Is `method` a changing call? */
bool api_builds(const char *method);
/* Fill b->cmd. Returns 0, or a code with b->fault. */
uint32_t api_build(struct building *b, const char *method);

unsigned api_timeout(const struct value *params);
bool session_may_change(const struct session *s);

/* Each takes the request: answers it now or later. False: not a method of its. */
bool api_change(struct session *s, struct rpc_request *r, const char *method,
                const struct value *params);
bool api_read(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params);
bool api_whatif(struct session *s, struct rpc_request *r, const char *method,
                const struct value *params);
bool api_past(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params);
bool api_recover(struct session *s, struct rpc_request *r, const char *method,
                 const struct value *params);
bool api_peer(struct session *s, struct rpc_request *r, const char *method,
              const struct value *params);

/* api_join.c: a machine with an empty folder asks to be a member. */
void api_join(struct session *s, struct rpc_request *r, const struct value *params);

#endif
