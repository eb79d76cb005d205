/* The nodes and their handlers: each does what the state says, as the header of
 * the state machine tells owners to, and reports it. In order of node, group and
 * resource, so that the same scenario is always the same story. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/scenarios/stage.h"

enum { REPORTS_MAX = 512 };

/* ---------------------------------------------------------------- handlers */

static bool handler_fits(const struct handler *h, const struct resource *r)
{
    bool online = r->state == RESOURCE_ONLINE_PENDING;

    return (h->resource == NULL || name_equal(h->resource, r->name)) &&
           (h->node == 0 || h->node == r->group->owner) && (online ? h->online : h->offline);
}

static struct handler *handler_of(struct stage *s, const struct resource *r)
{
    for (unsigned i = s->handler_count; i-- > 0;)
        if (handler_fits(&s->handlers[i], r))
            return &s->handlers[i];
    return NULL;
}

/* A handler that fails so often only: this was one of the times. */
static void handler_use(struct handler *h)
{
    if (h->times == 1)
        h->how = HANDLER_OBEYS;
    else if (h->times > 1)
        h->times--;
}

static uint64_t handler_until(const struct stage *s, const struct handler *h,
                              const struct resource *r)
{
    if (h == NULL)
        return s->now_ms;
    if (h->how == HANDLER_IS_SILENT)
        return UINT64_MAX;
    return s->now_ms + (h->how == HANDLER_HANGS ? r->pending_timeout_ms : h->after_ms);
}

/* ------------------------------------------------------------------- lives */

static bool is_pending(const struct resource *r)
{
    return r->state == RESOURCE_ONLINE_PENDING || r->state == RESOURCE_OFFLINE_PENDING;
}

static struct life *life_of(struct stage *s, const struct resource *r)
{
    struct life *life = NULL;

    for (unsigned i = 0; i < s->life_count && life == NULL; i++)
        if (s->lives[i].resource == r->id)
            life = &s->lives[i];
    if (life == NULL) {
        s->lives = xrealloc(s->lives, (s->life_count + 1) * sizeof(*s->lives));
        life = &s->lives[s->life_count++];
        *life = (struct life){.resource = r->id};
    }
    if (life->operation != r->operation || life->state != r->state) {
        struct handler *h = is_pending(r) ? handler_of(s, r) : NULL;

        life->operation = r->operation;
        life->state = r->state;
        life->handler = h;
        life->until_ms = handler_until(s, h, r);
    }
    return life;
}

/* What the owner says of `r` now; event 0: nothing. */
static struct report word_of_owner(struct stage *s, const struct resource *r)
{
    struct life *life = life_of(s, r);
    struct handler *h = (struct handler *)life->handler;
    struct report report = {.resource = r->id, .operation = r->operation};

    if (r->fail_requested) {
        report.event = REPORT_FAILED;
        return report;
    }
    /* What is to be ended at once asks no handler. */
    if (r->state == RESOURCE_OFFLINE_PENDING && r->terminate) {
        report.event = REPORT_OFFLINE;
        return report;
    }
    if (!is_pending(r) || life->until_ms > s->now_ms)
        return report;
    report.event = r->state == RESOURCE_ONLINE_PENDING ? REPORT_ONLINE : REPORT_OFFLINE;
    if (h != NULL && (h->how == HANDLER_FAILS || h->how == HANDLER_HANGS)) {
        report.event = h->how == HANDLER_FAILS ? h->event : REPORT_FAILED;
        report.code = h->how == HANDLER_FAILS ? h->code : ERROR_RESOURCE_CALL_TIMED_OUT;
        report.text = h->text;
        handler_use(h);
    }
    return report;
}

static bool node_acts(const struct stage *s, const struct node *n)
{
    return n->state != NODE_DOWN && !s->silent[n->id];
}

static bool node_report(struct stage *s, const struct node *n)
{
    struct report *reports = xcalloc(REPORTS_MAX, sizeof(*reports));
    struct command cmd = {.kind = COMMAND_REPORT, .node = n->id, .incarnation = n->incarnation};
    const struct group *g = NULL;

    while ((g = cluster_next_group(s->cluster, g)) != NULL)
        for (unsigned i = 0; g->owner == n->id && i < g->resource_count; i++) {
            struct report report = word_of_owner(s, g->resources[i]);

            if (report.event != 0 && cmd.report_count < REPORTS_MAX)
                reports[cmd.report_count++] = report;
        }
    cmd.reports = reports;
    if (cmd.report_count > 0)
        stage_apply(s, &cmd);
    free(reports);
    return cmd.report_count > 0;
}

bool cast_report(struct stage *s)
{
    bool any = false;

    for (uint32_t id = 1; id <= NODES_MAX && !s->held; id++) {
        const struct node *n = cluster_node(s->cluster, id);

        if (n != NULL && node_acts(s, n) && node_report(s, n))
            any = true;
    }
    return any;
}

uint64_t cast_next(const struct stage *s)
{
    uint64_t next_ms = UINT64_MAX;

    for (unsigned i = 0; i < s->life_count && !s->held; i++) {
        const struct life *life = &s->lives[i];
        const struct resource *r = cluster_resource(s->cluster, life->resource);

        if (r == NULL || !is_pending(r) || r->operation != life->operation ||
            !node_acts(s, cluster_node(s->cluster, r->group->owner)))
            continue;
        if (life->until_ms < next_ms)
            next_ms = life->until_ms;
    }
    return next_ms;
}

void cast_release(struct stage *s)
{
    for (unsigned i = 0; i < s->handler_count; i++) {
        free(s->handlers[i].resource);
        free(s->handlers[i].text);
    }
    free(s->lives);
}
