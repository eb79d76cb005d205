#include "resources/watchdog.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

enum { TIMEOUT_S = 1 }; /* The shortest there is: what runs too long runs too long. */
enum { TOO_LATE = -1 }; /* No errno. */

bool self_fence_parse(const char *name, enum self_fence *ret)
{
    static const char *const names[] = {"none", "watchdog", "reboot"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum self_fence)i;
            return true;
        }
    return false;
}

static int device_control(int fd, unsigned long request, int *seconds)
{
    return ioctl(fd, request, seconds);
}

void watchdog_init(struct watchdog *w, enum self_fence how, const char *device, const char *sysrq)
{
    *w = (struct watchdog){
        .how = how, .device = device, .sysrq = sysrq, .fd = -1, .control = device_control};
}

bool watchdog_is_armed(const struct watchdog *w)
{
    return w->fd >= 0;
}

/* Returns 0 or an errno. A driver takes the whole of a write or refuses it. */
static int write_byte(int fd, char byte)
{
    ssize_t n;

    do
        n = write(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? 0 : n < 0 ? errno : EIO;
}

/* O_NONBLOCK: a path that is a pipe without a reader must not stop the monitor. */
static int device_open(struct watchdog *w)
{
    w->fd = open(w->device, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    return w->fd < 0 ? errno : 0;
}

/* Holds the invariant: the one place that feeds, or sets a time-out (`seconds`, if not 0),
 * which with many drivers feeds, too. What the driver has after that is not more than
 * `most_s`; 0 if that is not known, and then nothing depends on it. Returns 0, an errno, or
 * TOO_LATE without having touched it. A process that is frozen between clock and device is
 * late by as long; nothing but the kernel could see to that. */
static int device_restart(struct watchdog *w, unsigned seconds, unsigned most_s, uint64_t latest_ms)
{
    uint64_t now_ms = clock_boot_ms();
    int wanted = (int)seconds, errnum;

    assert(most_s != 0 || (w->timeout_s == 0 && latest_ms == UINT64_MAX));
    if (now_ms + (uint64_t)most_s * 1000 > latest_ms)
        return TOO_LATE;
    if (seconds != 0)
        return w->control(w->fd, WDIOC_SETTIMEOUT, &wanted) == 0 ? 0 : errno;
    errnum = write_byte(w->fd, '\0');
    if (errnum == 0)
        w->fed_ms = now_ms;
    return errnum;
}

static uint32_t code_of(int errnum)
{
    return errnum == TOO_LATE ? ERROR_INVALID_STATE : errnum == 0 ? 0 : error_from_errno(errnum);
}

/* What it has at most when it was asked for `seconds`, which is not more than it had when it
 * was held last: a driver takes no more for less, and one that refuses keeps what it has.
 * The latter is why `least_s` may be more than that. */
static unsigned device_most_s(const struct watchdog *w, unsigned seconds)
{
    return seconds == TIMEOUT_S && w->least_s < w->timeout_s ? w->least_s : w->timeout_s;
}

/* Its count, if it has one, ends at the latest when it would have without this: so in time,
 * as that one did. One that keeps its own time is not fed: that only puts the reset off. */
static uint32_t device_arm(struct watchdog *w)
{
    bool counts = w->held;
    uint64_t latest_ms = counts ? w->fed_ms + (uint64_t)w->timeout_s * 1000 : UINT64_MAX;
    unsigned most_s = device_most_s(w, TIMEOUT_S);
    int errnum = counts ? 0 : device_open(w);

    w->held = false;
    if (errnum != 0) {
        log_error("fence", "cannot arm the watchdog %s: %s; this node cannot end itself", w->device,
                  strerror(errnum));
        return error_from_errno(errnum);
    }
    errnum = device_restart(w, TIMEOUT_S, most_s, latest_ms);
    if (errnum > 0)
        log_warn("fence", "%s keeps its own time: %s", w->device, strerror(errnum));
    if (errnum != 0 && counts)
        return 0;
    /* Counted anew, with the time just set. */
    errnum = device_restart(w, 0, most_s, latest_ms);
    if (errnum == 0 || errnum == TOO_LATE)
        return 0;
    /* Open it stays: it may be armed all the same. */
    log_error("fence", "the watchdog %s: %s", w->device, strerror(errnum));
    return error_from_errno(errnum);
}

static uint32_t reboot_now(const struct watchdog *w)
{
    int fd = open(w->sysrq, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    int errnum = fd < 0 ? errno : write_byte(fd, 'b');

    if (fd >= 0)
        close(fd);
    if (errnum == 0)
        return 0;
    log_error("fence", "%s: %s", w->sysrq, strerror(errnum));
    /* Only in place of the real one: who gives another path does not mean it. */
    if (strcmp(w->sysrq, "/proc/sysrq-trigger") == 0 && reboot(RB_AUTOBOOT) != 0) {
        errnum = errno;
        log_error("fence", "cannot reboot: %s", strerror(errnum));
    }
    return error_from_errno(errnum);
}

uint32_t watchdog_arm(struct watchdog *w)
{
    if (w->how == SELF_FENCE_NONE || (watchdog_is_armed(w) && !w->held))
        return 0;
    if (w->how == SELF_FENCE_REBOOT)
        return reboot_now(w);
    return device_arm(w);
}

/* What the driver takes. Many round, and some have one time only. */
static int device_take(struct watchdog *w, unsigned seconds, uint64_t latest_ms,
                       unsigned *ret_seconds)
{
    int has = 0, errnum = device_restart(w, seconds, device_most_s(w, seconds), latest_ms);

    if (errnum != 0 && errnum != EOPNOTSUPP && errnum != EINVAL)
        return errnum;
    if (w->control(w->fd, WDIOC_GETTIMEOUT, &has) != 0)
        return errno;
    if (has <= 0)
        return ERANGE;
    *ret_seconds = (unsigned)has;
    return 0;
}

/* The first time: what it takes for the shortest, too, as long as nothing depends on it. */
static int device_take_first(struct watchdog *w, unsigned wanted, unsigned *ret_seconds)
{
    int errnum = device_take(w, wanted, UINT64_MAX, ret_seconds);

    if (errnum == 0)
        errnum = device_take(w, TIMEOUT_S, UINT64_MAX, &w->least_s);
    return errnum == 0 ? device_take(w, *ret_seconds, UINT64_MAX, ret_seconds) : errnum;
}

/* The time-out that it was held with; if that fails it has a shorter one, and the next feed
 * tells. */
static void device_restore(struct watchdog *w, uint64_t latest_ms)
{
    unsigned seconds;

    if (device_take(w, w->timeout_s, latest_ms, &seconds) == 0)
        device_restart(w, 0, w->timeout_s, latest_ms);
}

/* Of one that is open. */
static int device_hold(struct watchdog *w, unsigned *seconds, unsigned most_s, uint64_t latest_ms,
                       const char **ret_doing)
{
    int errnum = w->timeout_s == 0 ? device_take_first(w, *seconds, seconds)
                                   : device_take(w, *seconds, latest_ms, seconds);

    *ret_doing = "does not tell its time-out";
    if (errnum != 0)
        return errnum;
    if (*seconds > most_s)
        return TOO_LATE;
    *ret_doing = "cannot be fed";
    return device_restart(w, 0, *seconds, latest_ms);
}

uint32_t watchdog_hold(struct watchdog *w, unsigned *seconds, unsigned most_s, uint64_t latest_ms,
                       char *message, size_t size)
{
    bool fresh = !watchdog_is_armed(w);
    const char *doing = "cannot be opened";
    int errnum;

    if (w->timeout_s != 0 && *seconds > w->timeout_s)
        *seconds = w->timeout_s;
    if (*seconds > most_s)
        return ERROR_INVALID_STATE;
    errnum = fresh ? device_open(w) : 0;
    if (errnum == 0)
        errnum = device_hold(w, seconds, most_s, latest_ms, &doing);
    if (errnum == 0) {
        w->timeout_s = *seconds;
        w->held = true;
        return 0;
    }
    if (errnum != TOO_LATE)
        snprintf(message, size, "the watchdog %s %s: %s", w->device, doing, strerror(errnum));
    if (fresh)
        watchdog_disarm(w);
    else if (w->held)
        device_restore(w, latest_ms);
    return code_of(errnum);
}

uint32_t watchdog_feed(struct watchdog *w, uint64_t latest_ms)
{
    assert(w->held);
    return code_of(device_restart(w, 0, w->timeout_s, latest_ms));
}

uint32_t watchdog_disarm(struct watchdog *w)
{
    int errnum;

    if (!watchdog_is_armed(w))
        return 0;
    errnum = write_byte(w->fd, 'V');
    if (close(w->fd) != 0 && errnum == 0)
        errnum = errno;
    w->fd = -1;
    w->held = false;
    w->timeout_s = w->least_s = 0;
    if (errnum == 0)
        return 0;
    log_error("fence", "cannot disarm the watchdog %s: %s", w->device, strerror(errnum));
    return error_from_errno(errnum);
}
