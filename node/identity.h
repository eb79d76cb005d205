/* A node's data directory: its layout, its lock, its identity.
 *
 *   raft/       the log            lock         held by the running daemon
 *   resources/  resources' logs    identity     32 hex digits, made once
 *   monitor.*   the monitor        pid          of the running daemon
 *                                  peers        directory.h
 *   member      node/join.h        diverged     why this copy must not be used
 *   rejoin      likewise           old-TIME/    set aside by `node join --replace`
 *   epoch       see below          recover      what recovery.h is about to do
 *
 * The identity is made at random when the directory is first used and is known
 * to the cluster: a node that comes back under an old name with an emptied disk
 * has forgotten its votes and what it acknowledged, and is refused.
 *
 * The epoch of the cluster (consensus/epoch.h) that this node is of is fixed when it joins
 * or is the one that recovers, before it takes part. A node whose state is still empty must
 * know it, or it could give its vote to one of a former epoch; so it is kept beside the
 * state. No file: the first epoch. */
#ifndef HOLDFAST_NODE_IDENTITY_H
#define HOLDFAST_NODE_IDENTITY_H

#include <stdint.h>

struct identity;

/* Make what is missing, take the lock, read the identity. Returns 0, or a code
 * with *ret_why (to free) saying what and what to do. */
uint32_t identity_open(const char *data_dir, struct identity **ret, char **ret_why);
void identity_close(struct identity *id); /* Removes `pid`. NULL is fine. */

const char *identity_disk(const struct identity *id);
const char *identity_raft_dir(const struct identity *id);

uint32_t identity_epoch(const struct identity *id);
/* Durable when it returns 0; `epoch` is none before. */
uint32_t identity_set_epoch(struct identity *id, uint32_t epoch);

/* Keep this directory from being used again; survives restarts. */
void identity_condemn(const struct identity *id, const char *why);

#endif
