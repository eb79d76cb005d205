#include "resources/pace.h"

#include <assert.h>
#include <stddef.h>

static void pace_on_timer(uv_timer_t *timer);

static void append(struct turn **list, struct turn *t)
{
    while (*list != NULL)
        list = &(*list)->next;
    t->next = NULL;
    *list = t;
}

static void take_out(struct turn **list, const struct turn *t)
{
    while (*list != t)
        list = &(*list)->next;
    *list = t->next;
}

static void count_in(struct pace *p, struct turn *t)
{
    uv_update_time(p->timer.loop); /* What began before it took its time. */
    t->state = TURN_COUNTED;
    t->began_ms = uv_now(p->timer.loop);
    append(&p->counted, t);
    p->count++;
}

bool pace_ask(struct pace *p, struct turn *t)
{
    assert(t->state == TURN_NONE);
    if (p->waiting == NULL && p->count < p->count_max) {
        count_in(p, t);
        return true;
    }
    t->state = TURN_WAITING;
    if (p->waiting == NULL)
        uv_timer_start(&p->timer, pace_on_timer, p->patience_ms, 0);
    append(&p->waiting, t);
    return false;
}

void pace_end(struct pace *p, struct turn *t)
{
    if (t->state == TURN_WAITING)
        take_out(&p->waiting, t);
    if (t->state == TURN_COUNTED) {
        assert(p->count > 0);
        take_out(&p->counted, t);
        p->count--;
    }
    t->state = TURN_NONE;
    if (p->waiting != NULL && p->count < p->count_max)
        uv_timer_start(&p->timer, pace_on_timer, 0, 0);
}

void pace_hurry(struct pace *p, struct turn *t)
{
    if (t->state != TURN_WAITING)
        return;
    take_out(&p->waiting, t);
    t->next = p->waiting;
    p->waiting = t;
    t->began_ms = UINT64_MAX; /* The mark of who waits for no number. */
    uv_timer_start(&p->timer, pace_on_timer, 0, 0);
}

bool pace_is_waiting(const struct turn *t)
{
    return t->state == TURN_WAITING;
}

static void drop_overdue(struct pace *p)
{
    uint64_t now_ms = uv_now(p->timer.loop);

    while (p->counted != NULL && now_ms - p->counted->began_ms >= p->patience_ms)
        pace_end(p, p->counted);
}

static void pace_on_timer(uv_timer_t *timer)
{
    struct pace *p = timer->data;
    struct turn *t;

    drop_overdue(p);
    while ((t = p->waiting) != NULL && (p->count < p->count_max || t->began_ms == UINT64_MAX)) {
        p->waiting = t->next;
        count_in(p, t);
        p->begin(t);
    }
    if (p->waiting != NULL)
        uv_timer_start(&p->timer, pace_on_timer, p->patience_ms, 0);
}

void pace_init(struct pace *p, uv_loop_t *loop, unsigned count_max, unsigned patience_ms,
               void (*begin)(struct turn *t))
{
    *p = (struct pace){.count_max = count_max, .patience_ms = patience_ms, .begin = begin};
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
}

void pace_close(struct pace *p, uv_close_cb closed, void *data)
{
    assert(p->waiting == NULL);
    p->timer.data = data;
    uv_close((uv_handle_t *)&p->timer, closed);
}
