/* Takes a group offline and waits for it: offline_demo [GROUP]
 *
 * Written as a program for Windows is; nothing in it is for Linux. Exit status
 * 0: the group is offline; 1: it is not. */
#include <windows.h>

#include <ClusAPI.h>
#include <stdio.h>

#define POLL_MS 100

/* ERROR_SUCCESS once the group is offline. Any state but that and Pending means
 * that it is not going to be: that is told at once. A state that cannot be read
 * now may be readable the next time. */
static DWORD WaitUntilOffline(__in HGROUP hGroup)
{
    for (;;) {
        CLUSTER_GROUP_STATE state = GetClusterGroupState(hGroup, NULL, NULL);

        switch (state) {
        case ClusterGroupOffline:
            return ERROR_SUCCESS;
        case ClusterGroupOnline:
        case ClusterGroupPartialOnline:
        case ClusterGroupFailed:
            wprintf(L"The group is in state %d.\n", (int)state);
            return ERROR_INVALID_STATE;
        default:
            Sleep(POLL_MS);
        }
    }
}

static DWORD TakeOffline(__in LPCWSTR lpszGroup)
{
    DWORD status = ERROR_SUCCESS;
    HGROUP hGroup = NULL;
    HCLUSTER hCluster = OpenCluster(NULL);

    if (hCluster == NULL) {
        status = GetLastError();
        wprintf(L"No cluster: error %u.\n", status);
        return status;
    }
    hGroup = OpenClusterGroup(hCluster, lpszGroup);
    if (hGroup == NULL) {
        status = GetLastError();
        wprintf(L"No group %ls: error %u.\n", lpszGroup, status);
    } else {
        status =
            OfflineClusterGroupEx(hGroup, CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_STATUS, NULL, 0);
        if (status == ERROR_IO_PENDING)
            status = WaitUntilOffline(hGroup);
        if (status == ERROR_SUCCESS)
            wprintf(L"%ls is offline.\n", lpszGroup);
        else
            wprintf(L"%ls did not go offline: error %u.\n", lpszGroup, status);
        CloseClusterGroup(hGroup);
    }
    CloseCluster(hCluster);
    return status;
}

int __cdecl wmain(int argc, __in_ecount(argc) wchar_t **argv)
{
    return TakeOffline(argc > 1 ? argv[1] : L"DemoGroup") == ERROR_SUCCESS ? 0 : 1;
}
