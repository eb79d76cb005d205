#include "consensus/image.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void build(struct bytes *out, size_t len)
{
    bytes_clear(out);
    image_begin(out);
    for (size_t i = 0; i < len; i++)
        bytes_append(out, &(uint8_t){(uint8_t)(i * 7)}, 1);
    image_end(out, 42);
}

static bool opens(const void *data, size_t len)
{
    void *copy = malloc(len > 0 ? len : 1);
    const uint8_t *state;
    uint64_t position;
    size_t n;

    memcpy(copy, data, len);
    bool good = image_open(copy, len, &position, &state, &n);
    free(copy);
    return good;
}

Test(image, comes_back_as_it_was_and_padded_to_8)
{
    struct bytes b = BYTES_INIT;

    for (size_t len = 0; len < 40; len++) {
        const uint8_t *state;
        uint64_t position = 0;
        size_t n = 0;

        build(&b, len);
        cr_assert_eq(b.len % 8, 0);
        cr_assert(image_open(b.data, b.len, &position, &state, &n));
        cr_assert_eq(position, 42);
        cr_assert_eq(n, len);
        for (size_t i = 0; i < len; i++)
            cr_assert_eq(state[i], (uint8_t)(i * 7));
    }
    bytes_release(&b);
}

Test(image, every_flipped_bit_is_found)
{
    struct bytes b = BYTES_INIT;

    for (size_t len = 0; len < 60; len += 19) {
        build(&b, len);
        for (size_t bit = 0; bit < 8 * b.len; bit++) {
            b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_not(opens(b.data, b.len), "bit %zu of %zu bytes", bit, b.len);
            b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_assert(opens(b.data, b.len));
    }
    bytes_release(&b);
}

Test(image, cut_short_or_long_is_refused)
{
    struct bytes b = BYTES_INIT;
    static const uint8_t more[8];

    build(&b, 50);
    for (size_t len = 0; len < b.len; len++)
        cr_assert_not(opens(b.data, len), "cut to %zu", len);
    bytes_append(&b, more, sizeof more);
    cr_assert_not(opens(b.data, b.len));
    bytes_release(&b);
}
