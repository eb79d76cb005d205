/* Membership in time: this node's lease, and, on the leader, everybody's.
 *
 * Every `pulse_ms` this node asks the leader to renew its lease (peer.renew).
 * The leader gathers what came in and commits it as one PULSE; it is also the
 * tick of the state machine's clock, and carries the comparison of replicas.
 *
 * Why a group is never owned twice (Gray & Cheriton's leases, without a shared
 * clock): a node that sent renewal `seq` at its own time s runs resources until
 * s + L, once it has seen the renewal accepted. Every node notes when it applied
 * that pulse, a >= s. The leader proposes NODE_DOWN no earlier than
 * a + L (1 + drift); the log orders it against later renewals, and the state
 * machine refuses it if one came first. So when NODE_DOWN is applied, s + L has
 * passed on the node's own clock. s is the time of the request, never of the
 * reply: a reply may be late by any amount.
 *
 * A node whose log waits for its disk, full or slow, applies nothing, and would lose
 * its lease although it is renewed. So a node that has not seen its renewals for two
 * pulses and a half asks to be told (RENEWAL_TELL): the leader, when it has applied
 * the pulse and the renewal was accepted, sends peer.renewed, and the node takes its lease as if it
 * had applied the pulse itself, from the time of that very request. Acceptance is a
 * fact about the log, whoever tells of it. What such a node cannot do is act on
 * what it does not see: groupmgr/behind.c.
 *
 * Elections may follow one another quickly and cost no lease: see lead_gather().
 *
 * The deadline is enforced by the monitor (resources/lease.h), not here. Time
 * is CLOCK_BOOTTIME. Loop thread. */
#ifndef HOLDFAST_NODE_PULSE_H
#define HOLDFAST_NODE_PULSE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "groupmgr/groupmgr.h"
#include "node/config.h"

struct pulse;
struct calls;
struct consensus;
struct peers;
struct replica;
struct value;

struct pulse_config {
    uv_loop_t *loop;
    const struct config *config; /* Borrowed. */
    const char *disk;
    struct replica *replica;
    struct calls *calls;
    /* The lease of `incarnation` now lasts until `deadline_ms` (boot time). Of one
     * to go on with this may come before joined(). */
    void (*lease)(uint64_t incarnation, uint64_t deadline_ms, void *data);
    /* This node became a member, with this incarnation. */
    void (*joined)(uint64_t incarnation, bool resumed, void *data);
    /* This node's incarnation was declared down: its resources are no longer its
     * own, and pulse_join() is wanted once nothing of them runs any more. */
    void (*lost)(void *data);
    void *data;
};

struct pulse *pulse_open(const struct pulse_config *config);
void pulse_start(struct pulse *p, struct consensus *consensus, struct peers *peers);
void pulse_close(struct pulse *p);
void pulse_free(struct pulse *p); /* Once the loop has run. */

/* Become a member: once this copy is up to date, go on as `incarnation` (what
 * the monitor last held a lease for) if that is still alive, else as a new one.
 * Its renewals begin at once: they are refused if it is not.
 * The caller has seen to it that nothing of an older life runs any more
 * whenever `incarnation` is 0. */
void pulse_join(struct pulse *p, uint64_t incarnation);
uint64_t pulse_incarnation(const struct pulse *p); /* 0: not a member now. */
/* How long ago `node` last asked this leader to renew its lease, or a renewal of it was applied
 * here: a slow disk makes nobody silent. 0: not known. */
uint64_t pulse_silence_ms(const struct pulse *p, uint32_t node);
/* Stop renewing: the node is leaving. */
void pulse_stop(struct pulse *p);

/* peer.renew of another node. */
void pulse_on_renewal(struct pulse *p, const struct value *params);
/* peer.renewed: another node has applied the pulse that renewed this one. */
void pulse_on_renewed(struct pulse *p, const struct value *params);
void pulse_on_command(struct pulse *p, const struct command *cmd, const struct reply *reply);
void pulse_on_applied(struct pulse *p);
void pulse_on_restored(struct pulse *p);
void pulse_on_leadership(struct pulse *p);

#endif
