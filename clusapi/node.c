/* Nodes: opened, so that groups can be sent to them, and watched. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "clusapi/object.h"
#include "clusapi/session.h"
#include "clusapi/wide.h"

#include <ClusAPI.h>

HNODE WINAPI OpenClusterNodeEx(HCLUSTER hCluster, LPCWSTR lpszNodeName, DWORD dwDesiredAccess,
                               DWORD *lpdwGrantedAccess)
{
    return object_open(hCluster, HANDLE_NODE, lpszNodeName, dwDesiredAccess, lpdwGrantedAccess);
}

HNODE WINAPI OpenClusterNode(HCLUSTER hCluster, LPCWSTR lpszNodeName)
{
    return OpenClusterNodeEx(hCluster, lpszNodeName, GENERIC_ALL, NULL);
}

BOOL WINAPI CloseClusterNode(HNODE hNode)
{
    return object_close(hNode, HANDLE_NODE);
}

HCLUSTER WINAPI GetClusterFromNode(HNODE hNode)
{
    return object_cluster(hNode, HANDLE_NODE);
}

CLUSTER_NODE_STATE WINAPI GetClusterNodeState(HNODE hNode)
{
    const struct value *node = NULL;
    int state = ClusterNodeStateUnknown;
    struct arena a = {0};

    uint32_t code = object_read(hNode, HANDLE_NODE, &a, &node);
    if (!object_state(code, node, &state))
        state = ClusterNodeStateUnknown;
    arena_release(&a);
    return (CLUSTER_NODE_STATE)state;
}

/* The node that answers on this machine's socket, in `a`. */
static uint32_t node_read_local(struct arena *a, const struct value **ret)
{
    static const struct call call = {.method = "cluster.status", .stale = true};
    const struct value *status = NULL;
    const char *name = "";

    HCLUSTER cluster = OpenClusterEx(NULL, GENERIC_READ, NULL);
    struct object *o = handle_get(cluster, HANDLE_CLUSTER);
    if (o == NULL)
        return GetLastError();
    uint32_t code = session_call(o->session, &call, a, &status);
    object_release(o);
    CloseCluster(cluster);
    if (code != ERROR_SUCCESS)
        return code;
    const struct value *nodes = value_get_array(status, "nodes");
    value_get_str(status, "node", 255, &name);
    for (uint32_t i = 0; nodes != NULL && i < nodes->len; i++) {
        const struct value *node_name = value_get(&nodes->items[i], "name");
        if (node_name != NULL && value_is_str(node_name, name)) {
            *ret = &nodes->items[i];
            return ERROR_SUCCESS;
        }
    }
    return ERROR_CLUSTER_LOCAL_NODE_NOT_FOUND;
}

DWORD WINAPI GetClusterNodeId(HNODE hNode, LPWSTR lpszNodeId, LPDWORD lpcchName)
{
    const struct value *node = NULL;
    char text[24];
    uint64_t id;
    struct arena a = {0};
    uint32_t code = ERROR_INVALID_PARAMETER;

    if (lpcchName != NULL)
        code =
            hNode == NULL ? node_read_local(&a, &node) : object_read(hNode, HANDLE_NODE, &a, &node);
    if (code == ERROR_SUCCESS && !value_get_uint(node, "id", &id))
        code = RPC_S_CALL_FAILED;
    if (code == ERROR_SUCCESS) {
        snprintf(text, sizeof(text), "%" PRIu64, id);
        code = wide_copy_out(text, lpszNodeId, lpcchName);
    }
    arena_release(&a);
    return code;
}
