/* A machine: its power, its two processes, and who starts them again. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/daemon.h"
#include "resources/host.h"
#include "tests/sim/disk.h"
#include "tests/sim/process.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef malloc
#undef calloc
#undef free

/* ------------------------------------------------------------------- daemon */

static void daemon_begin(void *arg)
{
    struct machine *m = arg;
    struct process *p = m->daemon;

    p->daemon = sim_calloc(1, sizeof *p->daemon);
    daemon_start(p->daemon, m->config);
    p->started = true;
}

static void daemon_run_it(struct machine *m)
{
    assert(m->on && m->daemon == NULL);
    m->daemon = process_new(PROCESS_DAEMON, m);
    m->daemon_since_ns = sim.now_ns;
    m->config->functional_level = m->level;
    trace(1, "%s daemon starts", m->name);
    process_enter(m->daemon, daemon_begin, m);
}

static void on_restart(void *arg)
{
    struct machine *m = arg;

    m->restart = NULL;
    if (m->on && m->daemon == NULL)
        daemon_run_it(m);
}

/* node/supervisor.c: at once, then after pauses that double while it fails. */
static void supervise(struct machine *m)
{
    if (m->stopping)
        return;
    if (sim.now_ns - m->daemon_since_ns >= 1000 * MS)
        m->pause_ms = 0;
    if (m->restart == NULL)
        m->restart = event_at(sim.now_ns + m->pause_ms * MS + MS, NULL, on_restart, m, NULL);
    m->pause_ms = m->pause_ms == 0 ? 100 : m->pause_ms * 2 > 5000 ? 5000 : m->pause_ms * 2;
}

static void daemon_gone(struct machine *m, bool power_cut)
{
    struct process *p = m->daemon;

    m->daemon = NULL;
    fence_agents_on_daemon_gone(p);
    sockets_of_process_close(p, power_cut);
    disk_on_crash(m->disk, power_cut);
    process_kill(p);
}

static void monitor_gone(struct machine *m, bool power_cut)
{
    struct process *p = m->monitor;

    m->monitor = NULL;
    m->lease_incarnation = m->lease_deadline_ms = 0;
    truth_on_monitor_gone(m);
    sockets_of_process_close(p, power_cut);
    process_kill(p);
}

void process_on_exit(struct process *p, int status)
{
    struct machine *m = p->machine;

    trace(1, "%s %s ends with status %d", m->name, p->kind == PROCESS_DAEMON ? "daemon" : "monitor",
          status);
    if (p->kind == PROCESS_MONITOR) {
        monitor_gone(m, false);
        return;
    }
    /* A full disk stops nobody, but in the middle of a snapshot for which there was room. */
    bool excused = disk_status(m->disk) != 0 ||
                   (disk_mood(m->disk) == DISK_FULL && strstr(m->last_error, "a snapshot") != NULL);
    daemon_gone(m, false);
    if (status == EXIT_UNUSABLE || (status == EXIT_FAILSTOP && !excused))
        fail("%s: the daemon gave up: %s", m->name, m->last_error);
    /* Its programs are too old for the cluster: somebody must replace them. */
    if (status == EXIT_CONFIG && m->config->functional_level >= oracle_level())
        fail("%s: the daemon gave up: %s", m->name, m->last_error);
    if (status != EXIT_ORDERLY && status != EXIT_CONFIG)
        supervise(m);
}

void daemon_kill(struct machine *m)
{
    if (m->daemon == NULL)
        return;
    daemon_gone(m, false);
    supervise(m);
}

static void sigterm(void *arg)
{
    struct daemon *d = arg;

    d->sigterm.signal_cb(&d->sigterm, SIGTERM);
}

void machine_stop(struct machine *m)
{
    if (m->daemon == NULL || !m->daemon->started)
        return;
    m->stopping = true; /* The supervisor was told, too: it starts nothing any more. */
    event_at(sim.now_ns, m->daemon, sigterm, m->daemon->daemon, NULL);
}

/* ------------------------------------------------------------------- monitor */

static void monitor_begin(void *arg)
{
    struct machine *m = arg;
    struct process *p = m->monitor;
    struct host_config config = {.dir = m->config->data_dir,
                                 .node = m->name,
                                 .lock_fd = 3,
                                 .self_fence = sim.profile.watchdog_s > 0 ? SELF_FENCE_WATCHDOG
                                                                          : SELF_FENCE_NONE,
                                 .watchdog = "/dev/watchdog"};
    uv_loop_t *loop = sim_calloc(1, sizeof *loop);
    char message[256];

    uv_loop_init(loop);
    if (host_open(loop, &config, &p->host, message, sizeof message) != 0)
        abort();
    p->started = true;
}

bool monitor_start(struct machine *m)
{
    if (m->monitor != NULL)
        return false;
    m->monitor = process_new(PROCESS_MONITOR, m);
    m->lease_incarnation = m->lease_deadline_ms = 0;
    trace(1, "%s monitor starts", m->name);
    process_enter(m->monitor, monitor_begin, m);
    return true;
}

void monitor_kill(struct machine *m)
{
    if (m->monitor != NULL)
        monitor_gone(m, false);
}

/* --------------------------------------------------------------------- power */

void machine_on(struct machine *m)
{
    m->wanted_on = m->tended;
    if (m->tended)
        return;
    if (!m->on) {
        m->on = true;
        m->outlets_off = 0; /* Who switches it on sees to all of it. */
        m->booted_ns = sim.now_ns;
    }
    m->pause_ms = 0;
    if (m->daemon == NULL) {
        m->stopping = false;
        daemon_run_it(m);
    }
}

void machine_off(struct machine *m)
{
    if (!m->on)
        return;
    m->on = false;
    m->frozen = false;
    if (m->restart != NULL)
        event_cancel(m->restart);
    m->restart = NULL;
    fence_agents_on_power_cut(m);
    watchdog_device_on_power_cut(m);
    if (m->daemon != NULL)
        daemon_gone(m, true);
    if (m->monitor != NULL)
        monitor_gone(m, true);
    truth_on_monitor_gone(m); /* What has outlived it, too. */
}

void machine_tend(struct machine *m)
{
    assert(!m->on);
    m->tended = true;
}

void machine_leave(struct machine *m)
{
    m->tended = false;
    if (m->wanted_on)
        machine_on(m);
}

static void nothing(void *arg)
{
    (void)arg;
}

void machine_freeze(struct machine *m)
{
    m->frozen = m->on;
}

static void check_later(void *arg)
{
    (void)arg;
    truth_check();
}

void machine_thaw(struct machine *m)
{
    if (!m->frozen)
        return;
    m->frozen = false;
    m->woke_ns = sim.now_ns;
    if (m->monitor != NULL) { /* Something wakes it, be it only its own timer. */
        event_at(sim.now_ns, m->monitor, nothing, NULL, NULL);
        events_deferred(m->monitor, true);
    }
    if (m->daemon != NULL)
        events_deferred(m->daemon, true);
    fence_agents_on_thaw(m);
    event_at(sim.now_ns + 200 * MS, NULL, check_later, NULL, NULL);
}

void process_freeze(struct process *p)
{
    if (p != NULL)
        p->frozen = true;
}

void process_thaw(struct process *p)
{
    if (p == NULL || !p->frozen)
        return;
    p->frozen = false;
    if (!p->machine->frozen)
        events_deferred(p, true);
}

/* ------------------------------------------------------------------ the cluster */

static char *text(const char *before, uint32_t id, const char *behind)
{
    char buffer[64];

    snprintf(buffer, sizeof buffer, "%s%u%s", before, id, behind);
    return strdup(buffer);
}

static struct config *config_of(const struct machine *m)
{
    const struct profile *s = &sim.profile;
    struct config *c = calloc(1, sizeof *c);

    c->node = text("n", m->id, "");
    c->data_dir = text("disk-of-n", m->id, "");
    c->socket = text("/n", m->id, "/api.sock");
    c->monitor = strdup("monitor");
    c->cluster = strdup("sim");
    snprintf(c->listen.host, sizeof c->listen.host, "10.0.0.%u", m->id);
    c->listen.port = 7400;
    for (unsigned i = 0; i < s->machines; i++) {
        c->peers[i].id = i + 1;
        c->peers[i].name = text("n", i + 1, "");
        c->peers[i].address = text("10.0.0.", i + 1, ":7400");
        c->peers[i].role = i < s->voters ? CONSENSUS_VOTER : CONSENSUS_STANDBY;
    }
    c->peer_count = s->machines;
    c->fixed_roles = true; /* Changes of the configuration are part of the workload. */
    c->timing = (struct config_timing){.lease_ms = s->lease_ms,
                                       .pulse_ms = s->pulse_ms,
                                       .election_ms = s->election_ms,
                                       .heartbeat_ms = s->heartbeat_ms,
                                       .guard_ms = s->guard_ms};
    return c;
}

static void config_free(struct config *c)
{
    free(c->node);
    free(c->data_dir);
    free(c->socket);
    free(c->monitor);
    free(c->cluster);
    for (unsigned i = 0; i < c->peer_count; i++) {
        free(c->peers[i].name);
        free(c->peers[i].address);
    }
    free(c);
}

void machines_init(void)
{
    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        struct machine *m = &sim.machines[id];
        m->id = id;
        snprintf(m->name, sizeof m->name, "n%u", id);
        rng_seed(&m->rng, sim.seed, 100 + id);
        rng_seed(&m->script, sim.seed, 200 + id);
        m->drift_ppm = (int64_t)rng_range(&m->rng, 0, 9000) - 4500;
        m->wall_offset_ms = (int64_t)rng_range(&m->rng, 0, 400) - 200;
        m->disk = disk_new(m);
        m->config = config_of(m);
        m->level = sim.profile.level;
    }
    for (uint32_t id = 1; id <= sim.profile.machines; id++)
        machine_on(&sim.machines[id]);
}

void machines_release(void)
{
    for (uint32_t id = 1; id <= sim.profile.machines; id++) {
        struct machine *m = &sim.machines[id];
        machine_off(m);
        disk_free(m->disk);
        config_free(m->config);
    }
}
