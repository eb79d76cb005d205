/* The table behind base/error.h: number, name, text, advice; by number. No guard:
 * whoever includes it defines ERROR_ENTRY first. */
/* clang-format off */
ERROR_ENTRY(0, ERROR_SUCCESS, "success", "")
ERROR_ENTRY(1, ERROR_INVALID_FUNCTION, "the control code is not handled here", "")
ERROR_ENTRY(2, ERROR_FILE_NOT_FOUND, "no such property, key or file",
            "check the name; properties are listed by `get` of the object")
ERROR_ENTRY(3, ERROR_PATH_NOT_FOUND, "a folder of the path does not exist", "check the path")
ERROR_ENTRY(4, ERROR_TOO_MANY_OPEN_FILES, "too many open files",
            "raise the limit of open files (LimitNOFILE, ulimit -n)")
ERROR_ENTRY(5, ERROR_ACCESS_DENIED, "access denied",
            "ask for access with an account that the cluster grants full access, or run the "
            "command as root")
ERROR_ENTRY(6, ERROR_INVALID_HANDLE, "the handle is closed or not one of this kind", "")
ERROR_ENTRY(8, ERROR_NOT_ENOUGH_MEMORY, "not enough memory", "")
ERROR_ENTRY(13, ERROR_INVALID_DATA, "malformed data",
            "check the property list or file given: it is cut short or broken "
            "(docs/property-lists.md)")
ERROR_ENTRY(14, ERROR_OUTOFMEMORY, "out of memory", "")
ERROR_ENTRY(21, ERROR_NOT_READY, "not ready yet", "wait a moment and try again")
ERROR_ENTRY(23, ERROR_CRC, "a checksum does not match: the data has rotted",
            "replace this node's copy from the other nodes")
ERROR_ENTRY(31, ERROR_GEN_FAILURE, "a call to the system failed", "read the log of the node")
ERROR_ENTRY(50, ERROR_NOT_SUPPORTED, "not supported", "")
ERROR_ENTRY(70, ERROR_SHARING_PAUSED,
            "the node is paused, or cannot read and write the cluster's state now",
            "resume it with `holdfast node resume`, or wait until it has joined a quorum")
ERROR_ENTRY(87, ERROR_INVALID_PARAMETER, "a parameter is wrong",
            "check flags, property names and sizes; `holdfast type show TYPE` lists what a "
            "type takes")
ERROR_ENTRY(110, ERROR_OPEN_FAILED, "a file could not be opened",
            "read the log of the node for its path")
ERROR_ENTRY(112, ERROR_DISK_FULL, "the disk is full",
            "free space where the node keeps its data; it goes on by itself")
ERROR_ENTRY(114, ERROR_INVALID_TARGET_HANDLE, "the target is the node itself", "name another node")
ERROR_ENTRY(120, ERROR_CALL_NOT_IMPLEMENTED, "this call is not implemented", "")
ERROR_ENTRY(122, ERROR_INSUFFICIENT_BUFFER, "the buffer is too small", "")
ERROR_ENTRY(123, ERROR_INVALID_NAME, "the name is not valid",
            "use 1 to 255 bytes of UTF-8 without control characters, not only blanks")
ERROR_ENTRY(145, ERROR_DIR_NOT_EMPTY, "it is not empty",
            "delete its resources first (`holdfast resource delete`)")
ERROR_ENTRY(170, ERROR_BUSY, "it is in use", "wait until the operation under way has ended")
ERROR_ENTRY(183, ERROR_ALREADY_EXISTS, "it exists already", "choose another name")
ERROR_ENTRY(206, ERROR_FILENAME_EXCED_RANGE, "a file name is too long", "choose a shorter path")
ERROR_ENTRY(234, ERROR_MORE_DATA, "there is more data than the buffer holds", "")
ERROR_ENTRY(258, WAIT_TIMEOUT, "nothing happened in the time given", "")
ERROR_ENTRY(259, ERROR_NO_MORE_ITEMS, "there are no more items", "")
ERROR_ENTRY(995, ERROR_OPERATION_ABORTED, "the operation was ended before it was done", "")
ERROR_ENTRY(997, ERROR_IO_PENDING, "accepted and going on", "watch the state, or use --wait")
ERROR_ENTRY(1053, ERROR_SERVICE_REQUEST_TIMEOUT, "the service did not answer in time", "")
ERROR_ENTRY(1059, ERROR_CIRCULAR_DEPENDENCY, "the dependency would close a circle",
            "list the dependencies with `holdfast resource show` and remove one of the circle")
ERROR_ENTRY(1062, ERROR_SERVICE_NOT_ACTIVE, "the service is not running", "start it")
ERROR_ENTRY(1067, ERROR_PROCESS_ABORTED, "the process ended unexpectedly",
            "read the output of the resource for the reason")
ERROR_ENTRY(1115, ERROR_SHUTDOWN_IN_PROGRESS, "it is shutting down", "")
ERROR_ENTRY(1117, ERROR_IO_DEVICE, "the device reported an error",
            "check the disk and the kernel's log")
ERROR_ENTRY(1168, ERROR_NOT_FOUND, "not found", "")
ERROR_ENTRY(1223, ERROR_CANCELLED, "cancelled", "")
ERROR_ENTRY(1225, ERROR_CONNECTION_REFUSED, "the connection was refused",
            "check that holdfastd runs there and that the address is right")
ERROR_ENTRY(1227, ERROR_ADDRESS_ALREADY_ASSOCIATED,
            "the address belongs to another endpoint already", "choose another address")
ERROR_ENTRY(1231, ERROR_NETWORK_UNREACHABLE, "the network cannot be reached",
            "check routes and interfaces")
ERROR_ENTRY(1232, ERROR_HOST_UNREACHABLE, "the host cannot be reached",
            "check that it is up and the way to it")
ERROR_ENTRY(1236, ERROR_CONNECTION_ABORTED, "the connection broke",
            "the call may have happened: look at the state before repeating it")
ERROR_ENTRY(1237, ERROR_RETRY, "it did not work now and may later", "try again")
ERROR_ENTRY(1359, ERROR_INTERNAL_ERROR, "an error inside Holdfast",
            "read the log of the node and report it")
ERROR_ENTRY(1372, ERROR_SPECIAL_GROUP, "not allowed on a group of the system", "")
ERROR_ENTRY(1392, ERROR_FILE_CORRUPT, "a file is corrupt",
            "the log names it; rejoin this node from the others")
ERROR_ENTRY(1460, ERROR_TIMEOUT, "it took longer than it may",
            "it may still be going on: look at the state, or give more time with --timeout")
ERROR_ENTRY(1630, ERROR_UNSUPPORTED_TYPE, "data of this type is not supported", "")
ERROR_ENTRY(1702, RPC_S_INVALID_BINDING, "the connection is no longer valid", "")
ERROR_ENTRY(1717, RPC_S_UNKNOWN_IF, "the other side does not speak this protocol", "")
ERROR_ENTRY(1722, RPC_S_SERVER_UNAVAILABLE, "no node answers",
            "check that holdfastd runs, and the socket or address (--socket, --connect, "
            "HOLDFAST_SOCKET)")
ERROR_ENTRY(1723, RPC_S_SERVER_TOO_BUSY, "the server is too busy", "try again in a moment")
ERROR_ENTRY(1726, RPC_S_CALL_FAILED, "the call failed on its way",
            "it may have happened: look at the state before repeating it")
ERROR_ENTRY(1727, RPC_S_CALL_FAILED_DNE, "the call failed and did not happen", "repeat it")
ERROR_ENTRY(1745, RPC_S_PROCNUM_OUT_OF_RANGE, "the server is too old for this call", "")
ERROR_ENTRY(1747, RPC_S_UNKNOWN_AUTHN_SERVICE, "the way of authentication is unknown", "")
ERROR_ENTRY(1753, EPT_S_NOT_REGISTERED, "the cluster service does not run there", "start holdfastd")
ERROR_ENTRY(1775, RPC_X_SS_IN_NULL_CONTEXT, "the server does not know the handle", "open it again")
ERROR_ENTRY(1825, RPC_S_SEC_PKG_ERROR, "authentication failed", "")
ERROR_ENTRY(5001, ERROR_DEPENDENT_RESOURCE_EXISTS, "other resources depend on it",
            "remove their dependencies, or delete them, first (`holdfast resource list` "
            "shows them)")
ERROR_ENTRY(5002, ERROR_DEPENDENCY_NOT_FOUND, "no such dependency", "")
ERROR_ENTRY(5003, ERROR_DEPENDENCY_ALREADY_EXISTS, "the dependency exists already", "")
ERROR_ENTRY(5004, ERROR_RESOURCE_NOT_ONLINE, "the resource is not online", "")
ERROR_ENTRY(5005, ERROR_HOST_NODE_NOT_AVAILABLE, "the node is not up",
            "choose a node that is Up in `holdfast node list`")
ERROR_ENTRY(5006, ERROR_RESOURCE_NOT_AVAILABLE, "the resource is not available", "")
ERROR_ENTRY(5007, ERROR_RESOURCE_NOT_FOUND, "no such resource",
            "check the name with `holdfast resource list`")
ERROR_ENTRY(5008, ERROR_SHUTDOWN_CLUSTER, "the cluster is being shut down", "")
ERROR_ENTRY(5009, ERROR_CANT_EVICT_ACTIVE_NODE, "the node is active and cannot be evicted",
            "move its groups away and stop it first")
ERROR_ENTRY(5010, ERROR_OBJECT_ALREADY_EXISTS, "the name is taken",
            "choose another: a name must differ from every name and id, whatever its case")
ERROR_ENTRY(5011, ERROR_OBJECT_IN_LIST, "it is in the list already", "")
ERROR_ENTRY(5012, ERROR_GROUP_NOT_AVAILABLE, "the group is not available",
            "look at it with `holdfast group show`; it may just have been deleted")
ERROR_ENTRY(5013, ERROR_GROUP_NOT_FOUND, "no such group",
            "check the name with `holdfast group list`")
ERROR_ENTRY(5014, ERROR_GROUP_NOT_ONLINE, "the group is not online", "")
ERROR_ENTRY(5015, ERROR_HOST_NODE_NOT_RESOURCE_OWNER,
            "the node addressed does not own the resource",
            "address its owner, or leave the node out")
ERROR_ENTRY(5016, ERROR_HOST_NODE_NOT_GROUP_OWNER, "the node addressed does not own the group",
            "address its owner, or leave the node out")
ERROR_ENTRY(5017, ERROR_RESMON_CREATE_FAILED, "the monitor process could not be started",
            "read the log of the node")
ERROR_ENTRY(5018, ERROR_RESMON_ONLINE_FAILED, "the monitor process did not come up",
            "read the log of the node")
ERROR_ENTRY(5019, ERROR_RESOURCE_ONLINE, "the resource is online", "bring it offline first")
ERROR_ENTRY(5020, ERROR_QUORUM_RESOURCE, "not allowed on the quorum resource", "")
ERROR_ENTRY(5021, ERROR_NOT_QUORUM_CAPABLE, "the resource cannot be the quorum", "")
ERROR_ENTRY(5022, ERROR_CLUSTER_SHUTTING_DOWN, "the cluster is shutting down", "")
ERROR_ENTRY(5023, ERROR_INVALID_STATE, "the state does not allow this now",
            "look at the state and try again when it no longer reads Pending")
ERROR_ENTRY(5024, ERROR_RESOURCE_PROPERTIES_STORED,
            "stored; takes effect the next time it comes online",
            "bring it offline and online again")
ERROR_ENTRY(5025, ERROR_NOT_QUORUM_CLASS, "the class of the resource cannot be the quorum", "")
ERROR_ENTRY(5026, ERROR_CORE_RESOURCE, "not allowed on a core resource or group", "")
ERROR_ENTRY(5027, ERROR_QUORUM_RESOURCE_ONLINE_FAILED, "the quorum resource did not come online",
            "")
ERROR_ENTRY(5028, ERROR_QUORUMLOG_OPEN_FAILED, "the log of the quorum could not be opened", "")
ERROR_ENTRY(5029, ERROR_CLUSTERLOG_CORRUPT, "the log of the cluster is corrupt",
            "rejoin this node from the others")
ERROR_ENTRY(5030, ERROR_CLUSTERLOG_RECORD_EXCEEDS_MAXSIZE,
            "a record of the log is longer than it may be", "")
ERROR_ENTRY(5031, ERROR_CLUSTERLOG_EXCEEDS_MAXSIZE,
            "the log of the cluster is longer than it may be", "")
ERROR_ENTRY(5032, ERROR_CLUSTERLOG_CHKPOINT_NOT_FOUND, "the log of the cluster has no checkpoint",
            "")
ERROR_ENTRY(5033, ERROR_CLUSTERLOG_NOT_ENOUGH_SPACE,
            "not enough disk space for the log of the cluster",
            "free space where the node keeps its data")
ERROR_ENTRY(5034, ERROR_QUORUM_OWNER_ALIVE, "the owner of the quorum is alive", "")
ERROR_ENTRY(5035, ERROR_NETWORK_NOT_AVAILABLE, "the network is not available", "")
ERROR_ENTRY(5036, ERROR_NODE_NOT_AVAILABLE, "the node is not available", "")
ERROR_ENTRY(5037, ERROR_ALL_NODES_NOT_AVAILABLE, "all nodes must be up for this",
            "start the nodes that are down")
ERROR_ENTRY(5038, ERROR_RESOURCE_FAILED, "the resource failed",
            "look at its cause with `holdfast resource show`")
ERROR_ENTRY(5039, ERROR_CLUSTER_INVALID_NODE, "not a valid node", "")
ERROR_ENTRY(5040, ERROR_CLUSTER_NODE_EXISTS, "the node exists already", "")
ERROR_ENTRY(5041, ERROR_CLUSTER_JOIN_IN_PROGRESS, "a node is joining", "wait until it has joined")
ERROR_ENTRY(5042, ERROR_CLUSTER_NODE_NOT_FOUND, "no such node",
            "check the name with `holdfast node list`")
ERROR_ENTRY(5043, ERROR_CLUSTER_LOCAL_NODE_NOT_FOUND, "this node is not in the list of nodes", "")
ERROR_ENTRY(5044, ERROR_CLUSTER_NETWORK_EXISTS, "the network exists already", "")
ERROR_ENTRY(5045, ERROR_CLUSTER_NETWORK_NOT_FOUND, "no such network", "")
ERROR_ENTRY(5046, ERROR_CLUSTER_NETINTERFACE_EXISTS, "the network interface exists already", "")
ERROR_ENTRY(5047, ERROR_CLUSTER_NETINTERFACE_NOT_FOUND, "no such network interface", "")
ERROR_ENTRY(5048, ERROR_CLUSTER_INVALID_REQUEST, "not a valid request for this object", "")
ERROR_ENTRY(5049, ERROR_CLUSTER_INVALID_NETWORK_PROVIDER, "not a valid network provider", "")
ERROR_ENTRY(5050, ERROR_CLUSTER_NODE_DOWN, "the node is down",
            "start holdfastd on it, or address another node")
ERROR_ENTRY(5051, ERROR_CLUSTER_NODE_UNREACHABLE, "the node cannot be reached",
            "check the network between the nodes")
ERROR_ENTRY(5052, ERROR_CLUSTER_NODE_NOT_MEMBER, "the node is not a member of the cluster",
            "join it with `holdfast node join`")
ERROR_ENTRY(5053, ERROR_CLUSTER_JOIN_NOT_IN_PROGRESS, "no join is going on", "")
ERROR_ENTRY(5054, ERROR_CLUSTER_INVALID_NETWORK, "not a valid network", "")
ERROR_ENTRY(5056, ERROR_CLUSTER_NODE_UP, "the node is up", "")
ERROR_ENTRY(5057, ERROR_CLUSTER_IPADDR_IN_USE, "the IP address is in use", "choose another address")
ERROR_ENTRY(5058, ERROR_CLUSTER_NODE_NOT_PAUSED, "the node is not paused", "")
ERROR_ENTRY(5059, ERROR_CLUSTER_NO_SECURITY_CONTEXT, "there is no security context", "")
ERROR_ENTRY(5060, ERROR_CLUSTER_NETWORK_NOT_INTERNAL,
            "the network is not one for the cluster's own traffic", "")
ERROR_ENTRY(5061, ERROR_CLUSTER_NODE_ALREADY_UP, "the node is up already", "")
ERROR_ENTRY(5062, ERROR_CLUSTER_NODE_ALREADY_DOWN, "the node is down already", "")
ERROR_ENTRY(5063, ERROR_CLUSTER_NETWORK_ALREADY_ONLINE, "the network is online already", "")
ERROR_ENTRY(5064, ERROR_CLUSTER_NETWORK_ALREADY_OFFLINE, "the network is offline already", "")
ERROR_ENTRY(5065, ERROR_CLUSTER_NODE_ALREADY_MEMBER, "the node is a member already", "")
ERROR_ENTRY(5066, ERROR_CLUSTER_LAST_INTERNAL_NETWORK,
            "it is the last network for the cluster's own traffic", "")
ERROR_ENTRY(5067, ERROR_CLUSTER_NETWORK_HAS_DEPENDENTS, "other resources depend on the network", "")
ERROR_ENTRY(5068, ERROR_INVALID_OPERATION_ON_QUORUM, "not allowed on the quorum resource", "")
ERROR_ENTRY(5069, ERROR_DEPENDENCY_NOT_ALLOWED, "the quorum resource cannot have dependencies", "")
ERROR_ENTRY(5070, ERROR_CLUSTER_NODE_PAUSED, "the node is paused",
            "resume it with `holdfast node resume`")
ERROR_ENTRY(5071, ERROR_NODE_CANT_HOST_RESOURCE, "the node cannot host the resource",
            "choose another node")
ERROR_ENTRY(5072, ERROR_CLUSTER_NODE_NOT_READY, "the node is not ready to serve yet",
            "wait a moment, or address another node")
ERROR_ENTRY(5073, ERROR_CLUSTER_NODE_SHUTTING_DOWN, "the node is shutting down",
            "address another node")
ERROR_ENTRY(5074, ERROR_CLUSTER_JOIN_ABORTED, "the join was aborted", "")
ERROR_ENTRY(5075, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS,
            "the versions of the nodes do not go together", "install the same version everywhere")
ERROR_ENTRY(5076, ERROR_CLUSTER_MAXNUM_OF_RESOURCES_EXCEEDED, "there are too many resources", "")
ERROR_ENTRY(5077, ERROR_CLUSTER_SYSTEM_CONFIG_CHANGED, "the configuration of the system changed",
            "")
ERROR_ENTRY(5078, ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND, "no such resource type",
            "list the types with `holdfast type list`")
ERROR_ENTRY(5079, ERROR_CLUSTER_RESTYPE_NOT_SUPPORTED,
            "the node does not support this resource type", "")
ERROR_ENTRY(5080, ERROR_CLUSTER_RESNAME_NOT_FOUND, "the handler does not know this resource type",
            "")
ERROR_ENTRY(5081, ERROR_CLUSTER_NO_RPC_PACKAGES_REGISTERED, "no security package is registered", "")
ERROR_ENTRY(5082, ERROR_CLUSTER_OWNER_NOT_IN_PREFLIST,
            "the owner is not among the preferred owners", "")
ERROR_ENTRY(5083, ERROR_CLUSTER_DATABASE_SEQMISMATCH,
            "the database of the cluster is out of sequence", "")
ERROR_ENTRY(5084, ERROR_RESMON_INVALID_STATE, "the monitor process is in the wrong state", "")
ERROR_ENTRY(5085, ERROR_CLUSTER_GUM_NOT_LOCKER, "the lock for updates is not held", "")
ERROR_ENTRY(5086, ERROR_QUORUM_DISK_NOT_FOUND, "the disk of the quorum was not found", "")
ERROR_ENTRY(5087, ERROR_DATABASE_BACKUP_CORRUPT, "the backup of the database is corrupt", "")
ERROR_ENTRY(5088, ERROR_CLUSTER_NODE_ALREADY_HAS_DFS_ROOT, "the node has a DFS root already", "")
ERROR_ENTRY(5089, ERROR_RESOURCE_PROPERTY_UNCHANGEABLE, "the property cannot be changed", "")
ERROR_ENTRY(5090, ERROR_NO_ADMIN_ACCESS_POINT, "there is no access point for administration", "")
ERROR_ENTRY(5890, ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE,
            "not possible in this state of the membership", "")
ERROR_ENTRY(5891, ERROR_CLUSTER_QUORUMLOG_NOT_FOUND, "the log of the quorum was not found", "")
ERROR_ENTRY(5892, ERROR_CLUSTER_MEMBERSHIP_HALT, "the membership has halted", "")
ERROR_ENTRY(5893, ERROR_CLUSTER_INSTANCE_ID_MISMATCH, "the cluster has another instance id",
            "the node belongs to another cluster")
ERROR_ENTRY(5894, ERROR_CLUSTER_NETWORK_NOT_FOUND_FOR_IP, "no network was found for the IP address",
            "")
ERROR_ENTRY(5895, ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH, "the property has another data type",
            "")
ERROR_ENTRY(5896, ERROR_CLUSTER_EVICT_WITHOUT_CLEANUP,
            "the node is evicted, but was not cleaned up", "remove its data folder by hand")
ERROR_ENTRY(5897, ERROR_CLUSTER_PARAMETER_MISMATCH, "the parameters do not agree", "")
ERROR_ENTRY(5898, ERROR_NODE_CANNOT_BE_CLUSTERED, "the node cannot be part of a cluster", "")
ERROR_ENTRY(5899, ERROR_CLUSTER_WRONG_OS_VERSION, "the operating system has the wrong version", "")
ERROR_ENTRY(5900, ERROR_CLUSTER_CANT_CREATE_DUP_CLUSTER_NAME,
            "a cluster of this name exists already", "")
ERROR_ENTRY(5901, ERROR_CLUSCFG_ALREADY_COMMITTED, "the configuration is committed already", "")
ERROR_ENTRY(5902, ERROR_CLUSCFG_ROLLBACK_FAILED, "the configuration could not be rolled back", "")
ERROR_ENTRY(5903, ERROR_CLUSCFG_SYSTEM_DISK_DRIVE_LETTER_CONFLICT,
            "the system disk has another drive letter", "")
ERROR_ENTRY(5904, ERROR_CLUSTER_OLD_VERSION, "the version is too old", "")
ERROR_ENTRY(5905, ERROR_CLUSTER_MISMATCHED_COMPUTER_ACCT_NAME,
            "the account of the computer has another name", "")
ERROR_ENTRY(5906, ERROR_CLUSTER_NO_NET_ADAPTERS, "there are no network adapters", "")
ERROR_ENTRY(5907, ERROR_CLUSTER_POISONED,
            "the node has been stopped as it could no longer be trusted", "")
ERROR_ENTRY(5908, ERROR_CLUSTER_GROUP_MOVING, "the group is being moved",
            "wait until the move has ended (`holdfast group show`)")
ERROR_ENTRY(5909, ERROR_CLUSTER_RESOURCE_TYPE_BUSY, "the resource type is in use",
            "delete its resources first")
ERROR_ENTRY(5910, ERROR_RESOURCE_CALL_TIMED_OUT, "the call to the handler took too long", "")
ERROR_ENTRY(5911, ERROR_INVALID_CLUSTER_IPV6_ADDRESS, "not a valid IPv6 address", "")
ERROR_ENTRY(5912, ERROR_CLUSTER_INTERNAL_INVALID_FUNCTION, "an internal call is not valid", "")
ERROR_ENTRY(5913, ERROR_CLUSTER_PARAMETER_OUT_OF_BOUNDS, "a parameter is out of bounds", "")
ERROR_ENTRY(5914, ERROR_CLUSTER_PARTIAL_SEND, "only a part was sent", "")
ERROR_ENTRY(5915, ERROR_CLUSTER_REGISTRY_INVALID_FUNCTION, "not a valid call on the database", "")
ERROR_ENTRY(5916, ERROR_CLUSTER_INVALID_STRING_TERMINATION, "a string is not terminated", "")
ERROR_ENTRY(5917, ERROR_CLUSTER_INVALID_STRING_FORMAT, "a string is malformed", "")
ERROR_ENTRY(5918, ERROR_CLUSTER_DATABASE_TRANSACTION_IN_PROGRESS,
            "a transaction on the database is going on", "")
ERROR_ENTRY(5919, ERROR_CLUSTER_DATABASE_TRANSACTION_NOT_IN_PROGRESS,
            "no transaction on the database is going on", "")
ERROR_ENTRY(5920, ERROR_CLUSTER_NULL_DATA, "there is no data", "")
ERROR_ENTRY(5921, ERROR_CLUSTER_PARTIAL_READ, "only a part was read", "")
ERROR_ENTRY(5922, ERROR_CLUSTER_PARTIAL_WRITE, "only a part was written", "")
ERROR_ENTRY(5923, ERROR_CLUSTER_CANT_DESERIALIZE_DATA, "the data could not be decoded", "")
ERROR_ENTRY(5924, ERROR_DEPENDENT_RESOURCE_PROPERTY_CONFLICT,
            "a property conflicts with one of a dependent resource", "")
ERROR_ENTRY(5925, ERROR_CLUSTER_NO_QUORUM, "the cluster has no quorum",
            "start nodes until a majority is up; `--stale` shows what this node last knew")
ERROR_ENTRY(5926, ERROR_CLUSTER_INVALID_IPV6_NETWORK, "not a valid IPv6 network", "")
ERROR_ENTRY(5927, ERROR_CLUSTER_INVALID_IPV6_TUNNEL_NETWORK, "not a valid IPv6 tunnel network", "")
ERROR_ENTRY(5928, ERROR_QUORUM_NOT_ALLOWED_IN_THIS_GROUP, "the quorum is not allowed in this group",
            "")
ERROR_ENTRY(5929, ERROR_DEPENDENCY_TREE_TOO_COMPLEX, "the tree of dependencies is too complex",
            "remove dependencies: they are too many or too deep")
ERROR_ENTRY(5930, ERROR_EXCEPTION_IN_RESOURCE_CALL, "the handler crashed in the call", "")
ERROR_ENTRY(5931, ERROR_CLUSTER_RHS_FAILED_INITIALIZATION,
            "the monitor process failed to initialise", "")
ERROR_ENTRY(5932, ERROR_CLUSTER_NOT_INSTALLED, "no cluster is installed here", "")
ERROR_ENTRY(5933, ERROR_CLUSTER_RESOURCES_MUST_BE_ONLINE_ON_THE_SAME_NODE,
            "the resources must be online on the same node", "")
ERROR_ENTRY(5934, ERROR_CLUSTER_MAX_NODES_IN_CLUSTER,
            "the cluster has as many nodes as it may have", "")
ERROR_ENTRY(5935, ERROR_CLUSTER_TOO_MANY_NODES, "there are too many nodes", "")
ERROR_ENTRY(5936, ERROR_CLUSTER_OBJECT_ALREADY_USED, "the object is used already", "")
ERROR_ENTRY(5937, ERROR_NONCORE_GROUPS_FOUND, "there are groups other than the core ones", "")
ERROR_ENTRY(5938, ERROR_FILE_SHARE_RESOURCE_CONFLICT, "the file share conflicts with another", "")
ERROR_ENTRY(5939, ERROR_CLUSTER_EVICT_INVALID_REQUEST, "the node cannot be evicted like this", "")
ERROR_ENTRY(5940, ERROR_CLUSTER_SINGLETON_RESOURCE,
            "there may be one resource of this type in a cluster", "")
ERROR_ENTRY(5941, ERROR_CLUSTER_GROUP_SINGLETON_RESOURCE,
            "there may be one resource of this type in a group", "")
ERROR_ENTRY(5942, ERROR_CLUSTER_RESOURCE_PROVIDER_FAILED, "a resource that it depends on failed",
            "bring that one online first (`holdfast resource show` names it)")
ERROR_ENTRY(5943, ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR, "the resource is configured wrongly",
            "compare its properties with `holdfast type show`")
ERROR_ENTRY(5944, ERROR_CLUSTER_GROUP_BUSY, "the group is busy",
            "wait until the operation under way has ended (`holdfast group show`)")
ERROR_ENTRY(5945, ERROR_CLUSTER_NOT_SHARED_VOLUME, "it is not a shared volume", "")
ERROR_ENTRY(5946, ERROR_CLUSTER_INVALID_SECURITY_DESCRIPTOR, "not a valid security descriptor", "")
ERROR_ENTRY(5947, ERROR_CLUSTER_SHARED_VOLUMES_IN_USE, "shared volumes are in use", "")
ERROR_ENTRY(5948, ERROR_CLUSTER_USE_SHARED_VOLUMES_API, "shared volumes have calls of their own",
            "")
ERROR_ENTRY(5949, ERROR_CLUSTER_BACKUP_IN_PROGRESS, "a backup is going on", "")
ERROR_ENTRY(5950, ERROR_NON_CSV_PATH, "the path is not on a shared volume", "")
ERROR_ENTRY(5951, ERROR_CSV_VOLUME_NOT_LOCAL, "the shared volume is not local", "")
ERROR_ENTRY(5952, ERROR_CLUSTER_WATCHDOG_TERMINATING, "the watchdog is ending the node", "")
ERROR_ENTRY(5953, ERROR_CLUSTER_RESOURCE_VETOED_MOVE_INCOMPATIBLE_NODES,
            "a resource forbids the move: the nodes do not go together", "")
ERROR_ENTRY(5954, ERROR_CLUSTER_INVALID_NODE_WEIGHT, "not a valid weight of a node", "")
ERROR_ENTRY(5955, ERROR_CLUSTER_RESOURCE_VETOED_CALL, "a resource forbids this",
            "look at it with `holdfast resource show`")
ERROR_ENTRY(5956, ERROR_RESMON_SYSTEM_RESOURCES_LACKING,
            "the system lacks what a monitor process needs", "")
ERROR_ENTRY(5957, ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION,
            "a resource forbids the move: the target lacks resources", "")
ERROR_ENTRY(5958, ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_SOURCE,
            "a resource forbids the move: the source lacks resources", "")
ERROR_ENTRY(5959, ERROR_CLUSTER_GROUP_QUEUED, "the operation on the group is queued", "")
ERROR_ENTRY(5960, ERROR_CLUSTER_RESOURCE_LOCKED_STATUS,
            "a resource of the group is locked in its state",
            "wait until it unlocks, or repeat with --ignore-locked")
ERROR_ENTRY(5961, ERROR_CLUSTER_SHARED_VOLUME_FAILOVER_NOT_ALLOWED,
            "the shared volume cannot fail over", "")
ERROR_ENTRY(5962, ERROR_CLUSTER_NODE_DRAIN_IN_PROGRESS, "the node is being drained",
            "wait until it is")
ERROR_ENTRY(5963, ERROR_CLUSTER_DISK_NOT_CONNECTED, "the disk is not connected", "")
ERROR_ENTRY(5964, ERROR_DISK_NOT_CSV_CAPABLE, "the disk cannot hold a shared volume", "")
ERROR_ENTRY(5965, ERROR_RESOURCE_NOT_IN_AVAILABLE_STORAGE,
            "the resource is not in the available storage", "")
ERROR_ENTRY(5966, ERROR_CLUSTER_SHARED_VOLUME_REDIRECTED, "the shared volume is redirected", "")
ERROR_ENTRY(5967, ERROR_CLUSTER_SHARED_VOLUME_NOT_REDIRECTED, "the shared volume is not redirected",
            "")
ERROR_ENTRY(5968, ERROR_CLUSTER_CANNOT_RETURN_PROPERTIES, "the properties cannot be returned", "")
ERROR_ENTRY(5969, ERROR_CLUSTER_RESOURCE_CONTAINS_UNSUPPORTED_DIFF_AREA_FOR_SHARED_VOLUMES,
            "the differences of shared volumes are kept where that is not supported", "")
ERROR_ENTRY(5970, ERROR_CLUSTER_RESOURCE_IS_IN_MAINTENANCE_MODE,
            "the resource is in maintenance mode", "")
ERROR_ENTRY(5971, ERROR_CLUSTER_AFFINITY_CONFLICT, "the placement rules of the groups conflict", "")
ERROR_ENTRY(5972, ERROR_CLUSTER_RESOURCE_IS_REPLICA_VIRTUAL_MACHINE,
            "the resource is a replica of a virtual machine", "")
ERROR_ENTRY(5973, ERROR_CLUSTER_UPGRADE_INCOMPATIBLE_VERSIONS,
            "the versions do not allow the upgrade", "")
ERROR_ENTRY(5974, ERROR_CLUSTER_UPGRADE_FIX_QUORUM_NOT_SUPPORTED,
            "the upgrade does not support repairing the quorum", "")
ERROR_ENTRY(5975, ERROR_CLUSTER_UPGRADE_RESTART_REQUIRED, "the upgrade needs a restart", "")
ERROR_ENTRY(5976, ERROR_CLUSTER_UPGRADE_IN_PROGRESS, "an upgrade is going on", "")
ERROR_ENTRY(5977, ERROR_CLUSTER_UPGRADE_INCOMPLETE, "the upgrade is not complete", "")
ERROR_ENTRY(5978, ERROR_CLUSTER_NODE_IN_GRACE_PERIOD, "the node is in its grace period", "")
ERROR_ENTRY(5979, ERROR_CLUSTER_CSV_IO_PAUSE_TIMEOUT, "the shared volume paused for too long", "")
ERROR_ENTRY(5980, ERROR_NODE_NOT_ACTIVE_CLUSTER_MEMBER, "the node is not an active member", "")
ERROR_ENTRY(5981, ERROR_CLUSTER_RESOURCE_NOT_MONITORED, "the resource is not monitored", "")
ERROR_ENTRY(5982, ERROR_CLUSTER_RESOURCE_DOES_NOT_SUPPORT_UNMONITORED,
            "the resource does not support going unmonitored", "")
ERROR_ENTRY(5983, ERROR_CLUSTER_RESOURCE_IS_REPLICATED, "the resource is replicated", "")
ERROR_ENTRY(5984, ERROR_CLUSTER_NODE_ISOLATED, "the node is isolated", "check its network")
ERROR_ENTRY(5985, ERROR_CLUSTER_NODE_QUARANTINED, "the node is in quarantine", "")
ERROR_ENTRY(5986, ERROR_CLUSTER_DATABASE_UPDATE_CONDITION_FAILED,
            "a condition of the update did not hold", "")
ERROR_ENTRY(5987, ERROR_CLUSTER_SPACE_DEGRADED, "the storage is degraded", "")
ERROR_ENTRY(5988, ERROR_CLUSTER_TOKEN_DELEGATION_NOT_SUPPORTED, "tokens cannot be delegated", "")
ERROR_ENTRY(5989, ERROR_CLUSTER_CSV_INVALID_HANDLE, "the handle of the shared volume is not valid",
            "")
ERROR_ENTRY(5990, ERROR_CLUSTER_CSV_SUPPORTED_ONLY_ON_COORDINATOR,
            "only the coordinator of the shared volume can do this", "")
ERROR_ENTRY(5991, ERROR_GROUPSET_NOT_AVAILABLE, "the set of groups is not available", "")
ERROR_ENTRY(5992, ERROR_GROUPSET_NOT_FOUND, "no such set of groups", "")
ERROR_ENTRY(5993, ERROR_GROUPSET_CANT_PROVIDE, "a set of groups that it needs cannot be provided",
            "")
ERROR_ENTRY(5994, ERROR_CLUSTER_FAULT_DOMAIN_PARENT_NOT_FOUND,
            "the parent of the fault domain was not found", "")
ERROR_ENTRY(5995, ERROR_CLUSTER_FAULT_DOMAIN_INVALID_HIERARCHY,
            "the fault domains do not form a valid tree", "")
ERROR_ENTRY(5996, ERROR_CLUSTER_FAULT_DOMAIN_FAILED_S2D_VALIDATION,
            "the storage does not fit the fault domains", "")
ERROR_ENTRY(5997, ERROR_CLUSTER_FAULT_DOMAIN_S2D_CONNECTIVITY_LOSS,
            "the fault domain lost its connection to the storage", "")
ERROR_ENTRY(5998, ERROR_CLUSTER_INVALID_INFRASTRUCTURE_FILESERVER_NAME,
            "not a valid name for the file server of the infrastructure", "")
ERROR_ENTRY(5999, ERROR_CLUSTERSET_MANAGEMENT_CLUSTER_UNREACHABLE,
            "the management cluster of the set cannot be reached", "")
ERROR_ENTRY(10048, ERROR_ADDRESS_IN_USE, "the address is in use already",
            "end what listens on it, or choose another port")
