/* The end of the log, read off the names of the segments. */
#include "consensus/segments.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/consensus/world.h"

static char dir[32];

static void setup(void)
{
    strcpy(dir, "/tmp/holdfast-segments-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
    char path[300];
    DIR *d = opendir(dir);
    const struct dirent *entry;

    while ((entry = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        unlink(path);
    }
    closedir(d);
    cr_assert_eq(rmdir(dir), 0);
}

TestSuite(segments, .init = setup, .fini = teardown);

static char *path_of(const char *name)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static const char *closed(unsigned first, unsigned last)
{
    static char name[64];

    snprintf(name, sizeof name, "%016u-%016u", first, last);
    return name;
}

static void put(const char *name, const char *text, size_t len)
{
    file_write(path_of(name), text, len);
}

static void put_closed(unsigned first, unsigned last)
{
    put(closed(first, last), "x", 1);
}

static bool is_there(unsigned first, unsigned last)
{
    return access(path_of(closed(first, last)), F_OK) == 0;
}

Test(segments, the_log_ends_where_the_last_segment_does)
{
    cr_assert(segments_end_before(dir, 1), "there is none");
    put_closed(1, 4);
    put_closed(5, 9);
    put("metadata1", "x", 1);
    put("snapshot-1-50-7", "x", 1);
    put("open-3", "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    cr_assert(segments_end_before(dir, 10));
    cr_assert_not(segments_end_before(dir, 9));
    cr_assert_not(segments_end_before(dir, 7));
    cr_assert_not(segments_end_before(dir, 3));
    put("open-2", "\1\0\0\0\0\0\0\0\0", 9);
    cr_assert_not(segments_end_before(dir, 10), "what is written in an open one may be anything");
    cr_assert_not(segments_end_before("/nowhere", 10));
}

static void put_written(const char *name)
{
    put(name, "\1\0\0\0\0\0\0\0", 8);
}

Test(segments, one_open_segment_may_be_in_use)
{
    cr_assert(segments_are_closed(dir));
    put_closed(1, 4);
    put_written("open-7");
    put("open-8", "\0\0\0\0\0\0\0\0", 8);
    put("open-9", "", 0);
    cr_assert(segments_are_closed(dir), "7 is being written, 8 and 9 are prepared");
    put_written("open-8");
    cr_assert_not(segments_are_closed(dir), "7 should be closed");
    cr_assert_not(segments_are_closed("/nowhere"));
}

static void put_snapshot(unsigned index)
{
    char name[64];

    snprintf(name, sizeof name, "snapshot-3-%u-1234", index);
    put(name, "x", 1);
    snprintf(name, sizeof name, "snapshot-3-%u-1234.meta", index);
    put(name, "x", 1);
}

static bool has(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void repair(uint64_t cut)
{
    char *why = NULL;

    cr_assert_eq(segments_repair(dir, cut, &why), 0, "%s", why);
}

Test(segments, a_cut_that_has_not_begun_changes_nothing)
{
    put_closed(1, 4);
    put_written("open-2"); /* 5 to 9, say. */
    put("open-3", "\0\0\0\0\0\0\0\0", 8);
    repair(7);
    cr_assert(is_there(1, 4) && has("open-2") && has("open-3"));
}

Test(segments, what_was_written_anew_goes_while_the_old_one_is_there)
{
    put_closed(1, 4);
    put_closed(5, 6); /* Perhaps not to its end. */
    put_closed(5, 9);
    repair(7);
    cr_assert(is_there(1, 4) && is_there(5, 9));
    cr_assert_not(is_there(5, 6));
}

Test(segments, what_lies_behind_the_cut_goes)
{
    put_closed(1, 4);
    put_closed(5, 6);
    put_closed(10, 12);
    put_closed(13, 13);
    repair(7);
    cr_assert(is_there(1, 4) && is_there(5, 6));
    cr_assert_not(is_there(10, 12));
    cr_assert_not(is_there(13, 13));
}

/* Closing it has failed, and the cut has not: its entries would begin at the cut. */
Test(segments, an_open_one_goes_that_begins_behind_the_cut)
{
    put_closed(1, 39);
    put_written("open-2"); /* 51 to 80. */
    repair(40);
    cr_assert(is_there(1, 39));
    cr_assert_not(has("open-2"));

    put_closed(40, 50); /* And with a part of those that were to go. */
    put_written("open-2");
    repair(40);
    cr_assert_not(is_there(40, 50) || has("open-2"));
}

/* Closing one has failed, and closing the next has not. */
Test(segments, an_open_one_stays_that_may_begin_before_the_cut)
{
    put_closed(1, 50);
    put_written("open-1"); /* 51 to 80. */
    put_closed(81, 120);
    repair(60);
    cr_assert(is_there(1, 50) && has("open-1"));
    cr_assert_not(is_there(81, 120));
}

Test(segments, a_folder_that_cannot_be_read_is_not_taken_for_a_good_one)
{
    char *why = NULL;

    cr_assert_neq(segments_repair("/nowhere", 5, &why), 0);
    cr_assert_not_null(strstr(why, "/nowhere"), "%s", why);
    free(why);
}

Test(segments, behind_a_snapshot_that_goes_up_to_the_cut_nothing_is_left)
{
    put_closed(1, 50);
    put_closed(51, 150);
    put_written("open-7");
    put_snapshot(40);
    put("snapshot-4-100-1", "x", 1); /* Its other half was not written. */
    repair(101);
    cr_assert(is_there(1, 50) && is_there(51, 150), "of the old log, as a whole");
    put_snapshot(100);
    repair(101);
    cr_assert_not(is_there(1, 50) || is_there(51, 150) || has("open-7"));
    cr_assert(has("snapshot-3-100-1234"));
}
