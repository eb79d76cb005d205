/* Resources: created, watched, brought online, taken offline, made to fail. */
#include "base/error.h"
#include "base/text.h"
#include "clusapi/object.h"
#include "clusapi/wide.h"

#include <ClusAPI.h>

HRESOURCE WINAPI OpenClusterResourceEx(HCLUSTER hCluster, LPCWSTR lpszResourceName,
                                       DWORD dwDesiredAccess, DWORD *lpdwGrantedAccess)
{
    return object_open(hCluster, HANDLE_RESOURCE, lpszResourceName, dwDesiredAccess,
                       lpdwGrantedAccess);
}

HRESOURCE WINAPI OpenClusterResource(HCLUSTER hCluster, LPCWSTR lpszResourceName)
{
    return OpenClusterResourceEx(hCluster, lpszResourceName, GENERIC_ALL, NULL);
}

BOOL WINAPI CloseClusterResource(HRESOURCE hResource)
{
    return object_close(hResource, HANDLE_RESOURCE);
}

HCLUSTER WINAPI GetClusterFromResource(HRESOURCE hResource)
{
    return object_cluster(hResource, HANDLE_RESOURCE);
}

HRESOURCE WINAPI CreateClusterResource(HGROUP hGroup, LPCWSTR lpszResourceName,
                                       LPCWSTR lpszResourceType, DWORD dwFlags)
{
    struct call create = {.method = "resource.create"};
    HRESOURCE resource = NULL;
    struct arena a = {0};
    struct object *group = handle_get(hGroup, HANDLE_GROUP);
    uint32_t code = ERROR_INVALID_HANDLE;

    if (group != NULL)
        code = group->may_change ? ERROR_SUCCESS : ERROR_ACCESS_DENIED;
    if (code == ERROR_SUCCESS && (dwFlags & ~(DWORD)CLUSTER_RESOURCE_VALID_FLAGS) != 0)
        code = ERROR_INVALID_PARAMETER;
    if (code == ERROR_SUCCESS)
        code = wide_to_utf8(lpszResourceType, NAME_BYTES_MAX, &a, &create.type);
    if (code == ERROR_SUCCESS) {
        create.group = group->name;
        resource = object_create(group, group->cluster, HANDLE_RESOURCE, lpszResourceName, &create);
    } else {
        SetLastError(code);
    }
    arena_release(&a);
    object_release(group);
    return resource;
}

DWORD WINAPI DeleteClusterResource(HRESOURCE hResource)
{
    struct change change = {.call.method = "resource.delete"};
    return object_change(hResource, HANDLE_RESOURCE, &change);
}

CLUSTER_RESOURCE_STATE WINAPI GetClusterResourceState(HRESOURCE hResource, LPWSTR lpszNodeName,
                                                      LPDWORD lpcchNodeName, LPWSTR lpszGroupName,
                                                      LPDWORD lpcchGroupName)
{
    const struct value *resource = NULL;
    const char *owner = "", *group = "";
    int state = ClusterResourceStateUnknown;
    struct arena a = {0};

    uint32_t code = object_read(hResource, HANDLE_RESOURCE, &a, &resource);
    if (code == ERROR_SUCCESS) {
        value_get_str(resource, "owner", NAME_BYTES_MAX, &owner);
        value_get_str(resource, "group", NAME_BYTES_MAX, &group);
        /* Both, so that one call learns both lengths. */
        uint32_t of_owner = wide_copy_out(owner, lpszNodeName, lpcchNodeName);
        uint32_t of_group = wide_copy_out(group, lpszGroupName, lpcchGroupName);
        code = of_owner != ERROR_SUCCESS ? of_owner : of_group;
    }
    if (!object_state(code, resource, &state))
        state = ClusterResourceStateUnknown;
    arena_release(&a);
    return (CLUSTER_RESOURCE_STATE)state;
}

DWORD WINAPI OnlineClusterResourceEx(HRESOURCE hResource, DWORD dwOnlineFlags, PBYTE lpInBuffer,
                                     DWORD cbInBufferSize)
{
    struct change change = {.call = {.method = "resource.online", .flags = dwOnlineFlags},
                            .buffer = lpInBuffer,
                            .buffer_size = cbInBufferSize};
    return object_change(hResource, HANDLE_RESOURCE, &change);
}

DWORD WINAPI OnlineClusterResource(HRESOURCE hResource)
{
    return OnlineClusterResourceEx(hResource, 0, NULL, 0);
}

DWORD WINAPI OfflineClusterResourceEx(HRESOURCE hResource, DWORD dwOfflineFlags, PBYTE lpInBuffer,
                                      DWORD cbInBufferSize)
{
    struct change change = {.call = {.method = "resource.offline", .flags = dwOfflineFlags},
                            .buffer = lpInBuffer,
                            .buffer_size = cbInBufferSize};
    return object_change(hResource, HANDLE_RESOURCE, &change);
}

DWORD WINAPI OfflineClusterResource(HRESOURCE hResource)
{
    return OfflineClusterResourceEx(hResource, 0, NULL, 0);
}

DWORD WINAPI FailClusterResource(HRESOURCE hResource)
{
    struct change change = {.call.method = "resource.fail"};
    return object_change(hResource, HANDLE_RESOURCE, &change);
}

static DWORD dependency_change(const char *method, HRESOURCE resource, HRESOURCE provider)
{
    struct change change = {.call.method = method, .provider = provider};
    return provider != NULL ? object_change(resource, HANDLE_RESOURCE, &change)
                            : (DWORD)ERROR_INVALID_HANDLE;
}

DWORD WINAPI AddClusterResourceDependency(HRESOURCE hResource, HRESOURCE hDependsOn)
{
    return dependency_change("resource.depend", hResource, hDependsOn);
}

DWORD WINAPI RemoveClusterResourceDependency(HRESOURCE hResource, HRESOURCE hDependsOn)
{
    return dependency_change("resource.undepend", hResource, hDependsOn);
}
