/* A raft_io under a guard that does nothing but what a test says: it fails on demand, and
 * its writes end when the test has them end. */
#ifndef HOLDFAST_TESTS_CONSENSUS_GUARD_FAKE_H
#define HOLDFAST_TESTS_CONSENSUS_GUARD_FAKE_H

#include <stdint.h>

#include "consensus/guard.h"

enum {
    WRITES_MAX = 4,
    FAKE_BATCH = 8, /* Entries that share memory when they are loaded. */
};

struct fake {
    struct raft_io io;
    struct acked *acked;
    struct guard *guard;
    char dir[32];
    int fails; /* What every method returns. */
    struct raft_io_append *writes[WRITES_MAX];
    raft_io_append_cb write_cbs[WRITES_MAX];
    unsigned write_count;
    struct raft_io_snapshot_put *put;
    raft_io_snapshot_put_cb put_cb;
    uint64_t mark_at_call; /* What the mark was when truncate or snapshot_put came. */
    raft_io_recv_cb recv;
    uint64_t loaded_last; /* load() finds entries up to here, each with its index as data. */
    unsigned received, answered;
    int status;                      /* Of the last answer. */
    struct raft raft;                /* Only its configuration counts. */
    raft_index configuration_of_put; /* That snapshot_put() was given. */
    unsigned recovered;              /* Calls of recover(). */
    raft_term sent_term;             /* Of the last snapshot or vote sent. */
    unsigned sent_entries;           /* In the last message of that kind. */
};

/* With a guard around it, whose fatal() ends the process with WORLD_FATAL. */
void fake_open(struct fake *f);
void fake_close(struct fake *f);
/* Entries `first` to `last`, as libraft does: truncate, then append. */
void fake_append(struct fake *f, struct raft_io_append *req, uint64_t first, uint64_t last);
/* The oldest write ends. */
void fake_written(struct fake *f, int status);
/* A snapshot; `trailing` 0: one that is being installed. f->put_cb() ends it. */
void fake_put(struct fake *f, struct raft_io_snapshot_put *req, unsigned trailing, uint64_t index);
/* What fake_append() and fake_put() ask to be called, with the fake as the request's data: it
 * counts in `answered`. */
void fake_appended(struct raft_io_append *req, int status);
void fake_was_put(struct raft_io_snapshot_put *req, int status);

#endif
