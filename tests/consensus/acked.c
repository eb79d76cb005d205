#include "consensus/acked.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static char dir[32];
static char path[64];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/holdfast-acked-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/acknowledged", dir);
}

static void teardown(void)
{
    unlink(path);
    cr_assert_eq(rmdir(dir), 0);
}

static void make_file(const char *text, long size)
{
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    fputs(text, f);
    cr_assert_eq(fclose(f), 0);
    if (size >= 0)
        cr_assert_eq(truncate(path, size), 0);
}

TestSuite(acked, .init = setup, .fini = teardown);

Test(acked, a_new_mark_is_zero_and_its_space_is_there)
{
    struct acked *a;
    struct stat st;

    cr_assert_eq(acked_open(dir, &a), 0);
    cr_assert_eq(acked_index(a), 0);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_size, 4096);
    cr_assert_geq(st.st_blocks * 512, 4096, "a full disk cannot fault a store");
    acked_close(a);
}

Test(acked, is_raised_and_lowered_and_kept)
{
    struct acked *a;

    cr_assert_eq(acked_open(dir, &a), 0);
    acked_raise(a, 10);
    acked_raise(a, 7);
    cr_assert_eq(acked_index(a), 10);
    cr_assert_eq(acked_lower(a, 12), 0);
    cr_assert_eq(acked_index(a), 10);
    cr_assert_eq(acked_lower(a, 4), 0);
    cr_assert_eq(acked_index(a), 4);
    acked_raise(a, 5);
    acked_close(a);

    cr_assert_eq(acked_open(dir, &a), 0);
    cr_assert_eq(acked_index(a), 5);
    acked_close(a);
}

Test(acked, a_foreign_or_cut_file_is_refused)
{
    struct acked *a;

    make_file("something else", 4096);
    cr_assert_eq(acked_open(dir, &a), ERROR_FILE_CORRUPT);
    make_file("something else", -1);
    cr_assert_eq(acked_open(dir, &a), ERROR_FILE_CORRUPT);
    make_file("HFACKED1", 12);
    cr_assert_eq(acked_open(dir, &a), ERROR_FILE_CORRUPT);
    make_file("HFACKED1", 8192);
    cr_assert_eq(acked_open(dir, &a), ERROR_FILE_CORRUPT);
}

Test(acked, a_file_that_a_crash_left_empty_is_a_new_one)
{
    struct acked *a;

    make_file("", -1);
    cr_assert_eq(acked_open(dir, &a), 0);
    cr_assert_eq(acked_index(a), 0);
    acked_close(a);
    make_file("", 4096);
    cr_assert_eq(acked_open(dir, &a), 0);
    acked_close(a);
}
