/* Which named parameters may be shown.
 *
 * Parameters of fence agents hold passwords under names that each agent chooses
 * for itself. A list of names that look secret would miss one some day, so this
 * is the list of those that are known to be harmless: all others are masked.
 * Pure; any thread. */
#ifndef HOLDFAST_BASE_SECRET_H
#define HOLDFAST_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MASK "********"

bool secret_may_show(const char *name);
/* Replace each occurrence of `secret` in `text` by as many asterisks; an empty
 * secret changes nothing. */
void secret_strike(char *text, const char *secret);

#endif
