/* The functional level: what all members understand, raised by an operator when a rolling
 * upgrade is over (the ClusterFunctionalLevel of Windows).
 *
 * Each build knows a range of levels. The state has one, and at it each build, however new,
 * applies every command exactly as the oldest build does that knows the level. So a property
 * of a later level is not refused here but unknown: for a resource, one like those of its
 * type; else a wrong name, with the code that it always had. (A refusal of another kind would
 * part the replicas: answers are remembered.) That such a command should not be given is said
 * before it is proposed, see cluster_level_check(); one that came through an older node's
 * API, which knows no better, does no harm.
 *
 * A command of a kind that came later could not even be read by an older build. It is proposed only
 * by one that knows the level to be in force, from its own copy: however old that is, the
 * level stands in the log before the command.
 *
 * What must hold, then, is that every member knows the level, always:
 * - it is raised only when each member, by its own last word, knows the new one;
 * - a node whose build does not know it cannot join, nor come up; both are commands, so
 *   they stand before the raising in the log, and it is refused, or behind it, and they are.
 * It never goes down: what the level allowed may be in the state by then.
 *
 * A recovery (recover.c) waits for no level, for nobody could raise one then. Every build
 * that knows of levels can read it, and one that does not cannot come up. */
#include <stdio.h>
#include <string.h>

#include "groupmgr/common.h"
#include "groupmgr/rules.h"

/* What clients may set since which level, where it is not the first. All else that came with
 * them (commands of the cluster's own, fields of the state) follows from these. A kind of
 * command that clients give would stand in a table like this one. */
static const struct {
    enum object_kind object;
    const char *property;
    uint32_t since;
} later[] = {
    {OBJECT_RESOURCE, "TerminateBudget", 2},
    {OBJECT_RESOURCE, "SelfFencing", 2},
};

uint32_t property_level(enum object_kind object, const char *name)
{
    assert(name != NULL);
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (later[i].object == object && name_equal(later[i].property, name))
            return later[i].since;
    return LEVEL_MIN;
}

/* Whose properties a command sets. */
static bool properties_of(enum command_kind kind, enum object_kind *ret)
{
    switch (kind) {
    case COMMAND_CLUSTER_SET:
        *ret = OBJECT_CLUSTER;
        return true;
    case COMMAND_NODE_SET:
        *ret = OBJECT_NODE;
        return true;
    case COMMAND_GROUP_CREATE:
    case COMMAND_GROUP_SET:
        *ret = OBJECT_GROUP;
        return true;
    case COMMAND_RESOURCE_CREATE:
    case COMMAND_RESOURCE_SET:
        *ret = OBJECT_RESOURCE;
        return true;
    default:
        return false;
    }
}

uint32_t cluster_level_check(const struct cluster *c, const struct command *cmd,
                             struct reply *reply)
{
    enum object_kind object;

    assert(cmd->kind > 0 && cmd->kind < COMMAND_KIND_END);
    if (!properties_of(cmd->kind, &object))
        return 0;
    for (unsigned i = 0; i < cmd->property_count; i++) {
        const char *name = cmd->properties[i].name;
        uint32_t since = name != NULL ? property_level(object, name) : LEVEL_MIN;

        if (since > c->level)
            return refuse(reply, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS,
                          "%s needs functional level %u: `holdfast cluster update-level` once all "
                          "nodes are upgraded",
                          name, since);
    }
    return 0;
}

/* ------------------------------------------------------------------ nodes */

/* Builds from before levels say nothing, and know the first. */
static uint32_t said_or_first(uint32_t level)
{
    return level != 0 ? level : LEVEL_MIN;
}

uint32_t level_check_node(const struct cluster *c, const struct command *cmd, struct reply *reply)
{
    uint32_t least = said_or_first(cmd->level_min), most = said_or_first(cmd->level);

    assert(cmd->kind == COMMAND_NODE_UP || cmd->kind == COMMAND_NODE_JOIN);
    if (least > most)
        return refuse(reply, ERROR_INVALID_PARAMETER, "functional levels %u to %u", least, most);
    if (most < c->level)
        return refuse(reply, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS,
                      "%s knows functional level %u at most, the cluster has %u: upgrade that "
                      "node's programs",
                      cmd->name != NULL ? cmd->name : "", most, c->level);
    if (least > c->level)
        return refuse(reply, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS,
                      "%s knows no functional level below %u, the cluster has %u: raise that "
                      "first, with programs that know both",
                      cmd->name != NULL ? cmd->name : "", least, c->level);
    return 0;
}

void level_note(struct node_record *n, const struct command *cmd)
{
    n->node.level_min = said_or_first(cmd->level_min);
    n->node.level_max = said_or_first(cmd->level);
    assert(n->node.level_min <= n->node.level_max);
}

uint32_t cluster_level(const struct cluster *c)
{
    assert(c->level >= LEVEL_MIN);
    return c->level;
}

/* One whose last life was led before levels were spoken of has said nothing yet. */
static uint32_t node_knows(const struct node_record *n)
{
    return said_or_first(n->node.level_max);
}

uint32_t cluster_level_possible(const struct cluster *c)
{
    uint32_t level = UINT32_MAX;

    for (unsigned i = 0; i < c->node_count; i++)
        if (node_knows(c->nodes[i]) < level)
            level = node_knows(c->nodes[i]);
    return level != UINT32_MAX ? level : c->level;
}

/* ---------------------------------------------------------------- raising */

/* The names of those in the way, as many as the detail holds. */
static uint32_t refuse_for_nodes(const struct cluster *c, uint32_t level, struct reply *reply)
{
    char names[128] = "";
    size_t len = 0;

    for (unsigned i = 0; i < c->node_count; i++) {
        const struct node_record *n = c->nodes[i];

        if (node_knows(n) >= level)
            continue;
        if (len + strlen(n->node.name) + 16 > sizeof(names)) {
            snprintf(names + len, sizeof(names) - len, " ...");
            break;
        }
        len +=
            (size_t)snprintf(names + len, sizeof(names) - len, "%s%s (%u%s)", len > 0 ? ", " : "",
                             n->node.name, node_knows(n), node_is_up(n) ? "" : ", down");
    }
    return refuse(reply, ERROR_CLUSTER_UPGRADE_INCOMPLETE,
                  "not all nodes know functional level %u: %s; upgrade and restart them, or evict "
                  "them",
                  level, names);
}

/* What older builds, or a state that was not founded yet, took for a property of a
 * resource's type is none of it any more; a snapshot would not be believed with it. */
void level_enter(struct cluster *c, uint32_t level)
{
    struct group_record *g;

    assert(level > c->level);
    c->level = level;
    DL_FOREACH(c->groups, g)
    for (unsigned i = 0; i < g->group.resource_count; i++) {
        struct resource_record *r = resource_record(g->group.resources[i]);

        if (resource_private_adopt(r, level))
            digest_touch(c, &r->tracked);
    }
}

/* `level` 0: the highest that all know. */
uint32_t apply_cluster_level(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct event e = {.object = OBJECT_CLUSTER, .name = c->name, .cause = CAUSE_LEVEL_RAISED};
    uint32_t possible = cluster_level_possible(c);
    uint32_t level = cmd->level != 0 ? cmd->level : possible;
    char text[64];

    assert(cmd->kind == COMMAND_CLUSTER_LEVEL);
    if (level < c->level)
        return refuse(reply, ERROR_INVALID_PARAMETER,
                      "the functional level is %u, and never goes down", c->level);
    if (level > possible && level != c->level)
        return refuse_for_nodes(c, level, reply);
    if (level == c->level)
        return 0;
    snprintf(text, sizeof(text), "functional level %u, was %u", level, c->level);
    e.text = text;
    level_enter(c, level);
    event_record(c, &e);
    return 0;
}
