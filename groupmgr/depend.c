/* Dependencies: a resource on others of its group, by an expression. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/expression.h"
#include "groupmgr/rules.h"

/* ---------------------------------------------------------------- meaning */

bool resource_is_provided(const struct resource_record *r,
                          bool (*holds)(const struct resource_record *))
{
    bool held[PROVIDERS_MAX];
    const struct resource *res = &r->resource;

    assert(res->provider_count <= PROVIDERS_MAX);
    for (unsigned i = 0; i < res->provider_count; i++) {
        held[i] = holds(resource_record(res->providers[i]));
        if (res->expression == NULL && !held[i])
            return false;
    }
    return expression_holds(res->expression, res->expression_len, held, res->provider_count);
}

const char *resource_expression_fault(const struct resource_record *r)
{
    assert(r->resource.expression != NULL || r->resource.expression_len == 0);
    if (r->resource.provider_count > PROVIDERS_MAX)
        return "provider_count <= PROVIDERS_MAX";
    return expression_fault(r->resource.expression, r->resource.expression_len,
                            r->resource.provider_count);
}

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
    assert(deepest < DEPENDENCY_DEPTH_MAX);
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
    assert(deepest < DEPENDENCY_DEPTH_MAX);
    return r->depth = deepest + 1;
}

/* What has been marked goes away. */
static bool survives(const struct cluster *c, const struct resource_record *r)
{
    const struct resource *res = &r->resource;
    bool held[PROVIDERS_MAX];

    assert(res->provider_count <= PROVIDERS_MAX);
    for (unsigned i = 0; i < res->provider_count; i++) {
        const struct resource_record *p = resource_record(res->providers[i]);

        held[i] = p->visit != c->visit && resource_holds_up(p);
    }
    return expression_holds(res->expression, res->expression_len, held, res->provider_count);
}

/* One that survives now is asked again when another of its providers is marked,
 * so the order of the dependents makes no difference. */
void mark_lost_dependents(struct cluster *c, struct resource_record *r)
{
    assert(r->visit != c->visit);
    r->visit = c->visit;
    for (unsigned i = 0; i < r->dependent_count; i++) {
        struct resource_record *d = r->dependents[i];

        if (d->visit != c->visit && resource_runs(d) && !survives(c, d))
            mark_lost_dependents(c, d);
    }
}

void mark_needed_providers(struct cluster *c, struct resource_record *r)
{
    const struct resource *res = &r->resource;
    bool held[PROVIDERS_MAX], needed[PROVIDERS_MAX];

    assert(res->provider_count <= PROVIDERS_MAX);
    if (r->visit == c->visit)
        return;
    r->visit = c->visit;
    for (unsigned i = 0; i < res->provider_count; i++)
        held[i] = res->providers[i]->state == RESOURCE_ONLINE;
    expression_needs(res->expression, res->expression_len, held, res->provider_count, needed);
    for (unsigned i = 0; i < res->provider_count; i++)
        if (needed[i])
            mark_needed_providers(c, resource_record(res->providers[i]));
}

/* ------------------------------------------------------------------ shapes
 * What a resource shall depend on, before it does. */

struct shape {
    struct resource_record *providers[PROVIDERS_MAX];
    struct expression expression; /* Of so many providers. */
};

static void shape_of(const struct resource_record *r, struct shape *ret)
{
    const struct resource *res = &r->resource;

    expression_copy(&ret->expression, res->expression, res->expression_len, res->provider_count);
    assert(ret->expression.count == res->provider_count);
    for (unsigned i = 0; i < res->provider_count; i++)
        ret->providers[i] = resource_record(res->providers[i]);
}

static void names_of(const struct shape *shape, const char *ret[PROVIDERS_MAX])
{
    assert(shape->expression.count <= PROVIDERS_MAX);
    for (unsigned i = 0; i < shape->expression.count; i++)
        ret[i] = shape->providers[i]->resource.name;
}

static void shape_text(const struct shape *shape, struct bytes *text)
{
    const char *names[PROVIDERS_MAX];

    assert(text != NULL);
    names_of(shape, names);
    expression_text(&shape->expression, names, text);
}

void resource_expression_text(const struct resource *r, struct bytes *text)
{
    struct shape shape;

    assert(r != NULL);
    shape_of(resource_record(r), &shape);
    shape_text(&shape, text);
}

/* Each provider by itself: another one of the same group, once. */
static uint32_t providers_check(const struct resource_record *r, const struct shape *shape,
                                struct reply *reply)
{
    for (unsigned i = 0; i < shape->expression.count; i++) {
        const struct resource_record *p = shape->providers[i];

        if (r == p)
            return refuse(reply, ERROR_INVALID_PARAMETER, "%s on itself", r->resource.name);
        if (r->resource.group != p->resource.group)
            return refuse(reply, ERROR_INVALID_PARAMETER, "%s is in group %s, %s in %s",
                          r->resource.name, r->resource.group->name, p->resource.name,
                          p->resource.group->name);
        for (unsigned j = 0; j < i; j++)
            if (shape->providers[j] == p)
                return refuse(reply, ERROR_DEPENDENCY_ALREADY_EXISTS, "%s on %s", r->resource.name,
                              p->resource.name);
    }
    assert(shape->expression.count <= PROVIDERS_MAX);
    return 0;
}

/* No circle, no chain and no text too long. */
static uint32_t graph_check(struct cluster *c, struct resource_record *r, const struct shape *shape,
                            struct reply *reply)
{
    unsigned below = 0, depth;
    struct bytes text = BYTES_INIT;
    size_t len;

    assert(r->dependent_count == 0 || r->resource.group->resource_count > 1);
    c->visit++;
    for (unsigned i = 0; i < shape->expression.count; i++)
        if (reaches(c, shape->providers[i], r))
            return refuse(reply, ERROR_CIRCULAR_DEPENDENCY, "%s depends on %s already",
                          shape->providers[i]->resource.name, r->resource.name);
    c->visit++;
    for (unsigned i = 0; i < shape->expression.count; i++) {
        depth = depth_below(c, shape->providers[i]);
        below = depth > below ? depth : below;
    }
    c->visit++;
    depth = below + depth_above(c, r);
    if (depth > DEPENDENCY_DEPTH_MAX)
        return refuse(reply, ERROR_DEPENDENCY_TREE_TOO_COMPLEX, "a chain of %u resources", depth);
    shape_text(shape, &text);
    len = text.len;
    bytes_release(&text);
    if (len > EXPRESSION_BYTES_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "an expression of %zu bytes", len);
    return 0;
}

/* What runs must be provided at once: nothing is started or stopped here. */
static uint32_t running_check(const struct resource_record *r, const struct shape *shape,
                              struct reply *reply)
{
    const struct expression *e = &shape->expression;
    const struct resource *missing = NULL;
    bool held[PROVIDERS_MAX];

    assert(e->count <= PROVIDERS_MAX);
    for (unsigned i = 0; i < e->count; i++) {
        held[i] = resource_holds_up(shape->providers[i]);
        if (!held[i] && missing == NULL)
            missing = &shape->providers[i]->resource;
    }
    if (!resource_runs(r) || e->count == 0 || expression_holds(e->tokens, e->len, held, e->count))
        return 0;
    return refuse(reply, ERROR_RESOURCE_ONLINE, "%s, while %s is %s", r->resource.name,
                  missing->name, resource_state_name(missing->state));
}

/* While a group is changing its shape stands still: a walk that waits for one
 * set of dependents must not find another. */
static uint32_t idle_check(const struct resource_record *r, struct reply *reply)
{
    const struct group_record *g = group_record(r->resource.group);

    assert(g->group.resource_count > 0);
    if (operation_runs(&g->group.operation) || group_has_pending(g))
        return refuse(reply, ERROR_INVALID_STATE, "%s is pending", g->group.name);
    return 0;
}

static void shape_set(struct cluster *c, struct resource_record *r, const struct shape *shape)
{
    const struct expression *e = &shape->expression;
    struct resource *res = &r->resource;

    while (res->provider_count > 0)
        dependency_remove(r, resource_record(res->providers[res->provider_count - 1]));
    for (unsigned i = 0; i < e->count; i++)
        dependency_add(r, shape->providers[i]);
    free(res->expression);
    res->expression = NULL;
    res->expression_len = 0;
    if (!expression_is_plain(e)) {
        res->expression = xmalloc(e->len * sizeof(*e->tokens));
        memcpy(res->expression, e->tokens, e->len * sizeof(*e->tokens));
        res->expression_len = e->len;
    }
    assert(resource_expression_fault(r) == NULL);
    resource_note(c, r, CAUSE_CONFIGURED);
    group_touch(c, group_record(res->group), CAUSE_CONFIGURED);
}

static uint32_t shape_change(struct cluster *c, struct resource_record *r,
                             const struct shape *shape, struct reply *reply)
{
    uint32_t code = providers_check(r, shape, reply);

    if (code == 0)
        code = graph_check(c, r, shape, reply);
    if (code == 0)
        code = running_check(r, shape, reply);
    if (code == 0)
        code = idle_check(r, reply);
    if (code == 0)
        shape_set(c, r, shape);
    return code;
}

/* --------------------------------------------------------------- commands */

static uint32_t find(struct cluster *c, const char *name, struct reply *reply,
                     struct resource_record **ret)
{
    *ret = find_resource_by_name(c, name);
    assert(*ret == NULL || (*ret)->resource.group != NULL);
    return *ret != NULL ? 0
                        : refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", name != NULL ? name : "");
}

uint32_t apply_resource_depend(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r, *provider;
    struct shape shape;
    uint32_t code = find(c, cmd->name, reply, &r);

    if (code == 0)
        code = find(c, cmd->other, reply, &provider);
    if (code != 0)
        return code;
    if (r->resource.provider_count == PROVIDERS_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s depends on %u already", r->resource.name,
                      r->resource.provider_count);
    shape_of(r, &shape);
    shape.providers[shape.expression.count] = provider;
    expression_add(&shape.expression);
    assert(shape.expression.count == r->resource.provider_count + 1);
    return shape_change(c, r, &shape, reply);
}

uint32_t apply_resource_undepend(struct cluster *c, const struct command *cmd, struct reply *reply)
{
    struct resource_record *r, *provider;
    struct shape shape;
    uint32_t code = find(c, cmd->name, reply, &r);
    unsigned at = 0;

    if (code == 0)
        code = find(c, cmd->other, reply, &provider);
    if (code != 0)
        return code;
    shape_of(r, &shape);
    while (at < shape.expression.count && shape.providers[at] != provider)
        at++;
    if (at == shape.expression.count)
        return refuse(reply, ERROR_DEPENDENCY_NOT_FOUND, "%s on %s", r->resource.name,
                      provider->resource.name);
    expression_remove(&shape.expression, at);
    memmove(&shape.providers[at], &shape.providers[at + 1],
            (shape.expression.count - at) * sizeof(struct resource_record *));
    assert(shape.expression.count + 1 == r->resource.provider_count);
    return shape_change(c, r, &shape, reply);
}

/* By name, else by id. */
static struct resource_record *operand_find(const struct cluster *c, const char *name)
{
    struct resource_record *r = find_resource_by_name(c, name);
    uint64_t id = 0;

    assert(name[0] != '\0');
    for (const char *digit = name; r == NULL && *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || id > UINT64_MAX / 10 - 1)
            return NULL;
        id = 10 * id + (uint64_t)(*digit - '0');
    }
    return r != NULL ? r : find_resource(c, id);
}

static uint32_t shape_parse(const struct cluster *c, const char *text, struct arena *a,
                            struct reply *reply, struct shape *ret)
{
    const char *names[PROVIDERS_MAX];
    struct expression_error error;

    if (!expression_parse(text, a, &ret->expression, names, &error))
        return refuse(reply, ERROR_INVALID_PARAMETER, "expression, position %zu: %s",
                      error.position, error.what);
    for (unsigned i = 0; i < ret->expression.count; i++) {
        ret->providers[i] = operand_find(c, names[i]);
        if (ret->providers[i] == NULL)
            return refuse(reply, ERROR_RESOURCE_NOT_FOUND, "%s", names[i]);
    }
    assert(ret->expression.count <= PROVIDERS_MAX);
    return 0;
}

uint32_t apply_resource_dependencies(struct cluster *c, const struct command *cmd,
                                     struct reply *reply)
{
    struct resource_record *r;
    struct arena a = {0};
    struct shape shape;
    uint32_t code = find(c, cmd->name, reply, &r);

    assert(cmd->kind == COMMAND_RESOURCE_DEPENDENCIES);
    if (code != 0)
        return code;
    code = shape_parse(c, cmd->expression, &a, reply, &shape);
    arena_release(&a);
    return code != 0 ? code : shape_change(c, r, &shape, reply);
}
