#include "resources/unit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "resources/unit_private.h"

/* A termination this long is worth a line in the log. */
enum { TERMINATE_COMPLAINT_MS = 5000 };

/* ------------------------------------------------------------------- states */

/* Before its first life. */
#define MONITOR_NEW ((enum monitor_resource_state)0)
#define TO(state) (1u << MONITOR_##state)
static const unsigned unit_next[] = {
    [0] = TO(ONLINE_PENDING) | TO(FAILED),
    [MONITOR_ONLINE_PENDING] = TO(ONLINE) | TO(OFFLINE_PENDING) | TO(TERMINATING),
    [MONITOR_ONLINE] = TO(OFFLINE_PENDING) | TO(TERMINATING),
    [MONITOR_OFFLINE_PENDING] = TO(OFFLINE) | TO(TERMINATING),
    [MONITOR_TERMINATING] = TO(OFFLINE) | TO(FAILED),
    [MONITOR_OFFLINE] = TO(ONLINE_PENDING) | TO(OFFLINE) | TO(FAILED),
    [MONITOR_FAILED] = TO(ONLINE_PENDING) | TO(OFFLINE) | TO(FAILED),
};
#undef TO

const char *monitor_state_name(enum monitor_resource_state state)
{
    static const char *const names[] = {
        [0] = "New",
        [MONITOR_ONLINE_PENDING] = "OnlinePending",
        [MONITOR_ONLINE] = "Online",
        [MONITOR_OFFLINE_PENDING] = "OfflinePending",
        [MONITOR_OFFLINE] = "Offline",
        [MONITOR_FAILED] = "Failed",
        [MONITOR_TERMINATING] = "Terminating",
    };

    return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static void set_text(char **field, const char *text)
{
    char *copy = xstrdup(text);

    free(*field);
    *field = copy;
}

/* The only place that writes u->state. `text` may be u->text itself. */
static void unit_enter(struct unit *u, enum monitor_resource_state next, uint32_t code,
                       const char *text)
{
    enum log_level level = next == MONITOR_FAILED ? LOG_WARN_ : LOG_INFO_;

    assert(unit_next[u->state] & (1u << next));
    log_write(level, "resource", "%s: %s -> %s, operation %" PRIu64 "%s%s, code %" PRIu32, u->name,
              monitor_state_name(u->state), monitor_state_name(next), u->operation,
              text[0] == '\0' ? "" : ": ", text, code);
    u->state = next;
    u->code = code;
    set_text(&u->text, text);
    u->env->changed(u, u->env->data);
}

bool unit_is_live(const struct unit *u)
{
    return u->handler != NULL;
}

/* -------------------------------------------------------------------- ending */

static void unit_start(struct unit *u, struct life *life);

static void stop_timers(struct unit *u)
{
    uv_timer_stop(&u->limit);
    uv_timer_stop(&u->looks_alive);
    uv_timer_stop(&u->is_alive);
    u->check = CHECK_NONE;
}

/* Nothing of it runs any more. `u` may be gone when this returns. */
static void unit_over(struct unit *u, enum monitor_resource_state state, uint32_t code,
                      const char *text)
{
    struct life *life = u->life, *waiting = u->waiting;

    stop_timers(u);
    u->life->ops->close(u->handler);
    u->handler = NULL;
    u->life = NULL;
    u->waiting = NULL;
    u->locked = false;
    u->embedded_failure = false;
    u->unwatched = false;
    u->hard_ms = 0;
    u->expired = false;
    u->pid = 0;
    if (state != MONITOR_FAILED)
        u->refusal = MONITOR_REFUSES_NOTHING;
    unit_enter(u, state, code, text);
    life_free(life); /* `text` may have been in it. */
    if (waiting != NULL)
        unit_start(u, waiting);
    else if (u->forget)
        u->env->forgotten(u, u->env->data);
}

static void unit_on_complaint(uv_timer_t *timer)
{
    const struct unit *u = timer->data;

    log_warn("resource", "%s: still terminating", u->name);
}

static void set_end(struct unit *u, enum monitor_resource_state state, uint32_t code,
                    const char *text)
{
    u->end_state = state;
    u->end_code = code;
    set_text(&u->end_text, text);
}

void unit_begin_end(struct unit *u, enum monitor_resource_state state, uint32_t code,
                    const char *text)
{
    assert(u->state != MONITOR_TERMINATING);
    set_end(u, state, code, text);
    stop_timers(u);
    unit_enter(u, MONITOR_TERMINATING, code, text);
    uv_timer_start(&u->limit, unit_on_complaint, TERMINATE_COMPLAINT_MS, TERMINATE_COMPLAINT_MS);
}

void unit_end(struct unit *u, enum monitor_resource_state state, uint32_t code, const char *text)
{
    assert(unit_is_live(u));
    if (u->state == MONITOR_TERMINATING) {
        set_end(u, state, code, text);
        return;
    }
    unit_begin_end(u, state, code, text);
    u->life->ops->terminate(u->handler);
}

/* ------------------------------------------------------------------- pending */

static void unit_on_limit(uv_timer_t *timer)
{
    struct unit *u = timer->data;
    struct arena a = {0};
    const char *doing = u->state == MONITOR_ONLINE_PENDING    ? "coming online"
                        : u->state == MONITOR_OFFLINE_PENDING ? "going offline"
                                                              : "an alive check";
    unit_end(u, MONITOR_FAILED, ERROR_RESOURCE_CALL_TIMED_OUT,
             arena_printf(&a, "%s: no sign of life for %" PRId64 " ms in %s", u->name,
                          u->pending_ms, doing));
    arena_release(&a);
}

void unit_arm_limit(struct unit *u)
{
    if (u->pending_ms == NEVER)
        return;
    /* The loop's clock may be old after a long callback. */
    uv_update_time(u->env->loop);
    uv_timer_start(&u->limit, unit_on_limit, (uint64_t)u->pending_ms, 0);
}

static void unit_on_checkpoint(uint32_t checkpoint, void *data)
{
    struct unit *u = data;

    if (u->state != MONITOR_ONLINE_PENDING && u->state != MONITOR_OFFLINE_PENDING)
        return;
    if (checkpoint <= u->checkpoint)
        return;
    u->checkpoint = checkpoint;
    unit_arm_limit(u);
    u->env->changed(u, u->env->data);
}

/* -------------------------------------------------------- the handler's words */

static void unit_on_offline(struct unit *u, const char *text)
{
    if (u->state == MONITOR_OFFLINE_PENDING) {
        unit_over(u, MONITOR_OFFLINE, 0, text);
    } else {
        char *end_text = u->end_text;

        assert(u->state == MONITOR_TERMINATING);
        u->end_text = NULL;
        unit_over(u, u->end_state, u->end_code, end_text);
        free(end_text);
    }
}

static void unit_on_failure(struct unit *u, uint32_t code, const char *text)
{
    if (u->state != MONITOR_TERMINATING)
        unit_end(u, MONITOR_FAILED, code == 0 ? ERROR_RESOURCE_FAILED : code, text);
    else
        unit_hurry(u); /* It could not be stopped in order. */
}

static void unit_on_status(enum handler_status status, uint32_t code, const char *text, void *data)
{
    struct unit *u = data;

    switch (status) {
    case HANDLER_ONLINE:
        if (u->state != MONITOR_ONLINE_PENDING)
            return;
        stop_timers(u);
        unit_enter(u, MONITOR_ONLINE, 0, text);
        unit_plan_checks(u);
        return;
    case HANDLER_OFFLINE:
        unit_on_offline(u, text);
        return;
    case HANDLER_CANNOT_ONLINE_HERE:
    case HANDLER_CANNOT_ONLINE_ANYWHERE:
        if (u->state == MONITOR_ONLINE_PENDING)
            u->refusal =
                status == HANDLER_CANNOT_ONLINE_HERE ? MONITOR_REFUSES_NODE : MONITOR_REFUSES_NODES;
        unit_on_failure(u, code, text);
        return;
    case HANDLER_FAILED:
        unit_on_failure(u, code, text);
        return;
    }
}

static void unit_on_embedded(bool failed, const char *text, void *data)
{
    struct unit *u = data;

    if (u->state != MONITOR_ONLINE || u->embedded_failure == failed)
        return;
    log_info("resource", "%s: %s: %s", u->name, failed ? "embedded failure" : "embedded recovery",
             text);
    u->embedded_failure = failed;
    set_text(&u->text, text);
    u->env->changed(u, u->env->data);
}

static void unit_on_locked(bool locked, void *data)
{
    struct unit *u = data;

    if (u->state == MONITOR_TERMINATING || u->locked == locked)
        return;
    log_info("resource", "%s: %s", u->name, locked ? "locked" : "unlocked");
    u->locked = locked;
    u->env->changed(u, u->env->data);
}

static void unit_on_pid(long pid, void *data)
{
    struct unit *u = data;

    u->pid = pid;
    u->env->changed(u, u->env->data);
}

static const struct handler_events unit_events = {
    .status = unit_on_status,
    .checkpoint = unit_on_checkpoint,
    .locked = unit_on_locked,
    .embedded = unit_on_embedded,
    .alive = unit_on_alive,
    .pid = unit_on_pid,
};

/* -------------------------------------------------------------------- orders */

static int64_t limit_of(uint32_t pending_timeout_ms)
{
    return pending_timeout_ms == UINT32_MAX ? NEVER : (int64_t)pending_timeout_ms;
}

/* Takes `life`. */
static void unit_start(struct unit *u, struct life *life)
{
    struct unit_refusal why = {.code = life->code, .text = life->text};

    assert(!unit_is_live(u));
    u->operation = life->operation;
    u->checkpoint = 0;
    u->refusal = MONITOR_REFUSES_NOTHING;
    u->forget = false;
    set_text(&u->name, life->context.resource);
    if (why.code != 0 || !u->env->may_start(life, &why, u->env->data)) {
        u->refusal = why.refusal;
        unit_enter(u, MONITOR_FAILED, why.code, why.text);
        life_free(life);
        return;
    }
    u->life = life;
    life->context.events = &unit_events;
    life->context.data = u;
    u->handler = life->ops->open(&life->context);
    u->pending_ms = limit_of(life->pending_timeout_ms);
    unit_enter(u, MONITOR_ONLINE_PENDING, 0, "");
    unit_arm_limit(u);
    life->ops->online(u->handler, life->instructions, life->instructions_len);
}

void unit_online(struct unit *u, const struct monitor_order *order)
{
    struct life *life;

    if (order->operation <= u->operation ||
        (u->waiting != NULL && order->operation <= u->waiting->operation))
        return;
    life = life_new(u->env, order);
    if (!unit_is_live(u)) {
        unit_start(u, life);
        return;
    }
    life_free(u->waiting);
    u->waiting = life;
    u->forget = false;
    if (u->state != MONITOR_TERMINATING)
        unit_end(u, MONITOR_OFFLINE, 0, "a newer order to come online");
}

void unit_offline(struct unit *u, uint64_t next, uint32_t pending_timeout_ms,
                  const uint8_t *instructions, size_t len)
{
    if (next <= u->operation || (u->waiting != NULL && next <= u->waiting->operation))
        return;
    life_free(u->waiting);
    u->waiting = NULL;
    u->operation = next;
    switch (u->state) {
    case MONITOR_ONLINE_PENDING:
    case MONITOR_ONLINE:
        stop_timers(u);
        u->pending_ms = limit_of(pending_timeout_ms);
        u->checkpoint = 0;
        unit_enter(u, MONITOR_OFFLINE_PENDING, 0, "");
        unit_arm_limit(u);
        u->life->ops->offline(u->handler, instructions, len);
        return;
    case MONITOR_OFFLINE_PENDING: /* Going there already; the report is the newer one's. */
        u->env->changed(u, u->env->data);
        return;
    case MONITOR_TERMINATING: /* Offline is what is wanted of it now. */
        u->forget = false;
        set_end(u, MONITOR_OFFLINE, 0, u->end_text);
        u->env->changed(u, u->env->data);
        return;
    case MONITOR_OFFLINE:
    case MONITOR_FAILED:
        unit_enter(u, MONITOR_OFFLINE, 0, "was not running");
        return;
    }
}

void unit_fail(struct unit *u, uint64_t operation, uint32_t code, const char *text)
{
    if (operation == u->operation && unit_is_live(u) && u->state != MONITOR_TERMINATING)
        unit_end(u, MONITOR_FAILED, code, text);
}

void unit_watch(struct unit *u, uint64_t operation, bool watched)
{
    if (operation != u->operation || u->state != MONITOR_ONLINE || u->unwatched == !watched)
        return;
    log_info("resource", "%s: %s", u->name, watched ? "watched again" : "no longer watched");
    if (watched)
        unit_resume_checks(u);
    else
        unit_pause_checks(u);
    u->env->changed(u, u->env->data);
}

void unit_terminate(struct unit *u)
{
    life_free(u->waiting);
    u->waiting = NULL;
    u->forget = true;
    if (unit_is_live(u)) {
        unit_end(u, MONITOR_OFFLINE, 0, "terminated");
        return;
    }
    if (u->state != MONITOR_NEW)
        unit_enter(u, MONITOR_OFFLINE, 0, "terminated");
    u->env->forgotten(u, u->env->data);
}

uint32_t unit_control(struct unit *u, uint32_t code, const uint8_t *input, size_t len)
{
    if (!unit_is_live(u) || u->state == MONITOR_TERMINATING)
        return ERROR_RESOURCE_NOT_ONLINE;
    if (u->life->ops->control == NULL)
        return ERROR_INVALID_FUNCTION;
    return u->life->ops->control(u->handler, code, input, len);
}

/* ------------------------------------------------------------------ its own */

uint64_t unit_id(const struct unit *u)
{
    return u->id;
}

uint64_t unit_operation(const struct unit *u)
{
    return u->operation;
}

void unit_describe(const struct unit *u, struct monitor_resource *ret)
{
    *ret = (struct monitor_resource){
        .id = u->id,
        .operation = u->operation,
        .state = u->state,
        .locked = u->locked,
        .code = u->code,
        .text = u->text == NULL ? "" : u->text,
        .pid = u->pid,
        .checkpoint = u->checkpoint,
        .refusal = u->refusal,
        .embedded_failure = u->embedded_failure,
        .unwatched = u->unwatched,
    };
}

struct unit *unit_new(const struct unit_env *env, uint64_t id, const char *name)
{
    struct unit *u = xcalloc(1, sizeof(*u));
    uv_timer_t *timers[] = {&u->limit, &u->looks_alive, &u->is_alive};

    u->env = env;
    u->id = id;
    u->name = xstrdup(name);
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        uv_timer_init(env->loop, timers[i]);
        timers[i]->data = u;
        u->open_handles++;
    }
    return u;
}

static void unit_on_closed(uv_handle_t *handle)
{
    struct unit *u = handle->data;

    if (--u->open_handles > 0)
        return;
    free(u->end_text);
    free(u->text);
    free(u->name);
    free(u);
}

void unit_free(struct unit *u)
{
    assert(!unit_is_live(u));
    life_free(u->waiting);
    u->waiting = NULL;
    uv_close((uv_handle_t *)&u->limit, unit_on_closed);
    uv_close((uv_handle_t *)&u->looks_alive, unit_on_closed);
    uv_close((uv_handle_t *)&u->is_alive, unit_on_closed);
}
