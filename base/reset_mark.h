/* The mark in a node's data folder that something runs there which only a reset of the
 * machine ends for certain (SelfFencing, resources/vigil.h), so that whoever finds its
 * monitor dead knows.
 *
 * Invariant: it is there from before the watchdog is held for such a thing until none is left,
 * or the machine was reset. So where it is set and the monitor's lock is free, something may
 * run, and a watchdog count for it: until the machine was booted no other monitor is started,
 * which might feed that or close it, and nobody is told that nothing runs.
 *
 * It is a link whose text is the id of the boot: made as a whole or not at all, without
 * waiting for the disk, and void once the machine was booted. Any thread. */
#ifndef HOLDFAST_BASE_RESET_MARK_H
#define HOLDFAST_BASE_RESET_MARK_H

#include <stdbool.h>
#include <stdint.h>

enum { BOOT_ID_BYTES = 64 };
void boot_id(char ret[BOOT_ID_BYTES]); /* "unknown" if the system does not tell. */

/* Returns 0 or the code; one that is set stays so. */
uint32_t reset_mark_set(const char *dir);
uint32_t reset_mark_clear(const char *dir);
/* In this boot. If it cannot be read it counts as set. */
bool reset_mark_is_set(const char *dir);

#endif
