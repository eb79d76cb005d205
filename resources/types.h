/* The resource types: their names and their private properties. Plain data,
 * for whoever shows types or checks properties; what a type does is in
 * resources/handler.h. No libuv needed. Any thread. */
#ifndef HOLDFAST_RESOURCES_TYPES_H
#define HOLDFAST_RESOURCES_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

enum type_property_kind { TYPE_SZ, TYPE_DWORD, TYPE_MULTI_SZ };

struct type_property {
    const char *name; /* Compared without case. */
    enum type_property_kind kind;
    bool required;            /* To come online; creating without it is fine. */
    bool assignments;         /* MULTI_SZ: each string is NAME=VALUE. */
    uint32_t min, max;        /* DWORD. */
    uint32_t default_dword;   /* DWORD. */
    const char *default_text; /* SZ and MULTI_SZ, and what people are shown; never NULL. */
    const char *description;
};

struct type {
    const char *name;  /* Canonical: that of Windows where it has the type. */
    const char *alias; /* Short, for people. */
    const char *description;
    uint32_t looks_alive_ms; /* Poll intervals where the resource leaves them to its type. */
    uint32_t is_alive_ms;
    const struct type_property *properties;
    unsigned property_count;
};

unsigned type_count(void);
const struct type *type_at(unsigned position); /* position < type_count() */
/* By name or alias, without regard to case; NULL if there is none. */
const struct type *type_find(const char *name);

const char *type_property_kind_name(enum type_property_kind kind); /* "SZ", "DWORD", "MULTI_SZ" */
/* NULL if `t` has no private property `name`. */
const struct type_property *type_find_property(const struct type *t, const char *name);

/* May private property `name` of `t` have this value? A DWORD is an integer,
 * or a string of decimal or 0x digits; an SZ is a string, or an integer (its
 * digits); a MULTI_SZ is an array of strings, or one string. Nil, "to the
 * default", is always fine.
 *
 * Returns 0 or ERROR_INVALID_PARAMETER; then `message` (of `size` bytes, never
 * NULL) names the property and what is wrong with it. */
uint32_t type_check_property(const struct type *t, const char *name, const struct value *value,
                             char *message, size_t size);
/* The same for every pair of the map `properties` (NULL or nil: none). The
 * common properties of resources are not known here: the caller leaves them out. */
uint32_t type_check_properties(const struct type *t, const struct value *properties, char *message,
                               size_t size);
/* ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR with a message if a required
 * property is missing or empty; for who is about to bring it online. */
uint32_t type_check_required(const struct type *t, const struct value *properties, char *message,
                             size_t size);

/* Reading a checked map. The default counts where a property is missing, nil or
 * not of its kind. `name` must be a property of `t` of that kind. Texts are in
 * `a`, or borrowed from `properties` or the table. */
uint32_t type_get_dword(const struct type *t, const struct value *properties, const char *name);
const char *type_get_text(const struct type *t, const struct value *properties, const char *name,
                          struct arena *a);
/* The strings of a MULTI_SZ, NULL after the last. */
const char **type_get_strings(const struct type *t, const struct value *properties,
                              const char *name, struct arena *a);

#endif
