#include "tests/groupmgr/throw.h"

#include <stdio.h>
#include <string.h>

uint64_t roll(struct dice *d, uint64_t sides)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return d->state * 2685821657736338717u % sides;
}

static const char *pick(struct dice *d, const char *const *names, unsigned count)
{
    return names[roll(d, count)];
}

static const char *const nodes[] = {"A", "B", "C", "D", "nobody"};
static const char *const groups[] = {"g1", "g2", "G3", "g4", "g5", "none"};
static const char *const resources[] = {"r1", "r2", "r3", "r4",  "r5",  "r6",
                                        "r7", "r8", "r9", "R10", "none"};

#define PICK(d, names) pick(d, names, sizeof(names) / sizeof((names)[0]))

static void throw_node(const struct cluster *c, struct dice *d, struct throw *t)
{
    static const char *const disks[] = {"", "disk", "disk", "disk", "disk", "other"};
    const struct node *n = NULL;

    t->cmd.node = (uint32_t)roll(d, 6);
    t->cmd.name = t->cmd.node >= 1 && t->cmd.node <= 4 ? nodes[t->cmd.node - 1] : "nobody";
    n = cluster_node(c, t->cmd.node);
    t->cmd.incarnation = n != NULL && roll(d, 8) > 0 ? n->incarnation : roll(d, 100);
    t->cmd.disk = PICK(d, disks);
    t->cmd.address = "host:1";
    switch (roll(d, 9)) {
    case 0:
        t->cmd.kind = COMMAND_NODE_LEAVING;
        break;
    case 8:
        t->cmd.kind = COMMAND_NODE_ENDED;
        t->cmd.ms = (uint32_t)roll(d, 5);
        break;
    case 1:
    case 2:
        t->cmd.kind = COMMAND_NODE_DOWN;
        t->cmd.cause = roll(d, 2) ? CAUSE_NODE_LEASE_EXPIRED : CAUSE_NODE_STOPPED;
        t->cmd.node_seq = roll(d, 20);
        break;
    default:
        t->cmd.kind = COMMAND_NODE_UP;
        t->cmd.level = LEVEL_MAX;
        break;
    }
}

static void throw_pulse(const struct cluster *c, struct dice *d, struct throw *t)
{
    t->cmd.kind = COMMAND_PULSE;
    t->cmd.renewals = t->renewals;
    t->cmd.renewal_count = 3;
    for (unsigned i = 0; i < 3; i++) {
        const struct node *n = cluster_node(c, i + 1);

        t->renewals[i].node = i + 1;
        t->renewals[i].incarnation = n != NULL ? n->incarnation : 0;
        t->renewals[i].seq = roll(d, 20);
        t->renewals[i].flags = roll(d, 4) == 0 ? (uint32_t)roll(d, RENEWAL_FLAGS_ALL + 1) : 0;
    }
}

/* Seldom, or there would be nobody left for anything else. */
static bool throw_recovery(const struct cluster *c, struct dice *d, struct throw *t)
{
    if (roll(d, 20) != 0)
        return false;
    t->cmd.kind = COMMAND_CLUSTER_RECOVER;
    t->cmd.node = (uint32_t)(1 + roll(d, 4));
    t->cmd.epoch = cluster_epoch(c) + (uint32_t)roll(d, 3);
    return true;
}

static void throw_node_call(struct dice *d, struct throw *t)
{
    static const enum command_kind calls[] = {COMMAND_NODE_PAUSE, COMMAND_NODE_PAUSE,
                                              COMMAND_NODE_RESUME, COMMAND_NODE_RESUME,
                                              COMMAND_NODE_EVICT};

    t->cmd.kind = calls[roll(d, 5)];
    t->cmd.name = PICK(d, nodes);
    t->cmd.flags = roll(d, 2) == 0 ? (uint32_t)roll(d, 9) : 0;
    t->cmd.drain = roll(d, 3) > 0;
    if (roll(d, 4) == 0)
        t->cmd.other = PICK(d, nodes);
}

/* What makes nodes and groups wait, go back and start late. */
static void throw_policy(struct dice *d, struct throw *t)
{
    static const char *const of_groups[] = {
        "Priority",          "AutoFailbackType", "AutoFailbackType", "FailbackWindowStart",
        "FailbackWindowEnd", "ColdStartSetting", "ResiliencyPeriod", "GroupStartDelay"};
    static const char *const of_cluster[] = {"QuarantineThreshold",
                                             "QuarantineDuration",
                                             "ParallelMoves",
                                             "DrainOnShutdown",
                                             "IgnorePersistentStateOnStartup",
                                             "ResiliencyDefaultPeriod",
                                             "UtcOffset"};
    uint64_t what = roll(d, 9);

    t->property.type = PROPERTY_DWORD;
    t->property.dword = (uint32_t)roll(d, 3);
    t->cmd.properties = &t->property;
    t->cmd.property_count = 1;
    if (what == 0) {
        t->cmd.kind = COMMAND_CLUSTER_SET;
        t->property.name = (char *)PICK(d, of_cluster);
    } else if (what == 8) {
        t->cmd.kind = COMMAND_CLUSTER_LEVEL;
        t->cmd.property_count = 0;
        t->cmd.level = (uint32_t)roll(d, LEVEL_MAX + 2);
    } else if (what == 1) {
        t->cmd.kind = COMMAND_NODE_SET;
        t->cmd.name = PICK(d, nodes);
        t->property.name = "AvoidPlacement";
    } else {
        t->cmd.kind = COMMAND_GROUP_SET;
        t->cmd.name = PICK(d, groups);
        t->property.name = (char *)PICK(d, of_groups);
        t->names[0] = nodes[roll(d, 2)];
        t->names[1] = nodes[2 + roll(d, 2)];
        t->cmd.names = t->names;
        t->cmd.name_count = 2;
        t->cmd.has_names = roll(d, 2) == 0;
    }
}

/* Mostly what an honest owner would say, now and then nonsense. */
static void throw_report(const struct cluster *c, struct dice *d, struct throw *t)
{
    const struct node *n = cluster_node(c, (uint32_t)(1 + roll(d, 4)));

    t->cmd.kind = COMMAND_REPORT;
    t->cmd.node = n != NULL ? n->id : 0;
    t->cmd.incarnation = n != NULL ? n->incarnation - (roll(d, 10) == 0) : 0;
    t->cmd.reports = t->reports;
    t->cmd.report_count = (unsigned)(1 + roll(d, 6));
    for (unsigned i = 0; i < t->cmd.report_count; i++) {
        const struct resource *r = cluster_resource_by_name(c, PICK(d, resources));
        struct report *report = &t->reports[i];

        report->event = (enum report_event)(1 + roll(d, REPORT_EVENT_END - 1));
        if (roll(d, 6) == 0)
            report->text = "said the handler";
        if (r == NULL)
            continue;
        report->resource = r->id;
        report->operation = r->operation - (roll(d, 10) == 0);
        if (r->state == RESOURCE_ONLINE_PENDING && roll(d, 4) > 0)
            report->event = REPORT_ONLINE;
        if (r->state == RESOURCE_OFFLINE_PENDING && roll(d, 4) > 0)
            report->event = REPORT_OFFLINE;
        if (r->state == RESOURCE_ONLINE && roll(d, 3) > 0)
            report->event = REPORT_UNLOCKED;
    }
}

/* Mostly sound ones, of a few resources: a chain of the letters that stand for
 * names, operators and brackets. */
static void throw_expression(struct dice *d, struct throw *t)
{
    static const char *const shapes[] = {
        "N", "NoN", "NaN", "(NoN)aN", "(NaN)oN", "Na(NoN)", "NoNoN", "(NoN)a(NoN)", "(N", "",
    };
    const char *shape = PICK(d, shapes);
    size_t len = 0;

    for (; *shape != '\0'; shape++) {
        const char *word = *shape == 'a' ? " and " : *shape == 'o' ? " or " : NULL;

        len += (size_t)snprintf(t->expression + len, sizeof(t->expression) - len,
                                *shape == 'N'  ? "[%s]"
                                : word != NULL ? "%s"
                                               : "%.1s",
                                *shape == 'N'  ? PICK(d, resources)
                                : word != NULL ? word
                                               : shape);
    }
    t->cmd.expression = t->expression;
}

static void throw_call(struct dice *d, struct throw *t)
{
    static const enum command_kind group_calls[] = {
        COMMAND_GROUP_ONLINE, COMMAND_GROUP_ONLINE, COMMAND_GROUP_OFFLINE,
        COMMAND_GROUP_MOVE,   COMMAND_GROUP_CREATE, COMMAND_GROUP_DELETE,
        COMMAND_GROUP_SET,    COMMAND_GROUP_CANCEL, COMMAND_GROUP_MOVE,
    };
    static const enum command_kind resource_calls[] = {
        COMMAND_RESOURCE_CREATE,       COMMAND_RESOURCE_CREATE,    COMMAND_RESOURCE_DELETE,
        COMMAND_RESOURCE_ONLINE,       COMMAND_RESOURCE_OFFLINE,   COMMAND_RESOURCE_FAIL,
        COMMAND_RESOURCE_DEPEND,       COMMAND_RESOURCE_DEPEND,    COMMAND_RESOURCE_UNDEPEND,
        COMMAND_RESOURCE_SET,          COMMAND_RESOURCE_RESTART,   COMMAND_RESOURCE_MOVE,
        COMMAND_RESOURCE_MAINTENANCE,  COMMAND_RESOURCE_ADD_OWNER, COMMAND_RESOURCE_REMOVE_OWNER,
        COMMAND_RESOURCE_DEPENDENCIES,
    };
    struct command *cmd = &t->cmd;

    if (roll(d, 2) == 0) {
        cmd->kind = group_calls[roll(d, sizeof(group_calls) / sizeof(group_calls[0]))];
        cmd->name = PICK(d, groups);
        if (roll(d, 3) == 0)
            cmd->other = PICK(d, nodes);
    } else {
        cmd->kind = resource_calls[roll(d, sizeof(resource_calls) / sizeof(*resource_calls))];
        cmd->name = PICK(d, resources);
        cmd->other = cmd->kind == COMMAND_RESOURCE_CREATE || cmd->kind == COMMAND_RESOURCE_MOVE
                         ? PICK(d, groups)
                         : PICK(d, resources);
        if (cmd->kind == COMMAND_RESOURCE_ADD_OWNER || cmd->kind == COMMAND_RESOURCE_REMOVE_OWNER)
            cmd->other = PICK(d, nodes);
        cmd->type = "dummy";
        if (cmd->kind == COMMAND_RESOURCE_DEPENDENCIES)
            throw_expression(d, t);
    }
    cmd->flags = roll(d, 3) == 0 ? (uint32_t)roll(d, 64) : 0;
    if (cmd->kind == COMMAND_GROUP_CANCEL)
        cmd->flags = 0;
    if (cmd->kind == COMMAND_RESOURCE_MAINTENANCE)
        cmd->flags = (uint32_t)roll(d, 2);
    if (roll(d, 4) == 0) {
        cmd->instructions = t->instructions;
        cmd->instructions_len = roll(d, sizeof(t->instructions));
    }
    t->names[0] = PICK(d, nodes);
    t->names[1] = PICK(d, nodes);
    cmd->names = t->names;
    cmd->name_count = (unsigned)roll(d, 3);
    cmd->has_names = roll(d, 2) == 0;
    /* Most without one: of a client that is far on already all is refused. */
    cmd->client = roll(d, 8) == 0 ? 1 + roll(d, 3) : 0;
    cmd->seq = roll(d, 2000);
}

static void throw_property(struct dice *d, struct throw *t)
{
    static const char *const names[] = {"RestartAction",   "RestartThreshold",
                                        "RestartDelay",    "FailoverThreshold",
                                        "Command",         "Other",
                                        "Description",     "RetryPeriodOnFailure",
                                        "RestartPeriod",   "EmbeddedFailureAction",
                                        "TerminateBudget", "TerminateBudget"};
    static char *const texts[] = {"", "1", "2", "some text"};

    t->property.name = (char *)PICK(d, names);
    t->property.type = (enum property_type)roll(d, 2);
    if (t->property.type == PROPERTY_DWORD) {
        t->property.dword = (uint32_t)roll(d, 5);
    } else {
        t->property.text = texts[roll(d, 4)];
        t->property.text_len = strlen(t->property.text);
    }
    t->cmd.properties = &t->property;
    t->cmd.property_count = 1;
}

/* Whom to be near to or away from, and room: few values, so that they meet. */
static void throw_placement(struct dice *d, struct throw *t)
{
    static const char *const of_groups[] = {
        "AntiAffinityClassNames", "AffinityClassNames", "Needs", "Needs", "Priority",
        "DefaultOwner",           "PreferredSite"};
    static const char *const of_nodes[] = {"Capacities", "Capacities", "Site", "Rack",
                                           "AvoidPlacement"};
    static const char *const of_cluster[] = {
        "ClusterEnforcedAntiAffinity", "MinimumNeverPreemptPriority", "MinimumPreemptorPriority"};
    static char *const texts[] = {"",      "x",        "x,y", "Y", "memory=5", "memory=3,cpu=2",
                                  "cpu=4", "memory=9", "0",   "1", "2000",     "3000"};

    t->cmd.kind = (enum command_kind[]){COMMAND_GROUP_SET, COMMAND_GROUP_SET, COMMAND_NODE_SET,
                                        COMMAND_CLUSTER_SET}[roll(d, 4)];
    t->property.type = PROPERTY_SZ;
    t->property.text = texts[roll(d, 12)];
    t->property.text_len = strlen(t->property.text);
    if (t->cmd.kind == COMMAND_GROUP_SET)
        t->property.name = (char *)PICK(d, of_groups);
    else if (t->cmd.kind == COMMAND_NODE_SET)
        t->property.name = (char *)PICK(d, of_nodes);
    else
        t->property.name = (char *)PICK(d, of_cluster);
    t->cmd.name = t->cmd.kind == COMMAND_NODE_SET ? PICK(d, nodes) : PICK(d, groups);
    t->cmd.properties = &t->property;
    t->cmd.property_count = 1;
}

/* The devices are there after a while; then nodes are fenced, by all and by nobody. */
static void throw_fencing(const struct cluster *c, struct dice *d, struct throw *t)
{
    static const char *const devices[] = {"d1", "d2", "d1:7"};
    const struct node *n = cluster_node(c, (uint32_t)(1 + roll(d, 4)));
    struct command *cmd = &t->cmd;

    cmd->kind = (enum command_kind)(COMMAND_FENCE_CREATE + (unsigned)roll(d, 7));
    cmd->name = PICK(d, nodes);
    if (cmd->kind == COMMAND_FENCE_CREATE || cmd->kind == COMMAND_FENCE_DELETE) {
        static char agent[] = "agent", program[] = "fence_dummy";
        cmd->name = devices[roll(d, 2)];
        t->property = (struct property){
            .name = agent, .type = PROPERTY_SZ, .text = program, .text_len = strlen(program)};
        cmd->properties = &t->property;
        cmd->property_count = 1;
    }
    cmd->flags = (uint32_t)roll(d, cmd->kind == COMMAND_FENCE_NODE ? 3 : 7);
    cmd->level = (uint32_t)roll(d, 4);
    t->names[0] = devices[roll(d, 3)];
    t->names[1] = devices[roll(d, 3)];
    cmd->names = t->names;
    cmd->name_count = (unsigned)roll(d, 3);
    if (n == NULL || cmd->kind < COMMAND_FENCE_NODE || roll(d, 3) == 0)
        return;
    if (cmd->kind != COMMAND_FENCE_CONFIRM)
        cmd->name = NULL;
    cmd->node = n->id;
    cmd->incarnation = n->incarnation - (roll(d, 8) == 0);
    cmd->node_seq = n->renewed_seq;
    cmd->attempt = n->fencing.attempt;
    cmd->by = (uint32_t)(1 + roll(d, 4));
}

void throw_any(const struct cluster *c, struct dice *d, struct throw *t)
{
    uint64_t what = roll(d, 23);

    memset(t, 0, sizeof(*t));
    if (what == 0)
        throw_node(c, d, t);
    else if (what == 1)
        throw_pulse(c, d, t);
    else if (what <= 9)
        throw_report(c, d, t);
    else if (what == 10)
        t->cmd.kind = (enum command_kind)roll(d, COMMAND_KIND_END + 1);
    else if (what == 11 && throw_recovery(c, d, t))
        ;
    else if (what == 11)
        throw_node_call(d, t);
    else if (what == 12)
        throw_policy(d, t);
    else if (what == 13)
        throw_placement(d, t);
    else if (what <= 15)
        throw_fencing(c, d, t);
    else
        throw_call(d, t);
    if (t->cmd.kind == COMMAND_RESOURCE_CREATE || t->cmd.kind == COMMAND_RESOURCE_SET ||
        (t->cmd.kind == COMMAND_GROUP_SET && what != 12 && what != 13))
        throw_property(d, t);
}
