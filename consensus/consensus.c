#include "consensus/consensus.h"

#include <assert.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "consensus/acked.h"
#include "consensus/batch.h"
#include "consensus/disk_check.h"
#include "consensus/guard.h"
#include "consensus/heap.h"
#include "consensus/image.h"
#include "consensus/nudge.h"
#include "consensus/retention.h"
#include "consensus/transport.h"

#if !defined(RAFT_VERSION_NUMBER) || RAFT_VERSION_NUMBER < 2200
#error "libraft 0.22 or later is needed: 0.15 of plain Debian 12 loses data on a full disk \
and commits entries of old terms by counting. Run scripts/deps, which takes it from backports."
#endif

enum {
    DEFAULT_ENTRIES = 8192, /* Threshold and trailing: see retention.h. */
    INFLIGHT_ENTRIES = 1024, /* The default of 32 costs a third of the throughput. */
    INSTALL_SNAPSHOT_MS = 5000, /* The guard drops some: repeat soon. */
    DISK_RETRY_MS = 200,
    BATCH_BYTES_MAX = 1 << 20,
};

/* One raft entry under way that this node proposed. */
struct batch {
    struct raft_apply req;
    struct consensus *consensus;
    uint64_t tag;
    void **requests; /* One for each command; NULL where nobody waits. */
    uint32_t command_count;
    void **barriers; /* Those that wait for the entry as such. */
    uint32_t barrier_count;
    struct bytes entry; /* Being built; handed to raft when submitted. */
    uint32_t refusal;   /* What to say if it was not proposed. */
    struct batch *next; /* Under way, oldest first. */
};

struct consensus {
    uv_loop_t *loop;
    struct consensus_callbacks callbacks;
    void *data;
    uint32_t id;
    struct raft raft;
    struct raft_io io;
    struct raft_fsm fsm;
    struct acked *acked;
    struct guard *guard;
    struct transport *transport;
    struct retention retention;
    struct nudge *nudge;
    char *cluster, *address, *disk; /* Owned copies for the transport. */

    uint64_t position; /* Entries applied. */
    uint64_t tag;      /* Of the last batch. */
    uint64_t snapshots;
    uint64_t settled_term; /* Last term in which an entry of this leader was applied. */
    struct batch *gathering; /* Of this loop turn; NULL. */
    struct batch *under_way, **under_way_tail;
    unsigned waiting; /* Requests not finished. */
    struct batch *refused; /* Not proposed; told at the end of the turn. */

    uv_check_t turn_end;
    uv_idle_t hurry; /* Keeps poll from sleeping while something is gathered. */
    struct raft_transfer *transfer;
    uint32_t leader;
    uint64_t term;
    bool is_leader;

    bool closing;
    unsigned handles_open;
    void (*closed)(void *data);
    void *closed_data;
};

/* -------------------------------------------------------------------- batches */

static void on_hurry(uv_idle_t *handle)
{
    (void)handle; /* Its being active is all. */
}

static struct batch *gathering_batch(struct consensus *c)
{
    if (c->gathering == NULL) {
        c->gathering = xcalloc(1, sizeof *c->gathering);
        c->gathering->consensus = c;
        batch_begin(&c->gathering->entry);
        if (!c->closing) /* Else maybe_closed() answers. */
            uv_idle_start(&c->hurry, on_hurry);
    }
    return c->gathering;
}

/* Room grows by doubling; the count is a power of two when it must grow. */
static void push(void ***list, uint32_t *count, void *item)
{
    if ((*count & (*count - 1)) == 0)
        *list = xrealloc(*list, (*count == 0 ? 1 : 2 * (size_t)*count) * sizeof **list);
    (*list)[(*count)++] = item;
}

static void batch_free(struct batch *b)
{
    bytes_release(&b->entry);
    free(b->requests);
    free(b->barriers);
    free(b);
}

/* Tell everybody who waits for `b` what became of it, and free it. */
static void batch_finish(struct batch *b, uint32_t code)
{
    struct consensus *c = b->consensus;

    for (uint32_t i = 0; i < b->command_count; i++) {
        c->waiting--;
        if (b->requests[i] != NULL)
            c->callbacks.finished(b->requests[i], code, c->data);
    }
    for (uint32_t i = 0; i < b->barrier_count; i++) {
        c->waiting--;
        c->callbacks.finished(b->barriers[i], code, c->data);
    }
    batch_free(b);
}

static void batch_refuse(struct batch *b, uint32_t code)
{
    b->refusal = code;
    b->next = b->consensus->refused;
    b->consensus->refused = b;
}

static void under_way_remove(struct consensus *c, struct batch *b)
{
    for (struct batch **at = &c->under_way; *at != NULL; at = &(*at)->next) {
        if (*at != b)
            continue;
        *at = b->next;
        if (c->under_way_tail == &b->next)
            c->under_way_tail = at;
        return;
    }
    assert(false); /* A batch under way is on the list. */
}

static uint32_t code_from_raft(int status)
{
    switch (status) {
    case 0:
        return 0;
    case RAFT_NOTLEADER:
        return ERROR_NOT_READY;
    case RAFT_NOSPACE:
        return ERROR_DISK_FULL;
    default: /* Leadership lost, shutting down: it may still be committed. */
        return ERROR_RETRY;
    }
}

static void entry_applied(struct raft_apply *req, int status, void *result)
{
    struct batch *b = req->data;

    (void)result;
    under_way_remove(b->consensus, b);
    /* A success is told only in the term in which it was proposed. */
    if (status == 0)
        b->consensus->settled_term = raft_current_term(&b->consensus->raft);
    batch_finish(b, code_from_raft(status));
}

/* Hand what was gathered in this turn to raft, as one entry. */
static void flush(struct consensus *c)
{
    struct batch *b = c->gathering;
    struct raft_buffer buffer;

    if (b == NULL)
        return;
    c->gathering = NULL;
    uv_idle_stop(&c->hurry);
    if (c->closing || raft_state(&c->raft) != RAFT_LEADER) {
        batch_refuse(b, ERROR_NOT_READY);
        return;
    }
    b->tag = ++c->tag;
    struct batch_header h = {
        .stamp_ms = clock_wall_ms(), .origin = c->id, .tag = b->tag, .count = b->command_count};
    batch_end(&b->entry, &h);
    /* On the list before raft_apply(): a lone voter may apply at once. */
    b->next = NULL;
    *c->under_way_tail = b;
    c->under_way_tail = &b->next;
    b->req.data = b;
    buffer.base = raft_malloc(b->entry.len); /* raft frees it with its own heap. */
    if (buffer.base == NULL)
        c->callbacks.fatal("out of memory", c->data);
    memcpy(buffer.base, b->entry.data, b->entry.len);
    buffer.len = b->entry.len;
    bytes_release(&b->entry);
    int rv = raft_apply(&c->raft, &b->req, &buffer, 1, entry_applied);
    if (rv != 0) {
        raft_free(buffer.base);
        under_way_remove(c, b);
        batch_refuse(b, code_from_raft(rv));
    }
}

void consensus_propose(struct consensus *c, const void *command, size_t len, void *request)
{
    assert(len > 0 && len <= COMMAND_BYTES_MAX);
    if (c->gathering != NULL && c->gathering->entry.len + len > BATCH_BYTES_MAX && !c->closing)
        flush(c);
    struct batch *b = gathering_batch(c);
    batch_add(&b->entry, command, len);
    push(&b->requests, &b->command_count, request);
    c->waiting++;
}

void consensus_barrier(struct consensus *c, void *request)
{
    struct batch *b = gathering_batch(c);

    push(&b->barriers, &b->barrier_count, request);
    c->waiting++;
}

/* -------------------------------------------------------------- state machine */

static struct batch *batch_of(const struct consensus *c, const struct batch_header *h)
{
    struct batch *b = h->origin == c->id ? c->under_way : NULL;

    while (b != NULL && b->tag != h->tag)
        b = b->next;
    return b;
}

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
    struct consensus *c = fsm->data;
    struct batch_cursor cursor;
    struct batch_header h;
    const uint8_t *command;
    size_t len;

    *result = NULL;
    /* Skipping an entry that we cannot read would part this node from the
     * others for good, and an error returned here would be ignored. */
    if (!batch_open(&cursor, buf->base, buf->len, &h))
        c->callbacks.fatal("a committed log entry is not readable by this version", c->data);
    struct batch *own = batch_of(c, &h);
    assert(own == NULL || own->command_count == h.count);
    c->position++;
    for (uint32_t i = 0; batch_next(&cursor, &command, &len); i++)
        c->callbacks.apply(c->position, h.stamp_ms, command, len,
                           own != NULL ? own->requests[i] : NULL, c->data);
    c->callbacks.applied(c->position, c->data);
    retention_note(&c->retention, buf->len);
    if (retention_is_due(&c->retention))
        raft_set_snapshot_threshold(&c->raft, 1);
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct consensus *c = fsm->data;
    struct bytes image = BYTES_INIT;

    image_begin(&image);
    c->callbacks.snapshot(&image, c->data);
    image_end(&image, c->position);
    *bufs = raft_malloc(sizeof **bufs);
    void *copy = raft_malloc(image.len);
    if (*bufs == NULL || copy == NULL)
        c->callbacks.fatal("out of memory", c->data);
    memcpy(copy, image.data, image.len);
    (*bufs)[0] = (struct raft_buffer){.base = copy, .len = image.len};
    *n_bufs = 1;
    c->snapshots++;
    /* libraft asks for the state first and reads these two afterwards. */
    raft_set_snapshot_trailing(&c->raft, retention_trailing(&c->retention));
    raft_set_snapshot_threshold(&c->raft, c->retention.threshold);
    retention_restart(&c->retention);
    log_info("raft", "snapshot at position %llu, %zu bytes", (unsigned long long)c->position,
             image.len);
    bytes_release(&image);
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct consensus *c = fsm->data;
    const uint8_t *state;
    uint64_t position;
    size_t len;

    if (!image_open(buf->base, buf->len, &position, &state, &len))
        c->callbacks.fatal("a snapshot's checksum does not agree with its data", c->data);
    uint32_t code = c->callbacks.restore(state, len, c->data);
    if (code != 0)
        c->callbacks.fatal("a snapshot holds no state that this version reads", c->data);
    c->position = position;
    raft_free(buf->base);
    return 0;
}

/* ------------------------------------------------------------- end of a turn */

/* libraft has no callback for changes of leadership: compare once a turn, which
 * catches every change that lasts. */
static void watch_leadership(struct consensus *c)
{
    const char *address;
    raft_id leader = 0;

    raft_leader(&c->raft, &leader, &address);
    uint64_t term = raft_current_term(&c->raft);
    bool is_leader = raft_state(&c->raft) == RAFT_LEADER;
    if (leader == c->leader && term == c->term && is_leader == c->is_leader)
        return;
    c->leader = (uint32_t)leader;
    c->term = term;
    c->is_leader = is_leader;
    c->callbacks.leadership(c->leader, c->term, is_leader, c->data);
}

static void tell_refused(struct consensus *c)
{
    while (c->refused != NULL) {
        struct batch *b = c->refused;
        c->refused = b->next;
        batch_finish(b, b->refusal);
    }
}

static void on_turn_end(uv_check_t *handle)
{
    struct consensus *c = handle->data;

    if (c->closing)
        return;
    guard_watch(c->guard);
    watch_leadership(c);
    flush(c);
    nudge_on_turn(c->nudge);
    tell_refused(c);
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
    raft_set_max_inflight_entries(&c->raft, INFLIGHT_ENTRIES);
    retention_init(&c->retention, threshold != 0 ? threshold : DEFAULT_ENTRIES,
                   trailing != 0 ? trailing : DEFAULT_ENTRIES);
    raft_set_snapshot_threshold(&c->raft, c->retention.threshold);
    raft_set_snapshot_trailing(&c->raft, c->retention.trailing);
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
    return disk_check(config->dir, acked_index(c->acked), ret_why);
}

static uint32_t open_raft(struct consensus *c, const struct consensus_config *config,
                          char **ret_why)
{
    int rv = raft_uv_init(&c->io, c->loop, config->dir, transport_raft(c->transport));

    if (rv != 0) {
        *ret_why = xasprintf("%s: %s", config->dir, raft_strerror(rv));
        return ERROR_OPEN_FAILED;
    }
    c->guard = guard_open(&c->io, c->acked, refuse_fatal, c);
    rv = raft_init(&c->raft, &c->io, &c->fsm, config->id, config->address);
    if (rv != 0)
        goto failed;
    configure(c, config);
    rv = bootstrap(c, config);
    if (rv != 0)
        goto failed;
    rv = raft_start(&c->raft);
    if (rv != 0)
        goto failed;
    return 0;

failed:
    *ret_why = xasprintf("%s: %s%s%s", config->dir, raft_strerror(rv),
                         c->io.errmsg[0] != '\0' ? ": " : "", c->io.errmsg);
    return rv == RAFT_CORRUPT ? ERROR_FILE_CORRUPT
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
    c->cluster = xstrdup(config->cluster);
    c->address = xstrdup(config->address);
    c->disk = xstrdup(config->disk);
    /* Tags must not repeat those of this node's former lives, whose entries may
     * still be applied. */
    if (getrandom(&c->tag, sizeof c->tag, 0) != (ssize_t)sizeof c->tag)
        callbacks->fatal("no random numbers", data);
    c->io.version = 2;
    c->fsm = (struct raft_fsm){
        .version = 1, .data = c, .apply = fsm_apply, .snapshot = fsm_snapshot, .restore = fsm_restore};
    heap_bound();
    struct transport_config transport = {
        .loop = loop,
        .cluster = c->cluster,
        .address = c->address,
        .disk = c->disk,
        .id = config->id,
        .connect_timeout_ms = config->election_ms,
        .user_timeout_ms = 2 * config->election_ms,
        .refuse_peer = refuse_peer,
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
    flush(c);
    c->closing = true;
    c->closed = done;
    c->closed_data = data;
    tell_refused(c);
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

uint64_t consensus_position(const struct consensus *c)
{
    return c->position;
}

uint64_t consensus_snapshots(const struct consensus *c)
{
    return c->snapshots;
}

enum consensus_role consensus_role(const struct consensus *c)
{
    return raft_role((struct raft *)&c->raft) == RAFT_VOTER ? CONSENSUS_VOTER : CONSENSUS_STANDBY;
}

bool consensus_role_of(const struct consensus *c, uint32_t id, enum consensus_role *ret)
{
    const struct raft_configuration *conf = &c->raft.configuration;

    for (unsigned i = 0; i < conf->n; i++) {
        if (conf->servers[i].id != id)
            continue;
        *ret = conf->servers[i].role == RAFT_VOTER ? CONSENSUS_VOTER : CONSENSUS_STANDBY;
        return true;
    }
    return false;
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
