/* Dependencies. */
#include "tests/groupmgr/world.h"

Test(depend, chain_has_a_maximum_length)
{
    struct world w;

    world_setup(&w, "A; db");
    for (unsigned i = 1; i <= DEPENDENCY_DEPTH_MAX + 1; i++)
        check_code(world_do(&w, "add r%u to db", i), 0);
    /* From both ends, so that the new link joins two chains. */
    for (unsigned i = 2; i <= 50; i++)
        check_code(world_do(&w, "depend r%u r%u", i, i - 1), 0);
    for (unsigned i = DEPENDENCY_DEPTH_MAX + 1; i > 51; i--)
        check_code(world_do(&w, "depend r%u r%u", i, i - 1), 0);
    check_code(world_do(&w, "depend r51 r50"), ERROR_DEPENDENCY_TREE_TOO_COMPLEX);
    check_code(world_do(&w, "undepend r101 r100"), 0);
    check_code(world_do(&w, "depend r51 r50"), 0);
    world_do(&w, "online db");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(depend, many_diamonds_are_walked_in_time)
{
    struct world w;

    /* 2^30 ways from top to bottom: a walk must not take each of them. */
    world_setup(&w, "A; db: t0");
    for (unsigned i = 1; i <= 30; i++) {
        world_do(&w, "add l%u to db", i);
        world_do(&w, "add r%u to db", i);
        world_do(&w, "add t%u to db", i);
        world_do(&w, "depend l%u t%u", i, i - 1);
        world_do(&w, "depend r%u t%u", i, i - 1);
        world_do(&w, "depend t%u l%u", i, i);
        check_code(world_do(&w, "depend t%u r%u", i, i), 0);
    }
    check_code(world_do(&w, "depend t0 t30"), ERROR_CIRCULAR_DEPENDENCY);
    world_do(&w, "bring t30");
    world_run(&w);
    world_do(&w, "report t0 failed");
    world_run(&w);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(depend, online_resource_may_depend_on_an_online_one)
{
    struct world w;

    world_setup(&w, "A; db: disk app log");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "depend app disk"), 0);
    world_do(&w, "offline db");
    check_text(world_states(&w, "db"),
               "Pending: disk Online, app OfflinePending, log OfflinePending");
    world_teardown(&w);
}

Test(depend, dependency_decides_what_is_top_level)
{
    struct world w;

    world_setup(&w, "A; db: disk app");
    world_do(&w, "bring disk");
    world_run(&w);
    check_text(world_state(&w, "db"), "PartialOnline");
    world_do(&w, "depend app disk");
    check_text(world_state(&w, "db"), "Offline");
    world_do(&w, "undepend app disk");
    check_text(world_state(&w, "db"), "PartialOnline");
    world_teardown(&w);
}

/* The order in which dependents came to be is not part of the state, so no
 * answer may show it. */
Test(depend, oldest_dependent_is_named)
{
    struct world w;

    world_setup(&w, "A; db: disk one>disk two>disk");
    check_code(world_do(&w, "undepend one disk"), 0);
    check_code(world_do(&w, "depend one disk"), 0);
    check_code(world_do(&w, "remove disk"), ERROR_DEPENDENT_RESOURCE_EXISTS);
    check_text(w.reply.detail, "one depends on disk");
    world_teardown(&w);
}
