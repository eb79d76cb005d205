/* Shared by consensus.c (life, turns), propose.c (batches) and fsm.c (what raft
 * asks of a state machine) only. */
#ifndef HOLDFAST_CONSENSUS_CONSENSUS_PRIVATE_H
#define HOLDFAST_CONSENSUS_CONSENSUS_PRIVATE_H

#include <raft.h>
#include <uv.h>

#include "consensus/batch.h"
#include "consensus/consensus.h"
#include "consensus/retention.h"
#include "consensus/round.h"

/* One raft entry under way that this node proposed. */
struct batch {
    struct raft_apply req;
    struct consensus *consensus;
    uint64_t tag;
    void **requests; /* One for each command; NULL where nobody waits. */
    uint32_t command_count;
    void **barriers; /* Those that wait for the entry as such. */
    uint32_t barrier_count;
    struct bytes entry; /* Being built; handed to raft when submitted. */
    uint32_t refusal;   /* What to say if it was not proposed. */
    struct batch *next; /* Under way, oldest first. */
};

struct consensus {
    uv_loop_t *loop;
    struct consensus_callbacks callbacks;
    void *data;
    uint32_t id;
    struct raft raft;
    struct raft_io io;
    struct raft_fsm fsm;
    struct acked *acked;
    struct guard *guard;
    struct transport *transport;
    struct retention retention;
    struct nudge *nudge;
    struct round round;
    char *cluster, *address, *disk; /* Owned copies for the transport. */
    char *dir;
    uint64_t snapshot_retry_ms; /* One was put off until then; 0. */
    unsigned unclosed;          /* Looks at a segment that should have been closed. */

    uint64_t position;      /* Entries applied. */
    uint64_t arrived_ms;    /* Of the entry that is being applied. */
    uint64_t stamp_ms;      /* Highest stamp applied, */
    uint64_t stamp_boot_ms; /* and when, by the boot clock. */
    uint64_t tag;           /* Of the last batch. */
    uint64_t snapshots;
    uint64_t settled_term;   /* Last term in which an entry of this leader was applied. */
    struct batch *gathering; /* Of this loop turn; NULL. */
    struct batch *under_way, **under_way_tail;
    unsigned waiting;      /* Requests not finished. */
    struct batch *refused; /* Not proposed; told at the end of the turn. */

    uv_check_t turn_end;
    uv_idle_t hurry; /* Keeps poll from sleeping while something is gathered. */
    struct raft_transfer *transfer;
    struct raft_change *change; /* Under way, begun here; NULL. */
    uint32_t leader;
    uint64_t term;
    bool is_leader;

    bool closing;
    unsigned handles_open;
    void (*closed)(void *data);
    void *closed_data;
};

/* ------------------------------------------------------------------ propose.c */

/* Hand what was gathered in this turn to raft, as one entry. */
void proposals_flush(struct consensus *c);
/* Tell those whose batch was not proposed. */
void proposals_tell_refused(struct consensus *c);
/* This process' own batch that `h` belongs to; NULL: another's, or a former life's. */
struct batch *proposals_find(const struct consensus *c, const struct batch_header *h);
/* Tell everybody who waits for `b` what became of it, and free it. */
void batch_finish(struct batch *b, uint32_t code);

/* ---------------------------------------------------------------------- fsm.c */

/* The methods that libraft calls. */
void fsm_init(struct raft_fsm *fsm, struct consensus *c);

#endif
