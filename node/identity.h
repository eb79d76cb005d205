/* A node's data directory: its layout, its lock, its identity.
 *
 *   raft/       the log            lock         held by the running daemon
 *   resources/  resources' logs    identity     32 hex digits, made once
 *   monitor.*   the monitor        pid          of the running daemon
 *   member      node/join.h        diverged     why this copy must not be used
 *   rejoin      likewise           old-TIME/    set aside by `node join --replace`
 *
 * The identity is made at random when the directory is first used and is known
 * to the cluster: a node that comes back under an old name with an emptied disk
 * has forgotten its votes and what it acknowledged, and is refused. */
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

/* Keep this directory from being used again; survives restarts. */
void identity_condemn(const struct identity *id, const char *why);

#endif
