#include "resources/dummy.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

/* Often enough for any sensible PendingTimeout, seldom enough for a test that
 * counts them. */
enum { CHECKPOINT_MS = 100 };

enum dummy_state {
    DUMMY_IDLE,
    DUMMY_COMING_ONLINE,
    DUMMY_ONLINE,
    DUMMY_GOING_OFFLINE,
    DUMMY_TERMINATING,
};

struct handler {
    const struct handler_context *context;
    enum dummy_state state;
    struct arena arena;
    uv_timer_t step;     /* The end of what is pending; the failure to come. */
    uv_timer_t progress; /* Checkpoints. */
    uint32_t checkpoint;
    uint64_t online_since_ms; /* Of the loop's clock. */
    bool sick;                /* The answer to the check under way is no. */
    uv_timer_t check;
    uv_timer_t guest;      /* What fails within it, and recovers. */
    uint32_t offline_code; /* The instructions could not be read. */
    char *instruction;     /* "Dummy=2"; NULL. Owned. */
    unsigned open_handles;
};

static uint32_t number(const struct handler *h, const char *name)
{
    return type_get_dword(h->context->type, h->context->properties, name);
}

static void status(const struct handler *h, enum handler_status s, uint32_t code, const char *text)
{
    h->context->events->status(s, code, text, h->context->data);
}

static void stop_timers(struct handler *h)
{
    uv_timer_stop(&h->step);
    uv_timer_stop(&h->progress);
    uv_timer_stop(&h->check);
    uv_timer_stop(&h->guest);
}

static void on_progress(uv_timer_t *timer)
{
    struct handler *h = timer->data;

    h->context->events->checkpoint(++h->checkpoint, h->context->data);
}

/* Something pending that ends after `delay_ms`, or never. */
static void begin(struct handler *h, enum dummy_state state, uint32_t delay_ms, bool hangs,
                  uv_timer_cb end)
{
    stop_timers(h);
    h->state = state;
    if (hangs)
        return;
    uv_update_time(h->context->loop);
    uv_timer_start(&h->step, end, delay_ms, 0);
    if (number(h, "Silent") == 0)
        uv_timer_start(&h->progress, on_progress, CHECKPOINT_MS, CHECKPOINT_MS);
}

/* ------------------------------------------------------------------- online */

static struct handler *dummy_open(const struct handler_context *context)
{
    struct handler *h = xcalloc(1, sizeof(*h));
    uv_timer_t *timers[] = {&h->step, &h->progress, &h->check, &h->guest};

    h->context = context;
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        uv_timer_init(context->loop, timers[i]);
        timers[i]->data = h;
        h->open_handles++;
    }
    return h;
}

static void on_fail_after(uv_timer_t *timer)
{
    status(timer->data, HANDLER_FAILED, ERROR_RESOURCE_FAILED, "failed as FailAfter says");
}

static void guest_is_well(const struct handler *h, bool well)
{
    h->context->events->embedded(!well, well ? "the guest is well again" : "the guest failed",
                                 h->context->data);
}

static void on_guest_recovers(uv_timer_t *timer)
{
    guest_is_well(timer->data, true);
}

static void on_guest_fails(uv_timer_t *timer)
{
    struct handler *h = timer->data;
    uint32_t recover_after = number(h, "GuestRecoverAfter");

    if (recover_after != 0)
        uv_timer_start(&h->guest, on_guest_recovers, recover_after, 0);
    guest_is_well(h, false);
}

/* False if it says that it cannot come online here, or anywhere. */
static bool may_come_online(struct handler *h)
{
    const char **nodes =
        type_get_strings(h->context->type, h->context->properties, "CannotOnlineOn", &h->arena);

    for (; *nodes != NULL; nodes++) {
        if (strcmp(*nodes, "*") == 0) {
            status(h, HANDLER_CANNOT_ONLINE_ANYWHERE, ERROR_RESOURCE_FAILED,
                   "cannot come online on any node, as CannotOnlineOn says");
            return false;
        }
        if (name_equal(*nodes, h->context->node)) {
            status(h, HANDLER_CANNOT_ONLINE_HERE, ERROR_RESOURCE_FAILED,
                   "cannot come online on this node, as CannotOnlineOn says");
            return false;
        }
    }
    return true;
}

static void on_online(uv_timer_t *timer)
{
    struct handler *h = timer->data;
    uint32_t code = number(h, "FailOnline");
    uint32_t fail_after = number(h, "FailAfter");

    stop_timers(h);
    if (!may_come_online(h))
        return;
    if (code != 0) {
        status(h, HANDLER_FAILED, code, "failed as FailOnline says");
        return;
    }
    h->state = DUMMY_ONLINE;
    h->online_since_ms = uv_now(h->context->loop);
    if (fail_after != 0)
        uv_timer_start(&h->step, on_fail_after, fail_after, 0);
    if (number(h, "GuestFailAfter") != 0)
        uv_timer_start(&h->guest, on_guest_fails, number(h, "GuestFailAfter"), 0);
    if (number(h, "Locked") != 0)
        h->context->events->locked(true, h->context->data);
    status(h, HANDLER_ONLINE, 0, "online");
}

static void dummy_online(struct handler *h, const uint8_t *instructions, size_t len)
{
    (void)instructions;
    (void)len;
    begin(h, DUMMY_COMING_ONLINE, number(h, "OnlineDelay"), number(h, "HangOnline") != 0,
          on_online);
}

/* ------------------------------------------------------------------ offline */

/* "Dummy=2" as a new string; other types of value than the two are an error. */
static uint32_t instruction_text(struct handler *h, const struct proplist_property *p)
{
    const char *name = h->context->type->name, *sz;
    uint32_t dword;

    if (proplist_value_dword(&p->value, &dword) == 0)
        h->instruction = xasprintf("%s=%" PRIu32, name, dword);
    else if (proplist_value_sz(&p->value, &h->arena, &sz) == 0)
        h->instruction = xasprintf("%s=%s", name, sz);
    else
        return ERROR_INVALID_DATA;
    return 0;
}

static void record(struct handler *h)
{
    const char *path =
        type_get_text(h->context->type, h->context->properties, "RecordFile", &h->arena);
    int fd;

    if (path[0] == '\0')
        path = arena_printf(&h->arena, "%s/%s.instructions", h->context->dir,
                            handler_file_name(&h->arena, h->context->resource));
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        log_warn("dummy", "%s: cannot open %s: %s", h->context->resource, path, strerror(errno));
        return;
    }
    dprintf(fd, "%s\n", h->instruction);
    close(fd);
}

static void on_offline(uv_timer_t *timer)
{
    struct handler *h = timer->data;
    uint32_t code = number(h, "FailOffline");

    stop_timers(h);
    if (h->offline_code != 0) {
        status(h, HANDLER_FAILED, h->offline_code, "the instructions cannot be read");
        return;
    }
    if (code != 0) {
        status(h, HANDLER_FAILED, code, "failed as FailOffline says");
        return;
    }
    status(h, HANDLER_OFFLINE, 0,
           h->instruction == NULL
               ? "offline"
               : arena_printf(&h->arena, "offline; instruction %s", h->instruction));
}

static void dummy_offline(struct handler *h, const uint8_t *instructions, size_t len)
{
    struct proplist_property found;
    uint32_t rc = handler_instruction(h->context->type, instructions, len, &found);

    if (rc == 0)
        rc = instruction_text(h, &found);
    if (rc == 0)
        record(h);
    if (rc != 0 && rc != ERROR_FILE_NOT_FOUND) {
        h->offline_code = ERROR_INVALID_DATA;
        begin(h, DUMMY_GOING_OFFLINE, 0, false, on_offline);
        return;
    }
    begin(h, DUMMY_GOING_OFFLINE, number(h, "OfflineDelay"), number(h, "HangOffline") != 0,
          on_offline);
}

static void on_terminated(uv_timer_t *timer)
{
    status(timer->data, HANDLER_OFFLINE, 0, "terminated");
}

static void dummy_terminate(struct handler *h)
{
    stop_timers(h);
    h->state = DUMMY_TERMINATING;
    uv_timer_start(&h->step, on_terminated, 0, 0);
}

/* ------------------------------------------------------------------- checks */

static void on_check(uv_timer_t *timer)
{
    struct handler *h = timer->data;

    h->context->events->alive(!h->sick, h->sick ? "no longer alive, as SickAfter says" : "",
                              h->context->data);
}

static void dummy_check(struct handler *h)
{
    uint32_t sick_after = number(h, "SickAfter");

    h->sick = sick_after != 0 && uv_now(h->context->loop) - h->online_since_ms >= sick_after;
    uv_timer_start(&h->check, on_check, 0, 0);
}

/* ------------------------------------------------------------------ control */

static uint32_t dummy_control(struct handler *h, uint32_t code, const uint8_t *input, size_t len)
{
    (void)input;
    (void)len;
    if (h->state != DUMMY_ONLINE)
        return ERROR_RESOURCE_NOT_ONLINE;
    switch (code) {
    case DUMMY_CONTROL_LOCK:
    case DUMMY_CONTROL_UNLOCK:
        h->context->events->locked(code == DUMMY_CONTROL_LOCK, h->context->data);
        return 0;
    case DUMMY_CONTROL_FAIL:
        uv_timer_start(&h->step, on_fail_after, 0, 0);
        return 0;
    case DUMMY_CONTROL_GUEST_FAIL:
        uv_timer_start(&h->guest, on_guest_fails, 0, 0);
        return 0;
    case DUMMY_CONTROL_GUEST_RECOVER:
        uv_timer_start(&h->guest, on_guest_recovers, 0, 0);
        return 0;
    default:
        return ERROR_INVALID_FUNCTION;
    }
}

/* -------------------------------------------------------------------- close */

static void on_closed(uv_handle_t *handle)
{
    struct handler *h = handle->data;

    if (--h->open_handles > 0)
        return;
    free(h->instruction);
    arena_release(&h->arena);
    free(h);
}

static void dummy_close(struct handler *h)
{
    uv_close((uv_handle_t *)&h->step, on_closed);
    uv_close((uv_handle_t *)&h->progress, on_closed);
    uv_close((uv_handle_t *)&h->check, on_closed);
    uv_close((uv_handle_t *)&h->guest, on_closed);
}

const struct handler_ops dummy_handler = {
    .type = "Dummy",
    .open = dummy_open,
    .online = dummy_online,
    .offline = dummy_offline,
    .terminate = dummy_terminate,
    .looks_alive = dummy_check,
    .is_alive = dummy_check,
    .control = dummy_control,
    .close = dummy_close,
};
