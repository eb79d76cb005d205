/* Checking and reading the private properties of a resource by its type's
 * table: the rest of resources/types.h. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "resources/types.h"

static bool is_text(const struct value *v)
{
    return v->type == VALUE_STR && memchr(v->str, '\0', v->len) == NULL;
}

/* strtoul() takes signs, blanks and more than 32 bits: none of them is meant. */
static bool digits_to_dword(const char *s, uint32_t *ret)
{
    uint64_t number = 0;
    unsigned base = 10;

    if (s[0] == '0' && ascii_lower(s[1]) == 'x') {
        base = 16;
        s += 2;
    }
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        int c = ascii_lower(*s);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit >= base)
            return false;
        number = number * base + digit;
        if (number > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t)number;
    return true;
}

static bool value_to_dword(const struct value *v, uint32_t *ret)
{
    if (is_text(v))
        return digits_to_dword(v->str, ret);
    if (v->type != VALUE_UINT || v->uint > UINT32_MAX)
        return false;
    *ret = (uint32_t)v->uint;
    return true;
}

static bool is_assignment(const char *s)
{
    const char *equals = strchr(s, '=');

    return equals != NULL && equals != s;
}

static uint32_t check_dword(const struct type_property *p, const struct value *v, char *message,
                            size_t size)
{
    uint32_t number;

    if (!value_to_dword(v, &number)) {
        snprintf(message, size, "property %s must be a number of 32 bits", p->name);
        return ERROR_INVALID_PARAMETER;
    }
    if (number < p->min || number > p->max) {
        snprintf(message, size, "property %s is %" PRIu32 "; allowed are %" PRIu32 " to %" PRIu32,
                 p->name, number, p->min, p->max);
        return ERROR_INVALID_PARAMETER;
    }
    return 0;
}

static uint32_t check_strings(const struct type_property *p, const struct value *v, char *message,
                              size_t size)
{
    const struct value *items = v->type == VALUE_ARRAY ? v->items : v;
    uint32_t count = v->type == VALUE_ARRAY ? v->len : 1;

    for (uint32_t i = 0; i < count; i++) {
        if (!is_text(&items[i])) {
            snprintf(message, size, "property %s must be a list of texts", p->name);
            return ERROR_INVALID_PARAMETER;
        }
        if (p->assignments && items[i].len > 0 && !is_assignment(items[i].str)) {
            snprintf(message, size, "property %s: \"%.100s\" is not of the form NAME=VALUE",
                     p->name, items[i].str);
            return ERROR_INVALID_PARAMETER;
        }
    }
    return 0;
}

uint32_t type_check_property(const struct type *t, const char *name, const struct value *value,
                             char *message, size_t size)
{
    const struct type_property *p = type_find_property(t, name);

    if (p == NULL) {
        snprintf(message, size, "type %s has no property \"%.100s\"", t->name, name);
        return ERROR_INVALID_PARAMETER;
    }
    if (value == NULL || value->type == VALUE_NIL)
        return 0;
    if (p->kind == TYPE_DWORD)
        return check_dword(p, value, message, size);
    if (p->kind == TYPE_MULTI_SZ)
        return check_strings(p, value, message, size);
    if (!is_text(value) && value->type != VALUE_UINT) {
        snprintf(message, size, "property %s must be a text", p->name);
        return ERROR_INVALID_PARAMETER;
    }
    return 0;
}

uint32_t type_check_properties(const struct type *t, const struct value *properties, char *message,
                               size_t size)
{
    if (properties == NULL || properties->type == VALUE_NIL)
        return 0;
    if (properties->type != VALUE_MAP) {
        snprintf(message, size, "the properties are no map of names and values");
        return ERROR_INVALID_PARAMETER;
    }
    for (uint32_t i = 0; i < properties->len; i++) {
        const struct value_pair *pair = &properties->pairs[i];
        uint32_t rc;

        if (!is_text(&pair->key)) {
            snprintf(message, size, "the name of a property is no text");
            return ERROR_INVALID_PARAMETER;
        }
        rc = type_check_property(t, pair->key.str, &pair->value, message, size);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* The value of property `p`, NULL if it is missing or nil. */
static const struct value *find(const struct type_property *p, const struct value *properties)
{
    if (properties == NULL || properties->type != VALUE_MAP)
        return NULL;
    for (uint32_t i = 0; i < properties->len; i++) {
        const struct value_pair *pair = &properties->pairs[i];
        if (is_text(&pair->key) && name_equal(pair->key.str, p->name))
            return pair->value.type == VALUE_NIL ? NULL : &pair->value;
    }
    return NULL;
}

uint32_t type_check_required(const struct type *t, const struct value *properties, char *message,
                             size_t size)
{
    for (unsigned i = 0; i < t->property_count; i++) {
        const struct type_property *p = &t->properties[i];
        const struct value *v = p->required ? find(p, properties) : NULL;

        if (p->required && (v == NULL || (v->type != VALUE_UINT && v->len == 0))) {
            snprintf(message, size, "property %s is not set", p->name);
            return ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR;
        }
    }
    return 0;
}

uint32_t type_get_dword(const struct type *t, const struct value *properties, const char *name)
{
    const struct type_property *p = type_find_property(t, name);
    const struct value *v;
    uint32_t number;

    assert(p != NULL && p->kind == TYPE_DWORD);
    v = find(p, properties);
    return v != NULL && value_to_dword(v, &number) ? number : p->default_dword;
}

const char *type_get_text(const struct type *t, const struct value *properties, const char *name,
                          struct arena *a)
{
    const struct type_property *p = type_find_property(t, name);
    const struct value *v;

    assert(p != NULL && p->kind == TYPE_SZ);
    v = find(p, properties);
    if (v != NULL && is_text(v))
        return v->str;
    if (v != NULL && v->type == VALUE_UINT)
        return arena_printf(a, "%" PRIu64, v->uint);
    return p->default_text;
}

const char **type_get_strings(const struct type *t, const struct value *properties,
                              const char *name, struct arena *a)
{
    const struct type_property *p = type_find_property(t, name);
    const struct value *v, *items;
    const char **strings;
    uint32_t count, n = 0;

    assert(p != NULL && p->kind == TYPE_MULTI_SZ);
    v = find(p, properties);
    items = v != NULL && v->type == VALUE_ARRAY ? v->items : v;
    count = v == NULL ? 0 : v->type == VALUE_ARRAY ? v->len : 1;
    strings = arena_alloc(a, (count + (size_t)1) * sizeof(*strings));
    for (uint32_t i = 0; i < count; i++) {
        if (is_text(&items[i]) && items[i].len > 0)
            strings[n++] = items[i].str;
    }
    return strings;
}
