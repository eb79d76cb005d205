/* The state as the API shows it: docs/api.md names every field. Loop thread. */
#ifndef HOLDFAST_NODE_VIEWS_H
#define HOLDFAST_NODE_VIEWS_H

#include "base/value.h"
#include "groupmgr/groupmgr.h"

struct consensus;
struct executor;

/* What a view is made from. */
struct view {
    struct cluster *cluster;
    struct consensus *consensus; /* NULL, both: of another time. */
    struct executor *executor;
    uint32_t self;
};

void view_nodes(const struct view *v, struct sink *s);
void view_node(const struct view *v, const struct node *n, struct sink *s);
void view_groups(const struct view *v, struct sink *s);
/* `whole`: with its resources. */
void view_group(const struct view *v, const struct group *g, bool whole, struct sink *s);
/* Of one group, or of all (NULL). */
void view_resources(const struct view *v, const struct group *g, struct sink *s);
void view_resource(const struct view *v, const struct resource *r, struct sink *s);
void view_event(const struct view *v, const struct event *e, struct sink *s);
/* Of those behind command index `since`, the newest `limit`. */
void view_events(const struct view *v, uint64_t since, uint32_t limit, struct sink *s);
void view_status(const struct view *v, struct sink *s);
void view_types(struct sink *s);
/* False, and nothing written, if there is no such type. */
bool view_type(const char *name, struct sink *s);

#endif
