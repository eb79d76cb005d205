/* What groups take up on nodes: whom they must keep away from, whom they want
 * to be near to, and room. Derived from the state and kept up with each change,
 * so that a decision costs the nodes and what the one group names, however much
 * exists. Nothing of it is in a snapshot. Private to groupmgr.
 *
 * A group counts on its owner while something of it runs, is about to be started
 * or restarted, or an operation of its runs. It got its place there by asking for
 * it, and has to ask again once nothing of all that is left: one that is Failed
 * for good, parked, pushed out or not started for whatever reason takes up
 * nothing. While it moves it counts on the node that it goes to as well: that
 * place is taken. */
#ifndef HOLDFAST_GROUPMGR_ACCOUNT_H
#define HOLDFAST_GROUPMGR_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "groupmgr/objects.h"

#ifndef uthash_malloc
#define uthash_malloc(size) xmalloc(size)
#endif
#include <uthash.h>

struct cluster;
struct node_record;
struct group_record;

/* A string of AntiAffinityClassNames or AffinityClassNames. */
struct affinity_class {
    char *name;                 /* Without case. */
    unsigned users;             /* Groups that name it. */
    uint16_t counts[NODES_MAX]; /* Of them, those that count on a node, by its slot. */
    UT_hash_handle by_name;
};

struct class_list {
    struct affinity_class **items; /* Each once. */
    unsigned count;
};

/* A name of Capacities and Needs. */
struct quantity {
    char *name; /* Without case. */
    unsigned users;
    UT_hash_handle by_name;
};

struct need {
    struct quantity *quantity;
    uint64_t amount;
};

struct offer {
    struct quantity *quantity;
    uint64_t amount;
    uint64_t used; /* By the groups that count there; may be more, if they were there before. */
};

/* Where a group counts. */
struct share {
    struct node_record *at;     /* Its owner; NULL: nowhere. */
    struct node_record *toward; /* Where it is on its way to; NULL. */
    bool gives_way;             /* It goes offline for a group of higher priority. */
    unsigned thousand;          /* Of its priority, when this was booked. */
};

/* ------------------------------------------------------------- account.c */

/* Wanted online, itself or a resource of it. */
bool group_is_wanted(const struct group_record *g);
/* It runs, is wanted, or is being brought online by the present command: where
 * it goes it takes up room. */
bool group_will_run(const struct cluster *c, const struct group_record *g);
/* Its properties are new: read its classes and needs again. */
void group_configured(struct cluster *c, struct group_record *g);
/* The same of a node's capacities, site and rack. */
void node_configured(struct cluster *c, struct node_record *n);
/* It counts on its owner, whatever its state says: it is about to be started. */
void account_claim(struct cluster *c, struct group_record *g);
/* The object is about to go. */
void account_forget_group(struct cluster *c, struct group_record *g);
void account_forget_node(struct cluster *c, struct node_record *n);
/* All that is derived, without the objects. */
void account_release(struct cluster *c);
/* What differs from a recount of everything; NULL: nothing. */
const char *account_fault(const struct cluster *c);

/* ------------------------------------------------------------ affinity.c */

/* `list`, whose classes live in `table`, is what `names` says. */
void class_list_set(struct affinity_class **table, struct class_list *list,
                    const struct strings *names);
void class_list_count(const struct class_list *list, const struct node_record *n, int by);
/* Other groups on `n` that share a class of `list`, which is one of g's; one
 * that shares two counts twice. */
unsigned class_list_others(const struct class_list *list, const struct group_record *g,
                           const struct node_record *n);
/* Find out anew which nodes share a site or rack. */
void domains_update(struct cluster *c);
/* Enforced anti-affinity is all that keeps the group, which waits, from starting. */
bool anti_affinity_conflict(const struct group_record *g);
void classes_release(struct affinity_class **table);
const char *classes_fault(const struct cluster *c);

/* ------------------------------------------------------------ capacity.c */

void needs_set(struct cluster *c, struct group_record *g, const struct strings *list);
void offers_set(struct cluster *c, struct node_record *n, const struct strings *list);
/* Book the group's needs on `n`, or take them off again. */
void needs_book(const struct group_record *g, struct node_record *n, bool add);
/* What `n` offers of it; NULL: not limited there. */
struct offer *offer_find(const struct node_record *n, const struct quantity *quantity);
/* The first of its needs, from 0, that `n` has no room for besides what counts
 * there already; need_count: there is room for all. */
unsigned need_lacking(const struct group_record *g, const struct node_record *n);
void quantities_release(struct cluster *c);
const char *capacity_fault(const struct cluster *c);

#endif
