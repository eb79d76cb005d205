/* Common properties: those that have a meaning here and are members of their
 * object. One table for each kind of object is all that setting, showing, and
 * snapshots know of them. Private to groupmgr. */
#ifndef HOLDFAST_GROUPMGR_COMMON_H
#define HOLDFAST_GROUPMGR_COMMON_H

#include "groupmgr/fields.h"
#include "groupmgr/records.h"

struct common {
    struct common_property property;
    size_t offset;    /* Of a uint32_t, a char * or a struct strings in the public object. */
    bool for_handler; /* The monitor learns it with the next online. */
    /* NULL, or judges a value of the right type: text with its NULs. */
    bool (*is_valid)(const char *text, size_t len);
    const char *wants; /* In words. */
};

/* NULL if there is no such property at that functional level. */
const struct common *common_find(enum object_kind object, const char *name, uint32_t level);
/* The functional level that it came with (level.c). */
uint32_t property_level(enum object_kind object, const char *name);
/* 0, or what is wrong with `p` as a value, with detail. */
uint32_t common_check(const struct common *common, const struct property *p, struct reply *reply);
/* Store a checked value in the public object `of`. */
void common_set(const struct common *common, void *of, const struct property *p);
/* Every common property of `of`, which is all zero, gets its preset. */
void commons_preset(enum object_kind object, void *of);
/* Free the texts of `of`. */
void commons_release(enum object_kind object, void *of);

/* What differs from its preset, as fields of a map. */
void commons_write(enum object_kind object, const void *of, struct field_writer *w);
/* Fills `of`, which has its presets; a value that could not have been set is bad. */
void commons_read(enum object_kind object, void *of, struct field_reader *r);

/* "memory=4096": the number behind the sign, and the length of the name before
 * it; false if it is no such thing. */
bool quantity_parse(const char *text, size_t *ret_name_len, uint64_t *ret_amount);

#endif
