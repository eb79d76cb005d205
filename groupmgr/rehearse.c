#include "groupmgr/rehearse.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

/* A rehearsal under way. */
struct play {
    struct cluster *cluster;
    const struct rehearsal *how;
    uint64_t began_ms, now_ms;
    unsigned commands;
    /* Resources that may have something to do, first come first served. */
    uint64_t *queue;
    size_t first, end, size;
};

const char *rehearsal_end_name(enum rehearsal_end end)
{
    assert(end <= REHEARSAL_LIMIT);
    switch (end) {
    case REHEARSAL_SETTLED:
        return "settled";
    case REHEARSAL_HORIZON:
        return "horizon";
    case REHEARSAL_LIMIT:
        return "limit";
    }
    return "?";
}

static void queue_push(struct play *p, uint64_t id)
{
    assert(p->first <= p->end && p->end <= p->size);
    if (p->end == p->size) {
        p->size = p->size == 0 ? 64 : 2 * p->size;
        p->queue = xrealloc(p->queue, p->size * sizeof(*p->queue));
    }
    p->queue[p->end++] = id;
}

static void play_apply(struct play *p, const struct command *cmd, struct reply *ret)
{
    const struct event *events;
    unsigned count;

    assert(p->now_ms >= p->began_ms);
    cluster_apply(p->cluster, p->now_ms, cmd, ret);
    p->commands++;
    events = cluster_changes(p->cluster, &count);
    for (unsigned i = 0; i < count; i++) {
        if (events[i].object == OBJECT_RESOURCE)
            queue_push(p, events[i].id);
        if (p->how->changed != NULL)
            p->how->changed(&events[i], p->now_ms - p->began_ms, p->how->data);
    }
}

/* ----------------------------------------------------------- ideal handlers */

/* What the owner's handler says next of `r`; false: nothing. */
static bool handler_report(const struct resource *r, struct report *ret)
{
    *ret = (struct report){.resource = r->id, .operation = r->operation};
    if (r->state != RESOURCE_ONLINE && r->state != RESOURCE_ONLINE_PENDING &&
        r->state != RESOURCE_OFFLINE_PENDING)
        return false;
    if (r->fail_requested) {
        ret->event = REPORT_FAILED;
        ret->code = ERROR_RESOURCE_FAILED;
        ret->text = "failed on request";
        return true;
    }
    ret->event = r->state == RESOURCE_ONLINE_PENDING ? REPORT_ONLINE : REPORT_OFFLINE;
    return r->state != RESOURCE_ONLINE;
}

static void play_resource(struct play *p, uint64_t id)
{
    const struct resource *r = cluster_resource(p->cluster, id);
    const struct node *owner = r == NULL ? NULL : cluster_node(p->cluster, r->group->owner);
    struct report report;
    struct reply reply;

    assert(r == NULL || owner != NULL);
    if (r == NULL || owner->state == NODE_DOWN || !handler_report(r, &report))
        return;
    play_apply(p,
               &(struct command){.kind = COMMAND_REPORT,
                                 .node = owner->id,
                                 .incarnation = owner->incarnation,
                                 .reports = &report,
                                 .report_count = 1},
               &reply);
}

/* What was under way before the rehearsal began goes on as well. */
static void queue_present(struct play *p)
{
    const struct group *g;
    struct report report;

    assert(p->end == 0);
    for (g = cluster_next_group(p->cluster, NULL); g != NULL; g = cluster_next_group(p->cluster, g))
        for (unsigned i = 0; i < g->resource_count; i++)
            if (handler_report(g->resources[i], &report))
                queue_push(p, g->resources[i]->id);
}

/* ------------------------------------------------------------------- the play */

/* Everything that happens without time passing. */
static void play_now(struct play *p)
{
    while (p->first < p->end && p->commands < p->how->commands_max)
        play_resource(p, p->queue[p->first++]);
    if (p->first == p->end)
        p->first = p->end = 0;
}

/* The next dead node that groups wait for no longer, and when: its clock runs as the
 * stamps do. UINT64_MAX: there is none. */
static uint64_t next_ending(const struct play *p, struct command *ret)
{
    uint64_t due_ms = UINT64_MAX;

    assert(p->cluster != NULL);
    for (const struct node *n = cluster_next_node(p->cluster, NULL); n != NULL;
         n = cluster_next_node(p->cluster, n)) {
        uint32_t ms = node_next_ending_ms(p->cluster, n);

        if (ms == 0 || n->since_ms + ms >= due_ms)
            continue;
        due_ms = n->since_ms + ms;
        *ret = (struct command){
            .kind = COMMAND_NODE_ENDED, .node = n->id, .incarnation = n->incarnation, .ms = ms};
    }
    return due_ms;
}

/* When something happens by itself, and the command that does it. */
static uint64_t next_due(const struct play *p, struct command *ret)
{
    uint64_t due_ms = cluster_next_deadline(p->cluster), ending_ms = next_ending(p, ret);

    if (ending_ms <= due_ms)
        return ending_ms;
    *ret = (struct command){.kind = COMMAND_TICK};
    return due_ms;
}

/* To the next deadline; false if there is none before the horizon. */
static bool play_on(struct play *p)
{
    struct command cmd;
    uint64_t due_ms = next_due(p, &cmd);
    struct reply reply;

    assert(p->first == p->end);
    if (due_ms == UINT64_MAX || (due_ms > p->began_ms && due_ms - p->began_ms > p->how->horizon_ms))
        return false;
    p->now_ms = due_ms > p->now_ms ? due_ms : p->now_ms;
    play_apply(p, &cmd, &reply);
    return true;
}

static struct rehearsal_result play_end(const struct play *p)
{
    struct command cmd;
    uint64_t due_ms = next_due(p, &cmd);
    struct rehearsal_result result = {
        .end = REHEARSAL_SETTLED,
        .after_ms = p->now_ms - p->began_ms,
        .next_ms = UINT64_MAX,
        .commands = p->commands,
    };

    if (due_ms != UINT64_MAX) {
        result.next_ms = due_ms > p->began_ms ? due_ms - p->began_ms : 0;
        result.end = REHEARSAL_HORIZON;
    }
    if (p->first < p->end || result.next_ms <= p->how->horizon_ms)
        result.end = REHEARSAL_LIMIT;
    assert(result.end != REHEARSAL_LIMIT || p->commands >= p->how->commands_max);
    return result;
}

struct rehearsal_result rehearse(struct cluster *copy, const struct rehearsal *how,
                                 const struct command *commands, unsigned count,
                                 struct reply *ret_replies)
{
    struct play p = {.cluster = copy, .how = how};
    struct rehearsal_result result;

    assert(copy != NULL && how->horizon_ms < UINT64_MAX);
    p.began_ms = p.now_ms = cluster_now_ms(copy);
    queue_present(&p);
    for (unsigned i = 0; i < count; i++)
        play_apply(&p, &commands[i], &ret_replies[i]);
    do {
        play_now(&p);
    } while (p.commands < how->commands_max && play_on(&p));
    result = play_end(&p);
    free(p.queue);
    return result;
}
