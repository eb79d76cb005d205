/* Where the other members are, for whoever works on this machine without the state: the
 * supervisor of a daemon that is gone (farewell.h).
 *
 *   DATA/peers   "ID ADDRESS NAME", a line for each member but this one
 *
 * A hint, as old as the daemon's last look at the state: who is dialled says for itself
 * who it is (peer.hello), so a wrong line costs a call and never more. The daemon writes
 * it, from the loop thread, when the members have changed. */
#ifndef HOLDFAST_NODE_DIRECTORY_H
#define HOLDFAST_NODE_DIRECTORY_H

#include <stdint.h>

#include "groupmgr/groupmgr.h"

struct directory;

/* `data_dir` is borrowed for as long as it lives. */
struct directory *directory_open(const char *data_dir, uint32_t self);
/* The members of `c`, unless they stand there already. A state that knows nobody, as
 * after a restart until the log is applied, changes nothing. Does not wait for the disk. */
void directory_keep(struct directory *d, const struct cluster *c);
void directory_close(struct directory *d); /* The file stays. NULL is fine. */

enum { DIRECTORY_ADDRESS_BYTES = 300 };

struct directory_entry {
    uint32_t id;
    char address[DIRECTORY_ADDRESS_BYTES];
    char name[NAME_BYTES_MAX + 1];
};

/* What stands in `data_dir`; lines that are not to be read are passed over. Returns how
 * many. */
unsigned directory_read(const char *data_dir, struct directory_entry ret[NODES_MAX]);

#endif
