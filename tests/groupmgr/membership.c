/* Nodes are added and remembered when they have gone. */
#include <string.h>

#include "tests/groupmgr/world.h"

static struct command join_of(const char *name, const char *disk)
{
    return (struct command){.kind = COMMAND_NODE_JOIN,
                            .level = LEVEL_MAX,
                            .name = name,
                            .address = "somewhere:7400",
                            .disk = disk};
}

Test(membership, node_that_joins_is_down_until_it_comes_up)
{
    struct world w;
    struct command join = join_of("C", "disk-of-C");

    world_setup(&w, "A B; db prefers A B: disk");
    check_code(world_apply(&w, &join), 0);
    check_text(world_story(&w), "C@C joined\n");
    cr_assert_eq(world_node(&w, "C")->id, 3);
    cr_assert_eq(world_node(&w, "C")->state, NODE_DOWN);
    cr_assert_str_eq(world_node(&w, "C")->address, "somewhere:7400");
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    world_run(&w);
    check_code(world_do(&w, "down A"), 0);
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_code(world_do(&w, "up C"), 0);
    cr_assert_eq(world_node(&w, "C")->state, NODE_UP);
    world_teardown(&w);
}

Test(membership, joining_twice_is_joining_once)
{
    struct world w;
    struct command join = join_of("C", "disk-of-C"), other = join_of("c", "another disk");

    world_setup(&w, "A B; db");
    check_code(world_apply(&w, &join), 0);
    check_code(world_apply(&w, &join), 0);
    cr_assert_eq(world_node(&w, "C")->id, 3);
    check_code(world_apply(&w, &other), ERROR_CLUSTER_NODE_EXISTS);
    cr_assert(strstr(w.reply.detail, "evict it first") != NULL, "%s", w.reply.detail);
    world_teardown(&w);
}

Test(membership, what_makes_no_node_is_refused)
{
    struct world w;
    struct command join = join_of("", "d");

    world_setup(&w, "A; db");
    check_code(world_apply(&w, &join), ERROR_INVALID_NAME);
    join = join_of("C", "");
    check_code(world_apply(&w, &join), ERROR_INVALID_PARAMETER);
    join = join_of("C", "d");
    join.flags = 2;
    check_code(world_apply(&w, &join), ERROR_INVALID_PARAMETER);
    join.flags = 0;
    join.node = UINT32_MAX;
    check_code(world_apply(&w, &join), ERROR_CLUSTER_TOO_MANY_NODES);
    cr_assert_null(cluster_node(w.cluster, 2));
    world_teardown(&w);
}

Test(membership, an_id_is_never_given_twice)
{
    struct world w;
    struct command join = join_of("C", "disk-of-C");
    struct command up = {
        .kind = COMMAND_NODE_UP, .level = LEVEL_MAX, .node = 3, .name = "C", .disk = "disk-of-C"};
    struct command removed = {.kind = COMMAND_NODE_REMOVED, .node = 3};
    bool is_removed = true;

    world_setup(&w, "A B; db");
    check_code(world_apply(&w, &join), 0);
    check_code(world_apply(&w, &removed), ERROR_CLUSTER_NODE_NOT_FOUND);
    check_code(world_do(&w, "evict C"), 0);
    cr_assert(cluster_departed(w.cluster, 3, &is_removed));
    cr_assert_not(is_removed);
    cr_assert_eq(cluster_next_departing(w.cluster, 0), 3);
    check_code(world_apply(&w, &up), ERROR_CLUSTER_NODE_NOT_MEMBER);
    check_code(world_apply(&w, &removed), 0);
    cr_assert(cluster_departed(w.cluster, 3, &is_removed) && is_removed);
    cr_assert_eq(cluster_next_departing(w.cluster, 0), 0);
    check_code(world_apply(&w, &up), ERROR_CLUSTER_NODE_NOT_MEMBER);

    check_code(world_apply(&w, &join), 0);
    cr_assert_eq(world_node(&w, "C")->id, 4);
    join = join_of("D", "disk-of-D");
    join.node = 9; /* So many are in the raft configuration, and have not come up yet. */
    check_code(world_apply(&w, &join), 0);
    cr_assert_eq(world_node(&w, "D")->id, 10);
    cr_assert_not(cluster_departed(w.cluster, 5, NULL));
    world_teardown(&w);
}
