/* Nodes of real libraft on one loop, each with a folder, a port and a log of
 * what it was told, for the tests of consensus/consensus.h. The state is the
 * sequence of all commands. Nothing waits for time: RUN_UNTIL() runs the loop
 * until something happened, and fails the test when nothing does for long. */
#ifndef HOLDFAST_TESTS_CONSENSUS_WORLD_H
#define HOLDFAST_TESTS_CONSENSUS_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/bytes.h"
#include "consensus/consensus.h"

enum { WORLD_NODES_MAX = 4, WORLD_FATAL = 70 };

struct world;

/* What became of one proposal or barrier. */
struct ask {
    unsigned applied;  /* Calls of apply() with it. */
    unsigned finished; /* Calls of finished(). */
    uint32_t code;
    uint64_t position;          /* At which it was applied. */
    unsigned entries_at_finish; /* applied() calls before finished(). */
    unsigned order;             /* Of finished(), from 1. */
};

struct node {
    struct world *world;
    uint32_t id;
    char dir[64];
    char address[64];
    char disk[16];
    enum consensus_role role;
    struct rpc_server *server;
    struct consensus *consensus; /* NULL while closed. */
    struct bytes state;
    unsigned commands, entries, restores;
    uint64_t applied_position; /* Of the last applied(). */
    uint64_t stamp_ms;
    uint64_t arrived_ms;      /* Of the last command applied while it is open. */
    uint32_t epoch;           /* 0: the first. */
    bool alone;               /* Force a configuration of it alone when it is opened. */
    unsigned outlived;        /* Told that the cluster went on without it. */
    unsigned refusals;        /* Of peers with another disk than theirs. */
    struct ask *when_leading; /* Proposed as "first" in the very turn in which it leads. */
};

struct world {
    uv_loop_t loop;
    uv_timer_t guard;
    char dir[32];
    struct node nodes[WORLD_NODES_MAX]; /* Node `id` is nodes[id - 1]. */
    unsigned count;
    unsigned threshold, trailing, election_ms;
    unsigned first; /* Nodes of the first configuration, the others join; 0: all. */
    unsigned finished;
};

/* `count` nodes, closed, whose ports are taken; `host` NULL is 127.0.0.1. */
void world_setup(struct world *w, unsigned count, const char *host);
/* Closes what is open and checks that no handle is left. */
void world_teardown(struct world *w);
void world_step(struct world *w);
#define RUN_UNTIL(w, condition) \
    while (!(condition))        \
    world_step(w)

/* The node that leads, if exactly one thinks so; NULL. */
struct node *world_leader(struct world *w);
/* Waits until one node leads and all open ones follow it. */
struct node *world_elect(struct world *w);

/* As node_open(), but returns what consensus_open() does. */
uint32_t node_try_open(struct node *n, char **ret_why);
void node_open(struct node *n);
void node_close(struct node *n);
void node_propose(struct node *n, const char *command, struct ask *ask);
void node_barrier(struct node *n, struct ask *ask);
/* Propose, and wait until it is applied. */
void node_commit(struct node *n, const char *command);
bool node_equal(const struct node *a, const struct node *b);

/* Run `body` in a child process that ends with its return value, at once and
 * without closing anything: as after a kill. Returns the exit status. */
int in_child(int (*body)(void *data), void *data);

/* A folder as one voter leaves it that took `count` commands of `len` bytes,
 * each in an entry of its own, and was killed. Snapshots and the like as in `w`. */
void node_run_and_die(struct node *n, unsigned count, size_t len);

/* The whole file, to free; NUL-terminated. */
uint8_t *file_read(const char *path, size_t *ret_len);
void file_write(const char *path, const void *data, size_t len);
/* The `nth` file of folder `dir` in order of names whose name begins with
 * `prefix` and ends with `suffix`; false if there are not so many. */
bool file_find(const char *dir, const char *prefix, const char *suffix, unsigned nth, char *path,
               size_t size);

#endif
