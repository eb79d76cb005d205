/* What the owner's monitor says of the resources.
 *
 * A report counts only if it comes from the present life of the node that owns
 * the group, about the present life of the resource. Everything else is the
 * echo of something that is over, and is dropped in silence: reports are
 * repeated until they are applied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

enum { REPORT_TEXT_BYTES_MAX = 1024 }; /* A handler's words are kept this far. */

/* What the handler said, cut to a bound without cutting a character; NULL if
 * it said nothing. */
static const char *report_text(const struct report *report, char buf[REPORT_TEXT_BYTES_MAX + 1])
{
    if (report->text == NULL)
        return NULL;
    snprintf(buf, REPORT_TEXT_BYTES_MAX + 1, "%s", report->text);
    size_t len = strlen(buf);
    while (!utf8_is_valid(buf, len) && len > REPORT_TEXT_BYTES_MAX - 4)
        buf[--len] = '\0';
    return buf;
}

static void report_failure(struct cluster *c, struct resource_record *r, enum cause cause,
                           const struct report *report, uint32_t default_code)
{
    char text[REPORT_TEXT_BYTES_MAX + 1];

    assert(resource_runs(r));
    /* A handler can only say so of a start; what runs already is here. */
    if (r->resource.state != RESOURCE_ONLINE_PENDING)
        cause = CAUSE_FAILED;
    resource_fails(c, r, cause, report->code != 0 ? report->code : default_code,
                   report_text(report, text));
}

static void report_end(struct cluster *c, struct resource_record *r, enum resource_state next,
                       const struct report *report)
{
    char text[REPORT_TEXT_BYTES_MAX + 1];

    assert(resource_is_pending(r));
    resource_enter_reported(c, r, next, report_text(report, text));
}

static void report_lock(struct cluster *c, struct resource_record *r, bool locked)
{
    assert(r->resource.group != NULL);
    if (!resource_runs(r) || r->resource.locked == locked)
        return;
    r->resource.locked = locked;
    resource_note(c, r, locked ? CAUSE_LOCKED : CAUSE_UNLOCKED);
    /* What waits for just that is looked at again. */
    group_touch(c, group_record(r->resource.group), locked ? CAUSE_LOCKED : CAUSE_UNLOCKED);
}

/* Something within it failed (a guest, say), while it runs. To be recovered it
 * must end first, and that is the owner's to do: it is asked to fail, and its
 * report is the failure. */
static void report_embedded_failure(struct cluster *c, struct resource_record *r)
{
    enum { NONE, LOG_ONLY, RECOVER };
    struct resource *res = &r->resource;

    assert(res->embedded_failure_action <= RECOVER);
    if (res->state != RESOURCE_ONLINE || res->embedded_failure ||
        res->embedded_failure_action == NONE)
        return;
    res->embedded_failure = true;
    if (res->embedded_failure_action == RECOVER && res->restart_action != 0 && !res->maintenance &&
        resource_is_wanted(r))
        res->fail_requested = true;
    resource_note(c, r, CAUSE_EMBEDDED_FAILURE);
}

static void report_embedded_recovered(struct cluster *c, struct resource_record *r)
{
    if (!r->resource.embedded_failure)
        return;
    assert(r->resource.state == RESOURCE_ONLINE);
    r->resource.embedded_failure = false;
    resource_note(c, r, CAUSE_EMBEDDED_RECOVERED);
}

static void report_count(struct cluster *c, struct resource_record *r, const struct report *report)
{
    static const enum cause causes[] = {
        [REPORT_FAILED] = CAUSE_FAILED,
        [REPORT_CANNOT_ONLINE_HERE] = CAUSE_CANNOT_ONLINE_HERE,
        [REPORT_CANNOT_ONLINE_ANYWHERE] = CAUSE_CANNOT_ONLINE_ANYWHERE,
    };
    enum resource_state state = r->resource.state;

    switch (report->event) {
    case REPORT_ONLINE:
        if (state == RESOURCE_ONLINE_PENDING)
            report_end(c, r, RESOURCE_ONLINE, report);
        break;
    case REPORT_OFFLINE:
        if (state == RESOURCE_OFFLINE_PENDING)
            report_end(c, r, RESOURCE_OFFLINE, report);
        else if (resource_runs(r)) /* Nobody had asked for that. */
            report_failure(c, r, CAUSE_FAILED, report, ERROR_RESOURCE_NOT_ONLINE);
        break;
    case REPORT_FAILED:
    case REPORT_CANNOT_ONLINE_HERE:
    case REPORT_CANNOT_ONLINE_ANYWHERE:
        if (resource_runs(r))
            report_failure(c, r, causes[report->event], report, ERROR_RESOURCE_FAILED);
        break;
    case REPORT_LOCKED:
    case REPORT_UNLOCKED:
        report_lock(c, r, report->event == REPORT_LOCKED);
        break;
    case REPORT_EMBEDDED_FAILURE:
        report_embedded_failure(c, r);
        break;
    case REPORT_EMBEDDED_RECOVERED:
        report_embedded_recovered(c, r);
        break;
    case REPORT_EVENT_END:
        break;
    }
}

uint32_t apply_report(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    const struct node_record *n = find_node(c, cmd->node);

    assert(cmd->kind == COMMAND_REPORT);
    (void)reply;
    if (n == NULL || n->node.state == NODE_DOWN || n->node.incarnation != cmd->incarnation)
        return 0;
    for (unsigned i = 0; i < cmd->report_count; i++) {
        struct resource_record *r = find_resource(c, cmd->reports[i].resource);

        if (r != NULL && r->resource.group->owner == n->node.id &&
            r->resource.operation == cmd->reports[i].operation)
            report_count(c, r, &cmd->reports[i]);
    }
    return 0;
}
