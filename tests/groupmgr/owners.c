/* Possible owners of resources. */
#include "tests/groupmgr/world.h"

static uint32_t set_owners(struct world *w, const char *const *names, unsigned count)
{
    return world_apply(w, &(struct command){.kind = COMMAND_RESOURCE_SET,
                                            .name = "app",
                                            .names = names,
                                            .name_count = count,
                                            .has_names = true});
}

Test(owners, taking_one_away_leaves_a_list_of_the_others)
{
    struct world w;
    const struct resource *r;

    world_setup(&w, "A B C; db: app");
    check_code(world_do(&w, "forbid app B"), 0);
    r = world_resource(&w, "app");
    cr_assert_eq(r->possible_count, 2);
    cr_assert(resource_possible_on(r, world_node(&w, "A")->id));
    cr_assert_not(resource_possible_on(r, world_node(&w, "B")->id));
    check_code(world_do(&w, "allow app B"), 0);
    cr_assert_eq(world_resource(&w, "app")->possible_count, 3);
    check_code(world_do(&w, "allow app B"), ERROR_OBJECT_ALREADY_EXISTS);
    world_teardown(&w);
}

Test(owners, list_may_become_empty_and_then_nobody_hosts_it)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "forbid app A");
    check_code(world_do(&w, "forbid app B"), 0);
    cr_assert_not_null(world_resource(&w, "app")->possible);
    cr_assert_eq(world_resource(&w, "app")->possible_count, 0);
    check_code(world_do(&w, "online db"), ERROR_HOST_NODE_NOT_RESOURCE_OWNER);
    check_code(world_do(&w, "bring app"), ERROR_HOST_NODE_NOT_RESOURCE_OWNER);
    check_code(world_do(&w, "allow app B"), 0);
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(owners, present_owner_goes_when_the_resource_does_not_run)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "forbid app A"), ERROR_INVALID_STATE);
    world_do(&w, "stop app");
    world_run(&w);
    check_code(world_do(&w, "forbid app A"), 0);
    world_teardown(&w);
}

Test(owners, list_is_set_at_once)
{
    struct world w;
    const char *const two[] = {"C", "A"}, *const other[] = {"B"}, *const twice[] = {"A", "A"},
                      *const unknown[] = {"A", "Z"};

    world_setup(&w, "A B C; db: app");
    check_code(set_owners(&w, two, 2), 0);
    cr_assert_eq(world_resource(&w, "app")->possible_count, 2);
    cr_assert_eq(world_resource(&w, "app")->possible[0], world_node(&w, "A")->id);
    world_do(&w, "online db");
    world_run(&w);
    check_code(set_owners(&w, other, 1), ERROR_INVALID_STATE);
    check_code(set_owners(&w, twice, 2), ERROR_INVALID_PARAMETER);
    check_code(set_owners(&w, unknown, 2), ERROR_CLUSTER_NODE_NOT_FOUND);
    cr_assert_eq(world_resource(&w, "app")->possible_count, 2);
    check_code(set_owners(&w, NULL, 0), 0);
    cr_assert_null(world_resource(&w, "app")->possible);
    world_teardown(&w);
}

Test(owners, new_owner_frees_what_waits_for_one)
{
    struct world w;

    world_setup(&w, "A B C; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app locked");
    world_do(&w, "forbid log C");
    world_do(&w, "move db flags 4");
    world_do(&w, "down B");
    world_do(&w, "report app unlocked");
    cr_assert_eq(world_group(&w, "db")->operation.wait, CAUSE_WAITS_FOR_NODE);
    world_do(&w, "allow log C");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    world_teardown(&w);
}

/* What kept the group from all nodes that are up goes away: so does the group. */
Test(owners, group_that_nobody_could_host_goes_on_without_the_resource)
{
    struct world w;

    world_setup(&w, "A B; db: app log; web: page");
    world_do(&w, "forbid app B");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "down A");
    check_text(world_owner(&w, "db"), "A");
    check_code(world_do(&w, "remove app"), 0);
    check_text(world_owner(&w, "db"), "B");
    world_run(&w);
    check_text(world_state(&w, "log"), "Online");
    world_teardown(&w);
}

Test(owners, group_that_nobody_could_host_goes_on_once_its_refusals_are_dropped)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "online db");
    world_do(&w, "report app cannot-here");
    check_text(world_owner(&w, "db"), "B");
    world_run(&w);
    world_do(&w, "down B");
    check_text(world_owner(&w, "db"), "B");
    check_code(world_do(&w, "set app Command x"), 0);
    check_text(world_owner(&w, "db"), "A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}
