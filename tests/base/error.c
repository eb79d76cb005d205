#include "base/error.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

static const uint32_t codes[] = {
#define ERROR_ENTRY(number, name, text, advice) number,
#include "base/error_list.h"
#undef ERROR_ENTRY
};

#define CODE_COUNT (sizeof codes / sizeof codes[0])

Test(error, table_is_in_order_and_every_code_is_found)
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        cr_assert(i == 0 || codes[i - 1] < codes[i], "%u after %u", codes[i], codes[i - 1]);
        cr_assert_str_neq(error_name(codes[i]), "unknown", "%u", codes[i]);
    }
}

Test(error, texts_are_there_and_end_without_a_full_stop)
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        const char *text = error_text(codes[i]);
        const char *advice = error_advice(codes[i]);
        cr_assert_gt(strlen(text), 0, "%u", codes[i]);
        cr_assert_neq(text[strlen(text) - 1], '.', "%u", codes[i]);
        cr_assert(advice[0] == '\0' || advice[strlen(advice) - 1] != '.', "%u", codes[i]);
    }
}

Test(error, numbers_are_those_of_windows)
{
    cr_assert_str_eq(error_name(0), "ERROR_SUCCESS");
    cr_assert_str_eq(error_name(13), "ERROR_INVALID_DATA");
    cr_assert_str_eq(error_name(87), "ERROR_INVALID_PARAMETER");
    cr_assert_str_eq(error_name(997), "ERROR_IO_PENDING");
    cr_assert_str_eq(error_name(1722), "RPC_S_SERVER_UNAVAILABLE");
    cr_assert_str_eq(error_name(5013), "ERROR_GROUP_NOT_FOUND");
    cr_assert_str_eq(error_name(5999), "ERROR_CLUSTERSET_MANAGEMENT_CLUSTER_UNREACHABLE");
    cr_assert_eq(ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, 5960);
    cr_assert_eq(ERROR_CLUSTER_NO_QUORUM, 5925);
}

Test(error, what_operators_meet_most_comes_with_advice)
{
    static const uint32_t common[] = {5,    13,   70,   87,   145,  1059, 1460, 1722,
                                      5001, 5005, 5007, 5010, 5012, 5013, 5023, 5042,
                                      5050, 5078, 5908, 5925, 5944, 5960};

    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        cr_assert_gt(strlen(error_advice(common[i])), 10, "%u", common[i]);
}

Test(error, unknown_codes_are_said_to_be_unknown)
{
    static const uint32_t strange[] = {7, 5055, 10047, 10049, UINT32_MAX};

    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        cr_assert_str_eq(error_name(strange[i]), "unknown");
        cr_assert_str_eq(error_text(strange[i]), "unknown error");
        cr_assert_str_eq(error_advice(strange[i]), "");
    }
}

Test(error, errno_has_a_nearest_code)
{
    cr_assert_eq(error_from_errno(0), ERROR_SUCCESS);
    cr_assert_eq(error_from_errno(ENOENT), ERROR_FILE_NOT_FOUND);
    cr_assert_eq(error_from_errno(ENOSPC), ERROR_DISK_FULL);
    cr_assert_eq(error_from_errno(ECONNREFUSED), ERROR_CONNECTION_REFUSED);
    cr_assert_eq(error_from_errno(EADDRINUSE), ERROR_ADDRESS_IN_USE);
    cr_assert_eq(error_from_errno(ETIMEDOUT), ERROR_TIMEOUT);
}

Test(error, no_errno_counts_as_success)
{
    for (int errnum = 1; errnum < 5000; errnum++)
        cr_assert_neq(error_from_errno(errnum), ERROR_SUCCESS, "%d", errnum);
}
