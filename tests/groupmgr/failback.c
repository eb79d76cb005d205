/* Groups go back to the nodes that they prefer. */
#include <stdio.h>
#include <string.h>

#include "tests/groupmgr/world.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* db is online on A, which it prefers, and may go back; then A died. */
static void setup_failed_over(struct world *w, const char *plot)
{
    world_setup(w, plot);
    check_code(world_do(w, "set db AutoFailbackType 1"), 0);
    world_do(w, "online db");
    world_run(w);
    check_text(world_owner(w, "db"), "A");
    world_do(w, "down A");
    world_run(w);
    world_story(w);
}

/* Let time go on to this hour of the next day, UTC. */
static void wait_until(struct world *w, unsigned hour)
{
    uint64_t day_ms = w->now_ms - w->now_ms % DAY_MS + DAY_MS;

    world_do(w, "wait %llu", (unsigned long long)(day_ms + hour * HOUR_MS - w->now_ms));
}

static void set_window(struct world *w, unsigned start, unsigned end)
{
    check_code(world_do(w, "set db FailbackWindowStart %u", start), 0);
    check_code(world_do(w, "set db FailbackWindowEnd %u", end), 0);
}

Test(failback, group_goes_back_when_its_node_is_back)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "up A");
    check_text(world_story(&w), "A@A Down -> Up, node-up\n"
                                "app@B Online -> OfflinePending, failback\n"
                                "db@B Online -> Pending, failback\n");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, 0);
    cr_assert_eq(world_group(&w, "db")->failovers, 0);
    world_teardown(&w);
}

Test(failback, is_off_unless_set_and_needs_a_list)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "set db AutoFailbackType 0");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);

    setup_failed_over(&w, "A B; db: app");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(failback, goes_to_the_most_preferred_node_there_is)
{
    struct world w;

    setup_failed_over(&w, "A B C; db prefers A B C: app");
    world_do(&w, "down B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    world_do(&w, "up B");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failback, goes_nowhere_if_the_owner_is_preferred)
{
    struct world w;

    setup_failed_over(&w, "A B C; db prefers A B C: app");
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "down C");
    world_do(&w, "up C");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(failback, moves_only_what_runs_or_is_wanted)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "offline db");
    world_run(&w);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(failback, client_that_moved_a_group_away_is_obeyed)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "up A");
    world_run(&w);
    world_do(&w, "move db to B");
    world_run(&w);
    world_do(&w, "wait 3600000");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

/* ----------------------------------------------------------------- windows */

Test(failback, waits_for_its_window)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    wait_until(&w, 12);
    set_window(&w, 20, 22);
    world_do(&w, "up A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, w.now_ms + 8 * HOUR_MS);
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 8 * HOUR_MS);
    world_do(&w, "wait %llu", (unsigned long long)(8 * HOUR_MS - 1));
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_NONE);
    world_do(&w, "wait 1");
    cr_assert_eq(world_group(&w, "db")->operation.cause, CAUSE_FAILBACK);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failback, is_done_at_once_inside_its_window_also_over_midnight)
{
    static const struct {
        unsigned hour, start, end;
        bool at_once;
    } cases[] = {{20, 20, 22, true}, {21, 20, 22, true}, {22, 20, 22, false}, {23, 22, 4, true},
                 {3, 22, 4, true},   {4, 22, 4, false},  {21, 22, 4, false},  {13, 7, 7, true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;

        setup_failed_over(&w, "A B; db prefers A: app");
        wait_until(&w, cases[i].hour);
        set_window(&w, cases[i].start, cases[i].end);
        world_do(&w, "up A");
        cr_assert_eq(world_group(&w, "db")->operation.kind == OPERATION_MOVE, cases[i].at_once,
                     "case %zu", i);
        world_teardown(&w);
    }
}

Test(failback, window_is_in_local_time)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    check_code(world_do(&w, "cluster UtcOffset -120"), 0);
    wait_until(&w, 20);
    set_window(&w, 20, 22);
    world_do(&w, "up A");
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, w.now_ms + 2 * HOUR_MS);
    world_do(&w, "wait %llu", (unsigned long long)(2 * HOUR_MS));
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failback, window_that_is_set_anew_holds_at_once)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    wait_until(&w, 12);
    set_window(&w, 20, 22);
    world_do(&w, "up A");
    world_do(&w, "set db FailbackWindowStart 12");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failback, turned_off_while_it_waits_it_is_forgotten)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    wait_until(&w, 12);
    set_window(&w, 20, 22);
    world_do(&w, "up A");
    world_do(&w, "set db AutoFailbackType 0");
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, 0);
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(failback, is_forgotten_if_the_node_is_gone_again_when_the_window_opens)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    wait_until(&w, 12);
    set_window(&w, 20, 22);
    world_do(&w, "up A");
    world_do(&w, "pause A");
    wait_until(&w, 20);
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, 0);
    check_text(world_state(&w, "db"), "Online");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

/* ------------------------------------------------------------------ waiting */

Test(failback, waits_for_an_operation_under_way)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app log");
    world_do(&w, "stop log");
    world_do(&w, "up A");
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_OFFLINE);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_states(&w, "db"), "PartialOnline: app Online, log Offline");
    world_teardown(&w);
}

Test(failback, waits_for_a_lock_and_for_the_next_window_if_that_closes)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    wait_until(&w, 20);
    set_window(&w, 20, 22);
    world_do(&w, "report app locked");
    world_do(&w, "up A");
    world_do(&w, "wait %llu", (unsigned long long)(2 * HOUR_MS));
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, w.now_ms + 22 * HOUR_MS);
    world_do(&w, "report app unlocked");
    check_text(world_state(&w, "db"), "Online");
    wait_until(&w, 20);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failback, of_a_locked_group_begins_when_the_lock_goes)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "report app locked");
    world_do(&w, "up A");
    check_text(world_state(&w, "db"), "Online");
    world_do(&w, "report app unlocked");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failback, goes_by_priority_and_a_bounded_number_at_once)
{
    struct world w;
    unsigned moving;

    world_setup(&w, "A B; g1 prefers A: r1; g2 prefers A: r2; g3 prefers A: r3");
    world_do(&w, "cluster ParallelMoves 1");
    world_do(&w, "set g3 Priority 3000");
    for (unsigned i = 1; i <= 3; i++) {
        world_do(&w, "set g%u AutoFailbackType 1", i);
        world_do(&w, "online g%u", i);
        world_run(&w);
    }
    world_do(&w, "down A");
    world_run(&w);
    world_do(&w, "up A");
    cr_assert_eq(world_group(&w, "g3")->operation.kind, OPERATION_MOVE);
    do {
        moving = 0;
        for (const struct group *g = NULL; (g = cluster_next_group(w.cluster, g)) != NULL;)
            moving += g->operation.kind != OPERATION_NONE;
        cr_assert_leq(moving, 1);
    } while (world_step(&w) > 0);
    check_text(world_owner(&w, "g1"), "A");
    check_text(world_owner(&w, "g2"), "A");
    check_text(world_owner(&w, "g3"), "A");
    cr_assert_gt(world_group(&w, "g1")->token, world_group(&w, "g3")->token);
    cr_assert_gt(world_group(&w, "g2")->token, world_group(&w, "g1")->token);
    world_teardown(&w);
}

Test(failback, that_fails_on_the_preferred_node_is_not_repeated)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "up A");
    world_do(&w, "report app offline");
    check_text(world_owner(&w, "db"), "A");
    world_do(&w, "report app failed");
    world_run(&w);
    world_do(&w, "wait 3600000");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(failback, target_that_dies_on_the_way_leaves_the_group_where_it_was)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "up A");
    world_do(&w, "down A");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_group(&w, "db")->failback_at_ms, 0);
    world_teardown(&w);
}

Test(failback, goes_to_a_node_that_was_resumed_only_as_the_resume_says)
{
    struct world w;

    setup_failed_over(&w, "A B; db prefers A: app");
    world_do(&w, "pause B");
    world_do(&w, "down B");
    world_do(&w, "up A");
    world_run(&w);
    world_do(&w, "up B");
    world_do(&w, "resume B");
    world_do(&w, "pause A drain");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "resume A flags 0");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "pause A");
    world_do(&w, "resume A flags 2");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}
