/* Properties by name: common ones have a meaning and a range here, all others
 * of a resource are private to its handler and stored as given. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/rules.h"

struct common {
    const char *name;
    size_t offset; /* Of a uint32_t. */
    uint32_t min, max, preset;
    bool for_handler; /* The monitor learns it with the next online. */
};

static const struct common resource_common[] = {
    {"RestartAction", offsetof(struct resource, restart_action), 0, 2, 2, false},
    {"RestartThreshold", offsetof(struct resource, restart_threshold), 0, UINT32_MAX, 1, false},
    {"RestartPeriod", offsetof(struct resource, restart_period_ms), 0, UINT32_MAX, 900000, false},
    {"RestartDelay", offsetof(struct resource, restart_delay_ms), 0, UINT32_MAX, 500, false},
    {"PendingTimeout", offsetof(struct resource, pending_timeout_ms), 10, UINT32_MAX, 180000, true},
    {"LooksAlivePollInterval", offsetof(struct resource, looks_alive_ms), 10, UINT32_MAX,
     UINT32_MAX, true},
    {"IsAlivePollInterval", offsetof(struct resource, is_alive_ms), 10, UINT32_MAX, 60000, true},
};

static const struct common group_common[] = {
    {"FailoverThreshold", offsetof(struct group, failover_threshold), 0, UINT32_MAX, UINT32_MAX,
     false},
    {"FailoverPeriod", offsetof(struct group, failover_period_h), 0, 1193, 6, false},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct common *common_find(const struct common *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (name_equal(table[i].name, name))
            return &table[i];
    return NULL;
}

bool property_is_common(const char *name)
{
    return common_find(resource_common, COUNT(resource_common), name) != NULL;
}

static uint32_t *common_field(const struct common *common, void *object)
{
    return (uint32_t *)(void *)((char *)object + common->offset);
}

/* ------------------------------------------------------------------ values */

/* A number, or text that is one: command lines know only text. */
static bool number_of(const struct property *p, uint32_t *ret)
{
    uint64_t number = 0;

    if (p->type == PROPERTY_DWORD) {
        *ret = p->dword;
        return true;
    }
    if (p->type != PROPERTY_SZ || p->text == NULL || p->text[0] == '\0')
        return false;
    for (const char *s = p->text; *s != '\0'; s++) {
        if (*s < '0' || *s > '9')
            return false;
        number = 10 * number + (uint64_t)(*s - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t)number;
    return true;
}

/* Text and length agree; a MULTI_SZ is a row of strings, none of them empty. */
static bool text_is_sound(const struct property *p)
{
    size_t len = p->text_len;

    if (p->type == PROPERTY_DWORD)
        return true;
    if (p->type != PROPERTY_SZ && p->type != PROPERTY_MULTI_SZ)
        return false;
    if (p->text == NULL)
        return len == 0;
    if (p->text[len] != '\0')
        return false;
    if (p->type == PROPERTY_SZ)
        return strlen(p->text) == len;
    for (size_t at = 0; at < len; at += strlen(p->text + at) + 1)
        if (p->text[at] == '\0')
            return false;
    return len == 0 || p->text[len - 1] == '\0';
}

static bool is_empty(const struct property *p)
{
    return p->type != PROPERTY_DWORD && p->text_len == 0;
}

static uint32_t property_check(const struct command *cmd, unsigned i, struct reply *reply)
{
    const struct property *p = &cmd->properties[i];

    if (!name_is_valid(p->name))
        return refuse(reply, ERROR_INVALID_PARAMETER, "name of property %u", i + 1);
    for (unsigned j = 0; j < i; j++)
        if (name_equal(cmd->properties[j].name, p->name))
            return refuse(reply, ERROR_INVALID_PARAMETER, "%s is set twice", p->name);
    if (!text_is_sound(p))
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: malformed", p->name);
    if (p->text_len > PROPERTY_BYTES_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: more than %u bytes", p->name,
                      (unsigned)PROPERTY_BYTES_MAX);
    return 0;
}

static uint32_t common_check(const struct common *common, const struct property *p,
                             struct reply *reply)
{
    uint32_t number;

    if (!number_of(p, &number))
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: not a number", common->name);
    if (number < common->min || number > common->max)
        return refuse(reply, ERROR_INVALID_PARAMETER, "%s: %u is not in %u to %u", common->name,
                      number, common->min, common->max);
    return 0;
}

/* ------------------------------------------------------------------ groups */

uint32_t group_properties_check(const struct command *cmd, struct reply *reply)
{
    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common;
        uint32_t code = property_check(cmd, i, reply);

        if (code != 0)
            return code;
        common = common_find(group_common, COUNT(group_common), p->name);
        if (common != NULL)
            code = common_check(common, p, reply);
        else if (!name_equal(p->name, "Description"))
            code = refuse(reply, ERROR_INVALID_PARAMETER, "%s cannot be set on a group", p->name);
        else if (p->type != PROPERTY_SZ)
            code = refuse(reply, ERROR_INVALID_PARAMETER, "%s: not text", p->name);
        if (code != 0)
            return code;
    }
    return 0;
}

void group_properties_set(struct group_record *g, const struct command *cmd)
{
    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common = common_find(group_common, COUNT(group_common), p->name);

        if (common != NULL) {
            number_of(p, common_field(common, &g->group));
            continue;
        }
        free(g->group.description);
        g->group.description = xstrdup(p->text != NULL ? p->text : "");
    }
}

/* --------------------------------------------------------------- resources */

void resource_properties_default(struct resource_record *r)
{
    for (size_t i = 0; i < COUNT(resource_common); i++)
        *common_field(&resource_common[i], &r->resource) = resource_common[i].preset;
}

static struct property *private_find(const struct resource_record *r, const char *name)
{
    for (unsigned i = 0; r != NULL && i < r->resource.property_count; i++)
        if (name_equal(r->resource.properties[i].name, name))
            return &r->resource.properties[i];
    return NULL;
}

uint32_t resource_properties_check(const struct resource_record *r, const struct command *cmd,
                                   struct reply *reply)
{
    unsigned total = r != NULL ? r->resource.property_count : 0;

    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common;
        uint32_t code = property_check(cmd, i, reply);

        if (code != 0)
            return code;
        common = common_find(resource_common, COUNT(resource_common), p->name);
        if (common != NULL) {
            code = common_check(common, p, reply);
            if (code != 0)
                return code;
            continue;
        }
        if (private_find(r, p->name) == NULL)
            total += !is_empty(p);
        else
            total -= is_empty(p);
    }
    if (total > PROPERTIES_PER_RESOURCE_MAX)
        return refuse(reply, ERROR_INVALID_PARAMETER, "more than %u private properties",
                      (unsigned)PROPERTIES_PER_RESOURCE_MAX);
    return 0;
}

void property_release(struct property *p)
{
    free(p->name);
    free(p->text);
}

static void private_remove(struct resource *r, struct property *p)
{
    unsigned at = (unsigned)(p - r->properties);

    property_release(p);
    r->property_count--;
    memmove(p, p + 1, (r->property_count - at) * sizeof(*p));
}

static void private_set(struct resource_record *r, const struct property *p)
{
    struct resource *res = &r->resource;
    struct property *own = private_find(r, p->name);

    if (is_empty(p)) {
        if (own != NULL)
            private_remove(res, own);
        return;
    }
    if (own == NULL) {
        res->properties =
            xrealloc(res->properties, (res->property_count + 1) * sizeof(*res->properties));
        own = &res->properties[res->property_count++];
        memset(own, 0, sizeof(*own));
        own->name = xstrdup(p->name);
    }
    free(own->text);
    own->text = NULL;
    own->text_len = 0;
    own->type = p->type;
    own->dword = p->type == PROPERTY_DWORD ? p->dword : 0;
    if (p->type != PROPERTY_DWORD) {
        own->text = xmalloc(p->text_len + 1);
        memcpy(own->text, p->text, p->text_len + 1);
        own->text_len = p->text_len;
    }
}

bool resource_properties_set(struct resource_record *r, const struct command *cmd)
{
    bool for_handler = false;

    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common = common_find(resource_common, COUNT(resource_common), p->name);

        for_handler |= common == NULL || common->for_handler;
        if (common != NULL)
            number_of(p, common_field(common, &r->resource));
        else
            private_set(r, p);
    }
    return for_handler;
}
