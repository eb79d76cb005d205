/* Groups are created and deleted. */
#include "tests/groupmgr/world.h"

Test(group, group_goes_to_its_first_live_preferred_owner)
{
    struct world w;
    const char *const names[] = {"B", "C"};
    struct command cmd = {
        .kind = COMMAND_GROUP_CREATE, .name = "new", .names = names, .name_count = 2};

    world_setup(&w, "A B C");
    world_do(&w, "down B");
    check_code(world_apply(&w, &cmd), 0);
    check_text(world_owner(&w, "new"), "C");
    cr_assert_eq(world_group(&w, "new")->id, w.reply.index);
    cr_assert_eq(world_group(&w, "new")->preferred_count, 2);
    cr_assert_not(world_group(&w, "new")->persistent_online);
    check_code(world_do(&w, "drop new"), 0);
    cr_assert_null(cluster_group_by_name(w.cluster, "new"));
    world_teardown(&w);
}

Test(group, preferred_owners_are_nodes_and_named_once)
{
    struct world w;
    const char *const unknown[] = {"A", "Z"}, *const twice[] = {"A", "a"};
    struct command cmd = {
        .kind = COMMAND_GROUP_CREATE, .name = "new", .names = unknown, .name_count = 2};

    world_setup(&w, "A B");
    check_code(world_apply(&w, &cmd), ERROR_CLUSTER_NODE_NOT_FOUND);
    cmd.names = twice;
    check_code(world_apply(&w, &cmd), ERROR_INVALID_PARAMETER);
    world_teardown(&w);
}

Test(group, names_are_checked)
{
    struct world w;
    struct command cmd = {.kind = COMMAND_GROUP_CREATE, .name = "  "};

    world_setup(&w, "A; g");
    check_code(world_apply(&w, &cmd), ERROR_INVALID_NAME);
    cmd.name = NULL;
    check_code(world_apply(&w, &cmd), ERROR_INVALID_NAME);
    cmd = (struct command){
        .kind = COMMAND_RESOURCE_CREATE, .name = "", .other = "g", .type = "dummy"};
    check_code(world_apply(&w, &cmd), ERROR_INVALID_NAME);
    cmd.name = "r";
    cmd.type = "";
    check_code(world_apply(&w, &cmd), ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND);
    world_teardown(&w);
}
