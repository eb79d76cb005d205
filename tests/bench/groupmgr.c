/* What decisions cost when much exists: 64 nodes, 8,000 groups of 5 resources.
 * `make bench-groupmgr` prints a table; with --check it ends with 1 if a figure
 * is over its bound. One thread, no disk, no network: the state machine alone,
 * and the encoding of its snapshot. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "groupmgr/groupmgr.h"
#include "net/msgpack.h"

enum { NODES = 64, GROUPS = 8000, RESOURCES = 5, SAMPLES = 2000, STEP_MS = 1 };

struct bench {
    struct cluster *cluster;
    uint64_t now_ms;
    bool check;
    bool failed;
};

/* Of this thread's processor time: nothing here waits, and what else the machine
 * has to do must not be counted. */
static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double megabytes(void)
{
    struct mallinfo2 m = mallinfo2();

    return (double)(m.uordblks + m.hblkhd) / 1e6;
}

/* One line of the table; `bound` 0: only told. */
static void tell(struct bench *b, const char *what, double value, const char *unit, double bound)
{
    bool over = bound > 0 && value > bound;

    printf("%-58s %9.2f %-3s", what, value, unit);
    if (bound > 0)
        printf("  (at most %g) %s", bound, over ? "OVER" : "ok");
    printf("\n");
    b->failed |= over && b->check;
}

static void apply(struct bench *b, const struct command *cmd, uint32_t expected)
{
    struct reply reply;

    b->now_ms += STEP_MS;
    cluster_apply(b->cluster, b->now_ms, cmd, &reply);
    if (reply.code == expected)
        return;
    fprintf(stderr, "%s %s: %u %s\n", command_kind_name(cmd->kind),
            cmd->name != NULL ? cmd->name : "", reply.code, reply.detail);
    exit(1);
}

static void group_name(unsigned g, char name[32])
{
    snprintf(name, 32, "group-%04u", g);
}

/* ------------------------------------------------------------------ set-up */

static void add_nodes(struct bench *b)
{
    for (unsigned n = 1; n <= NODES; n++) {
        char name[32];
        struct command up = {
            .kind = COMMAND_NODE_UP, .node = n, .name = name, .address = "host:1", .disk = "disk"};

        snprintf(name, sizeof(name), "node-%02u", n);
        apply(b, &up, 0);
    }
}

/* A disk, an address, a database on both, two services on it. */
static void add_group(struct bench *b, unsigned g)
{
    static const char *const parts[RESOURCES] = {"disk", "ip", "db", "web", "mail"};
    static const struct {
        unsigned dependent, provider;
    } edges[] = {{2, 0}, {2, 1}, {3, 2}, {4, 2}};
    struct property type = {.name = "CommandLine",
                            .type = PROPERTY_SZ,
                            .text = (char *)"exec /usr/bin/service --serve",
                            .text_len = strlen("exec /usr/bin/service --serve")};
    char group[32], names[RESOURCES][48];
    struct command create = {.kind = COMMAND_GROUP_CREATE, .name = group};

    group_name(g, group);
    apply(b, &create, 0);
    for (unsigned i = 0; i < RESOURCES; i++) {
        struct command add = {.kind = COMMAND_RESOURCE_CREATE,
                              .name = names[i],
                              .other = group,
                              .type = "process",
                              .properties = &type,
                              .property_count = 1};

        snprintf(names[i], sizeof(names[i]), "%s-%s", group, parts[i]);
        apply(b, &add, 0);
    }
    for (unsigned i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        struct command depend = {.kind = COMMAND_RESOURCE_DEPEND,
                                 .name = names[edges[i].dependent],
                                 .other = names[edges[i].provider]};
        apply(b, &depend, 0);
    }
}

/* ------------------------------------------------------------------- nodes */

/* Everything of `g` that is pending is done, and its owner says so at once.
 * The number of reports. */
static unsigned settle(struct bench *b, const struct group *g)
{
    unsigned reports = 0, round;

    do {
        round = 0;
        for (unsigned i = 0; i < g->resource_count; i++) {
            const struct resource *r = g->resources[i];
            struct report report = {.resource = r->id, .operation = r->operation};
            struct command cmd = {.kind = COMMAND_REPORT,
                                  .node = g->owner,
                                  .incarnation = cluster_node(b->cluster, g->owner)->incarnation,
                                  .reports = &report,
                                  .report_count = 1};

            if (r->state == RESOURCE_ONLINE_PENDING)
                report.event = REPORT_ONLINE;
            else if (r->state == RESOURCE_OFFLINE_PENDING)
                report.event = REPORT_OFFLINE;
            else
                continue;
            apply(b, &cmd, 0);
            round++;
        }
        reports += round;
    } while (round > 0);
    return reports;
}

static const struct group *find_group(const struct bench *b, unsigned g)
{
    char name[32];

    group_name(g, name);
    return cluster_group_by_name(b->cluster, name);
}

static void settle_all(struct bench *b)
{
    const struct group *g = NULL;

    while ((g = cluster_next_group(b->cluster, g)) != NULL)
        settle(b, g);
}

/* ---------------------------------------------------------------- measures */

static void call(struct bench *b, enum command_kind kind, unsigned g)
{
    char name[32];
    struct command cmd = {.kind = kind, .name = name};

    group_name(g, name);
    apply(b, &cmd, ERROR_IO_PENDING);
}

static void measure_load(struct bench *b)
{
    double before = megabytes(), start = seconds();

    add_nodes(b);
    for (unsigned g = 0; g < GROUPS; g++)
        add_group(b, g);
    tell(b, "load 8,000 groups of 5 resources on 64 nodes", seconds() - start, "s", 0);
    start = seconds();
    for (unsigned g = 0; g < GROUPS; g++) {
        call(b, COMMAND_GROUP_ONLINE, g);
        settle(b, find_group(b, g));
    }
    tell(b, "bring them online, each resource reported for itself", seconds() - start, "s", 0);
    tell(b, "memory of the state", megabytes() - before, "MB", 60);
}

static void measure_calls(struct bench *b)
{
    double offline = 0, report = 0, digest = 0, start;
    unsigned reports = 0;

    for (unsigned i = 0; i < SAMPLES; i++) {
        unsigned g = i * (GROUPS / SAMPLES);

        start = seconds();
        call(b, COMMAND_GROUP_OFFLINE, g);
        offline += seconds() - start;
        /* Each replica takes one with every pulse, over what has changed since. */
        start = seconds();
        cluster_digest(b->cluster);
        digest += seconds() - start;
        start = seconds();
        reports += settle(b, find_group(b, g));
        report += seconds() - start;
        call(b, COMMAND_GROUP_ONLINE, g);
        settle(b, find_group(b, g));
    }
    tell(b, "one group offline", offline / SAMPLES * 1e6, "us", 20);
    tell(b, "the digest after it", digest / SAMPLES * 1e6, "us", 0);
    tell(b, "one resource report", report / reports * 1e6, "us", 20);
}

static double lose_node(struct bench *b, uint32_t id)
{
    const struct node *n = cluster_node(b->cluster, id);
    struct command down = {.kind = COMMAND_NODE_DOWN,
                           .node = id,
                           .incarnation = n->incarnation,
                           .node_seq = n->renewed_seq,
                           .cause = CAUSE_NODE_LEASE_EXPIRED};
    double start = seconds();

    apply(b, &down, 0);
    return seconds() - start;
}

static unsigned groups_of(const struct bench *b, uint32_t id)
{
    const struct group *g = NULL;
    unsigned count = 0;

    while ((g = cluster_next_group(b->cluster, g)) != NULL)
        count += g->owner == id;
    return count;
}

static void measure_losses(struct bench *b)
{
    char what[80];
    double took;

    snprintf(what, sizeof(what), "loss of a node that owns %u groups", groups_of(b, 1));
    tell(b, what, lose_node(b, 1) * 1e3, "ms", 10);
    settle_all(b);
    took = 0;
    for (uint32_t id = 2; id <= NODES / 3; id++)
        took += lose_node(b, id);
    snprintf(what, sizeof(what), "loss of a third of the nodes (%u)", NODES / 3);
    tell(b, what, took * 1e3, "ms", 0);
    settle_all(b);
}

static void measure_snapshot(struct bench *b)
{
    struct bytes image = BYTES_INIT;
    struct msgpack_sink sink;
    struct arena arena = {0};
    const struct value *tree;
    struct cluster *copy = NULL;
    double start = seconds();

    msgpack_sink_init(&sink, &image);
    cluster_write(b->cluster, &sink.sink);
    tell(b, "snapshot: the loop's time", (seconds() - start) * 1e3, "ms", 100);
    tell(b, "snapshot: size", (double)image.len / 1e6, "MB", 0);
    start = seconds();
    if (msgpack_read(image.data, image.len, &arena, &tree) != 0 || cluster_read(tree, &copy) != 0 ||
        cluster_digest(copy) != cluster_digest(b->cluster)) {
        fprintf(stderr, "the snapshot is not read back\n");
        exit(1);
    }
    tell(b, "restore of it", (seconds() - start) * 1e3, "ms", 0);
    cluster_free(copy);
    arena_release(&arena);
    bytes_release(&image);
}

int main(int argc, char **argv)
{
    struct bench b = {.cluster = cluster_new(), .now_ms = 1700000000000};

    b.check = argc > 1 && strcmp(argv[1], "--check") == 0;
    measure_load(&b);
    measure_calls(&b);
    measure_losses(&b);
    measure_snapshot(&b);
    cluster_free(b.cluster);
    return b.failed ? 1 : 0;
}
