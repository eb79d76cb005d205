/* Which node a group goes to. */
#include "tests/groupmgr/world.h"

Test(placement, next_preferred_owner_takes_over)
{
    struct world w;

    world_setup(&w, "A B C; db prefers C B");
    check_text(world_owner(&w, "db"), "C");
    world_do(&w, "down C");
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "down B");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(placement, without_preference_the_node_with_fewest_groups_gets_it)
{
    struct world w;

    world_setup(&w, "A B C; g1; g2; g3; g4");
    check_text(world_owner(&w, "g1"), "A");
    check_text(world_owner(&w, "g2"), "B");
    check_text(world_owner(&w, "g3"), "C");
    check_text(world_owner(&w, "g4"), "A");
    world_do(&w, "down A");
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_owner(&w, "g4"), "C");
    world_teardown(&w);
}
