#include <assert.h>
#include <math.h>
#include <string.h>

#include "cli/output.h"

static json_t *json_from_string(struct arena *a, const char *s, size_t len)
{
    return json_string(text_utf8(a, s, len));
}

static json_t *json_convert(struct arena *a, const struct value *v);

static json_t *json_from_array(struct arena *a, const struct value *v)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < v->len; i++)
        json_array_append_new(array, json_convert(a, &v->items[i]));
    return array;
}

/* JSON has only texts for keys. Of a repeated key the first counts, as for
 * value_get(). */
static json_t *json_from_map(struct arena *a, const struct value *v)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < v->len; i++) {
        const struct value *k = &v->pairs[i].key;
        const char *key = k->type == VALUE_STR ? text_utf8(a, k->str, k->len) : text_value(a, k);

        if (json_object_get(object, key) == NULL)
            json_object_set_new(object, key, json_convert(a, &v->pairs[i].value));
    }
    return object;
}

static json_t *json_convert(struct arena *a, const struct value *v)
{
    switch (v->type) {
    case VALUE_NIL:
        return json_null();
    case VALUE_BOOL:
        return json_boolean(v->boolean);
    case VALUE_UINT:
        if (v->uint > (uint64_t)INT64_MAX)
            return json_string(text_value(a, v));
        return json_integer((json_int_t)v->uint);
    case VALUE_INT:
        return json_integer((json_int_t)v->integer);
    case VALUE_REAL:
        return isfinite(v->real) ? json_real(v->real) : json_null();
    case VALUE_STR:
        return json_from_string(a, v->str, v->len);
    case VALUE_BIN:
        return json_string(v->len == 0 ? "" : text_value(a, v));
    case VALUE_ARRAY:
        return json_from_array(a, v);
    case VALUE_MAP:
        return json_from_map(a, v);
    }
    return json_null();
}

json_t *json_from_value(const struct value *v)
{
    struct arena a = {0};
    json_t *j = v == NULL ? json_null() : json_convert(&a, v);

    arena_release(&a);
    assert(j != NULL);
    return j;
}

json_t *json_from_text(const char *s)
{
    struct arena a = {0};
    json_t *j = json_from_string(&a, s, strlen(s));

    arena_release(&a);
    return j;
}

int json_print(const struct cli *cli, json_t *j)
{
    json_dumpf(j, cli->io->out, JSON_INDENT(2) | JSON_ENCODE_ANY);
    fputc('\n', cli->io->out);
    json_decref(j);
    return CLI_DONE;
}

int json_print_value(const struct cli *cli, const struct value *v)
{
    return json_print(cli, json_from_value(v));
}
