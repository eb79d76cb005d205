/* The watchdog's protocol, with a pipe in the place of the device: what a driver would
 * see, byte by byte, and when it is closed. */
#include "resources/watchdog.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

struct device {
    char dir[64], path[96];
    int reader;
    struct watchdog watchdog;
};

static void device_setup(struct device *d, enum self_fence how)
{
    strcpy(d->dir, "/tmp/holdfast-watchdog-XXXXXX");
    cr_assert_not_null(mkdtemp(d->dir));
    snprintf(d->path, sizeof d->path, "%s/watchdog", d->dir);
    cr_assert_eq(mkfifo(d->path, 0600), 0);
    d->reader = open(d->path, O_RDONLY | O_NONBLOCK);
    cr_assert_geq(d->reader, 0);
    watchdog_init(&d->watchdog, how, d->path, d->path);
}

static void device_teardown(struct device *d)
{
    close(d->reader);
    unlink(d->path);
    cr_assert_eq(rmdir(d->dir), 0);
}

/* What was written since; *ret_open: somebody still has it open. */
static size_t device_read(struct device *d, char text[16], bool *ret_open)
{
    ssize_t n = read(d->reader, text, 16), more;
    char rest;

    more = read(d->reader, &rest, 1);
    *ret_open = more < 0; /* EAGAIN; 0 is the end. */
    return n > 0 ? (size_t)n : 0;
}

Test(watchdog, opening_arms_and_the_magic_byte_disarms)
{
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    cr_assert_eq(device_read(&d, text, &open), 0);
    cr_assert_not(open); /* Untouched until it is needed. */
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert(watchdog_is_armed(&d.watchdog));
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_neq(text[0], 'V');
    cr_assert(open);
    cr_assert_eq(watchdog_disarm(&d.watchdog), 0);
    cr_assert_not(watchdog_is_armed(&d.watchdog));
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(text[0], 'V');
    cr_assert_not(open);
    device_teardown(&d);
}

Test(watchdog, arming_again_does_not_feed_it)
{
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_eq(device_read(&d, text, &open), 0);
    cr_assert(open);
    watchdog_disarm(&d.watchdog);
    device_teardown(&d);
}

Test(watchdog, none_touches_nothing)
{
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_NONE);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_not(watchdog_is_armed(&d.watchdog));
    cr_assert_eq(watchdog_disarm(&d.watchdog), 0);
    cr_assert_eq(device_read(&d, text, &open), 0);
    device_teardown(&d);
}

Test(watchdog, reboot_asks_sysrq_for_it)
{
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_REBOOT);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(text[0], 'b');
    cr_assert_not(open);
    device_teardown(&d);
}

Test(watchdog, a_device_that_is_missing_or_refuses_is_told)
{
    struct watchdog w;

    watchdog_init(&w, SELF_FENCE_WATCHDOG, "/nonexistent/watchdog", "/nonexistent/sysrq");
    cr_assert_eq(watchdog_arm(&w), ERROR_FILE_NOT_FOUND);
    cr_assert_not(watchdog_is_armed(&w));
    w.how = SELF_FENCE_REBOOT;
    cr_assert_eq(watchdog_arm(&w), ERROR_FILE_NOT_FOUND);
    watchdog_init(&w, SELF_FENCE_WATCHDOG, "/dev/full", "/nonexistent/sysrq");
    cr_assert_neq(watchdog_arm(&w), 0);
    cr_assert(watchdog_is_armed(&w)); /* A driver counts from the opening on. */
    cr_assert_neq(watchdog_disarm(&w), 0);
    cr_assert_not(watchdog_is_armed(&w));
}

Test(watchdog, words_of_the_configuration)
{
    enum self_fence how = SELF_FENCE_NONE;

    cr_assert(self_fence_parse("reboot", &how));
    cr_assert_eq(how, SELF_FENCE_REBOOT);
    cr_assert(self_fence_parse("watchdog", &how));
    cr_assert_eq(how, SELF_FENCE_WATCHDOG);
    cr_assert_not(self_fence_parse("maybe", &how));
}

/* ---------------------------------------------------------------- held and fed */

static int device_timeout_s;
static int device_refuses; /* The errno of WDIOC_GETTIMEOUT. */
static unsigned device_sets;

/* A driver that rounds up to its least time. */
static int fake_control(int fd, unsigned long request, int *seconds)
{
    enum { LEAST_S = 4 };

    (void)fd;
    if (request == WDIOC_GETTIMEOUT && device_refuses != 0) {
        errno = device_refuses;
        return -1;
    }
    if (request == WDIOC_SETTIMEOUT) {
        device_sets++;
        device_timeout_s = *seconds < LEAST_S ? LEAST_S : *seconds;
    }
    *seconds = device_timeout_s;
    return 0;
}

static uint32_t hold(struct device *d, unsigned *seconds, unsigned most_s, uint64_t latest_ms)
{
    char message[128];

    return watchdog_hold(&d->watchdog, seconds, most_s, latest_ms, message, sizeof message);
}

Test(watchdog, one_that_is_held_is_fed_and_let_go_with_the_magic_byte)
{
    char text[16];
    struct device d;
    unsigned seconds = 7;
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    d.watchdog.control = fake_control;
    cr_assert_eq(hold(&d, &seconds, 60, UINT64_MAX), 0);
    cr_assert_eq(seconds, 7);
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(watchdog_feed(&d.watchdog, UINT64_MAX), 0);
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_neq(text[0], 'V');
    seconds = 1;
    cr_assert_eq(hold(&d, &seconds, 60, UINT64_MAX), 0);
    cr_assert_eq(seconds, 4, "what the driver has, not what was asked for");
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(watchdog_disarm(&d.watchdog), 0);
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(text[0], 'V');
    cr_assert_not(open);
    device_teardown(&d);
}

Test(watchdog, one_that_is_held_can_be_armed)
{
    unsigned seconds = 60;
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    d.watchdog.control = fake_control;
    cr_assert_eq(hold(&d, &seconds, 60, UINT64_MAX), 0);
    device_read(&d, text, &open);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_eq(device_timeout_s, 4, "the shortest from now on");
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_not(d.watchdog.held);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_eq(device_read(&d, text, &open), 0);
    cr_assert(open);
    watchdog_disarm(&d.watchdog);
    device_teardown(&d);
}

/* Whatever would make it count for too long is not done, and touches nothing. */
Test(watchdog, one_that_is_held_does_not_begin_to_count_when_it_is_too_late)
{
    unsigned seconds = 60, sets;
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    d.watchdog.control = fake_control;
    cr_assert_eq(hold(&d, &seconds, 60, UINT64_MAX), 0);
    device_read(&d, text, &open);
    sets = device_sets;
    uint64_t latest_ms = clock_boot_ms() + 59000;
    cr_assert_eq(watchdog_feed(&d.watchdog, latest_ms), ERROR_INVALID_STATE);
    cr_assert_eq(hold(&d, &seconds, 60, latest_ms), ERROR_INVALID_STATE);
    seconds = 30; /* What it makes of that is not known: at most what it has. */
    cr_assert_eq(hold(&d, &seconds, 60, latest_ms), ERROR_INVALID_STATE);
    cr_assert_eq(hold(&d, &seconds, 29, UINT64_MAX), ERROR_INVALID_STATE);
    cr_assert_eq(device_read(&d, text, &open), 0);
    cr_assert_eq(device_sets, sets);
    cr_assert(d.watchdog.held);
    seconds = 1; /* What it makes of that is. */
    cr_assert_eq(hold(&d, &seconds, 60, latest_ms), 0);
    cr_assert_eq(seconds, 4);
    watchdog_disarm(&d.watchdog);
    device_teardown(&d);
}

Test(watchdog, one_that_takes_too_long_a_time_keeps_that_which_it_had)
{
    unsigned seconds = 60;
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    d.watchdog.control = fake_control;
    cr_assert_eq(hold(&d, &seconds, 60, UINT64_MAX), 0);
    device_read(&d, text, &open);
    seconds = 2;
    cr_assert_eq(hold(&d, &seconds, 3, UINT64_MAX), ERROR_INVALID_STATE);
    cr_assert_eq(seconds, 4, "that is what it would take");
    cr_assert_eq(device_timeout_s, 60);
    cr_assert(d.watchdog.held);
    watchdog_disarm(&d.watchdog);
    device_teardown(&d);
}

/* It has one time only, or its shortest is as long: a feed would put the reset off. */
Test(watchdog, one_that_is_held_is_not_armed_later_than_it_counts)
{
    unsigned seconds = 4, sets;
    struct device d;
    char text[16];
    bool open;

    device_setup(&d, SELF_FENCE_WATCHDOG);
    d.watchdog.control = fake_control;
    cr_assert_eq(hold(&d, &seconds, 60, UINT64_MAX), 0);
    device_read(&d, text, &open);
    sets = device_sets;
    usleep(20000);
    cr_assert_eq(watchdog_arm(&d.watchdog), 0);
    cr_assert_not(d.watchdog.held);
    cr_assert_eq(device_read(&d, text, &open), 0);
    cr_assert(open);
    cr_assert_eq(device_sets, sets);
    watchdog_disarm(&d.watchdog);
    device_teardown(&d);
}

Test(watchdog, what_cannot_be_held_is_left_alone_and_told)
{
    char text[16], message[128];
    struct watchdog w;
    struct device d;
    unsigned seconds = 1;
    bool open;

    watchdog_init(&w, SELF_FENCE_WATCHDOG, "/nonexistent/watchdog", "/nonexistent/sysrq");
    cr_assert_eq(watchdog_hold(&w, &seconds, 60, UINT64_MAX, message, sizeof message),
                 ERROR_FILE_NOT_FOUND);
    cr_assert_not_null(strstr(message, "cannot be opened"));
    watchdog_init(&w, SELF_FENCE_WATCHDOG, "/dev/full", "/nonexistent/sysrq");
    w.control = fake_control;
    cr_assert_neq(watchdog_hold(&w, &seconds, 60, UINT64_MAX, message, sizeof message), 0);
    cr_assert_not_null(strstr(message, "cannot be fed"));
    cr_assert_not(watchdog_is_armed(&w));

    device_setup(&d, SELF_FENCE_WATCHDOG);
    d.watchdog.control = fake_control;
    device_refuses = EOPNOTSUPP;
    cr_assert_neq(watchdog_hold(&d.watchdog, &seconds, 60, UINT64_MAX, message, sizeof message), 0);
    cr_assert_not_null(strstr(message, "does not tell its time-out"));
    cr_assert_eq(device_read(&d, text, &open), 1);
    cr_assert_eq(text[0], 'V', "opened it was, so it counts: it must be told that nobody means it");
    cr_assert_not(open);
    device_refuses = 0;
    device_teardown(&d);
}
