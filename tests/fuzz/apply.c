/* A fuzz target for the state machine: the input is read as a story of valid
 * commands, told by clients, nodes and time, to a cluster of four nodes. After
 * each of them everything between the objects must hold, a refusal must have
 * changed nothing, and a copy that learns the same commands from the log, and
 * is now and then read back from a snapshot, must be its equal. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "groupmgr/groupmgr.h"
#include "net/msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(claim)                                                               \
    do {                                                                          \
        if (!(claim)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                              \
        }                                                                         \
    } while (0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { STEPS_MAX = 400, NODES = 4, REPORTS = 4, PROPERTIES = 2 };

/* ---------------------------------------------------------------- the input */

struct input {
    const uint8_t *data;
    size_t left;
};

/* The next byte, 0 when all is read. */
static unsigned take(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->data++;
}

#define PICK(in, table) ((table)[take(in) % COUNT(table)])

static const char *const nodes[] = {"A", "B", "C", "D", "E"};
static const char *const groups[] = {"g1", "g2", "G3", "g4", "none"};
static const char *const resources[] = {"r1", "r2", "r3", "r4", "R5", "r6", "r7", "r8", "none"};
static const char *const expressions[] = {
    "",
    "[r1]",
    "[r1] and [r2]",
    "[r1] or [r2]",
    "([r1] and [r2]) or [r3]",
    "([r4] or [r2]) and ([r3] or [r1])",
    "[r2] or ([r3] and ([r4] or [r1]))",
    "[r1",
};
static const uint32_t numbers[] = {0, 1, 2, 3, 5, 10, 22, 23, 100, 1000, 3000, UINT32_MAX};
static const char *const lists[] = {"", "x", "x,y", "memory=2", "memory=5,cpu=1", "cpu=0"};
static const uint64_t waits_ms[] = {0,    0,     0,      0,       1,        100,
                                    500,  1000,  5000,   60000,   900000,   3600000,
                                    7200, 86400, 250000, 1800000, 86400000, 12};

/* A command and what it points to. */
struct step {
    struct command cmd;
    const char *names[3];
    struct property properties[PROPERTIES];
    struct report reports[REPORTS];
    struct renewal renewals[NODES];
    uint8_t instructions[8];
};

/* -------------------------------------------------------------------- steps */

static void step_properties(struct input *in, struct step *s, enum object_kind object)
{
    unsigned total = 0;

    while (common_property(object, total) != NULL)
        total++;
    s->cmd.properties = s->properties;
    s->cmd.property_count = take(in) % (PROPERTIES + 1);
    for (unsigned i = 0; i < s->cmd.property_count; i++) {
        const struct common_property *common = common_property(object, take(in) % total);
        struct property *p = &s->properties[i];

        p->name = (char *)common->name;
        p->type = common->type == PROPERTY_DWORD ? PROPERTY_DWORD : PROPERTY_SZ;
        if (p->type == PROPERTY_DWORD) {
            p->dword = PICK(in, numbers);
        } else {
            p->text = (char *)PICK(in, lists);
            p->text_len = strlen(p->text);
        }
        if (object == OBJECT_RESOURCE && take(in) % 4 == 0)
            p->name = (char *)"Private";
    }
}

static void step_node(const struct cluster *c, struct input *in, struct step *s)
{
    const struct node *n;

    s->cmd.node = 1 + take(in) % COUNT(nodes);
    s->cmd.name = nodes[s->cmd.node - 1];
    s->cmd.address = "host:1";
    s->cmd.disk = take(in) % 16 == 0 ? "other" : "disk";
    n = cluster_node(c, s->cmd.node);
    s->cmd.incarnation = n != NULL ? n->incarnation - (take(in) % 16 == 0) : 0;
    s->cmd.node_seq = n != NULL ? n->renewed_seq - (take(in) % 8 == 0) : 0;
    s->cmd.ms = take(in) * 100;
    s->cmd.cause = take(in) % 2 == 0 ? CAUSE_NODE_LEASE_EXPIRED : CAUSE_NODE_STOPPED;
}

static void step_pulse(const struct cluster *c, struct input *in, struct step *s)
{
    s->cmd.renewals = s->renewals;
    s->cmd.renewal_count = NODES;
    for (unsigned i = 0; i < NODES; i++) {
        const struct node *n = cluster_node(c, i + 1);

        s->renewals[i].node = i + 1;
        s->renewals[i].incarnation = n != NULL ? n->incarnation : 0;
        unsigned whim = n != NULL ? take(in) : 0;
        s->renewals[i].seq = n != NULL ? n->renewed_seq + whim % 3 : 0;
        s->renewals[i].flags = whim >= 224 ? RENEWAL_BEHIND : whim >= 192 ? RENEWAL_TELL : 0;
    }
}

/* What the owner of `r` would say if it did as it is told, or one of the other
 * things that it might say. */
static enum report_event report_event(struct input *in, const struct resource *r)
{
    unsigned whim = take(in);

    if (whim >= 192)
        return (enum report_event)(1 + whim % (REPORT_EVENT_END - 1));
    if (r->state == RESOURCE_ONLINE_PENDING)
        return REPORT_ONLINE;
    if (r->state == RESOURCE_OFFLINE_PENDING)
        return REPORT_OFFLINE;
    return whim % 2 == 0 ? REPORT_UNLOCKED : REPORT_LOCKED;
}

static void step_report(const struct cluster *c, struct input *in, struct step *s)
{
    const struct resource *first = cluster_resource_by_name(c, PICK(in, resources));
    const struct node *n = cluster_node(c, first != NULL ? first->group->owner : 1);

    s->cmd.node = n != NULL ? n->id : 1;
    s->cmd.incarnation = n != NULL ? n->incarnation - (take(in) % 32 == 0) : 0;
    s->cmd.reports = s->reports;
    s->cmd.report_count = 1 + take(in) % REPORTS;
    for (unsigned i = 0; i < s->cmd.report_count; i++) {
        const struct resource *r =
            i == 0 ? first : cluster_resource_by_name(c, PICK(in, resources));
        struct report *report = &s->reports[i];

        report->event = REPORT_FAILED;
        if (r == NULL)
            continue;
        report->resource = r->id;
        report->operation = r->operation - (take(in) % 32 == 0);
        report->event = report_event(in, r);
        report->text = take(in) % 8 == 0 ? "says the handler" : NULL;
    }
}

static void step_call(struct input *in, struct step *s)
{
    struct command *cmd = &s->cmd;
    bool about_group = cmd->kind == COMMAND_GROUP_CREATE || cmd->kind == COMMAND_GROUP_DELETE ||
                       cmd->kind == COMMAND_GROUP_ONLINE || cmd->kind == COMMAND_GROUP_OFFLINE ||
                       cmd->kind == COMMAND_GROUP_MOVE || cmd->kind == COMMAND_GROUP_SET ||
                       cmd->kind == COMMAND_GROUP_CANCEL;
    bool about_node = cmd->kind == COMMAND_NODE_SET || cmd->kind == COMMAND_NODE_PAUSE ||
                      cmd->kind == COMMAND_NODE_RESUME || cmd->kind == COMMAND_NODE_EVICT;

    cmd->name = about_group ? PICK(in, groups) : about_node ? PICK(in, nodes) : PICK(in, resources);
    switch (cmd->kind) {
    case COMMAND_RESOURCE_CREATE:
    case COMMAND_RESOURCE_MOVE:
        cmd->other = PICK(in, groups);
        break;
    case COMMAND_RESOURCE_DEPEND:
    case COMMAND_RESOURCE_UNDEPEND:
        cmd->other = PICK(in, resources);
        break;
    default:
        cmd->other = take(in) % 2 == 0 ? NULL : PICK(in, nodes);
    }
    cmd->type = "dummy";
    cmd->expression = PICK(in, expressions);
    cmd->flags = take(in) % 4 == 0 ? take(in) % 0x42 : 0;
    cmd->drain = take(in) % 2 == 0;
    cmd->instructions = s->instructions;
    cmd->instructions_len = take(in) % sizeof(s->instructions);
    for (unsigned i = 0; i < COUNT(s->names); i++)
        s->names[i] = PICK(in, nodes);
    cmd->names = s->names;
    cmd->name_count = take(in) % (unsigned)(COUNT(s->names) + 1);
    cmd->has_names = take(in) % 4 == 0;
    cmd->client = take(in) % 3;
    cmd->seq = take(in);
    step_properties(in, s,
                    about_group                        ? OBJECT_GROUP
                    : about_node                       ? OBJECT_NODE
                    : cmd->kind == COMMAND_CLUSTER_SET ? OBJECT_CLUSTER
                                                       : OBJECT_RESOURCE);
    if (cmd->kind != COMMAND_GROUP_CREATE && cmd->kind != COMMAND_GROUP_SET &&
        cmd->kind != COMMAND_RESOURCE_CREATE && cmd->kind != COMMAND_RESOURCE_SET &&
        cmd->kind != COMMAND_NODE_SET && cmd->kind != COMMAND_CLUSTER_SET)
        cmd->property_count = 0;
}

static void step_any(const struct cluster *c, struct input *in, struct step *s)
{
    unsigned kind = take(in);

    memset(s, 0, sizeof(*s));
    /* Reports are what most of the log is. */
    s->cmd.kind =
        kind >= 128 ? COMMAND_REPORT : (enum command_kind)(1 + kind % (COMMAND_KIND_END - 1));
    switch (s->cmd.kind) {
    case COMMAND_NODE_UP:
    case COMMAND_NODE_DOWN:
    case COMMAND_NODE_LEAVING:
    case COMMAND_NODE_ENDED:
        step_node(c, in, s);
        s->cmd.level = take(in) % 8 == 0 ? LEVEL_MAX - 1 : LEVEL_MAX;
        break;
    case COMMAND_PULSE:
        step_pulse(c, in, s);
        break;
    case COMMAND_REPORT:
        step_report(c, in, s);
        break;
    case COMMAND_TICK:
        break;
    case COMMAND_CLUSTER_INIT:
        s->cmd.name = "other";
        s->cmd.level = take(in) % (LEVEL_MAX + 1);
        break;
    case COMMAND_CLUSTER_LEVEL:
        s->cmd.level = take(in) % (LEVEL_MAX + 2);
        break;
    default:
        step_call(in, s);
    }
}

/* --------------------------------------------------------------------- play */

static void encode(const struct command *cmd, struct bytes *out)
{
    struct msgpack_sink sink;

    bytes_clear(out);
    msgpack_sink_init(&sink, out);
    command_write(cmd, &sink.sink);
}

/* The command as it comes out of the log. */
static void apply_from_log(struct cluster *c, uint64_t now_ms, const struct command *cmd,
                           struct reply *ret)
{
    struct bytes encoded = BYTES_INIT;
    struct arena a = {0};
    const struct value *tree;
    struct command again;

    encode(cmd, &encoded);
    MUST(msgpack_read(encoded.data, encoded.len, &a, &tree) == 0);
    MUST(command_read(tree, &a, &again) == 0);
    cluster_apply(c, now_ms, &again, ret);
    arena_release(&a);
    bytes_release(&encoded);
}

static struct cluster *restored(struct cluster *c)
{
    struct bytes image = BYTES_INIT;
    struct msgpack_sink sink;
    struct arena a = {0};
    const struct value *tree;
    struct cluster *again = NULL;

    msgpack_sink_init(&sink, &image);
    cluster_write(c, &sink.sink);
    MUST(msgpack_read(image.data, image.len, &a, &tree) == 0);
    MUST(cluster_read(tree, &again) == 0);
    arena_release(&a);
    bytes_release(&image);
    cluster_free(c);
    return again;
}

struct pair {
    struct cluster *one, *two;
    uint64_t now_ms;
};

static void apply_both(struct pair *p, const struct command *cmd)
{
    struct reply first, second;
    uint64_t before;
    bool accepted;

    /* What falls due is not a refused command's doing: first let time pass. */
    cluster_apply(p->one, p->now_ms, &(struct command){.kind = COMMAND_TICK}, &first);
    cluster_apply(p->two, p->now_ms, &(struct command){.kind = COMMAND_TICK}, &second);
    MUST(cluster_next_deadline(p->one) > p->now_ms);
    before = cluster_objects_digest(p->one);
    cluster_apply(p->one, p->now_ms, cmd, &first);
    apply_from_log(p->two, p->now_ms, cmd, &second);
    cluster_check(p->one);
    accepted = first.code == 0 || first.code == ERROR_IO_PENDING ||
               first.code == ERROR_CLUSTER_GROUP_QUEUED ||
               first.code == ERROR_RESOURCE_PROPERTIES_STORED;
    MUST(accepted || cluster_objects_digest(p->one) == before);
    MUST(first.code == second.code && strcmp(first.detail, second.detail) == 0);
    MUST(cluster_digest(p->one) == cluster_digest(p->two));
    MUST(cluster_next_deadline(p->one) == cluster_next_deadline(p->two));
}

static void set_up(struct pair *p)
{
    struct command init = {.kind = COMMAND_CLUSTER_INIT, .name = "fuzz", .level = LEVEL_MAX};

    p->one = cluster_new();
    p->two = cluster_new();
    p->now_ms = 1700000000000;
    apply_both(p, &init);
    for (uint32_t i = 0; i < NODES; i++) {
        struct command up = {.kind = COMMAND_NODE_UP,
                             .level = LEVEL_MAX,
                             .node = i + 1,
                             .name = nodes[i],
                             .address = "host:1",
                             .disk = "disk"};
        apply_both(p, &up);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct command create = {.kind = COMMAND_GROUP_CREATE, .name = groups[i]};
        apply_both(p, &create);
    }
    for (unsigned i = 0; i < 7; i++) {
        struct command add = {.kind = COMMAND_RESOURCE_CREATE,
                              .name = resources[i],
                              .other = groups[i < 4 ? 0 : i - 4],
                              .type = "dummy"};
        apply_both(p, &add);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct pair p;
    struct step s;

    set_up(&p);
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++) {
        unsigned time = take(&in);

        p.now_ms += waits_ms[time % COUNT(waits_ms)];
        step_any(p.one, &in, &s);
        apply_both(&p, &s.cmd);
        if (time >= 240)
            p.two = restored(p.two);
    }
    p.two = restored(p.two);
    MUST(cluster_digest(p.one) == cluster_digest(p.two));
    cluster_free(p.one);
    cluster_free(p.two);
    return 0;
}
