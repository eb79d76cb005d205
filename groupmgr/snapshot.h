/* What the writer and the reader of snapshots must agree on. Private to
 * groupmgr. */
#ifndef HOLDFAST_GROUPMGR_SNAPSHOT_H
#define HOLDFAST_GROUPMGR_SNAPSHOT_H

#include "groupmgr/fields.h"

enum { SNAPSHOT_VERSION = 2 };

/* The field "candidates" of a map. */
void candidates_write(struct field_writer *w, const struct candidate *candidates, unsigned count);
/* How many there are; the caller frees *ret, which is NULL if the field is missing. */
unsigned candidates_read(struct field_reader *r, struct candidate **ret);

#endif
