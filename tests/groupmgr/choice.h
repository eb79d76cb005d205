/* Choices of nodes as text. */
#ifndef HOLDFAST_TESTS_GROUPMGR_CHOICE_H
#define HOLDFAST_TESTS_GROUPMGR_CHOICE_H

#include "groupmgr/rules.h"
#include "tests/groupmgr/world.h"

/* "A chosen, B down, C more-loaded 3:1": each node, the rule, and if it counted
 * something, how much here and on the chosen one. Valid until the next call. */
const char *choice_text(struct world *w, const struct candidate *candidates, unsigned count);
/* Why the group is on its node. */
const char *choice_kept(struct world *w, const char *group);
/* What would be chosen for it now. */
const char *choice_now(struct world *w, const char *group, const struct question *q);
/* Whom that is; "-": nobody. */
const char *choice_node(struct world *w, const char *group, const struct question *q);

struct group_record *choice_group(struct world *w, const char *name);
struct node_record *choice_of(struct world *w, const char *node);
/* How much of a capacity is used on a node. */
uint64_t choice_used(struct world *w, const char *node, const char *quantity);

#endif
