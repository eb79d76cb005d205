/* Property lists: the binary format of every set of properties and of the
 * instructions of OfflineClusterGroupEx and its kin (docs/property-lists.md).
 *
 *     list      count:u32 property{count}
 *     property  name value{1..} endmark:u32=0
 *     name      syntax:u32=0x00040003 len:u32 text NUL pad
 *     value     syntax:u32 len:u32 data pad
 *
 * Little-endian; `len` is in bytes, with the NULs of texts, without the zero
 * bytes (`pad`) up to the next multiple of 4. Two layouts differ only in the
 * width of characters (base/proplist_text.h).
 *
 * What is refused, and how. Reading is total: no input leads outside of it,
 * and none needs to be aligned.
 *
 *     ERROR_INVALID_PARAMETER   no list at all: NULL with a length, 1 to 3
 *       (87)                    bytes, more than PROPLIST_BYTES_MAX
 *     ERROR_INVALID_DATA        a list that is malformed: it ends too early;
 *       (13)                    bytes follow the last property; more properties
 *                               announced than there is room for; a name that
 *                               is not of syntax NAME, is empty, or has no NUL
 *                               or more than the one at its end; a property
 *                               without a value; a syntax that is not below; a
 *                               number of another length than its type's; text
 *                               of half characters, without its NUL, with one
 *                               before the end, or that is not text; a MULTI_SZ
 *                               that does not end in an empty string, or goes
 *                               on after one; a list in a list that is
 *                               malformed or deeper than PROPLIST_DEPTH_MAX
 *
 * NULL or anything with length 0 is a list without properties, as is a count of
 * 0. Names are equal if they differ in the case of A to Z only; of equal names
 * the first counts. Any thread. */
#ifndef HOLDFAST_BASE_PROPLIST_H
#define HOLDFAST_BASE_PROPLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/proplist_text.h"
#include "base/value.h"

#define PROPLIST_BYTES_MAX ((size_t)16 << 20)
#define PROPLIST_DEPTH_MAX 4 /* Lists inside lists, the outermost included. */

/* The syntaxes that a property's value may have: CLUSPROP_SYNTAX_LIST_VALUE_*. */
enum proplist_syntax {
    PROPLIST_BINARY = 0x00010001,
    PROPLIST_DWORD = 0x00010002,
    PROPLIST_SZ = 0x00010003,
    PROPLIST_EXPAND_SZ = 0x00010004,
    PROPLIST_MULTI_SZ = 0x00010005,
    PROPLIST_ULARGE_INTEGER = 0x00010006,
    PROPLIST_LONG = 0x00010007,
    PROPLIST_EXPANDED_SZ = 0x00010008,
    PROPLIST_SECURITY_DESCRIPTOR = 0x00010009,
    PROPLIST_LARGE_INTEGER = 0x0001000A,
    PROPLIST_WORD = 0x0001000B,
    PROPLIST_FILETIME = 0x0001000C,
    PROPLIST_PROPERTY_LIST = 0x0001000E, /* A list of the same layout. */
};

/* 0 if `data` is a list in layout `width`, or the code that the table says. */
uint32_t proplist_check(const void *data, size_t len, enum proplist_width width);

/* ---------------------------------------------------------------- reading */

/* A list being read; everything read from it borrows from its bytes. A copy
 * is a position to come back to. */
struct proplist {
    const uint8_t *at;
    size_t left;
    uint32_t count_left; /* Properties. */
    enum proplist_width width;
};

struct proplist_value {
    uint32_t syntax; /* One of enum proplist_syntax. */
    uint32_t len;
    const uint8_t *data; /* Not aligned; texts with their NULs. */
    enum proplist_width width;
};

struct proplist_property {
    const uint8_t *name;         /* Not aligned. */
    size_t name_len;             /* Bytes, without the NUL. */
    struct proplist_value value; /* The first one; nearly always the only one. */
    const uint8_t *values;       /* Where proplist_value_next() goes on. */
    size_t values_left;
};

/* Check a list and stand before its first property. */
uint32_t proplist_open(const void *data, size_t len, enum proplist_width width,
                       struct proplist *ret);
/* Step over the next property; false at the end. */
bool proplist_next(struct proplist *list, struct proplist_property *ret);
/* Step over the next value of a property, from the first on; false at the end. */
bool proplist_value_next(struct proplist_property *property, struct proplist_value *ret);

bool proplist_name_is(const struct proplist_property *property, const char *name);
/* The name as UTF-8. */
char *proplist_name(const struct proplist_property *property, struct arena *arena);

/* Typed access. Each returns 0, or ERROR_CLUSTER_PROPERTY_DATA_TYPE_MISMATCH if
 * the value is of another type, with nothing written. */
uint32_t proplist_value_dword(const struct proplist_value *value, uint32_t *ret);
uint32_t proplist_value_ularge(const struct proplist_value *value, uint64_t *ret);
/* SZ, EXPAND_SZ or EXPANDED_SZ, as UTF-8. */
uint32_t proplist_value_sz(const struct proplist_value *value, struct arena *arena,
                           const char **ret);
/* The strings as UTF-8, with NULL behind the last one. */
uint32_t proplist_value_multi_sz(const struct proplist_value *value, struct arena *arena,
                                 const char *const **ret, size_t *ret_count);

/* The first property from here on that is named `name` (UTF-8); `list` stays
 * where it is. ERROR_FILE_NOT_FOUND if there is none; the typed ones return
 * what proplist_value_...() returns for its first value. */
uint32_t proplist_find(const struct proplist *list, const char *name,
                       struct proplist_property *ret);
uint32_t proplist_find_dword(const struct proplist *list, const char *name, uint32_t *ret);
uint32_t proplist_find_ularge(const struct proplist *list, const char *name, uint64_t *ret);
uint32_t proplist_find_sz(const struct proplist *list, const char *name, struct arena *arena,
                          const char **ret);
uint32_t proplist_find_multi_sz(const struct proplist *list, const char *name, struct arena *arena,
                                const char *const **ret, size_t *ret_count);

/* ---------------------------------------------------------------- writing */

/* A list being written. `bytes` is a whole list at any time. */
struct proplist_builder {
    struct bytes bytes;
    enum proplist_width width;
};

void proplist_builder_init(struct proplist_builder *b, enum proplist_width width);
void proplist_builder_release(struct proplist_builder *b);

/* Append one property; texts and names are UTF-8. A name that is there already
 * is not replaced. Each returns 0; or ERROR_INVALID_PARAMETER, with `b`
 * unchanged, if a name is empty, a text is not valid UTF-8, a string of a
 * MULTI_SZ is empty, or the list would become longer than PROPLIST_BYTES_MAX. */
uint32_t proplist_add_dword(struct proplist_builder *b, const char *name, uint32_t value);
uint32_t proplist_add_ularge(struct proplist_builder *b, const char *name, uint64_t value);
uint32_t proplist_add_sz(struct proplist_builder *b, const char *name, const char *value);
uint32_t proplist_add_multi_sz(struct proplist_builder *b, const char *name,
                               const char *const *strings, size_t count);
uint32_t proplist_add_binary(struct proplist_builder *b, const char *name, const void *data,
                             size_t len);
/* Values as they are, in the layout of `b`; at least one. Also
 * ERROR_INVALID_DATA if one of them would not be read back. */
uint32_t proplist_add_values(struct proplist_builder *b, const char *name,
                             const struct proplist_value *values, size_t count);

/* Append `data`, a list in layout `from`, to `out` as a list in layout `to`:
 * texts and names change their width, everything else is copied, padding
 * becomes zero. No bytes become no bytes.
 *
 * Returns 0, the code of proplist_check(), or ERROR_INVALID_PARAMETER if the
 * result would be longer than PROPLIST_BYTES_MAX; `out` is unchanged then. */
uint32_t proplist_convert(const void *data, size_t len, enum proplist_width from,
                          enum proplist_width to, struct bytes *out);

#endif
