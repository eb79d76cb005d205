/* Maintenance of a resource: when it begins, and what ends it. */
#include "tests/groupmgr/world.h"

static void setup_maintained(struct world *w)
{
    world_setup(w, "A B; db: disk app>disk");
    world_do(w, "online db");
    world_run(w);
    check_code(world_do(w, "maintain app flags 1"), 0);
    cr_assert(world_resource(w, "app")->maintenance);
    check_text(world_state(w, "db"), "Online");
}

Test(maintenance, begins_and_ends_with_an_event)
{
    struct world w;

    world_setup(&w, "A; db: app");
    world_do(&w, "online db");
    world_run(&w);
    world_story(&w);
    check_code(world_do(&w, "maintain app flags 1"), 0);
    check_code(world_do(&w, "maintain app flags 1"), 0);
    check_code(world_do(&w, "maintain app flags 0"), 0);
    check_code(world_do(&w, "maintain app flags 0"), 0);
    check_text(world_story(&w), "app@A maintenance-begun\napp@A maintenance-ended\n");
    world_teardown(&w);
}

Test(maintenance, does_not_outlast_an_offline)
{
    struct world w;

    setup_maintained(&w);
    world_do(&w, "stop app");
    cr_assert_not(world_resource(&w, "app")->maintenance);
    world_teardown(&w);
}

Test(maintenance, does_not_outlast_a_move)
{
    struct world w;

    setup_maintained(&w);
    world_do(&w, "move db");
    cr_assert_not(world_resource(&w, "app")->maintenance);
    world_teardown(&w);
}

Test(maintenance, does_not_outlast_its_owner)
{
    struct world w;

    setup_maintained(&w);
    world_do(&w, "down A");
    cr_assert_not(world_resource(&w, "app")->maintenance);
    world_teardown(&w);
}

Test(maintenance, of_another_resource_is_left_alone_by_an_offline)
{
    struct world w;

    world_setup(&w, "A; db: app log");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "maintain app flags 1");
    world_do(&w, "stop log");
    world_run(&w);
    cr_assert(world_resource(&w, "app")->maintenance);
    world_teardown(&w);
}

Test(maintenance, does_not_end_while_it_is_pending)
{
    struct world w;

    setup_maintained(&w);
    world_do(&w, "report app failed");
    cr_assert(world_resource(&w, "app")->maintenance);
    world_do(&w, "bring app");
    check_text(world_state(&w, "app"), "OnlinePending");
    check_code(world_do(&w, "maintain app flags 0"), ERROR_INVALID_STATE);
    world_run(&w);
    check_code(world_do(&w, "maintain app flags 0"), 0);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}
