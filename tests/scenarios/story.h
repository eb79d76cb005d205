/* One scenario: a file of lines that is played and becomes a transcript. */
#ifndef HOLDFAST_TESTS_SCENARIOS_STORY_H
#define HOLDFAST_TESTS_SCENARIOS_STORY_H

#include <stdbool.h>

#include "base/bytes.h"

struct story {
    const char *path;
    struct bytes file;       /* As it is. */
    struct bytes transcript; /* As it should be: the same with what happened. */
    struct bytes complaints; /* Facts that do not hold, promises broken. */
    unsigned facts;
    unsigned commands;
    unsigned foresights; /* Commands whose end a rehearsal foresaw. */
};

/* False if the file cannot be read. */
bool story_read(struct story *story, const char *path);
void story_release(struct story *story);
/* Play it; false if something is wrong with it that no transcript can bless. */
bool story_play(struct story *story);
bool story_is_told(const struct story *story);
bool story_write(const struct story *story);

/* diff.c: append the differences between two texts, line by line. */
void diff_lines(const struct bytes *old, const struct bytes *new, struct bytes *out);

#endif
