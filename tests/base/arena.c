#include <criterion/criterion.h>
#include <stdalign.h>
#include <string.h>

#include "base/value.h"

Test(arena, pieces_are_zeroed_aligned_and_apart)
{
    struct arena a = {0};
    uint8_t *pieces[500];

    for (size_t i = 0; i < 500; i++) {
        pieces[i] = arena_alloc(&a, i);
        cr_assert_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < i; k++)
            cr_assert_eq(pieces[i][k], 0);
        memset(pieces[i], (int)(i & 0xFF), i);
    }
    for (size_t i = 0; i < 500; i++) {
        for (size_t k = 0; k < i; k++)
            cr_assert_eq(pieces[i][k], (uint8_t)i);
    }
    arena_release(&a);
}

Test(arena, a_piece_may_be_larger_than_a_chunk)
{
    struct arena a = {0};
    char *small = arena_strndup(&a, "small", 5);
    char *large = arena_alloc(&a, 1 << 20);
    char *other = arena_strndup(&a, "other", 5);

    memset(large, 'x', 1 << 20);
    cr_assert_str_eq(small, "small");
    cr_assert_str_eq(other, "other");
    cr_assert_geq(a.bytes, (size_t)1 << 20);
    arena_release(&a);
}

Test(arena, pieces_of_nothing_are_apart_too)
{
    struct arena a = {0};
    void *first = arena_alloc(&a, 0);

    cr_assert_neq(first, arena_alloc(&a, 0));
    arena_release(&a);
}

Test(arena, empty_and_usable_after_release)
{
    struct arena a = {0};

    arena_release(&a);
    cr_assert_str_eq(arena_printf(&a, "%s %d", "no", 1), "no 1");
    arena_release(&a);
    cr_assert_eq(a.bytes, 0);
    cr_assert_str_eq(arena_strndup(&a, "again and again", 5), "again");
    arena_release(&a);
}

Test(arena, strndup_keeps_nuls_and_needs_no_source_for_nothing)
{
    struct arena a = {0};

    cr_assert_eq(memcmp(arena_strndup(&a, "a\0b", 3), "a\0b", 4), 0);
    cr_assert_str_eq(arena_strndup(&a, NULL, 0), "");
    arena_release(&a);
}
