/* What happened, as lines of the transcript. Nothing in them depends on the
 * numbers of commands: a line more in the set-up must not change the rest. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tests/scenarios/object.h"

const char *state_name(enum object_kind kind, uint32_t state)
{
    switch (kind) {
    case OBJECT_NODE:
        return node_state_name((enum node_state)state);
    case OBJECT_GROUP:
        return group_state_name((enum group_state)state);
    case OBJECT_RESOURCE:
        return resource_state_name((enum resource_state)state);
    case OBJECT_CLUSTER:
        break;
    }
    return "?";
}

/* "12:00:00", "12:00:00.500", "day 2 00:15:00". */
void tell_clock(char text[48], uint64_t stamp_ms)
{
    uint64_t day = stamp_ms / DAY_MS - STAGE_BEGIN_MS / DAY_MS + 1;
    unsigned ms = (unsigned)(stamp_ms % DAY_MS), seconds = ms / 1000;
    char prefix[24] = "", fraction[8] = "";

    if (day > 1)
        snprintf(prefix, sizeof(prefix), "day %u ", (unsigned)day);
    if (ms % 1000 != 0)
        snprintf(fraction, sizeof(fraction), ".%03u", ms % 1000);
    snprintf(text, 48, "%s%02u:%02u:%02u%s", prefix, seconds / 3600, seconds / 60 % 60,
             seconds % 60, fraction);
}

static void tell_time(struct stage *s)
{
    char text[48];

    if (s->clock_told_ms == s->now_ms)
        return;
    s->clock_told_ms = s->now_ms;
    tell_clock(text, s->now_ms);
    bytes_printf(&s->lines, "| -- %s\n", text);
}

void tell_reply(struct stage *s)
{
    const struct reply *reply = &s->reply;

    unsigned changes;

    cluster_changes(s->cluster, &changes);
    if (reply->code == 0 && changes > 0)
        return;
    tell_time(s);
    if (reply->code == 0) {
        bytes_printf(&s->lines, "| %s\n", s->changed ? "done" : "done, no change");
        return;
    }
    bytes_printf(&s->lines, "| %s", error_name(reply->code));
    if (reply->detail[0] != '\0')
        bytes_printf(&s->lines, ": %s", reply->detail);
    bytes_append(&s->lines, "\n", 1);
}

/* Why each of the nodes that were not chosen was not. */
static void tell_candidates(struct stage *s, const struct event *e)
{
    const char *joint = "not";

    for (unsigned i = 0; i < e->candidate_count; i++) {
        const struct candidate *k = &e->candidates[i];

        if (k->rule == PLACEMENT_CHOSEN)
            continue;
        bytes_printf(&s->lines, "%s %s %s", joint, node_name(s, k->node),
                     placement_rule_name(k->rule));
        if (k->value != k->best)
            bytes_printf(&s->lines, " (%u, not %u)", k->value, k->best);
        joint = ",";
    }
}

static void tell_change(struct stage *s, const struct event *e)
{
    const struct node *n = e->object != OBJECT_NODE ? cluster_node(s->cluster, e->node) : NULL;

    tell_time(s);
    bytes_printf(&s->lines, "|  %s%s", e->object == OBJECT_RESOURCE ? "  " : "", e->name);
    if (n != NULL)
        bytes_printf(&s->lines, " on %s", n->name);
    bytes_append(&s->lines, ": ", 2);
    if (e->from != e->to)
        bytes_printf(&s->lines, "%s -> %s, ", state_name(e->object, e->from),
                     state_name(e->object, e->to));
    bytes_printf(&s->lines, "%s", cause_name(e->cause));
    if (e->code != 0)
        bytes_printf(&s->lines, ", %s", error_name(e->code));
    if (e->text != NULL)
        bytes_printf(&s->lines, ", \"%s\"", e->text);
    bytes_append(&s->lines, "\n", 1);
    if (e->candidate_count > 1) {
        bytes_append(&s->lines, "|      ", 7);
        tell_candidates(s, e);
        bytes_append(&s->lines, "\n", 1);
    }
}

void tell_changes(struct stage *s)
{
    unsigned count;
    const struct event *e = cluster_changes(s->cluster, &count);

    for (unsigned i = 0; i < count; i++)
        tell_change(s, &e[i]);
}
