/* What would be lost, and what not, if the cluster went on with this node alone: the end of
 * this node's log, the state that it makes, and who else can be reached, with the end of
 * his. Changes nothing. Takes a second or two, since the lost ones are waited for. Loop
 * thread; the log is read on a thread of the pool. */
#ifndef HOLDFAST_NODE_SURVEY_H
#define HOLDFAST_NODE_SURVEY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "consensus/consensus.h"
#include "groupmgr/groupmgr.h"

struct peers;
struct sink;
struct survey;

struct survey_config {
    uv_loop_t *loop;
    const char *raft_dir; /* Borrowed, as all. */
    struct consensus *consensus;
    struct peers *peers;
    struct cluster *state; /* As far as it is applied. */
    uint32_t self;
    bool self_witness; /* Says its file. */
    const bool *closing; /* The daemon closes: nothing of all this may be used any more. */
};

/* `done` is called once, later, with what to free; on `code` ERROR_CLUSTER_NODE_SHUTTING_DOWN
 * nothing but that may be done with it. Other codes: the log could not be read, `why` says. */
typedef void (*survey_done)(struct survey *s, uint32_t code, const char *why, void *data);
void survey_begin(const struct survey_config *config, survey_done done, void *data);
void survey_free(struct survey *s);

/* Why the cluster is not to be recovered by this node: 0 if nothing is against it; else a code
 * with *ret_why, borrowed from `s`, and whether an operator may insist. */
uint32_t survey_refusal(struct survey *s, const char **ret_why, bool *ret_forcible);
/* What raft compares, for whether it is the same later. */
struct consensus_end survey_end(const struct survey *s);
/* As docs/api.md has it. */
void survey_write(struct survey *s, struct sink *sink);

#endif
