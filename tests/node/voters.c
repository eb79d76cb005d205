/* Who should vote next: members in words, the change and its reason as text. */
#include "node/voters.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { MEMBERS_MAX = 12, TEXT_MAX = 160 };

struct cast {
    struct voter_member members[MEMBERS_MAX];
    char words[MEMBERS_MAX][24];
    unsigned count;
};

/* "A! B c C- D-- e@x w Vx": one word for each member, in order of id. A capital is a
 * voter, a small letter a stand-by, '.' a spare, '+' in no configuration; then:
 * '!' leads, '-' is down, '=' is down for longer than the grace period, '*' a witness,
 * 'x' was evicted, and behind '@' the site. */
static void cast_read(struct cast *c, const char *text)
{
    char copy[TEXT_MAX], *rest = copy, *word;

    memset(c, 0, sizeof(*c));
    snprintf(copy, sizeof(copy), "%s", text);
    while ((word = strsep(&rest, " ")) != NULL) {
        struct voter_member *m = &c->members[c->count];
        char *kept = c->words[c->count], *site;

        snprintf(kept, sizeof(c->words[0]), "%s", word);
        site = strchr(kept, '@');
        m->site = site != NULL ? site + 1 : "";
        m->rack = "";
        if (site != NULL)
            *site = '\0';
        m->id = ++c->count;
        m->role = kept[0] == '.'                     ? VOTER_SPARE
                  : kept[0] == '+'                   ? VOTER_ABSENT
                  : kept[0] >= 'A' && kept[0] <= 'Z' ? VOTER_VOTER
                                                     : VOTER_STANDBY;
        m->leader = strchr(kept, '!') != NULL;
        m->lost = strchr(kept, '=') != NULL;
        m->up = strchr(kept, '-') == NULL && !m->lost;
        m->witness = strchr(kept, '*') != NULL;
        m->departing = strchr(kept + 1, 'x') != NULL;
    }
}

static const char *text_of(const struct voter_change *change, char text[TEXT_MAX])
{
    static const char *const verbs[] = {"nothing", "add", "assign", "remove", "transfer"};
    static const char *const roles[] = {"absent", "spare", "stand-by", "voter"};

    if (change->kind == VOTER_CHANGE_NONE)
        return "nothing";
    snprintf(text, TEXT_MAX, "%s %u%s%s", verbs[change->kind], change->id,
             change->kind == VOTER_CHANGE_ASSIGN ? " " : "",
             change->kind == VOTER_CHANGE_ASSIGN ? roles[change->role] : "");
    return text;
}

struct row {
    const char *members, *next;
};

static void play(const struct row *rows, unsigned count, bool automatic)
{
    for (unsigned i = 0; i < count; i++) {
        struct cast c;
        char text[TEXT_MAX];

        cast_read(&c, rows[i].members);
        struct voter_change change = voters_next(c.members, c.count, automatic);
        cr_expect_str_eq(text_of(&change, text), rows[i].next, "%s: %s, not %s", rows[i].members,
                         text, rows[i].next);
        cr_expect((change.kind == VOTER_CHANGE_NONE) == (change.why == NULL));
    }
}
#define PLAY(rows, automatic) play(rows, sizeof(rows) / sizeof(rows[0]), automatic)

Test(voters, are_an_odd_number_of_those_that_are_up)
{
    static const struct row rows[] = {
        {"A!", "nothing"},
        {"A! b", "nothing"},          /* Two voters are worse than one. */
        {"A! b c", "assign 2 voter"}, /* On the way to three. */
        {"A! B c", "assign 3 voter"}, /* There. */
        {"A! b c-", "nothing"},       /* The third could not follow. */
        {"A! B C", "nothing"},
        {"A! B C d", "nothing"},
        {"A! B C d e", "assign 4 voter"},
        {"A! B C D", "assign 4 stand-by"},  /* Four bear no more losses than three. */
        {"A! B C- D", "assign 3 stand-by"}, /* One that is down first. */
        {"A! B", "assign 2 stand-by"},
        {"A B!", "assign 1 stand-by"},     /* Never the leader. */
        {"A! B C D E F G h i", "nothing"}, /* Seven at most. */
        {"A! B C D E F G H", "assign 8 stand-by"},
    };

    PLAY(rows, true);
}

Test(voters, a_lost_one_is_replaced_after_the_grace_period)
{
    static const struct row rows[] = {
        {"A! B C- d", "nothing"},           /* It may come back. */
        {"A! B C= d", "assign 4 voter"},    /* First the new one, */
        {"A! B C= D", "assign 3 stand-by"}, /* then the lost one. */
        {"A! B c= D", "nothing"},
        {"A! B C=", "nothing"}, /* There is no other: fewer would bear no more. */
        {"A! B C= d-", "nothing"},
    };

    PLAY(rows, true);
}

Test(voters, no_change_costs_the_majority)
{
    static const struct row rows[] = {
        {"A! B-", "nothing"},    /* Without a majority nothing can be changed. */
        {"A! Bx C-", "nothing"}, /* A alone would be one of two. */
        {"A! B Cx-", "remove 3"},    {"A! Bx C", "remove 2"},
        {"A! Bx C- D", "remove 2"},  /* Two of three are left. */
        {"A! Bx Cx- D", "remove 3"}, /* Those that are down go first. */
    };

    PLAY(rows, false);
}

Test(voters, who_joins_comes_in_steps_and_who_was_evicted_goes)
{
    static const struct row rows[] = {
        {"A! +", "add 2"},       {"A! .", "assign 2 stand-by"},
        {"A! + .", "add 2"},     {"A! bx +", "remove 2"},
        {"A! .x", "remove 2"},   {"A!x B C", "transfer 1"}, /* Another leader removes it. */
        {"Ax B! C", "remove 1"}, {"A!x", "nothing"},
        {"A! +x", "nothing"},    {"A! b c", "nothing"}, /* Roles are fixed here. */
    };

    PLAY(rows, false);
}

Test(voters, are_spread_over_sites)
{
    static const struct row rows[] = {
        {"A!@x b@x c@y", "assign 3 voter"},
        {"A!@x B@x C@x d@y", "assign 4 voter"},    /* A site without a voter: */
        {"A!@x B@x C@x D@y", "assign 3 stand-by"}, /* it replaces one of three. */
        {"A!@x B@x c@x D@y", "nothing"},
        {"A!@x B@y C@z d@x", "nothing"},
        {"A!@x B@y C@y D@z", "assign 3 stand-by"},
        {"A!@x B@x C-@x d@y", "nothing"}, /* Not while a voter is missing. */
    };

    PLAY(rows, true);
}

Test(voters, a_witness_votes_where_a_node_is_missing)
{
    static const struct row rows[] = {
        {"A! B w*", "assign 3 voter"},
        {"A! B W*", "nothing"},
        {"A! B W* D", "assign 3 stand-by"},
        {"A! w* c d", "assign 3 voter"},
    };

    PLAY(rows, true);
}

/* Whatever the beginning: after a few changes there is nothing left to do, and on the
 * way those that are up have always been a majority, if they were one at the start. */
Test(voters, changes_come_to_an_end_and_keep_the_majority)
{
    for (unsigned seed = 1; seed <= 20000; seed++) {
        unsigned random = seed * 2654435761u, steps = 0, up = 0, voters = 0;
        struct cast c = {.count = 2 + random % 9};
        static const char *const sites[] = {"", "x", "y"};

        for (unsigned i = 0; i < c.count; i++) {
            random = random * 1103515245u + 12345u;
            c.members[i] = (struct voter_member){.id = i + 1,
                                                 .role = (enum voter_role)(random >> 16 & 3),
                                                 .up = (random >> 18 & 3) != 0,
                                                 .lost = (random >> 18 & 3) == 0,
                                                 .departing = (random >> 20 & 7) == 0,
                                                 .witness = (random >> 23 & 7) == 0,
                                                 .site = sites[(random >> 26) % 3],
                                                 .rack = ""};
        }
        c.members[0] = (struct voter_member){
            .id = 1, .role = VOTER_VOTER, .up = true, .leader = true, .site = "", .rack = ""};
        for (;; steps++) {
            voters = up = 0;
            for (unsigned i = 0; i < c.count; i++) {
                voters += c.members[i].role == VOTER_VOTER;
                up += c.members[i].role == VOTER_VOTER && c.members[i].up;
            }
            if (up <= voters / 2)
                break;
            struct voter_change change = voters_next(c.members, c.count, true);
            if (change.kind == VOTER_CHANGE_NONE)
                break;
            cr_assert_lt(steps, 64u, "seed %u does not come to an end", seed);
            struct voter_member *m = &c.members[change.id - 1];
            m->role = change.kind == VOTER_CHANGE_ADD      ? VOTER_SPARE
                      : change.kind == VOTER_CHANGE_REMOVE ? VOTER_ABSENT
                                                           : change.role;
        }
        cr_assert(steps == 0 || up > voters / 2, "seed %u loses its majority", seed);
        cr_assert_eq(c.members[0].role, VOTER_VOTER, "the leader stays");
    }
}
