#include "groupmgr/fields.h"

#include <assert.h>
#include <string.h>

/* ---------------------------------------------------------------- writing */

void fields_write(const void *object, fields_fn *fields, struct sink *s)
{
    struct field_writer w = {NULL, 0};
    uint32_t announced;

    fields(object, &w);
    announced = w.count;
    sink_map(s, announced);
    w.s = s;
    fields(object, &w);
    assert(w.count == 2 * announced); /* Or nobody could read it. */
}

bool field_object(struct field_writer *w, const char *key, bool present)
{
    assert(key != NULL);
    if (!field_present(w, present))
        return false;
    sink_str(w->s, key);
    return true;
}

bool field_array(struct field_writer *w, const char *key, uint32_t items)
{
    assert(key != NULL);
    if (!field_present(w, items > 0))
        return false;
    sink_kv_array(w->s, key, items);
    return true;
}

/* ---------------------------------------------------------------- reading */

void fields_begin(struct field_reader *r, const struct value *v)
{
    assert(r != NULL);
    r->map = v;
    r->seen = 0;
    r->next = 0;
    r->bad = v == NULL || v->type != VALUE_MAP;
}

bool fields_end(const struct field_reader *r)
{
    assert(r->bad || r->seen <= r->map->len);
    return !r->bad && r->seen == r->map->len;
}

/* Fields are mostly read in the order in which they were written: what was found
 * last tells where to look first. Of a repeated key one counts, and fields_end()
 * finds the other. */
static const struct value *field_find(struct field_reader *r, const char *key)
{
    size_t len = strlen(key);

    assert(len > 0 && r->next <= r->map->len);
    for (uint32_t i = 0; i < r->map->len; i++) {
        uint32_t at = r->next + i < r->map->len ? r->next + i : r->next + i - r->map->len;
        const struct value_pair *pair = &r->map->pairs[at];

        if (pair->key.type != VALUE_STR || pair->key.len != len ||
            memcmp(pair->key.str, key, len) != 0)
            continue;
        r->next = at + 1 < r->map->len ? at + 1 : 0;
        return &pair->value;
    }
    return NULL;
}

/* The value under `key` if it has that type; bad if it has another. */
static const struct value *field_get(struct field_reader *r, const char *key, enum value_type type)
{
    const struct value *v = r->bad ? NULL : field_find(r, key);

    assert(v == NULL || !r->bad);
    if (v == NULL)
        return NULL;
    r->seen++;
    if (v->type == type)
        return v;
    r->bad = true;
    return NULL;
}

uint64_t read_uint(struct field_reader *r, const char *key, uint64_t max)
{
    const struct value *v = field_get(r, key, VALUE_UINT);

    assert(v == NULL || v->type == VALUE_UINT);
    if (v == NULL)
        return 0;
    r->bad |= v->uint > max;
    return r->bad ? 0 : v->uint;
}

uint32_t read_u32(struct field_reader *r, const char *key)
{
    assert(key != NULL);
    return (uint32_t)read_uint(r, key, UINT32_MAX);
}

uint32_t read_number(struct field_reader *r, const char *key, uint32_t preset)
{
    const struct value *v = field_get(r, key, VALUE_UINT);

    assert(v == NULL || v->type == VALUE_UINT);
    if (v == NULL)
        return preset;
    r->bad |= v->uint > UINT32_MAX;
    return r->bad ? preset : (uint32_t)v->uint;
}

bool read_bool(struct field_reader *r, const char *key)
{
    const struct value *v = field_get(r, key, VALUE_BOOL);

    assert(v == NULL || v->type == VALUE_BOOL);
    return v != NULL && v->boolean;
}

const char *read_str(struct field_reader *r, const char *key)
{
    const struct value *v = field_get(r, key, VALUE_STR);

    assert(v == NULL || v->type == VALUE_STR);
    if (v == NULL)
        return NULL;
    r->bad |= memchr(v->str, '\0', v->len) != NULL;
    return r->bad ? NULL : v->str;
}

const uint8_t *read_bin(struct field_reader *r, const char *key, size_t *ret_len)
{
    const struct value *v = field_get(r, key, VALUE_BIN);

    assert(v == NULL || v->type == VALUE_BIN);
    *ret_len = v != NULL ? v->len : 0;
    return v != NULL ? v->bin : NULL;
}

const struct value *read_object(struct field_reader *r, const char *key)
{
    assert(key != NULL);
    return field_get(r, key, VALUE_MAP);
}

const struct value *read_array(struct field_reader *r, const char *key, uint32_t *ret_count)
{
    const struct value *v = field_get(r, key, VALUE_ARRAY);

    assert(v == NULL || v->type == VALUE_ARRAY);
    *ret_count = v != NULL ? v->len : 0;
    return v != NULL ? v->items : NULL;
}

/* ------------------------------------------------------------- properties */

void property_fields(const void *object, struct field_writer *w)
{
    const struct property *p = object;

    assert(p != NULL);
    field_str(w, "name", p->name);
    field_uint(w, "type", (uint64_t)p->type);
    if (p->type == PROPERTY_DWORD)
        field_uint(w, "dword", p->dword);
    else
        field_bin(w, "text", p->text, p->text_len);
}

bool property_read(const struct value *v, struct arena *a, struct property *ret)
{
    struct field_reader r;
    const uint8_t *text;

    assert(ret != NULL && a != NULL);
    fields_begin(&r, v);
    memset(ret, 0, sizeof(*ret));
    ret->name = (char *)read_str(&r, "name");
    ret->type = (enum property_type)read_uint(&r, "type", PROPERTY_MULTI_SZ);
    ret->dword = read_u32(&r, "dword");
    text = read_bin(&r, "text", &ret->text_len);
    if (ret->type != PROPERTY_DWORD)
        ret->text = arena_strndup(a, text != NULL ? (const char *)text : "", ret->text_len);
    return fields_end(&r) && ret->name != NULL;
}
