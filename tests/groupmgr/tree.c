#include "tests/groupmgr/tree.h"

#include <assert.h>
#include <string.h>

/* ---------------------------------------------------------- tree as a sink */

enum { DEPTH_MAX = 16 };

struct tree_sink {
    struct sink sink;
    struct arena *arena;
    struct value *root;
    struct open {
        struct value *slots; /* Of an array; of a map key, value, key, value ... */
        uint32_t left;
    } open[DEPTH_MAX];
    unsigned depth;
};

static struct value *slot(struct sink *s, enum value_type type, size_t len)
{
    struct tree_sink *t = (struct tree_sink *)s;
    struct value *v;

    while (t->depth > 0 && t->open[t->depth - 1].left == 0)
        t->depth--;
    if (t->depth == 0) {
        v = t->root = arena_alloc(t->arena, sizeof(*v));
    } else {
        v = t->open[t->depth - 1].slots++;
        t->open[t->depth - 1].left--;
    }
    v->type = type;
    v->len = (uint32_t)len;
    return v;
}

static void open_with(struct sink *s, struct value *slots, uint32_t count)
{
    struct tree_sink *t = (struct tree_sink *)s;

    assert(t->depth < DEPTH_MAX);
    t->open[t->depth++] = (struct open){slots, count};
}

static void on_nil(struct sink *s)
{
    slot(s, VALUE_NIL, 0);
}

static void on_bool(struct sink *s, bool b)
{
    slot(s, VALUE_BOOL, 0)->boolean = b;
}

static void on_uint(struct sink *s, uint64_t u)
{
    slot(s, VALUE_UINT, 0)->uint = u;
}

static void on_int(struct sink *s, int64_t i)
{
    slot(s, VALUE_INT, 0)->integer = i;
}

static void on_real(struct sink *s, double d)
{
    slot(s, VALUE_REAL, 0)->real = d;
}

static void on_str(struct sink *s, const char *text, size_t len)
{
    struct value *v = slot(s, VALUE_STR, len);

    v->str = arena_strndup(((struct tree_sink *)s)->arena, text, len);
}

static void on_bin(struct sink *s, const void *data, size_t len)
{
    struct value *v = slot(s, VALUE_BIN, len);

    v->bin = (uint8_t *)arena_strndup(((struct tree_sink *)s)->arena, data, len);
}

static void on_array(struct sink *s, uint32_t items)
{
    struct value *v = slot(s, VALUE_ARRAY, items);
    struct value *slots = arena_alloc(((struct tree_sink *)s)->arena, (items + 1) * sizeof(*slots));

    v->items = slots;
    open_with(s, slots, items);
}

static void on_map(struct sink *s, uint32_t pairs)
{
    struct value *v = slot(s, VALUE_MAP, pairs);
    struct value_pair *slots =
        arena_alloc(((struct tree_sink *)s)->arena, (pairs + 1) * sizeof(*slots));

    /* A pair is two values and nothing else. */
    static_assert(sizeof(*slots) == 2 * sizeof(struct value), "pairs are packed");
    v->pairs = slots;
    open_with(s, (struct value *)slots, 2 * pairs);
}

static const struct sink_ops tree_ops = {
    .nil = on_nil,
    .boolean = on_bool,
    .uint = on_uint,
    .integer = on_int,
    .real = on_real,
    .str = on_str,
    .bin = on_bin,
    .array = on_array,
    .map = on_map,
};

struct value *tree_of_cluster(const struct cluster *c, struct arena *a)
{
    struct tree_sink t = {.sink = {&tree_ops}, .arena = a};

    cluster_write(c, &t.sink);
    return t.root;
}

struct value *tree_of_command(const struct command *cmd, struct arena *a)
{
    struct tree_sink t = {.sink = {&tree_ops}, .arena = a};

    command_write(cmd, &t.sink);
    return t.root;
}

/* ------------------------------------------------------------------- bytes */

void tree_bytes(const struct value *v, struct bytes *out)
{
    uint8_t tag = (uint8_t)v->type;

    bytes_append(out, &tag, 1);
    bytes_append(out, &v->len, sizeof(v->len));
    switch (v->type) {
    case VALUE_STR:
    case VALUE_BIN:
        bytes_append(out, v->bin, v->len);
        break;
    case VALUE_ARRAY:
        for (uint32_t i = 0; i < v->len; i++)
            tree_bytes(&v->items[i], out);
        break;
    case VALUE_MAP:
        for (uint32_t i = 0; i < v->len; i++) {
            tree_bytes(&v->pairs[i].key, out);
            tree_bytes(&v->pairs[i].value, out);
        }
        break;
    case VALUE_BOOL:
        tag = v->boolean;
        bytes_append(out, &tag, 1);
        break;
    case VALUE_NIL:
        break;
    default:
        bytes_append(out, &v->uint, sizeof(v->uint));
        break;
    }
}

/* ------------------------------------------------------------------- nodes */

static struct value *node_from(struct value *v, unsigned *left)
{
    struct value *found = NULL;

    if ((*left)-- == 0)
        return v;
    if (v->type == VALUE_ARRAY)
        for (uint32_t i = 0; found == NULL && i < v->len; i++)
            found = node_from((struct value *)&v->items[i], left);
    if (v->type == VALUE_MAP)
        for (uint32_t i = 0; found == NULL && i < v->len; i++) {
            found = node_from((struct value *)&v->pairs[i].key, left);
            if (found == NULL)
                found = node_from((struct value *)&v->pairs[i].value, left);
        }
    return found;
}

struct value *tree_node(struct value *v, unsigned n)
{
    return node_from(v, &n);
}

unsigned tree_size(const struct value *v)
{
    unsigned size = 1;

    if (v->type == VALUE_ARRAY)
        for (uint32_t i = 0; i < v->len; i++)
            size += tree_size(&v->items[i]);
    if (v->type == VALUE_MAP)
        for (uint32_t i = 0; i < v->len; i++)
            size += 1 + tree_size(&v->pairs[i].value);
    return size;
}
