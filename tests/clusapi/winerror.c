/* The numbers of winerror.h are those of the table that the cluster uses. */
#include <criterion/criterion.h>

#include "base/error.h"

static const struct {
    unsigned number;
    const char *name;
} table[] = {
#define ERROR_ENTRY(number, name, text, advice) {name, #name},
#include "base/error_list.h"
#undef ERROR_ENTRY
};

#include <windows.h>

static const unsigned macros[] = {
#define ERROR_ENTRY(number, name, text, advice) name,
#include "base/error_list.h"
#undef ERROR_ENTRY
};

Test(winerror, numbers_agree_with_the_clusters_table)
{
    for (unsigned i = 0; i < ARRAYSIZE(table); i++)
        cr_expect_eq(macros[i], table[i].number, "%s", table[i].name);
}

/* One of each kind, written out, so that both cannot be wrong together. */
Test(winerror, numbers_are_those_of_windows)
{
    cr_expect_eq(ERROR_INVALID_PARAMETER, 87);
    cr_expect_eq(ERROR_IO_PENDING, 997);
    cr_expect_eq(RPC_S_SERVER_UNAVAILABLE, 1722);
    cr_expect_eq(ERROR_GROUP_NOT_FOUND, 5013);
    cr_expect_eq(ERROR_CLUSTER_RESOURCE_LOCKED_STATUS, 5960);
    cr_expect_eq(ERROR_CLUSTERSET_MANAGEMENT_CLUSTER_UNREACHABLE, 5999);
}
