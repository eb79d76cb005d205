#include "tests/scenarios/object.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *needed(struct stage *s, struct words *w, const char *what)
{
    const char *text = words_next(w);

    if (text == NULL)
        stage_alarm(s, "%s is missing", what);
    return text;
}

bool check(struct bytes *instead, bool holds, const char *format, ...)
{
    char text[512];
    va_list args;

    if (holds)
        return true;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bytes_printf(instead, "%s%s", instead->len > 0 ? "; " : "", text);
    return false;
}

/* ----------------------------------------------------------------- objects */

static bool object_of_group(const struct stage *s, const char *name, struct object *ret)
{
    const struct group *g = cluster_group_by_name(s->cluster, name);

    if (g != NULL)
        *ret = (struct object){OBJECT_GROUP, g->id, g->name, (uint32_t)g->state, g->owner, g};
    return g != NULL;
}

static bool object_of_resource(const struct stage *s, const char *name, struct object *ret)
{
    const struct resource *r = cluster_resource_by_name(s->cluster, name);

    if (r != NULL)
        *ret = (struct object){OBJECT_RESOURCE,    r->id,           r->name,
                               (uint32_t)r->state, r->group->owner, r};
    return r != NULL;
}

bool object_of_node(const struct stage *s, const char *name, struct object *ret)
{
    const struct node *n = cluster_node_by_name(s->cluster, name);

    if (n != NULL)
        *ret = (struct object){OBJECT_NODE, n->id, n->name, (uint32_t)n->state, n->id, n};
    return n != NULL;
}

bool take_object(struct stage *s, struct words *w, struct object *ret)
{
    if (words_take(w, "group"))
        return object_of_group(s, needed(s, w, "a name"), ret);
    if (words_take(w, "resource"))
        return object_of_resource(s, needed(s, w, "a name"), ret);
    if (words_take(w, "node"))
        return object_of_node(s, needed(s, w, "a name"), ret);

    if (words_take(w, "cluster")) {
        *ret =
            (struct object){OBJECT_CLUSTER, 0, "the cluster", 0, 0, cluster_settings(s->cluster)};
        return true;
    }

    const char *name = needed(s, w, "a name");

    return object_of_group(s, name, ret) || object_of_resource(s, name, ret) ||
           object_of_node(s, name, ret);
}

/* Take a state by its name. */
bool take_state(struct words *w, enum object_kind kind, uint32_t *ret)
{
    for (uint32_t state = 0; state <= RESOURCE_OFFLINE_PENDING; state++)
        if (strcmp(state_name(kind, state), "?") != 0 && words_take(w, state_name(kind, state))) {
            *ret = state;
            return true;
        }
    return false;
}

const char *node_name(const struct stage *s, uint32_t id)
{
    const struct node *n = cluster_node(s->cluster, id);

    return n != NULL ? n->name : "none";
}
