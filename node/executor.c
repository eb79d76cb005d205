#include "node/executor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/msgpack.h"
#include "node/calls.h"
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

static struct cluster *state(const struct executor *x)
{
    return replica_cluster(x->replica);
}

/* --------------------------------------------------------------------- locals */

static struct local *local_find(const struct executor *x, uint64_t id)
{
    struct local *l;

    HASH_FIND(hh, x->locals, &id, sizeof id, l);
    return l;
}

static struct local *local_get(struct executor *x, uint64_t id)
{
    struct local *l = local_find(x, id);

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

    l->operation = m->operation;
    if (m->operation == 0) /* The monitor has forgotten it, and what it was told. */
        l->ordered = 0;
    l->state = m->state;
    l->locked = m->locked;
    l->code = m->code;
    l->pid = m->pid;
    free(l->text);
    l->text = xstrdup(m->text);
}

static bool local_runs(const struct local *l)
{
    return l->state != MONITOR_OFFLINE && l->state != MONITOR_FAILED;
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
    bool applied = code == 0 && cluster_index(state(x)) >= reply->index;

    for (unsigned i = 0; i < s->count; i++) {
        struct local *l = local_find(x, s->ids[i]);
        if (l == NULL)
            continue;
        if (l->reporting > 0)
            l->reporting--;
        l->reported = code == 0 ? reply->index : 0;
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

static void report(struct executor *x, struct local *l, enum report_event event, uint32_t code,
                   const char *text, uint64_t operation)
{
    if (l->reporting > 0 || x->incarnation == 0 || l->reported > cluster_index(state(x)))
        return;
    if (x->queued == REPORTS_PER_COMMAND_MAX)
        flush_reports(x);
    l->reporting++;
    struct queued_report *q = &x->queue[x->queued++];
    q->text = text != NULL && text[0] != '\0' ? xstrdup(text) : NULL;
    q->report =
        (struct report){.resource = l->id, .operation = operation, .event = event, .code = code};
}

/* --------------------------------------------------------------------- orders */

static void write_properties(const struct resource *r, struct bytes *out)
{
    struct msgpack_sink m;
    struct sink *s = &m.sink;

    msgpack_sink_init(&m, out);
    sink_map(s, r->property_count);
    for (unsigned i = 0; i < r->property_count; i++) {
        const struct property *p = &r->properties[i];
        if (p->type == PROPERTY_DWORD) {
            sink_kv_uint(s, p->name, p->dword);
        } else if (p->type == PROPERTY_SZ) {
            sink_kv_str(s, p->name, p->text);
        } else {
            uint32_t count = 0;
            for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
                count++;
            sink_kv_array(s, p->name, count);
            for (size_t at = 0; at < p->text_len; at += strlen(p->text + at) + 1)
                sink_str(s, p->text + at);
        }
    }
}

static void order_online(struct executor *x, struct local *l, const struct resource *r)
{
    const struct operation *op = &r->group->operation;
    struct bytes properties = BYTES_INIT;

    write_properties(r, &properties);
    struct monitor_order order = {
        .id = r->id,
        .operation = r->operation,
        .token = r->group->token,
        .name = r->name,
        .group = r->group->name,
        .type = r->type,
        .pending_timeout_ms = r->pending_timeout_ms,
        .looks_alive_ms = r->looks_alive_ms,
        .is_alive_ms = r->is_alive_ms,
        .properties = &properties,
        .instructions = op->instructions,
        .instructions_len = op->instructions_len,
    };
    l->ordered = r->operation;
    l->ordered_online = true;
    monitor_online(x->monitor, &order);
    bytes_release(&properties);
}

static void order_offline(struct executor *x, struct local *l, const struct resource *r)
{
    const struct operation *op = &r->group->operation;

    l->ordered = r->operation;
    l->ordered_online = false;
    monitor_offline(x->monitor, r->id, r->operation, r->pending_timeout_ms, op->instructions,
                    op->instructions_len);
}

/* ------------------------------------------------- wanted against real, by state */

static void while_online_pending(struct executor *x, struct local *l, const struct resource *r)
{
    /* A life begins at most once: a report that it has failed may be on its way,
     * and would be taken for the word that nothing of it runs. */
    if (l->lost >= r->operation) {
        report(x, l, REPORT_FAILED, ERROR_RESOURCE_NOT_ONLINE, "its monitor ended", r->operation);
        return;
    }
    if (l->operation != r->operation) {
        if (l->ordered != r->operation || !l->ordered_online)
            order_online(x, l, r);
        return;
    }
    if (l->state == MONITOR_ONLINE)
        report(x, l, REPORT_ONLINE, 0, l->text, r->operation);
    else if (!local_runs(l))
        report(x, l, REPORT_FAILED, l->code, l->text, r->operation);
    else if (r->fail_requested)
        monitor_fail(x->monitor, r->id, r->operation);
}

static void while_offline_pending(struct executor *x, struct local *l, const struct resource *r)
{
    if (l->operation != r->operation) {
        if (l->ordered != r->operation || l->ordered_online)
            order_offline(x, l, r);
        return;
    }
    if (l->state == MONITOR_OFFLINE)
        report(x, l, REPORT_OFFLINE, 0, l->text, r->operation);
    else if (l->state == MONITOR_FAILED)
        report(x, l, REPORT_FAILED, l->code, l->text, r->operation);
    else if (r->fail_requested)
        monitor_fail(x->monitor, r->id, r->operation);
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
    if (r->fail_requested)
        monitor_fail(x->monitor, r->id, r->operation);
    else if (l->locked != r->locked)
        report(x, l, l->locked ? REPORT_LOCKED : REPORT_UNLOCKED, 0, NULL, r->operation);
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
    const struct local *l = local_find(x, id);

    if (l == NULL || (l->operation & WIND_DOWN_LIFE) == 0)
        return false;
    if (l->state != MONITOR_TERMINATING)
        monitor_terminate(x->monitor, id);
    return true;
}

static void look_at(struct executor *x, uint64_t id)
{
    const struct resource *r = cluster_resource(state(x), id);
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
        struct local *l = local_find(x, id);
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

    for (const struct group *g = cluster_next_group(state(x), NULL); g != NULL;
         g = cluster_next_group(state(x), g))
        if (g->owner == x->self)
            look_at_group(x, g);
    HASH_ITER(hh, x->locals, l, next)
    look_at(x, l->id);
    flush_reports(x);
}

void executor_on_command(struct executor *x)
{
    unsigned count;
    const struct event *events = cluster_changes(state(x), &count);

    /* What changed: a resource itself, or a group (its owner, its operation). */
    for (unsigned i = 0; i < count; i++) {
        const struct event *e = &events[i];
        if (e->object == OBJECT_RESOURCE)
            look_at(x, e->id);
        const struct group *g = e->object == OBJECT_GROUP ? cluster_group(state(x), e->id) : NULL;
        if (g != NULL)
            look_at_group(x, g);
    }
    if (x->catching_up != 0 && cluster_index(state(x)) >= x->catching_up) {
        x->catching_up = 0;
        executor_look_at_all(x);
    }
    flush_reports(x);
}

/* -------------------------------------------------------------- monitor's word */

static void wind_down_step(struct executor *x);

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
        wind_down_step(x);
    else
        executor_look_at_all(x);
}

void executor_on_changed(struct executor *x, const struct monitor_resource *resource)
{
    local_set(x, resource);
    if (x->winding_down) {
        wind_down_step(x);
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

/* ---------------------------------------------------------------- winding down */

static bool has_running_dependent(const struct executor *x, const struct resource *r)
{
    for (unsigned i = 0; i < r->group->resource_count; i++) {
        const struct resource *other = r->group->resources[i];
        const struct local *l = local_find(x, other->id);
        for (unsigned p = 0; l != NULL && local_runs(l) && p < other->provider_count; p++)
            if (other->providers[p] == r)
                return true;
    }
    return false;
}

static void wind_down_step(struct executor *x)
{
    struct local *l, *next;

    HASH_ITER(hh, x->locals, l, next)
    {
        const struct resource *r = cluster_resource(state(x), l->id);
        if (!local_runs(l) || l->ordered == (l->operation | WIND_DOWN_LIFE) ||
            (l->operation & WIND_DOWN_LIFE) != 0)
            continue;
        if (r == NULL) {
            monitor_terminate(x->monitor, l->id);
        } else if (!has_running_dependent(x, r)) {
            l->ordered = l->operation | WIND_DOWN_LIFE;
            monitor_offline(x->monitor, l->id, l->ordered, r->pending_timeout_ms, NULL, 0);
        }
    }
}

void executor_wind_down(struct executor *x)
{
    x->winding_down = true;
    if (x->monitor != NULL)
        wind_down_step(x);
}

/* ------------------------------------------------------------------------ life */

long executor_pid(const struct executor *x, uint64_t resource)
{
    const struct local *l = local_find(x, resource);

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
