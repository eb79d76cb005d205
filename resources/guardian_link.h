/* What a guardian and its monitor say to each other over a socket of packets,
 * and the guardian's half of it. Private to guardian.c and guardian_child.c. */
#ifndef HOLDFAST_RESOURCES_GUARDIAN_LINK_H
#define HOLDFAST_RESOURCES_GUARDIAN_LINK_H

#include "resources/guardian.h"

enum guardian_order { GUARDIAN_RUN = 1, GUARDIAN_STOP_SOFTLY, GUARDIAN_TERMINATE, GUARDIAN_KILL };

struct guardian_request {
    int32_t order;
    int32_t command; /* RUN */
};

enum guardian_news {
    GUARDIAN_STARTED = 1, /* value: pid */
    GUARDIAN_NOT_STARTED, /* value: stage, detail: errno */
    GUARDIAN_EXITED,      /* value: status */
    GUARDIAN_RAN,         /* value: status, detail: command */
    GUARDIAN_EXPIRED, /* The lease ended and nobody did anything: everything is being killed. */
    GUARDIAN_GONE,
};

/* How far the child came that was to become the service. */
enum guardian_stage { STAGE_FORK, STAGE_DIRECTORY, STAGE_USER, STAGE_SHELL };

struct guardian_message {
    int32_t news;
    int32_t value;
    int32_t detail;
};

/* The life of the guardian process, right after fork(), with all signals
 * blocked. The descriptors are its own, everything else open is closed. */
_Noreturn void guardian_live(const struct guardian_plan *plan, const struct deadline *deadline,
                             int link_fd, int log_fd, int lock_fd, pid_t monitor);

#endif
