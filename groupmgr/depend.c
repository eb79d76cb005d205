/* Dependencies: a resource on others of its group. */
#include "groupmgr/rules.h"

/* ------------------------------------------------------------------ walks
 * Each walk takes a new number; a record that bears it has been seen. */

static bool reaches(struct cluster *c, struct resource_record *r,
                    const struct resource_record *provider)
{
    if (r == provider)
        return true;
    if (r->visit == c->visit)
        return false;
    r->visit = c->visit;
    for (unsigned i = 0; i < r->resource.provider_count; i++)
        if (reaches(c, resource_record(r->resource.providers[i]), provider))
            return true;
    return false;
}

/* Recursion is bounded by DEPENDENCY_DEPTH_MAX, which holds before each change. */
static unsigned depth_below(struct cluster *c, struct resource_record *r)
{
    unsigned deepest = 0;

    if (r->visit == c->visit)
        return r->depth;
    for (unsigned i = 0; i < r->resource.provider_count; i++) {
        unsigned depth = depth_below(c, resource_record(r->resource.providers[i]));

        deepest = depth > deepest ? depth : deepest;
    }
    r->visit = c->visit;
    return r->depth = deepest + 1;
}

static unsigned depth_above(struct cluster *c, struct resource_record *r)
{
    unsigned deepest = 0;

    if (r->visit == c->visit)
        return r->depth;
    for (unsigned i = 0; i < r->dependent_count; i++) {
        unsigned depth = depth_above(c, r->dependents[i]);

        deepest = depth > deepest ? depth : deepest;
    }
    r->visit = c->visit;
    return r->depth = deepest + 1;
}

/* --------------------------------------------------------------- commands */

static bool has_provider(const struct resource_record *r, const struct resource_record *provider)
{
    for (unsigned i = 0; i < r->resource.provider_count; i++)
        if (r->resource.providers[i] == &provider->resource)
            return true;
    return false;
}

static uint32_t pair_find(struct cluster *c, const struct command *cmd, struct reply *reply,
                          struct resource_record **ret, struct resource_record **ret_provider)
{
    *ret = find_resource_by_name(c, cmd->name);
    *ret_provider = find_resource_by_name(c, cmd->other);
    if (*ret == NULL)
        return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->name != NULL ? cmd->name : "");
    if (*ret_provider == NULL)
        return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", cmd->other != NULL ? cmd->other : "");
    return 0;
}

static uint32_t shape_check(struct cluster *c, struct resource_record *r,
                            struct resource_record *provider, struct reply *reply)
{
    unsigned depth;

    if (r == provider)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s on itself", r->resource.name);
    if (r->resource.group != provider->resource.group)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s is in group %s, %s in %s",
                      r->resource.name, r->resource.group->name, provider->resource.name,
                      provider->resource.group->name);
    if (has_provider(r, provider))
        return refuse(reply, ERROR_DEPENDENCY_ALREADY_EXISTS, "%s on %s", r->resource.name,
                      provider->resource.name);
    c->visit++;
    if (reaches(c, provider, r))
        return refuse(reply, ERROR_CIRCULAR_DEPENDENCY, "%s depends on %s already",
                      provider->resource.name, r->resource.name);
    c->visit++;
    depth = depth_below(c, provider);
    c->visit++;
    depth += depth_above(c, r);
    if (depth > DEPENDENCY_DEPTH_MAX)
        return refuse(reply, ERROR_DEPENDENCY_TREE_TOO_COMPLEX, "a chain of %u resources", depth);
    return 0;
}

/* While a group is changing its shape stands still: a walk that waits for one
 * set of dependents must not find another. */
static uint32_t shape_idle_check(const struct resource_record *r, struct reply *reply)
{
    const struct group_record *g = group_record(r->resource.group);

    if (operation_runs(&g->group.operation) || group_has_pending(g))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", g->group.name);
    return 0;
}

uint32_t apply_resource_depend(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r, *provider;
    uint32_t code = pair_find(c, cmd, reply, &r, &provider);

    if (code == 0)
        code = shape_check(c, r, provider, reply);
    if (code != 0)
        return code;
    if (resource_runs(r) && provider->resource.state != RESOURCE_ONLINE)
        return refuse(reply, ERROR_RESOURCE_ONLINE, "%s, while %s is %s", r->resource.name,
                      provider->resource.name, resource_state_name(provider->resource.state));
    code = shape_idle_check(r, reply);
    if (code != 0)
        return code;
    dependency_add(r, provider);
    resource_note(c, r, CAUSE_CONFIGURED);
    group_touch(c, group_record(r->resource.group), CAUSE_CONFIGURED);
    return 0;
}

uint32_t apply_resource_undepend(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r, *provider;
    uint32_t code = pair_find(c, cmd, reply, &r, &provider);

    if (code != 0)
        return code;
    if (!has_provider(r, provider))
        return refuse(reply, ERROR_DEPENDENCY_NOT_FOUND, "%s on %s", r->resource.name,
                      provider->resource.name);
    code = shape_idle_check(r, reply);
    if (code != 0)
        return code;
    dependency_remove(r, provider);
    resource_note(c, r, CAUSE_CONFIGURED);
    group_touch(c, group_record(r->resource.group), CAUSE_CONFIGURED);
    return 0;
}
