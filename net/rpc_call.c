#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/rpc_private.h"

#define uthash_malloc(size) xmalloc(size)
#include <uthash.h>

struct call {
    uint32_t id;
    uint64_t due_ms; /* 0: never. */
    rpc_done done;
    void *data;
    struct call *next; /* Of those about to be told the same. */
    UT_hash_handle hh;
};

static void call_finish(struct call *call, uint32_t code, const char *message,
                        const struct value *result)
{
    rpc_done done = call->done;
    void *data = call->data;

    free(call);
    if (done != NULL)
        done(code, message, result, data);
}

static struct call *call_find(struct rpc_conn *c, uint32_t id)
{
    struct call *call;

    HASH_FIND(hh, c->calls, &id, sizeof id, call);
    return call;
}

static void params_append(struct bytes *out, const struct bytes *params)
{
    struct msgpack_sink m;

    if (params != NULL && params->len > 0) {
        bytes_append(out, params->data, params->len);
        return;
    }
    msgpack_sink_init(&m, out);
    sink_map(&m.sink, 0);
}

static void call_send(struct rpc_conn *c, uint32_t id, const char *method,
                      const struct bytes *params)
{
    struct bytes *out = rpc_out(c);
    struct msgpack_sink m;

    if (out == NULL)
        return; /* It has ended or is about to: conn_finish() answers the call. */
    msgpack_sink_init(&m, out);
    sink_array(&m.sink, 4);
    sink_uint(&m.sink, 0);
    sink_uint(&m.sink, id);
    sink_str(&m.sink, method);
    params_append(out, params);
    rpc_out_queued(c);
}

void rpc_call(struct rpc_conn *c, const char *method, const struct bytes *params,
              unsigned timeout_ms, rpc_done done, void *data)
{
    struct call *call = xcalloc(1, sizeof *call);

    do
        call->id = ++c->call_id;
    while (call_find(c, call->id) != NULL); /* After 2^32 calls. */
    call->done = done;
    call->data = data;
    HASH_ADD(hh, c->calls, id, sizeof call->id, call);
    if (timeout_ms > 0) {
        /* The loop's clock stands still during a callback, and this one may
         * have been running for a while. */
        uv_update_time(c->loop);
        call->due_ms = uv_now(c->loop) + timeout_ms;
        if (c->calls_due_ms == 0 || call->due_ms < c->calls_due_ms)
            c->calls_due_ms = call->due_ms;
        rpc_timer_update(c);
    }
    call_send(c, call->id, method, params);
}

void rpc_notify(struct rpc_conn *c, const char *method, const struct bytes *params)
{
    struct bytes *out = rpc_out(c);
    struct msgpack_sink m;

    if (out == NULL)
        return;
    msgpack_sink_init(&m, out);
    sink_array(&m.sink, 3);
    sink_uint(&m.sink, 2);
    sink_str(&m.sink, method);
    params_append(out, params);
    rpc_out_queued(c);
}

const char *rpc_call_answered(struct rpc_conn *c, const struct value *message)
{
    const struct value *items = message->items;
    const struct value *text;
    struct call *call = NULL;
    uint32_t code;

    if (message->len != 4 || items[1].type != VALUE_UINT)
        return "a response is [1, id, error, result]";
    if (items[2].type != VALUE_NIL && items[2].type != VALUE_MAP)
        return "the error of a response is a map or nil";
    if (items[1].uint <= UINT32_MAX)
        call = call_find(c, (uint32_t)items[1].uint);
    if (call == NULL && c->calls_given_up > 0) {
        c->calls_given_up--;
        return NULL;
    }
    if (call == NULL)
        return "a response to no call";
    HASH_DEL(c->calls, call);
    if (items[2].type == VALUE_NIL) {
        call_finish(call, ERROR_SUCCESS, "", &items[3]);
        return NULL;
    }
    if (!value_get_u32(&items[2], "code", &code) || code == ERROR_SUCCESS)
        code = ERROR_INTERNAL_ERROR;
    text = value_get(&items[2], "message");
    call_finish(call, code, text != NULL && text->type == VALUE_STR ? text->str : "", NULL);
    return NULL;
}

/* The callbacks may make calls and end the connection: so first take out all
 * that are meant, then tell them. */
static void calls_finish(struct call *first, uint32_t code)
{
    while (first != NULL) {
        struct call *next = first->next;

        call_finish(first, code, error_text(code), NULL);
        first = next;
    }
}

void rpc_calls_expire(struct rpc_conn *c)
{
    uint64_t now = uv_now(c->loop);
    struct call *call, *next, *first = NULL, **last = &first;

    if (c->calls_due_ms == 0 || c->calls_due_ms > now)
        return;
    c->calls_due_ms = 0;
    HASH_ITER(hh, c->calls, call, next)
    {
        if (call->due_ms != 0 && call->due_ms <= now) {
            HASH_DEL(c->calls, call);
            c->calls_given_up++;
            *last = call;
            last = &call->next;
        } else if (call->due_ms != 0 && (c->calls_due_ms == 0 || call->due_ms < c->calls_due_ms)) {
            c->calls_due_ms = call->due_ms;
        }
    }
    calls_finish(first, ERROR_TIMEOUT);
}

void rpc_calls_abort(struct rpc_conn *c)
{
    struct call *call, *next, *first = NULL, **last = &first;

    HASH_ITER(hh, c->calls, call, next)
    {
        HASH_DEL(c->calls, call);
        *last = call;
        last = &call->next;
    }
    calls_finish(first, ERROR_CONNECTION_ABORTED);
}
