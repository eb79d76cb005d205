#include "consensus/retention.h"

#include <criterion/criterion.h>

Test(retention, is_due_at_the_limit_of_bytes_and_not_before)
{
    struct retention r;

    retention_init(&r, 10, 10);
    cr_assert_not(retention_is_due(&r));
    retention_note(&r, RETENTION_BYTES - 1);
    cr_assert_not(retention_is_due(&r));
    retention_note(&r, 1);
    cr_assert(retention_is_due(&r));
    retention_restart(&r);
    cr_assert_not(retention_is_due(&r));
    retention_release(&r);
}

Test(retention, small_entries_keep_the_configured_number)
{
    struct retention r;

    retention_init(&r, 10, 5);
    cr_assert_eq(retention_trailing(&r), 5, "nothing is known to be large");
    for (unsigned i = 0; i < 23; i++) {
        retention_note(&r, 100);
        cr_assert_eq(retention_trailing(&r), 5);
    }
    retention_release(&r);
}

Test(retention, keeps_what_just_fits_into_the_bytes)
{
    struct retention r;
    size_t quarter = RETENTION_BYTES / 4;

    retention_init(&r, 10, 8);
    for (unsigned i = 0; i < 8; i++)
        retention_note(&r, quarter);
    cr_assert_eq(retention_trailing(&r), 4, "exactly the limit is kept");
    retention_note(&r, quarter + 1);
    cr_assert_eq(retention_trailing(&r), 3, "one byte more is not");
    retention_release(&r);
}

Test(retention, counts_the_newest_entries_across_the_ring)
{
    struct retention r;

    retention_init(&r, 10, 4);
    for (unsigned i = 0; i < 7; i++)
        retention_note(&r, RETENTION_BYTES);
    cr_assert_eq(retention_trailing(&r), 1);
    retention_note(&r, 8);
    retention_note(&r, 8);
    cr_assert_eq(retention_trailing(&r), 2, "two small ones, and the large one is too much");
    retention_note(&r, 8);
    retention_note(&r, 8);
    cr_assert_eq(retention_trailing(&r), 4);
    retention_release(&r);
}

Test(retention, at_least_one_is_kept_however_large)
{
    struct retention r;

    retention_init(&r, 10, 4);
    retention_note(&r, 2 * RETENTION_BYTES);
    cr_assert_eq(retention_trailing(&r), 1);
    retention_release(&r);
    retention_init(&r, 1, 1);
    retention_note(&r, 2 * RETENTION_BYTES);
    cr_assert_eq(retention_trailing(&r), 1);
    retention_release(&r);
}
