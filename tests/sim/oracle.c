/* Looks over the shoulder of every cluster_apply() (the linker puts the wrapper
 * below in its place). The first node that applies an index makes history: what
 * it did is judged, and every other node must do the same. */
#include "tests/sim/oracle.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tests/sim/truth.h"

void __real_cluster_apply(struct cluster *c, uint64_t stamp_ms, const struct command *cmd,
                          struct reply *ret);
void __wrap_cluster_apply(struct cluster *c, uint64_t stamp_ms, const struct command *cmd,
                          struct reply *ret);

struct record {
    uint64_t digest;
    uint64_t client, seq;
    enum command_kind kind;
    uint32_t code;
    uint64_t reply_index;
};

static struct record *records; /* By index. */
static size_t room;
static uint64_t last;
static uint64_t acknowledged;

/* The last call of each client of ours: which index it was applied at. */
enum { CLIENTS_MAX = 16 };
static struct {
    uint64_t seq, index;
} applied[CLIENTS_MAX];

/* Groups that somebody took offline and nobody has asked to come back since:
 * known from the calls alone, whatever the state says. */
struct told_offline {
    uint64_t group, index;
    struct told_offline *next;
};
static struct told_offline *told_offline;

/* ------------------------------------------------------------------- messages */

void trace(int level, const char *format, ...)
{
    va_list args;

    if (sim.trace < level)
        return;
    printf("%8.3f ", (double)sim.now_ns / 1e6);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void fail(const char *format, ...)
{
    va_list args;

    if (sim.failed)
        return;
    sim.failed = true;
    va_start(args, format);
    vsnprintf(sim.failure, sizeof sim.failure, format, args);
    va_end(args);
    trace(1, "FAILED: %s", sim.failure);
}

/* -------------------------------------------------------------------- judging */

static bool is_refusal(uint32_t code)
{
    return code != 0 && code != ERROR_IO_PENDING && code != ERROR_CLUSTER_GROUP_QUEUED &&
           code != ERROR_RESOURCE_PROPERTIES_STORED;
}

static bool is_wanted(const struct resource *r)
{
    return r->persistent < 0 ? r->group->persistent_online : r->persistent == 1;
}

static struct told_offline **find_told(uint64_t group)
{
    struct told_offline **at = &told_offline;

    while (*at != NULL && (*at)->group != group)
        at = &(*at)->next;
    return at;
}

static void forget_told(uint64_t group)
{
    struct told_offline **at = find_told(group), *t = *at;

    if (t == NULL)
        return;
    *at = t->next;
    free(t);
}

/* Follow what clients were promised. Flag 1 of an offline call ignores locks;
 * others may mean that nothing is to be remembered. */
static void note_promise(const struct cluster *c, const struct command *cmd)
{
    const char *name = cmd->name != NULL ? cmd->name : "";
    const struct group *g = cluster_group_by_name(c, name);
    const struct resource *r = cluster_resource_by_name(c, name);
    struct told_offline *t;

    if (cmd->kind == COMMAND_RESOURCE_ONLINE && r != NULL)
        forget_told(r->group->id);
    if (cmd->kind == COMMAND_RESOURCE_MOVE && r != NULL)
        forget_told(r->group->id);
    /* To cancel an offline takes back what it said. */
    if ((cmd->kind == COMMAND_GROUP_ONLINE || cmd->kind == COMMAND_GROUP_CANCEL) && g != NULL)
        forget_told(g->id);
    if (cmd->kind != COMMAND_GROUP_OFFLINE || g == NULL || (cmd->flags & ~1u) != 0)
        return;
    forget_told(g->id);
    t = malloc(sizeof *t);
    *t = (struct told_offline){g->id, cluster_index(c), told_offline};
    told_offline = t;
}

static void judge_promise(const struct resource *r, const struct event *e)
{
    const struct told_offline *t = *find_told(r->group->id);

    if (t != NULL && e->to == RESOURCE_ONLINE_PENDING)
        fail("[%" PRIu64 "] %s is started, and its group was taken offline by [%" PRIu64 "]",
             e->index, r->name, t->index);
}

static void judge_resource(const struct cluster *c, const struct event *e)
{
    const struct resource *r = cluster_resource(c, e->id);

    if (r == NULL || e->from == e->to)
        return;
    judge_promise(r, e);
    /* One that was started without being wanted from now on (flag 2) comes back
     * after its provider has failed: it is not started anew. */
    if (e->to == RESOURCE_ONLINE_PENDING && !is_wanted(r) && e->cause != CAUSE_REQUESTED_ONLINE &&
        e->cause != CAUSE_PROVIDER_FAILED)
        fail("[%" PRIu64 "] %s is started though it is wanted offline, cause %s", e->index, r->name,
             cause_name(e->cause));
    if ((e->to == RESOURCE_OFFLINE || e->to == RESOURCE_FAILED) &&
        (e->cause == CAUSE_REPORTED || e->cause == CAUSE_FAILED) &&
        truth_runs(r->id, r->group->owner))
        fail("[%" PRIu64 "] %s is reported as ended on n%u, and runs there", e->index, r->name,
             r->group->owner);
}

/* A node is declared dead: on its own clock, too, its lease must be over. */
static void judge_death(const struct command *cmd)
{
    const struct machine *m = machine_of(cmd->node);

    if (cmd->cause == CAUSE_NODE_STOPPED) {
        if (truth_runs_anything(cmd->node))
            fail("n%u says that it has stopped, and something still runs there", cmd->node);
        return;
    }
    if (m == NULL || m->monitor == NULL || m->lease_incarnation != cmd->incarnation)
        return;
    uint64_t now_ms = machine_boot_ns(m) / MS;
    if (now_ms < m->lease_deadline_ms)
        fail("n%u is declared down %" PRIu64 " ms before its lease ends", cmd->node,
             m->lease_deadline_ms - now_ms);
}

static void judge_life(const struct command *cmd)
{
    if (truth_runs_anything(cmd->node))
        fail("n%u begins a new life while something of an old one runs", cmd->node);
}

static void judge_repeat(uint64_t index, const struct command *cmd, const struct reply *reply,
                         bool changed)
{
    const struct record *first;

    if (cmd->client == 0 || cmd->client >= CLIENTS_MAX)
        return;
    if (cmd->seq > applied[cmd->client].seq) {
        applied[cmd->client].seq = cmd->seq;
        applied[cmd->client].index = index;
        return;
    }
    if (changed)
        fail("[%" PRIu64 "] a repeated or old call of c%" PRIu64 " changed something", index,
             cmd->client);
    first = &records[applied[cmd->client].index];
    if (cmd->seq == applied[cmd->client].seq &&
        (reply->code != first->code || reply->index != first->reply_index))
        fail("[%" PRIu64 "] a repeated call of c%" PRIu64 " got another answer: %u, not %u", index,
             cmd->client, reply->code, first->code);
}

/* After it less may be wanted than before. */
static bool takes_back(enum command_kind kind)
{
    return kind == COMMAND_GROUP_OFFLINE || kind == COMMAND_GROUP_CANCEL ||
           kind == COMMAND_RESOURCE_OFFLINE || kind == COMMAND_RESOURCE_MOVE;
}

static void judge(const struct cluster *c, const struct command *cmd, const struct reply *reply,
                  bool may_change, bool changed)
{
    uint64_t index = cluster_index(c);
    unsigned count;
    const struct event *events = cluster_changes(c, &count);

    cluster_check(c);
    if (is_refusal(reply->code) && changed && !may_change)
        fail("[%" PRIu64 "] %s was refused with %u and changed something", index,
             command_kind_name(cmd->kind), reply->code);
    judge_repeat(index, cmd, reply, changed && !may_change);
    if (!is_refusal(reply->code) && reply->index == index)
        note_promise(c, cmd);
    if (cmd->kind == COMMAND_RESOURCE_MOVE && reply->code == 0)
        truth_regroup(c);
    for (unsigned i = 0; i < count; i++) {
        /* What fell due just before the call was still wanted then. */
        if (takes_back(cmd->kind) && events[i].command == COMMAND_TICK)
            continue;
        if (events[i].object == OBJECT_RESOURCE)
            judge_resource(c, &events[i]);
    }
    if (cmd->kind == COMMAND_NODE_DOWN && reply->code == 0)
        judge_death(cmd);
    if (cmd->kind == COMMAND_NODE_UP && reply->code == 0 && reply->index == index)
        judge_life(cmd);
}

static void remember(uint64_t index, const struct command *cmd, const struct reply *reply,
                     uint64_t digest)
{
    if (index >= room) {
        room = room == 0 ? 4096 : 2 * room;
        records = realloc(records, room * sizeof *records);
    }
    records[index] = (struct record){.digest = digest,
                                     .client = cmd->client,
                                     .seq = cmd->seq,
                                     .kind = cmd->kind,
                                     .code = reply->code,
                                     .reply_index = reply->index};
    last = index;
}

static void compare(const struct cluster *c, const struct command *cmd, const struct reply *reply,
                    uint64_t digest)
{
    uint64_t index = cluster_index(c);
    const struct record *r = &records[index];

    if (cmd->kind != r->kind || cmd->client != r->client || cmd->seq != r->seq)
        fail("[%" PRIu64 "] %s applies %s of c%" PRIu64 ", elsewhere it is %s of c%" PRIu64, index,
             sim.current->machine->name, command_kind_name(cmd->kind), cmd->client,
             command_kind_name(r->kind), r->client);
    else if (reply->code != r->code || digest != r->digest)
        fail("[%" PRIu64 "] %s on %s: code %u, digest %" PRIx64 "; elsewhere %u, %" PRIx64, index,
             command_kind_name(cmd->kind), sim.current->machine->name, reply->code, digest, r->code,
             r->digest);
}

void __wrap_cluster_apply(struct cluster *c, uint64_t stamp_ms, const struct command *cmd,
                          struct reply *ret)
{
    uint64_t index = cluster_index(c) + 1;
    bool first = index > last;
    uint64_t stamp = stamp_ms > cluster_now_ms(c) ? stamp_ms : cluster_now_ms(c);
    bool is_due = cluster_next_deadline(c) <= stamp;
    uint64_t before = first ? cluster_objects_digest(c) : 0;

    oracle_judge_reader(c);
    if (first)
        oracle_before_fencing(c);
    __real_cluster_apply(c, stamp_ms, cmd, ret);
    if (sim.current == NULL || index != cluster_index(c))
        fail("the index went from %" PRIu64 " to %" PRIu64, index - 1, cluster_index(c));
    uint64_t digest = cluster_digest(c);
    if (!first) {
        compare(c, cmd, ret, digest);
        return;
    }
    trace(cmd->kind == COMMAND_PULSE || cmd->kind == COMMAND_TICK ? 2 : 1,
          "%s [%" PRIu64 "] %s %s%s%s node %u: %u", sim.current->machine->name, index,
          command_kind_name(cmd->kind), cmd->name != NULL ? cmd->name : "",
          cmd->other != NULL ? " " : "", cmd->other != NULL ? cmd->other : "", cmd->node,
          ret->code);
    remember(index, cmd, ret, digest);
    judge(c, cmd, ret, is_due, cluster_objects_digest(c) != before);
    oracle_judge_level(c, cmd, ret->code);
    oracle_judge_fencing(c, cmd, ret->index == index ? ret->code : ERROR_ALREADY_EXISTS, is_due);
}

/* --------------------------------------------------------------------- clients */

void oracle_on_reply(uint64_t client, uint64_t seq, const struct reply *reply)
{
    const struct record *r = &records[reply->index];

    if (reply->index > acknowledged)
        acknowledged = reply->index;
    if (reply->index == 0 && reply->code != 0)
        return; /* Turned away before it was looked at. */
    if (reply->index > last || r->client != client || r->seq != seq || r->code != reply->code)
        fail("c%" PRIu64 " was told that its call %" PRIu64 " is index %" PRIu64
             " with code %u, and it is not",
             client, seq, reply->index, reply->code);
}

uint64_t oracle_acknowledged(void)
{
    return acknowledged;
}

uint64_t oracle_index(void)
{
    return last;
}

void oracle_init(void)
{
    last = acknowledged = 0;
    oracle_forget_fencing();
    oracle_forget_level();
    memset(applied, 0, sizeof applied);
}

void oracle_release(void)
{
    while (told_offline != NULL)
        forget_told(told_offline->group);
    free(records);
    records = NULL;
    room = 0;
}
