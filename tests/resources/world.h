/* A monitor in a folder of its own, and the daemon's link to it. */
#ifndef HOLDFAST_TESTS_RESOURCES_WORLD_H
#define HOLDFAST_TESTS_RESOURCES_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "resources/monitor.h"

enum { WORLD_RESOURCES_MAX = 512, WORLD_HISTORY_MAX = 256 };

struct world_link {
    struct world *world;
    struct monitor *monitor;
    unsigned ready, gone, stranded, failed, shut_down;
    uint64_t incarnation; /* Of the last ready(). */
    unsigned inventory;   /* Resources in it. */
    uint32_t failed_code;
    /* The last word on each resource; .text is owned. */
    struct monitor_resource resources[WORLD_RESOURCES_MAX];
    unsigned count;
    /* Every word, as "id:operation:state" lines. */
    char *history;
    /* What was said of the last embedded failure; "": none yet. It may be over. */
    char embedded_failure[128];
};

struct world {
    uv_loop_t loop;
    uv_timer_t tick; /* Wakes the loop while something outside is waited for. */
    char dir[64];
    char program[512];
    const char *self_fence, *watchdog; /* Of the monitor; NULL. */
    struct world_link link;
    uint64_t next_operation;
};

/* Start the monitor and wait until it is ready. */
void world_setup(struct world *w);
/* The same without a monitor: for tests that open links of their own. */
void world_setup_bare(struct world *w);
/* Shut the monitor down, then assert that no process, cgroup or socket of it is
 * left, and remove the folder. */
void world_teardown(struct world *w);

void world_link_open(struct world *w, struct world_link *link); /* Waits until it is ready. */
void world_link_begin(struct world *w, struct world_link *link);
void world_link_close(struct world *w, struct world_link *link);

/* Run the loop until `done` returns true; the test fails after a minute. */
void world_wait(struct world *w, bool (*done)(void *data), void *data, const char *what);
void world_wait_state(struct world *w, uint64_t id, enum monitor_resource_state state);
/* In this state under this operation. */
void world_wait_life(struct world *w, uint64_t id, uint64_t operation,
                     enum monitor_resource_state state);
/* What the link last heard; the test fails if that is nothing. */
const struct monitor_resource *world_resource(struct world *w, uint64_t id);
bool world_knows(const struct world *w, uint64_t id);
/* To see that something does not happen; what does is waited for. */
void world_run_for(struct world *w, uint64_t ms);
/* Every order before this is obeyed and its first reports are here. */
void world_settle(struct world *w);

/* An order with private properties: pairs of texts, NULL after the last.
 * Returns the operation, always a new one. */
uint64_t world_online(struct world *w, uint64_t id, const char *type, ...)
    __attribute__((sentinel));
void world_order(struct world *w, struct monitor_order order, ...) __attribute__((sentinel));
/* What world_online() orders, but for the properties. */
struct monitor_order world_default_order(struct world *w, uint64_t id, const char *type);
uint64_t world_offline(struct world *w, uint64_t id);
uint64_t world_offline_dword(struct world *w, uint64_t id, const char *name, uint32_t value);
uint64_t world_offline_bytes(struct world *w, uint64_t id, const void *list, size_t len);

/* Files in the folder. */
const char *world_path(struct world *w, const char *name); /* Valid until the next call. */
char *world_read(struct world *w, const char *name);       /* To free; NULL if missing. */
void world_wait_file(struct world *w, const char *name, const char *contains);
long world_read_pid(struct world *w, const char *name); /* Waits until it is there. */
long world_monitor_pid(struct world *w);

/* Processes whose command line or environment names the folder. */
unsigned world_processes(struct world *w);
void world_wait_no_processes(struct world *w);
/* Is `pid` there, and not merely a zombie? */
bool process_lives(long pid);
void world_wait_dead(struct world *w, long pid);
long process_parent(long pid);

#endif
