/* Shared by node/calls.c, node/change.c and node/read.c only. */
#ifndef HOLDFAST_NODE_CALLS_PRIVATE_H
#define HOLDFAST_NODE_CALLS_PRIVATE_H

#include "node/calls.h"
#include "node/replica.h"

struct change;
struct read;
struct barrier;

struct read_list {
    struct read *first, **tail;
};

struct calls {
    uv_loop_t *loop;
    uint32_t self;
    struct consensus *consensus;
    struct peers *peers;
    const struct space *space; /* NULL: nothing is refused for want of room. */
    bool closing;
    uv_timer_t retry;           /* Runs while something waits to be sent. */
    struct change *changes;     /* All that are not done, newest first. */
    struct read_list waiting;   /* For the next barrier. */
    struct read_list in_flight; /* For the barrier under way. */
    struct read_list catching;  /* Position known, this copy not there yet. */
    bool barrier_running;
    uint32_t barrier_leader; /* Whom it was asked of; this node too. */
    unsigned barrier_number; /* Of the last one asked for: answers to others count for nothing. */
};

enum { CALLS_RETRY_MS = 20 };

void calls_schedule_retry(struct calls *c);

/* Changes (change.c). */
void changes_send_waiting(struct calls *c);
/* Another node leads now: what was sent to the last one is sent again. */
void changes_recall(struct calls *c, uint32_t leader);
void changes_expire(struct calls *c, uint64_t now_ms);
void changes_abort(struct calls *c, uint32_t code);

/* Reads (read.c). */
void reads_start_barrier(struct calls *c);
/* As changes_recall(). */
void reads_recall(struct calls *c, uint32_t leader);
void reads_expire(struct calls *c, uint64_t now_ms);
void reads_abort(struct calls *c, uint32_t code);
void reads_caught_up(struct calls *c);
bool reads_waiting(const struct calls *c);

#endif
