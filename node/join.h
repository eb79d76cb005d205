/* The id of this node: which it is in the raft configuration.
 *
 * A node of the first configuration has its place in the order of the names; one that
 * joins asks the cluster for one, through any member's address. Either is written into
 * the data folder, as `member`, the first time, and counts from then on: an id is tied
 * to what this disk has promised, and never changes.
 *
 *   peer.join {cluster, name, address, disk, witness, lease_ms, level, level_min}
 *       -> {id, epoch, members: [{id, disk}]}
 *
 * `rejoin` in the folder says that `holdfast node join --replace` emptied it: such a node
 * only joins.
 *
 * Asking twice is harmless: the cluster knows the disk and gives the same id again. */
#ifndef HOLDFAST_NODE_JOIN_H
#define HOLDFAST_NODE_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "groupmgr/groupmgr.h"
#include "node/config.h"

enum { DISK_BYTES_MAX = 33 };

struct identity;

/* Who let this node join: until its state tells, only these may speak to it. */
struct joined {
    uint32_t id;
    uint32_t epoch; /* Only right after joining; 0: not said. */
    struct {
        uint32_t id;
        char disk[DISK_BYTES_MAX];
    } members[NODES_MAX];
    unsigned count; /* 0: it did not join. */
};

/* Find the id, and give it to this node among the peers of `config`. Blocks until a
 * member has answered, for ever if need be; each new refusal is logged. Returns 0, or a
 * code with *ret_why (to free) if the data folder cannot be read or written. */
/* `identity` learns the epoch of the cluster that it joins. */
uint32_t join_find_id(struct config *config, struct identity *identity, struct joined *ret,
                      char **ret_why);

/* What stands in the data folder, asking nobody. False: nothing yet. `ret->id` is 0 if it is
 * there and not to be read. */
bool join_recall(const char *data_dir, struct joined *ret);

bool join_knows(const struct joined *j, uint32_t id, const char *disk);

#endif
