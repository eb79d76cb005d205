/* Carries out on this node what the state says, and reports what came of it.
 *
 * Level-triggered: for each resource the wanted (the replicated state) is held
 * against the real (what the monitor has), and the difference becomes an order
 * to the monitor or a report to the cluster. It does not matter what was missed:
 * after a restart of the daemon, of the monitor, or a snapshot, everything is
 * looked at once and goes on.
 *
 * What a node starts it starts only as a member, for an index that it has
 * applied; what it reports carries its incarnation and the resource's life, so
 * that an old report never counts. Loop thread. */
#ifndef HOLDFAST_NODE_EXECUTOR_H
#define HOLDFAST_NODE_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "groupmgr/groupmgr.h"
#include "resources/monitor.h"

struct executor;
struct calls;
struct replica;

struct executor *executor_new(struct replica *replica, struct calls *calls, uint32_t self);
void executor_free(struct executor *x);

/* The monitor's word, passed on by the daemon: see struct monitor_callbacks. */
void executor_on_ready(struct executor *x, struct monitor *m,
                       const struct monitor_resource *resources, unsigned count);
void executor_on_changed(struct executor *x, const struct monitor_resource *resource);
void executor_on_gone(struct executor *x);
void executor_on_stranded(struct executor *x);

/* This node is a member with `incarnation`; 0: it is none, and nothing is
 * started or reported (what runs goes on until told otherwise). */
void executor_set_incarnation(struct executor *x, uint64_t incarnation);
/* A command was applied; the whole state may have been replaced. */
void executor_on_command(struct executor *x);
void executor_look_at_all(struct executor *x);

/* End everything that the monitor has; executor_is_idle() tells when it is done. */
void executor_terminate_all(struct executor *x);
bool executor_is_idle(const struct executor *x);

/* Orderly stop without the cluster: take what runs here offline, dependents
 * first, on this node's own authority; no orders of the state count any more. */
void executor_wind_down(struct executor *x);

/* Process id of a resource's main process here; 0 if there is none. */
long executor_pid(const struct executor *x, uint64_t resource);

#endif
