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

static void repair(uint64_t acked)
{
    char *why = NULL;

    cr_assert_eq(segments_repair(dir, acked, &why), 0, "%s", why);
}

Test(segments, a_cut_that_was_interrupted_is_undone)
{
    put_closed(1, 4);
    put_closed(5, 6); /* Perhaps not to its end. */
    put_closed(5, 9);
    put_closed(10, 12);
    repair(6);
    cr_assert(is_there(1, 4) && is_there(5, 9) && is_there(10, 12));
    cr_assert_not(is_there(5, 6));
}

Test(segments, a_cut_that_was_interrupted_in_removing_is_brought_to_its_end)
{
    put_closed(1, 4);
    put_closed(5, 6);
    put_closed(10, 12);
    put_closed(13, 13);
    repair(6);
    cr_assert(is_there(1, 4) && is_there(5, 6));
    cr_assert_not(is_there(10, 12));
    cr_assert_not(is_there(13, 13));
}

Test(segments, what_no_cut_leaves_is_left_for_others_to_judge)
{
    put_closed(1, 4);
    put_closed(5, 6);
    put_closed(10, 12); /* A segment is lost: 7 to 9 were acknowledged. */
    repair(12);
    cr_assert(is_there(10, 12));
    put_closed(12, 20); /* An overlap that is none of a cut. */
    repair(12);
    cr_assert(is_there(10, 12) && is_there(12, 20));
    repair(0);
    cr_assert(is_there(1, 4) && is_there(5, 6));
}
