/* Changing calls: turned into commands, handed on, and answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "node/api_private.h"
#include "node/calls.h"
#include "node/replica.h"

/* ------------------------------------------------------------------- callers */

static struct caller borrow_caller(struct api *a)
{
    struct caller c = {0};

    if (a->caller_count > 0)
        return a->callers[--a->caller_count];
    while (c.client == 0)
        if (getrandom(&c.client, sizeof c.client, 0) < 0)
            c.client = clock_boot_ns();
    return c;
}

/* Only after a definite answer: a call that may still be on its way must not be
 * overtaken by another one with a higher sequence. */
static void return_caller(struct api *a, struct caller c)
{
    if (a->caller_count < CALLERS_MAX)
        a->callers[a->caller_count++] = c;
}

/* --------------------------------------------------------------------- calling */

struct pending_change {
    struct api *api;
    struct rpc_request *request;
    struct caller caller;
    bool borrowed;
};

static bool is_success(uint32_t code)
{
    return code == 0 || code == ERROR_IO_PENDING || code == ERROR_CLUSTER_GROUP_QUEUED ||
           code == ERROR_RESOURCE_PROPERTIES_STORED;
}

static void change_answer(uint32_t code, const struct reply *reply, void *data)
{
    struct pending_change *p = data;
    struct bytes result = BYTES_INIT;
    struct msgpack_sink m;

    if (p->borrowed && code == 0)
        return_caller(p->api, p->caller);
    if (code != 0) {
        rpc_reply_error(p->request, code, NULL);
    } else if (!is_success(reply->code)) {
        rpc_reply_error(p->request, reply->code, reply->detail[0] != '\0' ? reply->detail : NULL);
    } else {
        msgpack_sink_init(&m, &result);
        sink_map(&m.sink, 3);
        sink_kv_uint(&m.sink, "code", reply->code);
        sink_kv_uint(&m.sink, "index", reply->index);
        sink_kv_str(&m.sink, "detail", reply->detail);
        rpc_reply(p->request, &result);
        bytes_release(&result);
    }
    free(p);
}

static void submit(struct building *b, struct rpc_request *r)
{
    struct pending_change *p = xcalloc(1, sizeof *p);
    struct bytes encoded = BYTES_INIT;
    struct msgpack_sink m;

    p->api = b->api;
    p->request = r;
    if (b->cmd.client == 0) {
        p->borrowed = true;
        p->caller = borrow_caller(b->api);
        b->cmd.client = p->caller.client;
        b->cmd.seq = ++p->caller.seq;
    }
    msgpack_sink_init(&m, &encoded);
    command_write(&b->cmd, &m.sink);
    if (encoded.len > COMMAND_BYTES_MAX) {
        rpc_reply_error(r, ERROR_INVALID_PARAMETER, "the call is too large");
        free(p);
    } else {
        calls_change(b->api->config.calls, &encoded, api_timeout(b->params), change_answer, p);
    }
    bytes_release(&encoded);
}

bool api_change(struct session *s, struct rpc_request *r, const char *method,
                const struct value *params)
{
    struct building b = {.api = s->api, .params = params};

    if (!api_builds(method))
        return false;
    if (!session_may_change(s)) {
        rpc_reply_error(r, ERROR_ACCESS_DENIED,
                        "changing the cluster needs full access: be root or the daemon's user");
        return true;
    }
    uint32_t code = api_build(&b, method);
    value_get_uint(params, "client", &b.cmd.client);
    value_get_uint(params, "seq", &b.cmd.seq);
    if (code == 0 && b.cmd.client != 0 && b.cmd.seq == 0) {
        code = ERROR_INVALID_PARAMETER;
        snprintf(b.fault, sizeof b.fault, "a client counts its calls in `seq`, from 1");
    }
    struct reply why = {0};
    if (code == 0) {
        code = cluster_level_check(replica_cluster(s->api->config.replica), &b.cmd, &why);
        snprintf(b.fault, sizeof b.fault, "%s", why.detail);
    }
    if (code == 0)
        submit(&b, r);
    else
        rpc_reply_error(r, code, b.fault[0] != '\0' ? b.fault : NULL);
    arena_release(&b.arena);
    return true;
}
