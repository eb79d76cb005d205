#include "node/fence_work.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "node/replica.h"

enum { STEPS_MAX = FENCE_LEVELS_MAX * FENCE_ITEMS_MAX, PAUSE_MS = 1000 };

struct fence_work {
    struct fence_work_plan plan;
    uint32_t node;
    uv_timer_t timer;
    struct fence_agent *agent; /* Running; NULL: none. */
    struct {
        unsigned level;
        struct fence_item item;
    } steps[STEPS_MAX];
    unsigned count, at;
    unsigned tries;  /* Of the present device, that failed. */
    bool checking;   /* Done, and asked for its status now. */
    bool over;       /* Closing. */
    char words[400]; /* The last failure. */
};

static void step_begin(struct fence_work *w);

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void work_end(struct fence_work *w, bool ok)
{
    assert(!w->over && w->agent == NULL);
    w->over = true;
    uv_close((uv_handle_t *)&w->timer, on_closed);
    w->plan.done(ok, w->words, w->plan.data);
}

static void on_timer(uv_timer_t *timer)
{
    step_begin(timer->data);
}

/* The next device, or the same once more, after so long. */
static void step_later(struct fence_work *w, unsigned ms)
{
    uv_timer_start(&w->timer, on_timer, ms, 0);
}

static const struct fence_device *device_of(const struct fence_work *w)
{
    return cluster_fence_device(replica_cluster(w->plan.replica), w->steps[w->at].item.device);
}

static unsigned device_delay_ms(const struct fence_work *w)
{
    const struct fence_device *d = w->at < w->count ? device_of(w) : NULL;

    return d != NULL && w->plan.kind == FENCE_WORK_OFF ? fence_device_number(d, "FenceDelay") : 0;
}

static void next_device(struct fence_work *w)
{
    w->at++;
    w->tries = 0;
    w->checking = false;
    if (w->at < w->count) {
        step_later(w, device_delay_ms(w));
        return;
    }
    if (w->plan.kind != FENCE_WORK_TEST)
        w->words[0] = '\0';
    work_end(w, w->words[0] == '\0');
}

static const char *action_of(const struct fence_work *w)
{
    if (w->checking || w->plan.kind == FENCE_WORK_TEST)
        return "status";
    return w->plan.kind == FENCE_WORK_OFF ? "off" : "on";
}

static void step_failed(struct fence_work *w, const char *how, const char *text)
{
    const struct fence_device *d = device_of(w);
    unsigned retries = d != NULL ? fence_device_number(d, "FenceRetries") : 0;

    snprintf(w->words, sizeof w->words, "%s: %s: %s%s%s", w->steps[w->at].item.device, action_of(w),
             how, text[0] != '\0' ? ": " : "", text);
    log_warn("fence", "node %u: %s", w->node, w->words);
    w->checking = false;
    if (w->tries++ < retries)
        step_later(w, PAUSE_MS);
    else
        work_end(w, false);
}

static void on_agent_done(enum fence_outcome outcome, const char *text, void *data)
{
    struct fence_work *w = data;
    enum fence_outcome wanted = w->plan.kind == FENCE_WORK_OFF ? FENCE_OFF : FENCE_DONE;

    w->agent = NULL;
    if (w->plan.kind == FENCE_WORK_TEST) {
        if (w->plan.told != NULL)
            w->plan.told(w->steps[w->at].level, &w->steps[w->at].item, outcome, text, w->plan.data);
        next_device(w);
    } else if (!w->checking && outcome == FENCE_DONE) {
        w->checking = true;
        step_begin(w);
    } else if (w->checking && outcome == wanted) {
        log_info("fence", "node %u: %s is %s", w->node, w->steps[w->at].item.device,
                 w->plan.kind == FENCE_WORK_OFF ? "off" : "on");
        next_device(w);
    } else {
        /* Also one that said "done" and is still what it was. */
        step_failed(w,
                    outcome == FENCE_DONE  ? "it is still on"
                    : outcome == FENCE_OFF ? "it is off"
                                           : fence_outcome_name(outcome),
                    text);
    }
}

static unsigned parameters_of(const struct fence_device *d, const struct fence_item *item,
                              struct fence_parameter ret[FENCE_VALUES_MAX + 2])
{
    unsigned count = 0;

    for (unsigned i = 0; i < d->value_count; i++)
        if (!fence_value_is_ours(d->values[i].name))
            ret[count++] = (struct fence_parameter){d->values[i].name, d->values[i].value};
    if (item->plug[0] != '\0') {
        /* The old name and the new one. Last: it is this node's own. */
        ret[count++] = (struct fence_parameter){"port", item->plug};
        ret[count++] = (struct fence_parameter){"plug", item->plug};
    }
    return count;
}

static void step_begin(struct fence_work *w)
{
    const struct fence_device *d = device_of(w);
    const struct node *n = cluster_node(replica_cluster(w->plan.replica), w->node);
    struct fence_parameter parameters[FENCE_VALUES_MAX + 2];
    uint32_t code = ERROR_NOT_FOUND;

    if (d != NULL && n != NULL) {
        struct fence_call call = {.agent = fence_device_agent(d),
                                  .action = action_of(w),
                                  .node = n->name,
                                  .parameters = parameters,
                                  .timeout_ms = fence_device_number(d, "FenceTimeout")};
        call.parameter_count = parameters_of(d, &w->steps[w->at].item, parameters);
        code = fence_agent_start(w->plan.loop, &call, on_agent_done, w, &w->agent);
    }
    if (code == 0)
        return;
    if (w->plan.kind != FENCE_WORK_TEST) {
        step_failed(w, "cannot be run", error_text(code));
        return;
    }
    if (w->plan.told != NULL)
        w->plan.told(w->steps[w->at].level, &w->steps[w->at].item, FENCE_FAILED, error_text(code),
                     w->plan.data);
    next_device(w);
}

static void steps_of_level(struct fence_work *w, const struct node *n, unsigned level)
{
    struct fence_item items[FENCE_ITEMS_MAX];
    unsigned count = 0;

    if (!fence_level_items(n, level, items, &count))
        return;
    for (unsigned i = 0; i < count && w->count < STEPS_MAX; i++) {
        w->steps[w->count].level = level;
        w->steps[w->count++].item = items[i];
    }
}

static void on_nothing(uv_timer_t *timer)
{
    struct fence_work *w = timer->data;

    snprintf(w->words, sizeof w->words, "no devices");
    work_end(w, w->plan.kind == FENCE_WORK_TEST);
}

struct fence_work *fence_work_start(const struct fence_work_plan *plan, const struct node *n)
{
    struct fence_work *w = xcalloc(1, sizeof *w);

    w->plan = *plan;
    w->node = n->id;
    if (plan->kind != FENCE_WORK_TEST)
        steps_of_level(w, n, plan->level);
    else
        for (unsigned level = fence_level_next(n, 0); level != 0;
             level = fence_level_next(n, level))
            steps_of_level(w, n, level);
    uv_timer_init(plan->loop, &w->timer);
    w->timer.data = w;
    if (w->count == 0)
        uv_timer_start(&w->timer, on_nothing, 0, 0);
    else
        step_later(w, plan->delay_ms + device_delay_ms(w));
    return w;
}

void fence_work_cancel(struct fence_work *w)
{
    assert(!w->over);
    w->over = true;
    if (w->agent != NULL)
        fence_agent_cancel(w->agent);
    uv_close((uv_handle_t *)&w->timer, on_closed);
}
