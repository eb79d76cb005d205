/* What unit.c, unit_checks.c and unit_expire.c share. */
#ifndef HOLDFAST_RESOURCES_UNIT_PRIVATE_H
#define HOLDFAST_RESOURCES_UNIT_PRIVATE_H

#include "resources/life.h"
#include "resources/unit.h"

#define NEVER INT64_C(-1) /* May be pending for ever. */

enum unit_check { CHECK_NONE, CHECK_LOOKS_ALIVE, CHECK_IS_ALIVE };

struct unit {
    const struct unit_env *env;
    uint64_t id;
    char *name;
    uint64_t operation; /* Under which it reports. */
    enum monitor_resource_state state;
    uint32_t code;
    char *text; /* NULL: "". */
    bool locked;
    bool embedded_failure;
    bool unwatched;
    enum monitor_refusal refusal; /* Of FAILED. */
    long pid;
    uint32_t checkpoint;

    struct life *life;       /* Of the handler; NULL when nothing runs. */
    struct handler *handler; /* NULL when nothing runs. */
    struct life *waiting;    /* Begins when the present life is over; NULL. */
    bool forget;             /* When it is over, so is the unit. */
    uint64_t hard_ms;        /* TERMINATING in its own way, until then; 0. */
    bool expired;            /* TERMINATING at once, since the lease is over. */
    /* What TERMINATING ends in. */
    enum monitor_resource_state end_state;
    uint32_t end_code;
    char *end_text;

    int64_t pending_ms; /* The limit that `limit` counts; NEVER. */
    uv_timer_t limit;   /* PendingTimeout, or that of a check, or the complaint. */
    uv_timer_t looks_alive;
    uv_timer_t is_alive;
    enum unit_check check; /* Asked and not answered. */
    unsigned open_handles;
};

/* End what runs and then be in `state`. While it is terminating already, only
 * what it ends in changes. */
void unit_end(struct unit *u, enum monitor_resource_state state, uint32_t code, const char *text);
/* All of that but to tell the handler, whose way of ending is the caller's to choose. */
void unit_begin_end(struct unit *u, enum monitor_resource_state state, uint32_t code,
                    const char *text);
/* From now on the handler has the unit's limit to answer. */
void unit_arm_limit(struct unit *u);

/* Let the alive checks of an online resource begin. */
void unit_plan_checks(struct unit *u);
/* Plan no more; what the one under way finds counts no more. */
void unit_pause_checks(struct unit *u);
void unit_resume_checks(struct unit *u);
/* The handler's answer to one. */
void unit_on_alive(bool alive, const char *text, void *data);

#endif
