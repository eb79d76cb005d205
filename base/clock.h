/* The two clocks. Milliseconds; any thread.
 *
 * Leases and time-outs use clock_boot_ms(): CLOCK_BOOTTIME never jumps and goes
 * on while the machine sleeps, so that a node that was suspended knows that its
 * lease is over. clock_wall_ms() only stamps commands, for people and for
 * policies that speak of hours of the day. */
#ifndef HOLDFAST_BASE_CLOCK_H
#define HOLDFAST_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_boot_ms(void);
uint64_t clock_boot_ns(void);
uint64_t clock_wall_ms(void); /* Since 1970-01-01 UTC. */
/* Processor time that this process has used: not a time of day, and no clock for
 * decisions, only for telling why something came late. */
uint64_t clock_cpu_ms(void);

#endif
