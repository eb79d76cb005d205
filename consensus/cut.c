#include "consensus/cut.h"

#include <assert.h>

#include "consensus/segments.h"

enum { LOOK_MS_MAX = 100 }; /* More between two looks: this process stood still. */

void cut_init(struct cut *c)
{
    c->held_tail = &c->held;
}

static void go(struct cut_call *call)
{
    call->gone = true; /* First: it may be freed by it. */
    call->go(call, false);
}

static bool may_go(const struct cut *c, const struct cut_call *call)
{
    return c->index == 0 && (!call->cuts || c->taking == 0);
}

void cut_do(struct cut *c, struct cut_call *call)
{
    assert(!call->gone && call->go != NULL);
    if (c->held == NULL && may_go(c, call)) {
        go(call);
        return;
    }
    call->next = NULL;
    *c->held_tail = call;
    c->held_tail = &call->next;
}

static struct cut_call *take(struct cut *c)
{
    struct cut_call *call = c->held;

    c->held = call->next;
    if (c->held == NULL)
        c->held_tail = &c->held;
    return call;
}

void cut_begin(struct cut *c, uint64_t index)
{
    assert(c->index == 0 && index > 0);
    c->index = index;
    c->looked_ms = c->waited_ms = 0;
}

/* Time in which nothing but the cut was under way. */
static void count(struct cut *c, uint64_t now_ms)
{
    uint64_t ms = c->looked_ms != 0 ? now_ms - c->looked_ms : 0;

    c->looked_ms = now_ms;
    if (c->flying == 0)
        c->waited_ms += ms < LOOK_MS_MAX ? ms : LOOK_MS_MAX;
}

enum cut_state cut_look(struct cut *c, uint64_t now_ms)
{
    if (c->index == 0)
        return CUT_NONE;
    count(c, now_ms);
    if (c->flying > 0 || (c->dir != NULL && !segments_end_before(c->dir, c->index)))
        return c->waited_ms < CUT_PATIENCE_MS ? CUT_UNDER_WAY : CUT_FAILED;
    return c->dir == NULL || segments_sync(c->dir) ? CUT_DONE : CUT_FAILED;
}

void cut_end(struct cut *c)
{
    assert(c->index != 0);
    c->index = 0;
}

void cut_go_on(struct cut *c)
{
    while (c->held != NULL && may_go(c, c->held))
        go(take(c));
}

void cut_cancel(struct cut *c)
{
    while (c->held != NULL) {
        struct cut_call *call = take(c);
        call->go(call, true);
    }
}
