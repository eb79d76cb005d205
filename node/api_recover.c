/* cluster.survey and cluster.recover: for an operator on this very machine. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/replica.h"
#include "node/survey.h"

/* One call that waits for its survey. */
struct recovering {
    struct api *api;
    struct rpc_request *request;
    bool act;                  /* Recover, if nothing is against it. */
    bool force;                /* Also if another node has the newer log. */
    uint32_t epoch;            /* That is to begin. */
    struct consensus_end seen; /* What the operator was shown. */
};

static void answer_map(struct rpc_request *r, uint32_t epoch)
{
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &result);
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "epoch", epoch);
    rpc_reply(r, &result);
    bytes_release(&result);
}

/* 0, or a code with the reason. */
static uint32_t refusal_of(const struct recovering *c, struct survey *s, const char **ret_why)
{
    struct consensus_end end = survey_end(s);
    bool forcible;
    uint32_t code = survey_refusal(s, ret_why, &forcible);

    if (code != 0 && !(forcible && c->force))
        return code;
    if (end.term == c->seen.term && end.index == c->seen.index)
        return 0;
    *ret_why = "this node's log is not what was shown any more: look at it again";
    return ERROR_RETRY;
}

static void recover(struct recovering *c, struct survey *s)
{
    struct api *a = c->api;
    const char *why = NULL;
    uint32_t code = refusal_of(c, s, &why);

    if (code == 0) {
        code = a->config.recover(c->epoch, a->config.data);
        why = NULL;
    }
    if (code != 0)
        rpc_reply_error(c->request, code, why);
    else
        answer_map(c->request, c->epoch);
}

static void show(struct recovering *c, struct survey *s)
{
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &result);
    survey_write(s, &m.sink);
    rpc_reply(c->request, &result);
    bytes_release(&result);
}

static void surveyed(struct survey *s, uint32_t code, const char *why, void *data)
{
    struct recovering *c = data;

    if (code != 0)
        rpc_reply_error(c->request, code, why);
    else if (c->act)
        recover(c, s);
    else
        show(c, s);
    survey_free(s);
    free(c);
}

static uint32_t read_params(struct recovering *c, const struct value *params, const char **ret_why)
{
    const char *name;

    value_get_bool(params, "force", &c->force);
    *ret_why = "`name`, `epoch`, `last_term` and `last_index` say what was shown";
    if (!value_get_str(params, "name", NAME_BYTES_MAX, &name) ||
        !value_get_u32(params, "epoch", &c->epoch) ||
        !value_get_uint(params, "last_term", &c->seen.term) ||
        !value_get_uint(params, "last_index", &c->seen.index))
        return ERROR_INVALID_PARAMETER;
    *ret_why = "that is not the name of this cluster";
    if (!name_equal(name, c->api->config.cluster))
        return ERROR_INVALID_PARAMETER;
    *ret_why = "a new epoch is one more than the present one";
    return c->epoch <= c->api->config.epoch + 1 ? 0 : ERROR_INVALID_PARAMETER;
}

bool api_recover(struct session *s, struct rpc_request *r, const char *method,
                 const struct value *params)
{
    struct api *a = s->api;
    bool act = strcmp(method, "cluster.recover") == 0;

    if (!act && strcmp(method, "cluster.survey") != 0)
        return false;
    if (!rpc_conn_is_local(s->conn) || !session_may_change(s)) {
        rpc_reply_error(r, ERROR_ACCESS_DENIED,
                        "a cluster is recovered by root, or the daemon's user, on the machine of a "
                        "node that is left, through its Unix socket");
        return true;
    }
    struct recovering *c = xcalloc(1, sizeof *c);
    const char *why;
    *c = (struct recovering){.api = a, .request = r, .act = act};
    uint32_t code = act ? read_params(c, params, &why) : 0;
    if (code != 0) {
        rpc_reply_error(r, code, why);
        free(c);
        return true;
    }
    if (act && c->epoch <= a->config.epoch) {
        answer_map(r, c->epoch); /* Asked again: it is done, or will be in a moment. */
        free(c);
        return true;
    }
    struct survey_config config = {.loop = a->config.loop,
                                   .raft_dir = a->config.raft_dir,
                                   .consensus = a->consensus,
                                   .peers = a->config.peers,
                                   .state = replica_cluster(a->config.replica),
                                   .self = a->config.self,
                                   .self_witness = a->config.witness,
                                   .closing = &a->closing};
    survey_begin(&config, surveyed, c);
    return true;
}
