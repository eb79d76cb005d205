/* Which node a group goes to, and what is kept of why. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/choice.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static const struct question anywhere;

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

/* ---------------------------------------------------------- what excludes */

Test(placement, each_node_says_what_excludes_it)
{
    struct world w;
    struct group_record *g;

    world_setup(&w, "A B C D E F; db prefers F: disk app");
    g = choice_group(&w, "db");
    world_do(&w, "down A");
    world_do(&w, "leaving C");
    /* What only other calls bring about. */
    choice_of(&w, "B")->node.state = NODE_PAUSED;
    choice_of(&w, "D")->node.quarantined_until_ms = 1;
    check_text(choice_now(&w, "db", &(struct question){.not_this = choice_of(&w, "E")}),
               "A down, B paused, C leaving, D quarantined, E left-behind, F chosen");

    choice_of(&w, "B")->node.state = NODE_UP;
    choice_of(&w, "D")->node.quarantined_until_ms = 0;
    g->group.resources[1]->possible = xcalloc(3, sizeof(uint32_t));
    memcpy(g->group.resources[1]->possible, (uint32_t[]){2, 5, 6}, 3 * sizeof(uint32_t));
    g->group.resources[1]->possible_count = 3;
    g->group.resources[0]->refused = xcalloc(2, sizeof(uint32_t));
    memcpy(g->group.resources[0]->refused, (uint32_t[]){4, 5}, 2 * sizeof(uint32_t));
    g->group.resources[0]->refused_count = 2;
    check_text(choice_now(&w, "db", &anywhere),
               "A down, B less-preferred 1:0, C leaving, D not-possible-owner 1, "
               "E refused-by-handler, F chosen");
    check_code(placement_target_code(w.cluster, g, choice_of(&w, "D"),
                                     &(struct question){.ignore_affinity = false}),
               ERROR_HOST_NODE_NOT_RESOURCE_OWNER);
    check_code(placement_target_code(w.cluster, g, choice_of(&w, "E"),
                                     &(struct question){.ignore_affinity = false}),
               ERROR_HOST_NODE_NOT_RESOURCE_OWNER);
    check_code(placement_target_code(w.cluster, g, choice_of(&w, "F"),
                                     &(struct question){.ignore_affinity = false}),
               0);
    world_teardown(&w);
}

Test(placement, the_first_rule_that_excludes_is_the_one_told)
{
    struct world w;
    struct node_record *b;

    world_setup(&w, "A B; db");
    b = choice_of(&w, "B");
    b->node.quarantined_until_ms = 1;
    check_text(choice_now(&w, "db", &(struct question){.not_this = b}), "A chosen, B quarantined");
    b->node.leaving = true;
    check_text(choice_now(&w, "db", &(struct question){.not_this = b}), "A chosen, B leaving");
    b->node.state = NODE_PAUSED;
    check_text(choice_now(&w, "db", &(struct question){.not_this = b}), "A chosen, B paused");
    b->node.state = NODE_DOWN;
    check_text(choice_now(&w, "db", &(struct question){.not_this = b}), "A chosen, B down");
    b->node.state = NODE_UP;
    b->node.leaving = false;
    b->node.quarantined_until_ms = 0;
    world_teardown(&w);
}

Test(placement, a_target_is_refused_by_the_code_of_what_excludes_it)
{
    struct world w;
    struct node_record *b;
    struct group_record *g;

    world_setup(&w, "A B; db");
    b = choice_of(&w, "B");
    g = choice_group(&w, "db");
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               0);
    b->node.state = NODE_PAUSED;
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               ERROR_SHARING_PAUSED);
    b->node.state = NODE_UP;
    b->node.quarantined_until_ms = 1;
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               ERROR_CLUSTER_NODE_QUARANTINED);
    b->node.quarantined_until_ms = 0;
    b->node.leaving = true;
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               ERROR_HOST_NODE_NOT_AVAILABLE);
    b->node.leaving = false;
    world_do(&w, "down B");
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               ERROR_HOST_NODE_NOT_AVAILABLE);
    world_teardown(&w);
}

Test(placement, only_the_target_may_be_chosen_and_only_if_nothing_excludes_it)
{
    struct world w;
    struct question q = {.target = NULL};

    world_setup(&w, "A B C; db prefers A");
    q.target = choice_of(&w, "C");
    check_text(choice_now(&w, "db", &q), "A not-target, B not-target, C chosen");
    check_text(choice_node(&w, "db", &q), "C");
    world_do(&w, "down C");
    check_text(choice_now(&w, "db", &q), "A not-target, B not-target, C down");
    check_text(choice_node(&w, "db", &q), "-");
    world_teardown(&w);
}

/* --------------------------------------------------------- what is better */

Test(placement, avoided_nodes_are_the_last_resort)
{
    struct world w;

    world_setup(&w, "A B; db prefers A B");
    world_do(&w, "configure A AvoidPlacement 1");
    check_text(choice_now(&w, "db", &anywhere), "A avoided 1:0, B chosen");
    world_do(&w, "down B");
    check_text(choice_now(&w, "db", &anywhere), "A chosen, B down");
    world_teardown(&w);
}

Test(placement, preference_beats_site_and_load)
{
    struct world w;

    world_setup(&w, "A B C; db prefers C B; g1 prefers C; g2 prefers C");
    world_do(&w, "configure A Site north");
    world_do(&w, "set db PreferredSite north");
    check_text(choice_now(&w, "db", &anywhere),
               "A less-preferred 2:0, B less-preferred 1:0, C chosen");
    world_teardown(&w);
}

Test(placement, next_goes_on_behind_the_owner_and_round)
{
    struct world w;
    struct question q = {.next = true};

    world_setup(&w, "A B C D; db prefers A B C");
    world_do(&w, "move db to B");
    q.not_this = choice_of(&w, "B");
    check_text(choice_now(&w, "db", &q),
               "A less-preferred 1:0, B left-behind, C chosen, D less-preferred 3:0");
    world_do(&w, "move db to C");
    q.not_this = choice_of(&w, "C");
    check_text(choice_node(&w, "db", &q), "A");
    world_do(&w, "move db to D");
    q.not_this = choice_of(&w, "D");
    check_text(choice_node(&w, "db", &q), "A");
    /* Without `next` the list begins at its beginning. */
    world_do(&w, "move db to B");
    check_text(choice_node(&w, "db", &(struct question){.not_this = choice_of(&w, "B")}), "A");
    world_teardown(&w);
}

Test(placement, default_owner_counts_only_without_preferred_owners)
{
    struct world w;

    world_setup(&w, "A B C; db; web prefers A");
    world_do(&w, "set db DefaultOwner 3");
    world_do(&w, "set web DefaultOwner 3");
    check_text(choice_now(&w, "db", &anywhere),
               "A not-default-owner 1:0, B not-default-owner 1:0, C chosen");
    check_text(choice_node(&w, "web", &anywhere), "A");
    world_do(&w, "down C");
    check_text(choice_now(&w, "db", &anywhere), "A more-loaded 2:0, B chosen, C down");
    world_teardown(&w);
}

Test(placement, preferred_site_then_the_owners_site_then_others)
{
    struct world w;

    world_setup(&w, "A B C D; g1 prefers B; g2 prefers C; db prefers A; x prefers B; y prefers C");
    world_do(&w, "configure A Site here");
    world_do(&w, "configure B Site HERE");
    world_do(&w, "configure C Site there");
    world_do(&w, "set db PreferredSite There");
    check_code(
        world_apply(&w,
                    &(struct command){.kind = COMMAND_GROUP_SET, .name = "db", .has_names = true}),
        0);
    check_text(choice_now(&w, "db", &(struct question){.not_this = choice_of(&w, "A")}),
               "A left-behind, B site 1:0, C chosen, D site 2:0");
    world_do(&w, "down C");
    check_text(choice_node(&w, "db", &(struct question){.not_this = choice_of(&w, "A")}), "B");
    world_do(&w, "down B");
    check_text(choice_node(&w, "db", &(struct question){.not_this = choice_of(&w, "A")}), "D");
    world_teardown(&w);
}

Test(placement, nodes_without_sites_are_equal)
{
    struct world w;

    world_setup(&w, "A B; db");
    check_text(choice_now(&w, "db", &anywhere), "A more-loaded 1:0, B chosen");
    world_teardown(&w);
}

Test(placement, load_counts_groups_on_their_way_and_the_lowest_id_decides_last)
{
    struct world w;

    world_setup(&w, "A B C; g1 prefers A: r1; g2 prefers A: r2; g3 prefers A");
    world_do(&w, "online g1");
    world_do(&w, "online g2");
    world_run(&w);
    check_text(choice_now(&w, "g3", &anywhere),
               "A chosen, B less-preferred 1:0, C less-preferred 1:0");
    world_do(&w, "move g1");
    check_text(world_state(&w, "r1"), "OfflinePending");
    check_text(choice_now(&w, "g2", &(struct question){.not_this = choice_of(&w, "A")}),
               "A left-behind, B more-loaded 1:0, C chosen");
    world_run(&w);
    check_text(world_owner(&w, "g1"), "B");
    world_do(&w, "move g3 to C");
    check_text(choice_now(&w, "g2", &(struct question){.not_this = choice_of(&w, "A")}),
               "A left-behind, B chosen, C higher-id 3:2");
    world_teardown(&w);
}

/* Every point outweighs all that come after it. */
Test(placement, points_are_compared_one_after_the_other)
{
    struct world w;

    world_setup(&w, "A B; x prefers A: rx; db: r; y prefers B; z prefers B");
    world_do(&w, "move db to B");
    world_do(&w, "set x AntiAffinityClassNames k");
    world_do(&w, "set db AffinityClassNames near");
    world_do(&w, "set x AffinityClassNames near");
    world_do(&w, "online x");
    world_run(&w);
    /* B: three groups and the higher id, but for the load nothing against A. */
    world_do(&w, "set db AffinityClassNames none");
    check_text(choice_now(&w, "db", &anywhere), "A chosen, B more-loaded 3:1");
    world_do(&w, "move y to A");
    world_do(&w, "move z to A");
    check_text(choice_now(&w, "db", &anywhere), "A more-loaded 3:1, B chosen");
    world_do(&w, "set db AffinityClassNames near");
    check_text(choice_now(&w, "db", &anywhere), "A chosen, B affinity 0:1");
    world_do(&w, "configure A Rack r1");
    world_do(&w, "configure B Rack r2");
    world_do(&w, "configure B Site south");
    world_do(&w, "configure A Site north");
    check_text(choice_now(&w, "db", &anywhere), "A site 2:1, B chosen");
    world_do(&w, "set db DefaultOwner 1");
    check_text(choice_now(&w, "db", &anywhere), "A chosen, B not-default-owner 1:0");
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_GROUP_SET,
                                                 .name = "db",
                                                 .names = (const char *const[]){"B"},
                                                 .name_count = 1,
                                                 .has_names = true}),
               0);
    check_text(choice_now(&w, "db", &anywhere), "A less-preferred 1:0, B chosen");
    world_do(&w, "configure B AvoidPlacement 1");
    check_text(choice_now(&w, "db", &anywhere), "A chosen, B avoided 1:0");
    world_do(&w, "set db AntiAffinityClassNames k");
    check_text(choice_now(&w, "db", &anywhere), "A anti-affinity 1:0, B chosen");
    check_text(choice_now(&w, "db", &(struct question){.target = choice_of(&w, "A")}),
               "A chosen, B not-target");
    world_teardown(&w);
}

/* ------------------------------------------------------------ what is kept */

Test(placement, a_new_group_knows_why_it_is_where_it_is)
{
    struct world w;
    const struct placement *p;
    const struct event *e;
    unsigned count;

    world_setup(&w, "A B C; g1");
    world_do(&w, "down C");
    check_code(world_do(&w, "group g2"), 0);
    check_text(choice_kept(&w, "g2"), "A more-loaded 1:0, B chosen, C down");
    e = cluster_changes(w.cluster, &count);
    cr_assert_eq(count, 1);
    check_text(choice_text(&w, e->candidates, e->candidate_count),
               "A more-loaded 1:0, B chosen, C down");
    p = &world_group(&w, "g2")->placement;
    cr_assert_eq(p->why.cause, CAUSE_CREATED);
    cr_assert_eq(p->why.command, COMMAND_GROUP_CREATE);
    cr_assert_eq(p->chosen, 2);
    world_teardown(&w);
}

Test(placement, with_no_node_up_a_group_is_not_created_and_nothing_remains)
{
    struct world w;
    uint64_t before;

    world_setup(&w, "A");
    world_do(&w, "down A");
    before = cluster_objects_digest(w.cluster);
    check_code(world_do(&w, "group db"), ERROR_HOST_NODE_NOT_AVAILABLE);
    cr_assert_eq(cluster_objects_digest(w.cluster), before);
    cr_assert_null(cluster_group_by_name(w.cluster, "db"));
    world_do(&w, "up A");
    check_code(world_do(&w, "group db"), 0);
    world_teardown(&w);
}

Test(placement, a_move_arrives_with_the_reasons_it_was_sent_for)
{
    struct world w;
    const struct placement *p;
    uint64_t asked;

    world_setup(&w, "A B C; db prefers A: disk; x prefers B");
    world_do(&w, "online db");
    world_run(&w);
    check_code(world_do(&w, "move db"), ERROR_IO_PENDING);
    asked = cluster_index(w.cluster);
    cr_assert_eq(choice_group(&w, "db")->planned.chosen, 3);
    /* What happens on the way changes nothing of why. */
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(choice_kept(&w, "db"), "A left-behind, B more-loaded 1:0, C chosen");
    p = &world_group(&w, "db")->placement;
    cr_assert_eq(p->why.index, asked);
    cr_assert_eq(p->why.command, COMMAND_GROUP_MOVE);
    cr_assert_eq(p->why.cause, CAUSE_REQUESTED_MOVE);
    cr_assert_eq(choice_group(&w, "db")->planned.chosen, 0);
    world_teardown(&w);
}

Test(placement, another_node_on_the_way_has_reasons_of_its_own)
{
    struct world w;

    world_setup(&w, "A B C; db prefers A: disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db to B");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(choice_kept(&w, "db"), "A left-behind, B down, C chosen");
    world_teardown(&w);
}

Test(placement, nothing_is_kept_of_a_move_that_came_to_nothing)
{
    struct world w;

    world_setup(&w, "A B; db prefers A: disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db");
    cr_assert_eq(choice_group(&w, "db")->planned.chosen, 2);
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(choice_group(&w, "db")->planned.chosen, 0);
    cr_assert_eq(world_group(&w, "db")->placement.why.cause, CAUSE_CREATED);
    world_teardown(&w);
}

Test(placement, a_refused_call_leaves_no_choice_behind)
{
    struct world w;
    uint64_t before;

    world_setup(&w, "A B; db prefers A: disk");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report disk locked");
    before = cluster_objects_digest(w.cluster);
    check_code(world_do(&w, "move db"), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    cr_assert_eq(cluster_objects_digest(w.cluster), before);
    cr_assert_eq(choice_group(&w, "db")->planned.chosen, 0);
    world_teardown(&w);
}

/* Not even in what only this replica remembers: a later arrival by a node of the
 * same name must not be explained by it. */
Test(placement, a_choice_is_good_for_its_own_command_only)
{
    struct world w;

    world_setup(&w, "A B C; db prefers A: disk");
    world_do(&w, "online db");
    world_run(&w);
    check_text(choice_node(&w, "db", &(struct question){.not_this = choice_of(&w, "A")}), "B");
    world_do(&w, "wait 1");
    placement_settle(w.cluster, choice_group(&w, "db"), CAUSE_NODE_UP);
    cr_assert_eq(world_group(&w, "db")->placement.candidate_count, 0);
    cr_assert_eq(world_group(&w, "db")->placement.why.index, cluster_index(w.cluster));
    world_teardown(&w);
}

static struct cluster *write_and_read(const struct cluster *c)
{
    struct arena a = {0};
    struct cluster *again = NULL;

    check_code(cluster_read(tree_of_cluster(c, &a), &again), 0);
    arena_release(&a);
    return again;
}

Test(placement, reasons_on_their_way_are_in_the_snapshot)
{
    struct world w;
    struct cluster *again;

    world_setup(&w, "A B C; db prefers A: disk; x prefers B");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "move db");
    again = write_and_read(w.cluster);
    cr_assert_eq(cluster_digest(again), cluster_digest(w.cluster));
    cluster_free(w.cluster);
    w.cluster = again;
    world_run(&w);
    check_text(choice_kept(&w, "db"), "A left-behind, B more-loaded 1:0, C chosen");
    world_teardown(&w);
}

/* ------------------------------------------------------------------- cost */

/* What a choice looks at does not grow with what there is. */
/* How often the story tells that there is no node. */
static unsigned told(struct world *w)
{
    unsigned count = 0;

    for (const char *at = world_story(w); (at = strstr(at, "no-other-node")) != NULL; at++)
        count++;
    return count;
}

Test(placement, that_there_is_no_node_is_told_once_and_kept_until_there_is)
{
    const struct placement *nowhere;
    struct world w;

    world_setup(&w, "A B C; db: app");
    world_do(&w, "move db to A");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "forbid app C");
    nowhere = &world_group(&w, "db")->nowhere;
    world_do(&w, "down B");
    told(&w);
    world_do(&w, "down A");
    cr_assert_eq(told(&w), 1);
    cr_assert_eq(nowhere->candidate_count, 3);
    cr_assert_eq(nowhere->candidates[1].rule, PLACEMENT_DOWN);
    cr_assert_eq(nowhere->candidates[2].rule, PLACEMENT_NOT_POSSIBLE_OWNER);
    cr_assert_eq(nowhere->why.command, COMMAND_NODE_DOWN);
    world_do(&w, "down C");
    world_do(&w, "up C");
    world_do(&w, "wait 5000");
    cr_assert_eq(told(&w), 0);
    check_text(world_owner(&w, "db"), "A");
    /* Whoever asks is told how it stands, when that has changed. */
    world_do(&w, "forbid app B");
    world_do(&w, "up B");
    cr_assert_eq(told(&w), 0);
    cr_assert_eq(nowhere->candidates[1].rule, PLACEMENT_NOT_POSSIBLE_OWNER);
    cr_assert_eq(nowhere->why.command, COMMAND_NODE_UP);
    world_do(&w, "allow app B");
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(nowhere->why.index, 0);
    world_teardown(&w);
}

Test(placement, eight_thousand_groups_cost_the_same_steps_each)
{
    enum { GROUPS = 8000, NODES = 64, PER_CHOICE = 8 * NODES };
    struct world w;
    struct property properties[] = {
        {.name = "AntiAffinityClassNames", .type = PROPERTY_SZ},
        {.name = "Needs", .type = PROPERTY_SZ, .text = "memory=1,cpu=2", .text_len = 14},
    };
    char name[32], class[32];
    uint64_t before;
    struct reply reply;

    world_setup(&w, "");
    for (unsigned i = 0; i < NODES; i++) {
        world_do(&w, "up n%u", i);
        world_do(&w, "configure n%u Capacities memory=1000,cpu=1000", i);
        world_do(&w, "configure n%u Rack rack%u", i, i / 8);
    }
    properties[0].text = class;
    before = w.cluster->placement_steps;
    for (unsigned i = 0; i < GROUPS; i++) {
        struct command cmd = {.kind = COMMAND_GROUP_CREATE,
                              .name = name,
                              .properties = properties,
                              .property_count = 2};

        snprintf(name, sizeof(name), "g%u", i);
        properties[0].text_len = (size_t)snprintf(class, sizeof(class), "class%u", i / 4);
        cluster_apply(w.cluster, w.now_ms, &cmd, &reply);
        check_code(reply.code, 0);
    }
    cr_assert_leq(w.cluster->placement_steps - before, (uint64_t)GROUPS * PER_CHOICE);
    for (unsigned i = 0; i < NODES; i++)
        cr_assert_eq(w.cluster->nodes[i]->group_count, GROUPS / NODES);
    world_teardown(&w);
}

/* Slots are no part of the state: who came when must not matter. */
Test(placement, slots_of_nodes_that_went_are_used_again)
{
    struct world w;
    struct cluster *c;
    unsigned slot;

    world_setup(&w, "A B C");
    c = w.cluster;
    slot = choice_of(&w, "B")->slot;
    node_remove(c, choice_of(&w, "B"));
    world_do(&w, "up D");
    cr_assert_eq(choice_of(&w, "D")->slot, slot);
    cr_assert_neq(choice_of(&w, "C")->slot, slot);
    world_teardown(&w);
}
