#include <criterion/criterion.h>
#include <string.h>
#include <wchar.h>

#include "base/error.h"
#include "base/proplist.h"

#include <resapi.h>

static struct proplist_builder list;

static void setup(void)
{
    proplist_builder_init(&list, PROPLIST_WCHAR);
    cr_assert_eq(proplist_add_dword(&list, "Virtual Machine", 2), 0);
    cr_assert_eq(proplist_add_sz(&list, "Größe", "weit"), 0);
    cr_assert_eq(proplist_add_dword(&list, "virtual machine", 3), 0);
}

static void teardown(void)
{
    proplist_builder_release(&list);
}

TestSuite(resutil, .init = setup, .fini = teardown);

Test(resutil, finds_the_first_of_a_name_in_any_case)
{
    DWORD value = 99, size = (DWORD)list.bytes.len;
    cr_expect_eq(ResUtilFindDwordProperty(list.bytes.data, size, L"VIRTUAL MACHINE", &value), 0);
    cr_expect_eq(value, 2);
    cr_expect_eq(ResUtilFindDwordProperty(list.bytes.data, size, L"Virtual Machine", NULL), 0);
}

Test(resutil, hands_out_a_copy_of_a_string)
{
    LPWSTR text = NULL;
    DWORD size = (DWORD)list.bytes.len;
    cr_expect_eq(ResUtilFindSzProperty(list.bytes.data, size, L"Größe", &text), 0);
    cr_expect_eq(wcscmp(text, L"weit"), 0);
    LocalFree(text);
    cr_expect_eq(ResUtilFindSzProperty(list.bytes.data, size, L"Größe", NULL), 0);
}

Test(resutil, tells_absent_from_malformed)
{
    DWORD value = 99, size = (DWORD)list.bytes.len;
    LPWSTR text = NULL;
    cr_expect_eq(ResUtilFindDwordProperty(list.bytes.data, size, L"Other", &value),
                 ERROR_FILE_NOT_FOUND);
    cr_expect_eq(ResUtilFindDwordProperty(NULL, 0, L"Other", &value), ERROR_FILE_NOT_FOUND);
    cr_expect_eq(ResUtilFindDwordProperty(list.bytes.data, size - 4, L"Virtual Machine", &value),
                 ERROR_INVALID_DATA);
    cr_expect_eq(ResUtilFindDwordProperty(list.bytes.data, size, L"Größe", &value),
                 ERROR_INVALID_DATA);
    cr_expect_eq(ResUtilFindSzProperty(list.bytes.data, size, L"Virtual Machine", &text),
                 ERROR_INVALID_DATA);
    cr_expect_eq(ResUtilFindDwordProperty(list.bytes.data, size, NULL, &value),
                 ERROR_INVALID_PARAMETER);
    cr_expect_eq(value, 99);
    cr_expect_null(text);
}
