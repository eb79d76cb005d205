#include <stdlib.h>
#include <utlist.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/rpc_private.h"

void rpc_request_arrived(struct rpc_conn *c, const struct value *message)
{
    struct rpc_request *r = xcalloc(1, sizeof *r);

    r->conn = c;
    r->id = message->items[1].uint;
    DL_APPEND(c->requests, r);
    c->in_flight++;
    if (c->handlers->request == NULL)
        rpc_reply_error(r, ERROR_CALL_NOT_IMPLEMENTED, NULL);
    else
        c->handlers->request(c, r, message->items[2].str, &message->items[3], c->data);
}

void rpc_requests_orphan(struct rpc_conn *c)
{
    struct rpc_request *r, *next;

    DL_FOREACH_SAFE(c->requests, r, next)
    {
        DL_DELETE(c->requests, r);
        r->conn = NULL;
    }
    c->in_flight = 0;
}

struct rpc_conn *rpc_request_conn(const struct rpc_request *r)
{
    return r->conn;
}

/* Take `r` off its connection and free it. Returns where the rest of the
 * response goes, NULL if nobody is there to get it. */
static struct bytes *reply_begin(struct rpc_request *r, struct rpc_conn **ret_conn)
{
    struct rpc_conn *c = r->conn;
    struct bytes *out = NULL;
    uint64_t id = r->id;
    struct msgpack_sink m;

    if (c != NULL) {
        DL_DELETE(c->requests, r);
        c->in_flight--;
        out = rpc_out(c);
    }
    free(r);
    if (out == NULL)
        return NULL;
    msgpack_sink_init(&m, out);
    sink_array(&m.sink, 4);
    sink_uint(&m.sink, 1);
    sink_uint(&m.sink, id);
    *ret_conn = c;
    return out;
}

void rpc_reply(struct rpc_request *r, const struct bytes *result)
{
    struct rpc_conn *c;
    struct bytes *out = reply_begin(r, &c);
    struct msgpack_sink m;

    if (out == NULL)
        return;
    msgpack_sink_init(&m, out);
    sink_nil(&m.sink);
    if (result == NULL || result->len == 0)
        sink_nil(&m.sink);
    else
        bytes_append(out, result->data, result->len);
    rpc_out_queued(c);
}

void rpc_reply_error(struct rpc_request *r, uint32_t code, const char *message)
{
    struct rpc_conn *c;
    struct bytes *out = reply_begin(r, &c);
    struct msgpack_sink m;

    if (out == NULL)
        return;
    msgpack_sink_init(&m, out);
    sink_map(&m.sink, 3);
    sink_kv_uint(&m.sink, "code", code);
    sink_kv_str(&m.sink, "name", error_name(code));
    sink_kv_str(&m.sink, "message", message != NULL ? message : error_text(code));
    sink_nil(&m.sink);
    rpc_out_queued(c);
}
