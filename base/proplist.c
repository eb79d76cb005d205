#include "base/proplist.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"

#define SYNTAX_ENDMARK 0x00000000u
#define SYNTAX_NAME 0x00040003u

/* ---------------------------------------------------------------- layout */

/* Bytes yet to be read. Every take_...() either moves on and returns true, or
 * returns false because the bytes are not there. */
struct cursor {
    const uint8_t *at;
    size_t left;
};

static bool take_u32(struct cursor *c, uint32_t *ret)
{
    if (c->left < sizeof *ret)
        return false;
    memcpy(ret, c->at, sizeof *ret);
    c->at += sizeof *ret;
    c->left -= sizeof *ret;
    return true;
}

/* `len` bytes and the padding behind them. */
static bool take_data(struct cursor *c, uint32_t len, const uint8_t **ret)
{
    size_t padding = (4 - len % 4) % 4;

    /* Compared without adding: no length can make a sum wrap around. */
    if (len > c->left || padding > c->left - len)
        return false;
    *ret = c->at;
    c->at += len + padding;
    c->left -= len + padding;
    return true;
}

enum taken { TAKEN_VALUE, TAKEN_ENDMARK, TAKEN_NOTHING };

static enum taken take_value(struct cursor *c, enum proplist_width width,
                             struct proplist_value *ret)
{
    if (!take_u32(c, &ret->syntax))
        return TAKEN_NOTHING;
    if (ret->syntax == SYNTAX_ENDMARK)
        return TAKEN_ENDMARK;
    ret->width = width;
    if (!take_u32(c, &ret->len) || !take_data(c, ret->len, &ret->data))
        return TAKEN_NOTHING;
    return TAKEN_VALUE;
}

/* A name: syntax, length, text. */
static bool take_name(struct cursor *c, enum proplist_width width, const uint8_t **ret,
                      size_t *ret_len)
{
    uint32_t syntax;
    uint32_t len;

    if (!take_u32(c, &syntax) || syntax != SYNTAX_NAME || !take_u32(c, &len) ||
        !take_data(c, len, ret) || len <= (uint32_t)width)
        return false;
    *ret_len = len - (uint32_t)width;
    return true;
}

/* -------------------------------------------------------------- validation */

static uint32_t list_check(const void *data, size_t len, enum proplist_width width, unsigned depth);

/* One string with the one NUL at its end. */
static bool sz_is_valid(const uint8_t *s, size_t len, enum proplist_width width)
{
    return len >= (size_t)width && proplist_text_len(s, len, width) == len - (size_t)width &&
           proplist_text_is_valid(s, len, width);
}

/* Strings that are not empty, then an empty one. Without any string the empty
 * one may stand once or, as writers also do, twice. */
static bool multi_sz_is_valid(const uint8_t *s, size_t len, enum proplist_width width)
{
    const size_t nul = (size_t)width;
    size_t at = 0;

    if (!proplist_text_is_valid(s, len, width))
        return false;
    if (len == 2 * nul && proplist_text_len(s, len, width) == 0)
        return proplist_text_len(s + nul, nul, width) == 0;
    while (at < len) {
        size_t string = proplist_text_len(s + at, len - at, width);
        if (string == 0)
            return at + nul == len;
        at += string + nul;
    }
    return false;
}

static bool value_is_valid(const struct proplist_value *v, unsigned depth)
{
    switch (v->syntax) {
    case PROPLIST_DWORD:
    case PROPLIST_LONG:
        return v->len == 4;
    case PROPLIST_ULARGE_INTEGER:
    case PROPLIST_LARGE_INTEGER:
    case PROPLIST_FILETIME:
        return v->len == 8;
    case PROPLIST_WORD:
        return v->len == 2;
    case PROPLIST_SZ:
    case PROPLIST_EXPAND_SZ:
    case PROPLIST_EXPANDED_SZ:
        return sz_is_valid(v->data, v->len, v->width);
    case PROPLIST_MULTI_SZ:
        return multi_sz_is_valid(v->data, v->len, v->width);
    case PROPLIST_BINARY:
    case PROPLIST_SECURITY_DESCRIPTOR:
        return true;
    case PROPLIST_PROPERTY_LIST:
        return depth < PROPLIST_DEPTH_MAX && list_check(v->data, v->len, v->width, depth + 1) == 0;
    default:
        return false;
    }
}

static bool property_check(struct cursor *c, enum proplist_width width, unsigned depth)
{
    struct proplist_value value;
    const uint8_t *name;
    size_t name_len;
    bool any = false;

    if (!take_name(c, width, &name, &name_len) ||
        !sz_is_valid(name, name_len + (size_t)width, width))
        return false;
    for (;;) {
        switch (take_value(c, width, &value)) {
        case TAKEN_NOTHING:
            return false;
        case TAKEN_ENDMARK:
            return any;
        case TAKEN_VALUE:
            if (!value_is_valid(&value, depth))
                return false;
            any = true;
        }
    }
}

/* The shortest property: a name of one character, an empty value, end mark. */
static size_t property_bytes_min(enum proplist_width width)
{
    return 8 + (2 * (size_t)width + 3) / 4 * 4 + 8 + 4;
}

static uint32_t list_check(const void *data, size_t len, enum proplist_width width, unsigned depth)
{
    struct cursor c = {data, len};
    uint32_t count;

    assert(width == PROPLIST_UTF16 || width == PROPLIST_WCHAR);
    if (len == 0)
        return 0;
    if (data == NULL || len > PROPLIST_BYTES_MAX || !take_u32(&c, &count))
        return ERROR_INVALID_PARAMETER;
    if (count > c.left / property_bytes_min(width))
        return ERROR_INVALID_DATA;
    for (uint32_t i = 0; i < count; i++) {
        if (!property_check(&c, width, depth))
            return ERROR_INVALID_DATA;
    }
    return c.left == 0 ? 0 : ERROR_INVALID_DATA;
}

uint32_t proplist_check(const void *data, size_t len, enum proplist_width width)
{
    return list_check(data, len, width, 1);
}

/* ----------------------------------------------------------------- reading */

uint32_t proplist_open(const void *data, size_t len, enum proplist_width width,
                       struct proplist *ret)
{
    uint32_t code = proplist_check(data, len, width);
    struct cursor c = {data, len};
    uint32_t count = 0;

    if (code != 0)
        return code;
    take_u32(&c, &count);
    *ret = (struct proplist){c.at, c.left, count, width};
    return 0;
}

/* Bounds are looked at again on the way: it costs little, and no reader then
 * rests on what another function found out before. */
bool proplist_next(struct proplist *list, struct proplist_property *ret)
{
    struct cursor c = {list->at, list->left};
    struct proplist_value value;
    enum taken taken;

    if (list->count_left == 0 || !take_name(&c, list->width, &ret->name, &ret->name_len))
        return false;
    ret->values = c.at;
    ret->values_left = c.left;
    taken = take_value(&c, list->width, &ret->value);
    if (taken != TAKEN_VALUE)
        return false;
    while (taken == TAKEN_VALUE)
        taken = take_value(&c, list->width, &value);
    list->at = c.at;
    list->left = c.left;
    list->count_left--;
    return true;
}

bool proplist_value_next(struct proplist_property *property, struct proplist_value *ret)
{
    struct cursor c = {property->values, property->values_left};

    if (take_value(&c, property->value.width, ret) != TAKEN_VALUE)
        return false;
    property->values = c.at;
    property->values_left = c.left;
    return true;
}

bool proplist_name_is(const struct proplist_property *property, const char *name)
{
    return proplist_text_equal(property->name, property->name_len, property->value.width, name);
}

char *proplist_name(const struct proplist_property *property, struct arena *arena)
{
    return proplist_text_to_utf8(property->name, property->name_len, property->value.width, arena);
}

/* ------------------------------------------------------------------ values */

uint32_t proplist_value_dword(const struct proplist_value *value, uint32_t *ret)
{
    if (value->syntax != PROPLIST_DWORD || value->len != sizeof *ret)
        return ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
    memcpy(ret, value->data, sizeof *ret);
    return 0;
}

uint32_t proplist_value_ularge(const struct proplist_value *value, uint64_t *ret)
{
    if (value->syntax != PROPLIST_ULARGE_INTEGER || value->len != sizeof *ret)
        return ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
    memcpy(ret, value->data, sizeof *ret);
    return 0;
}

uint32_t proplist_value_sz(const struct proplist_value *value, struct arena *arena,
                           const char **ret)
{
    const char *text;

    if (value->syntax != PROPLIST_SZ && value->syntax != PROPLIST_EXPAND_SZ &&
        value->syntax != PROPLIST_EXPANDED_SZ)
        return ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
    text = proplist_text_to_utf8(
        value->data, proplist_text_len(value->data, value->len, value->width), value->width, arena);
    if (text == NULL)
        return ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
    *ret = text;
    return 0;
}

/* The strings before the empty one. */
static size_t multi_sz_count(const struct proplist_value *v)
{
    size_t count = 0;
    size_t at = 0;

    while (at < v->len) {
        size_t string = proplist_text_len(v->data + at, v->len - at, v->width);
        if (string == 0)
            break;
        at += string + (size_t)v->width;
        count++;
    }
    return count;
}

uint32_t proplist_value_multi_sz(const struct proplist_value *value, struct arena *arena,
                                 const char *const **ret, size_t *ret_count)
{
    const char **strings;
    size_t count;
    size_t at = 0;

    if (value->syntax != PROPLIST_MULTI_SZ)
        return ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
    count = multi_sz_count(value);
    strings = arena_alloc(arena, (count + 1) * sizeof *strings);
    for (size_t i = 0; i < count; i++) {
        size_t string = proplist_text_len(value->data + at, value->len - at, value->width);
        strings[i] = proplist_text_to_utf8(value->data + at, string, value->width, arena);
        if (strings[i] == NULL)
            return ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH;
        at += string + (size_t)value->width;
    }
    *ret = strings;
    *ret_count = count;
    return 0;
}

/* ----------------------------------------------------------------- finding */

uint32_t proplist_find(const struct proplist *list, const char *name, struct proplist_property *ret)
{
    struct proplist position = *list;
    struct proplist_property property;

    while (proplist_next(&position, &property)) {
        if (proplist_name_is(&property, name)) {
            *ret = property;
            return 0;
        }
    }
    return ERROR_FILE_NOT_FOUND;
}

uint32_t proplist_find_dword(const struct proplist *list, const char *name, uint32_t *ret)
{
    struct proplist_property property;
    uint32_t code = proplist_find(list, name, &property);

    return code != 0 ? code : proplist_value_dword(&property.value, ret);
}

uint32_t proplist_find_ularge(const struct proplist *list, const char *name, uint64_t *ret)
{
    struct proplist_property property;
    uint32_t code = proplist_find(list, name, &property);

    return code != 0 ? code : proplist_value_ularge(&property.value, ret);
}

uint32_t proplist_find_sz(const struct proplist *list, const char *name, struct arena *arena,
                          const char **ret)
{
    struct proplist_property property;
    uint32_t code = proplist_find(list, name, &property);

    return code != 0 ? code : proplist_value_sz(&property.value, arena, ret);
}

uint32_t proplist_find_multi_sz(const struct proplist *list, const char *name, struct arena *arena,
                                const char *const **ret, size_t *ret_count)
{
    struct proplist_property property;
    uint32_t code = proplist_find(list, name, &property);

    return code != 0 ? code : proplist_value_multi_sz(&property.value, arena, ret, ret_count);
}
