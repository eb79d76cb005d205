/* What was confirmed is done at the next start, once, whatever happens in between. */
#include "node/recovery.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "node/identity.h"
#include "node/small_file.h"

static char dir[40];
static struct identity *identity;

static void setup(void)
{
    char *why = NULL;

    snprintf(dir, sizeof dir, "/tmp/holdfast-recovery-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    cr_assert_eq(identity_open(dir, &identity, &why), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void teardown(void)
{
    identity_close(identity);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(recovery, .init = setup, .fini = teardown);

static bool is_there(const char *name)
{
    char *text = small_file_read(dir, name);
    bool there = text != NULL;

    free(text);
    return there;
}

static struct recovery start(unsigned lease_ms)
{
    struct recovery r;
    char *why = NULL;

    cr_assert_eq(recovery_open(dir, identity, lease_ms, &r, &why), 0, "%s", why);
    return r;
}

static void apply(struct recovery *r, uint32_t epoch)
{
    struct command cmd = {.kind = COMMAND_CLUSTER_RECOVER, .node = 1, .epoch = epoch};

    cr_assert_eq(recovery_on_command(r, &cmd, epoch), 0);
}

/* As written by a confirmation so long ago. */
static void confirmed(const char *boot, uint64_t until_ms)
{
    char text[160];

    snprintf(text, sizeof text, "epoch 2 highest 5 boot %s until %" PRIu64 "\n", boot, until_ms);
    cr_assert_eq(small_file_write(dir, "recover", text), 0);
}

Test(recovery, nothing_is_done_that_nobody_confirmed)
{
    uint64_t began_ms = clock_boot_ms();
    struct recovery r = start(100000);

    cr_assert_lt(clock_boot_ms() - began_ms, 50000, "nothing is waited for");
    cr_assert_not(r.pending);
    cr_assert_eq(r.epoch, 1);
    cr_assert_eq(small_file_write(dir, "recover.new", "epoch 2 highest 5\n"), 0);
    cr_assert_not(start(100000).pending, "a file that was not finished");
}

Test(recovery, what_was_confirmed_is_begun_by_each_start_until_it_is_done)
{
    cr_assert_eq(recovery_confirm(dir, 2, 5), 0);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t began_ms = clock_boot_ms();
        struct recovery r = start(30);

        cr_assert_geq(clock_boot_ms() - began_ms, 30, "a lease is waited out");
        cr_assert(r.pending);
        cr_assert_eq(r.epoch, 2, "no word of the old epoch from here on");
        cr_assert_eq(r.highest, 5);
        cr_assert_eq(identity_epoch(identity), 1);
        cr_assert(is_there("recover"));
    }
}

Test(recovery, once_its_command_is_applied_it_is_done)
{
    cr_assert_eq(recovery_confirm(dir, 2, 5), 0);
    struct recovery r = start(1);

    apply(&r, 1); /* Of a former recovery, applied again. */
    cr_assert(r.pending);
    apply(&r, 2);
    cr_assert_not(r.pending);
    cr_assert_not(is_there("recover"));
    cr_assert_eq(identity_epoch(identity), 2);
    cr_assert_eq(start(100000).epoch, 2);
}

/* The majority may be back by then. */
Test(recovery, what_was_confirmed_too_long_ago_is_not_begun)
{
    char boot[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

    cr_assert(f != NULL && fscanf(f, "%63s", boot) == 1);
    fclose(f);
    confirmed(boot, clock_boot_ms() + 60000);
    cr_assert(start(1).pending);
    confirmed(boot, clock_boot_ms());
    cr_assert_not(start(100000).pending);
    cr_assert_not(is_there("recover"));
    confirmed("of-another-boot", clock_boot_ms() + 60000);
    cr_assert_not(start(100000).pending);
    cr_assert_not(is_there("recover"));
    cr_assert_eq(start(100000).epoch, 1);
}

/* By then the configuration may have been forced, and there is no way back. */
Test(recovery, what_was_begun_is_not_given_up)
{
    char *why = NULL;

    cr_assert_eq(recovery_confirm(dir, 2, 5), 0);
    struct recovery r = start(1);
    cr_assert_eq(recovery_begin(&r, &why), 0, "%s", why);
    char *text = small_file_read(dir, "recover");
    cr_assert_str_eq(text, "epoch 2 highest 5 begun");
    free(text);
    r = start(1);
    cr_assert(r.pending);
    cr_assert_eq(r.highest, 5);
}

Test(recovery, a_refusal_by_a_state_without_the_epoch_completes_nothing)
{
    struct command cmd = {.kind = COMMAND_CLUSTER_RECOVER, .node = 1, .epoch = 2};

    cr_assert_eq(recovery_confirm(dir, 2, 5), 0);
    struct recovery r = start(1);
    cr_assert_eq(recovery_on_command(&r, &cmd, 1), 0);
    cr_assert(r.pending && is_there("recover"));
    cr_assert_eq(identity_epoch(identity), 1);
}

/* Died between the two files. */
Test(recovery, a_file_of_an_epoch_that_has_begun_forces_nothing)
{
    cr_assert_eq(identity_set_epoch(identity, 2), 0);
    cr_assert_eq(recovery_confirm(dir, 2, 5), 0);
    struct recovery r = start(100000);

    cr_assert_not(r.pending);
    cr_assert_eq(r.epoch, 2);
    cr_assert_not(is_there("recover"));
}

Test(recovery, a_damaged_file_is_an_error_that_says_what_to_do)
{
    struct recovery r;
    char *why = NULL;

    cr_assert_eq(small_file_write(dir, "recover", "epoch two\n"), 0);
    cr_assert_eq(recovery_open(dir, identity, 1, &r, &why), ERROR_INVALID_DATA);
    cr_assert_not_null(strstr(why, "remove it"), "%s", why);
    free(why);
}
