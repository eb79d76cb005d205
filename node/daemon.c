#include "node/daemon.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "node/daemon_private.h"
#include "node/notify.h"

/* -------------------------------------------------------------------- opening */

static void open_core(struct daemon *d)
{
    const struct config_timing *t = &d->config->timing;
    struct replica_listener listener = daemon_replica_listener(d);
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
                                 .data = d};
    struct pulse_config pulse = {
        .loop = &d->loop, .config = d->config, .disk = identity_disk(d->identity), .data = d};

    daemon_hear_peers(&peers);
    daemon_hear_pulse(&pulse);

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
    uint32_t code =
        consensus_open(&d->loop, &config, &daemon_consensus_callbacks, d, &d->consensus, ret_why);
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
                                .refuse_peer = daemon_refuse_peer,
                                .recover = on_recover,
                                .learn = daemon_learn,
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
    struct monitor_config config = {.dir = d->config->data_dir,
                                    .program = d->config->monitor,
                                    .node_name = d->config->node,
                                    .self_fence = d->config->self_fence,
                                    .watchdog = d->config->watchdog};
    uint32_t code = monitor_open(&d->loop, &config, &daemon_monitor_callbacks, d, &d->monitor);

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
