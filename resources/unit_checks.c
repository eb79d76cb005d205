/* The alive checks of an online resource: a cheap one often, a thorough one
 * seldom, and the thorough one at once when the cheap one finds fault. */
#include "base/error.h"
#include "resources/unit_private.h"

static bool has_is_alive(const struct unit *u)
{
    const struct handler_ops *ops = u->life->ops;

    return ops->is_alive != NULL && (ops->has_is_alive == NULL || ops->has_is_alive(u->handler));
}

static void begin_check(struct unit *u, enum unit_check check)
{
    u->check = check;
    unit_arm_limit(u);
    if (check == CHECK_LOOKS_ALIVE)
        u->life->ops->looks_alive(u->handler);
    else
        u->life->ops->is_alive(u->handler);
}

static void unit_on_looks_alive(uv_timer_t *timer)
{
    struct unit *u = timer->data;

    if (u->check == CHECK_NONE)
        begin_check(u, CHECK_LOOKS_ALIVE);
}

static void unit_on_is_alive(uv_timer_t *timer)
{
    struct unit *u = timer->data;

    if (u->check == CHECK_NONE)
        begin_check(u, CHECK_IS_ALIVE);
    else /* The cheap check is under way; this one is next. */
        uv_timer_start(&u->is_alive, unit_on_is_alive, 1, 0);
}

/* From the end of one check to the next, so that slow ones do not pile up. */
void unit_plan_checks(struct unit *u)
{
    const struct life *l = u->life;

    if (u->unwatched)
        return;
    if (l->ops->looks_alive != NULL && !uv_is_active((uv_handle_t *)&u->looks_alive))
        uv_timer_start(&u->looks_alive, unit_on_looks_alive, l->looks_alive_ms, 0);
    if (has_is_alive(u) && !uv_is_active((uv_handle_t *)&u->is_alive))
        uv_timer_start(&u->is_alive, unit_on_is_alive, l->is_alive_ms, 0);
}

/* A handler is asked one thing at a time: the check under way stays so until it
 * is answered, without a limit. */
void unit_pause_checks(struct unit *u)
{
    u->unwatched = true;
    uv_timer_stop(&u->looks_alive);
    uv_timer_stop(&u->is_alive);
    if (u->check != CHECK_NONE)
        uv_timer_stop(&u->limit);
}

void unit_resume_checks(struct unit *u)
{
    u->unwatched = false;
    if (u->check != CHECK_NONE)
        unit_arm_limit(u);
    unit_plan_checks(u);
}

void unit_on_alive(bool alive, const char *text, void *data)
{
    struct unit *u = data;
    enum unit_check answered = u->check;

    if (u->state != MONITOR_ONLINE || answered == CHECK_NONE)
        return;
    u->check = CHECK_NONE;
    uv_timer_stop(&u->limit);
    if (alive || u->unwatched) {
        unit_plan_checks(u);
    } else if (answered == CHECK_LOOKS_ALIVE && has_is_alive(u)) {
        /* The cheap check may be wrong: the thorough one decides, at once. */
        uv_timer_stop(&u->is_alive);
        begin_check(u, CHECK_IS_ALIVE);
    } else {
        unit_end(u, MONITOR_FAILED, ERROR_RESOURCE_FAILED,
                 text[0] == '\0' ? "no longer alive" : text);
    }
}
