#include "consensus/batch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Commands of 0 to 9 bytes: every padding occurs at some count. */
static void build(struct bytes *out, uint32_t count)
{
    struct batch_header h = {.stamp_ms = 1234567890123, .origin = 3, .tag = 1ull << 63 | 7};

    bytes_clear(out);
    batch_begin(out);
    for (uint32_t i = 0; i < count; i++)
        batch_add(out, "abcdefghi", i % 10);
    h.count = count;
    batch_end(out, &h);
}

/* Reads all there is; a copy of exact length lets ASan see a read too far. */
static bool walk(const void *data, size_t len, struct batch_header *h)
{
    void *copy = malloc(len > 0 ? len : 1);
    struct batch_cursor c;
    const uint8_t *command;
    size_t n, total = 0;
    uint32_t count = 0;

    memcpy(copy, data, len);
    bool good = batch_open(&c, copy, len, h);
    while (good && batch_next(&c, &command, &n)) {
        for (size_t i = 0; i < n; i++)
            total += command[i];
        count++;
    }
    if (good)
        cr_assert_eq(count, h->count);
    cr_assert_leq(total, 255 * len);
    free(copy);
    return good;
}

Test(batch, comes_back_as_it_was_and_padded_to_8)
{
    struct bytes b = BYTES_INIT;

    for (uint32_t count = 0; count < 40; count++) {
        struct batch_cursor c = {0};
        struct batch_header h;
        const uint8_t *command;
        size_t len;

        build(&b, count);
        cr_assert_eq(b.len % 8, 0);
        cr_assert(batch_open(&c, b.data, b.len, &h));
        cr_assert_eq(h.count, count);
        cr_assert_eq(h.stamp_ms, 1234567890123);
        cr_assert_eq(h.origin, 3);
        cr_assert_eq(h.tag, 1ull << 63 | 7);
        for (uint32_t i = 0; i < count; i++) {
            cr_assert(batch_next(&c, &command, &len));
            cr_assert_eq(len, i % 10);
            cr_assert_arr_eq(command, "abcdefghi", len);
        }
        cr_assert_not(batch_next(&c, &command, &len));
    }
    bytes_release(&b);
}

Test(batch, cut_short_or_long_is_refused)
{
    struct bytes b = BYTES_INIT;
    struct batch_header h;
    static const uint8_t more[8];

    build(&b, 12);
    for (size_t len = 0; len < b.len; len++)
        cr_assert_not(walk(b.data, len, &h), "cut to %zu", len);
    bytes_append(&b, more, sizeof more);
    cr_assert_not(walk(b.data, b.len, &h), "eight bytes too many");
    bytes_release(&b);
}

/* There is no checksum in a batch: libraft's own covers it. What a flipped byte
 * makes of it must be refused or be read within its bounds. */
Test(batch, any_byte_changed_is_refused_or_read_safely)
{
    struct bytes b = BYTES_INIT;
    struct batch_header h;
    unsigned refused = 0;

    build(&b, 12);
    for (size_t at = 0; at < b.len; at++) {
        for (unsigned mask = 1; mask < 256; mask = mask == 128 ? 255 : mask * 2 + (mask == 255)) {
            b.data[at] ^= (uint8_t)mask;
            bool good = walk(b.data, b.len, &h);
            b.data[at] ^= (uint8_t)mask;
            refused += !good;
            if (at < 8) /* Magic and count. */
                cr_assert_not(good, "byte %zu", at);
            if (mask == 255)
                break;
        }
    }
    cr_assert_gt(refused, 8 * 9);
    bytes_release(&b);
}

Test(batch, a_length_that_wraps_around_is_refused)
{
    struct bytes b = BYTES_INIT;
    struct batch_header h;

    build(&b, 2);
    memset(b.data + 32, 0xff, 4);
    cr_assert_not(walk(b.data, b.len, &h));
    build(&b, 0);
    memset(b.data + 4, 0xff, 4); /* Four thousand million commands. */
    cr_assert_not(walk(b.data, b.len, &h));
    bytes_release(&b);
}
