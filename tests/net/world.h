/* A loop with a server and a connection dialled to it, for the tests of
 * net/rpc.h. Nothing waits for time: world_step() runs the loop until something
 * happened, and fails the test when nothing does for long. */
#ifndef HOLDFAST_TESTS_NET_WORLD_H
#define HOLDFAST_TESTS_NET_WORLD_H

#include <stdbool.h>
#include <uv.h>

#include "net/msgpack.h"
#include "net/rpc.h"

#define HELD_MAX 64

/* One end of a connection, as the handlers saw it. */
struct end {
    struct rpc_conn *conn; /* The last one; NULL once it was closed. */
    unsigned opened;
    unsigned closed;
    uint32_t code; /* Of the last closed(). */
    unsigned requests;
    unsigned notifications;
    uint64_t last; /* `n` of the last request or notification. */
    struct rpc_request *held[HELD_MAX];
    unsigned held_count;
};

struct world {
    uv_loop_t loop;
    uv_timer_t guard;
    char dir[32];
    char log_path[64];
    struct address address; /* Of the server. */
    struct rpc_server *server;
    struct rpc_handlers handlers;
    struct end near; /* The dialled side. */
    struct end far;  /* The accepted side. */
    uint32_t dial_code;
    unsigned dialled;
};

/* With a loop, a folder, a log and no server. */
void world_setup(struct world *w);
/* Closes what is there and checks that no handle, file or socket is left. */
void world_teardown(struct world *w);
void world_step(struct world *w);
#define RUN_UNTIL(w, condition) \
    while (!(condition))        \
    world_step(w)

/* The server of the far end. Its requests: `echo` answers its params, `hold`
 * is kept in far.held, `refuse` is answered with 5013, `close` closes the
 * connection and then answers, `stop` closes the server. */
void world_serve(struct world *w, const char *address, const struct rpc_limits *limits);
/* A connection to it, made by rpc_dial(). */
void world_dial(struct world *w, const struct rpc_limits *limits);
/* Both, over 127.0.0.1. */
void world_connect(struct world *w);

/* A plain blocking socket to the server, for peers that misbehave. */
int world_raw(struct world *w);
/* Write all of `data` to a raw socket, running the loop. */
void raw_send(struct world *w, int fd, const void *data, size_t len);
/* Run the loop until the raw socket is at its end; returns the bytes that came
 * before that. */
size_t raw_drain(struct world *w, int fd);

/* Params {n: value} in `b`, which is cleared first. */
const struct bytes *params_n(struct bytes *b, uint64_t value);

/* What an rpc_call() was told. */
struct answer {
    unsigned count;
    uint32_t code;
    char message[128];
    uint64_t n; /* Of a result {n: …}. */
};
void answer_done(uint32_t code, const char *message, const struct value *result, void *data);

/* How many lines of the log contain `text`. */
unsigned world_logged(struct world *w, const char *text);

#endif
