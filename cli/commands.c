#include <string.h>

#include "cli/cli.h"

const struct option_spec option_specs[OPTION_COUNT] = {
    [OPTION_SOCKET] = {"socket", "PATH",
                       "the node's Unix socket ($HOLDFAST_SOCKET, else "
                       "/run/holdfast/api.sock)",
                       WORD_FILE, true},
    [OPTION_CONNECT] = {"connect", "HOST:PORT", "a node's address instead (port 7400 if left out)",
                        WORD_NONE, true},
    [OPTION_JSON] = {"json", NULL, "print one JSON document; errors too, on standard error",
                     WORD_NONE, true},
    [OPTION_TIMEOUT] = {"timeout", "S", "give up after S seconds (default 30; with --wait none)",
                        WORD_NONE, true},
    [OPTION_HELP] = {"help", NULL, "print help on what is named before it", WORD_NONE, true},
    [OPTION_VERSION] = {"version", NULL, "print the version", WORD_NONE, true},
    [OPTION_STALE] = {"stale", NULL, "take the node's own copy, at once, even without a quorum",
                      WORD_NONE, false},
    [OPTION_IGNORE_LOCKED] = {"ignore-locked", NULL, "go on although a resource is locked",
                              WORD_NONE, false},
    [OPTION_SET] = {"set", "PROP=VALUE", "an instruction to the resources of the type named PROP",
                    WORD_TYPE, false},
    [OPTION_WAIT] = {"wait", NULL, "wait for the end; status 0 only if it is the one asked for",
                     WORD_NONE, false},
    [OPTION_NODE] = {"node", "NODE", "bring it online on this node", WORD_NODE, false},
    [OPTION_TO] = {"to", "NODE",
                   "where to: a node (left out: the best one); of a resource, a group", WORD_NODE,
                   false},
    [OPTION_PREFERRED] = {"preferred", "N1,N2", "the nodes it prefers, best first (\"\": none)",
                          WORD_NODE, false},
    [OPTION_TYPE] = {"type", "TYPE", "what kind of resource; see `holdfast type list`", WORD_TYPE,
                     false},
    [OPTION_ON] = {"on", "OTHER",
                   "the resource of the same group that it needs; or \"([a] and [b]) or [c]\"",
                   WORD_RESOURCE, false},
    [OPTION_GROUP] = {"group", "NAME", "only the resources of this group", WORD_GROUP, false},
    [OPTION_FOLLOW] = {"follow", NULL, "go on printing events as they happen", WORD_NONE, false},
    [OPTION_SINCE] = {"since", "INDEX", "only events after this index", WORD_NONE, false},
    [OPTION_LIMIT] = {"limit", "N", "only the last N events", WORD_NONE, false},
    [OPTION_VERBOSE] = {"verbose", NULL, "with commands, and the nodes that were considered",
                        WORD_NONE, false},
    [OPTION_BEST_NODE] = {"best-node", NULL, "on the best node, not on its owner", WORD_NONE,
                          false},
    [OPTION_QUEUE] = {"queue", NULL, "if it cannot be done now, as soon as it can", WORD_NONE,
                      false},
    [OPTION_RETURN_ON_ERROR] = {"return-on-error", NULL, "back to where it was, if it fails there",
                                WORD_NONE, false},
    [OPTION_HIGH_PRIORITY] = {"high-priority", NULL, "before others that wait", WORD_NONE, false},
    [OPTION_IGNORE_AFFINITY] = {"ignore-affinity", NULL,
                                "although a group that it keeps away from is there", WORD_NONE,
                                false},
    [OPTION_FORCE] = {"force", NULL,
                      "a node: although it owns groups; a resource: terminate it at once; a "
                      "cluster: although another node has the newer log",
                      WORD_NONE, false},
    [OPTION_TEMPORARY] = {"temporary", NULL, "without remembering it as what is wanted", WORD_NONE,
                          false},
    [OPTION_DRAIN] = {"drain", NULL, "move its groups to other nodes", WORD_NONE, false},
    [OPTION_TARGET] = {"target", "NODE", "move them to this node", WORD_NODE, false},
    [OPTION_REMAIN] = {"remain", NULL, "groups that cannot move stay, and run on", WORD_NONE,
                       false},
    [OPTION_RETRY] = {"retry", NULL, "try again to move what could not move", WORD_NONE, false},
    [OPTION_AVOID] = {"avoid", NULL, "place groups there only if no other node can", WORD_NONE,
                      false},
    [OPTION_FAILBACK] = {"failback", "none|now|policy",
                         "what comes back: nothing (the default), all that was drained, or as "
                         "each group's AutoFailbackType says",
                         WORD_NONE, false},
    [OPTION_HORIZON] = {"horizon", "S", "play on for so many seconds (default 600)", WORD_NONE,
                        false},
    [OPTION_YES] = {"yes", NULL, "do not ask", WORD_NONE, false},
    [OPTION_AT] = {"at", "INDEX|TIME", "which moment; see below", WORD_NONE, false},
    [OPTION_NAME] = {"name", "NAME", "of the new node (default: the host name)", WORD_NONE, false},
    [OPTION_ADDRESS] = {"address", "HOST:PORT",
                        "where the others dial the new node (default: of the interface that "
                        "reaches the member, with its port)",
                        WORD_NONE, false},
    [OPTION_DATA] = {"data", "DIR", "its data folder (default /var/lib/holdfast)", WORD_FILE,
                     false},
    [OPTION_CONFIG] = {"config", "FILE",
                       "its configuration file (default /etc/holdfast/holdfast.conf)", WORD_FILE,
                       false},
    [OPTION_LEVEL] = {"level", "N", "to this functional level", WORD_NONE, false},
    [OPTION_WITNESS] = {"witness", NULL, "it votes and owns no groups", WORD_NONE, false},
    [OPTION_REPLACE] = {"replace", NULL,
                        "in the place of the old node of this name, whose data is set aside",
                        WORD_NONE, false},
    [OPTION_NO_START] = {"no-start", NULL, "write the file, do not start holdfastd", WORD_NONE,
                         false},
};

#define WHATIF (OPTION_BIT(STALE) | OPTION_BIT(VERBOSE) | OPTION_BIT(HORIZON))
#define CHANGES (OPTION_BIT(IGNORE_LOCKED) | OPTION_BIT(SET) | OPTION_BIT(WAIT))

static const char instruction_notes[] =
    "An instruction tells the resources of one type how to do it. VALUE is a number if it looks\n"
    "like one (2, 0x1f), otherwise text; PROP:sz=VALUE and PROP:dword=VALUE force it.\n"
    "  holdfast group offline DemoGroup --set \"Virtual Machine=2\" --wait\n";

static const char setting_notes[] =
    "VALUE is a number if it looks like one (2, 0x1f), otherwise text; PROP:sz=VALUE,\n"
    "PROP:dword=VALUE and PROP:multi=VALUE force it. A PROP given more than once is a list.\n";

static const char create_notes[] =
    "The group must exist. `holdfast type show TYPE` lists the properties of a type.\n"
    "  holdfast resource create DemoGroup/web --type process CommandLine=\"exec myserver\"\n";

static const char get_notes[] =
    "With one PROP only its value is printed; a list, one item a line.\n";

static const char pause_notes[] =
    "A paused node receives no groups; what it has goes on. With --drain its groups move away,\n"
    "a few at a time, the most important first; with --wait until that has ended.\n";

static const char join_notes[] =
    "Run on the machine that is to be a member. HOST:PORT is a node of the cluster; the file is\n"
    "written as that one says. --socket is that of the new node.\n"
    "  holdfast node join node1.example:7400 --wait\n"
    "With --replace a node comes back empty, under its name: after status 71, with a new disk, or\n"
    "evicted. If its file is still there it says who the others are:\n"
    "  holdfast node join --replace --wait\n";

static const char recover_notes[] =
    "Only when a majority of the voters is gone and never comes back: on the node that is left, "
    "or\n"
    "of several on the one with the newest log, as root. It shows what would be lost and asks; "
    "the\n"
    "node is then started again and goes on alone, in a new epoch. All others are evicted, and\n"
    "come back only empty: holdfast node join --replace. See docs/operations.md.\n";

static const char depend_notes[] =
    "OTHER is added to what it needs. An expression, with each name in brackets, replaces it:\n"
    "  holdfast resource depend web --on \"([disk1] and [ip]) or [disk2]\"\n"
    "An empty expression (\"[]\") takes everything away.\n";

static const char owners_notes[] =
    "Without more words, prints them. `set` without nodes allows all nodes again.\n";

static const char why_notes[] =
    "Where it is, since when, by which command and rule; which nodes were considered; what is\n"
    "not as wanted, and why; what is waiting; what comes next.\n";

static const char whatif_notes[] =
    "Nothing is changed: the real rules run on a copy of the state, where every start and stop\n"
    "succeeds at once.\n";

static const char replay_notes[] =
    "TIME is 2026-01-31T15:04:05.123, with a Z at its end in UTC and otherwise local; 15:04 or\n"
    "15:04:05, today; or -90s, -10m, -2h, -1d, so long ago. It is found as far back as this node\n"
    "keeps its log.\n"
    "  holdfast replay --at -10m\n";

static const char level_up_notes[] =
    "Without --level, to the highest that all nodes know. It never goes down. `holdfast cluster\n"
    "get` tells both, `holdfast node show` what a node knows.\n";

static const char fence_notes[] =
    "`agent` is a program of Debian's package fence-agents, or an absolute path; FenceTimeout,\n"
    "FenceRetries and FenceDelay (ms) are ours; all else is given to the agent. One that exists "
    "is\n"
    "changed: NAME= takes a parameter away. Passwords are never shown again.\n"
    "  holdfast fence create ipmi-a agent=fence_ipmilan ip=10.0.0.9 username=op password=...\n";

static const char level_notes[] =
    "All devices of a level must succeed; if one does not, the next level is tried. Without\n"
    "devices the level is removed.\n"
    "  holdfast fence level n1 1 ipmi-a\n"
    "  holdfast fence level n1 2 pdu-left:7,pdu-right:7\n";

static const char follow_notes[] = "With --follow and --json each event is one line of JSON.\n";

const struct command commands[] = {
    {"cluster", "status", "nodes, groups, and what needs care", WORD_NONE, REST_NONE,
     OPTION_BIT(STALE), 0, NULL, run_cluster_status},
    {"cluster", "digest", "digest of this node's copy of the state, to compare nodes", WORD_NONE,
     REST_NONE, 0, 0, NULL, run_cluster_digest},
    {"cluster", "get", "print properties of the cluster", WORD_NONE, REST_NAMES, OPTION_BIT(STALE),
     0, get_notes, run_cluster_get},
    {"cluster", "set", "change properties of the cluster", WORD_NONE, REST_SETTINGS, 0, 0,
     setting_notes, run_cluster_set},
    {"cluster", "recover", "go on without a majority that is lost for good", WORD_NONE, REST_NONE,
     OPTION_BIT(YES) | OPTION_BIT(FORCE), 0, recover_notes, run_cluster_recover},

    {"cluster", "update-level", "raise the functional level, when all nodes are upgraded",
     WORD_NONE, REST_NONE, OPTION_BIT(LEVEL), 0, level_up_notes, run_cluster_update_level},

    {"node", "list", "all nodes", WORD_NONE, REST_NONE, OPTION_BIT(STALE), 0, NULL, run_node_list},
    {"node", "show", "one node", WORD_NODE, REST_NONE, 0, 0, NULL, run_node_show},
    {"node", "pause", "let a node receive no groups, or drain it", WORD_NODE, REST_NONE,
     OPTION_BIT(DRAIN) | OPTION_BIT(TARGET) | OPTION_BIT(REMAIN) | OPTION_BIT(RETRY) |
         OPTION_BIT(AVOID) | OPTION_BIT(WAIT),
     0, pause_notes, run_node_pause},
    {"node", "resume", "end the pause of a node", WORD_NODE, REST_NONE, OPTION_BIT(FAILBACK), 0,
     NULL, run_node_resume},
    {"node", "evict", "take a node out of the cluster", WORD_NODE, REST_NONE, OPTION_BIT(FORCE), 0,
     NULL, run_node_evict},
    {"node", "join", "make this machine a node of a cluster", WORD_NONE, REST_ADDRESSES,
     OPTION_BIT(NAME) | OPTION_BIT(ADDRESS) | OPTION_BIT(DATA) | OPTION_BIT(CONFIG) |
         OPTION_BIT(WITNESS) | OPTION_BIT(REPLACE) | OPTION_BIT(NO_START) | OPTION_BIT(WAIT),
     0, join_notes, run_node_join},
    {"node", "set", "change properties of a node", WORD_NODE, REST_SETTINGS, 0, 0, setting_notes,
     run_node_set},
    {"node", "get", "print properties of a node", WORD_NODE, REST_NAMES, OPTION_BIT(STALE), 0,
     get_notes, run_node_get},

    {"group", "list", "all groups", WORD_NONE, REST_NONE, OPTION_BIT(STALE), 0, NULL,
     run_group_list},
    {"group", "show", "one group with its resources, in order of start", WORD_GROUP, REST_NONE,
     OPTION_BIT(STALE), 0, NULL, run_group_show},
    {"group", "create", "a new, empty group", WORD_NEW_GROUP, REST_SETTINGS, OPTION_BIT(PREFERRED),
     0, setting_notes, run_group_create},
    {"group", "delete", "remove an empty group", WORD_GROUP, REST_NONE, 0, 0, NULL,
     run_group_delete},
    {"group", "online", "start a group's resources", WORD_GROUP, REST_NONE,
     CHANGES | OPTION_BIT(NODE) | OPTION_BIT(BEST_NODE) | OPTION_BIT(IGNORE_AFFINITY), 0,
     instruction_notes, run_group_online},
    {"group", "offline", "stop a group's resources, and keep them stopped", WORD_GROUP, REST_NONE,
     CHANGES, 0, instruction_notes, run_group_offline},
    {"group", "move", "move a group to another node", WORD_GROUP, REST_NONE,
     CHANGES | OPTION_BIT(TO) | OPTION_BIT(QUEUE) | OPTION_BIT(RETURN_ON_ERROR) |
         OPTION_BIT(HIGH_PRIORITY) | OPTION_BIT(IGNORE_AFFINITY),
     0, instruction_notes, run_group_move},
    {"group", "cancel", "end the operation of a group that is queued or under way", WORD_GROUP,
     REST_NONE, 0, 0, NULL, run_group_cancel},
    {"group", "set", "change properties of a group", WORD_GROUP, REST_SETTINGS,
     OPTION_BIT(PREFERRED), 0, setting_notes, run_group_set},
    {"group", "get", "print properties of a group", WORD_GROUP, REST_NAMES, OPTION_BIT(STALE), 0,
     get_notes, run_group_get},

    {"resource", "list", "all resources", WORD_NONE, REST_NONE,
     OPTION_BIT(STALE) | OPTION_BIT(GROUP), 0, NULL, run_resource_list},
    {"resource", "show", "one resource with its properties", WORD_RESOURCE, REST_NONE,
     OPTION_BIT(STALE), 0, NULL, run_resource_show},
    {"resource", "create", "a new resource in a group", WORD_NEW_RESOURCE, REST_SETTINGS,
     OPTION_BIT(TYPE), OPTION_BIT(TYPE), create_notes, run_resource_create},
    {"resource", "delete", "remove a resource", WORD_RESOURCE, REST_NONE, 0, 0, NULL,
     run_resource_delete},
    {"resource", "online", "start a resource and what it needs", WORD_RESOURCE, REST_NONE,
     CHANGES | OPTION_BIT(BEST_NODE) | OPTION_BIT(IGNORE_AFFINITY) | OPTION_BIT(TEMPORARY), 0,
     instruction_notes, run_resource_online},
    {"resource", "offline", "stop a resource and what needs it", WORD_RESOURCE, REST_NONE,
     CHANGES | OPTION_BIT(FORCE) | OPTION_BIT(TEMPORARY), 0, instruction_notes,
     run_resource_offline},
    {"resource", "restart", "stop a resource and start it again", WORD_RESOURCE, REST_NONE, CHANGES,
     0, instruction_notes, run_resource_restart},
    {"resource", "move", "put it, and what it hangs together with, into another group",
     WORD_RESOURCE, REST_NONE, OPTION_BIT(TO), OPTION_BIT(TO), NULL, run_resource_move},
    {"resource", "maintenance", "while on, its failures are noted and not acted upon",
     WORD_RESOURCE, REST_SWITCH, 0, 0, NULL, run_resource_maintenance},
    {"resource", "owners", "the nodes on which a resource may run", WORD_RESOURCE, REST_OWNERS,
     OPTION_BIT(STALE), 0, owners_notes, run_resource_owners},
    {"resource", "fail", "treat a resource as failed, to try its failover policy", WORD_RESOURCE,
     REST_NONE, 0, 0, NULL, run_resource_fail},
    {"resource", "depend", "make a resource need another", WORD_RESOURCE, REST_NONE, OPTION_BIT(ON),
     OPTION_BIT(ON), depend_notes, run_resource_depend},
    {"resource", "undepend", "make a resource no longer need another", WORD_RESOURCE, REST_NONE,
     OPTION_BIT(ON), OPTION_BIT(ON), NULL, run_resource_undepend},
    {"resource", "set", "change properties of a resource", WORD_RESOURCE, REST_SETTINGS, 0, 0,
     setting_notes, run_resource_set},
    {"resource", "get", "print properties of a resource", WORD_RESOURCE, REST_NAMES,
     OPTION_BIT(STALE), 0, get_notes, run_resource_get},

    {"operation", "list", "what is under way, and what waits", WORD_NONE, REST_NONE,
     OPTION_BIT(STALE), 0, NULL, run_operation_list},
    {"operation", "show", "one operation", WORD_OPERATION, REST_NONE, OPTION_BIT(STALE), 0, NULL,
     run_operation_show},
    {"operation", "cancel", "end an operation that is queued or under way", WORD_OPERATION,
     REST_NONE, 0, 0, NULL, run_operation_cancel},
    {"operation", "wait", "wait for the end of an operation", WORD_OPERATION, REST_NONE, 0, 0, NULL,
     run_operation_wait},

    {"fence", "create", "set what a fence device is: its agent and parameters", WORD_NEW_GROUP,
     REST_SETTINGS, 0, 0, fence_notes, run_fence_create},
    {"fence", "delete", "remove a fence device", WORD_NEW_GROUP, REST_NONE, 0, 0, NULL,
     run_fence_delete},
    {"fence", "level", "NODE LEVEL [DEVICE[:OUTLET],...]: what switches it off", WORD_NODE,
     REST_NAMES, 0, 0, level_notes, run_fence_level},
    {"fence", "list", "fence devices, and where the fencing of each node stands", WORD_NONE,
     REST_NONE, OPTION_BIT(STALE), 0, NULL, run_fence_list},
    {"fence", "test", "ask a node's fence devices for their status", WORD_NODE, REST_NONE, 0, 0,
     NULL, run_fence_test},
    {"fence", "node", "NODE [off|reboot]: have a node fenced now", WORD_NODE, REST_NAMES, 0, 0,
     NULL, run_fence_node},
    {"fence", "confirm", "say that a node is off, having seen it", WORD_NODE, REST_NONE, 0, 0, NULL,
     run_fence_confirm},

    {"type", "list", "the kinds of resources", WORD_NONE, REST_NONE, 0, 0, NULL, run_type_list},
    {"type", "show", "one kind of resource and its properties", WORD_TYPE, REST_NONE, 0, 0, NULL,
     run_type_show},

    {"events", NULL, "what happened, oldest first", WORD_NONE, REST_NONE,
     OPTION_BIT(FOLLOW) | OPTION_BIT(SINCE) | OPTION_BIT(LIMIT) | OPTION_BIT(VERBOSE) |
         OPTION_BIT(STALE),
     0, follow_notes, run_events},

    {"why", NULL, "why something is where it is and as it is", WORD_ANYTHING, REST_NONE,
     OPTION_BIT(STALE), 0, why_notes, run_why},

    {"replay", NULL, "the state as it was at an index or time", WORD_NONE, REST_NONE,
     OPTION_BIT(AT) | OPTION_BIT(VERBOSE), OPTION_BIT(AT), replay_notes, run_replay},

    {"what-if", "node-down", "what would happen if these nodes died", WORD_NODE, REST_NODES, WHATIF,
     0, whatif_notes, run_whatif_node_down},
    {"what-if", "pause", "what would happen if a node were paused", WORD_NODE, REST_NONE,
     WHATIF | OPTION_BIT(DRAIN) | OPTION_BIT(TARGET) | OPTION_BIT(REMAIN) | OPTION_BIT(RETRY) |
         OPTION_BIT(AVOID),
     0, whatif_notes, run_whatif_pause},
    {"what-if", "resume", "what would happen if a node were resumed", WORD_NODE, REST_NONE,
     WHATIF | OPTION_BIT(FAILBACK), 0, whatif_notes, run_whatif_resume},
    {"what-if", "evict", "what would happen if a node were evicted", WORD_NODE, REST_NONE,
     WHATIF | OPTION_BIT(FORCE), 0, whatif_notes, run_whatif_evict},
    {"what-if", "online", "what would happen if a group were brought online", WORD_GROUP, REST_NONE,
     WHATIF | OPTION_BIT(NODE) | OPTION_BIT(BEST_NODE) | OPTION_BIT(IGNORE_AFFINITY) |
         OPTION_BIT(IGNORE_LOCKED),
     0, whatif_notes, run_whatif_online},
    {"what-if", "offline", "what would happen if a group were taken offline", WORD_GROUP, REST_NONE,
     WHATIF | OPTION_BIT(IGNORE_LOCKED), 0, whatif_notes, run_whatif_offline},
    {"what-if", "move", "what would happen if a group were moved", WORD_GROUP, REST_NODE,
     WHATIF | OPTION_BIT(TO) | OPTION_BIT(QUEUE) | OPTION_BIT(RETURN_ON_ERROR) |
         OPTION_BIT(HIGH_PRIORITY) | OPTION_BIT(IGNORE_AFFINITY) | OPTION_BIT(IGNORE_LOCKED),
     0, whatif_notes, run_whatif_move},
    {"what-if", "fail", "what would happen if a resource failed", WORD_RESOURCE, REST_NONE, WHATIF,
     0, whatif_notes, run_whatif_fail},
    {"what-if", "restart", "what would happen if a resource were restarted", WORD_RESOURCE,
     REST_NONE, WHATIF, 0, whatif_notes, run_whatif_restart},
    {"what-if", "set", "what would happen if properties of a group were changed", WORD_GROUP,
     REST_SETTINGS, WHATIF | OPTION_BIT(PREFERRED), 0, whatif_notes, run_whatif_set},
};
const unsigned command_count = sizeof(commands) / sizeof(commands[0]);

static bool same_verb(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const struct command *command_find(const char *noun, const char *verb)
{
    for (unsigned i = 0; i < command_count; i++) {
        if (strcmp(commands[i].noun, noun) == 0 && same_verb(commands[i].verb, verb))
            return &commands[i];
    }
    return NULL;
}

bool command_noun_exists(const char *noun)
{
    for (unsigned i = 0; i < command_count; i++) {
        if (strcmp(commands[i].noun, noun) == 0)
            return true;
    }
    return false;
}

bool command_noun_has_verbs(const char *noun)
{
    return command_noun_exists(noun) && command_find(noun, NULL) == NULL;
}
