/* Using the fence devices of one node, one after the other: the doing, without the
 * deciding (fence.h).
 *
 * Each thing that was done is checked by asking the device for its status: an
 * agent's word that it has switched off counts for nothing. A device is tried as
 * often as its FenceRetries say, and all must succeed. Loop thread. */
#ifndef HOLDFAST_NODE_FENCE_WORK_H
#define HOLDFAST_NODE_FENCE_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "groupmgr/groupmgr.h"
#include "resources/fence_agent.h"

struct fence_work;
struct replica;

enum fence_work_kind {
    FENCE_WORK_OFF,  /* The devices of a level, until each says that it is off. */
    FENCE_WORK_ON,   /* The same, on. */
    FENCE_WORK_TEST, /* All devices of all levels are asked for their status; nothing is done. */
};

struct fence_work_plan {
    uv_loop_t *loop;
    struct replica *replica; /* Devices are looked up when their turn comes. */
    enum fence_work_kind kind;
    unsigned level;    /* Not for a test. */
    unsigned delay_ms; /* Before the first. */
    /* Of a test: what a device says. May be NULL. */
    void (*told)(unsigned level, const struct fence_item *item, enum fence_outcome outcome,
                 const char *text, void *data);
    /* The last that is heard of it; `words` say which device failed and how, without secrets. */
    void (*done)(bool ok, const char *words, void *data);
    void *data;
};

/* Begin with the devices of `n`. done() is never called from inside. */
struct fence_work *fence_work_start(const struct fence_work_plan *plan, const struct node *n);
/* Kill what runs; done() is not called. */
void fence_work_cancel(struct fence_work *w);

#endif
