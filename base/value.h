/* Trees of plain values, and where such trees are written to.
 *
 * Everything Holdfast sends, logs or snapshots is a tree of maps, arrays,
 * strings, bytes and numbers. Parts that must not know the encoding (the state
 * machine above all) write a tree to a `sink` and read one as a `struct value`;
 * net/msgpack.h turns both into MessagePack, base/digest.h makes a sink that
 * hashes. No I/O. Not thread-safe: one arena and one sink, one thread. */
#ifndef HOLDFAST_BASE_VALUE_H
#define HOLDFAST_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ------------------------------------------------------------------ arena */

/* Memory that is freed all at once. A zeroed struct is a valid empty arena. */
struct arena {
    struct arena_chunk *chunks; /* Owned. */
    size_t bytes;               /* Handed out so far. */
};

/* Memory of `size` bytes, zeroed and aligned for any type, valid until
 * arena_release(). Aborts when the system has no memory left: an allocation of
 * this size that fails leaves nothing sensible to do (see base/memory.h). */
void *arena_alloc(struct arena *a, size_t size);
/* A copy of `len` bytes of `s`, with a NUL appended. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Free everything; `a` is empty and usable again. */
void arena_release(struct arena *a);

/* ------------------------------------------------------------------ value */

enum value_type {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_UINT, /* Every non-negative integer. */
    VALUE_INT,  /* Negative integers only. */
    VALUE_REAL,
    VALUE_STR,
    VALUE_BIN,
    VALUE_ARRAY,
    VALUE_MAP,
};

struct value_pair;

/* One node of a tree. Everything it points to lives in the arena that the
 * decoder was given, or in the buffer decoded, as the decoder says. */
struct value {
    enum value_type type;
    uint32_t len; /* Bytes of STR and BIN, items of ARRAY, pairs of MAP. */
    union {
        bool boolean;
        uint64_t uint;
        int64_t integer;
        double real;
        const char *str; /* NUL-terminated, and may hold NULs before. */
        const uint8_t *bin;
        const struct value *items;
        const struct value_pair *pairs;
    };
};

struct value_pair {
    struct value key;
    struct value value;
};

/* The value under string key `key` of map `v`; NULL if `v` is NULL, no map, or
 * has no such key. Of a repeated key the first counts. */
const struct value *value_get(const struct value *v, const char *key);

/* Typed look-ups in a map, for decoders of untrusted input. Each returns true
 * and writes *ret only if the key is there and has that type and range. */
bool value_get_uint(const struct value *v, const char *key, uint64_t *ret);
bool value_get_u32(const struct value *v, const char *key, uint32_t *ret);
bool value_get_bool(const struct value *v, const char *key, bool *ret);
/* A string without NULs inside, of at most `len_max` bytes. Borrowed. */
bool value_get_str(const struct value *v, const char *key, size_t len_max, const char **ret);
bool value_get_bin(const struct value *v, const char *key, const uint8_t **ret, size_t *ret_len);
/* The array or map under `key`. */
const struct value *value_get_array(const struct value *v, const char *key);
const struct value *value_get_map(const struct value *v, const char *key);

/* True if `v` is a string equal to `s`. */
bool value_is_str(const struct value *v, const char *s);

/* ------------------------------------------------------------------- sink */

/* Receives a tree from the root downwards: an array or map announces how many
 * items or pairs follow. A sink never fails towards its writer. */
struct sink {
    const struct sink_ops *ops;
};

struct sink_ops {
    void (*nil)(struct sink *);
    void (*boolean)(struct sink *, bool);
    void (*uint)(struct sink *, uint64_t);
    void (*integer)(struct sink *, int64_t);
    void (*real)(struct sink *, double);
    void (*str)(struct sink *, const char *, size_t len);
    void (*bin)(struct sink *, const void *, size_t len);
    void (*array)(struct sink *, uint32_t items);
    void (*map)(struct sink *, uint32_t pairs);
};

static inline void sink_nil(struct sink *s) { s->ops->nil(s); }
static inline void sink_bool(struct sink *s, bool b) { s->ops->boolean(s, b); }
static inline void sink_uint(struct sink *s, uint64_t u) { s->ops->uint(s, u); }
static inline void sink_bin(struct sink *s, const void *p, size_t n) { s->ops->bin(s, p, n); }
static inline void sink_array(struct sink *s, uint32_t n) { s->ops->array(s, n); }
static inline void sink_map(struct sink *s, uint32_t n) { s->ops->map(s, n); }
void sink_int(struct sink *s, int64_t i); /* As uint when not negative. */
static inline void sink_str(struct sink *s, const char *str) /* NULL writes nil. */
{
    if (str == NULL)
        s->ops->nil(s);
    else
        s->ops->str(s, str, strlen(str));
}

/* A pair of a map: key and value in one call. In line, for then the length of a
 * key that is a literal is known when it is compiled. */
static inline void sink_kv_str(struct sink *s, const char *key, const char *value)
{
    sink_str(s, key);
    sink_str(s, value);
}
static inline void sink_kv_uint(struct sink *s, const char *key, uint64_t value)
{
    sink_str(s, key);
    sink_uint(s, value);
}
static inline void sink_kv_int(struct sink *s, const char *key, int64_t value)
{
    sink_str(s, key);
    sink_int(s, value);
}
static inline void sink_kv_bool(struct sink *s, const char *key, bool value)
{
    sink_str(s, key);
    sink_bool(s, value);
}
static inline void sink_kv_bin(struct sink *s, const char *key, const void *value, size_t len)
{
    sink_str(s, key);
    sink_bin(s, value, len);
}
/* Its items, or pairs, follow. */
static inline void sink_kv_array(struct sink *s, const char *key, uint32_t items)
{
    sink_str(s, key);
    sink_array(s, items);
}
static inline void sink_kv_map(struct sink *s, const char *key, uint32_t pairs)
{
    sink_str(s, key);
    sink_map(s, pairs);
}

/* Write a whole tree. */
void sink_value(struct sink *s, const struct value *v);

#endif
