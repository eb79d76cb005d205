/* Writes the seeds of the fuzz target of commands and snapshots into a folder:
 *
 *     command_seeds tests/fuzz/corpus/command
 *
 * One command of each kind with every field in use, and snapshots of a cluster
 * that has been through something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "groupmgr/groupmgr.h"
#include "net/msgpack.h"

enum { AS_COMMAND = 0, AS_CLUSTER = 1 };

static void seed_write(const char *name, int as, const struct bytes *b)
{
    FILE *file = fopen(name, "wb");

    if (file == NULL || fputc(as, file) == EOF || fwrite(b->data, 1, b->len, file) != b->len ||
        fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

static void seed_command(const struct command *cmd)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink sink;

    msgpack_sink_init(&sink, &b);
    command_write(cmd, &sink.sink);
    seed_write(command_kind_name(cmd->kind), AS_COMMAND, &b);
    bytes_release(&b);
}

static void seed_cluster(const char *name, const struct cluster *c)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink sink;

    msgpack_sink_init(&sink, &b);
    cluster_write(c, &sink.sink);
    seed_write(name, AS_CLUSTER, &b);
    bytes_release(&b);
}

static void seeds_commands(void)
{
    static const char *const names[] = {"A", "B"};
    static const struct property properties[] = {
        {.name = "Priority", .type = PROPERTY_DWORD, .dword = 3000},
        {.name = "Needs", .type = PROPERTY_MULTI_SZ, .text = "memory=1\0cpu=2\0", .text_len = 15},
        {.name = "Description", .type = PROPERTY_SZ, .text = "text", .text_len = 4},
    };
    static const struct report reports[] = {
        {.resource = 8, .operation = 9, .event = REPORT_FAILED, .code = 5038, .text = "says why"},
    };
    static const struct renewal renewals[] = {{1, 2, 3, 0},
                                              {2, 3, 4, RENEWAL_BEHIND | RENEWAL_TELL}};
    static const uint8_t instructions[] = {0, 0, 0, 0};
    struct command cmd = {.client = 7,
                          .seq = 8,
                          .name = "g1",
                          .other = "B",
                          .type = "dummy",
                          .expression = "([r1] and [r2]) or [r3]",
                          .flags = 1,
                          .drain = true,
                          .instructions = instructions,
                          .instructions_len = sizeof(instructions),
                          .properties = properties,
                          .property_count = 3,
                          .names = names,
                          .name_count = 2,
                          .has_names = true,
                          .node = 1,
                          .incarnation = 2,
                          .node_seq = 3,
                          .cause = CAUSE_NODE_LEASE_EXPIRED,
                          .address = "host:1",
                          .disk = "disk",
                          .renewals = renewals,
                          .renewal_count = 2,
                          .reports = reports,
                          .report_count = 1};

    for (int kind = COMMAND_TICK; kind < COMMAND_KIND_END; kind++) {
        cmd.kind = (enum command_kind)kind;
        seed_command(&cmd);
    }
}

static void apply(struct cluster *c, const struct command *cmd)
{
    struct reply reply;

    cluster_apply(c, cluster_now_ms(c) + 100, cmd, &reply);
}

static void seeds_clusters(void)
{
    static const char *const nodes[] = {"A", "B", "C"};
    struct cluster *c = cluster_new();

    seed_cluster("cluster-new", c);
    apply(c, &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "fuzz", .level = LEVEL_MAX});
    for (unsigned i = 0; i < 3; i++)
        apply(c, &(struct command){.kind = COMMAND_NODE_UP,
                                   .level = LEVEL_MAX,
                                   .node = i + 1,
                                   .name = nodes[i],
                                   .address = "host:1",
                                   .disk = "disk"});
    apply(c, &(struct command){
                 .kind = COMMAND_GROUP_CREATE, .name = "g1", .names = nodes, .name_count = 2});
    for (unsigned i = 0; i < 3; i++)
        apply(c, &(struct command){.kind = COMMAND_RESOURCE_CREATE,
                                   .name = (const char *[]){"r1", "r2", "r3"}[i],
                                   .other = "g1",
                                   .type = "dummy"});
    apply(c, &(struct command){.kind = COMMAND_RESOURCE_DEPENDENCIES,
                               .name = "r3",
                               .expression = "[r1] or [r2]"});
    seed_cluster("cluster-offline", c);
    apply(c, &(struct command){.kind = COMMAND_GROUP_ONLINE, .name = "g1", .client = 5, .seq = 1});
    seed_cluster("cluster-pending", c);
    apply(c, &(struct command){.kind = COMMAND_NODE_DOWN,
                               .node = 1,
                               .incarnation = 2,
                               .cause = CAUSE_NODE_LEASE_EXPIRED});
    seed_cluster("cluster-failover", c);
    cluster_free(c);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: command_seeds FOLDER\n");
        return 2;
    }
    if (chdir(argv[1]) != 0) {
        perror(argv[1]);
        return 1;
    }
    seeds_commands();
    seeds_clusters();
    return 0;
}
