/* The inside of net/rpc.h: one struct rpc_conn, worked on by
 *
 *   rpc_conn.c    life: from a stream to closed(), detach, the timer
 *   rpc_read.c    bytes to messages to handlers
 *   rpc_write.c   the output queue and the end of the loop's turn
 *   rpc_call.c    calls of this side, their answers and time-outs
 *   rpc_request.c requests of the peer and this side's replies
 *   rpc_server.c  accepting; rpc_listen.c makes the sockets
 *   rpc_dial.c    connecting
 *
 * A connection is freed only by the close callback of its last handle, so
 * whatever a handler does to it, `c` is there until control is back in the
 * loop; after each call of a handler only `c->state` must be looked at anew. */
#ifndef HOLDFAST_NET_RPC_PRIVATE_H
#define HOLDFAST_NET_RPC_PRIVATE_H

#include "net/msgpack.h"
#include "net/rpc.h"

enum rpc_state {
    RPC_OPEN,      /* Frames are read and dispatched. */
    RPC_DRAINING,  /* rpc_close_after_writes(): input is thrown away. */
    RPC_DETACHING, /* rpc_detach(): nothing is read, output is being written. */
    RPC_DETACHED,  /* The handles but the stream are closing. */
    RPC_ENDED,     /* All handles are closing. */
    RPC_STATE_COUNT,
};

enum {
    /* The most that a peer may take to read what was queued for it before it
     * was to be closed or detached, and then to close its own side. */
    RPC_DRAIN_MS = 5000,
    RPC_LINGER_MS = 1000,
};

struct call; /* rpc_call.c */

struct rpc_request {
    struct rpc_conn *conn; /* NULL once it has ended. */
    uint64_t id;
    struct rpc_request *prev, *next;
};

struct rpc_conn {
    uv_loop_t *loop;
    uv_stream_t *stream; /* Owned; a block of its own, so that it can be handed out. */
    uv_idle_t idle;      /* Both run only while there is work for the end of the turn. */
    uv_check_t check;
    uv_timer_t timer;
    unsigned handles_open;

    enum rpc_state state;
    uint32_t code; /* Why it ended. */
    const struct rpc_handlers *handlers;
    void *data;
    void *user;
    struct rpc_limits limits; /* No zeroes. */
    char *peer;
    long uid;
    bool local;

    struct rpc_server *server; /* NULL if dialled, ended or detached. */
    struct rpc_conn *prev, *next;

    struct bytes in;
    struct msgpack_scan scan; /* Of the frame at the start of `in`. */
    bool dispatching;
    struct rpc_request *requests;
    unsigned in_flight;

    struct bytes out;     /* Queued, not yet given to the kernel. */
    struct bytes writing; /* Given to libuv; empty when no write is under way. */
    uv_write_t write;
    bool turn_pending;
    bool finished_writing; /* RPC_DRAINING: our side of the stream is shut. */

    struct call *calls; /* By id. */
    uint32_t call_id;
    uint64_t calls_given_up; /* Timed out; their answers may still come. */

    uint64_t timer_due_ms; /* What the timer is set to, 0 if it is not. */
    uint64_t deadline_ms;  /* To send a first frame, or to drain; 0: none. */
    uint64_t calls_due_ms; /* Not later than the first time-out; 0: none. */

    void (*detached)(uv_stream_t *stream, void *data);
    void *detached_data;
};

/* ------------------------------------------------------------- rpc_conn.c */

/* A stream of its own block, connected; taken. It reads at once. */
struct rpc_conn *rpc_conn_new(uv_loop_t *loop, uv_stream_t *stream, const struct rpc_limits *limits,
                              const struct rpc_handlers *handlers, void *data);
/* A block that a uv_tcp_t or a uv_pipe_t fits in. */
uv_stream_t *rpc_stream_alloc(void);
/* End the connection, from anywhere. Once it has ended, nothing more. */
void rpc_end(struct rpc_conn *c, uint32_t code);
/* The peer broke a rule: log it and end. */
void rpc_fault(struct rpc_conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All output has been written: what a draining or detaching connection waits for. */
void rpc_drained(struct rpc_conn *c);
/* Set the timer to the earliest of the deadlines. */
void rpc_timer_update(struct rpc_conn *c);
/* The stream is no longer accounted to a server. */
void rpc_server_forget(struct rpc_conn *c);

/* ------------------------------------------------------------- rpc_read.c */

void rpc_read_start(struct rpc_conn *c);
/* Dispatch the whole frames in `c->in`, as far as the limit allows. */
void rpc_dispatch(struct rpc_conn *c);
bool rpc_is_stalled(const struct rpc_conn *c);

/* ------------------------------------------------------------ rpc_write.c */

/* Append a message to the returned buffer, then rpc_out_queued(). NULL if the
 * connection takes no more output. */
struct bytes *rpc_out(struct rpc_conn *c);
void rpc_out_queued(struct rpc_conn *c);
/* Run the end of the turn in this iteration of the loop, before it blocks. */
void rpc_turn_schedule(struct rpc_conn *c);
void rpc_turn_init(struct rpc_conn *c);

/* ------------------------------------------------------------- rpc_call.c */

/* A response came. Returns NULL, or what is wrong with it. */
const char *rpc_call_answered(struct rpc_conn *c, const struct value *message);
void rpc_calls_expire(struct rpc_conn *c);
/* Answer all calls with ERROR_CONNECTION_ABORTED; those made meanwhile stay. */
void rpc_calls_abort(struct rpc_conn *c);

/* ---------------------------------------------------------- rpc_request.c */

void rpc_request_arrived(struct rpc_conn *c, const struct value *message);
/* The connection ends: its requests become orphans. */
void rpc_requests_orphan(struct rpc_conn *c);

/* ----------------------------------------------------------- rpc_listen.c */

enum { RPC_LISTENERS_MAX = 8 };

struct rpc_listening {
    int fds[RPC_LISTENERS_MAX];
    unsigned count;
    uint16_t port;
    char *path; /* Owned; of a Unix socket, with the file's identity. */
    dev_t device;
    ino_t inode;
};

/* Non-blocking listening sockets on all that `address` means; `l` is written
 * only on success. */
uint32_t rpc_listen(const struct address *address, mode_t mode, struct rpc_listening *l);
/* Remove the file if it is still ours; the sockets are the caller's. */
void rpc_listening_release(struct rpc_listening *l);

uint32_t rpc_error_from_uv(int rc);

#endif
