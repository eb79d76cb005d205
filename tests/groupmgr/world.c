#include "tests/groupmgr/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- promises */

/* A group that the administrator wants offline is started by no rule: only by a
 * client's word for a single resource. */
static void check_starts(const struct world *w, const struct command *cmd)
{
    unsigned count;
    const struct event *events = cluster_changes(w->cluster, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct resource *r = cluster_resource(w->cluster, events[i].id);
        bool wanted;

        if (events[i].object != OBJECT_RESOURCE || events[i].to != RESOURCE_ONLINE_PENDING ||
            events[i].from == events[i].to || r == NULL)
            continue;
        wanted = r->persistent < 0 ? r->group->persistent_online : r->persistent == 1;
        cr_assert(wanted || events[i].cause == CAUSE_REQUESTED_ONLINE ||
                      events[i].cause == CAUSE_PROVIDER_FAILED,
                  "%s started by %s (%s), which nobody wants", r->name,
                  command_kind_name(cmd->kind), cause_name(events[i].cause));
    }
}

/* From the acceptance of an operation to its end nobody sees anything but
 * Pending. */
static void check_operations(const struct world *w)
{
    const struct group *g = NULL;

    while ((g = cluster_next_group(w->cluster, g)) != NULL)
        cr_assert(!operation_runs(&g->operation) || g->state == GROUP_PENDING);
}

static void tell(struct world *w)
{
    unsigned count;
    const struct event *e = cluster_changes(w->cluster, &count);

    for (unsigned i = 0; i < count; i++, e++) {
        const struct node *n = cluster_node(w->cluster, e->node);
        const char *from = event_state_name(e, e->from), *to = event_state_name(e, e->to);

        bytes_printf(&w->story, "%s@%s ", e->name, n != NULL ? n->name : "-");
        if (e->from != e->to)
            bytes_printf(&w->story, "%s -> %s, ", from, to);
        bytes_printf(&w->story, "%s\n", cause_name(e->cause));
    }
}

uint32_t world_apply(struct world *w, const struct command *cmd)
{
    cluster_apply(w->cluster, w->now_ms, cmd, &w->reply);
    cluster_check(w->cluster);
    check_starts(w, cmd);
    check_operations(w);
    tell(w);
    return w->reply.code;
}

/* ---------------------------------------------------------------- look-ups */

const struct group *world_group(const struct world *w, const char *name)
{
    const struct group *g = cluster_group_by_name(w->cluster, name);

    cr_assert_not_null(g, "group %s", name);
    return g;
}

const struct resource *world_resource(const struct world *w, const char *name)
{
    const struct resource *r = cluster_resource_by_name(w->cluster, name);

    cr_assert_not_null(r, "resource %s", name);
    return r;
}

const struct node *world_node(const struct world *w, const char *name)
{
    const struct node *n = cluster_node_by_name(w->cluster, name);

    cr_assert_not_null(n, "node %s", name);
    return n;
}

const struct event *world_operation_event(const struct world *w, uint64_t id)
{
    const struct event *found = NULL;

    for (unsigned i = 0; i < cluster_event_count(w->cluster); i++)
        if (cluster_event(w->cluster, i)->operation == id)
            found = cluster_event(w->cluster, i);
    return found;
}

const char *world_owner(struct world *w, const char *group)
{
    return cluster_node(w->cluster, world_group(w, group)->owner)->name;
}

const char *world_state(struct world *w, const char *name)
{
    const struct group *g = cluster_group_by_name(w->cluster, name);

    return g != NULL ? group_state_name(g->state)
                     : resource_state_name(world_resource(w, name)->state);
}

const char *world_needs(struct world *w, const char *resource)
{
    bytes_clear(&w->text);
    resource_expression_text(world_resource(w, resource), &w->text);
    bytes_append(&w->text, "", 1);
    return (const char *)w->text.data;
}

const char *world_states(struct world *w, const char *group)
{
    const struct group *g = world_group(w, group);

    bytes_clear(&w->text);
    bytes_printf(&w->text, "%s", group_state_name(g->state));
    for (unsigned i = 0; i < g->resource_count; i++)
        bytes_printf(&w->text, "%s %s %s", i == 0 ? ":" : ",", g->resources[i]->name,
                     resource_state_name(g->resources[i]->state));
    bytes_append(&w->text, "", 1);
    return (const char *)w->text.data;
}

const char *world_story(struct world *w)
{
    struct bytes swap = w->text;

    w->text = w->story;
    w->story = swap;
    bytes_clear(&w->story);
    bytes_append(&w->text, "", 1);
    return (const char *)w->text.data;
}

/* ------------------------------------------------------------------- words */

static uint32_t do_up(struct world *w, const char *name)
{
    const struct node *n = cluster_node_by_name(w->cluster, name);
    char disk[64], address[64];
    uint32_t id = 1;
    struct command cmd = {.kind = COMMAND_NODE_UP,
                          .level = LEVEL_MAX,
                          .name = name,
                          .disk = disk,
                          .address = address};

    snprintf(disk, sizeof(disk), "disk-of-%s", name);
    snprintf(address, sizeof(address), "%s:7400", name);
    while (n == NULL &&
           (cluster_node(w->cluster, id) != NULL || cluster_departed(w->cluster, id, NULL)))
        id++;
    cmd.node = n != NULL ? n->id : id;
    return world_apply(w, &cmd);
}

static uint32_t do_node(struct world *w, const char *verb, const char *name)
{
    const struct node *n = world_node(w, name);
    struct command cmd = {.kind = COMMAND_NODE_DOWN,
                          .node = n->id,
                          .incarnation = n->incarnation,
                          .node_seq = n->renewed_seq,
                          .cause = CAUSE_NODE_LEASE_EXPIRED};

    if (strcmp(verb, "stopped") == 0)
        cmd.cause = CAUSE_NODE_STOPPED;
    if (strcmp(verb, "leaving") == 0)
        cmd = (struct command){
            .kind = COMMAND_NODE_LEAVING, .node = n->id, .incarnation = n->incarnation};
    return world_apply(w, &cmd);
}

static uint32_t do_ended(struct world *w, const char *name, const char *ms)
{
    const struct node *n = world_node(w, name);

    return world_apply(w, &(struct command){.kind = COMMAND_NODE_ENDED,
                                            .node = n->id,
                                            .incarnation = n->incarnation,
                                            .ms = (uint32_t)strtoul(ms, NULL, 10)});
}

static uint32_t do_report(struct world *w, const char *resource, const char *what)
{
    static const char *const events[] = {
        "",         "online",      "offline",         "failed",           "locked",
        "unlocked", "cannot-here", "cannot-anywhere", "embedded-failure", "embedded-recovered"};
    const struct resource *r = world_resource(w, resource);
    struct report report = {.resource = r->id, .operation = r->operation};
    struct command cmd = {
        .kind = COMMAND_REPORT, .node = r->group->owner, .reports = &report, .report_count = 1};

    cmd.incarnation = cluster_node(w->cluster, r->group->owner)->incarnation;
    for (unsigned i = 1; i < sizeof(events) / sizeof(events[0]); i++)
        if (strcmp(events[i], what) == 0)
            report.event = (enum report_event)i;
    cr_assert_neq(report.event, 0, "report %s", what);
    return world_apply(w, &cmd);
}

/* `words`: "R EXPRESSION". */
static uint32_t do_needs(struct world *w, char *words)
{
    char *expression = strchr(words, ' ');
    struct command cmd = {.kind = COMMAND_RESOURCE_DEPENDENCIES, .name = words};

    if (expression != NULL)
        *expression++ = '\0';
    cmd.expression = expression;
    return world_apply(w, &cmd);
}

static uint32_t do_set(struct world *w, const char *object, const char *name, const char *value)
{
    char *end;
    struct property property = {.name = (char *)name, .type = PROPERTY_DWORD};
    struct command cmd = {
        .kind = COMMAND_GROUP_SET, .name = object, .properties = &property, .property_count = 1};

    property.dword = (uint32_t)strtoul(value, &end, 10);
    if (*value == '\0' || *end != '\0') {
        property.type = PROPERTY_SZ;
        property.text = (char *)value;
        property.text_len = strlen(value);
    }
    if (cluster_group_by_name(w->cluster, object) == NULL)
        cmd.kind = COMMAND_RESOURCE_SET;
    return world_apply(w, &cmd);
}

static uint32_t do_pause(struct world *w, char *const words[], unsigned count, uint32_t flags)
{
    struct command cmd = {.kind = COMMAND_NODE_PAUSE, .name = words[1], .flags = flags};

    for (unsigned i = 2; i < count; i++) {
        cmd.drain |= strcmp(words[i], "drain") == 0;
        if (strcmp(words[i], "to") == 0 && i + 1 < count)
            cmd.other = words[i + 1];
    }
    return world_apply(w, &cmd);
}

static uint32_t do_recover(struct world *w, const char *node)
{
    const struct node *n = cluster_node_by_name(w->cluster, node);

    return world_apply(w, &(struct command){.kind = COMMAND_CLUSTER_RECOVER,
                                            .node = n != NULL ? n->id : 99,
                                            .epoch = cluster_epoch(w->cluster) + 1});
}

static uint32_t do_configure(struct world *w, enum command_kind kind, const char *object,
                             const char *name, const char *value)
{
    struct property property = {.name = (char *)name,
                                .type = PROPERTY_SZ,
                                .text = (char *)value,
                                .text_len = strlen(value)};
    struct command cmd = {
        .kind = kind, .name = object, .properties = &property, .property_count = 1};

    return world_apply(w, &cmd);
}

/* A verb whose command has a name, and perhaps another after `joint`. */
static const struct verb {
    const char *word;
    enum command_kind kind;
} verbs[] = {
    {"online", COMMAND_GROUP_ONLINE},
    {"offline", COMMAND_GROUP_OFFLINE},
    {"move", COMMAND_GROUP_MOVE},
    {"bring", COMMAND_RESOURCE_ONLINE},
    {"stop", COMMAND_RESOURCE_OFFLINE},
    {"fail", COMMAND_RESOURCE_FAIL},
    {"depend", COMMAND_RESOURCE_DEPEND},
    {"undepend", COMMAND_RESOURCE_UNDEPEND},
    {"remove", COMMAND_RESOURCE_DELETE},
    {"drop", COMMAND_GROUP_DELETE},
    {"add", COMMAND_RESOURCE_CREATE},
    {"group", COMMAND_GROUP_CREATE},
    {"cancel", COMMAND_GROUP_CANCEL},
    {"restart", COMMAND_RESOURCE_RESTART},
    {"maintain", COMMAND_RESOURCE_MAINTENANCE},
    {"regroup", COMMAND_RESOURCE_MOVE},
    {"allow", COMMAND_RESOURCE_ADD_OWNER},
    {"forbid", COMMAND_RESOURCE_REMOVE_OWNER},
    {"resume", COMMAND_NODE_RESUME},
    {"evict", COMMAND_NODE_EVICT},
};

static uint32_t do_verb(struct world *w, char *const words[], unsigned count, uint32_t flags)
{
    struct command cmd = {.name = words[1], .type = "dummy", .flags = flags};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].word, words[0]) == 0)
            cmd.kind = verbs[i].kind;
    cr_assert_neq(cmd.kind, 0, "unknown word %s", words[0]);
    if (count > 2)
        cmd.other = words[count - 1];
    return world_apply(w, &cmd);
}

static unsigned split(char *line, char *words[], unsigned max)
{
    unsigned count = 0;
    char *rest = NULL;

    for (char *word = strtok_r(line, " ", &rest); word != NULL && count < max;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    return count;
}

uint32_t world_do(struct world *w, const char *format, ...)
{
    char line[512], *words[16];
    uint32_t flags = 0;
    unsigned count;
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (strncmp(line, "needs ", 6) == 0)
        return do_needs(w, line + 6);
    count = split(line, words, 16);
    if (count > 2 && strcmp(words[count - 2], "flags") == 0) {
        flags = (uint32_t)strtoul(words[count - 1], NULL, 0);
        count -= 2;
    }
    cr_assert(count >= 2, "%s", format);
    if (strcmp(words[0], "wait") == 0) {
        w->now_ms += strtoull(words[1], NULL, 10);
        return world_apply(w, &(struct command){.kind = COMMAND_TICK});
    }
    if (strcmp(words[0], "recover") == 0)
        return do_recover(w, words[1]);
    if (strcmp(words[0], "up") == 0)
        return do_up(w, words[1]);
    if (strcmp(words[0], "ended") == 0)
        return do_ended(w, words[1], words[2]);
    if (strcmp(words[0], "down") == 0 || strcmp(words[0], "stopped") == 0 ||
        strcmp(words[0], "leaving") == 0)
        return do_node(w, words[0], words[1]);
    if (strcmp(words[0], "pause") == 0)
        return do_pause(w, words, count, flags);
    if (strcmp(words[0], "configure") == 0)
        return do_configure(w, COMMAND_NODE_SET, words[1], words[2], count > 3 ? words[3] : "");
    if (strcmp(words[0], "cluster") == 0)
        return do_configure(w, COMMAND_CLUSTER_SET, NULL, words[1], words[2]);
    if (strcmp(words[0], "report") == 0)
        return do_report(w, words[1], words[2]);
    if (strcmp(words[0], "set") == 0)
        return do_set(w, words[1], words[2], count > 3 ? words[3] : "");
    return do_verb(w, words, count, flags);
}

/* ------------------------------------------------------------------ owners */

static bool is_broken(const struct world *w, const char *resource)
{
    for (unsigned i = 0; i < WORLD_BROKEN_MAX; i++)
        if (w->broken[i] != NULL && strcmp(w->broken[i], resource) == 0)
            return true;
    return false;
}

void world_break(struct world *w, const char *resource)
{
    unsigned i = 0;

    while (w->broken[i] != NULL)
        cr_assert(++i < WORLD_BROKEN_MAX);
    w->broken[i] = xstrdup(resource);
}

void world_mend(struct world *w, const char *resource)
{
    for (unsigned i = 0; i < WORLD_BROKEN_MAX; i++)
        if (w->broken[i] != NULL && strcmp(w->broken[i], resource) == 0) {
            free(w->broken[i]);
            w->broken[i] = NULL;
        }
}

/* What the owner would say of `r` now; 0: nothing. */
static enum report_event word_of_owner(const struct world *w, const struct resource *r)
{
    bool pending = r->state == RESOURCE_ONLINE_PENDING || r->state == RESOURCE_OFFLINE_PENDING;

    if (r->fail_requested || (pending && is_broken(w, r->name)))
        return REPORT_FAILED;
    if (!pending)
        return (enum report_event)0;
    return r->state == RESOURCE_ONLINE_PENDING ? REPORT_ONLINE : REPORT_OFFLINE;
}

unsigned world_step(struct world *w)
{
    struct report reports[256];
    unsigned count = 0, total = 0;
    const struct node *n = NULL;

    while ((n = cluster_next_node(w->cluster, n)) != NULL) {
        const struct group *g = NULL;
        struct command cmd = {.kind = COMMAND_REPORT,
                              .node = n->id,
                              .incarnation = n->incarnation,
                              .reports = reports};

        for (count = 0; (g = cluster_next_group(w->cluster, g)) != NULL;)
            for (unsigned i = 0; g->owner == n->id && i < g->resource_count; i++) {
                const struct resource *r = g->resources[i];
                enum report_event event = word_of_owner(w, r);

                if (event != 0 && count < 256)
                    reports[count++] = (struct report){r->id, r->operation, event, 0, NULL};
            }
        cmd.report_count = count;
        total += count;
        if (count > 0)
            world_apply(w, &cmd);
    }
    return total;
}

void world_run(struct world *w)
{
    for (unsigned rounds = 0; world_step(w) > 0; rounds++)
        cr_assert(rounds < 1000, "no end");
}

/* ------------------------------------------------------------------- plots */

static void plot_resource(struct world *w, const char *group, char *word)
{
    char *providers = strchr(word, '>'), *rest = NULL;

    if (providers != NULL)
        *providers++ = '\0';
    check_code(world_do(w, "add %s to %s", word, group), 0);
    if (providers == NULL)
        return;
    for (char *p = strtok_r(providers, ",", &rest); p != NULL; p = strtok_r(NULL, ",", &rest))
        check_code(world_do(w, "depend %s %s", word, p), 0);
}

static void plot_group(struct world *w, char *part)
{
    char *resources = strchr(part, ':'), *words[64];
    unsigned count;
    struct command cmd = {.kind = COMMAND_GROUP_CREATE};

    if (resources != NULL)
        *resources++ = '\0';
    count = split(part, words, 64);
    cmd.name = words[0];
    if (count > 2) {
        cr_assert_str_eq(words[1], "prefers");
        cmd.names = (const char *const *)&words[2];
        cmd.name_count = count - 2;
    }
    check_code(world_apply(w, &cmd), 0);
    if (resources == NULL)
        return;
    count = split(resources, words, 64);
    for (unsigned i = 0; i < count; i++)
        plot_resource(w, cmd.name, words[i]);
}

void world_setup(struct world *w, const char *plot)
{
    char *copy = xstrdup(plot), *rest = NULL, *words[NODES_MAX], *part;
    unsigned count;

    memset(w, 0, sizeof(*w));
    w->cluster = cluster_new();
    w->now_ms = 1000000;
    world_apply(
        w, &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "world", .level = LEVEL_MAX});
    part = strtok_r(copy, ";", &rest);
    count = part != NULL ? split(part, words, NODES_MAX) : 0;
    for (unsigned i = 0; i < count; i++)
        check_code(world_do(w, "up %s", words[i]), 0);
    while (part != NULL && (part = strtok_r(NULL, ";", &rest)) != NULL)
        plot_group(w, part);
    free(copy);
    bytes_clear(&w->story);
}

void world_teardown(struct world *w)
{
    cluster_free(w->cluster);
    for (unsigned i = 0; i < WORLD_BROKEN_MAX; i++)
        free(w->broken[i]);
    bytes_release(&w->story);
    bytes_release(&w->text);
}

/* Everything is online, all of it on A. */
void world_setup_online(struct world *w, const char *plot)
{
    const struct group *g = NULL;

    world_setup(w, plot);
    while ((g = cluster_next_group(w->cluster, g)) != NULL) {
        check_code(world_do(w, "move %s to A", g->name), 0);
        world_do(w, "online %s", g->name);
        world_run(w);
    }
    world_story(w);
}

uint32_t world_node_status(const struct world *w, const char *node)
{
    return node_status(w->cluster, world_node(w, node));
}

unsigned world_moving(const struct world *w)
{
    const struct group *g = NULL;
    unsigned count = 0;

    while ((g = cluster_next_group(w->cluster, g)) != NULL)
        count += g->operation.kind == OPERATION_MOVE;
    return count;
}
