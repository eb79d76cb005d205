/* Trees of values in memory: what a sink was told, to be read, altered and
 * written again; and trees as bytes, to be compared. */
#ifndef HOLDFAST_TESTS_GROUPMGR_TREE_H
#define HOLDFAST_TESTS_GROUPMGR_TREE_H

#include "base/bytes.h"
#include "base/value.h"
#include "groupmgr/groupmgr.h"

/* All live in `a`. */
struct value *tree_of_cluster(const struct cluster *c, struct arena *a);
struct value *tree_of_command(const struct command *cmd, struct arena *a);
/* Append the tree's bytes: a tag, a length, contents. */
void tree_bytes(const struct value *v, struct bytes *out);
/* Number the nodes of a tree from 0 in the order of writing: the nth, or NULL. */
struct value *tree_node(struct value *v, unsigned n);
unsigned tree_size(const struct value *v);

#endif
