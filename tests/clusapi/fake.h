/* A node for tests: answers the API on a Unix socket from a thread, as it is
 * told to, and keeps what it was asked.
 *
 * It knows one group, "DemoGroup", one resource, "Web", of it, and one node,
 * "n1". Anything else is not found. */
#ifndef HOLDFAST_TESTS_CLUSAPI_FAKE_H
#define HOLDFAST_TESTS_CLUSAPI_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"

enum { FAKE_CALLS_MAX = 1024 };

/* One call as it arrived; cluster.status is not kept. */
struct fake_call {
    char method[32];
    char name[64];
    char node[64];
    char group[64];
    char type[64];
    char on[64];
    uint64_t client, seq; /* 0: not sent. */
    uint32_t flags;
    bool has_flags;
    uint8_t instructions[512];
    size_t instructions_len;
    unsigned connection; /* Counted from 1. */
};

/* Set before fake_start(), or with fake_lock() held. */
struct fake_behaviour {
    const char *cluster; /* Name in cluster.status; NULL: "test". */
    const char *peer;    /* Address of another node; NULL: none. */
    int state;           /* Of everything. */
    unsigned pending;    /* So many reads say Pending first. */
    const char *owner;   /* NULL: "n1". */
    uint64_t id;         /* Of everything; 0: 7. */
    uint32_t refuse;     /* Error for every changing call. */
    uint32_t refuse_all; /* Error for every call but cluster.status. */
    unsigned starting;   /* So many times cluster.status says ERROR_NOT_READY. */
    uint32_t word;       /* `code` that a changing call answers. */
    unsigned hang_ups;   /* So many calls are taken and never answered. */
    bool garbage;        /* Answers are not MessagePack-RPC. */
    bool bare;           /* Results are empty maps. */
    unsigned gather;     /* From now on, answer none until so many calls have come. */
};

struct fake;

/* Listen on `path`. */
struct fake *fake_start(const char *path, const struct fake_behaviour *behaviour);
/* Hang up on everybody, stop, remove the socket, free. */
void fake_stop(struct fake *f);
/* Change what it does from now on: between the two. */
struct fake_behaviour *fake_lock(struct fake *f);
void fake_unlock(struct fake *f);
/* Calls so far, and one of them, counted from 0. */
unsigned fake_call_count(struct fake *f);
struct fake_call fake_call(struct fake *f, unsigned position);

/* A temporary folder, with HOLDFAST_SOCKET naming `n1` in it. */
struct place {
    char folder[64];
    char n1[96];
    char n2[96];
};
void place_make(struct place *p);
void place_remove(struct place *p);

#endif
