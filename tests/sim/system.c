/* What the product asks of its machine: clocks, chance, a log, its folder. And
 * the parts below it that have no counterpart here. */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/consensus_private.h"
#include "consensus/transport.h"
#include "node/config.h"
#include "node/directory.h"
#include "node/identity.h"
#include "node/join.h"
#include "node/notify.h"
#include "node/recovery.h"
#include "resources/cgroup.h"
#include "resources/deadline.h"
#include "resources/guardian.h"
#include "resources/lease.h"
#include "tests/sim/redirect.h"
#include "tests/sim/sim.h"

#undef getpid

/* ------------------------------------------------------------------- clocks */

enum { BOOT_MS = 5000 }; /* What the boot clock shows when a daemon first starts. */
#define WALL_START_MS UINT64_C(1767225600000)

uint64_t machine_boot_ns(const struct machine *m)
{
    uint64_t passed = sim.now_ns - m->booted_ns;
    int64_t drift = (int64_t)(passed / 1000000) * m->drift_ppm;

    return BOOT_MS * MS + passed + (uint64_t)drift;
}

uint64_t machine_when(const struct machine *m, uint64_t boot_ns)
{
    uint64_t now = machine_boot_ns(m);
    uint64_t wait = boot_ns > now ? boot_ns - now : 0;

    wait = (uint64_t)((__int128)wait * 1000000 / (1000000 + m->drift_ppm));
    uint64_t at = sim.now_ns + wait;
    if (wait > 0) /* Never early, whatever was rounded. */
        at += 2000;
    return at;
}

static const struct machine *here(void)
{
    assert(sim.current != NULL);
    return sim.current->machine;
}

uint64_t clock_boot_ns(void)
{
    return machine_boot_ns(here());
}

/* Virtual time passes between turns, not in them. */
uint64_t clock_cpu_ms(void)
{
    return 0;
}

uint64_t clock_boot_ms(void)
{
    return clock_boot_ns() / MS;
}

uint64_t clock_wall_ms(void)
{
    return WALL_START_MS + sim.now_ns / MS + (uint64_t)here()->wall_offset_ms;
}

/* ------------------------------------------------------------------- chance */

ssize_t sim_getrandom(void *buffer, size_t size, unsigned flags)
{
    uint8_t *to = buffer;

    (void)flags;
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)rng_next(&sim.current->machine->rng);
    return (ssize_t)size;
}

int sim_getpid(void)
{
    return 1000 + (int)sim.current->life;
}

/* ---------------------------------------------------------------------- log */

void log_write(enum log_level level, const char *area, const char *format, ...)
{
    static const char *const levels[] = {"debug", "info", "warn", "ERROR"};
    char text[400];
    va_list args;

    if (sim.trace == 0 && level != LOG_ERROR_)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (level == LOG_ERROR_)
        snprintf(sim.current->machine->last_error, sizeof sim.current->machine->last_error,
                 "%.255s", text);
    trace(1, "%s %s %s: %s", sim.current->machine->name, levels[level], area, text);
}

/* ------------------------------------------------------------------- folder */

uint32_t identity_open(const char *data_dir, struct identity **ret, char **ret_why)
{
    (void)data_dir;
    (void)ret_why;
    *ret = (struct identity *)sim.current->machine;
    return 0;
}

void identity_close(struct identity *id)
{
    (void)id;
}

const char *identity_disk(const struct identity *id)
{
    return ((const struct machine *)id)->config->data_dir;
}

const char *identity_raft_dir(const struct identity *id)
{
    (void)id;
    return "raft";
}

uint32_t recovery_open(const char *data_dir, struct identity *identity, unsigned lease_ms,
                       struct recovery *ret, char **ret_why)
{
    (void)data_dir;
    (void)identity;
    (void)lease_ms;
    (void)ret_why;
    *ret = (struct recovery){.epoch = 1};
    return 0;
}

uint32_t recovery_confirm(const char *data_dir, uint32_t epoch, uint32_t highest)
{
    (void)data_dir;
    fail("nobody recovers a cluster here: epoch %u, %u", epoch, highest);
    return ERROR_NOT_SUPPORTED;
}

uint32_t recovery_begin(const struct recovery *r, char **ret_why)
{
    (void)r;
    (void)ret_why;
    return 0;
}

void recovery_on_lead(struct recovery *r, struct calls *calls, uint32_t self)
{
    (void)r;
    (void)calls;
    (void)self;
}

uint32_t recovery_on_command(struct recovery *r, const struct command *cmd, uint32_t reached)
{
    (void)reached;
    (void)r;
    (void)cmd;
    return 0;
}

/* Files as such are not simulated. */
struct directory *directory_open(const char *data_dir, uint32_t self)
{
    (void)data_dir;
    (void)self;
    return NULL;
}

void directory_keep(struct directory *d, const struct cluster *c)
{
    (void)d;
    (void)c;
}

void directory_close(struct directory *d)
{
    (void)d;
}

uint32_t join_find_id(struct config *config, struct identity *identity, struct joined *ret,
                      char **ret_why)
{
    (void)identity;
    (void)ret_why;
    *ret = (struct joined){.id = config_self(config)->id};
    return 0;
}

bool join_knows(const struct joined *j, uint32_t id, const char *disk)
{
    (void)j;
    (void)id;
    (void)disk;
    return true;
}

void identity_condemn(const struct identity *id, const char *why)
{
    fail("%s: copies differ: %s", ((const struct machine *)id)->name, why);
}

const struct config_peer *config_self(const struct config *c)
{
    for (unsigned i = 0; i < c->peer_count; i++)
        if (strcmp(c->peers[i].name, c->node) == 0)
            return &c->peers[i];
    return NULL;
}

void notify_state(const char *text)
{
    (void)text;
}

bool notify_is_supervised(void)
{
    return false;
}

/* -------------------------------------------------- raft's connections: raft_io.c */

struct transport *transport_open(const struct transport_config *config)
{
    (void)config;
    return NULL;
}

struct raft_uv_transport *transport_raft(struct transport *t)
{
    (void)t;
    return NULL;
}

void transport_free(struct transport *t)
{
    (void)t;
}

void transport_accept(struct transport *t, struct rpc_conn *conn, struct rpc_request *request,
                      const struct value *params)
{
    (void)t;
    (void)conn;
    (void)request;
    (void)params;
    abort();
}

/* ------------------------------------------------- processes of resources: handler.c */

uint32_t guardians_open(uv_loop_t *loop, int lock_fd, const struct deadline *deadline,
                        struct guardians **ret)
{
    (void)loop;
    (void)lock_fd;
    (void)deadline;
    *ret = NULL;
    return 0;
}

void guardians_kill(struct guardians *gs)
{
    (void)gs; /* Its handlers are told one by one, at the same virtual moment. */
}

unsigned guardians_count(const struct guardians *gs)
{
    (void)gs;
    return 0; /* Its resources have no processes. */
}

void guardians_close(struct guardians *gs)
{
    (void)gs;
}

struct deadline *deadline_new(void)
{
    return xcalloc(1, sizeof(struct deadline)); /* Of the process that is being simulated. */
}

void deadline_free(struct deadline *d)
{
    free(d);
}

char *cgroup_own(void)
{
    return NULL;
}

unsigned cgroup_sweep(const char *own, const char *prefix)
{
    (void)own;
    (void)prefix;
    return 0;
}

/* -------------------------------------------- what is overheard or changed on the way */

uint32_t __real_consensus_open(uv_loop_t *loop, const struct consensus_config *config,
                               const struct consensus_callbacks *callbacks, void *data,
                               struct consensus **ret, char **ret_why);
uint32_t __wrap_consensus_open(uv_loop_t *loop, const struct consensus_config *config,
                               const struct consensus_callbacks *callbacks, void *data,
                               struct consensus **ret, char **ret_why);
void __real_lease_set(struct lease *l, uint64_t incarnation, uint64_t deadline_ms);
void __wrap_lease_set(struct lease *l, uint64_t incarnation, uint64_t deadline_ms);

/* Snapshots within a minute, not within hours. And a follower applies what it was sent
 * and has not written, up to the number of entries in flight: with few of them its
 * copy stands still soon after its disk is full. */
uint32_t __wrap_consensus_open(uv_loop_t *loop, const struct consensus_config *config,
                               const struct consensus_callbacks *callbacks, void *data,
                               struct consensus **ret, char **ret_why)
{
    enum { FEW_IN_FLIGHT = 8 };
    struct consensus_config changed = *config;

    changed.snapshot_threshold = sim.profile.snapshot_threshold;
    changed.snapshot_trailing = sim.profile.snapshot_trailing;
    uint32_t code = __real_consensus_open(loop, &changed, callbacks, data, ret, ret_why);
    if (code == 0 && sim.profile.snapshot_trailing % 4 != 0)
        raft_set_max_inflight_entries(&(*ret)->raft, FEW_IN_FLIGHT);
    return code;
}

void __wrap_lease_set(struct lease *l, uint64_t incarnation, uint64_t deadline_ms)
{
    struct machine *m = sim.current->machine;

    if (incarnation != m->lease_incarnation || deadline_ms > m->lease_deadline_ms) {
        m->lease_incarnation = incarnation;
        m->lease_deadline_ms = deadline_ms;
    }
    __real_lease_set(l, incarnation, deadline_ms);
}
