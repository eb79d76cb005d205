/* This node's copy of the cluster's state, and its way in and out of the log.
 *
 * Commands come from the log (consensus calls back), go through groupmgr, and
 * whoever proposed one on this node is told its reply. Other parts of the
 * daemon see the state read-only and hear of every entry that was applied.
 *
 * Replicas are compared: at every pulse each node digests its state at that
 * entry; the leader puts its digest of a former pulse into the log, and a node
 * whose own was different stops for good (docs/consistency.md). Loop thread. */
#ifndef HOLDFAST_NODE_REPLICA_H
#define HOLDFAST_NODE_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "consensus/consensus.h"
#include "groupmgr/groupmgr.h"

struct replica;

/* One command on its way through this node's log; embedded by its owner, who
 * keeps it until `done`. */
struct proposal {
    struct reply reply; /* Valid in `done` with code 0. */
    /* `code` as in consensus_callbacks.finished. */
    void (*done)(struct proposal *p, uint32_t code);
};

struct replica_listener {
    /* A command was applied: `cmd` lives during the call. */
    void (*command)(const struct command *cmd, const struct reply *reply, void *data);
    /* An entry was applied whole. */
    void (*applied)(void *data);
    /* The whole state was replaced by a snapshot. */
    void (*restored)(void *data);
    /* The copy is not that of the leader. Must not return. */
    void (*diverged)(const char *message, void *data);
    void *data;
};

struct replica *replica_new(const char *node_name, const struct replica_listener *listener);
void replica_free(struct replica *r);

struct cluster *replica_cluster(const struct replica *r);
/* From now on transitions are logged: before, the log is only being read again. */
void replica_set_live(struct replica *r);

/* The command that makes every node compare itself with this one; false if
 * there is nothing to compare yet. Appended to `out`. */
bool replica_write_check(const struct replica *r, struct bytes *out);

/* The state as bytes, and their digest. */
void replica_snapshot(const struct replica *r, struct bytes *out);
uint32_t replica_restore(struct replica *r, const uint8_t *state, size_t len);

/* For consensus. `request` is a struct proposal or NULL. */
void replica_apply(struct replica *r, uint64_t position, uint64_t stamp_ms, const uint8_t *command,
                   size_t len, void *request);
void replica_applied(struct replica *r, uint64_t position);

#endif
