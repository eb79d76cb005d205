/* Looking up properties in lists of WCHARs, for programs. */
#include "base/error.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "clusapi/wide.h"

#include <resapi.h>

/* The property, wherever it is: one of 0 with *ret, ERROR_FILE_NOT_FOUND, or
 * what is wrong with the list or the name. */
static uint32_t property_find(const void *list, DWORD size, LPCWSTR name,
                              struct proplist_property *ret)
{
    struct proplist properties;
    const char *utf8;
    struct arena a = {0};

    /* A property's name can be as long as its list. */
    uint32_t code = wide_to_utf8(name, PROPLIST_BYTES_MAX, &a, &utf8);
    if (code == ERROR_SUCCESS)
        code = proplist_open(list, size, PROPLIST_WCHAR, &properties);
    if (code == ERROR_SUCCESS)
        code = proplist_find(&properties, utf8, ret);
    arena_release(&a);
    return code;
}

DWORD WINAPI ResUtilFindDwordProperty(const PVOID pPropertyList, DWORD cbPropertyListSize,
                                      LPCWSTR pszPropertyName, LPDWORD pdwPropertyValue)
{
    struct proplist_property property;
    uint32_t value;
    uint32_t code = property_find(pPropertyList, cbPropertyListSize, pszPropertyName, &property);

    if (code == ERROR_SUCCESS && proplist_value_dword(&property.value, &value) != ERROR_SUCCESS)
        code = ERROR_INVALID_DATA;
    if (code == ERROR_SUCCESS && pdwPropertyValue != NULL)
        *pdwPropertyValue = value;
    return code;
}

DWORD WINAPI ResUtilFindSzProperty(const PVOID pPropertyList, DWORD cbPropertyListSize,
                                   LPCWSTR pszPropertyName, LPWSTR *pszPropertyValue)
{
    struct proplist_property property;
    uint32_t code = property_find(pPropertyList, cbPropertyListSize, pszPropertyName, &property);

    if (code == ERROR_SUCCESS && property.value.syntax != PROPLIST_SZ)
        code = ERROR_INVALID_DATA;
    if (code == ERROR_SUCCESS && pszPropertyValue != NULL) {
        WCHAR *copy = LocalAlloc(LMEM_FIXED, property.value.len);
        if (copy == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
        *pszPropertyValue = memcpy(copy, property.value.data, property.value.len);
    }
    return code;
}
