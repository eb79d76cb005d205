/* Brings a group online and waits for it: online_demo [GROUP [NODE]]
 *
 * Exit status 0: the group is online; 1: it is not. */
#include <windows.h>

#include <clusapi.h>
#include <stdio.h>

#define POLL_MS 100

_Success_(return != FALSE) static BOOL WaitUntilOnline(_In_ HGROUP hGroup)
{
    CLUSTER_GROUP_STATE state;
    WCHAR owner[64];
    DWORD length;

    do {
        Sleep(POLL_MS);
        length = ARRAYSIZE(owner);
        state = GetClusterGroupState(hGroup, owner, &length);
    } while (state == ClusterGroupPending || state == ClusterGroupStateUnknown);

    if (state == ClusterGroupOnline)
        wprintf(L"Online on %ls.\n", owner);
    return state == ClusterGroupOnline;
}

static BOOL BringOnline(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszGroup, _In_opt_ LPCWSTR lpszNode)
{
    BOOL online = FALSE;
    HNODE hNode = NULL;
    HGROUP hGroup = OpenClusterGroup(hCluster, lpszGroup);

    if (lpszNode != NULL)
        hNode = OpenClusterNode(hCluster, lpszNode);
    if (hGroup == NULL || (lpszNode != NULL && hNode == NULL)) {
        wprintf(L"No such group or node: error %u.\n", GetLastError());
    } else {
        DWORD status = OnlineClusterGroup(hGroup, hNode);
        online = (status == ERROR_SUCCESS || status == ERROR_IO_PENDING) && WaitUntilOnline(hGroup);
        if (!online)
            wprintf(L"%ls did not come online: error %u.\n", lpszGroup, status);
    }
    if (hNode != NULL)
        CloseClusterNode(hNode);
    if (hGroup != NULL)
        CloseClusterGroup(hGroup);
    return online;
}

int wmain(int argc, wchar_t *argv[])
{
    BOOL online;
    HCLUSTER hCluster = OpenCluster(NULL);

    if (hCluster == NULL) {
        wprintf(L"No cluster: error %u.\n", GetLastError());
        return 1;
    }
    online = BringOnline(hCluster, argc > 1 ? argv[1] : L"DemoGroup", argc > 2 ? argv[2] : NULL);
    CloseCluster(hCluster);
    return online ? 0 : 1;
}
