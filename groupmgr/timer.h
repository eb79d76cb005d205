/* What falls due by itself, and when. One heap for all of it, so that the next
 * deadline is known at once, and so that everything falls due in one order on
 * every replica: by (time, kind, id). Private to groupmgr. */
#ifndef HOLDFAST_GROUPMGR_TIMER_H
#define HOLDFAST_GROUPMGR_TIMER_H

#include <stdint.h>

struct cluster;

/* In the order in which they fall due at the same time. */
enum timer_kind {
    TIMER_QUARANTINE, /* Of a node: it may receive groups again. */
    TIMER_FORMING,    /* Of the cluster: a cold start waits no longer. */
    TIMER_RESCUE,     /* Of a group: it waits no longer for its owner. */
    TIMER_START,      /* Of a group: it is started after its delay. */
    TIMER_FAILBACK,   /* Of a group: its window opens. */
    TIMER_RESTART,    /* Of a resource, after a failure. */
    TIMER_RETRY,      /* Of a resource, after all was used up. */
    TIMER_KIND_COUNT
};

/* Embedded in a record. The time stands in the record's public object. */
struct timer {
    uint64_t *at_ms; /* 0: not set. */
    void *record;
    uint64_t id; /* Of the object. */
    enum timer_kind kind;
    unsigned slot; /* Its place in the heap, from 1; 0: none. */
};

struct timers {
    struct timer **heap; /* From 1. */
    unsigned count;
    unsigned size;
};

/* `at_ms`, which is 0, and `record` outlive the timer. */
void timer_init(struct timer *t, enum timer_kind kind, uint64_t id, void *record, uint64_t *at_ms);
/* `at_ms` 0: not to fall due. The object is touched. */
void timer_set(struct cluster *c, struct timer *t, uint64_t at_ms);
/* So much later than now; never wraps round. */
void timer_set_in(struct cluster *c, struct timer *t, uint64_t delay_ms);
/* The one due first, NULL if none is set. */
struct timer *timer_first(const struct cluster *c);
/* What is wrong with the heap; NULL: nothing. */
const char *timers_fault(const struct timers *timers);

#endif
