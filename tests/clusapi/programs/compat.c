/* Uses as much of the headers as fits on a page. Compiles without warnings as C
 * and as C++, and needs no cluster to run: exit status 0 if all is as it should
 * be, else the line that it failed at. */
#include <windows.h>

#include <ClusAPI.h>
#include <clusapi.h>
#include <resapi.h>
#include <stdio.h>

#define REQUIRE(expression)                 \
    do {                                    \
        if (!(expression)) {                \
            fwprintf(stderr,                \
                     L"line %d: "           \
                     L"" #expression L"\n", \
                     __LINE__);             \
            return FALSE;                   \
        }                                   \
    } while (0)

#define BYTES_OF(literal) ((DWORD)sizeof(literal))

typedef DWORD(WINAPI *PNAMED_CALL)(__in HGROUP, __in DWORD, __in_bcount_opt(cb) PBYTE,
                                   __in DWORD cb);

/* First pass with a NULL buffer: how long it gets. Second pass: fill it. */
_Must_inspect_result_ static DWORD BuildOfflineBuffer(_Out_writes_bytes_opt_(cbBuffer)
                                                          PBYTE pbBuffer,
                                                      _In_ DWORD cbBuffer, _In_ DWORD dwAction)
{
    const DWORD cbName = BYTES_OF(CLUS_RESTYPE_NAME_VM);
    const DWORD cbNeeded =
        (DWORD)(sizeof(DWORD) + sizeof(CLUSPROP_PROPERTY_NAME) + ALIGN_CLUSPROP(cbName) +
                sizeof(CLUSPROP_DWORD) + sizeof(CLUSPROP_SYNTAX));
    CLUSPROP_BUFFER_HELPER helper;

    if (pbBuffer == NULL || cbBuffer < cbNeeded)
        return cbNeeded;
    ZeroMemory(pbBuffer, cbBuffer);
    helper.pb = pbBuffer;
    helper.pList->nPropertyCount = 1;
    helper.pb += sizeof(DWORD);
    helper.pName->Syntax.dw = CLUSPROP_SYNTAX_NAME;
    helper.pName->cbLength = cbName;
    CopyMemory(helper.pName->sz, CLUS_RESTYPE_NAME_VM, cbName);
    helper.pb += sizeof(CLUSPROP_PROPERTY_NAME) + ALIGN_CLUSPROP(cbName);
    helper.pDwordValue->Syntax.wType = CLUSPROP_TYPE_LIST_VALUE;
    helper.pDwordValue->Syntax.wFormat = CLUSPROP_FORMAT_DWORD;
    helper.pDwordValue->cbLength = sizeof(DWORD);
    helper.pDwordValue->dw = dwAction;
    helper.pb += sizeof(CLUSPROP_DWORD);
    helper.pSyntax->dw = CLUSPROP_SYNTAX_ENDMARK;
    return cbNeeded;
}

static BOOL CheckBuffer(VOID)
{
    DWORD value = 0;
    LPWSTR text = NULL;
    DWORD size = BuildOfflineBuffer(NULL, 0, VmResdllContextShutdown);
    PBYTE buffer = (PBYTE)LocalAlloc(LPTR, size);

    REQUIRE(buffer != NULL);
    REQUIRE(BuildOfflineBuffer(buffer, size, VmResdllContextShutdown) == size);
    REQUIRE(ResUtilFindDwordProperty(buffer, size, L"virtual machine", &value) == ERROR_SUCCESS);
    REQUIRE(value == VmResdllContextShutdown);
    REQUIRE(ResUtilFindDwordProperty(buffer, size, L"Dummy", NULL) == ERROR_FILE_NOT_FOUND);
    REQUIRE(ResUtilFindSzProperty(buffer, size, CLUS_RESTYPE_NAME_VM, &text) == ERROR_INVALID_DATA);
    REQUIRE(ResUtilFindDwordProperty(buffer, size - 4, L"Virtual Machine", &value) ==
            ERROR_INVALID_DATA);
    REQUIRE(LocalFree(buffer) == NULL);
    return TRUE;
}

static BOOL CheckLayout(VOID)
{
    CLUSPROP_SZ_DECLARE(name, 3);
    CLUSPROP_BINARY_DECLARE(blob, 5);
    LARGE_INTEGER large;

    REQUIRE(sizeof(DWORD) == 4 && sizeof(LONG) == 4 && sizeof(BOOL) == 4 && sizeof(WORD) == 2);
    REQUIRE(sizeof(DWORD_PTR) == sizeof(void *) && sizeof(LONGLONG) == 8);
    REQUIRE(sizeof(CLUSPROP_VALUE) == 8 && sizeof(CLUSPROP_DWORD) == 12);
    REQUIRE(sizeof(CLUSPROP_LARGE_INTEGER) == 16 && sizeof(CLUSPROP_FILETIME) == 16);
    REQUIRE(sizeof(name) == 8 + 4 * sizeof(WCHAR) && sizeof(blob) == 16);
    REQUIRE(CLUSPROP_SYNTAX_VALUE(CLUSPROP_TYPE_LIST_VALUE, CLUSPROP_FORMAT_SZ) ==
            CLUSPROP_SYNTAX_LIST_VALUE_SZ);
    large.QuadPart = 0x100000002LL;
    REQUIRE(large.LowPart == 2 && large.HighPart == 1 && large.u.LowPart == 2);
    REQUIRE(HIWORD(0x12345678) == 0x1234 && LOWORD(0x12345678) == 0x5678);
    REQUIRE(HRESULT_CODE(HRESULT_FROM_WIN32(ERROR_GROUP_NOT_FOUND)) == ERROR_GROUP_NOT_FOUND);
    REQUIRE(FAILED(HRESULT_FROM_WIN32(ERROR_GROUP_NOT_FOUND)) && SUCCEEDED(S_OK));
    REQUIRE(lstrlenW(TEXT("four")) == 4);
    return TRUE;
}

static BOOL CheckNames(VOID)
{
    REQUIRE(CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_STATUS == 1);
    REQUIRE(CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_LOCKED_STATUS == 1);
    REQUIRE(CLUSAPI_OFFLINE_GROUP_IGNORE_RESOURCE_LOCKED_STATUS == 1);
    REQUIRE(ClusterGroupStateUnknown == -1 && ClusterGroupPending == 4);
    REQUIRE(ClusterResourceOfflinePending == (ClusterResourcePending | 2));
    REQUIRE(ERROR_CLUSTER_RESOURCE_LOCKED_STATUS == 5960 && ERROR_IO_PENDING == 997);
    REQUIRE(CLUSGRP_STATUS_LOCKED_MODE == 1 && CLUSAPI_ALL_ACCESS == 3);
    REQUIRE(CLUSAPI_VERSION >= CLUSAPI_VERSION_WINDOWS8);
    return TRUE;
}

/* Handles that are none are refused, whoever asks. */
static BOOL CheckHandles(VOID)
{
    PNAMED_CALL offline = OfflineClusterGroupEx;
    HGROUP none = (HGROUP)INVALID_HANDLE_VALUE;
    WCHAR owner[8];
    DWORD length = _countof(owner);

    REQUIRE(offline(NULL, 0, NULL, 0) == ERROR_INVALID_HANDLE);
    REQUIRE(offline(none, 0, NULL, 0) == ERROR_INVALID_HANDLE);
    SetLastError(ERROR_SUCCESS);
    REQUIRE(GetClusterGroupState(none, owner, &length) == ClusterGroupStateUnknown);
    REQUIRE(GetLastError() == ERROR_INVALID_HANDLE);
    REQUIRE(!CloseCluster(NULL) && !CloseClusterGroup(NULL) && !CloseClusterNode(NULL));
    REQUIRE(OpenClusterGroup(NULL, L"DemoGroup") == NULL);
    return TRUE;
}

int main(VOID)
{
    return CheckBuffer() && CheckLayout() && CheckNames() && CheckHandles() ? 0 : 1;
}
