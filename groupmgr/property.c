/* Properties by name, as commands bring them: common ones (common.h) have a
 * meaning here, all others of a resource are private to its handler and stored
 * as given. */
#include <stdlib.h>
#include <string.h>

#include "groupmgr/common.h"
#include "groupmgr/rules.h"

/* Text and length agree; a MULTI_SZ is a row of strings, none of them empty. */
static bool text_is_sound(const struct property *p)
{
    size_t len = p->text_len;

    assert(p != NULL);
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

    assert(i < cmd->property_count);
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

/* --------------------------------------- objects with common ones only */

uint32_t commons_check(const struct cluster *c, enum object_kind object, const struct command *cmd,
                       struct reply *reply)
{
    assert(cmd->properties != NULL || cmd->property_count == 0);
    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common;
        uint32_t code = property_check(cmd, i, reply);

        if (code != 0)
            return code;
        common = common_find(object, p->name, c->level);
        if (common == NULL)
            return refuse(reply, ERROR_INVALID_PARAMETER, "%s cannot be set here", p->name);
        code = common_check(common, p, reply);
        if (code != 0)
            return code;
    }
    return 0;
}

void commons_set(const struct cluster *c, enum object_kind object, void *of,
                 const struct command *cmd)
{
    assert(of != NULL);
    for (unsigned i = 0; i < cmd->property_count; i++)
        common_set(common_find(object, cmd->properties[i].name, c->level), of, &cmd->properties[i]);
}

/* --------------------------------------------------------------- resources */

static struct property *private_find(const struct resource_record *r, const char *name)
{
    assert(name != NULL);
    for (unsigned i = 0; r != NULL && i < r->resource.property_count; i++)
        if (name_equal(r->resource.properties[i].name, name))
            return &r->resource.properties[i];
    return NULL;
}

uint32_t resource_properties_check(const struct cluster *c, const struct resource_record *r,
                                   const struct command *cmd, struct reply *reply)
{
    unsigned total = r != NULL ? r->resource.property_count : 0;

    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common;
        uint32_t code = property_check(cmd, i, reply);

        if (code != 0)
            return code;
        common = common_find(OBJECT_RESOURCE, p->name, c->level);
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

bool resource_properties_set(const struct cluster *c, struct resource_record *r,
                             const struct command *cmd)
{
    bool for_handler = false;

    for (unsigned i = 0; i < cmd->property_count; i++) {
        const struct property *p = &cmd->properties[i];
        const struct common *common = common_find(OBJECT_RESOURCE, p->name, c->level);

        for_handler |= common == NULL || common->for_handler;
        if (common != NULL)
            common_set(common, &r->resource, p);
        else
            private_set(r, p);
    }
    return for_handler;
}

bool resource_private_drop(struct resource_record *r, uint32_t level)
{
    struct resource *res = &r->resource;
    bool dropped = false;

    for (unsigned i = res->property_count; i-- > 0;)
        if (common_find(OBJECT_RESOURCE, res->properties[i].name, level) != NULL) {
            private_remove(res, &res->properties[i]);
            dropped = true;
        }
    return dropped;
}
