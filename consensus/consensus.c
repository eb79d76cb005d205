#include "consensus/consensus.h"

#include <assert.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/acked.h"
#include "consensus/consensus_private.h"
#include "consensus/disk_check.h"
#include "consensus/guard.h"
#include "consensus/heap.h"
#include "consensus/nudge.h"
#include "consensus/room.h"
#include "consensus/segments.h"
#include "consensus/transport.h"

#if !defined(RAFT_VERSION_NUMBER) || RAFT_VERSION_NUMBER < 2200
#error "libraft 0.22 or later is needed: 0.15 of plain Debian 12 loses data on a full disk \
and commits entries of old terms by counting. Run scripts/deps, which takes it from backports."
#endif

enum {
    DEFAULT_ENTRIES = 8192,     /* Threshold and trailing: see retention.h. */
    INFLIGHT_ENTRIES = 1024,    /* The default of 32 costs a third of the throughput. */
    INSTALL_SNAPSHOT_MS = 5000, /* The guard drops some: repeat soon. */
    DISK_RETRY_MS = 200,
};

/* ------------------------------------------------------------- end of a turn */

/* libraft has no callback for changes of leadership: compare once a turn, which
 * catches every change that lasts. */
static void watch_leadership(struct consensus *c)
{
    const char *address;
    raft_id leader = 0;

    raft_leader(&c->raft, &leader, &address);
    uint64_t term = raft_current_term(&c->raft);
    /* While it hands leadership over it knows no leader and takes no proposals. */
    bool is_leader = raft_state(&c->raft) == RAFT_LEADER && leader == c->raft.id;
    if (leader == c->leader && term == c->term && is_leader == c->is_leader)
        return;
    c->leader = (uint32_t)leader;
    c->term = term;
    c->is_leader = is_leader;
    c->callbacks.leadership(c->leader, c->term, is_leader, c->data);
}

static void on_turn_end(uv_check_t *handle)
{
    struct consensus *c = handle->data;

    if (c->closing)
        return;
    guard_watch(c->guard);
    round_on_turn(&c->round, &c->raft);
    watch_leadership(c);
    proposals_flush(c);
    nudge_on_turn(c->nudge);
    proposals_tell_refused(c);
}

/* ----------------------------------------------------------------------- life */

static int bootstrap(struct consensus *c, const struct consensus_config *config)
{
    struct raft_configuration conf;
    int rv = 0;

    if (config->server_count == 0)
        return 0;
    raft_configuration_init(&conf);
    for (unsigned i = 0; i < config->server_count && rv == 0; i++) {
        const struct consensus_server *s = &config->servers[i];
        rv = raft_configuration_add(&conf, s->id, s->address,
                                    s->role == CONSENSUS_VOTER ? RAFT_VOTER : RAFT_STANDBY);
    }
    if (rv == 0)
        rv = raft_bootstrap(&c->raft, &conf);
    raft_configuration_close(&conf);
    return rv == RAFT_CANTBOOTSTRAP ? 0 : rv; /* It has a log already. */
}

/* libraft's way out of a lost majority: an entry behind the last one of the log. */
static int cut_down(struct consensus *c, const struct consensus_config *config)
{
    struct raft_configuration conf;

    if (!config->alone)
        return 0;
    raft_configuration_init(&conf);
    int rv = raft_configuration_add(&conf, config->id, config->address, RAFT_VOTER);
    if (rv == 0)
        rv = raft_recover(&c->raft, &conf);
    raft_configuration_close(&conf);
    return rv;
}

static void refuse_fatal(const char *message, void *data) __attribute__((noreturn));
static void refuse_fatal(const char *message, void *data)
{
    struct consensus *c = data;

    c->callbacks.fatal(message, c->data);
}

static const char *refuse_peer(uint32_t id, const char *disk, void *data)
{
    struct consensus *c = data;

    return c->callbacks.refuse_peer(id, disk, c->data);
}

static void outlived(const char *message, void *data)
{
    const struct consensus *c = data;

    if (c->callbacks.outlived != NULL && !c->closing)
        c->callbacks.outlived(message, c->data);
}

static const char *address_of(uint32_t id, const char *known, void *data)
{
    const struct consensus *c = data;
    const char *newer =
        c->callbacks.address_of != NULL ? c->callbacks.address_of(id, c->data) : NULL;

    return newer != NULL ? newer : known;
}

static void configure(struct consensus *c, const struct consensus_config *config)
{
    unsigned threshold = config->snapshot_threshold;
    unsigned trailing = config->snapshot_trailing;

    raft_uv_set_auto_recovery(&c->io, false); /* It renames damaged segments and goes on. */
    raft_uv_set_connect_retry_delay(&c->io, config->election_ms / 3);
    raft_uv_set_disk_retry(&c->io, DISK_RETRY_MS);
    raft_set_election_timeout(&c->raft, config->election_ms);
    raft_set_heartbeat_timeout(&c->raft, config->heartbeat_ms);
    raft_set_install_snapshot_timeout(&c->raft, INSTALL_SNAPSHOT_MS);
    raft_set_pre_vote(&c->raft, true); /* A node that was cut off must not depose a leader. */
    raft_set_capacity_threshold(&c->raft, 0); /* Its check would stop pulses, too: see room.h. */
    raft_set_max_inflight_entries(&c->raft, INFLIGHT_ENTRIES);
    retention_init(&c->retention, threshold != 0 ? threshold : DEFAULT_ENTRIES,
                   trailing != 0 ? trailing : DEFAULT_ENTRIES);
    raft_set_snapshot_threshold(&c->raft, c->retention.threshold);
    raft_set_snapshot_trailing(&c->raft, c->retention.trailing);
}

/* One that the process before was in the middle of. */
static uint32_t finish_cut(struct consensus *c, const char *dir, char **ret_why)
{
    uint64_t cut = acked_cut(c->acked);
    uint32_t code;

    if (cut == 0)
        return 0;
    if (acked_index(c->acked) >= cut) { /* It is lowered before. */
        *ret_why = xasprintf("%s/acknowledged: the log was to be cut off at entry %llu, which was "
                             "acknowledged",
                             dir, (unsigned long long)cut);
        return ERROR_FILE_CORRUPT;
    }
    code = segments_repair(dir, cut, ret_why);
    if (code != 0)
        return code;
    code = acked_set_cut(c->acked, 0);
    if (code != 0)
        *ret_why = xasprintf("%s/acknowledged: %s", dir, error_text(code));
    return code;
}

/* The folder and everything that needs no libraft. */
static uint32_t open_disk(struct consensus *c, const struct consensus_config *config,
                          char **ret_why)
{
    uint32_t code = acked_open(config->dir, &c->acked);

    if (code != 0) {
        *ret_why = xasprintf("%s/acknowledged: %s", config->dir, error_text(code));
        return code;
    }
    code = finish_cut(c, config->dir, ret_why);
    return code != 0 ? code : disk_check(config->dir, acked_index(c->acked), ret_why);
}

static bool has_room(uint64_t bytes, void *data)
{
    const struct consensus *c = data;

    return room_for_snapshot(c->dir, bytes);
}

static uint32_t open_raft(struct consensus *c, const struct consensus_config *config,
                          char **ret_why)
{
    room_spare_give_up(config->dir);
    int rv = raft_uv_init(&c->io, c->loop, config->dir, transport_raft(c->transport));

    if (rv != 0) {
        *ret_why = xasprintf("%s: %s", config->dir, raft_strerror(rv));
        return ERROR_OPEN_FAILED;
    }
    c->guard = guard_open(&c->io, c->acked, refuse_fatal, c);
    guard_ask_room(c->guard, has_room, c);
    guard_look_into(c->guard, config->dir);
    rv = raft_init(&c->raft, &c->io, &c->fsm, config->id, config->address);
    if (rv != 0)
        goto failed;
    configure(c, config);
    rv = bootstrap(c, config);
    if (rv == 0)
        rv = cut_down(c, config);
    if (rv != 0)
        goto failed;
    rv = raft_start(&c->raft);
    if (rv != 0)
        goto failed;
    room_spare_keep(config->dir);
    return 0;

failed:
    *ret_why = xasprintf("%s: %s%s%s", config->dir, raft_strerror(rv),
                         c->io.errmsg[0] != '\0' ? ": " : "", c->io.errmsg);
    return rv == RAFT_CORRUPT   ? ERROR_FILE_CORRUPT
           : rv == RAFT_NOSPACE ? ERROR_DISK_FULL
                                : ERROR_OPEN_FAILED;
}

static void start_turns(struct consensus *c)
{
    uv_check_init(c->loop, &c->turn_end);
    uv_idle_init(c->loop, &c->hurry);
    c->turn_end.data = c;
    c->hurry.data = c;
    c->handles_open = 2;
    c->nudge = nudge_open(c->loop, &c->raft, c->guard);
    uv_check_start(&c->turn_end, on_turn_end);
}

uint32_t consensus_open(uv_loop_t *loop, const struct consensus_config *config,
                        const struct consensus_callbacks *callbacks, void *data,
                        struct consensus **ret, char **ret_why)
{
    struct consensus *c = xcalloc(1, sizeof *c);

    assert(config->id > 0 && config->heartbeat_ms < config->election_ms);
    c->loop = loop;
    c->callbacks = *callbacks;
    c->data = data;
    c->id = config->id;
    c->under_way_tail = &c->under_way;
    c->dir = xstrdup(config->dir);
    c->cluster = xstrdup(config->cluster);
    c->address = xstrdup(config->address);
    c->disk = xstrdup(config->disk);
    /* Tags must not repeat those of this node's former lives, whose entries may
     * still be applied. */
    if (getrandom(&c->tag, sizeof c->tag, 0) != (ssize_t)sizeof c->tag)
        callbacks->fatal("no random numbers", data);
    c->io.version = 2;
    fsm_init(&c->fsm, c);
    heap_bound();
    struct transport_config transport = {
        .loop = loop,
        .cluster = c->cluster,
        .address = c->address,
        .disk = c->disk,
        .id = config->id,
        .connect_timeout_ms = config->election_ms,
        .user_timeout_ms = 2 * config->election_ms,
        .epoch = config->epoch != 0 ? config->epoch : 1,
        .refuse_peer = refuse_peer,
        .outlived = outlived,
        .address_of = address_of,
        .data = c,
    };
    uint32_t code = open_disk(c, config, ret_why);
    if (code != 0)
        goto free_all;
    c->transport = transport_open(&transport);
    code = open_raft(c, config, ret_why);
    if (code != 0)
        goto free_all;
    start_turns(c);
    *ret = c;
    return 0;

free_all:
    /* A raft that did not start owns handles of the loop that only a running
     * loop could close: the caller ends the process. */
    acked_close(c->acked);
    free(c->dir);
    free(c->cluster);
    free(c->address);
    free(c->disk);
    return code;
}

static void maybe_closed(struct consensus *c)
{
    if (c->handles_open > 0)
        return;
    assert(c->under_way == NULL && c->refused == NULL);
    while (c->gathering != NULL) { /* Of those who were told while closing. */
        struct batch *b = c->gathering;
        c->gathering = NULL;
        batch_finish(b, ERROR_RETRY);
    }
    assert(c->waiting == 0);
    raft_uv_close(&c->io);
    guard_close(c->guard);
    transport_free(c->transport);
    acked_close(c->acked);
    retention_release(&c->retention);
    free(c->transfer);
    free(c->change);
    free(c->dir);
    free(c->cluster);
    free(c->address);
    free(c->disk);
    void (*closed)(void *) = c->closed;
    void *data = c->closed_data;
    free(c);
    closed(data);
}

static void handle_closed(uv_handle_t *handle)
{
    struct consensus *c = handle->data;

    c->handles_open--;
    maybe_closed(c);
}

static void part_closed(void *data)
{
    struct consensus *c = data;

    c->handles_open--;
    maybe_closed(c);
}

static void raft_closed(struct raft *raft)
{
    struct consensus *c = raft->data;

    c->handles_open--;
    maybe_closed(c);
}

void consensus_close(struct consensus *c, void (*done)(void *data), void *data)
{
    assert(!c->closing);
    proposals_flush(c);
    c->closing = true;
    c->closed = done;
    c->closed_data = data;
    proposals_tell_refused(c);
    c->raft.data = c;
    c->handles_open += 2; /* raft and the nudge. */
    nudge_close(c->nudge, part_closed, c);
    uv_close((uv_handle_t *)&c->turn_end, handle_closed);
    uv_close((uv_handle_t *)&c->hurry, handle_closed);
    raft_close(&c->raft, raft_closed);
}

/* -------------------------------------------------------------------- queries */

bool consensus_is_leader(const struct consensus *c)
{
    return raft_state((struct raft *)&c->raft) == RAFT_LEADER;
}

bool consensus_is_settled(const struct consensus *c)
{
    return consensus_is_leader(c) && c->settled_term == raft_current_term(&c->raft);
}

uint32_t consensus_leader(const struct consensus *c)
{
    return c->leader;
}

uint64_t consensus_term(const struct consensus *c)
{
    return c->term;
}

void consensus_log_end(const struct consensus *c, struct consensus_end *ret)
{
    const struct raft_trail *t = &c->raft.trail;
    bool empty = t->front == t->back;

    /* libraft compares this term and tells it nobody. */
    ret->term = empty ? t->snapshot.term : t->records[(t->back + t->size - 1) % t->size].term;
    ret->index = raft_last_index((struct raft *)&c->raft);
    ret->committed = raft_commit_index(&c->raft);
}

uint64_t consensus_position(const struct consensus *c)
{
    return c->position;
}

uint64_t consensus_arrived_ms(const struct consensus *c)
{
    return c->arrived_ms;
}

uint64_t consensus_writing_ms(const struct consensus *c)
{
    return guard_writing_ms(c->guard);
}

bool consensus_is_low(const struct consensus *c)
{
    return room_is_low(c->dir, c->io.capacity);
}

uint64_t consensus_snapshots(const struct consensus *c)
{
    return c->snapshots;
}

static void transferred(struct raft_transfer *req)
{
    struct consensus *c = req->data;

    c->transfer = NULL;
    free(req);
}

void consensus_transfer(struct consensus *c)
{
    if (c->transfer != NULL || !consensus_is_leader(c))
        return;
    c->transfer = xcalloc(1, sizeof *c->transfer);
    c->transfer->data = c;
    if (raft_transfer(&c->raft, c->transfer, 0, transferred) != 0) {
        free(c->transfer);
        c->transfer = NULL;
    }
}

void consensus_accept(struct consensus *c, struct rpc_conn *conn, struct rpc_request *request,
                      const struct value *params)
{
    transport_accept(c->transport, conn, request, params);
}
