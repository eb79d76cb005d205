/* What the writer and the reader of snapshots must agree on. Private to
 * groupmgr. */
#ifndef HOLDFAST_GROUPMGR_SNAPSHOT_H
#define HOLDFAST_GROUPMGR_SNAPSHOT_H

enum { SNAPSHOT_VERSION = 2 };

#endif
