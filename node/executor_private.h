/* Shared by the files of the executor only: executor.c (wanted against real,
 * reports) and executor_order.c (orders to the monitor, winding down). */
#ifndef HOLDFAST_NODE_EXECUTOR_PRIVATE_H
#define HOLDFAST_NODE_EXECUTOR_PRIVATE_H

#include <uthash.h>

#include "node/executor.h"
#include "node/replica.h"

enum { REPORT_TIMEOUT_MS = 10000, REPORTS_PER_COMMAND_MAX = 64 };

/* Lives that only this node knows of, for winding down without the cluster. */
#define WIND_DOWN_LIFE (1ull << 63)

/* What the monitor has of one resource. */
struct local {
    uint64_t id;
    uint64_t operation;
    enum monitor_resource_state state;
    bool locked;
    uint32_t code;
    enum monitor_refusal refusal;
    bool embedded_failure;
    enum { TOLD_NOTHING, TOLD_FAILED, TOLD_WELL } embedded_told; /* Of this life. */
    bool unwatched;
    char *text;
    long pid;
    uint64_t ordered;    /* Life that it was last told to bring about, */
    bool ordered_online; /* and which way. */
    uint64_t lost;       /* Newest life that ended with its monitor; 0. */
    unsigned reporting;  /* Reports under way for it. */
    uint64_t reported;   /* Index of the last one: this copy may not have it yet. */
    UT_hash_handle hh;
};

struct queued_report {
    struct report report;
    char *text; /* Owned copy behind report.text. */
};

struct executor {
    struct replica *replica;
    struct calls *calls;
    uint32_t self;
    uint64_t incarnation;
    struct monitor *monitor; /* While ready. */
    bool winding_down;
    uint64_t catching_up; /* Index of a report that this copy has not applied yet; 0. */
    struct local *locals; /* By id. */
    struct queued_report queue[REPORTS_PER_COMMAND_MAX];
    unsigned queued;
};

static inline struct cluster *executor_state(const struct executor *x)
{
    return replica_cluster(x->replica);
}

static inline bool local_runs(const struct local *l)
{
    return l->state != MONITOR_OFFLINE && l->state != MONITOR_FAILED;
}

struct local *executor_local(const struct executor *x, uint64_t id); /* NULL if there is none. */

/* Have the life that `r` is in brought about. */
void executor_order_online(struct executor *x, struct local *l, const struct resource *r);
void executor_order_offline(struct executor *x, struct local *l, const struct resource *r);
/* Take offline what nothing depends on any more. */
void executor_wind_down_step(struct executor *x);

#endif
