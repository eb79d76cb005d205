/* The last resort of a node that cannot end what it runs: it ends itself.
 *
 * When the lease is over and something still runs (a process that the kernel does not
 * let go), no signal helps, and others are about to start the same. So the node's
 * hardware watchdog is armed, by opening it, and not fed: the machine is reset
 * unless all has ended before; then the watchdog is closed with the magic 'V', which
 * disarms it. Or, without a watchdog, the machine is rebooted at once, without
 * syncing anything: a sync may hang on the very disk that the process hangs on.
 *
 * It is armed at no other time, so a monitor that dies or is upgraded resets nobody; but
 * where something runs whose end is not sure even when all its processes are gone
 * (SelfFencing), it is held: open and fed as vigil.h says.
 *
 * Invariant: of one that was held, no count begins that might end later than `latest_ms`
 * (clock_boot_ms(); UINT64_MAX: there is no such time), nor by arming later than the count
 * that runs.
 *
 * A driver that was loaded with `nowayout` ignores the 'V': then the node is reset
 * in any case. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_WATCHDOG_H
#define HOLDFAST_RESOURCES_WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum self_fence { SELF_FENCE_NONE, SELF_FENCE_WATCHDOG, SELF_FENCE_REBOOT };
/* "none", "watchdog", "reboot"; false if `name` is none of them. */
bool self_fence_parse(const char *name, enum self_fence *ret);

struct watchdog {
    enum self_fence how;
    const char *device; /* /dev/watchdog; borrowed. */
    const char *sysrq;  /* /proc/sysrq-trigger; borrowed. */
    int fd;             /* -1: not armed. */
    bool held;
    unsigned timeout_s; /* With which it was held last; 0: not since it was opened. */
    unsigned least_s;   /* What the driver took for the shortest then. */
    uint64_t fed_ms;    /* Last, at the earliest. */
    /* ioctl(), or what a test puts in its place. */
    int (*control)(int fd, unsigned long request, int *seconds);
};

void watchdog_init(struct watchdog *w, enum self_fence how, const char *device, const char *sysrq);
/* Reset this node: at once, or when the watchdog's time is over, unless it is
 * disarmed before. Again changes nothing. One that was held is fed no more, and gets the
 * shortest time only if that brings the reset forward. Returns 0, or why it cannot be done. */
uint32_t watchdog_arm(struct watchdog *w);
bool watchdog_is_armed(const struct watchdog *w);
/* Open it, with a time-out of `*seconds` or what the driver has next to it, which is
 * returned there. From here on watchdog_feed() must come more often than that. One that is
 * held already gets the new time-out, but no longer one; one that is armed is held from now
 * on. Returns ERROR_INVALID_STATE if it would take more than `most_s`, or if it is too late
 * for that, or an error code with a message; then it is as it was. */
uint32_t watchdog_hold(struct watchdog *w, unsigned *seconds, unsigned most_s, uint64_t latest_ms,
                       char *message, size_t size);
/* Only while it is held. ERROR_INVALID_STATE: it is too late for that, and it was not touched. */
uint32_t watchdog_feed(struct watchdog *w, uint64_t latest_ms);
/* All has ended after all. Returns 0, also if it was not armed; on an error the
 * watchdog may still fire. */
uint32_t watchdog_disarm(struct watchdog *w);

#endif
