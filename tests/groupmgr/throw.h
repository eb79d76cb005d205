/* Arbitrary commands, sensible and not, of all kinds. */
#ifndef HOLDFAST_TESTS_GROUPMGR_THROW_H
#define HOLDFAST_TESTS_GROUPMGR_THROW_H

#include "groupmgr/groupmgr.h"

struct dice {
    uint64_t state;
};

/* xorshift64*: the seed is the test. */
uint64_t roll(struct dice *d, uint64_t sides);

/* A command and what it points to. */
struct throw
{
    struct command cmd;
    const char *names[2];
    struct property property;
    struct renewal renewals[3];
    struct report reports[6];
    uint8_t instructions[8];
    char expression[256];
};

/* The nodes have the ids 1 to 4 and the names A to D. */
void throw_any(const struct cluster *c, struct dice *d, struct throw *t);

#endif
