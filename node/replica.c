#include "node/replica.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/msgpack.h"

enum { MARKS_MAX = 64 };

/* The digest of this copy right after a pulse. */
struct mark {
    uint64_t position;
    uint64_t digest;
};

struct replica {
    struct cluster *cluster;
    struct replica_listener listener;
    char *node_name;
    bool live;
    bool pulse_in_entry;          /* The entry being applied held a pulse. */
    struct mark marks[MARKS_MAX]; /* Ring of the last pulses. */
    uint64_t mark_count;
};

struct replica *replica_new(const char *node_name, const struct replica_listener *listener)
{
    struct replica *r = xcalloc(1, sizeof *r);

    r->cluster = cluster_new();
    r->listener = *listener;
    r->node_name = xstrdup(node_name);
    return r;
}

void replica_free(struct replica *r)
{
    if (r == NULL)
        return;
    cluster_free(r->cluster);
    free(r->node_name);
    free(r);
}

struct cluster *replica_cluster(const struct replica *r)
{
    return r->cluster;
}

void replica_set_live(struct replica *r)
{
    r->live = true;
}

/* --------------------------------------------------------- comparing replicas */

static const struct mark *newest_mark(const struct replica *r)
{
    return r->mark_count > 0 ? &r->marks[(r->mark_count - 1) % MARKS_MAX] : NULL;
}

bool replica_write_check(const struct replica *r, struct bytes *out)
{
    const struct mark *m = newest_mark(r);
    struct msgpack_sink sink;

    if (m == NULL)
        return false;
    msgpack_sink_init(&sink, out);
    sink_map(&sink.sink, 3);
    sink_kv_uint(&sink.sink, "check", 1);
    sink_kv_uint(&sink.sink, "position", m->position);
    sink_kv_uint(&sink.sink, "digest", m->digest);
    return true;
}

static void compare_with(struct replica *r, uint64_t position, uint64_t digest)
{
    char message[256];

    for (unsigned i = 0; i < MARKS_MAX; i++) {
        const struct mark *m = &r->marks[i];
        if (m->position != position || m->position == 0 || m->digest == digest)
            continue;
        snprintf(message, sizeof message,
                 "at position %" PRIu64 " this copy of the state has digest %016" PRIx64
                 ", the leader's has %016" PRIx64,
                 position, m->digest, digest);
        r->listener.diverged(message, r->listener.data);
    }
}

/* ------------------------------------------------------------------- applying */

/* One line per transition: the log reads as the state diagram. */
static void log_changes(const struct replica *r)
{
    unsigned count;
    const struct event *events = cluster_changes(r->cluster, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct event *e = &events[i];
        const struct node *n = cluster_node(r->cluster, e->node);
        /* Settings are no transition, and a client may change them a thousand times
         * a second; `holdfast events` has them. */
        if (e->cause == CAUSE_CONFIGURED)
            continue;
        log_info("state", "[%" PRIu64 "] %s %s: %s -> %s on %s, %s%s%s%s%s", e->index,
                 object_kind_name(e->object), e->name, event_state_name(e, e->from),
                 event_state_name(e, e->to), n != NULL ? n->name : "-", cause_name(e->cause),
                 e->code != 0 ? ", " : "", e->code != 0 ? error_name(e->code) : "",
                 e->text != NULL ? ": " : "", e->text != NULL ? e->text : "");
    }
}

static void apply_command(struct replica *r, uint64_t stamp_ms, const struct value *v,
                          struct arena *arena, struct proposal *p)
{
    struct command cmd;
    struct reply reply = {0};

    /* What is in the log was checked before it was proposed; a command that
     * this version cannot read would part it from the others. */
    if (command_read(v, arena, &cmd) != 0)
        r->listener.diverged("a committed command is not readable by this version",
                             r->listener.data);
    cluster_apply(r->cluster, stamp_ms, &cmd, &reply);
    if (cmd.kind == COMMAND_PULSE)
        r->pulse_in_entry = true;
    if (r->live)
        log_changes(r);
    if (p != NULL)
        p->reply = reply;
    r->listener.command(&cmd, &reply, r->listener.data);
}

void replica_apply(struct replica *r, uint64_t position, uint64_t stamp_ms, const uint8_t *command,
                   size_t len, void *request)
{
    struct arena arena = {0};
    const struct value *v;
    uint64_t at, digest;

    (void)position;
    if (msgpack_read(command, len, &arena, &v) != 0)
        r->listener.diverged("a committed command is not MessagePack", r->listener.data);
    if (value_get(v, "check") == NULL)
        apply_command(r, stamp_ms, v, &arena, request);
    else if (value_get_uint(v, "position", &at) && value_get_uint(v, "digest", &digest))
        compare_with(r, at, digest);
    arena_release(&arena);
}

void replica_applied(struct replica *r, uint64_t position)
{
    if (r->pulse_in_entry) {
        r->pulse_in_entry = false;
        r->marks[r->mark_count++ % MARKS_MAX] =
            (struct mark){.position = position, .digest = cluster_digest(r->cluster)};
    }
    r->listener.applied(r->listener.data);
}

/* ------------------------------------------------------------------ snapshots */

void replica_snapshot(const struct replica *r, struct bytes *out)
{
    struct msgpack_sink sink;

    msgpack_sink_init(&sink, out);
    cluster_write(r->cluster, &sink.sink);
}

uint32_t replica_restore(struct replica *r, const uint8_t *state, size_t len)
{
    struct arena arena = {0};
    const struct value *v;
    struct cluster *cluster = NULL;
    uint32_t code = msgpack_read(state, len, &arena, &v);

    if (code == 0)
        code = cluster_read(v, &cluster);
    arena_release(&arena);
    if (code != 0)
        return code;
    cluster_free(r->cluster);
    r->cluster = cluster;
    r->mark_count = 0;
    memset(r->marks, 0, sizeof r->marks);
    r->listener.restored(r->listener.data);
    return 0;
}
