#include "resources/process.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"

enum process_state {
    PROCESS_IDLE,
    PROCESS_STARTING, /* Until the shell runs. */
    PROCESS_WAITING,  /* For ReadyCommand. */
    PROCESS_ONLINE,
    PROCESS_STOPPING,
    PROCESS_TERMINATING,
    PROCESS_FAILED, /* Told; the monitor's terminate() comes. */
    PROCESS_GONE,
};

struct handler {
    const struct handler_context *context;
    enum process_state state;
    struct arena arena;
    struct guardian *guardian; /* NULL before the start and when gone. */
    struct guardian_plan plan;
    uv_timer_t timer; /* Next try of ReadyCommand; end of StopTimeout; a late word. */
    uint32_t late_code;
    bool killed; /* StopTimeout ran out. */
};

static const char *text_property(struct handler *h, const char *name)
{
    return type_get_text(h->context->type, h->context->properties, name, &h->arena);
}

static const char *optional(struct handler *h, const char *name)
{
    const char *text = text_property(h, name);

    return text[0] == '\0' ? NULL : text;
}

static uint32_t number(const struct handler *h, const char *name)
{
    return type_get_dword(h->context->type, h->context->properties, name);
}

static void status(const struct handler *h, enum handler_status s, uint32_t code, const char *text)
{
    h->context->events->status(s, code, text, h->context->data);
}

/* Tell a failure once; what comes out of its consequences is no news. */
static void fail(struct handler *h, uint32_t code, const char *text)
{
    if (h->state == PROCESS_FAILED || h->state == PROCESS_TERMINATING || h->state == PROCESS_GONE)
        return;
    h->state = PROCESS_FAILED;
    uv_timer_stop(&h->timer);
    status(h, HANDLER_FAILED, code, text);
}

static const char *describe(struct handler *h, const char *who, int wait_status)
{
    if (WIFSIGNALED(wait_status))
        return arena_printf(&h->arena, "%skilled by signal %d", who, WTERMSIG(wait_status));
    return arena_printf(&h->arena, "%sexited with status %d", who, WEXITSTATUS(wait_status));
}

/* ----------------------------------------------------------- from the guardian */

static void become_online(struct handler *h)
{
    h->state = PROCESS_ONLINE;
    status(h, HANDLER_ONLINE, 0, "online");
}

static void on_started(pid_t pid, void *data)
{
    struct handler *h = data;

    h->context->events->pid(pid, h->context->data);
    if (h->state != PROCESS_STARTING)
        return;
    if (h->plan.commands[GUARDIAN_READY] == NULL) {
        become_online(h);
        return;
    }
    h->state = PROCESS_WAITING;
    guardian_run(h->guardian, GUARDIAN_READY);
}

static void on_not_started(uint32_t code, const char *text, void *data)
{
    fail(data, code, text);
}

static void on_exited(int wait_status, void *data)
{
    struct handler *h = data;

    h->context->events->pid(0, h->context->data);
    /* When it is to stop, that is what is wanted, however it ends. */
    if (h->state != PROCESS_STOPPING)
        fail(h, ERROR_RESOURCE_FAILED, describe(h, "", wait_status));
}

static void on_ready_again(uv_timer_t *timer)
{
    struct handler *h = timer->data;

    if (h->state == PROCESS_WAITING)
        guardian_run(h->guardian, GUARDIAN_READY);
}

static void on_ran(enum guardian_command command, int wait_status, void *data)
{
    struct handler *h = data;
    bool good = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;

    if (command == GUARDIAN_READY && h->state == PROCESS_WAITING) {
        if (good)
            become_online(h);
        else
            uv_timer_start(&h->timer, on_ready_again, number(h, "ReadyInterval"), 0);
    } else if (command == GUARDIAN_CHECK && h->state == PROCESS_ONLINE) {
        h->context->events->alive(good, good ? "" : describe(h, "CheckCommand ", wait_status),
                                  h->context->data);
    } else if (command == GUARDIAN_STOP && h->state == PROCESS_STOPPING && !good) {
        log_warn("process", "%s: %s; sending SIGTERM", h->context->resource,
                 describe(h, "StopCommand ", wait_status));
        guardian_stop(h->guardian, true);
    }
}

static void on_lost(void *data)
{
    struct handler *h = data;

    h->context->events->pid(0, h->context->data);
    fail(h, ERROR_RESOURCE_FAILED, "its guardian process was killed");
}

static void report_gone(struct handler *h)
{
    h->state = PROCESS_GONE;
    if (h->killed)
        status(h, HANDLER_OFFLINE, 0,
               arena_printf(&h->arena, "did not stop in StopTimeout (%" PRIu32 " ms): killed",
                            number(h, "StopTimeout")));
    else
        status(h, HANDLER_OFFLINE, 0, "offline");
}

static void on_gone(void *data)
{
    struct handler *h = data;

    uv_timer_stop(&h->timer);
    guardian_free(h->guardian);
    h->guardian = NULL;
    /* Failed before anybody asked: the terminate() that follows finds it gone. */
    if (h->state == PROCESS_STOPPING || h->state == PROCESS_TERMINATING)
        report_gone(h);
    else
        fail(h, ERROR_RESOURCE_FAILED, "its processes are gone");
}

static const struct guardian_events process_guardian_events = {
    .started = on_started,
    .not_started = on_not_started,
    .exited = on_exited,
    .ran = on_ran,
    .lost = on_lost,
    .gone = on_gone,
};

/* ------------------------------------------------------------------- online */

static struct handler *process_open(const struct handler_context *context)
{
    struct handler *h = xcalloc(1, sizeof(*h));

    h->context = context;
    uv_timer_init(context->loop, &h->timer);
    h->timer.data = h;
    return h;
}

/* The monitor's own, then the resource's, then ours: the last one counts. */
static const char *const *make_environment(struct handler *h)
{
    const struct handler_context *c = h->context;
    const char **own = type_get_strings(c->type, c->properties, "Environment", &h->arena);
    const char **all;
    size_t count = 0, own_count = 0, n = 0;

    while (environ[count] != NULL)
        count++;
    while (own[own_count] != NULL)
        own_count++;
    all = arena_alloc(&h->arena, (count + own_count + 5) * sizeof(*all));
    for (size_t i = 0; i < count; i++)
        all[n++] = environ[i];
    for (size_t i = 0; i < own_count; i++)
        all[n++] = own[i];
    all[n++] = arena_printf(&h->arena, "HOLDFAST_NODE=%s", c->node);
    all[n++] = arena_printf(&h->arena, "HOLDFAST_GROUP=%s", c->group);
    all[n++] = arena_printf(&h->arena, "HOLDFAST_RESOURCE=%s", c->resource);
    all[n++] = arena_printf(&h->arena, "HOLDFAST_TOKEN=%" PRIu64, c->token);
    return all;
}

static const char *make_log_path(struct handler *h)
{
    const char *folder = arena_printf(&h->arena, "%s/resources", h->context->dir);

    /* If it cannot be made, opening the file says so. */
    mkdir(folder, 0750);
    return arena_printf(&h->arena, "%s/%s.log", folder,
                        handler_file_name(&h->arena, h->context->resource));
}

static void on_late_failure(uv_timer_t *timer)
{
    struct handler *h = timer->data;

    fail(h, h->late_code,
         arena_printf(&h->arena, "its guardian process or its log %s could not be made: %s",
                      h->plan.log_path, error_text(h->late_code)));
}

static void process_online(struct handler *h, const uint8_t *instructions, size_t len)
{
    (void)instructions;
    (void)len;
    h->state = PROCESS_STARTING;
    h->plan = (struct guardian_plan){
        .commands =
            {
                [GUARDIAN_MAIN] = text_property(h, "CommandLine"),
                [GUARDIAN_READY] = optional(h, "ReadyCommand"),
                [GUARDIAN_STOP] = optional(h, "StopCommand"),
                [GUARDIAN_CHECK] = optional(h, "CheckCommand"),
            },
        .directory = text_property(h, "CurrentDirectory"),
        .user = optional(h, "User"),
        .environment = make_environment(h),
        .log_path = make_log_path(h),
        .cgroup = h->context->cgroup,
        .budget_ms = h->context->budget_ms,
    };
    h->late_code =
        guardian_start(h->context->guardians, &h->plan, &process_guardian_events, h, &h->guardian);
    if (h->late_code != 0)
        uv_timer_start(&h->timer, on_late_failure, 0, 0);
}

/* ------------------------------------------------------------------ offline */

static void on_late_gone(uv_timer_t *timer)
{
    report_gone(timer->data);
}

static void on_stop_timeout(uv_timer_t *timer)
{
    struct handler *h = timer->data;

    log_warn("process", "%s: did not stop in %" PRIu32 " ms: killing it", h->context->resource,
             number(h, "StopTimeout"));
    h->killed = true;
    guardian_kill(h->guardian);
}

static void on_bad_instruction(uv_timer_t *timer)
{
    fail(timer->data, ERROR_INVALID_DATA, "the instructions cannot be read");
}

static void process_offline(struct handler *h, const uint8_t *instructions, size_t len)
{
    struct proplist_property found;
    uint32_t orderly = 1;
    uint32_t rc = handler_instruction(h->context->type, instructions, len, &found);

    uv_timer_stop(&h->timer);
    if (rc == 0)
        rc = proplist_value_dword(&found.value, &orderly);
    if ((rc != 0 && rc != ERROR_FILE_NOT_FOUND) || orderly > 1) {
        uv_timer_start(&h->timer, on_bad_instruction, 0, 0);
        return;
    }
    h->state = PROCESS_STOPPING;
    if (h->guardian == NULL) {
        uv_timer_start(&h->timer, on_late_gone, 0, 0);
        return;
    }
    if (orderly == 0) {
        guardian_kill(h->guardian);
        return;
    }
    guardian_stop(h->guardian, h->plan.commands[GUARDIAN_STOP] == NULL);
    if (h->plan.commands[GUARDIAN_STOP] != NULL)
        guardian_run(h->guardian, GUARDIAN_STOP);
    uv_timer_start(&h->timer, on_stop_timeout, number(h, "StopTimeout"), 0);
}

static void process_terminate(struct handler *h)
{
    uv_timer_stop(&h->timer);
    h->state = PROCESS_TERMINATING;
    h->killed = false;
    if (h->guardian != NULL)
        guardian_kill(h->guardian);
    else
        uv_timer_start(&h->timer, on_late_gone, 0, 0);
}

/* ------------------------------------------------------------ checks and end */

/* The death of the main process is noticed by itself: only a command of the
 * resource's own can tell more. */
static bool process_has_is_alive(struct handler *h)
{
    return h->plan.commands[GUARDIAN_CHECK] != NULL;
}

static void process_is_alive(struct handler *h)
{
    assert(h->state == PROCESS_ONLINE);
    guardian_run(h->guardian, GUARDIAN_CHECK);
}

static void on_closed(uv_handle_t *handle)
{
    struct handler *h = handle->data;

    arena_release(&h->arena);
    free(h);
}

static void process_close(struct handler *h)
{
    assert(h->guardian == NULL);
    uv_close((uv_handle_t *)&h->timer, on_closed);
}

const struct handler_ops process_handler = {
    .type = "Generic Application",
    .open = process_open,
    .online = process_online,
    .offline = process_offline,
    .terminate = process_terminate,
    .is_alive = process_is_alive,
    .has_is_alive = process_has_is_alive,
    .close = process_close,
};
