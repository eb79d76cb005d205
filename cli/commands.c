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
    [OPTION_TO] = {"to", "NODE", "move it to this node (left out: the best one)", WORD_NODE, false},
    [OPTION_PREFERRED] = {"preferred", "N1,N2", "the nodes it prefers, best first (\"\": none)",
                          WORD_NODE, false},
    [OPTION_TYPE] = {"type", "TYPE", "what kind of resource; see `holdfast type list`", WORD_TYPE,
                     false},
    [OPTION_ON] = {"on", "OTHER", "the resource of the same group that it needs", WORD_RESOURCE,
                   false},
    [OPTION_GROUP] = {"group", "NAME", "only the resources of this group", WORD_GROUP, false},
    [OPTION_FOLLOW] = {"follow", NULL, "go on printing events as they happen", WORD_NONE, false},
    [OPTION_SINCE] = {"since", "INDEX", "only events after this index", WORD_NONE, false},
    [OPTION_LIMIT] = {"limit", "N", "only the last N events", WORD_NONE, false},
};

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

static const char follow_notes[] = "With --follow and --json each event is one line of JSON.\n";

const struct command commands[] = {
    {"cluster", "status", "nodes, groups, and what needs care", WORD_NONE, REST_NONE,
     OPTION_BIT(STALE), 0, NULL, run_cluster_status},
    {"cluster", "digest", "digest of this node's copy of the state, to compare nodes", WORD_NONE,
     REST_NONE, 0, 0, NULL, run_cluster_digest},

    {"node", "list", "all nodes", WORD_NONE, REST_NONE, OPTION_BIT(STALE), 0, NULL, run_node_list},
    {"node", "show", "one node", WORD_NODE, REST_NONE, 0, 0, NULL, run_node_show},

    {"group", "list", "all groups", WORD_NONE, REST_NONE, OPTION_BIT(STALE), 0, NULL,
     run_group_list},
    {"group", "show", "one group with its resources, in order of start", WORD_GROUP, REST_NONE,
     OPTION_BIT(STALE), 0, NULL, run_group_show},
    {"group", "create", "a new, empty group", WORD_NEW_GROUP, REST_SETTINGS, OPTION_BIT(PREFERRED),
     0, setting_notes, run_group_create},
    {"group", "delete", "remove an empty group", WORD_GROUP, REST_NONE, 0, 0, NULL,
     run_group_delete},
    {"group", "online", "start a group's resources", WORD_GROUP, REST_NONE,
     CHANGES | OPTION_BIT(NODE), 0, instruction_notes, run_group_online},
    {"group", "offline", "stop a group's resources, and keep them stopped", WORD_GROUP, REST_NONE,
     CHANGES, 0, instruction_notes, run_group_offline},
    {"group", "move", "move a group to another node", WORD_GROUP, REST_NONE,
     CHANGES | OPTION_BIT(TO), 0, instruction_notes, run_group_move},
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
    {"resource", "online", "start a resource and what it needs", WORD_RESOURCE, REST_NONE, CHANGES,
     0, instruction_notes, run_resource_online},
    {"resource", "offline", "stop a resource and what needs it", WORD_RESOURCE, REST_NONE, CHANGES,
     0, instruction_notes, run_resource_offline},
    {"resource", "fail", "treat a resource as failed, to try its failover policy", WORD_RESOURCE,
     REST_NONE, 0, 0, NULL, run_resource_fail},
    {"resource", "depend", "make a resource need another", WORD_RESOURCE, REST_NONE, OPTION_BIT(ON),
     OPTION_BIT(ON), NULL, run_resource_depend},
    {"resource", "undepend", "make a resource no longer need another", WORD_RESOURCE, REST_NONE,
     OPTION_BIT(ON), OPTION_BIT(ON), NULL, run_resource_undepend},
    {"resource", "set", "change properties of a resource", WORD_RESOURCE, REST_SETTINGS, 0, 0,
     setting_notes, run_resource_set},
    {"resource", "get", "print properties of a resource", WORD_RESOURCE, REST_NAMES,
     OPTION_BIT(STALE), 0, get_notes, run_resource_get},

    {"type", "list", "the kinds of resources", WORD_NONE, REST_NONE, 0, 0, NULL, run_type_list},
    {"type", "show", "one kind of resource and its properties", WORD_TYPE, REST_NONE, 0, 0, NULL,
     run_type_show},

    {"events", NULL, "what happened, oldest first", WORD_NONE, REST_NONE,
     OPTION_BIT(FOLLOW) | OPTION_BIT(SINCE) | OPTION_BIT(LIMIT) | OPTION_BIT(STALE), 0,
     follow_notes, run_events},
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
