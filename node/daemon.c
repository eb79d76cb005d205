#include "node/daemon.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "node/notify.h"

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

static bool has_log(const struct daemon *d)
{
    return d->consensus != NULL && consensus_highest_id(d->consensus) != 0;
}

static const char *refuse_peer(uint32_t id, const char *disk, void *data)
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

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    log_error("raft", "%s", message);
    _exit(EXIT_FAILSTOP);
}

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

static void on_monitor_failed(uint32_t code, const char *message, void *data)
{
    (void)data;
    log_error("monitor", "cannot be had: %s (%s); trying again", message, error_name(code));
}

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

static void learn(uint32_t id, const char *address, void *data)
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
    log_error(
        "daemon",
        "%s: nothing is served here any more, and this folder is of no use. To come back: empty "
        "%s, give the file `join` instead of `peers`, start it",
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

/* -------------------------------------------------------------------- opening */

static void open_core(struct daemon *d)
{
    const struct config_timing *t = &d->config->timing;
    struct replica_listener listener = {.command = on_command,
                                        .applied = on_applied,
                                        .restored = on_restored,
                                        .diverged = on_diverged,
                                        .data = d};
    struct peers_config peers = {.loop = &d->loop,
                                 .cluster = d->config->cluster,
                                 .disk = identity_disk(d->identity),
                                 .address = config_self(d->config)->address,
                                 .id = d->self,
                                 .level_max = d->config->functional_level,
                                 .epoch = d->recovery.epoch,
                                 .lease_ms = t->lease_ms,
                                 .connect_timeout_ms = t->election_ms,
                                 .user_timeout_ms = 2 * t->election_ms,
                                 .address_of = address_of,
                                 .refuse_peer = refuse_peer,
                                 .expelled = on_expelled,
                                 .connected = on_peer_connected,
                                 .data = d};
    struct pulse_config pulse = {.loop = &d->loop,
                                 .config = d->config,
                                 .disk = identity_disk(d->identity),
                                 .lease = on_lease,
                                 .joined = on_joined,
                                 .lost = on_lost,
                                 .data = d};

    d->replica = replica_new(d->config->node, &listener);
    d->calls = calls_open(&d->loop, d->self);
    d->peers = peers_open(&peers);
    d->executor = executor_new(d->replica, d->calls, d->self);
    d->members = members_open(&d->loop, d->config, d->replica, d->calls);
    d->space = space_open(&d->loop, d->config, d->replica);
    pulse.replica = d->replica;
    pulse.calls = d->calls;
    d->pulse = pulse_open(&pulse);
    d->fence = fence_open(&d->loop, d->replica, d->calls, d->pulse, d->self);
}

static uint32_t open_consensus(struct daemon *d, char **ret_why)
{
    static const struct consensus_callbacks callbacks = {.apply = on_apply,
                                                         .applied = on_entry_applied,
                                                         .finished = on_finished,
                                                         .snapshot = on_snapshot,
                                                         .restore = on_restore,
                                                         .reached_ms = reached_ms,
                                                         .leadership = on_leadership,
                                                         .refuse_peer = refuse_peer,
                                                         .outlived = on_expelled,
                                                         .address_of = address_of,
                                                         .fatal = on_fatal};
    struct consensus_server servers[CONFIG_PEERS_MAX];
    const struct config *c = d->config;

    for (unsigned i = 0; i < c->peer_count; i++)
        servers[i] =
            (struct consensus_server){c->peers[i].id, c->peers[i].address, c->peers[i].role};
    struct consensus_config config = {.dir = identity_raft_dir(d->identity),
                                      .cluster = c->cluster,
                                      .id = d->self,
                                      .address = config_self(c)->address,
                                      .disk = identity_disk(d->identity),
                                      .epoch = d->recovery.epoch,
                                      .alone = d->recovery.pending,
                                      .servers = servers,
                                      .server_count = c->join == NULL ? c->peer_count : 0,
                                      .election_ms = c->timing.election_ms,
                                      .heartbeat_ms = c->timing.heartbeat_ms};
    d->opening = true;
    uint32_t code = consensus_open(&d->loop, &config, &callbacks, d, &d->consensus, ret_why);
    d->opening = false;
    return code;
}

static void on_recover_exit(uv_timer_t *timer)
{
    (void)timer;
    _exit(EXIT_RECOVER);
}

/* From here on this process must come to nothing more: what is written down is begun by the
 * next one. Its services are its monitor's until the lease is over, as after a crash. */
static uint32_t on_recover(uint32_t epoch, void *data)
{
    enum { ANSWER_MS = 100 };
    struct daemon *d = data;
    uint32_t code =
        recovery_confirm(d->config->data_dir, epoch, consensus_highest_id(d->consensus));

    if (code != 0)
        return code;
    log_warn("daemon", "an operator recovers the cluster: starting again, as epoch %u", epoch);
    pulse_stop(d->pulse);
    uv_timer_start(&d->recover_exit, on_recover_exit, ANSWER_MS, 0);
    return 0;
}

static uint32_t open_api(struct daemon *d, char **ret_why)
{
    struct api_config config = {.loop = &d->loop,
                                .socket = d->config->socket,
                                .listen = &d->config->listen,
                                .cluster = d->config->cluster,
                                .disk = identity_disk(d->identity),
                                .raft_dir = identity_raft_dir(d->identity),
                                .self = d->self,
                                .epoch = d->recovery.epoch,
                                .lease_ms = d->config->timing.lease_ms,
                                .file = d->config,
                                .replica = d->replica,
                                .peers = d->peers,
                                .witness = config_self(d->config)->witness,
                                .calls = d->calls,
                                .pulse = d->pulse,
                                .executor = d->executor,
                                .fence = d->fence,
                                .refuse_peer = refuse_peer,
                                .recover = on_recover,
                                .learn = learn,
                                .data = d};

    return api_open(&config, &d->api, ret_why);
}

static void open_monitor(struct daemon *d);

static void on_monitor_retry(uv_timer_t *timer)
{
    open_monitor(timer->data);
}

static void open_monitor(struct daemon *d)
{
    static const struct monitor_callbacks callbacks = {.ready = on_monitor_ready,
                                                       .changed = on_monitor_changed,
                                                       .gone = on_monitor_gone,
                                                       .failed = on_monitor_failed};
    struct monitor_config config = {.dir = d->config->data_dir,
                                    .program = d->config->monitor,
                                    .node_name = d->config->node,
                                    .self_fence = d->config->self_fence,
                                    .watchdog = d->config->watchdog};
    uint32_t code = monitor_open(&d->loop, &config, &callbacks, d, &d->monitor);

    if (code != 0) {
        log_error("monitor", "cannot be started: %s", error_text(code));
        uv_timer_start(&d->monitor_retry, on_monitor_retry, 1000, 0);
    }
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct daemon *d = handle->data;

    if (d->stop != NULL)
        return;
    log_info("daemon", "%s: stopping in good order", signum == SIGTERM ? "SIGTERM" : "SIGINT");
    notify_state("STOPPING=1");
    d->stop = stop_begin(d);
}

static void open_signals(struct daemon *d)
{
    uv_signal_init(&d->loop, &d->sigterm);
    uv_signal_init(&d->loop, &d->sigint);
    d->sigterm.data = d;
    d->sigint.data = d;
    uv_signal_start(&d->sigterm, on_signal, SIGTERM);
    uv_signal_start(&d->sigint, on_signal, SIGINT);
}

/* --------------------------------------------------------------------- closing */

static void on_consensus_closed(void *data)
{
    struct daemon *d = data;

    d->consensus = NULL;
}

void daemon_close(struct daemon *d)
{
    fence_close(d->fence); /* First: it answers requests. */
    api_close(d->api);
    pulse_close(d->pulse);
    members_close(d->members);
    space_close(d->space);
    calls_close(d->calls);
    peers_close(d->peers);
    if (d->monitor != NULL)
        monitor_close(d->monitor);
    uv_close((uv_handle_t *)&d->monitor_retry, NULL);
    uv_close((uv_handle_t *)&d->recover_exit, NULL);
    uv_close((uv_handle_t *)&d->sigterm, NULL);
    uv_close((uv_handle_t *)&d->sigint, NULL);
    consensus_close(d->consensus, on_consensus_closed, d);
}

static void free_all(struct daemon *d)
{
    api_free(d->api);
    fence_free(d->fence);
    pulse_free(d->pulse);
    members_free(d->members);
    space_free(d->space);
    executor_free(d->executor);
    calls_free(d->calls);
    peers_free(d->peers);
    replica_free(d->replica);
    stop_free(d->stop);
    identity_close(d->identity);
}

/* ------------------------------------------------------------------------ run */

/* Ends the process at once: what was opened so far belongs to a loop that never
 * ran, and only a running loop could close it. */
static void start_failed(uint32_t code, char *why) __attribute__((noreturn));
static void start_failed(uint32_t code, char *why)
{
    log_error("daemon", "cannot start: %s%s", why,
              code == ERROR_FILE_CORRUPT
                  ? "; this node's copy is damaged and is not used. The other nodes have the data: "
                    "bring this one back empty with `holdfast node join --replace`"
                  : "");
    fprintf(stderr, "holdfastd: cannot start: %s\n", why);
    fflush(stderr);
    _exit(code == ERROR_FILE_CORRUPT ? EXIT_UNUSABLE : EXIT_TEMPORARY);
}

void daemon_start(struct daemon *d, struct config *config)
{
    char *why = NULL;

    *d = (struct daemon){.config = config};
    uint32_t code = identity_open(config->data_dir, &d->identity, &why);
    if (code == 0)
        code = join_find_id(config, d->identity, &d->joined, &why);
    if (code == 0)
        code = recovery_open(config->data_dir, d->identity, config->timing.lease_ms, &d->recovery,
                             &why);
    if (code != 0)
        start_failed(code, why);
    d->self = config_self(config)->id;
    uv_loop_init(&d->loop);
    uv_timer_init(&d->loop, &d->monitor_retry);
    d->monitor_retry.data = d;
    uv_timer_init(&d->loop, &d->recover_exit);
    open_core(d);
    code = open_api(d, &why);
    if (code == 0)
        code = recovery_begin(&d->recovery, &why);
    if (code == 0)
        code = open_consensus(d, &why);
    if (code != 0)
        start_failed(code, why);
    calls_start(d->calls, d->consensus, d->peers);
    pulse_start(d->pulse, d->consensus, d->peers);
    members_start(d->members, d->consensus, d->peers);
    space_start(d->space, d->consensus);
    calls_ask_room(d->calls, d->space);
    fence_start(d->fence, d->consensus);
    api_start(d->api, d->consensus);
    open_signals(d);
    open_monitor(d);
    log_info("daemon", "node %s (%u) of cluster %s is running", config->node, d->self,
             config->cluster);
}

void daemon_finish(struct daemon *d)
{
    free_all(d);
    int rc = uv_loop_close(&d->loop);
    assert(rc == 0);
    (void)rc;
    log_info("daemon", "stopped");
}

int daemon_run(struct config *config)
{
    struct daemon d;

    daemon_start(&d, config);
    uv_run(&d.loop, UV_RUN_DEFAULT);
    daemon_finish(&d);
    return d.exit_status;
}
