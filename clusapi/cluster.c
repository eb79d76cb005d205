/* OpenCluster and its kin. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "clusapi/handle.h"
#include "clusapi/object.h"
#include "clusapi/session.h"
#include "clusapi/wide.h"

#include <ClusAPI.h>

#define SOCKET_DEFAULT "/run/holdfast/api.sock"
enum { PORT_DEFAULT = 7400, WHERE_BYTES_MAX = 300 };

/* Where `name` says that a node is. */
static uint32_t address_find(LPCWSTR name, struct address *ret)
{
    const char *where = NULL;
    struct arena a = {0};
    uint32_t code = ERROR_SUCCESS;

    if (name != NULL) {
        code = wide_to_utf8(name, WHERE_BYTES_MAX, &a, &where);
    } else {
        where = secure_getenv("HOLDFAST_SOCKET");
        if (where == NULL || *where == '\0')
            where = SOCKET_DEFAULT;
    }
    if (code == ERROR_SUCCESS && where[0] == '/')
        where = arena_printf(&a, "unix:%s", where);
    if (code == ERROR_SUCCESS)
        code = address_parse(where, PORT_DEFAULT, ret);
    arena_release(&a);
    return code;
}

static uint32_t cluster_open(LPCWSTR name, DWORD desired, DWORD *ret_granted, void **ret)
{
    struct address home;
    struct session *session = NULL;

    uint32_t code = access_map(desired, ret_granted);
    if (code == ERROR_SUCCESS)
        code = address_find(name, &home);
    if (code == ERROR_SUCCESS)
        code = session_open(&home, &session);
    if (code != ERROR_SUCCESS)
        return code;
    struct object *o = xcalloc(1, sizeof(*o));
    o->kind = HANDLE_CLUSTER;
    o->may_change = (*ret_granted & CLUSAPI_CHANGE_ACCESS) != 0;
    o->session = session;
    *ret = handle_new(o);
    return *ret != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

HCLUSTER WINAPI OpenClusterEx(LPCWSTR lpszClusterName, DWORD DesiredAccess, DWORD *GrantedAccess)
{
    void *handle = NULL;
    DWORD granted = 0;
    uint32_t code = cluster_open(lpszClusterName, DesiredAccess, &granted, &handle);

    if (code != ERROR_SUCCESS)
        SetLastError(code);
    else if (GrantedAccess != NULL)
        *GrantedAccess = granted;
    return handle;
}

HCLUSTER WINAPI OpenCluster(LPCWSTR lpszClusterName)
{
    return OpenClusterEx(lpszClusterName, GENERIC_ALL, NULL);
}

BOOL WINAPI CloseCluster(HCLUSTER hCluster)
{
    return object_close(hCluster, HANDLE_CLUSTER);
}

/* The version of Windows whose behaviour this is, by the one of the API. */
static uint32_t version_fill(LPCLUSTERVERSIONINFO info)
{
    if (info->dwVersionInfoSize != sizeof(*info))
        return ERROR_INVALID_PARAMETER;
    memset(info, 0, sizeof(*info));
    info->dwVersionInfoSize = sizeof(*info);
    info->MajorVersion = 10;
    wcscpy(info->szVendorId, L"Holdfast");
    info->dwClusterHighestVersion = CLUSTER_MAKE_VERSION(NT10_MAJOR_VERSION, 0);
    info->dwClusterLowestVersion = CLUSTER_MAKE_VERSION(NT10_MAJOR_VERSION, 0);
    return ERROR_SUCCESS;
}

DWORD WINAPI GetClusterInformation(HCLUSTER hCluster, LPWSTR lpszClusterName,
                                   LPDWORD lpcchClusterName, LPCLUSTERVERSIONINFO lpClusterInfo)
{
    static const struct call call = {.method = "cluster.status", .stale = true};
    const struct value *status = NULL;
    const char *name = "";
    struct arena a = {0};
    uint32_t code = ERROR_INVALID_PARAMETER;
    struct object *o = handle_get(hCluster, HANDLE_CLUSTER);

    if (o == NULL)
        return ERROR_INVALID_HANDLE;
    if (lpcchClusterName != NULL)
        code = session_call(o->session, &call, &a, &status);
    if (code == ERROR_SUCCESS && lpClusterInfo != NULL)
        code = version_fill(lpClusterInfo);
    if (code == ERROR_SUCCESS) {
        value_get_str(status, "name", 255, &name);
        code = wide_copy_out(name, lpszClusterName, lpcchClusterName);
    }
    arena_release(&a);
    object_release(o);
    return code;
}

DWORD WINAPI GetNodeClusterState(LPCWSTR lpszNodeName, LPDWORD pdwClusterState)
{
    struct address address;
    struct session *session = NULL;

    if (pdwClusterState == NULL)
        return ERROR_INVALID_PARAMETER;
    uint32_t code = address_find(lpszNodeName, &address);
    if (code == ERROR_SUCCESS)
        code = session_open(&address, &session);
    session_release(session);
    if (code == ERROR_SUCCESS || code == ERROR_ACCESS_DENIED) {
        *pdwClusterState = ClusterStateRunning; /* Whoever refuses us, is there. */
        return ERROR_SUCCESS;
    }
    /* Of another machine nobody can say whether it is the node or the way to
     * it; on this one a socket that nobody answers is a node that is down. */
    if (lpszNodeName != NULL && !address.is_unix)
        return code;
    *pdwClusterState =
        access(address.host, F_OK) == 0 ? ClusterStateNotRunning : ClusterStateNotConfigured;
    return ERROR_SUCCESS;
}
