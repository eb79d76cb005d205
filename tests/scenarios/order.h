/* Commands in words: a verb, what it is done to, and the rest in any order.
 *
 *     [by CLIENT:SEQ] VERB [group|resource|node|cluster] NAME [on|to|in|from OTHER]
 *         [type TYPE] [as EXPRESSION] [prefers|owners NODE...] [NAME=VALUE ...]
 *         [drain] [FLAG ...] [flags NUMBER] [with NAME=VALUE ...]
 *
 * The verbs and flags stand in tables in order.c. A NAME without the kind before
 * it is that of a group, else of a resource, else of a node. */
#ifndef HOLDFAST_TESTS_SCENARIOS_ORDER_H
#define HOLDFAST_TESTS_SCENARIOS_ORDER_H

#include "base/proplist.h"
#include "groupmgr/groupmgr.h"
#include "tests/scenarios/stage.h"
#include "tests/scenarios/words.h"

enum { ORDER_NAMES_MAX = 64, ORDER_PROPERTIES_MAX = 32 };

/* A command and what it points to; the texts belong to the words. */
struct order {
    struct command cmd;
    const char *names[ORDER_NAMES_MAX];
    struct property properties[ORDER_PROPERTIES_MAX];
    char *lists[ORDER_PROPERTIES_MAX]; /* Owned: values that are lists. */
    struct proplist_builder instructions;
};

void order_init(struct order *o);
void order_release(struct order *o);
/* The whole line. False if its verb is not one of a command. Wrong words raise
 * the alarm. */
bool order_parse(struct stage *s, struct words *w, struct order *o);
/* Only what follows the name, up to the end or a comma or colon. `flags` may be NULL. */
struct flag;
void order_parse_rest(struct stage *s, struct words *w, const struct flag *flags, struct order *o);

#endif
