/* What the parts tell the daemon, and what becomes of it. */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "node/daemon_private.h"
#include "node/notify.h"

/* ---------------------------------------------------------------------- peers */

static const char *address_of(uint32_t id, void *data)
{
    const struct daemon *d = data;
    const struct node *n = cluster_node(replica_cluster(d->replica), id);
    const char *learned = d->peers != NULL ? peers_address(d->peers, id) : NULL;

    if (learned != NULL)
        return learned;
    if (n != NULL)
        return n->address;
    for (unsigned i = 0; i < d->config->peer_count; i++)
        if (d->config->peers[i].id == id)
            return d->config->peers[i].address;
    return d->consensus != NULL ? consensus_address(d->consensus, id) : NULL;
}

static bool has_log(const struct daemon *d)
{
    return d->consensus != NULL && consensus_highest_id(d->consensus) != 0;
}

const char *daemon_refuse_peer(uint32_t id, const char *disk, void *data)
{
    const struct daemon *d = data;
    const struct node *n = cluster_node(replica_cluster(d->replica), id);
    bool removed = false;

    if (cluster_departed(replica_cluster(d->replica), id, &removed) && removed)
        return "it was evicted";
    /* Who has neither state nor log yet knows its members from those that let it join. With a
     * log it is like one of the first after a start, whose state is empty, too, until somebody
     * leads: those who joined later are members as well, and may be all that is left. */
    if (cluster_index(replica_cluster(d->replica)) == 0 && d->joined.count > 0 && !has_log(d) &&
        !join_knows(&d->joined, id, disk))
        return "it is none of the members that let this node join";
    if (n != NULL && strcmp(n->disk, disk) != 0)
        return "its data folder is not the one that the cluster knows: a node must not come back "
               "under an old name with an emptied disk";
    return NULL;
}

void daemon_learn(uint32_t id, const char *address, void *data)
{
    struct daemon *d = data;

    peers_learn(d->peers, id, address);
}

/* Nothing may run here any more, and nobody waits for this node's goodbye. */
static void on_expelled(const char *message, void *data)
{
    struct daemon *d = data;

    if (d->stop != NULL || d->opening)
        return;
    log_error("daemon",
              "%s: nothing is served here any more, and its data in %s is of no use. To come back "
              "empty: `holdfast node join --replace`",
              message, d->config->data_dir);
    identity_condemn(d->identity, message);
    d->exit_status = EXIT_UNUSABLE;
    pulse_stop(d->pulse);
    d->incarnation = 0;
    executor_set_incarnation(d->executor, 0);
    executor_terminate_all(d->executor);
    d->stop = stop_begin(d);
}

static void on_peer_connected(uint32_t id, void *data)
{
    struct daemon *d = data;

    (void)id;
    pulse_on_leadership(d->pulse); /* First, here too. */
    calls_on_peer(d->calls);
}

void daemon_hear_peers(struct peers_config *config)
{
    config->address_of = address_of;
    config->refuse_peer = daemon_refuse_peer;
    config->expelled = on_expelled;
    config->connected = on_peer_connected;
}

/* ----------------------------------------------------------------- consensus */

static void on_apply(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                     void *request, void *data)
{
    struct daemon *d = data;

    replica_apply(d->replica, position, stamp_ms, command, len, request);
}

static void on_entry_applied(uint64_t position, void *data)
{
    struct daemon *d = data;

    replica_applied(d->replica, position);
}

static void on_finished(void *request, uint32_t code, void *data)
{
    struct proposal *p = request;

    (void)data;
    p->done(p, code);
}

static void on_snapshot(struct bytes *out, void *data)
{
    struct daemon *d = data;

    replica_snapshot(d->replica, out);
}

static uint32_t on_restore(const uint8_t *bytes, size_t len, void *data)
{
    struct daemon *d = data;
    uint32_t code = replica_restore(d->replica, bytes, len);

    if (code != ERROR_CLUSTER_INCOMPATIBLE_VERSIONS)
        return code;
    log_error("daemon", "a snapshot is of a functional level that this node's programs do not "
                        "know: upgrade them; its data is good");
    _exit(EXIT_CONFIG);
}

static uint64_t reached_ms(void *data)
{
    const struct daemon *d = data;

    return cluster_now_ms(replica_cluster(d->replica));
}

static void on_leadership(uint32_t leader, uint64_t term, bool is_self, void *data)
{
    struct daemon *d = data;
    const struct node *n = cluster_node(replica_cluster(d->replica), leader);

    if (leader == 0)
        log_info("raft", "term %llu: no leader known", (unsigned long long)term);
    else
        log_info("raft", "term %llu: node %u%s%s%s leads%s", (unsigned long long)term, leader,
                 n != NULL ? " (" : "", n != NULL ? n->name : "", n != NULL ? ")" : "",
                 is_self ? ", that is this node" : "");
    if (is_self)
        recovery_on_lead(&d->recovery, d->calls, d->self);
    pulse_on_leadership(d->pulse); /* First: leases before anything else. */
    calls_on_leadership(d->calls);
    fence_look(d->fence);
}

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    log_error("raft", "%s", message);
    _exit(EXIT_FAILSTOP);
}

const struct consensus_callbacks daemon_consensus_callbacks = {.apply = on_apply,
                                                               .applied = on_entry_applied,
                                                               .finished = on_finished,
                                                               .snapshot = on_snapshot,
                                                               .restore = on_restore,
                                                               .reached_ms = reached_ms,
                                                               .leadership = on_leadership,
                                                               .refuse_peer = daemon_refuse_peer,
                                                               .outlived = on_expelled,
                                                               .address_of = address_of,
                                                               .fatal = on_fatal};

/* ------------------------------------------------------------------- replica */

/* What comes next in the log may be unknown to this node: it ends before it reads it, and
 * has harmed nothing. With a build that knows the level it goes on from here. */
static void check_level(const struct daemon *d)
{
    uint32_t level = cluster_level(replica_cluster(d->replica));

    if (level <= d->config->functional_level)
        return;
    log_error("daemon",
              "the cluster works at functional level %u, this node knows at most %u%s: "
              "it ends; its data is good",
              level, d->config->functional_level,
              level <= LEVEL_MAX ? ", as `functional_level` in its file says: take that out"
                                 : ": upgrade its programs");
    _exit(EXIT_CONFIG);
}

static void on_command(const struct command *cmd, const struct reply *reply, void *data)
{
    struct daemon *d = data;
    uint32_t code =
        recovery_on_command(&d->recovery, cmd, cluster_epoch(replica_cluster(d->replica)));

    if (cmd->kind == COMMAND_CLUSTER_INIT || cmd->kind == COMMAND_CLUSTER_LEVEL)
        check_level(d);
    if (code != 0)
        on_fatal(error_text(code), d);
    pulse_on_command(d->pulse, cmd, reply);
    executor_on_command(d->executor);
    if (d->api != NULL)
        api_on_command(d->api);
}

static void on_applied(void *data)
{
    struct daemon *d = data;

    if (d->opening)
        return; /* consensus_open() has not returned yet: nobody waits. */
    calls_on_applied(d->calls);
    pulse_on_applied(d->pulse);
    fence_look(d->fence);
    if (d->stop != NULL)
        stop_on_applied(d->stop);
}

static void on_restored(void *data)
{
    struct daemon *d = data;

    check_level(d);
    pulse_on_restored(d->pulse);
    executor_look_at_all(d->executor);
}

static void on_diverged(const char *message, void *data) __attribute__((noreturn));
static void on_diverged(const char *message, void *data)
{
    const struct daemon *d = data;

    log_error("replica", "%s: this node stops for good", message);
    identity_condemn(d->identity, message);
    _exit(EXIT_UNUSABLE);
}

struct replica_listener daemon_replica_listener(struct daemon *d)
{
    return (struct replica_listener){.command = on_command,
                                     .applied = on_applied,
                                     .restored = on_restored,
                                     .diverged = on_diverged,
                                     .data = d};
}

/* -------------------------------------------------------------------- monitor */

/* A monitor without a deadline enforces none, so it is never left without one:
 * as long as no renewal has been accepted, by this process, the deadline is long
 * past. A monitor that holds a later one of this incarnation keeps that; a new
 * one starts nothing until the first renewal. */
static void give_lease(struct daemon *d)
{
    enum { LONG_PAST_MS = 1 };

    if (d->monitor != NULL && d->incarnation != 0)
        monitor_set_lease(d->monitor, d->incarnation,
                          d->lease_deadline_ms != 0 ? d->lease_deadline_ms : LONG_PAST_MS);
}

/* Nothing of an older life may run when a new one begins. */
static void join_when_idle(struct daemon *d)
{
    if (!d->lost || d->stop != NULL || !monitor_is_ready(d->monitor) ||
        !executor_is_idle(d->executor))
        return;
    d->lost = false;
    d->joining = true;
    pulse_join(d->pulse, 0);
}

static void on_monitor_ready(uint64_t incarnation, const struct monitor_resource *resources,
                             unsigned count, void *data)
{
    struct daemon *d = data;

    log_info("monitor", "ready with %u resources", count);
    give_lease(d); /* Before any order. */
    executor_on_ready(d->executor, d->monitor, resources, count);
    if (d->incarnation == 0 && !d->joining && !d->lost) {
        d->joining = true;
        pulse_join(d->pulse, incarnation);
    }
    if (d->lost)
        executor_terminate_all(d->executor);
    join_when_idle(d);
}

static void on_monitor_changed(const struct monitor_resource *resource, void *data)
{
    struct daemon *d = data;

    executor_on_changed(d->executor, resource);
    join_when_idle(d);
    if (d->stop != NULL)
        stop_on_applied(d->stop);
}

static void on_monitor_gone(void *data)
{
    struct daemon *d = data;

    log_error("monitor", "it ended, and all its resources with it; starting another one");
    executor_on_gone(d->executor);
}

/* Invariant: what a dead monitor ran with SelfFencing is given to nobody before the watchdog
 * has reset this node. That comes before the end of the budget, counted from the end of the
 * lease that the monitor knew (resources/vigil.h), and the others wait for as long: a renewal
 * since then has them wait longer, and what would have them wait for less is not said. So this
 * node neither reports what runs here nor says goodbye (stop.c), nor does it join anew; and it
 * renews its lease no more, so that their wait has an end. */
static void on_monitor_stranded(void *data)
{
    struct daemon *d = data;

    d->stranded = true;
    pulse_stop(d->pulse);
    executor_on_stranded(d->executor);
    log_error("monitor",
              "it died while a resource with SelfFencing ran, which only a reset of this "
              "node ends: no other one is started, and the lease is not renewed. If the "
              "watchdog does not reset this machine, reboot it");
}

static void on_monitor_failed(uint32_t code, const char *message, void *data)
{
    (void)data;
    log_error("monitor", "cannot be had: %s (%s); trying again", message, error_name(code));
}

const struct monitor_callbacks daemon_monitor_callbacks = {.ready = on_monitor_ready,
                                                           .changed = on_monitor_changed,
                                                           .gone = on_monitor_gone,
                                                           .stranded = on_monitor_stranded,
                                                           .failed = on_monitor_failed};

/* ---------------------------------------------------------------------- pulse */

static void on_lease(uint64_t incarnation, uint64_t deadline_ms, void *data)
{
    struct daemon *d = data;

    d->incarnation = incarnation;
    d->lease_deadline_ms = deadline_ms;
    if (d->monitor != NULL)
        monitor_set_lease(d->monitor, incarnation, deadline_ms);
}

static void on_joined(uint64_t incarnation, bool resumed, void *data)
{
    struct daemon *d = data;

    (void)resumed;
    d->joining = false;
    d->incarnation = incarnation;
    give_lease(d); /* Before any order. */
    executor_set_incarnation(d->executor, incarnation);
    notify_state("READY=1\nSTATUS=member of the cluster");
}

static void on_lost(void *data)
{
    struct daemon *d = data;

    d->joining = false;
    d->lost = true;
    d->incarnation = 0;
    d->lease_deadline_ms = 0;
    executor_set_incarnation(d->executor, 0);
    executor_terminate_all(d->executor);
    join_when_idle(d);
}

void daemon_hear_pulse(struct pulse_config *config)
{
    config->lease = on_lease;
    config->joined = on_joined;
    config->lost = on_lost;
}
