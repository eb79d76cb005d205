#include "base/value.h"

#include <string.h>

const struct value *value_get(const struct value *v, const char *key)
{
    if (v == NULL || v->type != VALUE_MAP)
        return NULL;
    for (uint32_t i = 0; i < v->len; i++) {
        if (value_is_str(&v->pairs[i].key, key))
            return &v->pairs[i].value;
    }
    return NULL;
}

bool value_is_str(const struct value *v, const char *s)
{
    return v != NULL && v->type == VALUE_STR && v->len == strlen(s) &&
           memcmp(v->str, s, v->len) == 0;
}

static const struct value *value_get_typed(const struct value *v, const char *key,
                                           enum value_type type)
{
    const struct value *found = value_get(v, key);

    return found != NULL && found->type == type ? found : NULL;
}

bool value_get_uint(const struct value *v, const char *key, uint64_t *ret)
{
    const struct value *found = value_get_typed(v, key, VALUE_UINT);

    if (found == NULL)
        return false;
    *ret = found->uint;
    return true;
}

bool value_get_u32(const struct value *v, const char *key, uint32_t *ret)
{
    uint64_t wide;

    if (!value_get_uint(v, key, &wide) || wide > UINT32_MAX)
        return false;
    *ret = (uint32_t)wide;
    return true;
}

bool value_get_bool(const struct value *v, const char *key, bool *ret)
{
    const struct value *found = value_get_typed(v, key, VALUE_BOOL);

    if (found == NULL)
        return false;
    *ret = found->boolean;
    return true;
}

bool value_get_str(const struct value *v, const char *key, size_t len_max, const char **ret)
{
    const struct value *found = value_get_typed(v, key, VALUE_STR);

    /* A NUL inside would make two strings of one: what is checked would not
     * be what is used. */
    if (found == NULL || found->len > len_max || memchr(found->str, '\0', found->len) != NULL)
        return false;
    *ret = found->str;
    return true;
}

bool value_get_bin(const struct value *v, const char *key, const uint8_t **ret, size_t *ret_len)
{
    const struct value *found = value_get_typed(v, key, VALUE_BIN);

    if (found == NULL)
        return false;
    *ret = found->bin;
    *ret_len = found->len;
    return true;
}

const struct value *value_get_array(const struct value *v, const char *key)
{
    return value_get_typed(v, key, VALUE_ARRAY);
}

const struct value *value_get_map(const struct value *v, const char *key)
{
    return value_get_typed(v, key, VALUE_MAP);
}
