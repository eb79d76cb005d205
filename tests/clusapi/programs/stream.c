/* A stream of online and offline calls on one handle: stream GROUP ROUNDS
 *
 * Goes on while nodes die and leaders change. One line for each call that was
 * neither accepted nor done; exit status 0 if there was none. */
#include <windows.h>

#include <ClusAPI.h>
#include <stdio.h>

#define POLL_MS 20

static CLUSTER_GROUP_STATE Settle(_In_ HGROUP hGroup)
{
    CLUSTER_GROUP_STATE state;

    while ((state = GetClusterGroupState(hGroup, NULL, NULL)) == ClusterGroupPending)
        Sleep(POLL_MS);
    return state;
}

static int Check(_In_ LPCWSTR what, _In_ DWORD status, _In_ CLUSTER_GROUP_STATE state,
                 _In_ CLUSTER_GROUP_STATE wanted)
{
    if ((status == ERROR_SUCCESS || status == ERROR_IO_PENDING) && state == wanted)
        return 0;
    wprintf(L"%ls: code %u, then state %d, last error %u\n", what, status, (int)state,
            GetLastError());
    return 1;
}

int wmain(int argc, wchar_t **argv)
{
    int faults = 0;
    long round, rounds = argc > 2 ? wcstol(argv[2], NULL, 10) : 10;
    HCLUSTER hCluster = OpenCluster(NULL);
    HGROUP hGroup = OpenClusterGroup(hCluster, argc > 1 ? argv[1] : L"DemoGroup");

    if (hGroup == NULL) {
        wprintf(L"Not opened: error %u\n", GetLastError());
        return 2;
    }
    for (round = 0; round < rounds; round++) {
        DWORD status = OnlineClusterGroup(hGroup, NULL);
        faults += Check(L"online", status, Settle(hGroup), ClusterGroupOnline);
        status = OfflineClusterGroup(hGroup);
        faults += Check(L"offline", status, Settle(hGroup), ClusterGroupOffline);
    }
    CloseClusterGroup(hGroup);
    CloseCluster(hCluster);
    return faults > 0;
}
