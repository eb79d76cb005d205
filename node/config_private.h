/* What the parts of config.h share: config_keys.c knows the keys and reads their values,
 * config.c reads the file and judges the whole. */
#ifndef HOLDFAST_NODE_CONFIG_PRIVATE_H
#define HOLDFAST_NODE_CONFIG_PRIVATE_H

#include <stdio.h>

#include "node/config.h"

enum { CONFIG_KEYS_MAX = 32 };

/* What is known while the file is being read. */
struct loading {
    struct config *config;
    const char *path;
    FILE *file;
    FILE *errors;
    unsigned line;
    unsigned error_count;
    unsigned seen[CONFIG_KEYS_MAX]; /* Line of each key, 0 if absent. */
};

/* `line` 0: it is about the whole. */
void config_complain(struct loading *l, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For inih; `user` is the struct loading. */
int config_on_key(void *user, const char *section, const char *name, const char *value);
/* Where a key was given; 0: nowhere. */
unsigned config_line_of(const struct loading *l, const char *section, const char *name);
/* Complains of each key that must be given and is not. */
void config_check_required(struct loading *l);

/* `text` is NAME=HOST:PORT with or without a role, and is written to. */
void config_add_peer(struct loading *l, char *text);
/* NULL: there is none of that name. */
const struct config_timing *config_profile(const char *name);

#endif
