/* Nothing is written behind a cut of the log before it has happened.
 *
 * A cut (a truncation, or an installed snapshot that takes the place of the log) is done by
 * raft_uv on a thread, and an error of it is told to nobody (guard.h, 12). What it comes to is
 * seen in the folder, segments.h. Calls that write, and further cuts, are held until
 * then, and made in their order.
 *
 *     NONE -> CUT: writes under way end, segments are closed, one is written anew
 *      ^       |
 *      +-------+ the folder shows it; what is held goes, up to the next cut
 *
 * Invariant: the next start loads a log that raft has had in memory. While a cut is under way,
 * which the mark says (acked_cut()), all that lies behind it in the folder is of the old log,
 * whatever step of the cut has failed or was not reached, and segments_repair() makes a log
 * of it. The mark is gone, on the disk as well, before anything is written behind the cut.
 *
 * That the folder shows a cut stays true until something is written, and only what is held
 * here would be. Loop thread only. */
#ifndef HOLDFAST_CONSENSUS_CUT_H
#define HOLDFAST_CONSENSUS_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CUT_PATIENCE_MS = 10000 }; /* From when writes under way have ended. */

/* Embedded in what is to be done. */
struct cut_call {
    /* Do it, once; or, cancelled, say so to whoever asked for it. It may free itself. */
    void (*go)(struct cut_call *call, bool cancelled);
    bool cuts; /* It begins a cut, if it is not cancelled. */
    bool gone;
    struct cut_call *next;
};
#define CUT_CALL_OF(p, type) ((type *)((char *)(p)-offsetof(type, call)))

struct cut {         /* Private, but for: */
    const char *dir; /* NULL: each cut is taken for done; */
    unsigned flying; /* what was begun and is not done; */
    unsigned taking; /* snapshots of our own that were begun and are not done. */
    uint64_t index;  /* The log is to end before this; 0: NONE. */
    uint64_t looked_ms, waited_ms;
    struct cut_call *held, **held_tail;
};

void cut_init(struct cut *c);
/* Now, or when what is held before it is done. */
void cut_do(struct cut *c, struct cut_call *call);
/* Called by what is done: a cut at `index` begins. */
void cut_begin(struct cut *c, uint64_t index);
/* At the end of every turn of the loop. */
enum cut_state { CUT_NONE, CUT_UNDER_WAY, CUT_DONE, CUT_FAILED };
enum cut_state cut_look(struct cut *c, uint64_t now_ms);
/* It is done, and the mark says so. */
void cut_end(struct cut *c);
/* Do what is held, up to the next cut. A cut waits for a snapshot that is being taken: in
 * raft_uv it would get lost beside it (UvBarrier gives it a barrier of its own, which is
 * dropped with the segment if another one is pending). */
void cut_go_on(struct cut *c);
/* The log is closed: cancel what is held. */
void cut_cancel(struct cut *c);

#endif
