/* What base/value.h adds to the operations of a sink. */
#include <assert.h>
#include <string.h>

#include "base/value.h"

void sink_int(struct sink *s, int64_t i)
{
    /* One number, one encoding: digests compare what sinks are told. */
    if (i >= 0)
        s->ops->uint(s, (uint64_t)i);
    else
        s->ops->integer(s, i);
}

void sink_value(struct sink *s, const struct value *v)
{
    switch (v->type) {
    case VALUE_NIL:
        sink_nil(s);
        return;
    case VALUE_BOOL:
        sink_bool(s, v->boolean);
        return;
    case VALUE_UINT:
        sink_uint(s, v->uint);
        return;
    case VALUE_INT:
        sink_int(s, v->integer);
        return;
    case VALUE_REAL:
        s->ops->real(s, v->real);
        return;
    case VALUE_STR:
        s->ops->str(s, v->str, v->len);
        return;
    case VALUE_BIN:
        sink_bin(s, v->bin, v->len);
        return;
    case VALUE_ARRAY:
        sink_array(s, v->len);
        for (uint32_t i = 0; i < v->len; i++)
            sink_value(s, &v->items[i]);
        return;
    case VALUE_MAP:
        sink_map(s, v->len);
        for (uint32_t i = 0; i < v->len; i++) {
            sink_value(s, &v->pairs[i].key);
            sink_value(s, &v->pairs[i].value);
        }
        return;
    }
    assert(false); /* A value has one of the types above. */
}
