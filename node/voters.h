/* Who should vote: the next single change of the raft configuration.
 *
 * Pure: members, their roles, who is up and where they stand, to at most one change and
 * the reason for it. The leader asks again when that change is done (node/members.c),
 * so requests queue as what is wanted, and nothing waits in anybody's memory.
 *
 * The rules, the first that applies:
 * 1. An evicted server goes, voters last and only while the others have a majority.
 * 2. A new member is added, as a spare, then a stand-by: it gets the log.
 * 3. The voters are an odd number, at most seven, as many as the members allow: a
 *    stand-by that is up is promoted if with others it makes the number odd; of an even
 *    number one is demoted, the lost ones first.
 * 4. A voter that has been down for the grace period is replaced by a stand-by that is
 *    up: that one is promoted first, then rule 3 demotes the lost one.
 * 5. A stand-by in a site, or rack, without a voter replaces one of several in another.
 * Invariant: after a removal or a demotion, the voters that are up are a majority of
 * those that remain. The leader is never demoted or removed: it hands over first. */
#ifndef HOLDFAST_NODE_VOTERS_H
#define HOLDFAST_NODE_VOTERS_H

#include <stdbool.h>
#include <stdint.h>

enum { VOTERS_MAX = 7 };

enum voter_role { VOTER_ABSENT, VOTER_SPARE, VOTER_STANDBY, VOTER_VOTER };

struct voter_member {
    uint32_t id;
    enum voter_role role;
    bool departing; /* Evicted. */
    bool up;
    bool lost;      /* Down for longer than the grace period. */
    bool leader;
    bool witness;
    const char *site, *rack; /* "": none. */
};

enum voter_change_kind {
    VOTER_CHANGE_NONE,
    VOTER_CHANGE_ADD,
    VOTER_CHANGE_ASSIGN,
    VOTER_CHANGE_REMOVE,
    VOTER_CHANGE_TRANSFER, /* Of the leadership, away from `id`. */
};

struct voter_change {
    enum voter_change_kind kind;
    uint32_t id;
    enum voter_role role; /* ASSIGN. */
    const char *why;      /* Static. */
};

/* `automatic` false: rules 1 and 2 only. */
struct voter_change voters_next(const struct voter_member *members, unsigned count, bool automatic);

#endif
