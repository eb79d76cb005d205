/* The daemon: makes all parts and connects them. Loop thread. */
#ifndef HOLDFAST_NODE_DAEMON_H
#define HOLDFAST_NODE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "consensus/consensus.h"
#include "node/api.h"
#include "node/calls.h"
#include "node/config.h"
#include "node/executor.h"
#include "node/fence.h"
#include "node/identity.h"
#include "node/join.h"
#include "node/members.h"
#include "node/peers.h"
#include "node/pulse.h"
#include "node/recovery.h"
#include "node/replica.h"
#include "node/space.h"
#include "resources/monitor.h"

/* How the process ends; the supervisor goes by it. */
enum {
    EXIT_ORDERLY = 0,
    EXIT_FAILSTOP = 70,  /* Going on was unsafe: start again. */
    EXIT_UNUSABLE = 71,  /* The data must not be used: a person must act. */
    EXIT_RECOVER = 72,   /* Start again: the cluster is to be recovered (recovery.h). */
    EXIT_TEMPORARY = 75, /* Could not start (disk full, port in use): try again. */
    EXIT_CONFIG = 78,    /* The configuration is wrong. */
};

struct stop;

struct daemon {
    uv_loop_t loop;
    const struct config *config;
    uint32_t self;
    struct identity *identity;
    struct replica *replica;
    struct calls *calls;
    struct peers *peers;
    struct pulse *pulse;
    struct members *members;
    struct space *space;
    struct joined joined;
    struct recovery recovery;
    struct executor *executor;
    struct fence *fence;
    struct consensus *consensus;
    struct api *api;
    struct monitor *monitor;
    struct stop *stop; /* Orderly stop under way; NULL. */
    bool opening;      /* consensus_open() is running. */
    bool joining;      /* pulse_join() was called and has not led to joined(). */
    bool lost;         /* Down: joins again when nothing runs any more. */
    bool stranded;     /* Its monitor died, and what that ran goes on until a reset. */
    uint64_t incarnation;
    uint64_t lease_deadline_ms;
    uv_signal_t sigterm, sigint;
    uv_timer_t monitor_retry;
    uv_timer_t recover_exit; /* Before the end for a recovery: its answer is on its way. */
    int exit_status;
};

/* Run until told to stop. Returns an exit status. */
int daemon_run(struct config *config);
/* Its two halves, for who turns the loop by himself: everything is opened, or
 * the process ends; then, once the loop has nothing left, everything is freed. */
/* A node that joins learns its id here, and `config` gets it. */
void daemon_start(struct daemon *d, struct config *config);
void daemon_finish(struct daemon *d);

/* What orderly stop needs (stop.c). */
struct stop *stop_begin(struct daemon *d);
void stop_on_applied(struct stop *s);
void stop_free(struct stop *s);
/* The last step: close everything; the loop ends. */
void daemon_close(struct daemon *d);

#endif
