/* What the parts of the guard share; see guard.h. */
#ifndef HOLDFAST_CONSENSUS_GUARD_PRIVATE_H
#define HOLDFAST_CONSENSUS_GUARD_PRIVATE_H

#include "consensus/cut.h"
#include "consensus/guard.h"
#include "consensus/resend.h"

/* raft_uv keeps two. */
enum { SNAPSHOTS_KEPT = 4 };

/* Entries that wait to be committed are fewer, but for a log that is read or sent again. */
enum { ARRIVALS_KEPT = 1024 };

struct guard {
    struct raft_io *io;
    struct raft_io original; /* Methods of raft_uv. */
    struct acked *acked;
    guard_fatal fatal;
    void *data;
    raft_io_recv_cb recv;
    uint64_t next_append;                           /* Index that the next append begins with. */
    struct guarded_append *writing, **writing_tail; /* Oldest first. */
    struct {
        raft_index index;
        uint64_t ms;
    } arrivals[ARRIVALS_KEPT]; /* That of entry `index` is at index % ARRIVALS_KEPT. */
    size_t unlooked;      /* Bytes written since it was looked whether segments are closed. */
    uint64_t looked_ms;   /* When that was. */
    unsigned unclosed;    /* Looks in a row that found one that is not, */
    size_t unclosed_grew; /* and bytes written since the first of them. */
    bool taking;
    struct {
        raft_index index;
        raft_term term;
    } snapshots[SNAPSHOTS_KEPT]; /* Seen last: read at the start, taken, installed. */
    unsigned snapshot_count;
    void (*sent)(const struct raft_message *message, void *data);
    void *sent_data;
    bool (*has_room)(uint64_t bytes, void *data);
    void *room_data;
    struct resend resend;
    struct cut cut;
    raft_io_close_cb closed;
    struct guard *next;
};

/* The one around `io`. */
struct guard *guard_of(const struct raft_io *io);

/* Ends the process: `what` failed with libraft's code `rv`. */
void guard_die(struct guard *g, const char *what, int rv) __attribute__((noreturn));

/* ---------------------------------------------------------------- guard_log.c */

int guard_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
               struct raft_snapshot **snapshot, raft_index *start_index,
               struct raft_entry *entries[], size_t *n_entries);
int guard_recover(struct raft_io *io, const struct raft_configuration *conf);
int guard_truncate(struct raft_io *io, raft_index index);
int guard_append(struct raft_io *io, struct raft_io_append *req, const struct raft_entry entries[],
                 unsigned n, raft_io_append_cb cb);
int guard_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                       const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb);
/* Is the cut that is under way done? Goes on, or ends the process. */
void guard_watch_cut(struct guard *g);

/* ----------------------------------------------------------- guard_messages.c */

void guard_recv(struct raft_io *io, struct raft_message *message);
int guard_io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                  raft_io_send_cb cb);

#endif
