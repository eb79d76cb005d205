/* The lines that are no command of a client: nodes, handlers, time, and the
 * short words of a set-up. */
#include "tests/scenarios/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/scenarios/object.h"
#include "tests/scenarios/order.h"

static uint64_t needed_duration(struct stage *s, struct words *w)
{
    uint64_t ms;

    if (!duration_parse(needed(s, w, "a duration"), &ms))
        stage_alarm(s, "a duration is a number and ms, s, min, h or d");
    return ms;
}

static uint32_t needed_number(struct stage *s, struct words *w)
{
    uint32_t number;

    if (!number_parse(needed(s, w, "a number"), &number))
        stage_alarm(s, "not a number");
    return number;
}

static const struct node *needed_node(struct stage *s, struct words *w)
{
    const char *name = needed(s, w, "a node");
    const struct node *n = cluster_node_by_name(s->cluster, name);

    if (n == NULL)
        stage_alarm(s, "no node is named %s", name);
    return n;
}

static const struct mark *needed_mark(struct stage *s, struct words *w)
{
    const char *label = needed(s, w, "a mark");
    const struct mark *m = stage_find_mark(s, label);

    if (m == NULL)
        stage_alarm(s, "nothing is marked %s", label);
    return m;
}

/* ------------------------------------------------------------------- nodes */

static enum cause needed_cause(struct stage *s, struct words *w)
{
    const char *name = needed(s, w, "a cause");
    enum cause cause = CAUSE_NONE;

    while (strcmp(cause_name(cause), name) != 0)
        if (++cause == CAUSE_COUNT)
            stage_alarm(s, "there is no cause \"%s\"", name);
    return cause;
}

static void node_up(struct stage *s, const char *name, struct words *w)
{
    const struct node *n = cluster_node_by_name(s->cluster, name);
    char disk[300], address[300];
    struct command cmd = {.kind = COMMAND_NODE_UP,
                          .level = LEVEL_MAX,
                          .name = name,
                          .disk = disk,
                          .address = address};

    snprintf(disk, sizeof(disk), "disk-of-%s", name);
    snprintf(address, sizeof(address), "%s:7400", name);
    cmd.node = 1;
    while (n == NULL && (cluster_node(s->cluster, cmd.node) != NULL ||
                         cluster_departed(s->cluster, cmd.node, NULL)))
        cmd.node++;
    if (n != NULL)
        cmd.node = n->id;
    while (!words_done(w)) {
        if (words_take(w, "id"))
            cmd.node = needed_number(s, w);
        else if (words_take(w, "disk"))
            cmd.disk = needed(s, w, "a disk");
        else if (words_take(w, "witness"))
            cmd.flags |= NODE_UP_WITNESS;
        else if (words_take(w, "knows"))
            cmd.level = needed_number(s, w);
        else if (words_take(w, "because"))
            cmd.cause = needed_cause(s, w);
        else if (words_take(w, "unheard"))
            cmd.ms = needed_number(s, w);
        else
            stage_alarm(s, "node NAME up [id N] [disk D] [witness] [knows LEVEL] [because CAUSE "
                           "unheard MS]");
    }
    if (cmd.node <= NODES_MAX)
        s->silent[cmd.node] = false;
    stage_command(s, &cmd);
}

/* node NAME recovers [epoch N]: alone, for a majority was lost for good */
static void node_recovers(struct stage *s, const struct node *n, struct words *w)
{
    struct command cmd = {
        .kind = COMMAND_CLUSTER_RECOVER, .node = n->id, .epoch = cluster_epoch(s->cluster) + 1};

    if (words_take(w, "epoch"))
        cmd.epoch = needed_number(s, w);
    stage_command(s, &cmd);
}

/* node NAME down|stopped|leaving|ended [as-of MARK] [seen SEQ] [unheard MS] [after MS] */
static void node_goes(struct stage *s, const struct node *n, struct words *w)
{
    struct command cmd = {.kind = COMMAND_NODE_DOWN,
                          .node = n->id,
                          .incarnation = n->incarnation,
                          .node_seq = n->renewed_seq,
                          .cause = CAUSE_NODE_LEASE_EXPIRED};

    if (words_take(w, "stopped"))
        cmd.cause = CAUSE_NODE_STOPPED;
    else if (words_take(w, "leaving"))
        cmd = (struct command){
            .kind = COMMAND_NODE_LEAVING, .node = n->id, .incarnation = n->incarnation};
    else if (words_take(w, "ended"))
        cmd.kind = COMMAND_NODE_ENDED;
    else if (!words_take(w, "down"))
        stage_alarm(s, "node NAME up, down, stopped, leaving, ended, silent or back");
    while (!words_done(w)) {
        if (words_take(w, "as-of"))
            cmd.incarnation = cluster_node(needed_mark(s, w)->as, n->id)->incarnation;
        else if (words_take(w, "seen"))
            cmd.node_seq = needed_number(s, w);
        else if (words_take(w, "unheard") || words_take(w, "after"))
            cmd.ms = needed_number(s, w);
        else
            stage_alarm(s, "what is \"%s\"?", words_peek(w)->text);
    }
    stage_command(s, &cmd);
}

static void act_node(struct stage *s, struct words *w)
{
    const char *name = needed(s, w, "a node");
    const struct node *n = cluster_node_by_name(s->cluster, name);

    if (words_take(w, "up")) {
        node_up(s, name, w);
        return;
    }
    if (n == NULL)
        stage_alarm(s, "no node is named %s", name);
    if (words_take(w, "recovers"))
        node_recovers(s, n, w);
    else if (words_take(w, "silent"))
        s->silent[n->id] = true;
    else if (words_take(w, "back"))
        s->silent[n->id] = false;
    else
        node_goes(s, n, w);
}

/* fencing NODE begun [seen SEQ] [as-of MARK]: the leader does not hear it
 * fencing NODE attempt LEVEL by NODE
 * fencing NODE off|level-failed|failed|on|not-on [attempt-of MARK] [as-of MARK] [saying "..."] */
static void act_fencing(struct stage *s, struct words *w)
{
    static const char *const results[] = {"off", "level-failed", "failed", "on", "not-on"};
    const struct node *n = needed_node(s, w);
    struct command cmd = {.kind = COMMAND_FENCE_RESULT,
                          .node = n->id,
                          .incarnation = n->incarnation,
                          .node_seq = n->renewed_seq,
                          .attempt = n->fencing.attempt};

    if (words_take(w, "begun")) {
        cmd.kind = COMMAND_FENCE_NODE;
    } else if (words_take(w, "attempt")) {
        cmd.kind = COMMAND_FENCE_ATTEMPT;
        cmd.level = needed_number(s, w);
        if (!words_take(w, "by"))
            stage_alarm(s, "by NODE");
        cmd.by = needed_node(s, w)->id;
    }
    for (unsigned i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        if (cmd.kind == COMMAND_FENCE_RESULT && words_take(w, results[i]))
            cmd.flags = i + 1;
    while (!words_done(w)) {
        if (words_take(w, "as-of"))
            cmd.incarnation = cluster_node(needed_mark(s, w)->as, n->id)->incarnation;
        else if (words_take(w, "attempt-of"))
            cmd.attempt = cluster_node(needed_mark(s, w)->as, n->id)->fencing.attempt;
        else if (words_take(w, "seen"))
            cmd.node_seq = needed_number(s, w);
        else if (words_take(w, "saying"))
            cmd.other = needed(s, w, "words");
        else
            stage_alarm(s, "what is \"%s\"?", words_peek(w)->text);
    }
    stage_command(s, &cmd);
}

static void act_nodes(struct stage *s, struct words *w)
{
    struct words none = {.count = 0};

    while (!words_done(w))
        node_up(s, words_next(w), &none);
}

/* pulse NODE SEQ [behind|unsure] ... [as-of MARK] */
static void act_pulse(struct stage *s, struct words *w)
{
    struct renewal renewals[NODES_MAX];
    struct command cmd = {.kind = COMMAND_PULSE, .renewals = renewals};

    while (!words_done(w)) {
        if (words_take(w, "as-of")) {
            const struct mark *m = needed_mark(s, w);

            for (unsigned i = 0; i < cmd.renewal_count; i++)
                renewals[i].incarnation = cluster_node(m->as, renewals[i].node)->incarnation;
            continue;
        }
        const struct node *n = needed_node(s, w);

        if (cmd.renewal_count == NODES_MAX)
            stage_alarm(s, "too many nodes");
        renewals[cmd.renewal_count++] =
            (struct renewal){n->id, n->incarnation, needed_number(s, w), 0};
        if (words_take(w, "behind"))
            renewals[cmd.renewal_count - 1].flags = RENEWAL_BEHIND | RENEWAL_TELL;
        else if (words_take(w, "unsure"))
            renewals[cmd.renewal_count - 1].flags = RENEWAL_TELL;
    }
    stage_command(s, &cmd);
}

/* ----------------------------------------------------------------- reports */

static const struct {
    const char *word;
    enum report_event event;
} report_words[] = {
    {"online", REPORT_ONLINE},
    {"offline", REPORT_OFFLINE},
    {"failed", REPORT_FAILED},
    {"locked", REPORT_LOCKED},
    {"unlocked", REPORT_UNLOCKED},
    {"cannot-online-here", REPORT_CANNOT_ONLINE_HERE},
    {"cannot-online-anywhere", REPORT_CANNOT_ONLINE_ANYWHERE},
    {"embedded-failure", REPORT_EMBEDDED_FAILURE},
    {"embedded-recovered", REPORT_EMBEDDED_RECOVERED},
};

static enum report_event take_event(struct stage *s, struct words *w)
{
    for (size_t i = 0; i < sizeof(report_words) / sizeof(report_words[0]); i++)
        if (words_take(w, report_words[i].word))
            return report_words[i].event;
    stage_alarm(s, "a report is not \"%s\"", words_peek(w)->text);
}

static const struct resource *needed_resource(struct stage *s, struct words *w)
{
    const char *name = needed(s, w, "a resource");
    const struct resource *r = cluster_resource_by_name(s->cluster, name);

    if (r == NULL)
        stage_alarm(s, "no resource is named %s", name);
    return r;
}

/* As its owner at that moment would have said it: `life-of` takes only the
 * number of the resource's life from there, `incarnation-of` only the node's. */
static void report_as_of(struct command *cmd, struct report *report, const struct mark *m,
                         bool life, bool incarnation)
{
    const struct resource *r = cluster_resource(m->as, report->resource);

    if (life && incarnation)
        cmd->node = r->group->owner;
    if (life)
        report->operation = r->operation;
    if (incarnation)
        cmd->incarnation = cluster_node(m->as, cmd->node)->incarnation;
}

/* report RESOURCE EVENT [code N] [saying TEXT] [from NODE]
 *        [as-of MARK] [life-of MARK] [incarnation-of MARK] */
static void act_report(struct stage *s, struct words *w)
{
    const struct resource *r = needed_resource(s, w);
    struct report report = {.resource = r->id, .operation = r->operation};
    struct command cmd = {
        .kind = COMMAND_REPORT, .node = r->group->owner, .reports = &report, .report_count = 1};

    report.event = take_event(s, w);
    cmd.incarnation = cluster_node(s->cluster, cmd.node)->incarnation;
    while (!words_done(w)) {
        if (words_take(w, "code"))
            report.code = needed_number(s, w);
        else if (words_take(w, "saying"))
            report.text = needed(s, w, "words");
        else if (words_take(w, "as-of"))
            report_as_of(&cmd, &report, needed_mark(s, w), true, true);
        else if (words_take(w, "life-of"))
            report_as_of(&cmd, &report, needed_mark(s, w), true, false);
        else if (words_take(w, "incarnation-of"))
            report_as_of(&cmd, &report, needed_mark(s, w), false, true);
        else if (words_take(w, "from")) {
            const struct node *n = needed_node(s, w);

            cmd.node = n->id;
            cmd.incarnation = n->incarnation;
        } else
            stage_alarm(s, "what is \"%s\"?", words_peek(w)->text);
    }
    stage_command(s, &cmd);
}

/* ---------------------------------------------------------------- handlers */

static void handler_how(struct stage *s, struct words *w, struct handler *h)
{
    h->how = HANDLER_OBEYS;
    h->event = REPORT_FAILED;
    if (words_take(w, "obeys"))
        return;
    if (words_take(w, "takes"))
        h->after_ms = needed_duration(s, w);
    else if (words_take(w, "hangs"))
        h->how = HANDLER_HANGS;
    else if (words_take(w, "silent"))
        h->how = HANDLER_IS_SILENT;
    else if (words_take(w, "fails"))
        h->how = HANDLER_FAILS;
    else if (words_take(w, "says")) {
        h->how = HANDLER_FAILS;
        h->event = take_event(s, w);
    } else
        stage_alarm(s, "a handler obeys, takes 3s, fails, hangs, is silent or says EVENT");
}

/* handler RESOURCE|every [on NODE] [online|offline]
 *         obeys | takes 3s | hangs | silent | fails | says EVENT
 *         [after 3s] [code N] [saying TEXT] [N times] */
static void act_handler(struct stage *s, struct words *w)
{
    struct handler *h = &s->handlers[s->handler_count];

    if (s->handler_count++ == HANDLERS_MAX)
        stage_alarm(s, "too many handlers");
    *h = (struct handler){.online = true, .offline = true};
    if (!words_take(w, "every"))
        h->resource = xstrdup(needed_resource(s, w)->name);
    if (words_take(w, "on"))
        h->node = needed_node(s, w)->id;
    if (words_take(w, "online"))
        h->offline = false;
    else if (words_take(w, "offline"))
        h->online = false;
    handler_how(s, w, h);
    while (!words_done(w)) {
        if (words_take(w, "after"))
            h->after_ms = needed_duration(s, w);
        else if (words_take(w, "code"))
            h->code = needed_number(s, w);
        else if (words_take(w, "saying"))
            h->text = xstrdup(needed(s, w, "words"));
        else {
            h->times = needed_number(s, w);
            if (!words_take(w, "times") && !words_take(w, "time"))
                stage_alarm(s, "times");
        }
    }
}

/* ------------------------------------------------------------------ set-up */

static void create(struct stage *s, struct command *cmd, enum command_kind kind, const char *name)
{
    cmd->kind = kind;
    cmd->name = name;
    stage_command(s, cmd);
}

static void depend(struct stage *s, const char *name, struct words *w)
{
    if (words_peek(w)->quoted) {
        struct command cmd = {.kind = COMMAND_RESOURCE_DEPENDENCIES, .name = name};

        cmd.expression = words_next(w);
        stage_command(s, &cmd);
        return;
    }
    do {
        struct command cmd = {.kind = COMMAND_RESOURCE_DEPEND, .name = name};

        cmd.other = needed(s, w, "a provider");
        stage_command(s, &cmd);
    } while (words_take(w, "and"));
}

/* NAME [is TYPE] [needs P and P | needs "EXPRESSION"] [NAME=VALUE ...] */
static void group_member(struct stage *s, const char *group, struct words *w)
{
    const char *name = needed(s, w, "a resource");
    struct order o;

    order_init(&o);
    o.cmd.other = group;
    o.cmd.type = words_take(w, "is") ? needed(s, w, "a type") : "dummy";
    struct words needs = *w;
    if (words_take(w, "needs")) {
        do
            needed(s, w, "a provider");
        while (words_take(w, "and"));
    }
    order_parse_rest(s, w, NULL, &o);
    create(s, &o.cmd, COMMAND_RESOURCE_CREATE, name);
    order_release(&o);
    if (words_take(&needs, "needs"))
        depend(s, name, &needs);
}

/* group NAME [prefers A B] [NAME=VALUE ...] [: member, member ...] */
static void act_group(struct stage *s, struct words *w)
{
    const char *name = needed(s, w, "a group");
    struct order o;

    order_init(&o);
    order_parse_rest(s, w, NULL, &o);
    o.cmd.has_names = false;
    create(s, &o.cmd, COMMAND_GROUP_CREATE, name);
    order_release(&o);
    if (!words_take(w, ":"))
        return;
    do
        group_member(s, name, w);
    while (words_take(w, ","));
}

/* -------------------------------------------------------------------- time */

static void act_at(struct stage *s, struct words *w)
{
    uint64_t clock_ms, day_ms = s->now_ms / DAY_MS * DAY_MS;

    if (!clock_parse(needed(s, w, "a time"), &clock_ms))
        stage_alarm(s, "a time is 23:59, 23:59:30 or 23:59:30.250");
    stage_pass(s, day_ms + clock_ms > s->now_ms ? day_ms + clock_ms : day_ms + DAY_MS + clock_ms);
}

static bool act_pass(struct stage *s, struct words *w)
{
    const char *text = words_peek(w)->text;
    uint64_t ms;

    if (text[0] != '+' || !duration_parse(text + 1, &ms))
        return false;
    words_next(w);
    stage_pass(s, s->now_ms + ms);
    return true;
}

static void act_mark(struct stage *s, struct words *w)
{
    stage_mark(s, needed(s, w, "a label"));
}

/* level founded N: a new cluster, before its nodes; level update [N]: raise it. */
static void act_level(struct stage *s, struct words *w)
{
    struct command cmd = {.kind = COMMAND_CLUSTER_LEVEL};

    if (words_take(w, "founded")) {
        stage_found(s, needed_number(s, w));
        return;
    }
    if (!words_take(w, "update"))
        stage_alarm(s, "level founded N or level update [N]");
    if (!words_done(w))
        cmd.level = needed_number(s, w);
    stage_command(s, &cmd);
}

/* hold: nobody acts or reports by itself any more. */
static void act_hold(struct stage *s, struct words *w)
{
    (void)w;
    s->held = true;
}

static void act_release(struct stage *s, struct words *w)
{
    (void)w;
    s->held = false;
}

/* --------------------------------------------------------------------- act */

static const struct {
    const char *word;
    void (*act)(struct stage *s, struct words *w);
} acts[] = {
    {"nodes", act_nodes},     {"node", act_node},       {"group", act_group},
    {"pulse", act_pulse},     {"report", act_report},   {"handler", act_handler},
    {"at", act_at},           {"mark", act_mark},       {"hold", act_hold},
    {"release", act_release}, {"fencing", act_fencing}, {"level", act_level},
};

static bool act_own(struct stage *s, struct words *w)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (words_take(w, acts[i].word)) {
            acts[i].act(s, w);
            return true;
        }
    return act_pass(s, w);
}

void act(struct stage *s, struct words *w)
{
    struct order o;

    if (!act_own(s, w)) {
        order_init(&o);
        if (!order_parse(s, w, &o))
            stage_alarm(s, "what is \"%s\"?", words_peek(w)->text);
        stage_command(s, &o.cmd);
        order_release(&o);
    }
    if (!words_done(w))
        stage_alarm(s, "too many words from \"%s\" on", words_peek(w)->text);
    stage_play(s);
    foresee_check(s);
}
