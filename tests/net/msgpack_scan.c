#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/msgpack.h"

#define LEN_MAX ((size_t)4 << 20)

static enum msgpack_scan_result scan_once(const char *data, size_t len, size_t len_max)
{
    struct msgpack_scan scan = {0};

    return msgpack_scan(&scan, (const uint8_t *)data, len, len_max);
}
#define SCAN(literal) scan_once(literal, sizeof(literal) - 1, LEN_MAX)

/* Two objects of every form of header, one behind the other. */
static struct bytes stream_build(size_t *ret_first)
{
    struct bytes out = BYTES_INIT;
    struct msgpack_sink m;
    char text[300] = {0};

    msgpack_sink_init(&m, &out);
    sink_array(&m.sink, 20); /* 8 + 6 + 6 */
    for (int shift = 0; shift < 64; shift += 8)
        sink_uint(&m.sink, 1ull << shift);
    for (int shift = 4; shift < 64; shift += 10)
        sink_int(&m.sink, -((int64_t)1 << shift));
    m.sink.ops->real(&m.sink, 1.5);
    sink_bin(&m.sink, text, 300);
    m.sink.ops->str(&m.sink, text, 40);
    sink_map(&m.sink, 1);
    sink_kv_array(&m.sink, "deep", 0);
    sink_map(&m.sink, 0);
    sink_nil(&m.sink);
    *ret_first = out.len;
    sink_uint(&m.sink, 7);
    return out;
}

Test(msgpack_scan, byte_by_byte_gives_the_same_end_as_all_at_once)
{
    size_t first;
    struct bytes stream = stream_build(&first);
    struct msgpack_scan whole = {0}, slow = {0};

    cr_assert_eq(msgpack_scan(&whole, stream.data, stream.len, LEN_MAX), MSGPACK_SCAN_DONE);
    cr_assert_eq(whole.position, first);
    for (size_t len = 0; len < first; len++)
        cr_assert_eq(msgpack_scan(&slow, stream.data, len, LEN_MAX), MSGPACK_SCAN_MORE);
    cr_assert_eq(msgpack_scan(&slow, stream.data, first, LEN_MAX), MSGPACK_SCAN_DONE);
    cr_assert_eq(slow.position, first);
    bytes_release(&stream);
}

Test(msgpack_scan, a_length_cut_in_its_header_is_not_guessed)
{
    cr_assert_eq(SCAN("\xc6\x00\x00\x00"), MSGPACK_SCAN_MORE);
    cr_assert_eq(SCAN("\xdd\xff\xff\xff"), MSGPACK_SCAN_MORE);
    cr_assert_eq(SCAN("\xdf"), MSGPACK_SCAN_MORE);
    cr_assert_eq(SCAN(""), MSGPACK_SCAN_MORE);
}

Test(msgpack_scan, announcements_beyond_the_bound_are_refused_before_their_bytes)
{
    cr_assert_eq(SCAN("\xc6\x06\x00\x00\x00"), MSGPACK_SCAN_BAD, "bin of 100 MB");
    cr_assert_eq(SCAN("\xdb\xff\xff\xff\xff"), MSGPACK_SCAN_BAD, "str of 4 GiB");
    cr_assert_eq(SCAN("\xdd\xff\xff\xff\xff"), MSGPACK_SCAN_BAD, "2^32-1 items");
    cr_assert_eq(SCAN("\xdf\xff\xff\xff\xff"), MSGPACK_SCAN_BAD, "2^32-1 pairs");
    cr_assert_eq(SCAN("\xdf\x00\x20\x00\x00"), MSGPACK_SCAN_BAD, "2^21 pairs have 2^22 items");
    cr_assert_eq(SCAN("\x94\x00\x01\xa1x\xc6\x06\x00\x00\x00"), MSGPACK_SCAN_BAD,
                 "deep in a message");
}

Test(msgpack_scan, the_bound_is_exact)
{
    cr_assert_eq(scan_once("\xc4\x05", 2, 7), MSGPACK_SCAN_MORE);
    cr_assert_eq(scan_once("\xc4\x05", 2, 6), MSGPACK_SCAN_BAD);
    cr_assert_eq(scan_once("\x93", 1, 4), MSGPACK_SCAN_MORE);
    cr_assert_eq(scan_once("\x93", 1, 3), MSGPACK_SCAN_BAD);
    cr_assert_eq(scan_once("\x82", 1, 5), MSGPACK_SCAN_MORE);
    cr_assert_eq(scan_once("\x82", 1, 4), MSGPACK_SCAN_BAD);
    /* One item left after the string, which needs a byte of its own. */
    cr_assert_eq(scan_once("\x92\xa3"
                           "abc",
                           5, 6),
                 MSGPACK_SCAN_MORE);
    cr_assert_eq(scan_once("\x92\xa3", 2, 5), MSGPACK_SCAN_BAD);
    cr_assert_eq(scan_once("\xcf"
                           "12345678",
                           9, 9),
                 MSGPACK_SCAN_DONE);
    cr_assert_eq(scan_once("\xcf"
                           "12345678",
                           9, 8),
                 MSGPACK_SCAN_BAD);
}

Test(msgpack_scan, many_small_announcements_add_up)
{
    char stream[64];
    struct msgpack_scan scan = {0};
    size_t len = 0;

    /* Each level announces less than the bound, all together more. */
    for (int i = 0; i < 10; i++, len += 3)
        memcpy(stream + len, "\xdc\x01\x00", 3);
    cr_assert_eq(msgpack_scan(&scan, (uint8_t *)stream, len, 2000), MSGPACK_SCAN_BAD);
}

Test(msgpack_scan, thirty_three_levels_are_refused_at_the_thirty_third)
{
    char deep[MSGPACK_DEPTH_MAX + 1];

    memset(deep, 0x91, sizeof deep);
    cr_assert_eq(scan_once(deep, MSGPACK_DEPTH_MAX, LEN_MAX), MSGPACK_SCAN_MORE);
    cr_assert_eq(scan_once(deep, MSGPACK_DEPTH_MAX + 1, LEN_MAX), MSGPACK_SCAN_BAD);
    deep[MSGPACK_DEPTH_MAX] = (char)0x90;
    cr_assert_eq(scan_once(deep, MSGPACK_DEPTH_MAX + 1, LEN_MAX), MSGPACK_SCAN_BAD);
}

Test(msgpack_scan, closed_levels_do_not_count_as_depth)
{
    struct bytes out = BYTES_INIT;
    struct msgpack_scan scan = {0};

    bytes_append(&out, "\xdc\x00\xff", 3);
    for (int i = 0; i < 255; i++)
        bytes_append(&out, "\x91\x90", 2);
    cr_assert_eq(msgpack_scan(&scan, out.data, out.len, LEN_MAX), MSGPACK_SCAN_DONE);
    cr_assert_eq(scan.position, out.len);
    bytes_release(&out);
}

Test(msgpack_scan, what_the_scanner_ends_the_decoder_reads)
{
    unsigned seed = 12345;
    unsigned agreed = 0;

    for (int round = 0; round < 20000; round++) {
        struct arena a = {0};
        const struct value *v;
        struct msgpack_scan scan = {0};
        uint8_t data[48];
        bool whole;

        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)rand_r(&seed);
        data[0] = (uint8_t)(0x80 | (data[0] & 0x1f));
        whole = msgpack_scan(&scan, data, sizeof data, sizeof data) == MSGPACK_SCAN_DONE;
        if (whole) {
            cr_assert_eq(msgpack_read(data, scan.position, &a, &v), 0, "round %d", round);
            agreed++;
        }
        arena_release(&a);
    }
    cr_assert_gt(agreed, 100, "the rounds meet whole objects");
}
