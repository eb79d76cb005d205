#include "node/directory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

static char dir[40];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/holdfast-directory-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
    char *path = xasprintf("%s/peers", dir);

    unlink(path);
    free(path);
    cr_assert_eq(rmdir(dir), 0, "nothing else was left there");
}

TestSuite(directory, .init = setup, .fini = teardown);

static void put(const char *text)
{
    char *path = xasprintf("%s/peers", dir);
    FILE *f = fopen(path, "w");

    free(path);
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static struct cluster *three_nodes(void)
{
    struct cluster *c = cluster_new();
    struct reply reply;

    cluster_apply(
        c, 1000,
        &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "test", .level = LEVEL_MAX},
        &reply);
    for (uint32_t id = 1; id <= 3; id++) {
        struct command up = {.kind = COMMAND_NODE_UP, .node = id, .level = LEVEL_MAX};
        char name[16], address[32];

        snprintf(name, sizeof name, "node %u", id);
        snprintf(address, sizeof address, "host%u.example:7400", id);
        up.name = name;
        up.address = address;
        up.disk = name;
        cluster_apply(c, 1000, &up, &reply);
        cr_assert_eq(reply.code, 0);
    }
    return c;
}

Test(directory, holds_the_others_and_not_this_one)
{
    struct directory_entry e[NODES_MAX];
    struct directory *d = directory_open(dir, 2);
    struct cluster *c = three_nodes();

    cr_assert_eq(directory_read(dir, e), 0, "nothing yet");
    directory_keep(d, c);
    cr_assert_eq(directory_read(dir, e), 2);
    cr_assert_eq(e[0].id, 1);
    cr_assert_str_eq(e[0].address, "host1.example:7400");
    cr_assert_str_eq(e[1].name, "node 3");
    directory_close(d);
    cluster_free(c);
}

Test(directory, an_empty_state_takes_nothing_away)
{
    struct directory_entry e[NODES_MAX];
    struct directory *d = directory_open(dir, 2);
    struct cluster *full = three_nodes(), *empty = cluster_new();

    directory_keep(d, full);
    directory_close(d);
    d = directory_open(dir, 2);
    directory_keep(d, empty);
    cr_assert_eq(directory_read(dir, e), 2);
    directory_close(d);
    cluster_free(full);
    cluster_free(empty);
}

Test(directory, lines_that_are_not_to_be_read_are_passed_over)
{
    struct directory_entry e[NODES_MAX];

    put("\n7\nseven host:1 n7\n0 host:1 n0\n8 host:1\n8 host:1 \n99999999999 host:1 n\n"
        "9 host:9 n9\n 10 host:1");
    cr_assert_eq(directory_read(dir, e), 1);
    cr_assert_eq(e[0].id, 9);
    cr_assert_str_eq(e[0].name, "n9");
}
