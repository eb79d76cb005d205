/* A small cluster for stories: nodes that do what the state says and report it,
 * commands as words, states as text. Every command is followed by
 * cluster_check() and by the promises that no single state can show. */
#ifndef HOLDFAST_TESTS_GROUPMGR_WORLD_H
#define HOLDFAST_TESTS_GROUPMGR_WORLD_H

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "groupmgr/groupmgr.h"

enum { WORLD_BROKEN_MAX = 8, WORLD_OFFLINES_MAX = 64 };

struct world {
    struct cluster *cluster;
    uint64_t now_ms;
    struct reply reply;             /* Of the last command. */
    char *broken[WORLD_BROKEN_MAX]; /* Resources that fail instead of doing as told. */
    struct bytes story;             /* One line per event since world_story(). */
    struct bytes text;              /* What the last world_...() returned. */
};

/* "A B C; db prefers A B: disk ip app>disk,ip; web" makes three nodes that are
 * up, and two groups: db with three resources of which app depends on the other
 * two, and web without any. All is offline. */
void world_setup(struct world *w, const char *plot);
/* As that, but everything is online, all of it on A. */
void world_setup_online(struct world *w, const char *plot);
void world_teardown(struct world *w);

/* Apply a command of your own; checks the state; returns the reply's code. */
uint32_t world_apply(struct world *w, const struct command *cmd);

/* Apply a command in words and return the reply's code:
 *   online G [on N]   offline G    move G [to N]        a group
 *   bring R   stop R   fail R                           a resource
 *   depend R P   undepend R P   remove R   drop G   add R to G   group G
 *   needs R EXPRESSION                                  "needs app [a] or [b]"
 *   cancel G   restart R   regroup R to G
 *   maintain R flags 1|0   allow R N   forbid R N
 *   set O NAME VALUE                                    a group or resource
 *   up N   down N   stopped N   leaving N               a node
 *   ended N MS                                          the leader of a dead one
 *   pause N [drain] [to M]   resume N   evict N         a node
 *   recover N                                           with N alone, in the next epoch
 *   configure N NAME VALUE   cluster NAME VALUE         a node's, the cluster's property
 *   report R online|offline|failed|locked|unlocked      what the owner says,
 *            |cannot-here|cannot-anywhere|embedded-failure|embedded-recovered
 *   wait MS                                             a tick, so much later
 * each with "flags NUMBER" at the end if wanted. */
uint32_t world_do(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Let every node do what it has to do now and report it, once; the number of
 * reports. Then again until nothing is left to do. */
unsigned world_step(struct world *w);
void world_run(struct world *w);
/* From now on `resource` fails whatever it is told; world_mend() ends that. */
void world_break(struct world *w, const char *resource);
void world_mend(struct world *w, const char *resource);

const char *world_owner(struct world *w, const char *group);
/* What a resource depends on: "[a] or [b]". */
const char *world_needs(struct world *w, const char *resource);
/* "Pending" for a group or resource. */
const char *world_state(struct world *w, const char *name);
/* "Pending: disk Online, ip Online, app OfflinePending". */
const char *world_states(struct world *w, const char *group);
/* What has happened since the last call, as text: valid until the next one. */
const char *world_story(struct world *w);

/* The last event kept that tells of the operation with that id; NULL. */
const struct event *world_operation_event(const struct world *w, uint64_t id);

/* enum node_status bits; how many groups are being moved. */
uint32_t world_node_status(const struct world *w, const char *node);
unsigned world_moving(const struct world *w);

const struct group *world_group(const struct world *w, const char *name);
const struct resource *world_resource(const struct world *w, const char *name);
const struct node *world_node(const struct world *w, const char *name);

#define check_code(actual, expected) cr_assert_eq((actual), (uint32_t)(expected))
#define check_text(actual, expected) cr_assert_str_eq((actual), (expected))

#endif
