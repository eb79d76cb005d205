#include "tests/scenarios/stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/groupmgr/tree.h"

/* ---------------------------------------------------------------- promises */

static bool is_refusal(uint32_t code)
{
    return code != 0 && code != ERROR_IO_PENDING && code != ERROR_CLUSTER_GROUP_QUEUED &&
           code != ERROR_RESOURCE_PROPERTIES_STORED;
}

/* A group that the administrator wants offline is started by no rule: only by a
 * client's word for a single resource, and by what that entails. */
static void check_starts(struct stage *s, const struct command *cmd)
{
    unsigned count;
    const struct event *e = cluster_changes(s->cluster, &count);

    for (unsigned i = 0; i < count; i++, e++) {
        const struct resource *r = cluster_resource(s->cluster, e->id);
        bool wanted;

        if (e->object != OBJECT_RESOURCE || e->from == e->to || e->to != RESOURCE_ONLINE_PENDING ||
            r == NULL)
            continue;
        wanted = r->persistent < 0 ? r->group->persistent_online : r->persistent == 1;
        if (!wanted && e->cause != CAUSE_REQUESTED_ONLINE && e->cause != CAUSE_PROVIDER_FAILED)
            stage_alarm(s, "%s is started by %s, which nobody wants", r->name,
                        command_kind_name(cmd->kind));
    }
}

/* From the acceptance of an operation to its end nobody sees anything but
 * Pending. */
static void check_operations(struct stage *s)
{
    const struct group *g = NULL;

    while ((g = cluster_next_group(s->cluster, g)) != NULL)
        if (operation_runs(&g->operation) && g->state != GROUP_PENDING)
            stage_alarm(s, "%s reads %s during its %s", g->name, group_state_name(g->state),
                        operation_kind_name(g->operation.kind));
}

static const struct why *why_of(const struct stage *s, const struct event *e)
{
    const struct node *n;
    const struct group *g;
    const struct resource *r;

    switch (e->object) {
    case OBJECT_NODE:
        n = cluster_node(s->cluster, (uint32_t)e->id);
        return n != NULL && (uint32_t)n->state == e->to ? &n->why : NULL;
    case OBJECT_GROUP:
        g = cluster_group(s->cluster, e->id);
        return g != NULL && (uint32_t)g->state == e->to ? &g->why : NULL;
    case OBJECT_RESOURCE:
        r = cluster_resource(s->cluster, e->id);
        return r != NULL && (uint32_t)r->state == e->to ? &r->why : NULL;
    case OBJECT_CLUSTER:
        break;
    }
    return NULL;
}

/* What brought an object into its state is what it says of itself. */
static void check_why(struct stage *s)
{
    unsigned count;
    const struct event *e = cluster_changes(s->cluster, &count);
    const struct group *g = NULL;

    for (unsigned i = 0; i < count; i++) {
        const struct why *why = e[i].from != e[i].to ? why_of(s, &e[i]) : NULL;

        if (why != NULL && (why->index != cluster_index(s->cluster) || why->cause == CAUSE_NONE))
            stage_alarm(s, "%s does not know why it is %s", e[i].name,
                        state_name(e[i].object, e[i].to));
    }
    while ((g = cluster_next_group(s->cluster, g)) != NULL)
        if (g->placement.chosen != g->owner || g->placement.why.cause == CAUSE_NONE)
            stage_alarm(s, "%s does not know why it is where it is", g->name);
        else if (g->why.index == 0 || g->why.cause == CAUSE_NONE)
            stage_alarm(s, "%s does not know why it is as it is", g->name);
}

static void check_deadline(struct stage *s)
{
    if (cluster_next_deadline(s->cluster) <= cluster_now_ms(s->cluster))
        stage_alarm(s, "what had fallen due was not done");
}

/* The snapshot of the cluster gives a twin, whose snapshot has the same bytes
 * as that of the cluster and that of the twin so far. */
static void check_twin(struct stage *s)
{
    struct arena arena = {0};
    struct bytes of_cluster = BYTES_INIT, of_twin = BYTES_INIT, of_next = BYTES_INIT;
    const struct value *tree = tree_of_cluster(s->cluster, &arena);
    struct cluster *next = NULL;

    tree_bytes(tree, &of_cluster);
    tree_bytes(tree_of_cluster(s->twin, &arena), &of_twin);
    if (of_cluster.len != of_twin.len || memcmp(of_cluster.data, of_twin.data, of_twin.len) != 0)
        stage_alarm(s, "the cluster and one restored from its snapshot have parted");
    if (cluster_digest(s->cluster) != cluster_digest(s->twin))
        stage_alarm(s, "equal snapshots, different digests");
    if (cluster_read(tree, &next) != 0)
        stage_alarm(s, "the snapshot cannot be restored");
    tree_bytes(tree_of_cluster(next, &arena), &of_next);
    if (of_cluster.len != of_next.len || memcmp(of_cluster.data, of_next.data, of_next.len) != 0)
        stage_alarm(s, "snapshot, restore, snapshot: not the same bytes");
    cluster_free(s->twin);
    s->twin = next;
    bytes_release(&of_cluster);
    bytes_release(&of_twin);
    bytes_release(&of_next);
    arena_release(&arena);
}

/* ------------------------------------------------------------------- apply */

static void apply_to_twin(struct stage *s, const struct command *cmd, const struct reply *reply)
{
    struct arena arena = {0};
    struct command copy = {0};
    struct reply other;

    if (command_read(tree_of_command(cmd, &arena), &arena, &copy) != 0)
        stage_alarm(s, "the log cannot hold this command");
    cluster_apply(s->twin, s->now_ms, &copy, &other);
    if (other.code != reply->code || other.index != reply->index ||
        strcmp(other.detail, reply->detail) != 0)
        stage_alarm(s, "a restored cluster answers %u instead of %u", other.code, reply->code);
    arena_release(&arena);
}

static void remember(struct stage *s)
{
    unsigned count;
    const struct event *e = cluster_changes(s->cluster, &count);

    if (s->told_count + count > s->told_size) {
        s->told_size = 2 * (s->told_count + count);
        s->told = xrealloc(s->told, s->told_size * sizeof(*s->told));
    }
    for (unsigned i = 0; i < count; i++) {
        struct event *copy = &s->told[s->told_count++];

        *copy = e[i];
        copy->name = xstrdup(e[i].name);
        copy->text = xstrdup(e[i].text);
        copy->candidates = NULL;
        copy->candidate_count = 0;
    }
}

/* True if it changed an object. */
static bool apply(struct stage *s, const struct command *cmd, struct reply *ret)
{
    uint64_t before = cluster_objects_digest(s->cluster);
    bool changed;

    cluster_apply(s->cluster, s->now_ms, cmd, ret);
    apply_to_twin(s, cmd, ret);
    changed = cluster_objects_digest(s->cluster) != before;
    if (is_refusal(ret->code) && changed)
        stage_alarm(s, "a refused %s has changed something", command_kind_name(cmd->kind));
    cluster_check(s->cluster);
    check_starts(s, cmd);
    check_operations(s);
    check_why(s);
    check_deadline(s);
    check_twin(s);
    remember(s);
    s->commands++;
    return changed;
}

void stage_apply(struct stage *s, const struct command *cmd)
{
    struct reply reply;

    apply(s, cmd, &reply);
    if (!s->quiet)
        tell_changes(s);
}

void stage_command(struct stage *s, const struct command *cmd)
{
    foresee(s, cmd);
    s->changed = apply(s, cmd, &s->reply);
    if (s->quiet && is_refusal(s->reply.code))
        stage_alarm(s, "the set-up is refused: %s %s", error_name(s->reply.code), s->reply.detail);
    if (s->quiet)
        return;
    tell_reply(s);
    tell_changes(s);
}

/* -------------------------------------------------------------------- time */

static void tick(struct stage *s)
{
    stage_apply(s, &(struct command){.kind = COMMAND_TICK});
}

void stage_play(struct stage *s)
{
    for (unsigned rounds = 0; cast_report(s); rounds++)
        if (rounds > 10000)
            stage_alarm(s, "it does not come to rest");
}

void stage_pass(struct stage *s, uint64_t until_ms)
{
    for (unsigned rounds = 0;; rounds++) {
        uint64_t due_ms = cluster_next_deadline(s->cluster), said_ms = cast_next(s);
        uint64_t next_ms = due_ms < said_ms ? due_ms : said_ms;

        if (next_ms > until_ms)
            break;
        if (rounds > 100000)
            stage_alarm(s, "time does not pass");
        if (next_ms > s->now_ms)
            s->now_ms = next_ms;
        if (due_ms <= s->now_ms)
            tick(s);
        stage_play(s);
    }
    s->now_ms = until_ms;
    tick(s);
    stage_play(s);
}

/* ------------------------------------------------------------------- marks */

void stage_mark(struct stage *s, const char *label)
{
    struct arena arena = {0};
    struct mark *m = (struct mark *)stage_find_mark(s, label);

    if (m == NULL) {
        if (s->mark_count == MARKS_MAX)
            stage_alarm(s, "too many marks");
        m = &s->marks[s->mark_count++];
        *m = (struct mark){.label = xstrdup(label)};
    }
    cluster_free(m->as);
    m->as = NULL;
    m->told = s->told_count;
    if (cluster_read(tree_of_cluster(s->cluster, &arena), &m->as) != 0)
        stage_alarm(s, "the snapshot cannot be restored");
    arena_release(&arena);
}

const struct mark *stage_find_mark(const struct stage *s, const char *label)
{
    for (unsigned i = 0; i < s->mark_count; i++)
        if (strcmp(s->marks[i].label, label) == 0)
            return &s->marks[i];
    return NULL;
}

/* -------------------------------------------------------------------- life */

void stage_init(struct stage *s)
{
    memset(s, 0, sizeof(*s));
    s->cluster = cluster_new();
    s->twin = cluster_new();
    s->now_ms = STAGE_BEGIN_MS;
    s->quiet = true;
    stage_found(s, LEVEL_MAX);
}

void stage_found(struct stage *s, uint32_t level)
{
    if (cluster_next_node(s->cluster, NULL) != NULL)
        stage_alarm(s, "the cluster was founded before its nodes came up");
    cluster_free(s->cluster);
    cluster_free(s->twin);
    s->cluster = cluster_new();
    s->twin = cluster_new();
    stage_apply(s,
                &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "world", .level = level});
}

void stage_release(struct stage *s)
{
    cluster_free(s->cluster);
    cluster_free(s->twin);
    cluster_free(s->foreseen);
    cast_release(s);
    for (unsigned i = 0; i < s->mark_count; i++) {
        free(s->marks[i].label);
        cluster_free(s->marks[i].as);
    }
    for (unsigned i = 0; i < s->told_count; i++) {
        free(s->told[i].name);
        free(s->told[i].text);
    }
    free(s->told);
    bytes_release(&s->lines);
}

void stage_alarm(struct stage *s, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (s->alarm != NULL)
        s->alarm(s->alarm_arg, text);
    fprintf(stderr, "%s\n", text);
    abort();
}
