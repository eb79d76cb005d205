#include "consensus/heap.h"

#include <criterion/criterion.h>
#include <raft.h>
#include <stdint.h>
#include <string.h>

/* The compiler must not see through the size. */
static volatile size_t limit = HEAP_BYTES_MAX;

Test(heap, an_allocation_above_the_bound_fails)
{
    heap_bound();
    cr_assert_null(raft_malloc(limit + 1));
    cr_assert_null(raft_malloc(SIZE_MAX));
    cr_assert_null(raft_calloc(2, limit));
    cr_assert_null(raft_calloc(SIZE_MAX, 16), "a product that wraps around is no small number");
    cr_assert_null(raft_aligned_alloc(4096, limit + 1));
}

Test(heap, a_failed_growth_leaves_the_old_block)
{
    heap_bound();
    char *p = raft_malloc(16);

    strcpy(p, "still here");
    cr_assert_null(raft_realloc(p, limit + 1));
    cr_assert_str_eq(p, "still here");
    raft_free(p);
}

Test(heap, what_is_within_the_bound_is_handed_out)
{
    heap_bound();
    heap_bound();
    void *p = raft_malloc(limit);
    void *q = raft_aligned_alloc(4096, 8192);
    uint64_t *zeroed = raft_calloc(4, sizeof *zeroed);

    cr_assert_not_null(p);
    cr_assert_eq((uintptr_t)q % 4096, 0);
    cr_assert_eq(zeroed[3], 0);
    raft_free(p);
    raft_aligned_free(4096, q);
    raft_free(zeroed);
}
