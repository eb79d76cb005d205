#include "node/voters.h"

#include <assert.h>
#include <stddef.h>

#include "base/text.h"

struct tally {
    unsigned voters, voters_up;
    unsigned standbys_up; /* That may become voters. */
    unsigned members;     /* That are there to stay. */
};

static struct tally tally_of(const struct voter_member *m, unsigned count)
{
    struct tally t = {0};

    for (unsigned i = 0; i < count; i++) {
        t.voters += m[i].role == VOTER_VOTER;
        t.voters_up += m[i].role == VOTER_VOTER && m[i].up;
        t.standbys_up += m[i].role == VOTER_STANDBY && m[i].up && !m[i].departing;
        t.members += !m[i].departing;
    }
    return t;
}

/* May this voter go, without costing the others their majority? */
static bool may_go(const struct tally *t, const struct voter_member *m)
{
    unsigned left = t->voters - 1, up = t->voters_up - m->up;

    assert(m->role == VOTER_VOTER);
    return !m->leader && left > 0 && up > left / 2;
}

static struct voter_change change_of(enum voter_change_kind kind, uint32_t id, enum voter_role role,
                                     const char *why)
{
    return (struct voter_change){.kind = kind, .id = id, .role = role, .why = why};
}

/* ------------------------------------------------------------- fault domains */

/* How well voters are spread, without the member at `less` and with that at `more`
 * (count: none): sites count first, then racks. Members without a site or rack share
 * one. */
static unsigned spread_of(const struct voter_member *m, unsigned count, unsigned less,
                          unsigned more)
{
    unsigned sites = 0, racks = 0;

    for (unsigned i = 0; i < count; i++) {
        bool site_is_new = true, rack_is_new = true;

        if (i == less || (m[i].role != VOTER_VOTER && i != more))
            continue;
        for (unsigned j = 0; j < i; j++) {
            if (j == less || (m[j].role != VOTER_VOTER && j != more) ||
                !name_equal(m[i].site, m[j].site))
                continue;
            site_is_new = false;
            rack_is_new = rack_is_new && !name_equal(m[i].rack, m[j].rack);
        }
        sites += site_is_new;
        racks += rack_is_new;
    }
    return sites * 256 + racks;
}

/* The voter to do without: one that is down before one that is up, then for the best
 * spread of the others, a witness before a node, then the highest id. count: none may go. */
static unsigned worst_voter(const struct voter_member *m, unsigned count)
{
    struct tally t = tally_of(m, count);
    unsigned worst = count, best_spread = 0;

    for (unsigned i = 0; i < count; i++) {
        if (m[i].role != VOTER_VOTER || !may_go(&t, &m[i]))
            continue;
        unsigned spread = spread_of(m, count, i, count);
        if (worst == count || m[i].up < m[worst].up ||
            (m[i].up == m[worst].up &&
             (spread > best_spread ||
              (spread == best_spread && m[i].witness >= m[worst].witness)))) {
            worst = i;
            best_spread = spread;
        }
    }
    return worst;
}

/* The stand-by to promote: for the best spread, a node before a witness, then the
 * lowest id. count: there is none. */
static unsigned best_standby(const struct voter_member *m, unsigned count)
{
    unsigned best = count, best_spread = 0;

    for (unsigned i = 0; i < count; i++) {
        if (m[i].role != VOTER_STANDBY || !m[i].up || m[i].departing)
            continue;
        unsigned spread = spread_of(m, count, count, i);
        if (best == count || spread > best_spread ||
            (spread == best_spread && m[i].witness < m[best].witness)) {
            best = i;
            best_spread = spread;
        }
    }
    return best;
}

/* --------------------------------------------------------------------- rules */

static struct voter_change departure(const struct voter_member *m, unsigned count)
{
    struct tally t = tally_of(m, count);

    for (unsigned i = 0; i < count; i++)
        if (m[i].departing && m[i].role != VOTER_ABSENT && m[i].role != VOTER_VOTER)
            return change_of(VOTER_CHANGE_REMOVE, m[i].id, 0, "it was evicted");
    /* Those that are down first: they are what the others' majority suffers from. */
    for (unsigned up = 0; up <= 1; up++)
        for (unsigned i = 0; i < count; i++) {
            if (!m[i].departing || m[i].role != VOTER_VOTER || m[i].up != up)
                continue;
            if (m[i].leader && t.voters_up > 1)
                return change_of(VOTER_CHANGE_TRANSFER, m[i].id, 0, "the leader was evicted");
            if (may_go(&t, &m[i]))
                return change_of(VOTER_CHANGE_REMOVE, m[i].id, 0, "it was evicted");
        }
    return (struct voter_change){0};
}

static struct voter_change arrival(const struct voter_member *m, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (m[i].departing)
            continue;
        if (m[i].role == VOTER_ABSENT)
            return change_of(VOTER_CHANGE_ADD, m[i].id, 0, "it joins");
        if (m[i].role == VOTER_SPARE)
            return change_of(VOTER_CHANGE_ASSIGN, m[i].id, VOTER_STANDBY, "it joins");
    }
    return (struct voter_change){0};
}

static unsigned odd_at_most(unsigned n)
{
    n = n < VOTERS_MAX ? n : VOTERS_MAX;
    return n % 2 == 1 || n == 0 ? n : n - 1;
}

static bool voter_is_lost(const struct voter_member *m, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (m[i].role == VOTER_VOTER && m[i].lost && !m[i].up && !m[i].leader)
            return true;
    return false;
}

/* A promotion now and the demotion that follows it would spread the voters better. */
static bool swap_spreads(const struct voter_member *m, unsigned count, unsigned standby)
{
    unsigned now = spread_of(m, count, count, count);

    for (unsigned i = 0; i < count; i++)
        if (m[i].role == VOTER_VOTER && m[i].up && !m[i].leader &&
            spread_of(m, count, i, standby) > now)
            return true;
    return false;
}

static struct voter_change balance(const struct voter_member *m, unsigned count)
{
    struct tally t = tally_of(m, count);
    unsigned reachable = t.voters + t.standbys_up;
    unsigned wanted = odd_at_most(reachable < t.members ? reachable : t.members);
    unsigned standby = best_standby(m, count);
    unsigned worst = worst_voter(m, count);

    if (t.voters < wanted && standby < count)
        return change_of(VOTER_CHANGE_ASSIGN, m[standby].id, VOTER_VOTER,
                         "for an odd number of voters");
    if (t.voters > wanted && worst < count)
        return change_of(VOTER_CHANGE_ASSIGN, m[worst].id, VOTER_STANDBY,
                         "for an odd number of voters");
    if (t.voters != wanted || standby == count)
        return (struct voter_change){0};
    if (voter_is_lost(m, count))
        return change_of(VOTER_CHANGE_ASSIGN, m[standby].id, VOTER_VOTER, "a voter is lost");
    if (t.voters_up == t.voters && swap_spreads(m, count, standby))
        return change_of(VOTER_CHANGE_ASSIGN, m[standby].id, VOTER_VOTER,
                         "for voters in more fault domains");
    return (struct voter_change){0};
}

struct voter_change voters_next(const struct voter_member *members, unsigned count, bool automatic)
{
    struct voter_change change = departure(members, count);

    if (change.kind == VOTER_CHANGE_NONE)
        change = arrival(members, count);
    if (change.kind == VOTER_CHANGE_NONE && automatic)
        change = balance(members, count);
    return change;
}
