/* The hardware watchdog of a machine: once open it counts, whatever becomes of who opened
 * it, and of the machine's kernel; unless it is closed with the magic 'V', or fed. */
#include <errno.h>
#include <linux/watchdog.h>
#include <stdlib.h>

#include "base/reset_mark.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

static void on_boot(void *arg)
{
    struct machine *m = arg;

    if (!m->on)
        machine_on(m);
}

static void on_reset(void *arg)
{
    struct machine *m = arg;

    m->watchdog.reset = NULL;
    trace(1, "---- the watchdog resets %s", m->name);
    machine_off(m);
    event_at(sim.now_ns + rng_range(&m->rng, 1000, 8000) * MS, NULL, on_boot, m, NULL);
}

static void stop(struct machine *m)
{
    if (m->watchdog.reset != NULL)
        event_cancel(m->watchdog.reset);
    m->watchdog.reset = NULL;
}

static void count_anew(struct machine *m)
{
    uint64_t end_ns = machine_boot_ns(m) + m->watchdog.timeout_s * SECONDS;

    stop(m);
    m->watchdog.reset = event_at(machine_when(m, end_ns), NULL, on_reset, m, NULL);
}

int watchdog_device_open(void)
{
    struct machine *m = sim.current->machine;

    if (sim.profile.watchdog_s == 0) {
        errno = ENOENT;
        return -1;
    }
    if (m->watchdog.reset == NULL)
        m->watchdog.timeout_s = 60; /* As drivers have it. */
    m->watchdog.magic = false;
    count_anew(m);
    return WATCHDOG_FD;
}

int watchdog_device_close(void)
{
    struct machine *m = sim.current->machine;

    if (m->watchdog.magic)
        stop(m);
    return 0;
}

ssize_t sim_write(int fd, const void *buffer, size_t size)
{
    struct machine *m = sim.current->machine;

    if (fd != WATCHDOG_FD)
        abort();
    m->watchdog.magic = *(const char *)buffer == 'V';
    count_anew(m);
    return (ssize_t)size;
}

int sim_ioctl(int fd, unsigned long request, int *seconds)
{
    struct machine *m = sim.current->machine;

    if (fd != WATCHDOG_FD)
        abort();
    if (request == WDIOC_SETTIMEOUT) {
        m->watchdog.timeout_s = (unsigned)*seconds;
        if (m->watchdog.timeout_s < sim.profile.watchdog_s)
            m->watchdog.timeout_s = sim.profile.watchdog_s;
        count_anew(m);
    }
    *seconds = (int)m->watchdog.timeout_s;
    return 0;
}

void watchdog_device_on_power_cut(struct machine *m)
{
    stop(m);
    m->watchdog.marked = false; /* Void with the boot. */
}

uint32_t reset_mark_set(const char *dir)
{
    (void)dir;
    sim.current->machine->watchdog.marked = true;
    return 0;
}

uint32_t reset_mark_clear(const char *dir)
{
    (void)dir;
    sim.current->machine->watchdog.marked = false;
    return 0;
}

bool reset_mark_is_set(const char *dir)
{
    (void)dir;
    return sim.current->machine->watchdog.marked;
}
