/* What was confirmed is done at the next start, once, whatever happens in between. */
#include "node/recovery.h"

#include <criterion/criterion.h>
#include <ftw.h>
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

    cr_assert_eq(recovery_on_command(r, &cmd), 0);
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
