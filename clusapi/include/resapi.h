/* What clients of the cluster API use of <resapi.h>. The interface of resource
 * DLLs is not here. */
#ifndef HOLDFAST_RESAPI_H
#define HOLDFAST_RESAPI_H

#include "ClusAPI.h"

/* Values of a property named "Virtual Machine" in an input buffer. */
typedef enum VM_RESDLL_CONTEXT {
    VmResdllContextTurnOff = 0,
    VmResdllContextSave = 1,
    VmResdllContextShutdown = 2,
    VmResdllContextShutdownForce = 3,
    VmResdllContextLiveMigration = 4,
} VM_RESDLL_CONTEXT;

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Find the property of that name (without regard to case) and format in a list
 * with strings of WCHAR. 0; ERROR_FILE_NOT_FOUND: not there;
 * ERROR_INVALID_DATA: malformed, or there with another format. The out pointer
 * may be NULL. LocalFree what the second one hands out. */
DWORD WINAPI ResUtilFindDwordProperty(_In_reads_bytes_(cbPropertyListSize)
                                          const PVOID pPropertyList,
                                      _In_ DWORD cbPropertyListSize, _In_ LPCWSTR pszPropertyName,
                                      _Out_opt_ LPDWORD pdwPropertyValue);
DWORD WINAPI ResUtilFindSzProperty(_In_reads_bytes_(cbPropertyListSize) const PVOID pPropertyList,
                                   _In_ DWORD cbPropertyListSize, _In_ LPCWSTR pszPropertyName,
                                   _Outptr_opt_result_z_ LPWSTR *pszPropertyValue);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
