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

struct life;
struct unit;

struct unit_refusal {
    enum monitor_refusal refusal;
    uint32_t code;
    const char *text;
};

/* What units share. Borrowed as long as there is one. */
struct unit_env {
    uv_loop_t *loop;
    struct guardians *guardians;
    const char *dir;
    const char *node;
    const char *cgroup_prefix; /* Path that cgroups of lives begin with; NULL. */
    /* May a life begin now? If not, why not; `ret_text` lives until the next call. */
    bool (*may_start)(const struct life *life, struct unit_refusal *ret, void *data);
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
/* The same for whatever life it is in, since the lease ended at `end_ms` (clock_boot_ms());
 * an order that waits is dropped. What has a budget is stopped in order, and has until
 * unit_hard_ms() for it. */
void unit_expire(struct unit *u, uint64_t end_ms, uint32_t code, const char *text);
/* When unit_hurry() is due; 0: it is not being stopped so. */
uint64_t unit_hard_ms(const struct unit *u);
/* What is still being stopped in its budget is ended at once. */
void unit_hurry(struct unit *u);
/* It is being ended at once since the lease is over: that should have happened by now. */
bool unit_is_expired(const struct unit *u);
/* Something of it may run, and its end is sure only if the node resets itself
 * (SelfFencing); then its budget. */
bool unit_needs_watchdog(const struct unit *u, uint32_t *ret_budget_ms);
/* Ask no longer, or again, whether life `operation` is alive. */
void unit_watch(struct unit *u, uint64_t operation, bool watched);
/* Terminate; OFFLINE and forgotten() follow, perhaps at once. */
void unit_terminate(struct unit *u);
uint32_t unit_control(struct unit *u, uint32_t code, const uint8_t *input, size_t len);

bool unit_is_live(const struct unit *u); /* Something of it may run. */
uint64_t unit_id(const struct unit *u);
uint64_t unit_operation(const struct unit *u);
/* Borrowed until the unit changes. */
void unit_describe(const struct unit *u, struct monitor_resource *ret);

const char *monitor_state_name(enum monitor_resource_state state);

#endif
