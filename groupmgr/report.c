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

static void report_failure(struct cluster *c, struct resource_record *r,
                           const struct report *report, uint32_t default_code)
{
    char text[REPORT_TEXT_BYTES_MAX + 1];
    size_t len;

    if (report->text != NULL) {
        snprintf(text, sizeof(text), "%s", report->text);
        len = strlen(text);
        while (!utf8_is_valid(text, len) && len > REPORT_TEXT_BYTES_MAX - 4)
            text[--len] = '\0';
    }
    resource_fails(c, r, report->code != 0 ? report->code : default_code,
                   report->text != NULL ? text : NULL);
}

static void report_lock(struct cluster *c, struct resource_record *r, bool locked)
{
    if (!resource_runs(r) || r->resource.locked == locked)
        return;
    r->resource.locked = locked;
    resource_note(c, r, locked ? CAUSE_LOCKED : CAUSE_UNLOCKED);
}

static void report_count(struct cluster *c, struct resource_record *r, const struct report *report)
{
    enum resource_state state = r->resource.state;

    switch (report->event) {
    case REPORT_ONLINE:
        if (state == RESOURCE_ONLINE_PENDING)
            resource_enter(c, r, RESOURCE_ONLINE, CAUSE_REPORTED);
        break;
    case REPORT_OFFLINE:
        if (state == RESOURCE_OFFLINE_PENDING)
            resource_enter(c, r, RESOURCE_OFFLINE, CAUSE_REPORTED);
        else if (resource_runs(r)) /* Nobody had asked for that. */
            report_failure(c, r, report, ERROR_RESOURCE_NOT_ONLINE);
        break;
    case REPORT_FAILED:
        if (resource_runs(r))
            report_failure(c, r, report, ERROR_RESOURCE_FAILED);
        break;
    case REPORT_LOCKED:
    case REPORT_UNLOCKED:
        report_lock(c, r, report->event == REPORT_LOCKED);
        break;
    }
}

uint32_t apply_report(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    const struct node_record *n = find_node(c, cmd->node);

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
