/* The client API of failover clusters, source compatible with that of Windows.
 *
 * Include <windows.h> first. Functions that return DWORD return an error code
 * and leave GetLastError() alone; those that return a handle (NULL), BOOL
 * (FALSE) or a state (-1, ...StateUnknown) on failure give the reason there.
 * ERROR_IO_PENDING (997) means accepted and going on: watch the state.
 *
 * Any handle may be used by any number of threads at once. A call goes on
 * through the death of the node it talks to and through a change of leader, for
 * up to 30 s, and is carried out once. docs/clusapi.md tells what differs from
 * Windows. */
#ifndef HOLDFAST_CLUSAPI_H
#define HOLDFAST_CLUSAPI_H

#include "windows.h"

#define CLUSAPI_VERSION_SERVER2008 0x00000600
#define CLUSAPI_VERSION_SERVER2008R2 0x00000700
#define CLUSAPI_VERSION_WINDOWS8 0x00000701
#define CLUSAPI_VERSION_WINDOWSBLUE 0x00000702
#define CLUSAPI_VERSION_WINTHRESHOLD 0x00000703
#define CLUSAPI_VERSION_RS3 0x00000A00
#define CLUSAPI_VERSION_NI 0x00000A0C
#define CLUSAPI_VERSION_CU 0x00000C03
#define CLUSAPI_VERSION_ZN 0x00000C04
#define CLUSAPI_VERSION_GA 0x00000C05
#define CLUSAPI_VERSION_GE 0x00000C06
#define CLUSAPI_VERSION_DT 0x00000C07
/* Selects the declarations; a program that defines an older one gets only what
 * that version had. */
#ifndef CLUSAPI_VERSION
#define CLUSAPI_VERSION CLUSAPI_VERSION_DT
#endif

#include "clusapi_proplist.h"
#include "clusapi_types.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ------------------------------------------------------------------ cluster */

/* NULL: the cluster of this machine, through the socket that the environment
 * variable HOLDFAST_SOCKET names, else /run/holdfast/api.sock. Otherwise a node
 * of the cluster: a host name or address, with `:port` unless it is 7400, or
 * the path of a socket, with or without `unix:` before it. Any node will do:
 * the others are learned from it. NULL with RPC_S_SERVER_UNAVAILABLE (1722) if
 * none answers. */
HCLUSTER WINAPI OpenCluster(_In_opt_ LPCWSTR lpszClusterName);

/* GENERIC_READ; GENERIC_WRITE, _EXECUTE or _ALL (full access); CLUSAPI_*_ACCESS;
 * MAXIMUM_ALLOWED. CLUSAPI_CHANGE_ACCESS without CLUSAPI_READ_ACCESS, none at
 * all and unknown bits are ERROR_INVALID_PARAMETER. The level holds for this
 * handle alone: what is opened through it has its own. */
HCLUSTER WINAPI OpenClusterEx(_In_opt_ LPCWSTR lpszClusterName, _In_ DWORD DesiredAccess,
                              _Out_opt_ DWORD *GrantedAccess);

/* Handles opened through it stay valid: each keeps the connections alive. */
BOOL WINAPI CloseCluster(_In_ HCLUSTER hCluster);

/* The name, and the version if lpClusterInfo is not NULL (its dwVersionInfoSize
 * set). ERROR_MORE_DATA with the length in *lpcchClusterName if it does not fit. */
DWORD WINAPI GetClusterInformation(_In_ HCLUSTER hCluster,
                                   _Out_writes_to_opt_(*lpcchClusterName, *lpcchClusterName)
                                       LPWSTR lpszClusterName,
                                   _Inout_ LPDWORD lpcchClusterName,
                                   _Out_opt_ LPCLUSTERVERSIONINFO lpClusterInfo);

/* Whether the node (NULL: this machine; else as for OpenCluster) answers:
 * a NODE_CLUSTER_STATE. */
DWORD WINAPI GetNodeClusterState(_In_opt_ LPCWSTR lpszNodeName, _Out_ LPDWORD pdwClusterState);

/* ------------------------------------------------------------------- groups */

HGROUP WINAPI OpenClusterGroup(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszGroupName);
HGROUP WINAPI OpenClusterGroupEx(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszGroupName,
                                 _In_ DWORD dwDesiredAccess, _Out_opt_ DWORD *lpdwGrantedAccess);
BOOL WINAPI CloseClusterGroup(_In_ HGROUP hGroup);

/* The very handle that the group was opened with: do not close it twice. NULL
 * with ERROR_INVALID_HANDLE once it has been closed. */
HCLUSTER WINAPI GetClusterFromGroup(_In_ HGROUP hGroup);

HGROUP WINAPI CreateClusterGroup(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszGroupName);
/* Only of an empty group; the handle stays open. */
DWORD WINAPI DeleteClusterGroup(_In_ HGROUP hGroup);

/* lpszNodeName, if not NULL, receives the owner's name, and *lpcchNodeName says
 * how many characters fit, with the NUL; it comes back as the length without.
 * ERROR_MORE_DATA and ClusterGroupStateUnknown if it does not fit. */
CLUSTER_GROUP_STATE WINAPI GetClusterGroupState(_In_ HGROUP hGroup,
                                                _Out_writes_to_opt_(*lpcchNodeName, *lpcchNodeName)
                                                    LPWSTR lpszNodeName,
                                                _Inout_opt_ LPDWORD lpcchNodeName);

/* hDestinationNode NULL: where it is, or (move) wherever is best. */
DWORD WINAPI OnlineClusterGroup(_In_ HGROUP hGroup, _In_opt_ HNODE hDestinationNode);
DWORD WINAPI OfflineClusterGroup(_In_ HGROUP hGroup);
DWORD WINAPI MoveClusterGroup(_In_ HGROUP hGroup, _In_opt_ HNODE hDestinationNode);

#if CLUSAPI_VERSION >= CLUSAPI_VERSION_WINDOWS8
/* lpInBuffer: NULL and 0, or a property list (clusapi_proplist.h) that every
 * resource of the group is shown. Checked before anything is sent:
 * ERROR_INVALID_DATA or ERROR_INVALID_PARAMETER. With
 * CLUSAPI_GROUP_ONLINE_SYNCHRONOUS the call returns when the attempt has ended:
 * 0, ERROR_RESOURCE_FAILED, or ERROR_GROUP_NOT_ONLINE. */
DWORD WINAPI OnlineClusterGroupEx(_In_ HGROUP hGroup, _In_opt_ HNODE hDestinationNode,
                                  _In_ DWORD dwOnlineFlags,
                                  _In_reads_bytes_opt_(cbInBufferSize) PBYTE lpInBuffer,
                                  _In_ DWORD cbInBufferSize);
DWORD WINAPI OfflineClusterGroupEx(_In_ HGROUP hGroup, _In_ DWORD dwOfflineFlags,
                                   _In_reads_bytes_opt_(cbInBufferSize) PBYTE lpInBuffer,
                                   _In_ DWORD cbInBufferSize);
DWORD WINAPI MoveClusterGroupEx(_In_ HGROUP hGroup, _In_opt_ HNODE hDestinationNode,
                                _In_ DWORD dwMoveFlags,
                                _In_reads_bytes_opt_(cbInBufferSize) PBYTE lpInBuffer,
                                _In_ DWORD cbInBufferSize);
#endif

/* -------------------------------------------------------------------- nodes */

HNODE WINAPI OpenClusterNode(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszNodeName);
HNODE WINAPI OpenClusterNodeEx(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszNodeName,
                               _In_ DWORD dwDesiredAccess, _Out_opt_ DWORD *lpdwGrantedAccess);
BOOL WINAPI CloseClusterNode(_In_ HNODE hNode);
HCLUSTER WINAPI GetClusterFromNode(_In_ HNODE hNode);
CLUSTER_NODE_STATE WINAPI GetClusterNodeState(_In_ HNODE hNode);
/* hNode NULL: of the node that this machine is, through the local socket. */
DWORD WINAPI GetClusterNodeId(_In_opt_ HNODE hNode,
                              _Out_writes_to_opt_(*lpcchName, *lpcchName) LPWSTR lpszNodeId,
                              _Inout_ LPDWORD lpcchName);
#define GetCurrentClusterNodeId(lpszNodeId, lpcchName) GetClusterNodeId(NULL, lpszNodeId, lpcchName)

/* ---------------------------------------------------------------- resources */

HRESOURCE WINAPI OpenClusterResource(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszResourceName);
HRESOURCE WINAPI OpenClusterResourceEx(_In_ HCLUSTER hCluster, _In_ LPCWSTR lpszResourceName,
                                       _In_ DWORD dwDesiredAccess,
                                       _Out_opt_ DWORD *lpdwGrantedAccess);
BOOL WINAPI CloseClusterResource(_In_ HRESOURCE hResource);
HCLUSTER WINAPI GetClusterFromResource(_In_ HRESOURCE hResource);
/* dwFlags: CLUSTER_RESOURCE_DEFAULT_MONITOR. */
HRESOURCE WINAPI CreateClusterResource(_In_ HGROUP hGroup, _In_ LPCWSTR lpszResourceName,
                                       _In_ LPCWSTR lpszResourceType, _In_ DWORD dwFlags);
DWORD WINAPI DeleteClusterResource(_In_ HRESOURCE hResource);
CLUSTER_RESOURCE_STATE WINAPI
GetClusterResourceState(_In_ HRESOURCE hResource,
                        _Out_writes_to_opt_(*lpcchNodeName, *lpcchNodeName) LPWSTR lpszNodeName,
                        _Inout_opt_ LPDWORD lpcchNodeName,
                        _Out_writes_to_opt_(*lpcchGroupName, *lpcchGroupName) LPWSTR lpszGroupName,
                        _Inout_opt_ LPDWORD lpcchGroupName);
DWORD WINAPI OnlineClusterResource(_In_ HRESOURCE hResource);
DWORD WINAPI OfflineClusterResource(_In_ HRESOURCE hResource);
DWORD WINAPI FailClusterResource(_In_ HRESOURCE hResource);
DWORD WINAPI AddClusterResourceDependency(_In_ HRESOURCE hResource, _In_ HRESOURCE hDependsOn);
DWORD WINAPI RemoveClusterResourceDependency(_In_ HRESOURCE hResource, _In_ HRESOURCE hDependsOn);

#if CLUSAPI_VERSION >= CLUSAPI_VERSION_WINDOWS8
DWORD WINAPI OnlineClusterResourceEx(_In_ HRESOURCE hResource, _In_ DWORD dwOnlineFlags,
                                     _In_reads_bytes_opt_(cbInBufferSize) PBYTE lpInBuffer,
                                     _In_ DWORD cbInBufferSize);
DWORD WINAPI OfflineClusterResourceEx(_In_ HRESOURCE hResource, _In_ DWORD dwOfflineFlags,
                                      _In_reads_bytes_opt_(cbInBufferSize) PBYTE lpInBuffer,
                                      _In_ DWORD cbInBufferSize);
#endif

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
