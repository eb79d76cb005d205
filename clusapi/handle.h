/* Handles: numbers that stand for objects of this process.
 *
 * A handle carries its slot in a table and the slot's generation, and is no
 * pointer. So one that was closed, was never one, or is of another kind is
 * found out without following it, and never comes to mean an object that was
 * opened later. The table belongs to the process: the API gives a handle no
 * other home. Any thread. */
#ifndef HOLDFAST_CLUSAPI_HANDLE_H
#define HOLDFAST_CLUSAPI_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

struct session;

enum handle_kind {
    HANDLE_NONE,
    HANDLE_CLUSTER,
    HANDLE_GROUP,
    HANDLE_NODE,
    HANDLE_RESOURCE,
    HANDLE_KIND_COUNT,
};

/* What a handle stands for. Constant once handle_new() has it. */
struct object {
    enum handle_kind kind;
    bool may_change;         /* Full access, fixed when it was opened. */
    struct session *session; /* A reference of its own. */
    void *cluster;           /* The handle it was opened with; NULL for a cluster. */
    char *name;              /* Owned, UTF-8; NULL for a cluster. */
    uint64_t id;             /* The cluster's own number for it. */
    unsigned references;     /* Only touched by handle.c. */
};

/* A handle for `o`, which is taken (allocated with base/memory.h). NULL if
 * there are too many. */
void *handle_new(struct object *o);
/* The object, kept until object_release() even if the handle is closed
 * meanwhile; NULL if `handle` is no live handle of that kind. */
struct object *handle_get(const void *handle, enum handle_kind kind);
void object_release(struct object *o); /* NULL is fine. */
/* False if `handle` is no live handle of that kind. */
bool handle_close(void *handle, enum handle_kind kind);

#endif
