/* Maintenance of a resource: an operator works on what it runs, and its failures
 * are noted, not acted upon. */
#include "groupmgr/rules.h"

enum { MAINTENANCE_END = 0, MAINTENANCE_BEGIN = 1 };

static void maintenance_begin(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.state == RESOURCE_ONLINE && !r->resource.maintenance);
    r->resource.maintenance = true;
    resource_note(c, r, CAUSE_MAINTENANCE_BEGUN);
}

static void maintenance_end(struct cluster *c, struct resource_record *r)
{
    assert(r->resource.maintenance);
    r->resource.maintenance = false;
    resource_note(c, r, CAUSE_MAINTENANCE_ENDED);
    /* What it was not recovered from meanwhile, it is now. */
    resource_recover(c, r);
    group_touch(c, group_record(r->resource.group), CAUSE_MAINTENANCE_ENDED);
}

uint32_t apply_resource_maintenance(struct cluster *c, const struct command *cmd,
                                    struct reply *reply)
{
    struct resource_record *r = find_resource_by_name(c, cmd->name);
    bool begin = cmd->flags == MAINTENANCE_BEGIN;

    if (!begin && cmd->flags != MAINTENANCE_END)
        return refuse(reply, ERROR_INVALID_PARAMETER, "flags 0x%x", cmd->flags);
    if (r == NULL)
        return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (begin == r->resource.maintenance)
        return 0;
    if (begin && r->resource.state != RESOURCE_ONLINE)
        return refuse(reply, ERROR_RESOURCE_NOT_ONLINE, "%s is %s", r->resource.name,
                      resource_state_name(r->resource.state));
    if (!begin && resource_is_pending(r))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", r->resource.name);
    if (begin)
        maintenance_begin(c, r);
    else
        maintenance_end(c, r);
    assert(r->resource.maintenance == begin);
    return 0;
}
