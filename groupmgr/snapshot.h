/* What the writer and the reader of snapshots must agree on. Private to
 * groupmgr. */
#ifndef HOLDFAST_GROUPMGR_SNAPSHOT_H
#define HOLDFAST_GROUPMGR_SNAPSHOT_H

enum {
    SNAPSHOT_VERSION = 2,
    CANDIDATE_NUMBERS = 4, /* Of a candidate, each packed into at most: */
    VARINT_BYTES_MAX = 5,
};

#endif
