/* A client's call as a line of text, and as a command. */
#ifndef HOLDFAST_SIM_COMMAND_H
#define HOLDFAST_SIM_COMMAND_H

#include "base/proplist.h"
#include "groupmgr/groupmgr.h"
#include "tests/sim/sim.h"

enum { COMMAND_PROPERTIES_MAX = 16, COMMAND_NAMES_MAX = 8 };

struct parsed {
    struct command command;
    char text[256]; /* Its words, with NULs between them. */
    struct property properties[COMMAND_PROPERTIES_MAX];
    const char *names[COMMAND_NAMES_MAX];
    char lists[256]; /* MULTI_SZ. */
    size_t lists_used;
    struct proplist_builder instructions;
};

/* `group-move name=g1 other=n2 flags=4 instructions=1 owners=n1,n2
 * RestartAction:1`: what is no member of struct command is a property. Only
 * inside a process. False: no such verb. */
bool command_parse(const char *text, struct parsed *p);
void command_release(struct parsed *p);

#endif
