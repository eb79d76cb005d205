/* What a machine's disk holds of raft, and what is on its way there.
 *
 * A full disk takes so many entries as it has prepared room for, then the queue waits;
 * a snapshot fails. Term and vote have their room.
 *
 * Term and vote are written at once, as raft_uv does. Everything else passes
 * through a queue, in order; when the writer dies, some first part of the queue
 * has reached the disk and the rest has not (a batch half written is found bad
 * by its checksum and counts as not written). Snapshots are written beside it. */
#ifndef HOLDFAST_SIM_DISK_H
#define HOLDFAST_SIM_DISK_H

#include <raft.h>

#include "tests/sim/sim.h"

struct stored_entry {
    raft_term term;
    enum raft_entry_type type;
    size_t len;
    uint8_t *data; /* Owned, libc's. */
};

struct stored_snapshot {
    raft_index index;
    raft_term term;
    raft_index configuration_index;
    size_t configuration_len, len;
    uint8_t *configuration, *data; /* Owned, libc's. */
};

enum write_kind { WRITE_APPEND, WRITE_TRUNCATE, WRITE_SNAPSHOT };

struct write {
    enum write_kind kind;
    raft_index index;             /* First, of entries; of the truncation. */
    struct stored_entry *entries; /* WRITE_APPEND. Owned. */
    unsigned n;
    struct stored_snapshot snapshot;
    unsigned trailing; /* 0: the snapshot replaces the log. */
    /* Tell the writer: only while its process lives. */
    void (*done)(void *arg, int status);
    void *arg;
    struct write *next;
};

struct disk {
    struct machine *machine;
    enum disk_mood mood;
    raft_term term;
    raft_id vote;
    raft_index first; /* Index of entries[0]. */
    struct stored_entry *entries;
    size_t count, size;
    struct stored_snapshot snapshot; /* index 0: none. */
    uint64_t acked;                  /* As the process sees it. */
    uint64_t acked_synced;           /* As it is on the disk at least. */
    struct write *queue, **queue_tail;
    bool busy;
    struct event *next_done;
    struct process *writer; /* Of what is in the queue. */
    unsigned prepared;      /* While it is full: entries for which there is room yet. */
};

raft_index disk_last(const struct disk *d);
/* Taken: `w` is freed when it is done. */
void disk_write(struct disk *d, struct process *p, struct write *w);
void snapshot_release(struct stored_snapshot *s);
/* 0, or what the disk says to a small write now. */
int disk_status(const struct disk *d);

#endif
