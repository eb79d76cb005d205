/* Maps whose fields are left out when they say nothing (0, false, NULL), as
 * commands and snapshots are made of. Private to groupmgr.
 *
 * A map announces its size before its pairs, so a writer goes over its fields
 * twice: once with a sink that is NULL, counting, once writing. */
#ifndef HOLDFAST_GROUPMGR_FIELDS_H
#define HOLDFAST_GROUPMGR_FIELDS_H

#include "groupmgr/groupmgr.h"

struct field_writer {
    struct sink *s; /* NULL: only count. */
    uint32_t count;
};

typedef void fields_fn(const void *object, struct field_writer *w);

/* Write `object` as a map of the fields that `fields` names. */
void fields_write(const void *object, fields_fn *fields, struct sink *s);

/* True if a field is to be written now. Most fields of most objects are absent:
 * what is asked of all of them is in line (a snapshot of 40,000 resources asks
 * some three million times). */
static inline bool field_present(struct field_writer *w, bool present)
{
    w->count += present;
    return present && w->s != NULL;
}

static inline void field_uint(struct field_writer *w, const char *key, uint64_t value)
{
    if (field_present(w, value != 0))
        sink_kv_uint(w->s, key, value);
}

/* Left out when it is `preset`, which need not be 0. */
static inline void field_number(struct field_writer *w, const char *key, uint32_t value,
                                uint32_t preset)
{
    if (field_present(w, value != preset))
        sink_kv_uint(w->s, key, value);
}

static inline void field_bool(struct field_writer *w, const char *key, bool value)
{
    if (field_present(w, value))
        sink_kv_bool(w->s, key, value);
}

static inline void field_str(struct field_writer *w, const char *key, const char *value)
{
    if (field_present(w, value != NULL))
        sink_kv_str(w->s, key, value);
}

static inline void field_bin(struct field_writer *w, const char *key, const void *value, size_t len)
{
    if (field_present(w, len > 0))
        sink_kv_bin(w->s, key, value, len);
}

/* True if the map under `key`, there only if `present`, is to be written now. */
bool field_object(struct field_writer *w, const char *key, bool present);
/* True if the `items` are to be written now. */
bool field_array(struct field_writer *w, const char *key, uint32_t items);

/* Reads such a map. What is left out reads as 0, false or NULL; anything of the
 * wrong type or out of range makes the reader `bad` for good and reads as 0. */
struct field_reader {
    const struct value *map;
    uint32_t seen;
    uint32_t next; /* Where the next field is likely to stand. */
    bool bad;
};

void fields_begin(struct field_reader *r, const struct value *v);
/* True if all was well, and nothing was there that nobody asked for: a field
 * that this version does not know must not be dropped in silence. */
bool fields_end(const struct field_reader *r);

uint64_t read_uint(struct field_reader *r, const char *key, uint64_t max);
uint32_t read_u32(struct field_reader *r, const char *key);
/* What is left out reads as `preset`. */
uint32_t read_number(struct field_reader *r, const char *key, uint32_t preset);
bool read_bool(struct field_reader *r, const char *key);
/* Borrowed from the tree; without NULs. */
const char *read_str(struct field_reader *r, const char *key);
const uint8_t *read_bin(struct field_reader *r, const char *key, size_t *ret_len);
/* The map under `key`, NULL if there is none. */
const struct value *read_object(struct field_reader *r, const char *key);
/* The items of an array, *ret_count of them. */
const struct value *read_array(struct field_reader *r, const char *key, uint32_t *ret_count);

/* A property, wherever it stands. */
void property_fields(const void *object, struct field_writer *w);
/* Points into `v`, and into `a` for what must end in a NUL. */
bool property_read(const struct value *v, struct arena *a, struct property *ret);

#endif
