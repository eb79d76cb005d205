/* Shared by the files of the views only: views.c (nodes, status, types),
 * view_group.c (groups and operations), view_resource.c, view_event.c. */
#ifndef HOLDFAST_NODE_VIEWS_PRIVATE_H
#define HOLDFAST_NODE_VIEWS_PRIVATE_H

#include "node/views.h"

/* NULL if there is none (any more). */
static inline const char *view_node_name(const struct view *v, uint32_t id)
{
    const struct node *n = cluster_node(v->cluster, id);

    return n != NULL ? n->name : NULL;
}

/* Pairs of a map. */
void view_property(const struct property *p, bool is_signed, struct sink *s);
uint32_t view_common_count(enum object_kind object);
void view_commons(enum object_kind object, const void *of, struct sink *s);
/* `key`: {index, stamp_ms, command, cause, cause_text}; nil if there is none. */
void view_why(const char *key, const struct why *why, struct sink *s);
/* `key`: [{node, rule, text, value, best}...] */
void view_candidates(const struct view *v, const char *key, const struct candidate *candidates,
                     unsigned count, struct sink *s);
/* `key`: node names. */
void view_node_names(const struct view *v, const char *key, const uint32_t *ids, unsigned count,
                     struct sink *s);
/* Five pairs. */
void view_node_fencing(const struct view *v, const struct node *n, struct sink *s);
/* Names of the bits set in `bits`. */
struct bit_name {
    uint32_t bit;
    const char *name;
};
void view_bits(const char *key, uint32_t bits, const struct bit_name *names, unsigned count,
               struct sink *s);

#endif
