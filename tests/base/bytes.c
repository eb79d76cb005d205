#include "base/bytes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(bytes, zeroed_is_empty_and_release_makes_it_so)
{
    struct bytes b = BYTES_INIT;

    bytes_append(&b, NULL, 0);
    cr_assert_eq(b.len, 0);
    bytes_append(&b, "x", 1);
    bytes_release(&b);
    cr_assert(b.data == NULL && b.len == 0 && b.size == 0);
}

Test(bytes, what_is_appended_stays_in_order)
{
    struct bytes b = BYTES_INIT;

    for (int i = 0; i < 10000; i++) {
        uint8_t byte = (uint8_t)i;
        bytes_append(&b, &byte, 1);
    }
    cr_assert_eq(b.len, 10000);
    for (int i = 0; i < 10000; i++)
        cr_assert_eq(b.data[i], (uint8_t)i);
    bytes_release(&b);
}

Test(bytes, printf_appends_without_its_nul)
{
    struct bytes b = BYTES_INIT;

    bytes_printf(&b, "%s", "ab");
    bytes_printf(&b, "%d", 12);
    cr_assert_eq(b.len, 4);
    cr_assert_eq(memcmp(b.data, "ab12", 4), 0);
    bytes_release(&b);
}

Test(bytes, reserve_leaves_the_length_alone)
{
    struct bytes b = BYTES_INIT;
    uint8_t *room;

    bytes_append(&b, "ab", 2);
    room = bytes_reserve(&b, 1000);
    memset(room, 'x', 1000);
    cr_assert_eq(b.len, 2);
    cr_assert_eq(room, b.data + 2);
    bytes_release(&b);
}

Test(bytes, consume_drops_the_first)
{
    struct bytes b = BYTES_INIT;

    bytes_append(&b, "abcdef", 6);
    bytes_consume(&b, 2);
    bytes_consume(&b, 0);
    cr_assert_eq(b.len, 4);
    cr_assert_eq(memcmp(b.data, "cdef", 4), 0);
    bytes_consume(&b, 4);
    cr_assert_eq(b.len, 0);
    bytes_release(&b);
}

Test(bytes, detach_hands_over_the_memory)
{
    struct bytes b = BYTES_INIT;
    uint8_t *data;
    size_t len;

    bytes_append(&b, "abc", 3);
    data = bytes_detach(&b, &len);
    cr_assert_eq(len, 3);
    cr_assert_eq(memcmp(data, "abc", 3), 0);
    cr_assert(b.data == NULL && b.len == 0 && b.size == 0);
    free(data);
}
