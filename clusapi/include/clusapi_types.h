/* Handles, enumerations and flags of the cluster API. Included by ClusAPI.h. */
#ifndef HOLDFAST_CLUSAPI_TYPES_H
#define HOLDFAST_CLUSAPI_TYPES_H

/* ------------------------------------------------------------------ handles
 * Opaque: a handle is no pointer to anything. One that was closed, or is none,
 * or of another kind, is refused with ERROR_INVALID_HANDLE. */

typedef struct _HCLUSTER *HCLUSTER;
typedef struct _HNODE *HNODE;
typedef struct _HRESOURCE *HRESOURCE;
typedef struct _HGROUP *HGROUP;
typedef struct _HGROUPSET *HGROUPSET;
typedef struct _HNETWORK *HNETWORK;
typedef struct _HNETINTERFACE *HNETINTERFACE;
typedef struct _HCHANGE *HCHANGE;
typedef struct _HCLUSENUM *HCLUSENUM;
typedef struct _HGROUPENUM *HGROUPENUM;
typedef struct _HRESENUM *HRESENUM;
typedef struct _HNETWORKENUM *HNETWORKENUM;
typedef struct _HNODEENUM *HNODEENUM;
typedef struct _HNETINTERFACEENUM *HNETINTERFACEENUM;
typedef struct _HRESTYPEENUM *HRESTYPEENUM;
typedef struct _HCLUSENUMEX *HCLUSENUMEX;
typedef struct _HGROUPENUMEX *HGROUPENUMEX;
typedef struct _HRESENUMEX *HRESENUMEX;
typedef struct _HNODEENUMEX *HNODEENUMEX;
typedef struct _HGROUPSETENUM *HGROUPSETENUM;
typedef struct _HREGBATCH *HREGBATCH;
typedef struct _HREGREADBATCH *HREGREADBATCH;
typedef struct _HREGREADBATCHREPLY *HREGREADBATCHREPLY;
typedef struct _HREGBATCHPORT *HREGBATCHPORT;
typedef struct _HREGBATCHNOTIFICATION *HREGBATCHNOTIFICATION;

/* ------------------------------------------------------------- enumerations */

typedef enum NODE_CLUSTER_STATE {
    ClusterStateNotInstalled = 0,
    ClusterStateNotConfigured = 1,
    ClusterStateNotRunning = 3,
    ClusterStateRunning = 0x13,
} NODE_CLUSTER_STATE;

typedef enum CLUSTER_GROUP_STATE {
    ClusterGroupStateUnknown = -1,
    ClusterGroupOnline = 0,
    ClusterGroupOffline = 1,
    ClusterGroupFailed = 2,
    ClusterGroupPartialOnline = 3,
    ClusterGroupPending = 4,
} CLUSTER_GROUP_STATE;

typedef enum CLUSTER_RESOURCE_STATE {
    ClusterResourceStateUnknown = -1,
    ClusterResourceInherited = 0,
    ClusterResourceInitializing = 1,
    ClusterResourceOnline = 2,
    ClusterResourceOffline = 3,
    ClusterResourceFailed = 4,
    ClusterResourcePending = 0x80,
    ClusterResourceOnlinePending = 0x81,
    ClusterResourceOfflinePending = 0x82,
} CLUSTER_RESOURCE_STATE;

typedef enum CLUSTER_NODE_STATE {
    ClusterNodeStateUnknown = -1,
    ClusterNodeUp = 0,
    ClusterNodeDown = 1,
    ClusterNodePaused = 2,
    ClusterNodeJoining = 3,
} CLUSTER_NODE_STATE;

typedef enum CLUSTER_NODE_STATUS {
    NodeStatusNormal = 0,
    NodeStatusIsolated = 1,
    NodeStatusQuarantined = 2,
    NodeStatusDrainInProgress = 4,
    NodeStatusDrainCompleted = 8,
    NodeStatusDrainFailed = 0x10,
    NodeStatusMax = 0x13,
} CLUSTER_NODE_STATUS;

typedef enum CLUSTER_NODE_DRAIN_STATUS {
    NodeDrainStatusNotInitiated = 0,
    NodeDrainStatusInProgress = 1,
    NodeDrainStatusCompleted = 2,
    NodeDrainStatusFailed = 3,
    ClusterNodeDrainStatusCount = 4,
} CLUSTER_NODE_DRAIN_STATUS;

typedef enum CLUSTER_NETWORK_STATE {
    ClusterNetworkStateUnknown = -1,
    ClusterNetworkUnavailable = 0,
    ClusterNetworkDown = 1,
    ClusterNetworkPartitioned = 2,
    ClusterNetworkUp = 3,
} CLUSTER_NETWORK_STATE;

typedef enum CLUSTER_NETINTERFACE_STATE {
    ClusterNetInterfaceStateUnknown = -1,
    ClusterNetInterfaceUnavailable = 0,
    ClusterNetInterfaceFailed = 1,
    ClusterNetInterfaceUnreachable = 2,
    ClusterNetInterfaceUp = 3,
} CLUSTER_NETINTERFACE_STATE;

typedef enum CLUSTER_NETWORK_ROLE {
    ClusterNetworkRoleNone = 0,
    ClusterNetworkRoleInternalUse = 1,
    ClusterNetworkRoleClientAccess = 2,
    ClusterNetworkRoleInternalAndClient = 3,
} CLUSTER_NETWORK_ROLE;

typedef enum CLUSTER_GROUP_PRIORITY {
    PriorityDisabled = 0,
    PriorityLow = 0x3E8,
    PriorityMedium = 0x7D0,
    PriorityHigh = 0xBB8,
} CLUSTER_GROUP_PRIORITY;

typedef enum CLUSTER_GROUP_AUTOFAILBACK_TYPE {
    ClusterGroupPreventFailback = 0,
    ClusterGroupAllowFailback = 1,
    ClusterGroupFailbackTypeCount = 2,
} CLUSTER_GROUP_AUTOFAILBACK_TYPE;

typedef enum CLUSTER_NODE_RESUME_FAILBACK_TYPE {
    DoNotFailbackGroups = 0,
    FailbackGroupsImmediately = 1,
    FailbackGroupsPerPolicy = 2,
    ClusterNodeResumeFailbackTypeCount = 3,
} CLUSTER_NODE_RESUME_FAILBACK_TYPE;

typedef enum CLUSTER_RESOURCE_RESTART_ACTION {
    ClusterResourceDontRestart = 0,
    ClusterResourceRestartNoNotify = 1,
    ClusterResourceRestartNotify = 2,
    ClusterResourceRestartActionCount = 3,
} CLUSTER_RESOURCE_RESTART_ACTION;

typedef enum CLUSTER_RESOURCE_EMBEDDED_FAILURE_ACTION {
    ClusterResourceEmbeddedFailureActionNone = 0,
    ClusterResourceEmbeddedFailureActionLogOnly = 1,
    ClusterResourceEmbeddedFailureActionRecover = 2,
} CLUSTER_RESOURCE_EMBEDDED_FAILURE_ACTION;

typedef enum CLUSTER_RESOURCE_CREATE_FLAGS {
    CLUSTER_RESOURCE_DEFAULT_MONITOR = 0,
    CLUSTER_RESOURCE_SEPARATE_MONITOR = 1,
    CLUSTER_RESOURCE_VALID_FLAGS = 1,
} CLUSTER_RESOURCE_CREATE_FLAGS;

typedef enum CLUS_GROUP_START_SETTING {
    CLUS_GROUP_START_ALWAYS = 0,
    CLUS_GROUP_DO_NOT_START = 1,
    CLUS_GROUP_START_ALLOWED = 2,
} CLUS_GROUP_START_SETTING;

typedef enum CLUSTER_RESOURCE_STATE_CHANGE_REASON {
    eResourceStateChangeReasonUnknown = 0,
    eResourceStateChangeReasonMove = 1,
    eResourceStateChangeReasonFailover = 2,
    eResourceStateChangeReasonFailedMove = 3,
    eResourceStateChangeReasonShutdown = 4,
    eResourceStateChangeReasonRundown = 5,
} CLUSTER_RESOURCE_STATE_CHANGE_REASON;

typedef enum CLUSTER_ENUM {
    CLUSTER_ENUM_NODE = 1,
    CLUSTER_ENUM_RESTYPE = 2,
    CLUSTER_ENUM_RESOURCE = 4,
    CLUSTER_ENUM_GROUP = 8,
    CLUSTER_ENUM_NETWORK = 0x10,
    CLUSTER_ENUM_NETINTERFACE = 0x20,
    CLUSTER_ENUM_SHARED_VOLUME_GROUP = 0x20000000,
    CLUSTER_ENUM_SHARED_VOLUME_RESOURCE = 0x40000000,
    CLUSTER_ENUM_INTERNAL_NETWORK = (int)0x80000000,
    CLUSTER_ENUM_ALL = 0x3F,
} CLUSTER_ENUM;

typedef enum CLUSTER_GROUP_ENUM {
    CLUSTER_GROUP_ENUM_CONTAINS = 1,
    CLUSTER_GROUP_ENUM_NODES = 2,
    CLUSTER_GROUP_ENUM_ALL = 3,
} CLUSTER_GROUP_ENUM;

typedef enum CLUSTER_RESOURCE_ENUM {
    CLUSTER_RESOURCE_ENUM_DEPENDS = 1,
    CLUSTER_RESOURCE_ENUM_PROVIDES = 2,
    CLUSTER_RESOURCE_ENUM_NODES = 4,
    CLUSTER_RESOURCE_ENUM_ALL = 7,
} CLUSTER_RESOURCE_ENUM;

typedef enum CLUSTER_NODE_ENUM {
    CLUSTER_NODE_ENUM_NETINTERFACES = 1,
    CLUSTER_NODE_ENUM_ALL = 1,
} CLUSTER_NODE_ENUM;

typedef enum CLUSTER_NETWORK_ENUM {
    CLUSTER_NETWORK_ENUM_NETINTERFACES = 1,
    CLUSTER_NETWORK_ENUM_ALL = 1,
} CLUSTER_NETWORK_ENUM;

typedef enum CLUSTER_RESOURCE_TYPE_ENUM {
    CLUSTER_RESOURCE_TYPE_ENUM_NODES = 1,
    CLUSTER_RESOURCE_TYPE_ENUM_RESOURCES = 2,
    CLUSTER_RESOURCE_TYPE_ENUM_ALL = 3,
} CLUSTER_RESOURCE_TYPE_ENUM;

typedef enum CLUSTER_OBJECT_TYPE {
    CLUSTER_OBJECT_TYPE_NONE = 0,
    CLUSTER_OBJECT_TYPE_CLUSTER = 1,
    CLUSTER_OBJECT_TYPE_GROUP = 2,
    CLUSTER_OBJECT_TYPE_RESOURCE = 3,
    CLUSTER_OBJECT_TYPE_RESOURCE_TYPE = 4,
    CLUSTER_OBJECT_TYPE_NETWORK_INTERFACE = 5,
    CLUSTER_OBJECT_TYPE_NETWORK = 6,
    CLUSTER_OBJECT_TYPE_NODE = 7,
    CLUSTER_OBJECT_TYPE_REGISTRY = 8,
    CLUSTER_OBJECT_TYPE_QUORUM = 9,
    CLUSTER_OBJECT_TYPE_SHARED_VOLUME = 0xA,
    CLUSTER_OBJECT_TYPE_GROUPSET = 0xD,
} CLUSTER_OBJECT_TYPE;

typedef enum CLUSGROUP_TYPE {
    ClusGroupTypeCoreCluster = 1,
    ClusGroupTypeAvailableStorage = 2,
    ClusGroupTypeTemporary = 3,
    ClusGroupTypeSharedVolume = 4,
    ClusGroupTypeStoragePool = 5,
    ClusGroupTypeFileServer = 0x64,
    ClusGroupTypePrintServer = 0x65,
    ClusGroupTypeDhcpServer = 0x66,
    ClusGroupTypeDtc = 0x67,
    ClusGroupTypeMsmq = 0x68,
    ClusGroupTypeWins = 0x69,
    ClusGroupTypeStandAloneDfs = 0x6A,
    ClusGroupTypeGenericApplication = 0x6B,
    ClusGroupTypeGenericService = 0x6C,
    ClusGroupTypeGenericScript = 0x6D,
    ClusGroupTypeIScsiNameService = 0x6E,
    ClusGroupTypeVirtualMachine = 0x6F,
    ClusGroupTypeTsSessionBroker = 0x70,
    ClusGroupTypeIScsiTarget = 0x71,
    ClusGroupTypeScaleoutFileServer = 0x72,
    ClusGroupTypeVMReplicaBroker = 0x73,
    ClusGroupTypeTaskScheduler = 0x74,
    ClusGroupTypeClusterUpdateAgent = 0x75,
    ClusGroupTypeScaleoutCluster = 0x76,
    ClusGroupTypeStorageReplica = 0x77,
    ClusGroupTypeVMReplicaCoordinator = 0x78,
    ClusGroupTypeCrossClusterOrchestrator = 0x79,
    ClusGroupTypeInfrastructureFileServer = 0x7A,
    ClusGroupTypeUnknown = 0x270F,
} CLUSGROUP_TYPE;

typedef enum CLUSTER_RESOURCE_CLASS {
    CLUS_RESCLASS_UNKNOWN = 0,
    CLUS_RESCLASS_STORAGE = 1,
    CLUS_RESCLASS_NETWORK = 2,
    CLUS_RESCLASS_USER = 0x8000,
} CLUSTER_RESOURCE_CLASS;

typedef enum CLUSTER_REG_COMMAND {
    CLUSREG_COMMAND_NONE = 0,
    CLUSREG_SET_VALUE = 1,
    CLUSREG_CREATE_KEY = 2,
    CLUSREG_DELETE_KEY = 3,
    CLUSREG_DELETE_VALUE = 4,
    CLUSREG_SET_KEY_SECURITY = 5,
    CLUSREG_VALUE_DELETED = 6,
    CLUSREG_READ_KEY = 7,
    CLUSREG_READ_VALUE = 8,
    CLUSREG_READ_ERROR = 9,
    CLUSREG_CONTROL_COMMAND = 0xA,
    CLUSREG_CONDITION_EXISTS = 0xB,
    CLUSREG_CONDITION_NOT_EXISTS = 0xC,
    CLUSREG_CONDITION_IS_EQUAL = 0xD,
    CLUSREG_CONDITION_IS_NOT_EQUAL = 0xE,
    CLUSREG_CONDITION_IS_GREATER_THAN = 0xF,
    CLUSREG_CONDITION_IS_LESS_THAN = 0x10,
    CLUSREG_CONDITION_KEY_EXISTS = 0x11,
    CLUSREG_CONDITION_KEY_NOT_EXISTS = 0x12,
    CLUSREG_LAST_COMMAND = 0x13,
} CLUSTER_REG_COMMAND;

typedef enum CLUSTER_QUORUM_VALUE {
    CLUSTER_QUORUM_MAINTAINED = 0,
    CLUSTER_QUORUM_LOST = 1,
} CLUSTER_QUORUM_VALUE;

/* Only between a resource's handler and its monitor. */
#define ClusterResourceCannotComeOnlineOnThisNode \
    ((CLUSTER_RESOURCE_STATE)(ClusterResourcePending - 1))
#define ClusterResourceCannotComeOnlineOnAnyNode \
    ((CLUSTER_RESOURCE_STATE)(ClusterResourcePending - 2))

/* ------------------------------------------------------------------- access */

#define CLUSAPI_READ_ACCESS 0x00000001
#define CLUSAPI_CHANGE_ACCESS 0x00000002
#define CLUSAPI_NO_ACCESS 0x00000004
#define CLUSAPI_ALL_ACCESS (CLUSAPI_READ_ACCESS | CLUSAPI_CHANGE_ACCESS)

/* -------------------------------------------------- flags of the Ex functions */

/* The second and third name of 0x1 are those of the published page's text; no
 * header of Windows has them. */
#define CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_STATUS 0x00000001
#define CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_LOCKED_STATUS 0x00000001
#define CLUSAPI_OFFLINE_GROUP_IGNORE_RESOURCE_LOCKED_STATUS 0x00000001

#define CLUSAPI_GROUP_ONLINE_IGNORE_RESOURCE_STATUS 0x00000001
#define CLUSAPI_GROUP_ONLINE_SYNCHRONOUS 0x00000002
#define CLUSAPI_GROUP_ONLINE_BEST_POSSIBLE_NODE 0x00000004
#define CLUSAPI_GROUP_ONLINE_IGNORE_AFFINITY_RULE 0x00000008

#define CLUSAPI_GROUP_MOVE_IGNORE_RESOURCE_STATUS 0x00000001
#define CLUSAPI_GROUP_MOVE_RETURN_TO_SOURCE_NODE_ON_ERROR 0x00000002
#define CLUSAPI_GROUP_MOVE_QUEUE_ENABLED 0x00000004
#define CLUSAPI_GROUP_MOVE_HIGH_PRIORITY_START 0x00000008
#define CLUSAPI_GROUP_MOVE_FAILBACK 0x00000010
#define CLUSAPI_GROUP_MOVE_IGNORE_AFFINITY_RULE 0x00000020

#define CLUSAPI_RESOURCE_OFFLINE_IGNORE_RESOURCE_STATUS 0x00000001
#define CLUSAPI_RESOURCE_OFFLINE_IGNORE_RESOURCE_LOCKED_STATUS 0x00000001
#define CLUSAPI_RESOURCE_OFFLINE_FORCE_WITH_TERMINATION 0x00000002
#define CLUSAPI_RESOURCE_OFFLINE_DO_NOT_UPDATE_PERSISTENT_STATE 0x00000004
/* What a handler is told; not for callers. */
#define CLUSAPI_RESOURCE_OFFLINE_REASON_NONE 0x00000000
#define CLUSAPI_RESOURCE_OFFLINE_REASON_UNKNOWN 0x00000001
#define CLUSAPI_RESOURCE_OFFLINE_REASON_MOVING 0x00000002
#define CLUSAPI_RESOURCE_OFFLINE_REASON_USER_REQUESTED 0x00000004
#define CLUSAPI_RESOURCE_OFFLINE_REASON_BEING_DELETED 0x00000008
#define CLUSAPI_RESOURCE_OFFLINE_REASON_BEING_RESTARTED 0x00000010
#define CLUSAPI_RESOURCE_OFFLINE_REASON_PREEMPTED 0x00000020
#define CLUSAPI_RESOURCE_OFFLINE_REASON_SHUTTING_DOWN 0x00000040

#define CLUSAPI_RESOURCE_ONLINE_IGNORE_RESOURCE_STATUS 0x00000001
#define CLUSAPI_RESOURCE_ONLINE_DO_NOT_UPDATE_PERSISTENT_STATE 0x00000002
#define CLUSAPI_RESOURCE_ONLINE_NECESSARY_FOR_QUORUM 0x00000004
#define CLUSAPI_RESOURCE_ONLINE_BEST_POSSIBLE_NODE 0x00000008
#define CLUSAPI_RESOURCE_ONLINE_IGNORE_AFFINITY_RULE 0x00000020

#define CLUSAPI_NODE_PAUSE_REMAIN_ON_PAUSED_NODE_ON_MOVE_ERROR 0x00000001
#define CLUSAPI_NODE_AVOID_PLACEMENT 0x00000002
#define CLUSAPI_NODE_PAUSE_RETRY_DRAIN_ON_FAILURE 0x00000004
#define CLUSAPI_NODE_RESUME_FAILBACK_STORAGE 0x00000001
#define CLUSAPI_NODE_RESUME_FAILBACK_VMS 0x00000002
#define CLUSAPI_NODE_RESUME_FAILBACK_PINNED_VMS_ONLY 0x00000004

/* --------------------------------------------------- StatusInformation bits */

#define CLUSGRP_STATUS_LOCKED_MODE 0x0000000000000001ULL
#define CLUSGRP_STATUS_PREEMPTED 0x0000000000000002ULL
#define CLUSGRP_STATUS_WAITING_IN_QUEUE_FOR_MOVE 0x0000000000000004ULL
#define CLUSGRP_STATUS_PHYSICAL_RESOURCES_LACKING 0x0000000000000008ULL
#define CLUSGRP_STATUS_WAITING_TO_START 0x0000000000000010ULL
#define CLUSGRP_STATUS_EMBEDDED_FAILURE 0x0000000000000020ULL
#define CLUSGRP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT 0x0000000000000040ULL
#define CLUSGRP_STATUS_NETWORK_FAILURE 0x0000000000000080ULL
#define CLUSGRP_STATUS_UNMONITORED 0x0000000000000100ULL
#define CLUSGRP_STATUS_OS_HEARTBEAT 0x0000000000000200ULL
#define CLUSGRP_STATUS_APPLICATION_READY 0x0000000000000400ULL
#define CLUSGRP_STATUS_OFFLINE_NOT_LOCAL_DISK_OWNER 0x0000000000000800ULL

#define CLUSRES_STATUS_LOCKED_MODE 0x0000000000000001ULL
#define CLUSRES_STATUS_EMBEDDED_FAILURE 0x0000000000000002ULL
#define CLUSRES_STATUS_FAILED_DUE_TO_INSUFFICIENT_CPU 0x0000000000000004ULL
#define CLUSRES_STATUS_FAILED_DUE_TO_INSUFFICIENT_MEMORY 0x0000000000000008ULL
#define CLUSRES_STATUS_FAILED_DUE_TO_INSUFFICIENT_GENERIC_RESOURCES 0x0000000000000010ULL
#define CLUSRES_STATUS_NETWORK_FAILURE 0x0000000000000020ULL
#define CLUSRES_STATUS_UNMONITORED 0x0000000000000040ULL
#define CLUSRES_STATUS_OS_HEARTBEAT 0x0000000000000080ULL
#define CLUSRES_STATUS_APPLICATION_READY 0x0000000000000100ULL
#define CLUSRES_STATUS_OFFLINE_NOT_LOCAL_DISK_OWNER 0x0000000000000200ULL

/* ------------------------------------------------------ resource type names */

#define CLUS_RESTYPE_NAME_GENAPP L"Generic Application"
#define CLUS_RESTYPE_NAME_GENSVC L"Generic Service"
#define CLUS_RESTYPE_NAME_GENSCRIPT L"Generic Script"
#define CLUS_RESTYPE_NAME_IPADDR L"IP Address"
#define CLUS_RESTYPE_NAME_IPV6_NATIVE L"IPv6 Address"
#define CLUS_RESTYPE_NAME_NETNAME L"Network Name"
#define CLUS_RESTYPE_NAME_DNN L"Distributed Network Name"
#define CLUS_RESTYPE_NAME_FILESHR L"File Share"
#define CLUS_RESTYPE_NAME_FILESERVER L"File Server"
#define CLUS_RESTYPE_NAME_PHYS_DISK L"Physical Disk"
#define CLUS_RESTYPE_NAME_FSWITNESS L"File Share Witness"
#define CLUS_RESTYPE_NAME_CLOUD_WITNESS L"Cloud Witness"
#define CLUS_RESTYPE_NAME_VM L"Virtual Machine"
#define CLUS_RESTYPE_NAME_VM_CONFIG L"Virtual Machine Configuration"
#define CLUS_RESTYPE_NAME_CONTAINER L"Container"
#define CLUS_RESTYPE_NAME_STORAGE_POOL L"Storage Pool"
#define CLUS_RESTYPE_NAME_TASKSCHEDULER L"Task Scheduler"

/* --------------------------------------------------------------- structures */

#define MAX_CLUSTERNAME_LENGTH 63

typedef struct CLUSTERVERSIONINFO {
    DWORD dwVersionInfoSize; /* sizeof(CLUSTERVERSIONINFO), set by the caller. */
    WORD MajorVersion;
    WORD MinorVersion;
    WORD BuildNumber;
    WCHAR szVendorId[64];
    WCHAR szCSDVersion[64];
    DWORD dwClusterHighestVersion; /* CLUSTER_MAKE_VERSION. */
    DWORD dwClusterLowestVersion;
    DWORD dwFlags;
    DWORD dwReserved;
} CLUSTERVERSIONINFO, *LPCLUSTERVERSIONINFO, *PCLUSTERVERSIONINFO;

#define NT4_MAJOR_VERSION 1
#define NT4SP4_MAJOR_VERSION 2
#define NT5_MAJOR_VERSION 3
#define NT51_MAJOR_VERSION 4
#define NT6_MAJOR_VERSION 5
#define NT7_MAJOR_VERSION 6
#define NT8_MAJOR_VERSION 7
#define NT9_MAJOR_VERSION 8
#define NT10_MAJOR_VERSION 9
#define CLUSTER_MAKE_VERSION(major, minor) (((major) << 16) | (minor))
#define CLUSTER_GET_MAJOR_VERSION(version) ((version) >> 16)
#define CLUSTER_GET_MINOR_VERSION(version) ((version)&0xFFFF)

typedef struct _CLUSTER_CREATE_GROUP_INFO {
    DWORD dwVersion; /* CLUSTER_CREATE_GROUP_INFO_VERSION. */
    CLUSGROUP_TYPE groupType;
} CLUSTER_CREATE_GROUP_INFO, *PCLUSTER_CREATE_GROUP_INFO;
#define CLUSTER_CREATE_GROUP_INFO_VERSION_1 1
#define CLUSTER_CREATE_GROUP_INFO_VERSION CLUSTER_CREATE_GROUP_INFO_VERSION_1

#endif
