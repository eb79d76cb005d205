/* Groups that keep apart or together. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/choice.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static const struct question anywhere;

/* Two groups that share "sql", on A and B, of which db1 runs on A. */
static void setup(struct world *w, const char *plot)
{
    world_setup(w, plot);
    check_code(world_do(w, "set db1 AntiAffinityClassNames sql,other"), 0);
    check_code(world_do(w, "set db2 AntiAffinityClassNames x,SQL"), 0);
    world_do(w, "online db1");
    world_run(w);
}

Test(affinity, groups_that_share_a_string_avoid_the_same_node)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers A");
    check_text(choice_now(&w, "db2", &anywhere), "A anti-affinity 1:0, B chosen");
    /* Softly: rather there than nowhere. */
    world_do(&w, "down B");
    check_text(choice_now(&w, "db2", &anywhere), "A chosen, B down");
    world_teardown(&w);
}

Test(affinity, who_shares_two_strings_counts_twice_and_a_list_says_each_once)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers A");
    world_do(&w, "set db1 AntiAffinityClassNames sql,X,x,SQL");
    check_text(choice_now(&w, "db2", &anywhere), "A anti-affinity 2:0, B chosen");
    world_teardown(&w);
}

Test(affinity, a_parked_group_does_not_count)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers A");
    world_do(&w, "offline db1");
    check_text(choice_node(&w, "db2", &anywhere), "B"); /* Still on its way down. */
    world_run(&w);
    check_text(choice_node(&w, "db2", &anywhere), "A");
    world_do(&w, "online db1");
    world_run(&w);
    check_text(choice_node(&w, "db2", &anywhere), "B");
    world_teardown(&w);
}

Test(affinity, a_failed_group_counts_while_it_is_to_be_restarted)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers A");
    world_do(&w, "report r1 failed");
    check_text(world_state(&w, "db1"), "Failed");
    check_text(choice_node(&w, "db2", &anywhere), "B");
    world_do(&w, "wait 500");
    world_run(&w);
    world_do(&w, "set r1 RestartAction 0");
    world_do(&w, "report r1 failed");
    check_text(choice_node(&w, "db2", &anywhere), "A");
    world_teardown(&w);
}

Test(affinity, a_resource_that_is_wanted_by_itself_counts)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1 r2; db2 prefers A");
    world_do(&w, "offline db1");
    world_run(&w);
    world_do(&w, "bring r2");
    world_run(&w);
    check_text(choice_node(&w, "db2", &anywhere), "B");
    world_do(&w, "stop r2");
    world_run(&w);
    check_text(choice_node(&w, "db2", &anywhere), "A");
    world_teardown(&w);
}

Test(affinity, a_group_on_its_way_counts_at_both_ends)
{
    struct world w;

    setup(&w, "A B C; db1 prefers A: r1; db2 prefers A B");
    world_do(&w, "move db1 to B");
    check_text(choice_now(&w, "db2", &anywhere),
               "A anti-affinity 1:0, B anti-affinity 1:0, C chosen");
    world_run(&w);
    check_text(choice_now(&w, "db2", &anywhere),
               "A chosen, B anti-affinity 1:0, C less-preferred 2:0");
    world_teardown(&w);
}

Test(affinity, changed_strings_count_at_once)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers A");
    world_do(&w, "set db1 AntiAffinityClassNames other");
    check_text(choice_node(&w, "db2", &anywhere), "A");
    world_do(&w, "set db2 AntiAffinityClassNames other");
    check_text(choice_node(&w, "db2", &anywhere), "B");
    world_do(&w, "set db1 AntiAffinityClassNames");
    check_text(choice_node(&w, "db2", &anywhere), "A");
    world_teardown(&w);
}

Test(affinity, a_failover_of_many_keeps_them_apart)
{
    struct world w;

    world_setup(&w, "A B C; g1 prefers A: r1; g2 prefers A: r2");
    world_do(&w, "set g1 AntiAffinityClassNames k");
    world_do(&w, "set g2 AntiAffinityClassNames k");
    world_do(&w, "online g1");
    world_do(&w, "online g2");
    world_run(&w);
    world_do(&w, "down A");
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_owner(&w, "g2"), "C");
    check_text(choice_kept(&w, "g2"), "A down, B anti-affinity 1:0, C chosen");
    world_teardown(&w);
}

/* --------------------------------------------------------------- enforced */

Test(affinity, enforced_it_excludes)
{
    struct world w;
    struct node_record *a;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers B: r2");
    world_do(&w, "online db2");
    world_run(&w);
    a = choice_of(&w, "A");
    check_code(placement_target_code(w.cluster, choice_group(&w, "db2"), a,
                                     &(struct question){.ignore_affinity = false}),
               0);
    world_do(&w, "cluster ClusterEnforcedAntiAffinity 1");
    check_text(choice_now(&w, "db2", &(struct question){.not_this = choice_of(&w, "B")}),
               "A anti-affinity-enforced 1, B left-behind");
    check_text(
        choice_node(&w, "db2",
                    &(struct question){.ignore_affinity = true, .not_this = choice_of(&w, "B")}),
        "A");
    check_code(placement_target_code(w.cluster, choice_group(&w, "db2"), a,
                                     &(struct question){.ignore_affinity = false}),
               ERROR_NODE_CANT_HOST_RESOURCE);
    check_code(placement_target_code(w.cluster, choice_group(&w, "db2"), a,
                                     &(struct question){.ignore_affinity = true}),
               0);
    /* Where it is itself there is nobody else. */
    check_code(placement_target_code(w.cluster, choice_group(&w, "db1"), a,
                                     &(struct question){.ignore_affinity = false}),
               0);
    world_teardown(&w);
}

Test(affinity, enforced_it_may_keep_a_group_down_until_the_other_goes)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers B: r2");
    world_do(&w, "online db2");
    world_run(&w);
    world_do(&w, "cluster ClusterEnforcedAntiAffinity 1");
    world_do(&w, "down B");
    check_text(world_owner(&w, "db2"), "B");
    cr_assert_neq(group_status(world_group(&w, "db2")) &
                      GROUP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT,
                  0);
    cr_assert_eq(group_status(world_group(&w, "db1")) &
                     GROUP_STATUS_OFFLINE_DUE_TO_ANTIAFFINITY_CONFLICT,
                 0);
    world_do(&w, "offline db1");
    world_run(&w);
    check_text(world_owner(&w, "db2"), "A");
    check_text(world_state(&w, "db2"), "Online");
    cr_assert_eq(group_status(world_group(&w, "db2")), 0);
    world_teardown(&w);
}

Test(affinity, a_group_that_was_kept_down_is_let_in_by_new_settings)
{
    static const char *const words[] = {"cluster ClusterEnforcedAntiAffinity 0",
                                        "set db2 AntiAffinityClassNames third",
                                        "set db1 AntiAffinityClassNames other"};
    struct world w;

    for (unsigned i = 0; i < 3; i++) {
        setup(&w, "A B; db1 prefers A: r1; db2 prefers B: r2");
        world_do(&w, "online db2");
        world_run(&w);
        world_do(&w, "cluster ClusterEnforcedAntiAffinity 1");
        world_do(&w, "down B");
        check_text(world_owner(&w, "db2"), "B");
        world_do(&w, "%s", words[i]);
        world_run(&w);
        check_text(world_owner(&w, "db2"), "A");
        check_text(world_state(&w, "db2"), "Online");
        world_teardown(&w);
    }
}

Test(affinity, a_parked_group_is_kept_from_nowhere)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers B");
    world_do(&w, "cluster ClusterEnforcedAntiAffinity 1");
    world_do(&w, "down B");
    check_text(world_owner(&w, "db2"), "A");
    world_teardown(&w);
}

/* ---------------------------------------------------------- fault domains */

Test(affinity, groups_that_keep_apart_are_spread_over_racks_and_sites)
{
    struct world w;

    world_setup(&w, "A B C D E; db1 prefers A: r1; db2; x prefers E; y prefers D; z prefers E");
    world_do(&w, "set db1 AntiAffinityClassNames k");
    world_do(&w, "set db2 AntiAffinityClassNames k");
    /* A and B in a rack, C beside it, D in another site with a rack of the same
     * name, E without either. */
    world_do(&w, "configure A Site s1");
    world_do(&w, "configure B Site S1");
    world_do(&w, "configure C Site s1");
    world_do(&w, "configure D Site s2");
    world_do(&w, "configure A Rack r1");
    world_do(&w, "configure B Rack R1");
    world_do(&w, "configure C Rack r2");
    world_do(&w, "configure D Rack r1");
    world_do(&w, "set db2 PreferredSite s1");
    world_do(&w, "online db1");
    world_run(&w);
    check_text(choice_now(&w, "db2", &anywhere),
               "A anti-affinity 1:0, B anti-affinity-rack 1:0, C chosen, D site 2:0, E site 2:0");
    world_do(&w, "set db2 PreferredSite elsewhere");
    world_do(&w, "move db2 to E");
    world_do(&w, "down E");
    world_do(&w, "down C");
    check_text(choice_node(&w, "db2", &anywhere), "D");
    world_teardown(&w);
}

Test(affinity, another_site_is_better_than_another_rack_of_the_same)
{
    struct world w;

    world_setup(&w, "A B C D; db1 prefers A: r1; db2 prefers D");
    world_do(&w, "set db1 AntiAffinityClassNames k");
    world_do(&w, "set db2 AntiAffinityClassNames k");
    world_do(&w, "configure A Site s1");
    world_do(&w, "configure B Site s1");
    world_do(&w, "configure C Site s2");
    world_do(&w, "configure D Site s3");
    world_do(&w, "online db1");
    world_run(&w);
    check_text(choice_now(&w, "db2", &(struct question){.not_this = choice_of(&w, "D")}),
               "A anti-affinity 1:0, B anti-affinity-site 1:0, C chosen, D left-behind");
    world_teardown(&w);
}

/* --------------------------------------------------------------- together */

Test(affinity, groups_of_one_class_are_drawn_to_each_other)
{
    struct world w;

    world_setup(&w, "A B; web prefers B: r1; app prefers A; x prefers B; y");
    world_do(&w, "set web AffinityClassNames shop");
    world_do(&w, "set y AffinityClassNames SHOP");
    check_text(choice_node(&w, "y", &anywhere), "A"); /* web is parked. */
    world_do(&w, "online web");
    world_run(&w);
    check_text(choice_now(&w, "y", &anywhere), "A affinity 0:1, B chosen");
    world_teardown(&w);
}

Test(affinity, the_two_kinds_of_strings_have_nothing_to_do_with_each_other)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2; x prefers A; y prefers B");
    world_do(&w, "set db2 AntiAffinityClassNames");
    world_do(&w, "set db2 AffinityClassNames sql");
    check_text(choice_now(&w, "db2", &anywhere), "A chosen, B higher-id 2:1");
    world_teardown(&w);
}

/* ------------------------------------------------------------------ limits */

static uint32_t set_names(struct world *w, const char *property, unsigned count)
{
    char text[1024];
    size_t len = 0;

    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%sc%u", i > 0 ? "," : "", i);
    return world_do(w, "set db %s %s", property, text);
}

Test(affinity, a_group_names_at_most_32_of_each)
{
    struct world w;

    world_setup(&w, "A; db: r");
    check_code(set_names(&w, "AntiAffinityClassNames", CLASSES_MAX), 0);
    check_code(set_names(&w, "AffinityClassNames", CLASSES_MAX), 0);
    world_do(&w, "online db");
    check_code(set_names(&w, "AntiAffinityClassNames", CLASSES_MAX + 1), ERROR_INVALID_PARAMETER);
    check_code(set_names(&w, "AffinityClassNames", CLASSES_MAX + 1), ERROR_INVALID_PARAMETER);
    cr_assert_eq(choice_group(&w, "db")->apart.count, CLASSES_MAX);
    world_teardown(&w);
}

Test(affinity, a_class_goes_with_the_last_group_that_names_it)
{
    struct world w;

    setup(&w, "A B; db1 prefers A: r1; db2 prefers A");
    cr_assert_eq(HASH_CNT(by_name, w.cluster->apart), 3);
    check_code(world_do(&w, "drop db2"), 0);
    cr_assert_eq(HASH_CNT(by_name, w.cluster->apart), 2);
    world_do(&w, "offline db1");
    world_run(&w);
    world_do(&w, "remove r1");
    check_code(world_do(&w, "drop db1"), 0);
    cr_assert_eq(HASH_CNT(by_name, w.cluster->apart), 0);
    world_teardown(&w);
}
