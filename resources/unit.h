/* One resource in the monitor: the life it is in, and the orders about it.
 *
 * Orders are levels. A life is named by its operation, a number that only
 * rises: an order of the current operation or an older one changes nothing, a
 * newer one takes effect, and a new life begins only when nothing of the one
 * before is left. Loop thread only. */
#ifndef HOLDFAST_RESOURCES_UNIT_H
#define HOLDFAST_RESOURCES_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "resources/guardian.h"
#include "resources/monitor.h"

struct unit;

/* What units share. Borrowed as long as there is one. */
struct unit_env {
    uv_loop_t *loop;
    struct guardians *guardians;
    const char *dir;
    const char *node;
    const char *cgroup_prefix; /* Path that cgroups of lives begin with; NULL. */
    /* May a life begin now? If not, why not. */
    bool (*may_start)(uint32_t *ret_code, const char **ret_text, void *data);
    void (*changed)(const struct unit *u, void *data);
    /* Nothing runs and nothing is to be remembered: unit_free() it. */
    void (*forgotten)(struct unit *u, void *data);
    void *data;
};

struct unit *unit_new(const struct unit_env *env, uint64_t id, const char *name);
void unit_free(struct unit *u); /* Not while it is live. Freed once the loop has run. */

void unit_online(struct unit *u, const struct monitor_order *order);
void unit_offline(struct unit *u, uint64_t next, uint32_t pending_timeout_ms,
                  const uint8_t *instructions, size_t len);
/* Terminate life `operation`, then FAILED. */
void unit_fail(struct unit *u, uint64_t operation, uint32_t code, const char *text);
/* The same for whatever life it is in; an order that waits is dropped. */
void unit_expire(struct unit *u, uint32_t code, const char *text);
/* Ask no longer, or again, whether life `operation` is alive. */
void unit_watch(struct unit *u, uint64_t operation, bool watched);
/* Terminate; OFFLINE and forgotten() follow, perhaps at once. */
void unit_terminate(struct unit *u);
uint32_t unit_control(struct unit *u, uint32_t code, const uint8_t *input, size_t len);

bool unit_is_live(const struct unit *u); /* Something of it may run. */
uint64_t unit_id(const struct unit *u);
/* Borrowed until the unit changes. */
void unit_describe(const struct unit *u, struct monitor_resource *ret);

const char *monitor_state_name(enum monitor_resource_state state);

#endif
