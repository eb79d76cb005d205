#include "node/executor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "node/calls.h"
#include "node/executor_private.h"

/* --------------------------------------------------------------------- locals */

struct local *executor_local(const struct executor *x, uint64_t id)
{
    struct local *l;

    HASH_FIND(hh, x->locals, &id, sizeof id, l);
    return l;
}

static struct local *local_get(struct executor *x, uint64_t id)
{
    struct local *l = executor_local(x, id);

    if (l != NULL)
        return l;
    l = xcalloc(1, sizeof *l);
    l->id = id;
    l->state = MONITOR_OFFLINE;
    HASH_ADD(hh, x->locals, id, sizeof l->id, l);
    return l;
}

static void local_free(struct executor *x, struct local *l)
{
    HASH_DEL(x->locals, l);
    free(l->text);
    free(l);
}

static void local_set(struct executor *x, const struct monitor_resource *m)
{
    struct local *l = local_get(x, m->id);

    if (l->operation != m->operation)
        l->embedded_told = TOLD_NOTHING;
    l->operation = m->operation;
    if (m->operation == 0) /* The monitor has forgotten it, and what it was told. */
        l->ordered = 0;
    l->state = m->state;
    l->locked = m->locked;
    l->code = m->code;
    l->refusal = m->refusal;
    l->embedded_failure = m->embedded_failure;
    l->unwatched = m->unwatched;
    l->pid = m->pid;
    free(l->text);
    l->text = xstrdup(m->text);
}

/* It runs, or an order to start it is on its way. */
static bool local_may_run(const struct local *l)
{
    return local_runs(l) || (l->ordered_online && l->ordered > l->operation);
}

/* -------------------------------------------------------------------- reports */

struct sent_reports {
    struct executor *executor;
    uint64_t ids[REPORTS_PER_COMMAND_MAX];
    unsigned count;
};

static void look_at(struct executor *x, uint64_t id);
static void flush_reports(struct executor *x);

/* Applied, refused or lost: the state says what to do now. A forwarded report is
 * answered before this copy has applied it: until then the state would only say
 * again what led to the report. */
static void reports_done(uint32_t code, const struct reply *reply, void *data)
{
    struct sent_reports *s = data;
    struct executor *x = s->executor;
    bool applied = code == 0 && cluster_index(executor_state(x)) >= reply->index;

    for (unsigned i = 0; i < s->count; i++) {
        struct local *l = executor_local(x, s->ids[i]);
        if (l == NULL)
            continue;
        if (l->reporting > 0)
            l->reporting--;
        l->reported = code == 0 ? reply->index : 0;
        if (code != 0)
            l->embedded_told = TOLD_NOTHING;
    }
    if (code == 0 && !applied) {
        x->catching_up = reply->index > x->catching_up ? reply->index : x->catching_up;
    } else if (code != ERROR_CLUSTER_NODE_SHUTTING_DOWN) {
        for (unsigned i = 0; i < s->count; i++)
            look_at(x, s->ids[i]);
        flush_reports(x);
    }
    free(s);
}

static void flush_reports(struct executor *x)
{
    struct report reports[REPORTS_PER_COMMAND_MAX];

    if (x->queued == 0)
        return;
    struct sent_reports *sent = xcalloc(1, sizeof *sent);
    sent->executor = x;
    sent->count = x->queued;
    for (unsigned i = 0; i < x->queued; i++) {
        reports[i] = x->queue[i].report;
        reports[i].text = x->queue[i].text;
        sent->ids[i] = reports[i].resource;
    }
    struct command cmd = {.kind = COMMAND_REPORT,
                          .node = x->self,
                          .incarnation = x->incarnation,
                          .reports = reports,
                          .report_count = x->queued};
    calls_change_command(x->calls, &cmd, REPORT_TIMEOUT_MS, reports_done, sent);
    for (unsigned i = 0; i < x->queued; i++)
        free(x->queue[i].text);
    x->queued = 0;
}

/* False if it has to wait for what is under way: then it is looked at again. */
static bool report(struct executor *x, struct local *l, enum report_event event, uint32_t code,
                   const char *text, uint64_t operation)
{
    if (l->reporting > 0 || x->incarnation == 0 || l->reported > cluster_index(executor_state(x)))
        return false;
    if (x->queued == REPORTS_PER_COMMAND_MAX)
        flush_reports(x);
    l->reporting++;
    struct queued_report *q = &x->queue[x->queued++];
    q->text = text != NULL && text[0] != '\0' ? xstrdup(text) : NULL;
    q->report =
        (struct report){.resource = l->id, .operation = operation, .event = event, .code = code};
    return true;
}

/* ------------------------------------------------- wanted against real, by state */

static enum report_event failure_event(const struct local *l)
{
    switch (l->refusal) {
    case MONITOR_REFUSES_NODE:
        return REPORT_CANNOT_ONLINE_HERE;
    case MONITOR_REFUSES_NODES:
        return REPORT_CANNOT_ONLINE_ANYWHERE;
    case MONITOR_REFUSES_NOTHING:
        break;
    }
    return REPORT_FAILED;
}

static void while_online_pending(struct executor *x, struct local *l, const struct resource *r)
{
    /* A life begins at most once: a report that it has failed may be on its way,
     * and would be taken for the word that nothing of it runs. */
    if (l->lost >= r->operation) {
        report(x, l, REPORT_FAILED, ERROR_RESOURCE_NOT_ONLINE, "its monitor ended", r->operation);
        return;
    }
    if (l->operation != r->operation) {
        if (r->fenced_by_self && !monitor_feeds_watchdog(x->monitor))
            report(x, l, REPORT_CANNOT_ONLINE_HERE, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS,
                   "this node's monitor is older than its daemon and knows no SelfFencing: drain "
                   "the node and restart it",
                   r->operation);
        else if (l->ordered != r->operation || !l->ordered_online)
            executor_order_online(x, l, r);
        return;
    }
    if (l->state == MONITOR_ONLINE)
        report(x, l, REPORT_ONLINE, 0, l->text, r->operation);
    else if (!local_runs(l))
        report(x, l, failure_event(l), l->code, l->text, r->operation);
    else if (r->fail_requested)
        monitor_fail(x->monitor, r->id, r->operation);
}

static void while_offline_pending(struct executor *x, struct local *l, const struct resource *r)
{
    if (r->terminate && local_runs(l) && l->state != MONITOR_TERMINATING) {
        /* Whatever life it is in. When it has ended, the order to take it offline
         * finds nothing to do and only gives the report its number. */
        monitor_terminate(x->monitor, r->id);
        return;
    }
    if (l->operation != r->operation) {
        if (l->ordered != r->operation || l->ordered_online)
            executor_order_offline(x, l, r);
        return;
    }
    if (l->state == MONITOR_OFFLINE)
        report(x, l, REPORT_OFFLINE, 0, l->text, r->operation);
    else if (l->state == MONITOR_FAILED)
        report(x, l, REPORT_FAILED, l->code, l->text, r->operation);
    else if (r->fail_requested)
        monitor_fail(x->monitor, r->id, r->operation);
}

/* Told once: the policy may have nothing to do with it, and then the state goes
 * on to differ. */
static void report_embedded(struct executor *x, struct local *l, const struct resource *r)
{
    bool failed = l->embedded_failure;

    if (l->state != MONITOR_ONLINE || failed == r->embedded_failure ||
        l->embedded_told == (failed ? TOLD_FAILED : TOLD_WELL))
        return;
    if (report(x, l, failed ? REPORT_EMBEDDED_FAILURE : REPORT_EMBEDDED_RECOVERED,
               failed ? ERROR_RESOURCE_FAILED : 0, l->text, r->operation))
        l->embedded_told = failed ? TOLD_FAILED : TOLD_WELL;
}

static void while_online(struct executor *x, struct local *l, const struct resource *r)
{
    if (l->operation != r->operation && local_runs(l)) {
        /* Another life of it: a failure is told only when nothing of it runs. */
        if (l->state != MONITOR_TERMINATING)
            monitor_terminate(x->monitor, r->id);
        return;
    }
    if (!local_runs(l)) {
        bool ours = l->operation == r->operation;
        report(x, l, REPORT_FAILED, ours ? l->code : ERROR_RESOURCE_NOT_ONLINE,
               ours ? l->text : "its monitor ended", r->operation);
        return;
    }
    if (l->state == MONITOR_ONLINE && l->unwatched != r->maintenance)
        monitor_watch(x->monitor, r->id, r->operation, !r->maintenance);
    if (r->fail_requested)
        monitor_fail(x->monitor, r->id, r->operation);
    else if (l->locked != r->locked)
        report(x, l, l->locked ? REPORT_LOCKED : REPORT_UNLOCKED, 0, NULL, r->operation);
    else
        report_embedded(x, l, r);
}

/* A resource may lock itself while something is pending, too. */
static void report_lock(struct executor *x, struct local *l, const struct resource *r)
{
    if (l->operation == r->operation && local_runs(l) && l->locked != r->locked)
        report(x, l, l->locked ? REPORT_LOCKED : REPORT_UNLOCKED, 0, NULL, r->operation);
}

/* What a daemon that died while it wound down has left behind carries a number
 * that no order of the cluster is higher than: end it, so that the monitor
 * forgets it and takes orders again. True while that is going on. */
static bool end_wind_down_life(struct executor *x, uint64_t id)
{
    const struct local *l = executor_local(x, id);

    if (l == NULL || (l->operation & WIND_DOWN_LIFE) == 0)
        return false;
    if (l->state != MONITOR_TERMINATING)
        monitor_terminate(x->monitor, id);
    return true;
}

static void look_at(struct executor *x, uint64_t id)
{
    const struct resource *r = cluster_resource(executor_state(x), id);
    bool mine = r != NULL && r->group->owner == x->self;

    if (x->monitor == NULL || x->incarnation == 0 || x->winding_down)
        return;
    if (end_wind_down_life(x, id))
        return;
    if (mine && r->state == RESOURCE_ONLINE_PENDING) {
        while_online_pending(x, local_get(x, id), r);
        report_lock(x, local_get(x, id), r);
    } else if (mine && r->state == RESOURCE_OFFLINE_PENDING) {
        while_offline_pending(x, local_get(x, id), r);
    } else if (mine && r->state == RESOURCE_ONLINE) {
        while_online(x, local_get(x, id), r);
    } else {
        /* Nothing of it may run here. */
        struct local *l = executor_local(x, id);
        if (l != NULL && local_runs(l) && l->state != MONITOR_TERMINATING)
            monitor_terminate(x->monitor, id);
        else if (l != NULL && r == NULL && !local_runs(l) && l->reporting == 0)
            local_free(x, l);
    }
}

static void look_at_group(struct executor *x, const struct group *g)
{
    for (unsigned i = 0; i < g->resource_count; i++)
        look_at(x, g->resources[i]->id);
}

void executor_look_at_all(struct executor *x)
{
    struct local *l, *next;

    for (const struct group *g = cluster_next_group(executor_state(x), NULL); g != NULL;
         g = cluster_next_group(executor_state(x), g))
        if (g->owner == x->self)
            look_at_group(x, g);
    HASH_ITER(hh, x->locals, l, next)
    look_at(x, l->id);
    flush_reports(x);
}

void executor_on_command(struct executor *x)
{
    unsigned count;
    const struct event *events = cluster_changes(executor_state(x), &count);

    /* What changed: a resource itself, or a group (its owner, its operation). */
    for (unsigned i = 0; i < count; i++) {
        const struct event *e = &events[i];
        if (e->object == OBJECT_RESOURCE)
            look_at(x, e->id);
        const struct group *g =
            e->object == OBJECT_GROUP ? cluster_group(executor_state(x), e->id) : NULL;
        if (g != NULL)
            look_at_group(x, g);
    }
    if (x->catching_up != 0 && cluster_index(executor_state(x)) >= x->catching_up) {
        x->catching_up = 0;
        executor_look_at_all(x);
    }
    flush_reports(x);
}

/* -------------------------------------------------------------- monitor's word */

static void forget_all(struct executor *x)
{
    struct local *l, *next;

    HASH_ITER(hh, x->locals, l, next)
    local_free(x, l);
}

static bool is_wind_down(uint64_t life)
{
    return (life & WIND_DOWN_LIFE) != 0;
}

/* Forget what the monitor had, but not which lives went down with one. */
static void forget_states(struct executor *x, bool lost)
{
    struct local *l, *next;

    HASH_ITER(hh, x->locals, l, next)
    {
        if (lost && !is_wind_down(l->operation) && l->operation > l->lost)
            l->lost = l->operation;
        if (lost && l->ordered_online && !is_wind_down(l->ordered) && l->ordered > l->lost)
            l->lost = l->ordered;
        if (l->lost == 0) {
            local_free(x, l);
            continue;
        }
        free(l->text);
        *l = (struct local){.id = l->id, .state = MONITOR_OFFLINE, .lost = l->lost, .hh = l->hh};
    }
}

void executor_on_ready(struct executor *x, struct monitor *m,
                       const struct monitor_resource *resources, unsigned count)
{
    x->monitor = m;
    forget_states(x, false);
    for (unsigned i = 0; i < count; i++)
        local_set(x, &resources[i]);
    if (x->winding_down)
        executor_wind_down_step(x);
    else
        executor_look_at_all(x);
}

void executor_on_changed(struct executor *x, const struct monitor_resource *resource)
{
    local_set(x, resource);
    if (x->winding_down) {
        executor_wind_down_step(x);
        return;
    }
    look_at(x, resource->id);
    flush_reports(x);
}

/* With the monitor everything that it ran is gone: no local is a resource that
 * does not run, and look_at() reports it once there is a monitor again. */
void executor_on_gone(struct executor *x)
{
    x->monitor = NULL;
    forget_states(x, true);
}

/* Something may run on: nothing is reported any more, and it is not idle if it was not. */
void executor_on_stranded(struct executor *x)
{
    x->monitor = NULL;
}

void executor_set_incarnation(struct executor *x, uint64_t incarnation)
{
    x->incarnation = incarnation;
    if (incarnation != 0)
        executor_look_at_all(x);
}

void executor_terminate_all(struct executor *x)
{
    struct local *l, *next;

    if (x->monitor == NULL)
        return;
    HASH_ITER(hh, x->locals, l, next)
    if (local_may_run(l))
        monitor_terminate(x->monitor, l->id);
}

bool executor_is_idle(const struct executor *x)
{
    for (const struct local *l = x->locals; l != NULL; l = l->hh.next)
        if (local_may_run(l))
            return false;
    return true;
}

/* ------------------------------------------------------------------------ life */

long executor_pid(const struct executor *x, uint64_t resource)
{
    const struct local *l = executor_local(x, resource);

    return l != NULL ? l->pid : 0;
}

struct executor *executor_new(struct replica *replica, struct calls *calls, uint32_t self)
{
    struct executor *x = xcalloc(1, sizeof *x);

    x->replica = replica;
    x->calls = calls;
    x->self = self;
    return x;
}

void executor_free(struct executor *x)
{
    forget_all(x);
    for (unsigned i = 0; i < x->queued; i++)
        free(x->queue[i].text);
    free(x);
}
