/* A fuzz target for the decoders of the log and of snapshots: any bytes are a
 * command, a snapshot, or refused. What is accepted says the same when it is
 * written again; a command that was accepted can be applied, whatever it says;
 * a snapshot that was accepted is sound and goes on working. */
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

static void write_command(const struct command *cmd, struct bytes *out)
{
    struct msgpack_sink sink;

    msgpack_sink_init(&sink, out);
    command_write(cmd, &sink.sink);
}

static void write_cluster(const struct cluster *c, struct bytes *out)
{
    struct msgpack_sink sink;

    msgpack_sink_init(&sink, out);
    cluster_write(c, &sink.sink);
}

static void same_again(const struct command *cmd)
{
    struct bytes once = BYTES_INIT, twice = BYTES_INIT;
    struct arena a = {0};
    const struct value *tree;
    struct command again;

    write_command(cmd, &once);
    MUST(msgpack_read(once.data, once.len, &a, &tree) == 0);
    MUST(command_read(tree, &a, &again) == 0);
    write_command(&again, &twice);
    MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    bytes_release(&once);
    bytes_release(&twice);
    arena_release(&a);
}

static void try_command(const struct value *tree, struct arena *a)
{
    struct cluster *c;
    struct command cmd;
    struct reply reply;

    if (command_read(tree, a, &cmd) != 0)
        return;
    same_again(&cmd);
    c = cluster_new();
    cluster_apply(c, 1000, &cmd, &reply);
    cluster_check(c);
    cluster_free(c);
}

static void try_cluster(const struct value *tree)
{
    struct bytes once = BYTES_INIT, twice = BYTES_INIT;
    struct arena a = {0};
    const struct value *tree_again;
    struct cluster *c = NULL, *again = NULL;
    struct reply reply;

    if (cluster_read(tree, &c) != 0)
        return;
    cluster_check(c);
    write_cluster(c, &once);
    MUST(msgpack_read(once.data, once.len, &a, &tree_again) == 0);
    MUST(cluster_read(tree_again, &again) == 0);
    write_cluster(again, &twice);
    MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    MUST(cluster_digest(c) == cluster_digest(again));
    cluster_apply(c, cluster_now_ms(c) + 1000, &(struct command){.kind = COMMAND_TICK}, &reply);
    cluster_check(c);
    cluster_free(c);
    cluster_free(again);
    bytes_release(&once);
    bytes_release(&twice);
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    const struct value *tree;

    if (size > 0 && msgpack_read(data + 1, size - 1, &a, &tree) == 0) {
        if (data[0] % 2 == 0)
            try_command(tree, &a);
        else
            try_cluster(tree);
    }
    arena_release(&a);
    return 0;
}
