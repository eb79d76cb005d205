/* What nodes offer and groups need. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/choice.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

enum { NO_ROOM = ERROR_CLUSTER_RESOURCE_VETOED_MOVE_NOT_ENOUGH_RESOURCES_ON_DESTINATION };

static bool waits_for_room(struct world *w, const char *group)
{
    const struct operation *op = &world_group(w, group)->operation;

    return op->queued && op->wait == CAUSE_WAITS_FOR_CAPACITY;
}

Test(capacity, what_a_node_does_not_name_is_not_limited_there)
{
    struct world w;

    world_setup(&w, "A B; db prefers A");
    world_do(&w, "set db Needs gpu=5,Memory=20");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "offline db");
    world_do(&w, "configure A Capacities memory=10,cpu=1");
    world_do(&w, "online db flags 4");
    check_text(choice_kept(&w, "db"), "A capacity 1, B chosen");
    world_teardown(&w);
}

Test(capacity, room_is_taken_while_a_group_runs_or_is_about_to)
{
    struct world w;

    world_setup(&w, "A; db: r; web: s");
    world_do(&w, "configure A Capacities memory=100,cpu=4");
    world_do(&w, "set db Needs memory=60");
    world_do(&w, "set web Needs MEMORY=30,cpu=4");
    cr_assert_eq(choice_used(&w, "A", "memory"), 0);
    world_do(&w, "online db");
    cr_assert_eq(choice_used(&w, "A", "memory"), 60);
    world_do(&w, "online web");
    world_run(&w);
    cr_assert_eq(choice_used(&w, "A", "memory"), 90);
    cr_assert_eq(choice_used(&w, "A", "cpu"), 4);
    world_do(&w, "offline db");
    cr_assert_eq(choice_used(&w, "A", "memory"), 90); /* Until it is down. */
    world_run(&w);
    cr_assert_eq(choice_used(&w, "A", "memory"), 30);
    world_do(&w, "set s RestartAction 0");
    world_do(&w, "report s failed");
    cr_assert_eq(choice_used(&w, "A", "memory"), 0); /* It will not be restarted. */
    world_teardown(&w);
}

Test(capacity, exactly_what_is_there_is_enough_and_one_more_is_not)
{
    struct world w;
    struct group_record *g;
    struct node_record *b;

    world_setup(&w, "A B; db prefers A: r");
    world_do(&w, "configure B Capacities memory=100");
    g = choice_group(&w, "db");
    b = choice_of(&w, "B");
    world_do(&w, "set db Needs memory=100");
    world_do(&w, "online db");
    world_run(&w);
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               0);
    world_do(&w, "set db Needs memory=101");
    check_code(placement_target_code(w.cluster, g, b, &(struct question){.ignore_affinity = false}),
               NO_ROOM);
    check_code(world_do(&w, "move db to B"), NO_ROOM);
    check_code(world_do(&w, "move db"), NO_ROOM);
    world_do(&w, "configure B Capacities memory=0");
    world_do(&w, "set db Needs memory=0");
    check_code(world_do(&w, "move db to B"), ERROR_IO_PENDING);
    world_teardown(&w);
}

Test(capacity, a_client_is_refused_and_a_parked_group_needs_none)
{
    struct world w;

    world_setup(&w, "A B; db prefers A: r");
    world_do(&w, "configure B Capacities memory=10");
    world_do(&w, "set db Needs memory=11");
    check_code(world_do(&w, "online db on B"), NO_ROOM);
    check_code(world_do(&w, "move db to B"), 0);
    check_text(world_owner(&w, "db"), "B");
    /* A has room: it goes there within the call. */
    check_code(world_do(&w, "online db"), ERROR_IO_PENDING);
    check_text(world_owner(&w, "db"), "A");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(capacity, a_group_on_its_way_has_its_place)
{
    struct world w;

    world_setup(&w, "A B C; g1 prefers A: r1; g2 prefers C: r2");
    world_do(&w, "configure B Capacities memory=10");
    world_do(&w, "set g1 Needs memory=6");
    world_do(&w, "set g2 Needs memory=6");
    world_do(&w, "online g1");
    world_do(&w, "online g2");
    world_run(&w);
    check_code(world_do(&w, "move g1 to B"), ERROR_IO_PENDING);
    cr_assert_eq(choice_used(&w, "B", "memory"), 6);
    check_code(world_do(&w, "move g2 to B"), NO_ROOM);
    world_run(&w);
    check_text(world_owner(&w, "g1"), "B");
    cr_assert_eq(choice_used(&w, "B", "memory"), 6);
    world_teardown(&w);
}

Test(capacity, capacities_that_change_while_groups_arrive_count_them)
{
    struct world w;

    world_setup(&w, "A B; g1 prefers A: r1");
    world_do(&w, "set g1 Needs memory=6");
    world_do(&w, "online g1");
    world_run(&w);
    world_do(&w, "move g1 to B");
    world_do(&w, "configure B Capacities memory=10");
    cr_assert_eq(choice_used(&w, "B", "memory"), 6);
    world_do(&w, "configure B Capacities cpu=1");
    world_run(&w);
    world_do(&w, "configure B Capacities cpu=1,memory=1");
    cr_assert_eq(choice_used(&w, "B", "memory"), 6);
    world_teardown(&w);
}

Test(capacity, less_than_is_used_moves_nothing)
{
    struct world w;

    world_setup(&w, "A B; db prefers A: r");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "set db Needs memory=10");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "configure A Capacities memory=5");
    world_do(&w, "wait 100000");
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(choice_used(&w, "A", "memory"), 10);
    /* But what is started anew has to fit. */
    world_do(&w, "offline db");
    world_run(&w);
    check_code(world_do(&w, "online db on A"), NO_ROOM);
    world_teardown(&w);
}

Test(capacity, other_needs_count_at_once)
{
    struct world w;

    world_setup(&w, "A B; db prefers A: r");
    world_do(&w, "configure A Capacities memory=10,cpu=1");
    world_do(&w, "set db Needs memory=10");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "set db Needs cpu=3");
    cr_assert_eq(choice_used(&w, "A", "memory"), 0);
    cr_assert_eq(choice_used(&w, "A", "cpu"), 3);
    world_do(&w, "set db Needs");
    cr_assert_eq(choice_used(&w, "A", "cpu"), 0);
    world_teardown(&w);
}

Test(capacity, a_failover_goes_where_there_is_room)
{
    struct world w;

    world_setup(&w, "A B C; g1 prefers A B: r1; g2 prefers A B: r2; g3 prefers A B: r3");
    world_do(&w, "configure B Capacities memory=10");
    for (unsigned i = 1; i <= 3; i++) {
        world_do(&w, "set g%u Needs memory=5", i);
        world_do(&w, "online g%u", i);
    }
    world_run(&w);
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_owner(&w, "g1"), "B");
    check_text(world_owner(&w, "g2"), "B");
    check_text(world_owner(&w, "g3"), "C");
    check_text(choice_kept(&w, "g3"), "A down, B capacity, C chosen");
    world_teardown(&w);
}

Test(capacity, who_waits_for_room_starts_when_it_is_there_by_priority)
{
    struct world w;

    world_setup(&w, "A; g1: r1; low: r2; high: r3");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "set g1 Needs memory=10");
    world_do(&w, "set low Needs memory=6");
    world_do(&w, "set high Needs memory=6");
    world_do(&w, "set low Priority 1000");
    world_do(&w, "online g1");
    world_run(&w);
    check_code(world_do(&w, "online low"), ERROR_CLUSTER_GROUP_QUEUED);
    check_code(world_do(&w, "online high"), ERROR_CLUSTER_GROUP_QUEUED);
    cr_assert(waits_for_room(&w, "low") && waits_for_room(&w, "high"));
    cr_assert_neq(group_status(world_group(&w, "low")) & GROUP_STATUS_PHYSICAL_RESOURCES_LACKING,
                  0);
    world_do(&w, "offline g1");
    world_run(&w);
    check_text(world_state(&w, "high"), "Online");
    cr_assert(waits_for_room(&w, "low"));
    world_do(&w, "configure A Capacities memory=12");
    world_run(&w);
    check_text(world_state(&w, "low"), "Online");
    world_teardown(&w);
}

/* Both are wanted on a node that has room for one, as after a change of needs
 * while it was down: neither may keep the other out for ever. */
Test(capacity, of_two_that_want_the_same_room_one_gets_it)
{
    struct world w;

    world_setup(&w, "A; g1: r1; g2: r2");
    world_do(&w, "set g1 Needs memory=6");
    world_do(&w, "set g2 Needs memory=6");
    world_do(&w, "online g1");
    world_do(&w, "online g2");
    world_run(&w);
    world_do(&w, "down A");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_state(&w, "g1"), "Online");
    check_text(world_state(&w, "g2"), "Offline");
    cr_assert(waits_for_room(&w, "g2"));
    cr_assert_eq(choice_used(&w, "A", "memory"), 6);
    world_teardown(&w);
}

Test(capacity, what_is_asked_before_a_start_takes_the_room)
{
    struct world w;

    world_setup(&w, "A; g1: r1; g2: r2");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "set g1 Needs memory=6");
    world_do(&w, "set g2 Needs memory=6");
    cr_assert(room_for_start(w.cluster, choice_group(&w, "g1")));
    cr_assert(!room_for_start(w.cluster, choice_group(&w, "g2")));
    cr_assert(room_for_start(w.cluster, choice_group(&w, "g1")));
    /* Nobody started it: the end of the command gives the room back. */
    world_do(&w, "wait 1");
    cr_assert_eq(choice_used(&w, "A", "memory"), 0);
    world_teardown(&w);
}

/* -------------------------------------------------------------------- text */

static uint32_t set_many(struct world *w, const char *what, unsigned count)
{
    char text[1024];
    size_t len = 0;

    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%sq%u=1", i > 0 ? "," : "", i);
    return world_do(w, "%s %s", what, text);
}

Test(capacity, lists_have_at_most_32_names_and_each_a_number)
{
    struct world w;

    world_setup(&w, "A; db");
    check_code(set_many(&w, "set db Needs", QUANTITIES_MAX), 0);
    check_code(set_many(&w, "set db Needs", QUANTITIES_MAX + 1), ERROR_INVALID_PARAMETER);
    check_code(set_many(&w, "configure A Capacities", QUANTITIES_MAX), 0);
    check_code(set_many(&w, "configure A Capacities", QUANTITIES_MAX + 1), ERROR_INVALID_PARAMETER);
    check_code(world_do(&w, "set db Needs memory"), ERROR_INVALID_PARAMETER);
    check_code(world_do(&w, "set db Needs memory=1,Memory=2"), ERROR_INVALID_PARAMETER);
    check_code(world_do(&w, "set db Needs memory=-1"), ERROR_INVALID_PARAMETER);
    cr_assert_eq(choice_group(&w, "db")->need_count, QUANTITIES_MAX);
    cr_assert_eq(HASH_CNT(by_name, w.cluster->quantities), QUANTITIES_MAX);
    check_code(world_do(&w, "set db Needs"), 0);
    check_code(world_do(&w, "configure A Capacities"), 0);
    cr_assert_eq(HASH_CNT(by_name, w.cluster->quantities), 0);
    world_teardown(&w);
}

/* However much is asked for, sums stay sums. */
Test(capacity, the_largest_amounts_add_up)
{
    struct world w;
    const char *largest = "28147497671065";

    world_setup(&w, "A; g1: r1; g2: r2");
    check_code(world_do(&w, "set g1 Needs memory=99999999999999999999"), ERROR_INVALID_PARAMETER);
    check_code(world_do(&w, "configure A Capacities memory=%s", largest), 0);
    check_code(world_do(&w, "set g1 Needs memory=%s", largest), 0);
    check_code(world_do(&w, "set g2 Needs memory=%s", largest), 0);
    check_code(world_do(&w, "online g1"), ERROR_IO_PENDING);
    check_code(world_do(&w, "online g2"), ERROR_CLUSTER_GROUP_QUEUED);
    world_teardown(&w);
}

/* The account is made anew from a snapshot, at every moment of a story. */
Test(capacity, a_snapshot_has_the_same_accounts)
{
    static const char *const story[] = {
        "online g1", "move g1 to B", "online g2", "offline g1", "set g2 Needs memory=3",
        "down A",    "up A",         "down B"};
    struct world w;

    world_setup(&w, "A B; g1 prefers A: r1; g2 prefers A: r2");
    world_do(&w, "configure A Capacities memory=10");
    world_do(&w, "configure B Capacities memory=10");
    world_do(&w, "set g1 Needs memory=6");
    world_do(&w, "set g2 Needs memory=5");
    for (unsigned i = 0; i < sizeof(story) / sizeof(story[0]); i++) {
        struct arena a = {0};
        struct cluster *again = NULL;

        world_do(&w, "%s", story[i]);
        check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
        cluster_check(again);
        cr_assert_eq(again->nodes[0]->offers[0].used, w.cluster->nodes[0]->offers[0].used);
        cr_assert_eq(again->nodes[1]->offers[0].used, w.cluster->nodes[1]->offers[0].used);
        cr_assert_eq(again->nodes[1]->arriving, w.cluster->nodes[1]->arriving);
        arena_release(&a);
        cluster_free(w.cluster);
        w.cluster = again;
        if (i % 2 == 1)
            world_run(&w);
    }
    world_teardown(&w);
}

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *d, uint64_t sides)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return d->state * 2685821657736338717u % sides;
}

/* Whatever happens: what the cluster places never exceeds what a node offers,
 * as long as nobody lowers that or asks for more. */
Test(capacity, no_node_is_given_more_than_it_offers)
{
    static const char *const words[] = {"online", "online", "offline", "move"};
    struct world w;

    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct dice d = {seed};

        world_setup(&w, "A B C; g0: r0; g1: r1; g2: r2; g3: r3; g4: r4; g5: r5; g6: r6; g7: r7");
        for (unsigned i = 0; i < 3; i++)
            world_do(&w, "configure %c Capacities memory=10,cpu=10", 'A' + i);
        for (unsigned i = 0; i < 8; i++) {
            world_do(&w, "set g%u Needs memory=%u,cpu=%u", i, (unsigned)roll(&d, 6),
                     (unsigned)roll(&d, 6));
            world_do(&w, "set g%u Priority %u", i, 1000 * (unsigned)roll(&d, 5));
        }
        for (unsigned i = 0; i < 400; i++) {
            unsigned g = (unsigned)roll(&d, 8);
            char node = (char)('A' + roll(&d, 3));

            switch (roll(&d, 8)) {
            case 0:
                if (world_node(&w, (char[]){node, '\0'})->state == NODE_UP)
                    world_do(&w, "down %c", node);
                break;
            case 1:
            case 2:
                world_do(&w, "up %c", node);
                break;
            case 3:
            case 4:
                world_step(&w);
                break;
            default:
                world_do(&w, "%s g%u", words[roll(&d, 4)], g);
            }
            world_do(&w, "wait %u", (unsigned)roll(&d, 4000));
            for (unsigned n = 0; n < 3; n++)
                for (unsigned q = 0; w.cluster->nodes[n]->node.state == NODE_UP && q < 2; q++)
                    cr_assert_leq(w.cluster->nodes[n]->offers[q].used, 10, "seed %llu step %u",
                                  (unsigned long long)seed, i);
        }
        world_teardown(&w);
    }
}
