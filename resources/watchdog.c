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

#include "base/error.h"
#include "base/log.h"

enum { TIMEOUT_S = 1 }; /* The shortest there is: what runs too long runs too long. */

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

/* One that was held is fed once more, with the shortest time: from here on it counts. */
static uint32_t device_arm(struct watchdog *w)
{
    int seconds = TIMEOUT_S, errnum = w->held ? 0 : device_open(w);

    w->held = false;
    if (errnum != 0) {
        log_error("fence", "cannot arm the watchdog %s: %s; this node cannot end itself", w->device,
                  strerror(errnum));
        return error_from_errno(errnum);
    }
    if (w->control(w->fd, WDIOC_SETTIMEOUT, &seconds) != 0)
        log_warn("fence", "%s keeps its own time: %s", w->device, strerror(errno));
    /* Counted anew, with the time just set. */
    errnum = write_byte(w->fd, '\0');
    if (errnum == 0)
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

/* What the driver takes; 0 or an errno. Many round, and some have one time only. */
static int device_set_timeout(const struct watchdog *w, unsigned seconds, unsigned *ret_seconds)
{
    int wanted = (int)seconds, has = 0;

    if (w->control(w->fd, WDIOC_SETTIMEOUT, &wanted) != 0 && errno != EOPNOTSUPP && errno != EINVAL)
        return errno;
    if (w->control(w->fd, WDIOC_GETTIMEOUT, &has) != 0)
        return errno;
    if (has <= 0)
        return ERANGE;
    *ret_seconds = (unsigned)has;
    return 0;
}

uint32_t watchdog_hold(struct watchdog *w, unsigned seconds, unsigned *ret_seconds, char *message,
                       size_t size)
{
    bool fresh = !watchdog_is_armed(w);
    const char *doing = "cannot be opened";
    int errnum = fresh ? device_open(w) : 0;

    if (errnum == 0) {
        doing = "does not tell its time-out";
        errnum = device_set_timeout(w, seconds, ret_seconds);
    }
    if (errnum == 0) {
        doing = "cannot be fed";
        errnum = write_byte(w->fd, '\0');
    }
    if (errnum == 0) {
        w->held = true;
        return 0;
    }
    snprintf(message, size, "the watchdog %s %s: %s", w->device, doing, strerror(errnum));
    if (fresh && w->fd >= 0)
        watchdog_disarm(w);
    return error_from_errno(errnum);
}

uint32_t watchdog_feed(struct watchdog *w)
{
    int errnum = write_byte(w->fd, '\0');

    assert(w->held);
    return errnum == 0 ? 0 : error_from_errno(errnum);
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
    if (errnum == 0)
        return 0;
    log_error("fence", "cannot disarm the watchdog %s: %s", w->device, strerror(errnum));
    return error_from_errno(errnum);
}
