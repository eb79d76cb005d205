#include "tests/node/world.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/msgpack.h"

enum { PATIENCE_MS = 100000 };

static void on_guard(uv_timer_t *guard)
{
    (void)guard;
    cr_assert_fail("nothing happened for %d ms", PATIENCE_MS);
}

void world_step(struct world *w)
{
    if (!uv_is_active((uv_handle_t *)&w->guard))
        uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0);
    uv_run(&w->loop, UV_RUN_ONCE);
}

/* -------------------------------------------------------------------- replica */

static void on_command(const struct command *cmd, const struct reply *reply, void *data)
{
    struct world *w = data;

    if (w->pulse != NULL)
        pulse_on_command(w->pulse, cmd, reply);
}

static void on_applied(void *data)
{
    struct world *w = data;

    if (w->consensus == NULL)
        return;
    calls_on_applied(w->calls);
    if (w->pulse != NULL)
        pulse_on_applied(w->pulse);
}

static void on_restored(void *data)
{
    struct world *w = data;

    if (w->pulse != NULL)
        pulse_on_restored(w->pulse);
}

static void on_diverged(const char *message, void *data) __attribute__((noreturn));
static void on_diverged(const char *message, void *data)
{
    (void)data;
    fprintf(stderr, "diverged: %s\n", message);
    _exit(WORLD_DIVERGED);
}

/* ------------------------------------------------------------------ consensus */

static void on_apply(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                     void *request, void *data)
{
    struct world *w = data;

    if (w->apply_delay_ms > 0)
        usleep(w->apply_delay_ms * 1000);
    replica_apply(w->replica, position, stamp_ms + w->ahead_ms, command, len, request);
}

static void on_entry(uint64_t position, void *data)
{
    replica_applied(((struct world *)data)->replica, position);
}

static void on_finished(void *request, uint32_t code, void *data)
{
    struct proposal *p = request;

    (void)data;
    p->done(p, code);
}

static void on_snapshot(struct bytes *out, void *data)
{
    replica_snapshot(((struct world *)data)->replica, out);
}

static uint32_t on_restore(const uint8_t *state, size_t len, void *data)
{
    return replica_restore(((struct world *)data)->replica, state, len);
}

static void on_leadership(uint32_t leader, uint64_t term, bool is_self, void *data)
{
    struct world *w = data;

    (void)leader;
    (void)term;
    (void)is_self;
    calls_on_leadership(w->calls);
    if (w->pulse != NULL)
        pulse_on_leadership(w->pulse);
}

static const char *refuse_peer(uint32_t id, const char *disk, void *data)
{
    (void)id;
    (void)disk;
    (void)data;
    return "there is nobody else";
}

static void on_fatal(const char *message, void *data) __attribute__((noreturn));
static void on_fatal(const char *message, void *data)
{
    (void)data;
    fprintf(stderr, "fatal: %s\n", message);
    _exit(WORLD_FATAL);
}

/* ----------------------------------------------------------------------- pulse */

static void on_lease(uint64_t incarnation, uint64_t deadline_ms, void *data)
{
    struct world *w = data;

    w->leases++;
    w->incarnation = incarnation;
    w->deadline_ms = deadline_ms;
    w->told_ms = clock_boot_ms();
}

static void on_joined(uint64_t incarnation, bool resumed, void *data)
{
    struct world *w = data;

    (void)resumed;
    w->joined++;
    w->leases_at_join = w->leases;
    w->incarnation = incarnation;
}

static void on_lost(void *data)
{
    ((struct world *)data)->lost++;
}

/* ------------------------------------------------------------------------ life */

static void open_parts(struct world *w)
{
    const struct replica_listener listener = {.command = on_command,
                                              .applied = on_applied,
                                              .restored = on_restored,
                                              .diverged = on_diverged,
                                              .data = w};

    w->replica = replica_new("n1", &listener);
    w->calls = calls_open(&w->loop, 1);
    w->calls_open = true;
}

void world_setup(struct world *w)
{
    memset(w, 0, sizeof *w);
    strcpy(w->dir, "/tmp/holdfast-node-XXXXXX");
    cr_assert_not_null(mkdtemp(w->dir));
    cr_assert_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->guard);
    uv_unref((uv_handle_t *)&w->guard);
    w->config.node = xstrdup("n1");
    w->config.cluster = xstrdup("test");
    w->config.peers[0] =
        (struct config_peer){1, xstrdup("n1"), xstrdup("127.0.0.1:1"), CONSENSUS_VOTER, false};
    w->config.peer_count = 1;
    w->config.functional_level = LEVEL_MAX;
    w->config.timing = (struct config_timing){2000, 100, 150, 30, 30};
    open_parts(w);
}

void world_pulse(struct world *w)
{
    struct pulse_config config = {.loop = &w->loop,
                                  .config = &w->config,
                                  .disk = "disk-1",
                                  .replica = w->replica,
                                  .calls = w->calls,
                                  .lease = on_lease,
                                  .joined = on_joined,
                                  .lost = on_lost,
                                  .data = w};

    w->pulse = pulse_open(&config);
}

void world_start(struct world *w)
{
    static const struct consensus_callbacks callbacks = {
        .apply = on_apply,
        .applied = on_entry,
        .finished = on_finished,
        .snapshot = on_snapshot,
        .restore = on_restore,
        .leadership = on_leadership,
        .refuse_peer = refuse_peer,
        .fatal = on_fatal,
    };
    struct consensus_server server = {1, "127.0.0.1:1", CONSENSUS_VOTER};
    struct consensus_config config = {.dir = w->dir,
                                      .cluster = "test",
                                      .id = 1,
                                      .address = server.address,
                                      .disk = "disk-1",
                                      .servers = &server,
                                      .server_count = 1,
                                      .election_ms = 150,
                                      .heartbeat_ms = 30};
    char *why = NULL;

    cr_assert_eq(consensus_open(&w->loop, &config, &callbacks, w, &w->consensus, &why), 0, "%s",
                 why);
    calls_start(w->calls, w->consensus, NULL);
    if (w->pulse != NULL)
        pulse_start(w->pulse, w->consensus, NULL);
}

static void on_consensus_closed(void *data)
{
    ((struct world *)data)->consensus = NULL;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void close_parts(struct world *w)
{
    if (w->pulse != NULL)
        pulse_close(w->pulse);
    if (w->calls_open)
        calls_close(w->calls);
    if (w->consensus != NULL)
        consensus_close(w->consensus, on_consensus_closed, w);
    uv_timer_stop(&w->guard);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    if (w->pulse != NULL)
        pulse_free(w->pulse);
    calls_free(w->calls);
    replica_free(w->replica);
}

void world_restart(struct world *w)
{
    bool pulse = w->pulse != NULL;

    close_parts(w);
    w->pulse = NULL;
    open_parts(w);
    if (pulse)
        world_pulse(w);
    world_start(w);
}

void world_teardown(struct world *w)
{
    close_parts(w);
    uv_close((uv_handle_t *)&w->guard, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    config_release(&w->config);
    cr_assert_eq(uv_loop_close(&w->loop), 0, "no handle is left");
    nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void world_change(struct world *w, const struct command *cmd, unsigned timeout_ms, change_done done,
                  void *data)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &b);
    command_write(cmd, &m.sink);
    calls_change(w->calls, &b, timeout_ms, done, data);
    bytes_release(&b);
}

void world_renew(struct world *w, uint32_t id, uint64_t seq)
{
    const struct node *n = cluster_node(replica_cluster(w->replica), id);
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;
    struct arena arena = {0};
    const struct value *v;

    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 3); /* Without flags, as an older node sends it. */
    sink_kv_uint(&m.sink, "node", id);
    sink_kv_uint(&m.sink, "incarnation", n->incarnation);
    sink_kv_uint(&m.sink, "seq", seq);
    cr_assert_eq(msgpack_read(params.data, params.len, &arena, &v), 0);
    pulse_on_renewal(w->pulse, v);
    arena_release(&arena);
    bytes_release(&params);
}
