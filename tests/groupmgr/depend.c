/* Dependencies. */
#include <stdio.h>
#include <string.h>

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

/* -------------------------------------------------------------- expressions */

Test(depend, expression_is_kept_in_its_normal_form)
{
    struct world w;
    char text[64];

    world_setup(&w, "A; db: a b c top");
    check_code(world_do(&w, "needs top [C] or ([a] AND [b])"), 0);
    check_text(world_needs(&w, "top"), "[c] or ([a] and [b])");
    cr_assert_eq(world_resource(&w, "top")->provider_count, 3);
    check_text(world_resource(&w, "top")->providers[0]->name, "c");
    check_code(world_do(&w, "needs top [a] and [b]"), 0);
    cr_assert_null(world_resource(&w, "top")->expression);
    snprintf(text, sizeof(text), "[%llu] or [b]", (unsigned long long)world_resource(&w, "c")->id);
    check_code(world_do(&w, "needs top %s", text), 0);
    check_text(world_needs(&w, "top"), "[c] or [b]");
    check_code(world_do(&w, "needs top"), 0);
    check_text(world_needs(&w, "top"), "");
    cr_assert_eq(world_resource(&w, "top")->provider_count, 0);
    check_code(world_do(&w, "remove a"), 0);
    world_teardown(&w);
}

Test(depend, expression_with_a_fault_is_refused_and_changes_nothing)
{
    static const struct {
        const char *text;
        uint32_t code;
        const char *detail;
    } faults[] = {
        {"[a] or", ERROR_INVALID_PARAMETER, "expression, position 7: a [ or ( expected"},
        {"[a] or [nobody]", ERROR_RESOURCE_NOT_FOUND, "nobody"},
        {"[a] or [9999]", ERROR_RESOURCE_NOT_FOUND, "9999"},
        {"[a] or [99999999999999999999999]", ERROR_RESOURCE_NOT_FOUND, "99999999999999999999999"},
        {"[a] or [top]", ERROR_INVALID_PARAMETER, "top on itself"},
        {"[a] or [web]", ERROR_INVALID_PARAMETER, "top is in group db, web in other"},
        {"[a] or ([b] and [A])", ERROR_DEPENDENCY_ALREADY_EXISTS, "top on a"},
        {"[a] or [over]", ERROR_CIRCULAR_DEPENDENCY, "over depends on top already"},
    };
    struct world w;

    world_setup(&w, "A; db: a b top>b over>top; other: web");
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        uint64_t digest = cluster_objects_digest(w.cluster);

        check_code(world_do(&w, "needs top %s", faults[i].text), faults[i].code);
        check_text(w.reply.detail, faults[i].detail);
        cr_assert_eq(cluster_objects_digest(w.cluster), digest);
    }
    check_code(world_do(&w, "needs nobody [a]"), ERROR_RESOURCE_NOT_FOUND);
    check_text(world_needs(&w, "top"), "[b]");
    world_teardown(&w);
}

/* The circle that the old dependencies closed is open with the new ones. */
Test(depend, new_expression_is_judged_without_the_old_one)
{
    struct world w;

    world_setup(&w, "A; db: a b top>b");
    check_code(world_do(&w, "needs b [a] or [top]"), ERROR_CIRCULAR_DEPENDENCY);
    check_code(world_do(&w, "needs top [a]"), 0);
    check_code(world_do(&w, "needs b [a] or [top]"), 0);
    world_teardown(&w);
}

Test(depend, expression_changes_while_the_group_rests)
{
    struct world w;

    world_setup(&w, "A; db: a b top");
    world_do(&w, "online db");
    check_code(world_do(&w, "needs top [a] or [b]"), ERROR_RESOURCE_ONLINE);
    world_do(&w, "report a online");
    check_code(world_do(&w, "needs top [a] or [b]"), ERROR_INVALID_STATE);
    world_run(&w);
    world_do(&w, "stop b");
    world_run(&w);
    check_code(world_do(&w, "needs top [a] and [b]"), ERROR_RESOURCE_ONLINE);
    check_text(w.reply.detail, "top, while b is Offline");
    check_code(world_do(&w, "needs top [a] or [b]"), 0);
    /* What it runs over may not be taken from under it. */
    check_code(world_do(&w, "undepend top a"), ERROR_RESOURCE_ONLINE);
    check_code(world_do(&w, "depend top b"), ERROR_DEPENDENCY_ALREADY_EXISTS);
    check_code(world_do(&w, "undepend top b"), 0);
    check_text(world_needs(&w, "top"), "[a]");
    world_teardown(&w);
}

Test(depend, single_providers_come_and_go_wherever_they_stand)
{
    struct world w;

    world_setup(&w, "A; db: a b c d e top");
    world_do(&w, "needs top [a] or [b]");
    check_code(world_do(&w, "depend top c"), 0);
    check_text(world_needs(&w, "top"), "([a] or [b]) and [c]");
    check_code(world_do(&w, "depend top d"), 0);
    check_text(world_needs(&w, "top"), "([a] or [b]) and [c] and [d]");
    check_code(world_do(&w, "undepend top c"), 0);
    check_text(world_needs(&w, "top"), "([a] or [b]) and [d]");
    check_code(world_do(&w, "undepend top a"), 0);
    check_text(world_needs(&w, "top"), "[b] and [d]");
    cr_assert_null(world_resource(&w, "top")->expression);
    world_do(&w, "needs top [a] or (([b] or [c]) and [d])");
    check_code(world_do(&w, "undepend top d"), 0);
    check_text(world_needs(&w, "top"), "[a] or [b] or [c]");
    check_code(world_do(&w, "undepend top e"), ERROR_DEPENDENCY_NOT_FOUND);
    world_teardown(&w);
}

Test(depend, expression_has_a_most_of_providers_and_of_bytes)
{
    struct world w;
    struct bytes text = BYTES_INIT;
    char name[NAME_BYTES_MAX + 1];

    world_setup(&w, "A; db: top");
    for (unsigned i = 0; i <= PROVIDERS_MAX; i++) {
        snprintf(name, sizeof(name), "%0*u", i < 70 ? NAME_BYTES_MAX : 4, 1000 + i);
        world_apply(
            &w, &(struct command){
                    .kind = COMMAND_RESOURCE_CREATE, .name = name, .other = "db", .type = "dummy"});
    }
    for (unsigned i = 1; i <= PROVIDERS_MAX; i++)
        bytes_printf(&text, "%s[%llu]", i == 1 ? "" : " or ",
                     (unsigned long long)world_group(&w, "db")->resources[i]->id);
    bytes_append(&text, "", 1);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_RESOURCE_DEPENDENCIES,
                                                 .name = "top",
                                                 .expression = (char *)text.data}),
               ERROR_INVALID_PARAMETER);
    cr_assert(strstr(w.reply.detail, "an expression of ") != NULL, "%s", w.reply.detail);
    for (unsigned i = 40; i <= PROVIDERS_MAX + 1; i++)
        check_code(world_do(&w, "depend top %s", world_group(&w, "db")->resources[i]->name), 0);
    for (unsigned i = 2; i < 40; i++)
        world_do(&w, "add x%u to db", i);
    for (unsigned i = 2; i < 40; i++)
        check_code(world_do(&w, "depend top x%u", i), 0);
    check_code(world_do(&w, "add x40 to db"), 0);
    check_code(world_do(&w, "depend top x40"), ERROR_INVALID_PARAMETER);
    cr_assert_eq(world_resource(&w, "top")->provider_count, PROVIDERS_MAX);
    bytes_release(&text);
    world_teardown(&w);
}

Test(depend, online_of_one_brings_only_the_alternative_it_needs)
{
    struct world w;

    world_setup(&w, "A; db: a b c top");
    world_do(&w, "needs top ([a] or [b]) and [c]");
    world_do(&w, "bring top");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: a Online, b Offline, c Online, top Online");
    world_do(&w, "stop top");
    world_run(&w);
    world_do(&w, "stop a");
    world_run(&w);
    world_do(&w, "bring b");
    world_run(&w);
    world_do(&w, "bring top");
    world_run(&w);
    check_text(world_state(&w, "a"), "Offline");
    check_text(world_state(&w, "top"), "Online");
    world_teardown(&w);
}

Test(depend, offline_of_one_takes_along_what_loses_its_last_alternative)
{
    struct world w;

    world_setup(&w, "A; db: a b mid over>mid");
    world_do(&w, "needs mid [a] or [b]");
    world_do(&w, "online db");
    world_run(&w);
    /* A lock over what stays is none of this call's business. */
    world_do(&w, "report over locked");
    check_code(world_do(&w, "stop a"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_state(&w, "mid"), "Online");
    check_code(world_do(&w, "stop b"), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    world_do(&w, "report over unlocked");
    check_code(world_do(&w, "stop b"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"),
               "Pending: a Offline, b Online, mid Online, over OfflinePending");
    world_run(&w);
    check_text(world_states(&w, "db"), "Offline: a Offline, b Offline, mid Offline, over Offline");
    /* They come back with either. */
    check_code(world_do(&w, "bring a"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: a Online, b Offline, mid Online, over Online");
    world_teardown(&w);
}

/* Through two ways that only together are all there is. */
Test(depend, alternatives_that_go_together_are_lost_together)
{
    struct world w;

    world_setup(&w, "A; db: disk left>disk right>disk top");
    world_do(&w, "needs top [left] or [right]");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "stop disk");
    check_text(world_states(&w, "db"),
               "Pending: disk Online, left Online, right Online, top OfflinePending");
    world_run(&w);
    check_text(world_states(&w, "db"),
               "Offline: disk Offline, left Offline, right Offline, top Offline");
    world_teardown(&w);
}
