/* MessagePack-RPC over stream sockets, on a libuv loop.
 *
 *   request       [0, id, method, params]     params is one map (or nil)
 *   response      [1, id, error, result]      error is nil or a map
 *                                             {code, name, message}
 *   notification  [2, method, params]
 *
 * Both sides may send any of the three. One struct rpc_conn is one connection,
 * accepted by a struct rpc_server or made by rpc_dial(). Everything runs on
 * the loop's thread; no call blocks.
 *
 * Bounds (struct rpc_limits) hold for every connection: the size of a frame
 * (a larger one closes the connection as soon as its header announces it), the
 * requests under way, the bytes that wait to be written (a peer that does not
 * read is closed), the time to connect. What closes a connection for a fault of
 * the peer is logged once for that connection, with the peer's address.
 *
 * Writes of one loop turn to a connection leave in one system call. */
#ifndef HOLDFAST_NET_RPC_H
#define HOLDFAST_NET_RPC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/value.h"
#include "net/address.h"

struct rpc_server;
struct rpc_conn;
struct rpc_request;

struct rpc_limits {
    size_t frame_bytes_max; /* 0: 4 MiB. */
    size_t out_bytes_max;   /* 0: 64 MiB. */
    unsigned in_flight_max; /* Requests received and not answered; 0: 1024. Reading
                             * pauses at the limit, nothing is refused. */
    unsigned idle_ms;       /* Close accepted connections that never sent a whole frame
                             * in this time; 0: 30 s. */
};

/* What a connection does; one table serves many connections. `data` is the
 * pointer that the server or rpc_dial() was given. Any member may be NULL. */
struct rpc_handlers {
    /* A request arrived. `params` (never NULL, may be nil) lives until the
     * function returns. The handler answers `r` exactly once, now or later, with
     * one of the rpc_reply functions. */
    void (*request)(struct rpc_conn *c, struct rpc_request *r, const char *method,
                    const struct value *params, void *data);
    void (*notification)(struct rpc_conn *c, const char *method, const struct value *params,
                         void *data);
    /* The connection ended, `code` says why (0: by the peer, orderly;
     * ERROR_INVALID_DATA: the peer broke a rule). `c` is freed when this returns.
     * All calls of this side on it have been answered with
     * ERROR_CONNECTION_ABORTED before, only those that were made in response to
     * that are answered after. Not called for a connection that rpc_detach() took. */
    void (*closed)(struct rpc_conn *c, uint32_t code, void *data);
};

/* ----------------------------------------------------------------- server */

/* Listen on `address` (a Unix socket is created with `mode`; a stale one that
 * nobody answers on is replaced). `limits` may be NULL. Handlers and `data` are
 * borrowed until the last closed(). `accepted`, if not NULL, is called for each
 * new connection. Port 0 takes a free one: see rpc_server_port(). A host name
 * is looked up here and now (this call may block), and all its addresses that
 * the machine has are listened on.
 * Returns 0 or an error code (ERROR_ADDRESS_IN_USE: somebody answers there). */
uint32_t rpc_server_open(uv_loop_t *loop, const struct address *address, mode_t mode,
                         const struct rpc_limits *limits, const struct rpc_handlers *handlers,
                         void (*accepted)(struct rpc_conn *c, void *data), void *data,
                         struct rpc_server **ret);
uint16_t rpc_server_port(const struct rpc_server *s);
/* Stop listening and close all its connections, each with closed(); `s` is
 * freed once the loop has run. A Unix socket's file is removed. */
void rpc_server_close(struct rpc_server *s);

/* ------------------------------------------------------------- connection */

/* Connect to `address`: host names are resolved (IPv4 and IPv6, each address
 * in turn) without blocking the loop. `done` is called exactly once, later:
 * with the connection and 0, or NULL and why not. TCP gets NODELAY, keepalive
 * and, if `user_timeout_ms` > 0, TCP_USER_TIMEOUT of that length. */
struct rpc_dial_options {
    const struct rpc_handlers *handlers; /* Borrowed while the connection lives. */
    void *data;
    const struct rpc_limits *limits; /* NULL: defaults. */
    unsigned connect_timeout_ms;     /* 0: 2000. */
    unsigned user_timeout_ms;
};
struct rpc_dial;
typedef void (*rpc_dialed)(struct rpc_conn *c, uint32_t code, void *data);
struct rpc_dial *rpc_dial(uv_loop_t *loop, const struct address *address,
                          const struct rpc_dial_options *options, rpc_dialed done);
/* Give up: `done` will not be called. Only before `done`. */
void rpc_dial_cancel(struct rpc_dial *d);

/* A connection over `fd` (taken): one end of a socketpair, say. Of an `fd` that
 * is no stream socket closed() tells, from the loop. */
struct rpc_conn *rpc_conn_from_fd(uv_loop_t *loop, int fd, const struct rpc_limits *limits,
                                  const struct rpc_handlers *handlers, void *data);

/* Close; closed() follows with ERROR_OPERATION_ABORTED, from the loop. */
void rpc_close(struct rpc_conn *c);
/* Close once everything queued has been written: nothing more is read or
 * queued, requests still under way are dropped, and a peer that does not read or
 * does not close its side is given a few seconds. closed() follows as above. */
void rpc_close_after_writes(struct rpc_conn *c);

/* Who is at the other end: the address in text for logs; the uid of a Unix
 * peer, -1 of others. */
const char *rpc_conn_peer(const struct rpc_conn *c);
long rpc_conn_uid(const struct rpc_conn *c);
bool rpc_conn_is_local(const struct rpc_conn *c); /* Unix socket. */
/* A pointer of the user's own; NULL at first. */
void rpc_conn_set_user(struct rpc_conn *c, void *user);
void *rpc_conn_user(const struct rpc_conn *c);

/* Call `method` with `params` (one encoded MessagePack object, copied; len 0
 * sends an empty map). `done` is called exactly once, never from inside this
 * function: `code` 0 with `result` (valid during the call), or the error's code
 * with `message` (may be ""), also when the connection ends
 * (ERROR_CONNECTION_ABORTED) or after `timeout_ms` (ERROR_TIMEOUT; 0: never). */
typedef void (*rpc_done)(uint32_t code, const char *message, const struct value *result,
                         void *data);
void rpc_call(struct rpc_conn *c, const char *method, const struct bytes *params,
              unsigned timeout_ms, rpc_done done, void *data);
void rpc_notify(struct rpc_conn *c, const char *method, const struct bytes *params);

/* Answer a request: with an encoded object (NULL: nil) or an error. `r` is
 * freed. Fine after the connection has ended: the answer is dropped. */
void rpc_reply(struct rpc_request *r, const struct bytes *result);
/* `message` NULL takes the table's text. */
void rpc_reply_error(struct rpc_request *r, uint32_t code, const char *message);
/* The connection that `r` came on; NULL once that has ended. */
struct rpc_conn *rpc_request_conn(const struct rpc_request *r);

/* Take the socket out: stops reading, waits for queued writes, then calls
 * `done` with a stream that the caller owns (allocated with malloc; uv_close
 * it, free it in the close callback), or NULL if the connection ended first.
 * `c` is freed, closed() is not called. Bytes that the peer sent too early are
 * an error of the peer: `done` gets NULL. Used for raft, which speaks its own
 * protocol after the handshake. */
void rpc_detach(struct rpc_conn *c, void (*done)(uv_stream_t *stream, void *data), void *data);

#endif
