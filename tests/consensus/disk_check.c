/* Folders that libraft itself has written, damaged byte by byte. */
#include "consensus/disk_check.h"
#include "consensus/raft_files.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "consensus/acked.h"
#include "tests/consensus/world.h"

enum { ENTRIES = 24, ENTRY_BYTES = 40, SLACK = 8192 };

static struct world w;
static struct node *n;
static uint64_t mark;

static void setup(void)
{
    world_setup(&w, 1, NULL);
    n = &w.nodes[0];
}

static void teardown(void)
{
    world_teardown(&w);
}

TestSuite(disk_check, .init = setup, .fini = teardown, .timeout = 300);

static uint64_t read_mark(void)
{
    struct acked *a;

    cr_assert_eq(acked_open(n->dir, &a), 0);
    uint64_t index = acked_index(a);
    acked_close(a);
    return index;
}

static uint32_t check_at(uint64_t acked, char **why)
{
    *why = NULL;
    return disk_check(n->dir, acked, why);
}

static uint32_t check(char **why)
{
    return check_at(mark, why);
}

/* The sum that a batch at `at` of a segment must carry; and what it takes. */
static size_t batch_bytes(const uint8_t *data, size_t at)
{
    uint64_t count;
    size_t total = 16;

    memcpy(&count, data + at + 8, sizeof count);
    count = le64toh(count);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t size;
        memcpy(&size, data + at + 16 + 16 * i + 12, sizeof size);
        total += 16 + le32toh(size);
    }
    return count == 0 ? 0 : total;
}

/* The bytes of an open segment that hold batches. */
static size_t used_bytes(const uint8_t *data, size_t len)
{
    size_t at = 8;

    while (at + 16 < len && batch_bytes(data, at) != 0)
        at += batch_bytes(data, at);
    return at;
}

/* A folder after a kill, with one open segment in use. Those that are only
 * prepared go, and the zeros behind the batches are cut to a few, so that the
 * many checks below take little time. */
static size_t make_open(char path[128])
{
    char other[128];
    size_t len;

    node_run_and_die(n, ENTRIES, ENTRY_BYTES);
    mark = read_mark();
    cr_assert_geq(mark, ENTRIES);
    cr_assert(file_find(n->dir, "open-", "", 0, path, 128));
    while (file_find(n->dir, "open-", "", 1, other, sizeof other))
        unlink(other);
    uint8_t *data = file_read(path, &len);
    size_t used = used_bytes(data, len);
    free(data);
    cr_assert_gt(used, ENTRIES * ENTRY_BYTES);
    cr_assert_eq(truncate(path, (off_t)(used + SLACK)), 0);
    return used;
}

/* A folder with closed segments and two snapshots. */
static void make_closed(void)
{
    char path[128], command[64];

    w.threshold = 8;
    w.trailing = 4;
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(command, sizeof command, "command %u", i);
        node_commit(n, command);
    }
    node_close(n);
    mark = read_mark();
    while (file_find(n->dir, "open-", "", 0, path, sizeof path))
        unlink(path);
}

/* Every `step`th of the first `used` bytes, changed in one bit or in all. */
static void flip_each(const char *path, size_t used, size_t step, uint64_t acked)
{
    size_t len;
    uint8_t *data = file_read(path, &len);
    char *why;

    cr_assert_leq(used, len);
    for (size_t at = 0; at < used; at += step) {
        uint8_t mask = (uint8_t)(at % 2 == 0 ? 0xffu : 1u << at % 8);
        data[at] ^= mask;
        file_write(path, data, len);
        cr_assert_eq(check_at(acked, &why), ERROR_FILE_CORRUPT, "byte %zu of %s", at, path);
        cr_assert_not_null(why);
        cr_assert_not_null(strstr(why, path), "%s", why);
        cr_assert_not_null(strstr(why, "at byte "), "%s", why);
        free(why);
        data[at] ^= mask;
    }
    file_write(path, data, len);
    free(data);
    cr_assert_eq(check_at(acked, &why), 0, "whole again: %s", why);
}

Test(disk_check, the_checksum_is_that_of_libraft)
{
    char path[128];
    size_t len;

    cr_assert_eq(raft_file_crc("123456789", 9), 0x89a1897f);
    cr_assert_eq(raft_file_crc("", 0), 0);
    make_closed();
    cr_assert(file_find(n->dir, "0", "", 0, path, sizeof path));
    uint8_t *data = file_read(path, &len);
    unsigned batches = 0;
    for (size_t at = 8; at < len; at += batch_bytes(data, at), batches++) {
        uint32_t sums[2];
        uint64_t count;
        memcpy(sums, data + at, sizeof sums);
        memcpy(&count, data + at + 8, sizeof count);
        size_t header = 8 + 16 * (size_t)le64toh(count);
        cr_assert_eq(raft_file_crc(data + at + 8, header), le32toh(sums[0]));
        cr_assert_eq(raft_file_crc(data + at + 8 + header, batch_bytes(data, at) - 8 - header),
                     le32toh(sums[1]));
    }
    cr_assert_gt(batches, 0);
    free(data);
}

Test(disk_check, a_sound_folder_passes)
{
    char path[128], *why;

    cr_assert_eq(check_at(0, &why), 0, "an empty one");
    make_open(path);
    cr_assert_eq(check(&why), 0, "%s", why);
    cr_assert_eq(check_at(0, &why), 0, "one that has no mark yet: %s", why);
    node_open(n);
    RUN_UNTIL(&w, n->commands == ENTRIES);
    node_close(n);
    mark = read_mark();
    cr_assert_eq(check(&why), 0, "%s", why);
}

Test(disk_check, a_flipped_byte_in_any_closed_segment_is_found_and_named)
{
    char path[128];
    unsigned i = 0;

    make_closed();
    for (; file_find(n->dir, "0", "", i, path, sizeof path); i++) {
        size_t len;
        free(file_read(path, &len));
        flip_each(path, len, 3, mark);
    }
    cr_assert_gt(i, 1);
}

Test(disk_check, a_flipped_byte_in_a_snapshot_or_its_metadata_is_found_and_named)
{
    char path[128];
    unsigned i = 0;

    make_closed();
    for (; file_find(n->dir, "snapshot-", "", i, path, sizeof path); i++) {
        size_t len;
        free(file_read(path, &len));
        flip_each(path, len, 1, mark);
    }
    cr_assert_geq(i, 2, "a snapshot and its metadata; mostly two, if none was being written");
}

Test(disk_check, a_flipped_byte_anywhere_in_an_open_segment_is_found_and_named)
{
    char path[128];
    size_t used = make_open(path);

    flip_each(path, used, 5, mark);
}

Test(disk_check, the_last_batch_of_an_open_segment_is_covered_too)
{
    char path[128];
    size_t used = make_open(path), len, last = 8;
    uint8_t *data = file_read(path, &len);
    char *why;

    while (last + batch_bytes(data, last) < used)
        last += batch_bytes(data, last);
    for (size_t at = last; at < used; at++) {
        data[at] ^= 0x10;
        file_write(path, data, len);
        cr_assert_eq(check(&why), ERROR_FILE_CORRUPT, "byte %zu of %zu", at, used);
        free(why);
        data[at] ^= 0x10;
    }
    free(data);
}

/* Without the mark (a folder from before it existed) only what is followed by a
 * good batch can be told from a torn write. */
Test(disk_check, without_a_mark_a_bad_batch_in_the_middle_is_found)
{
    char path[128];
    size_t used = make_open(path), len;
    uint8_t *data = file_read(path, &len);
    char *why;

    data[used / 2] ^= 1;
    file_write(path, data, len);
    cr_assert_eq(check_at(0, &why), ERROR_FILE_CORRUPT);
    free(why);
    data[used / 2] ^= 1;
    data[used - 1] ^= 1;
    file_write(path, data, len);
    cr_assert_eq(check_at(0, &why), 0, "the last batch may be torn");
    free(data);
}

Test(disk_check, a_torn_tail_above_the_mark_is_no_damage)
{
    char path[128];
    size_t used = make_open(path), len;
    uint8_t *data = file_read(path, &len);
    size_t first = batch_bytes(data, 8);
    char *why;

    /* Half a batch of random bytes, and a good header whose data is missing. */
    memset(data + used, 0x5a, 100);
    file_write(path, data, len);
    cr_assert_eq(check(&why), 0, "%s", why);
    memset(data + used, 0, 100);
    memcpy(data + used, data + 8, first);
    data[used + first - 1] ^= 0xff;
    file_write(path, data, len);
    cr_assert_eq(check(&why), 0, "%s", why);
    free(data);

    /* libraft agrees, and nothing is lost. */
    node_open(n);
    RUN_UNTIL(&w, n->commands == ENTRIES);
}

Test(disk_check, a_zeroed_end_below_the_mark_is_refused_when_opening)
{
    char path[128], *why;
    size_t used = make_open(path), len, last = 8;
    uint8_t *data = file_read(path, &len);

    while (last + batch_bytes(data, last) < used)
        last += batch_bytes(data, last);
    memset(data + last, 0, used - last);
    file_write(path, data, len);
    free(data);
    cr_assert_eq(check(&why), 0, "zeros look like the end: the guard tells them apart");
    cr_assert_eq(truncate(path, (off_t)last), 0);
    cr_assert_eq(check(&why), 0);
}

Test(disk_check, a_closed_segment_must_hold_what_its_name_says)
{
    char path[128], renamed[160], *why;

    make_closed();
    unsigned last = 0;
    while (file_find(n->dir, "0", "", last + 1, path, sizeof path))
        last++;
    file_find(n->dir, "0", "", last, path, sizeof path);
    unsigned long long from, to;
    cr_assert_eq(sscanf(strrchr(path, '/') + 1, "%16llu-%16llu", &from, &to), 2);
    snprintf(renamed, sizeof renamed, "%s/%016llu-%016llu", n->dir, from, to + 1);
    cr_assert_eq(rename(path, renamed), 0);
    cr_assert_eq(check(&why), ERROR_FILE_CORRUPT);
    cr_assert_not_null(strstr(why, "number of entries"), "%s", why);
    free(why);
    cr_assert_eq(truncate(renamed, 0), 0);
    cr_assert_eq(check(&why), ERROR_FILE_CORRUPT);
    free(why);
}

Test(disk_check, a_file_cut_anywhere_is_found)
{
    char path[128], *why;
    size_t len;

    make_closed();
    const char *const prefixes[] = {"0", "snapshot-"};
    for (unsigned p = 0; p < 2; p++) {
        for (unsigned i = 0; file_find(n->dir, prefixes[p], "", i, path, sizeof path); i++) {
            uint8_t *data = file_read(path, &len);
            for (size_t cut = 0; cut < len; cut += 7) {
                file_write(path, data, cut);
                cr_assert_eq(check(&why), ERROR_FILE_CORRUPT, "%s cut to %zu", path, cut);
                free(why);
            }
            file_write(path, data, len);
            free(data);
        }
    }
}

Test(disk_check, other_files_are_left_alone)
{
    char path[128], *why;

    make_closed();
    snprintf(path, sizeof path, "%s/tmp-1", n->dir);
    file_write(path, "half", 4);
    cr_assert_eq(check(&why), 0);
    snprintf(path, sizeof path, "%s/open-1x", n->dir);
    file_write(path, "half", 4);
    cr_assert_eq(check(&why), 0);
    cr_assert_neq(disk_check("/nonexistent/folder", 0, &why), 0);
    cr_assert_not_null(strstr(why, "/nonexistent/folder"));
    free(why);
}

/* Closed segments without a gap, the log of a process that was killed. */
static int make_many(void *data)
{
    char command[64];

    (void)data;
    uv_loop_fork(&w.loop);
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(command, sizeof command, "command %u", i);
        node_commit(n, command);
    }
    return 0;
}

/* raft_uv tells nobody that it could not, and its next start reads it behind the others. */
Test(disk_check, a_segment_that_was_never_closed_is_found_and_named)
{
    char closed[128], open[128], other[128], *why;

    w.threshold = 8;
    w.trailing = 100;
    cr_assert_eq(in_child(make_many, NULL), 0);
    mark = read_mark();
    cr_assert_eq(check(&why), 0, "%s", why);
    cr_assert(file_find(n->dir, "0", "", 3, closed, sizeof closed));
    cr_assert(file_find(n->dir, "0", "", 1, closed, sizeof closed));
    snprintf(open, sizeof open, "%s/open-0", n->dir);
    cr_assert_eq(rename(closed, open), 0);
    cr_assert_eq(check(&why), ERROR_FILE_CORRUPT);
    cr_assert_not_null(strstr(why, "open-0 was never closed: entries 2 to "), "%s", why);
    free(why);
    /* What is open has other entries than those that are missing. */
    cr_assert(file_find(n->dir, "open-", "", 1, other, sizeof other));
    unlink(open);
    cr_assert_eq(check(&why), 0, "%s", why);
}
