/* Shared by pulse.c (this node's own lease and life) and lead.c (what the leader
 * does for everybody) only. */
#ifndef HOLDFAST_NODE_PULSE_PRIVATE_H
#define HOLDFAST_NODE_PULSE_PRIVATE_H

#include "consensus/consensus.h"
#include "node/calls.h"
#include "node/lapse.h"
#include "node/pulse.h"
#include "node/replica.h"

enum {
    SENT_MAX = 64,        /* Renewals whose sending time is remembered. */
    DRIFT_PER_MILLE = 10, /* Clocks of two machines differ in rate by less than 1 %. */
    JOIN_TIMEOUT_MS = 10000,
    DOWN_TIMEOUT_MS = 2000,
};

/* What this node knows of a member's life. */
struct member {
    uint32_t id; /* 0: free. */
    uint64_t incarnation;
    uint64_t heard_ms; /* Boot time at which its last renewal came to the log here, */
    uint64_t asked_ms; /* and at which it last asked this node, as leader, for one. */
    bool down_proposed;
    uint64_t down_ms; /* Boot time at which the death of that life was applied here; 0: not yet. */
    bool ended_proposed;
};

struct pulse {
    struct pulse_config config;
    struct consensus *consensus;
    struct peers *peers;
    uv_timer_t timer;
    uv_timer_t due;   /* As leader: the state machine's next deadline. */
    uv_timer_t death; /* As leader: the end of a silent node's lease. */
    bool closing;
    uint32_t self;

    /* This node as a member. */
    uint64_t incarnation;  /* 0: none. */
    uint64_t wanted;       /* Incarnation to go on with, while joining. */
    uint64_t lease_end_ms; /* Of the last renewal, or 0: for the log. */
    uint64_t started_ms;   /* This process. */
    struct lapse_meter lapse;
    enum cause lapse_cause; /* What is to be told of the lease that was lost; CAUSE_NONE. */
    uint32_t lapse_ms;
    uint64_t seen_ms; /* When the last renewal was sent whose pulse was applied here. */
    /* The first position that the leader of that term has told of and that is not
     * applied here, and since when; 0: there is none. */
    uint64_t told_position, told_term, told_since_ms;
    uint64_t join_sent_ms;
    uint64_t join_client, join_seq; /* Name the NODE_UP that was sent at that time. */
    bool joining, join_under_way, stopped;
    uint64_t seq;        /* Of the last renewal sent, */
    uint64_t renewed_ms; /* and when. */
    struct {
        uint64_t seq, sent_ms;
    } sent[SENT_MAX]; /* Ring of the last ones. */
    unsigned sent_count;

    /* As leader. */
    struct renewal gathered[NODES_MAX];
    unsigned gathered_count;
    bool tick_under_way;

    struct member members[NODES_MAX + 1]; /* In no order. */
};

static inline struct cluster *pulse_state(const struct pulse *p)
{
    return replica_cluster(p->config.replica);
}

/* Of a node of the cluster; the place of one that has gone is taken by the next. */
static inline struct member *pulse_member(struct pulse *p, uint32_t id)
{
    struct member *place = NULL;

    for (unsigned i = 0; i <= NODES_MAX; i++)
        if (p->members[i].id == id)
            return &p->members[i];
    for (unsigned i = 0; i <= NODES_MAX && place == NULL; i++)
        if (p->members[i].id == 0 || cluster_node(pulse_state(p), p->members[i].id) == NULL)
            place = &p->members[i];
    if (place != NULL && id != 0)
        *place = (struct member){.id = id};
    return place;
}

static inline uint64_t pulse_lease_ms(const struct pulse *p)
{
    return p->config.config->timing.lease_ms;
}

/* The number under which a node asks to be up, when its copy has applied `index` and
 * its clock says `boot_ms`: rising from join to join, across daemons too, and another
 * one for each try. Rising, so that one which a former daemon left on its way does not
 * end the life of its successor. Another one, since the lease of a life is counted
 * from the sending of the very try that began it: were the number only made of the
 * index, which stands still between two pulses, a try given up that is committed after
 * all would be taken for the last one, and its lease would end after the patience that
 * the others have had with it. */
static inline uint64_t pulse_join_number(uint64_t index, uint64_t boot_ms)
{
    return (index + 1) << 24 | (boot_ms & 0xffffff); /* Two tries at one index: within 4.6 h. */
}

static inline void pulse_propose(struct pulse *p, const struct command *cmd, unsigned timeout_ms,
                                 change_done done)
{
    calls_change_command(p->config.calls, cmd, timeout_ms, done, p);
}

/* ------------------------------------------------------------------- pulse.c */

/* The life whose lease this node asks to renew; 0: none. */
uint64_t pulse_life(const struct pulse *p);
/* When renewal `seq` was sent; false: not by this process, or long ago. */
bool pulse_sent_time(const struct pulse *p, uint64_t seq, uint64_t *ret_ms);
/* The renewal sent at that time was accepted. */
void pulse_extend_lease(struct pulse *p, uint64_t sent_ms);

/* -------------------------------------------------------------------- told.c */

/* enum renewal_flags of a renewal sent now. */
uint32_t told_flags(struct pulse *p, uint64_t now);

/* -------------------------------------------------------------------- lead.c */

/* A renewal for the next pulse. Who is late must not wait for that as well: its
 * lease may be running out, so a pulse is proposed at once.
 * Invariant: when a renewal of a node whose last one is older than a pulse and a
 * half has reached the leader, a pulse that has it is under way or will be as soon
 * as the one under way is applied. So each leader that commits anything after it
 * has heard of a node has renewed that node's lease, and elections may come as
 * quickly one after the other as they like. */
void lead_gather(struct pulse *p, const struct renewal *r);
/* Tell its node that `r` was accepted: it is applied here, and has asked for that. */
void lead_tell(const struct pulse *p, const struct renewal *r);
/* This node leads from now on. */
void lead_begin(struct pulse *p);
/* Commit what was gathered, and declare dead who was not heard of. */
void lead_tick(struct pulse *p, uint64_t now);

#endif
