#include "base/reset_mark.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static char dir[64], path[96];

static void setup(void)
{
    strcpy(dir, "/tmp/holdfast-mark-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/monitor.reset", dir);
}

static void teardown(void)
{
    cr_assert_eq(rmdir(dir), 0); /* Nothing is left. */
}

TestSuite(reset_mark, .init = setup, .fini = teardown);

Test(reset_mark, is_set_until_it_is_cleared)
{
    cr_assert_not(reset_mark_is_set(dir));
    cr_assert_eq(reset_mark_clear(dir), 0);
    cr_assert_eq(reset_mark_set(dir), 0);
    cr_assert(reset_mark_is_set(dir));
    cr_assert_eq(reset_mark_set(dir), 0);
    cr_assert_eq(reset_mark_clear(dir), 0);
    cr_assert_not(reset_mark_is_set(dir));
}

Test(reset_mark, one_of_another_boot_is_void_and_can_be_set_anew)
{
    cr_assert_eq(symlink("another-boot", path), 0);
    cr_assert_not(reset_mark_is_set(dir));
    cr_assert_eq(reset_mark_set(dir), 0);
    cr_assert(reset_mark_is_set(dir));
    cr_assert_eq(reset_mark_clear(dir), 0);
}

Test(reset_mark, one_that_cannot_be_read_counts_as_set)
{
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    fclose(f);
    cr_assert(reset_mark_is_set(dir));
    cr_assert_eq(unlink(path), 0);
}

Test(reset_mark, where_it_cannot_be_made_says_why)
{
    cr_assert_eq(reset_mark_set("/nonexistent"), ERROR_FILE_NOT_FOUND);
}
