/* What views have in common: properties, reasons, candidates, names. */
#include <string.h>

#include "node/views_private.h"

/* ----------------------------------------------------------------- properties */

void view_property(const struct property *p, bool is_signed, struct sink *s)
{
    uint32_t count = 0;

    switch (p->type) {
    case PROPERTY_DWORD:
        if (is_signed)
            sink_kv_int(s, p->name, (int32_t)p->dword);
        else
            sink_kv_uint(s, p->name, p->dword);
        break;
    case PROPERTY_SZ:
        sink_kv_str(s, p->name, p->text);
        break;
    case PROPERTY_MULTI_SZ:
        for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
            count++;
        sink_kv_array(s, p->name, count);
        for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
            sink_str(s, p->text + at);
        break;
    }
}

uint32_t view_common_count(enum object_kind object)
{
    uint32_t count = 0;

    while (common_property(object, count) != NULL)
        count++;
    return count;
}

void view_commons(enum object_kind object, const void *of, struct sink *s)
{
    const struct common_property *common;
    struct property p;

    for (unsigned i = 0; (common = common_property(object, i)) != NULL; i++)
        if (common_property_value(object, of, common->name, &p))
            view_property(&p, common->is_signed, s);
}

/* -------------------------------------------------------------------- reasons */

void view_why(const char *key, const struct why *why, struct sink *s)
{
    if (why->index == 0) {
        sink_str(s, key);
        sink_nil(s);
        return;
    }
    sink_kv_map(s, key, 5);
    sink_kv_uint(s, "index", why->index);
    sink_kv_uint(s, "stamp_ms", why->stamp_ms);
    sink_kv_str(s, "command", command_kind_name(why->command));
    sink_kv_str(s, "cause", cause_name(why->cause));
    sink_kv_str(s, "cause_text", cause_text(why->cause));
}

void view_candidates(const struct view *v, const char *key, const struct candidate *candidates,
                     unsigned count, struct sink *s)
{
    sink_kv_array(s, key, count);
    for (unsigned i = 0; i < count; i++) {
        const struct candidate *c = &candidates[i];
        sink_map(s, 5);
        sink_kv_str(s, "node", view_node_name(v, c->node));
        sink_kv_str(s, "rule", placement_rule_name(c->rule));
        sink_kv_str(s, "text", placement_rule_text(c->rule));
        sink_kv_uint(s, "value", c->value);
        sink_kv_uint(s, "best", c->best);
    }
}

/* --------------------------------------------------------------- names and bits */

void view_node_names(const struct view *v, const char *key, const uint32_t *ids, unsigned count,
                     struct sink *s)
{
    sink_kv_array(s, key, count);
    for (unsigned i = 0; i < count; i++)
        sink_str(s, view_node_name(v, ids[i]));
}

void view_bits(const char *key, uint32_t bits, const struct bit_name *names, unsigned count,
               struct sink *s)
{
    uint32_t set = 0;

    for (unsigned i = 0; i < count; i++)
        set += (bits & names[i].bit) != 0;
    sink_kv_array(s, key, set);
    for (unsigned i = 0; i < count; i++)
        if ((bits & names[i].bit) != 0)
            sink_str(s, names[i].name);
}
