#include "node/farewell.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/reset_mark.h"
#include "consensus/epoch.h"
#include "net/client.h"
#include "net/msgpack.h"
#include "node/directory.h"
#include "node/join.h"
#include "node/small_file.h"
#include "resources/monitor_protocol.h"

enum {
    CALL_MS = 2000,
    MONITOR_MS_MAX = 15000, /* Then the lease has long ended everything. */
    POLL_US = 5000,
};

/* The lock, to close; -1: another process has it. */
static int take_lock(const struct config *config, const char *name)
{
    char *path = xasprintf("%s/%s", config->data_dir, name);
    int fd = open(path, O_RDWR | O_CLOEXEC);

    free(path);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_free(const struct config *config, const char *name)
{
    int fd = take_lock(config, name);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---------------------------------------------------------------- the monitor */

/* Returns the incarnation that it held a lease for, and 0 if it does not answer. */
static uint64_t shut_monitor(const struct config *config)
{
    struct address address = {.is_unix = true};
    struct arena arena = {0};
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;
    const struct value *result;
    const char *message;
    struct client *c = NULL;
    uint64_t incarnation = 0;

    snprintf(address.host, sizeof address.host, "%s/monitor.sock", config->data_dir);
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 1);
    sink_kv_uint(&m.sink, "version", MONITOR_PROTOCOL_VERSION);
    if (client_open(&address, CALL_MS, &c, NULL) != 0 ||
        client_call(c, "attach", &params, CALL_MS, &arena, &result, &message) != 0 ||
        !value_get_uint(result, "incarnation", &incarnation))
        goto release;
    bytes_clear(&params);
    msgpack_sink_init(&m, &params);
    sink_map(&m.sink, 0);
    if (client_call(c, "shutdown", &params, CALL_MS, &arena, &result, &message) != 0)
        log_warn("farewell", "the monitor gave no answer when it was told to end");

release:
    client_close(c);
    bytes_release(&params);
    arena_release(&arena);
    return incarnation;
}

static bool wait_until_nothing_runs(const struct config *config)
{
    uint64_t until_ms = clock_boot_ms() + MONITOR_MS_MAX;

    while (!is_free(config, "monitor.lock")) {
        if (clock_boot_ms() >= until_ms)
            return false;
        usleep(POLL_US);
    }
    return !reset_mark_is_set(config->data_dir);
}

/* ------------------------------------------------------------------ the others */

/* Who it is that speaks, as the daemon would say it. */
struct speaker {
    const struct config *config;
    uint32_t id;
    char *disk;
};

static void write_hello(const struct speaker *self, uint32_t to, struct bytes *out)
{
    char *epoch = small_file_read(self->config->data_dir, "epoch");
    struct msgpack_sink m;

    msgpack_sink_init(&m, out);
    sink_map(&m.sink, 6);
    sink_kv_uint(&m.sink, "epoch", epoch != NULL ? strtoul(epoch, NULL, 10) : EPOCH_FIRST);
    free(epoch);
    sink_kv_str(&m.sink, "cluster", self->config->cluster);
    sink_kv_uint(&m.sink, "id", self->id);
    sink_kv_uint(&m.sink, "to", to);
    sink_kv_str(&m.sink, "disk", self->disk);
    sink_kv_uint(&m.sink, "lease_ms", self->config->timing.lease_ms);
}

static bool tell(const struct speaker *self, const struct directory_entry *peer,
                 uint64_t incarnation)
{
    struct arena arena = {0};
    struct bytes params = BYTES_INIT;
    struct msgpack_sink m;
    const struct value *result;
    const char *message;
    struct client *c = NULL;
    struct address address;
    bool told = false;

    if (address_parse(peer->address, 0, &address) != 0 ||
        client_open(&address, self->config->timing.election_ms, &c, NULL) != 0)
        return false;
    write_hello(self, peer->id, &params);
    if (client_call(c, "peer.hello", &params, CALL_MS, &arena, &result, &message) == 0) {
        bytes_clear(&params);
        msgpack_sink_init(&m, &params);
        sink_map(&m.sink, 1);
        sink_kv_uint(&m.sink, "incarnation", incarnation);
        told = client_call(c, "peer.ended", &params, CALL_MS, &arena, &result, &message) == 0;
    }
    client_close(c);
    bytes_release(&params);
    arena_release(&arena);
    return told;
}

static void tell_anybody(const struct speaker *self, uint64_t incarnation)
{
    struct directory_entry peers[NODES_MAX];
    unsigned count = directory_read(self->config->data_dir, peers);

    for (unsigned i = 0; i < count; i++) {
        if (!tell(self, &peers[i], incarnation))
            continue;
        log_info("farewell", "nothing of incarnation %" PRIu64 " runs any more, and %s knows it",
                 incarnation, peers[i].name);
        return;
    }
    log_warn("farewell", "no other node could be told: they wait until the lease has run out");
}

void farewell(const struct config *config)
{
    /* Held to the end: no daemon may begin to lead the life that is given up. */
    int daemon_lock = take_lock(config, "lock");
    struct speaker self = {.config = config, .disk = small_file_read(config->data_dir, "identity")};
    struct joined member;
    uint64_t incarnation;

    if (daemon_lock < 0 || self.disk == NULL || is_free(config, "monitor.lock") ||
        !join_recall(config->data_dir, &member))
        goto release;
    self.id = member.id;
    log_warn("farewell", "the daemon is not started again: ending what it left behind");
    incarnation = shut_monitor(config);
    if (incarnation != 0 && wait_until_nothing_runs(config))
        tell_anybody(&self, incarnation);

release:
    free(self.disk);
    if (daemon_lock >= 0)
        close(daemon_lock);
}
