/* Groups: opened, watched, brought online, taken offline, moved. */
#include "base/error.h"
#include "clusapi/object.h"
#include "clusapi/wide.h"

#include <ClusAPI.h>

enum { SYNCHRONOUS_POLL_MS = 100 };

HGROUP WINAPI OpenClusterGroupEx(HCLUSTER hCluster, LPCWSTR lpszGroupName, DWORD dwDesiredAccess,
                                 DWORD *lpdwGrantedAccess)
{
    return object_open(hCluster, HANDLE_GROUP, lpszGroupName, dwDesiredAccess, lpdwGrantedAccess);
}

HGROUP WINAPI OpenClusterGroup(HCLUSTER hCluster, LPCWSTR lpszGroupName)
{
    return OpenClusterGroupEx(hCluster, lpszGroupName, GENERIC_ALL, NULL);
}

BOOL WINAPI CloseClusterGroup(HGROUP hGroup)
{
    return object_close(hGroup, HANDLE_GROUP);
}

HCLUSTER WINAPI GetClusterFromGroup(HGROUP hGroup)
{
    return object_cluster(hGroup, HANDLE_GROUP);
}

HGROUP WINAPI CreateClusterGroup(HCLUSTER hCluster, LPCWSTR lpszGroupName)
{
    struct call create = {.method = "group.create"};
    HGROUP group = NULL;
    struct object *cluster = handle_get(hCluster, HANDLE_CLUSTER);

    if (cluster == NULL)
        SetLastError(ERROR_INVALID_HANDLE);
    else if (!cluster->may_change)
        SetLastError(ERROR_ACCESS_DENIED);
    else
        group = object_create(cluster, hCluster, HANDLE_GROUP, lpszGroupName, &create);
    object_release(cluster);
    return group;
}

DWORD WINAPI DeleteClusterGroup(HGROUP hGroup)
{
    struct change change = {.call.method = "group.delete"};
    return object_change(hGroup, HANDLE_GROUP, &change);
}

CLUSTER_GROUP_STATE WINAPI GetClusterGroupState(HGROUP hGroup, LPWSTR lpszNodeName,
                                                LPDWORD lpcchNodeName)
{
    const struct value *group = NULL;
    const char *owner = "";
    int state = ClusterGroupStateUnknown;
    struct arena a = {0};

    uint32_t code = object_read(hGroup, HANDLE_GROUP, &a, &group);
    if (code == ERROR_SUCCESS) {
        value_get_str(group, "owner", 255, &owner);
        code = wide_copy_out(owner, lpszNodeName, lpcchNodeName);
    }
    if (!object_state(code, group, &state))
        state = ClusterGroupStateUnknown;
    arena_release(&a);
    return (CLUSTER_GROUP_STATE)state;
}

/* Wait for the end of an attempt that was accepted. */
static DWORD group_wait_online(HGROUP group)
{
    CLUSTER_GROUP_STATE state;
    while ((state = GetClusterGroupState(group, NULL, NULL)) == ClusterGroupPending)
        Sleep(SYNCHRONOUS_POLL_MS);
    switch (state) {
    case ClusterGroupOnline:
        return ERROR_SUCCESS;
    case ClusterGroupStateUnknown:
        return GetLastError();
    case ClusterGroupFailed:
        return ERROR_RESOURCE_FAILED;
    default:
        return ERROR_GROUP_NOT_ONLINE;
    }
}

DWORD WINAPI OnlineClusterGroupEx(HGROUP hGroup, HNODE hDestinationNode, DWORD dwOnlineFlags,
                                  PBYTE lpInBuffer, DWORD cbInBufferSize)
{
    struct change change = {.call = {.method = "group.online", .flags = dwOnlineFlags},
                            .node = hDestinationNode,
                            .buffer = lpInBuffer,
                            .buffer_size = cbInBufferSize};
    DWORD code = object_change(hGroup, HANDLE_GROUP, &change);
    if (code == ERROR_IO_PENDING && (dwOnlineFlags & CLUSAPI_GROUP_ONLINE_SYNCHRONOUS) != 0)
        code = group_wait_online(hGroup);
    return code;
}

DWORD WINAPI OnlineClusterGroup(HGROUP hGroup, HNODE hDestinationNode)
{
    return OnlineClusterGroupEx(hGroup, hDestinationNode, 0, NULL, 0);
}

DWORD WINAPI OfflineClusterGroupEx(HGROUP hGroup, DWORD dwOfflineFlags, PBYTE lpInBuffer,
                                   DWORD cbInBufferSize)
{
    struct change change = {.call = {.method = "group.offline", .flags = dwOfflineFlags},
                            .buffer = lpInBuffer,
                            .buffer_size = cbInBufferSize};
    return object_change(hGroup, HANDLE_GROUP, &change);
}

DWORD WINAPI OfflineClusterGroup(HGROUP hGroup)
{
    return OfflineClusterGroupEx(hGroup, 0, NULL, 0);
}

DWORD WINAPI MoveClusterGroupEx(HGROUP hGroup, HNODE hDestinationNode, DWORD dwMoveFlags,
                                PBYTE lpInBuffer, DWORD cbInBufferSize)
{
    struct change change = {.call = {.method = "group.move", .flags = dwMoveFlags},
                            .node = hDestinationNode,
                            .buffer = lpInBuffer,
                            .buffer_size = cbInBufferSize};
    return object_change(hGroup, HANDLE_GROUP, &change);
}

DWORD WINAPI MoveClusterGroup(HGROUP hGroup, HNODE hDestinationNode)
{
    return MoveClusterGroupEx(hGroup, hDestinationNode, 0, NULL, 0);
}
