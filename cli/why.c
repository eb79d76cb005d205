/* `holdfast why`: the reasons for where something is and what it does, in
 * sentences. All of it is in the answer; nothing is judged here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/call.h"
#include "cli/output.h"

enum { PLANS_MAX = 64 };

/* What falls due by itself. */
struct plan {
    uint64_t at_ms;
    const char *text;
};

struct story {
    const struct cli *cli;
    struct arena *a;
    FILE *out;
    const struct value *answer;
    const struct value *group;
    uint64_t now_ms; /* The cluster's. */
    struct plan plans[PLANS_MAX];
    unsigned plan_count;
};

static const char *field(const struct story *s, const struct value *v, const char *key)
{
    return text_field(s->a, v, key);
}

static bool is_set(const struct value *v, const char *key)
{
    bool set = false;

    return value_get_bool(v, key, &set) && set;
}

static bool is_there(const char *text)
{
    return strcmp(text, "-") != 0 && text[0] != '\0';
}

static bool has_item(const struct value *list, const char *item)
{
    for (uint32_t i = 0; list != NULL && i < list->len; i++)
        if (value_is_str(&list->items[i], item))
            return true;
    return false;
}

static const char *coloured(const struct story *s, const char *state)
{
    return style_text(s->cli, s->a, style_of_state(state), state);
}

/* " because a client asked for a move,\n  by command 42 (group-move) at ..., 3 s ago.\n" */
static void tell_why(const struct story *s, const struct value *why, const char *indent)
{
    const char *cause = field(s, why, "cause_text");

    if (why == NULL || why->type != VALUE_MAP) {
        fputs(".\n", s->out);
        return;
    }
    fprintf(s->out, "%s%s,\n%s%s.\n", is_there(cause) ? " because " : "",
            is_there(cause) ? cause : "", indent, text_command(s->a, why));
}

/* ----------------------------------------------------------- what comes by itself */

static void plan_add(struct story *s, const struct value *of, const char *key, const char *text)
{
    uint64_t at_ms = 0;

    if (value_get_uint(of, key, &at_ms) && at_ms != 0 && s->plan_count < PLANS_MAX)
        s->plans[s->plan_count++] = (struct plan){at_ms, text};
}

static int compare_plans(const void *x, const void *y)
{
    const struct plan *a = x, *b = y;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return strcmp(a->text, b->text);
}

static void plan_group(struct story *s)
{
    const struct value *resources = value_get_array(s->group, "resources");

    plan_add(s, s->group, "rescue_at_ms",
             arena_printf(s->a, "it waits no longer for %s, and goes to another node",
                          field(s, s->group, "owner")));
    plan_add(s, s->group, "ending_at_ms",
             arena_printf(s->a,
                          "%s has had the TerminateBudget of %s, and no longer runs it for certain",
                          field(s, s->group, "owner"), field(s, s->group, "ending_resource")));
    plan_add(s, s->group, "start_at_ms", "its GroupStartDelay is over, and it is started");
    plan_add(s, s->group, "failback_at_ms", "it may go back to a node that it prefers");
    for (uint32_t i = 0; resources != NULL && i < resources->len; i++) {
        const struct value *r = &resources->items[i];
        const char *name = field(s, r, "name");
        plan_add(s, r, "restart_at_ms", arena_printf(s->a, "resource %s is restarted", name));
        plan_add(s, r, "retry_at_ms",
                 arena_printf(s->a, "resource %s is tried again (RetryPeriodOnFailure)", name));
    }
}

/* What is under way goes on when a handler has answered. */
static unsigned tell_pending(const struct story *s)
{
    const struct value *resources = value_get_array(s->group, "resources");
    unsigned count = 0;

    for (uint32_t i = 0; resources != NULL && i < resources->len; i++) {
        const struct value *r = &resources->items[i];
        const char *state = field(s, r, "state");
        uint64_t limit_ms = UINT32_MAX;

        if ((strcmp(state, "OnlinePending") != 0 && strcmp(state, "OfflinePending") != 0) ||
            is_set(r, "waits_turn"))
            continue;
        count++;
        value_get_uint(value_get_map(r, "properties"), "PendingTimeout", &limit_ms);
        fprintf(s->out, "  when resource %s is no longer %s", field(s, r, "name"), state);
        if (limit_ms != UINT32_MAX)
            fprintf(s->out, "; it fails after %s without a sign of progress",
                    text_duration(s->a, limit_ms));
        fputc('\n', s->out);
    }
    return count;
}

static void tell_next(struct story *s)
{
    const struct value *operation = value_get_map(s->group, "operation");
    unsigned told = 0;

    plan_group(s);
    qsort(s->plans, s->plan_count, sizeof(s->plans[0]), compare_plans);
    fputs("\nWhat comes next:\n", s->out);
    told += tell_pending(s);
    for (unsigned i = 0; i < s->plan_count; i++, told++)
        fprintf(s->out, "  %s: %s\n", text_in(s->a, s->now_ms, s->plans[i].at_ms),
                s->plans[i].text);
    if (operation != NULL && is_set(operation, "queued")) {
        fprintf(s->out, "  the %s that waits begins when that has changed: %s\n",
                field(s, operation, "kind"), field(s, operation, "wait_text"));
        told++;
    }
    if (told == 0)
        fputs("  nothing by itself: it stays so until something happens to it or somebody acts\n",
              s->out);
    if (told == 0 && operation == NULL && strcmp(text_persistent(s->a, s->group), "Online") == 0 &&
        !value_is_str(value_get(s->group, "state"), "Online"))
        fprintf(s->out, "  try: holdfast group online %s\n", field(s, s->group, "name"));
}

/* ---------------------------------------------------------------------- groups */

static void tell_operation(const struct story *s)
{
    const struct value *op = value_get_map(s->group, "operation");
    const char *target = field(s, op, "target"), *resource = field(s, op, "resource");

    if (op == NULL)
        return;
    fprintf(s->out, "\nOperation %s, %s%s%s%s%s, %s%s: %s.\n", field(s, op, "id"),
            field(s, op, "kind"), is_there(resource) ? " of resource " : "",
            is_there(resource) ? resource : "", is_there(target) ? " to " : "",
            is_there(target) ? target : "", is_set(op, "queued") ? "waits since " : "began ",
            text_since(s->a, op), field(s, op, "cause_text"));
    if (is_set(op, "queued"))
        fprintf(s->out, "  It waits: %s.\n", field(s, op, "wait_text"));
    if (is_set(op, "returning"))
        fputs("  It failed at its target, and goes back.\n", s->out);
}

static void tell_status(const struct story *s)
{
    static const struct {
        const char *name, *text;
    } texts[] = {
        {"locked-mode", "A resource of it is locked: what changes its state is refused, or waits."},
        {"preempted", "It was taken offline to make room for a group of higher priority."},
        {"physical-resources-lacking", "No node has the room that it needs."},
        {"embedded-failure", "Something within one of its resources failed."},
        {"offline-due-to-antiaffinity-conflict",
         "It is offline because it must not be with a group that is there."},
    };
    const struct value *status = value_get_array(s->group, "status");
    const char *drained_from = field(s, s->group, "drained_from");

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (has_item(status, texts[i].name))
            fprintf(s->out, "%s\n", texts[i].text);
    if (is_there(drained_from))
        fprintf(s->out, "It left %s when that was drained, and may go back when it is resumed.\n",
                drained_from);
}

/* Why no other node has it, if its own cannot. */
static void tell_nowhere(const struct story *s)
{
    const struct value *nowhere = value_get_map(s->group, "nowhere");
    const struct value *candidates = value_get_array(nowhere, "candidates");

    if (candidates == NULL || candidates->len == 0)
        return;
    fprintf(s->out, "  No other node can take it, %s:\n",
            text_command(s->a, value_get(nowhere, "why")));
    show_candidates(s->cli, s->a, candidates, "    ");
}

/* "  n1 was not heard of for 2021 ms; by its own word its daemon was frozen, for 5.2 s." */
static void tell_lapse(const struct story *s, const char *name, const struct value *lapse)
{
    const struct value *why = value_get_map(lapse, "why");
    uint64_t unheard_ms = 0, ms = 0;

    if (lapse == NULL || lapse->type != VALUE_MAP)
        return;
    value_get_uint(lapse, "unheard_ms", &unheard_ms);
    value_get_uint(lapse, "ms", &ms);
    fprintf(s->out, "  %s lost its lease", name);
    if (unheard_ms != 0)
        fprintf(s->out, ": it was not heard of for %" PRIu64 " ms", unheard_ms);
    if (why == NULL)
        fputs(".\n  It has not said why yet.\n", s->out);
    else
        fprintf(s->out, ".\n  By its own word %s, for %" PRIu64 " ms.\n",
                field(s, why, "cause_text"), ms);
}

static void tell_place(const struct story *s)
{
    const struct value *placement = value_get_map(s->group, "placement");
    const struct value *candidates = value_get_array(placement, "candidates");
    const struct value *node = value_get_map(s->answer, "node");
    const struct value *former = value_get_map(s->answer, "former");
    const char *owner = field(s, s->group, "owner");

    fprintf(s->out, "\nIt is on %s", owner);
    tell_why(s, value_get(placement, "why"), "  ");
    if (former != NULL)
        tell_lapse(s, field(s, former, "name"), value_get_map(former, "lapse"));
    if (!value_is_str(value_get(node, "state"), "Up"))
        fprintf(s->out, "  %s is %s%s.\n", owner, field(s, node, "state"), text_for(s->a, node));
    if (candidates != NULL && candidates->len > 0) {
        fputs("  The nodes then:\n", s->out);
        show_candidates(s->cli, s->a, candidates, "    ");
    }
    tell_nowhere(s);
}

/* ------------------------------------------------------------------- resources */

static const char *wanted_state(const struct story *s, const struct value *resource)
{
    const char *own = text_persistent(s->a, resource);

    return strcmp(own, "inherited") == 0 ? text_persistent(s->a, s->group) : own;
}

static bool is_remarkable(const struct story *s, const struct value *r)
{
    return strcmp(field(s, r, "state"), wanted_state(s, r)) != 0 || is_set(r, "locked") ||
           is_set(r, "maintenance") || is_there(field(s, r, "refused")) ||
           has_item(value_get_array(r, "status"), "embedded-failure");
}

static void tell_verdict(const struct story *s, const struct value *r)
{
    const struct value *verdict = value_get_map(r, "verdict");
    uint64_t restarts = 0;

    if (verdict == NULL || !value_is_str(value_get(r, "state"), "Failed"))
        return;
    value_get_uint(r, "restarts", &restarts);
    fprintf(s->out, "    What was done about it: %s", field(s, verdict, "cause_text"));
    if (restarts > 0)
        fprintf(s->out, " (%llu restarts in this period)", (unsigned long long)restarts);
    fprintf(s->out, ",\n      %s.\n", text_command(s->a, verdict));
}

static const struct value *find_resource(const struct story *s, const char *name)
{
    const struct value *resources = value_get_array(s->group, "resources");

    for (uint32_t i = 0; resources != NULL && i < resources->len; i++)
        if (name_equal(field(s, &resources->items[i], "name"), name))
            return &resources->items[i];
    return NULL;
}

/* "It needs a, b: a is Failed." if what it needs is part of the reason. */
static void tell_needs(const struct story *s, const struct value *r)
{
    const struct value *providers = value_get_array(r, "providers");
    const char *list = "";

    for (uint32_t i = 0; providers != NULL && i < providers->len; i++) {
        const char *name = text_value(s->a, &providers->items[i]);
        const char *state = field(s, find_resource(s, name), "state");
        if (strcmp(state, "Online") != 0)
            list =
                arena_printf(s->a, "%s%s%s is %s", list, list[0] == '\0' ? "" : ", ", name, state);
    }
    if (list[0] != '\0')
        fprintf(s->out, "    It needs %s: %s.\n", text_needs(s->a, r), list);
}

/* "db: Failed for 12 s, wanted Online: disk is gone (1117 ERROR_IO_DEVICE)" */
static void tell_resource_state(const struct story *s, const struct value *r)
{
    const char *state = field(s, r, "state"), *wanted = wanted_state(s, r);
    const char *failure = text_failure(s->a, r);

    fprintf(s->out, "  %s: ", field(s, r, "name"));
    if (is_set(r, "waits_turn")) {
        fprintf(s->out, "waits for its turn to %s\n",
                strcmp(state, "OnlinePending") == 0 ? "come online" : "go offline");
        return;
    }
    fprintf(s->out, "%s%s", coloured(s, state), text_for(s->a, r));
    if (strcmp(state, wanted) != 0)
        fprintf(s->out, ", wanted %s", wanted);
    if (strcmp(state, "Failed") == 0 && failure[0] != '\0')
        fprintf(s->out, ": %s", failure);
    fputs("\n   ", s->out);
    tell_why(s, value_get(r, "why"), "    ");
}

static void tell_resource(const struct story *s, const struct value *r)
{
    const char *failure = text_failure(s->a, r), *refused = field(s, r, "refused");

    tell_resource_state(s, r);
    tell_verdict(s, r);
    if (strcmp(wanted_state(s, r), "Online") == 0 && !value_is_str(value_get(r, "state"), "Online"))
        tell_needs(s, r);
    if (is_set(r, "locked"))
        fputs("    It is locked: its handler says that its state must not be changed now.\n",
              s->out);
    if (is_set(r, "maintenance"))
        fputs("    It is in maintenance: its failures are noted, not acted upon.\n", s->out);
    if (has_item(value_get_array(r, "status"), "embedded-failure"))
        fprintf(s->out, "    Something within it failed%s%s.\n", failure[0] == '\0' ? "" : ": ",
                failure);
    if (is_there(refused))
        fprintf(s->out, "    It cannot come online on %s: its handler says so.\n", refused);
}

static void tell_resources(const struct story *s, const char *but)
{
    const struct value *resources = value_get_array(s->group, "resources");
    uint32_t count = resources == NULL ? 0 : resources->len;
    unsigned told = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct value *r = &resources->items[i];
        if (name_equal(field(s, r, "name"), but) || !is_remarkable(s, r))
            continue;
        if (told++ == 0)
            fputs("\nResources that are not as usual:\n", s->out);
        tell_resource(s, r);
    }
    if (told > 0 || is_there(but))
        return;
    if (count == 0)
        fputs("\nIt has no resources.\n", s->out);
    else
        fprintf(s->out, "\nIts %s as wanted.\n",
                count == 1 ? "resource is" : arena_printf(s->a, "%u resources are", count));
}

/* The one that was asked about. */
static void tell_named(const struct story *s, const char *name)
{
    const struct value *r = find_resource(s, name);

    fprintf(s->out, "resource %s of group %s\n", name, field(s, s->group, "name"));
    if (r != NULL)
        tell_resource(s, r);
    fputc('\n', s->out);
}

static void tell_group(struct story *s)
{
    const char *state = field(s, s->group, "state"), *wanted = text_persistent(s->a, s->group);
    const char *resource = field(s, s->answer, "resource");

    if (is_there(resource))
        tell_named(s, resource);
    fprintf(s->out, "group %s: %s on %s%s; wanted %s\n", field(s, s->group, "name"),
            coloured(s, state), field(s, s->group, "owner"), text_for(s->a, s->group), wanted);
    tell_place(s);
    fprintf(s->out, "\nIt is %s", state);
    tell_why(s, value_get(s->group, "why"), "  ");
    tell_status(s);
    tell_operation(s);
    tell_resources(s, resource);
    tell_next(s);
}

/* ----------------------------------------------------------------------- nodes */

static void tell_node_status(const struct story *s, const struct value *node)
{
    const struct value *status = value_get_array(node, "status");
    const char *drain = field(s, node, "drain");
    uint64_t until_ms = 0;

    if (is_set(node, "leader"))
        fputs("It leads the cluster.\n", s->out);
    if (is_set(node, "paused"))
        fputs("It receives no groups until it is resumed.\n", s->out);
    if (is_there(drain) && strcmp(drain, "not-initiated") != 0)
        fprintf(s->out, "Its drain is %s%s; it owns %s groups.\n",
                strcmp(drain, "in-progress") == 0 ? "under way" : drain,
                strcmp(drain, "failed") == 0 ? ": some groups could not move away" : "",
                field(s, node, "groups"));
    if (is_set(node, "leaving"))
        fputs("It is about to stop: its groups move away.\n", s->out);
    if (has_item(status, "isolated"))
        fputs("Its groups wait for it to come back (ResiliencyPeriod).\n", s->out);
    if (value_get_uint(node, "quarantined_until_ms", &until_ms) && until_ms != 0)
        fprintf(s->out, "It left %s times, and is in quarantine: that ends %s.\n",
                field(s, node, "departures"), text_in(s->a, s->now_ms, until_ms));
    if (strcmp(field(s, value_get_map(node, "properties"), "AvoidPlacement"), "1") == 0)
        fputs("It is to be avoided: groups come here only if no other node can take them.\n",
              s->out);
}

static void tell_node_groups(const struct story *s)
{
    static const struct column columns[] = {
        {.title = "GROUP"}, {.title = "STATE"}, {.title = "ON"}, {.title = "CAME THERE"}};
    const struct value *groups = value_get_array(s->answer, "groups");
    struct table t;

    if (groups == NULL || groups->len == 0) {
        fputs("\nIt owns no groups.\n", s->out);
        return;
    }
    fputs("\nGroups that it owns, or that left it by a drain:\n", s->out);
    table_init(&t, s->a, columns, 4);
    t.indent = "  ";
    for (uint32_t i = 0; i < groups->len; i++) {
        const struct value *g = &groups->items[i];
        table_add(&t, field(s, g, "name"));
        table_add_state(&t, g, "state");
        table_add(&t, field(s, g, "owner"));
        table_add(&t, field(s, value_get_map(g, "placed"), "cause_text"));
    }
    table_print(&t, s->cli);
    table_release(&t);
}

static void tell_node(const struct story *s)
{
    const struct value *node = value_get_map(s->answer, "node");
    const char *state = field(s, node, "state");

    fprintf(s->out, "node %s: %s%s\n\nIt is %s", field(s, node, "name"), coloured(s, state),
            text_for(s->a, node), state);
    tell_why(s, value_get(node, "why"), "  ");
    if (value_get_map(node, "lapse") != NULL) {
        fputs("\nThe last time:\n", s->out);
        tell_lapse(s, field(s, node, "name"), value_get_map(node, "lapse"));
    }
    tell_node_status(s, node);
    tell_node_groups(s);
}

/* NAME, or GROUP/RESOURCE. */
int run_why(struct cli *cli)
{
    const char *name = resource_plain_name(cli->operand);
    struct story s = {.cli = cli, .a = &cli->arena, .out = cli->io->out};
    struct call call;
    int status;

    call_init(&call, "why.get", false);
    call_str(&call, "name", name);
    if (name != cli->operand)
        call_str(&call, "kind", "resource");
    if (cli_has(cli, OPTION_STALE))
        call_true(&call, "stale");
    status = cli_call(cli, &call, cli->operand, &cli->arena, &s.answer);
    if (status != CLI_DONE)
        return status;
    if (cli_has(cli, OPTION_JSON))
        return json_print_value(cli, s.answer);
    value_get_uint(s.answer, "now_ms", &s.now_ms);
    s.group = value_get_map(s.answer, "group");
    if (s.group != NULL)
        tell_group(&s);
    else
        tell_node(&s);
    return CLI_DONE;
}
