/* A placement while it is being made, and how it is kept. Private to placement.c,
 * decision.c and preempt.c. */
#ifndef HOLDFAST_GROUPMGR_DECISION_H
#define HOLDFAST_GROUPMGR_DECISION_H

#include "groupmgr/rules.h"

/* One node. */
struct judged {
    struct node_record *n;
    enum placement_rule rule;              /* That excluded it; PLACEMENT_CHOSEN: none did. */
    uint32_t value, best;                  /* As in struct candidate. */
    uint32_t points[PLACEMENT_RULE_COUNT]; /* By the rules that compare; less is better, but of
                                            * PLACEMENT_AFFINITY. */
};

struct judging {
    const struct cluster *c;
    const struct group_record *g;
    const struct question *q;
    bool will_run;                                   /* It takes up room where it goes. */
    unsigned in_rack[NODES_MAX], in_site[NODES_MAX]; /* To keep away from, by slot. */
    unsigned steps;
    struct judged nodes[NODES_MAX]; /* In the order of c->nodes. */
};

/* Judge which nodes are possible, and why the others are not. Changes nothing. */
void judge_begin(struct judging *j, const struct cluster *c, const struct group_record *g,
                 const struct question *q);
/* The decision of the present command about j->g; `chosen` NULL: none is possible. */
void decision_keep(struct cluster *c, const struct judging *j, const struct judged *chosen);

#endif
