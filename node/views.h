/* The state as the API shows it: docs/api.md names every field. Loop thread. */
#ifndef HOLDFAST_NODE_VIEWS_H
#define HOLDFAST_NODE_VIEWS_H

#include "base/value.h"
#include "groupmgr/groupmgr.h"

struct config;
struct consensus;
struct executor;

/* What a view is made from. For view_change(), of a copy of the state, `cluster`
 * alone. */
struct view {
    struct cluster *cluster;
    struct consensus *consensus; /* NULL, both: of another time. */
    struct executor *executor;
    uint32_t self;
    const struct config *config; /* NULL likewise. */
};

void view_nodes(const struct view *v, struct sink *s);
void view_node(const struct view *v, const struct node *n, struct sink *s);
void view_groups(const struct view *v, struct sink *s);
/* `whole`: with its resources. */
void view_group(const struct view *v, const struct group *g, bool whole, struct sink *s);
/* Of one group, or of all (NULL). */
/* The operation of a group that has one, and of all that have one. */
void view_operation(const struct view *v, const struct group *g, struct sink *s);
void view_operations(const struct view *v, struct sink *s);
void view_resources(const struct view *v, const struct group *g, struct sink *s);
void view_resource(const struct view *v, const struct resource *r, struct sink *s);
/* `candidates`: with those of a placement. */
void view_event(const struct view *v, const struct event *e, bool candidates, struct sink *s);
/* One of a rehearsal. */
void view_change(const struct view *v, const struct event *e, uint64_t after_ms, struct sink *s);
/* Of those behind command index `since`, the newest `limit`. */
void view_events(const struct view *v, uint64_t since, uint32_t limit, bool candidates,
                 struct sink *s);
/* Common properties of the cluster; and what the files of all its nodes must say alike,
 * for one that is to join. */
void view_settings(const struct view *v, struct sink *s);
/* All that explains a group (`r` NULL), one resource in it, or a node. */
void view_why_group(const struct view *v, const struct group *g, const struct resource *r,
                    struct sink *s);
void view_why_node(const struct view *v, const struct node *n, struct sink *s);
/* Fence devices, secrets masked, and where the fencing of each node stands. */
void view_fencing(const struct view *v, struct sink *s);
void view_status(const struct view *v, struct sink *s);
void view_types(struct sink *s);
/* False, and nothing written, if there is no such type. */
bool view_type(const char *name, struct sink *s);

#endif
