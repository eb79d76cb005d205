#include "resources/lease.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "resources/deadline.h"

struct lease {
    uint64_t incarnation;
    uint64_t deadline_ms; /* As set; 0: not enforced. */
    uint64_t length_ms;
    uint64_t end_ms; /* What counts. */
    uint64_t remind_ms;
    unsigned running;
    bool over;
    struct deadline *shared; /* `end_ms` for guardians. */
    void (*expired)(void *data);
    void (*late)(void *data);
    void *data;
    int timer; /* libuv's timers stand still while the machine is suspended. */
    uv_poll_t poll;
};

static void lease_arm(const struct lease *l)
{
    struct itimerspec at = {0};
    uint64_t at_ms = l->over ? 0 : l->end_ms;

    if (l->remind_ms != 0 && (at_ms == 0 || l->remind_ms < at_ms))
        at_ms = l->remind_ms;
    at.it_value.tv_sec = (time_t)(at_ms / 1000);
    at.it_value.tv_nsec = (long)(at_ms % 1000 * 1000000);
    /* A zeroed time disarms it, as no deadline should. */
    timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Once it is over, what is ended of it changes nothing any more. */
static void lease_follow(struct lease *l)
{
    uint64_t allowance_ms = (uint64_t)l->running * ALLOWANCE_US / 1000;

    if (l->over)
        return;
    if (allowance_ms > l->length_ms / 2)
        allowance_ms = l->length_ms / 2;
    l->end_ms = l->deadline_ms > allowance_ms ? l->deadline_ms - allowance_ms : l->deadline_ms;
    atomic_store(&l->shared->at_ms, l->end_ms);
    lease_arm(l);
}

bool lease_check(struct lease *l)
{
    uint64_t now_ms = clock_boot_ms();

    if (!l->over && l->end_ms != 0 && now_ms >= l->end_ms) {
        l->over = true;
        lease_arm(l);
        log_error("lease", "lease of incarnation %" PRIu64 " expired %" PRIu64 " ms ago",
                  l->incarnation, now_ms - l->end_ms);
        l->expired(l->data);
    }
    if (l->remind_ms != 0 && now_ms >= l->remind_ms) {
        lease_remind(l, 0);
        l->late(l->data);
    }
    return !l->over;
}

void lease_burden(struct lease *l, unsigned running)
{
    if (l->running == running)
        return;
    l->running = running;
    lease_follow(l);
}

void lease_remind(struct lease *l, uint64_t at_ms)
{
    if (l->remind_ms == at_ms)
        return;
    l->remind_ms = at_ms;
    lease_arm(l);
}

uint64_t lease_end_ms(const struct lease *l)
{
    return l->end_ms;
}

uint64_t lease_length_ms(const struct lease *l)
{
    return l->length_ms;
}

void lease_set(struct lease *l, uint64_t incarnation, uint64_t deadline_ms)
{
    uint64_t now_ms;

    /* First what has passed: see the header. */
    lease_check(l);
    if (incarnation == l->incarnation && deadline_ms != 0 && deadline_ms <= l->deadline_ms)
        return;
    if (incarnation != l->incarnation || l->over)
        log_info("lease", "lease of incarnation %" PRIu64 " begins%s", incarnation,
                 deadline_ms == 0 ? ", not enforced" : "");
    if (incarnation != l->incarnation)
        l->length_ms = 0;
    now_ms = clock_boot_ms();
    if (deadline_ms > now_ms && deadline_ms - now_ms > l->length_ms)
        l->length_ms = deadline_ms - now_ms;
    l->incarnation = incarnation;
    l->deadline_ms = deadline_ms;
    l->over = false;
    lease_follow(l);
    lease_check(l);
}

const struct deadline *lease_deadline(const struct lease *l)
{
    return l->shared;
}

uint64_t lease_incarnation(const struct lease *l)
{
    return l->incarnation;
}

static void lease_on_timer(uv_poll_t *poll, int status, int events)
{
    struct lease *l = poll->data;
    uint64_t times;
    ssize_t n = read(l->timer, &times, sizeof(times));

    (void)n; /* Only so that it stops being readable. */
    (void)status;
    (void)events;
    lease_check(l);
}

uint32_t lease_open(uv_loop_t *loop, void (*expired)(void *data), void (*late)(void *data),
                    void *data, struct lease **ret)
{
    struct deadline *shared = deadline_new();
    struct lease *l;
    int fd;
    int rc;

    if (shared == NULL)
        return error_from_errno(errno);
    fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) {
        int errnum = errno;
        deadline_free(shared);
        return error_from_errno(errnum);
    }
    l = xcalloc(1, sizeof(*l));
    l->shared = shared;
    l->expired = expired;
    l->late = late;
    l->data = data;
    l->timer = fd;
    rc = uv_poll_init(loop, &l->poll, fd);
    assert(rc == 0); /* A fresh descriptor of ours. */
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, lease_on_timer);
    *ret = l;
    return 0;
}

static void lease_on_closed(uv_handle_t *handle)
{
    struct lease *l = handle->data;

    close(l->timer);
    deadline_free(l->shared);
    free(l);
}

void lease_close(struct lease *l)
{
    uv_close((uv_handle_t *)&l->poll, lease_on_closed);
}
