/* Failures of what others can stand in for, of what is in maintenance, and of
 * what cannot come online at all. */
#include "groupmgr/rules.h"
#include "tests/groupmgr/world.h"

#define ONLINE(plot)                                 \
    do {                                             \
        world_setup(&w, plot);                       \
        world_do(&w, "online db");                   \
        world_run(&w);                               \
        check_text(world_state(&w, "db"), "Online"); \
    } while (0)

#define check_verdict(resource, expected) \
    cr_assert_eq(world_resource(&w, resource)->verdict.cause, (expected))

/* A word of maintenance, said behind the back of the command for it: what is
 * tested here is what failures make of it. */
static void maintain(struct world *w, const char *resource, bool maintained)
{
    ((struct resource *)world_resource(w, resource))->maintenance = maintained;
}

/* ------------------------------------------------------------- alternatives */

Test(recovery, only_what_loses_its_last_alternative_is_stopped)
{
    struct world w;

    ONLINE("A; db: a b either over>either both>a,b");
    world_do(&w, "needs either [a] or [b]");
    check_text(world_state(&w, "db"), "Online");
    world_do(&w, "report a failed");
    check_text(world_states(&w, "db"),
               "Failed: a Failed, b Online, either Online, over Online, both OfflinePending");
    world_run(&w);
    world_do(&w, "wait 500");
    check_text(world_states(&w, "db"),
               "Pending: a OnlinePending, b Online, either Online, over Online, both Offline");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_do(&w, "report b failed");
    world_do(&w, "report a failed");
    check_text(world_state(&w, "over"), "OfflinePending");
    world_teardown(&w);
}

Test(recovery, alternative_that_comes_back_waits_for_nobody)
{
    struct world w;

    ONLINE("A; db: a b top");
    world_do(&w, "needs top [a] or [b]");
    world_do(&w, "set a RestartDelay 0");
    world_do(&w, "report a failed");
    check_text(world_states(&w, "db"), "Pending: a OnlinePending, b Online, top Online");
    world_teardown(&w);
}

Test(recovery, what_failed_for_good_brings_its_dependents_when_it_comes)
{
    static const char *const words[] = {"bring disk", "online db", "wait 3600000"};

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct world w;

        ONLINE("A; db: disk app>disk top>app");
        world_do(&w, "set disk RestartThreshold 0");
        world_do(&w, "report disk failed");
        world_run(&w);
        check_text(world_states(&w, "db"), "Failed: disk Failed, app Offline, top Offline");
        world_do(&w, "%s", words[i]);
        world_run(&w);
        check_text(world_states(&w, "db"), "Online: disk Online, app Online, top Online");
        world_teardown(&w);
    }
}

/* -------------------------------------------------------------- maintenance */

Test(recovery, maintenance_leaves_dependents_and_group_alone)
{
    struct world w;

    ONLINE("A B; db: disk app>disk");
    maintain(&w, "disk", true);
    world_do(&w, "report disk failed");
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Online");
    check_verdict("disk", CAUSE_IN_MAINTENANCE);
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    /* By hand it comes back under what runs over it. */
    check_code(world_do(&w, "bring disk"), ERROR_IO_PENDING);
    check_text(world_states(&w, "db"), "Pending: disk OnlinePending, app Online");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    maintain(&w, "disk", false);
    world_do(&w, "report disk failed");
    check_verdict("disk", CAUSE_RESTART);
    check_text(world_states(&w, "db"), "Failed: disk Failed, app OfflinePending");
    world_teardown(&w);
}

Test(recovery, group_stops_over_one_that_failed_in_maintenance)
{
    struct world w;

    ONLINE("A B; db: disk app>disk");
    maintain(&w, "disk", true);
    world_do(&w, "report disk failed");
    check_code(world_do(&w, "move db"), ERROR_IO_PENDING);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

/* What the end of a maintenance makes of a failure that was only noted. */
static void end_maintenance(struct world *w, const char *resource)
{
    maintain(w, resource, false);
    resource_recover(w->cluster, resource_record(world_resource(w, resource)));
    world_do(w, "wait 0");
}

Test(recovery, end_of_a_maintenance_catches_up)
{
    struct world w;

    ONLINE("A B; db: disk app>disk log");
    maintain(&w, "disk", true);
    end_maintenance(&w, "disk");
    check_text(world_state(&w, "db"), "Online");
    maintain(&w, "disk", true);
    world_do(&w, "report disk failed");
    end_maintenance(&w, "disk");
    check_verdict("disk", CAUSE_RESTART);
    check_text(world_states(&w, "db"), "Failed: disk Failed, app OfflinePending, log Online");
    world_run(&w);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online, log Online");
    /* On its way elsewhere it is started there. */
    maintain(&w, "disk", true);
    world_do(&w, "report disk failed");
    world_do(&w, "move db");
    end_maintenance(&w, "disk");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online, log Online");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(recovery, restart_that_falls_due_in_maintenance_does_not_happen)
{
    struct world w;

    ONLINE("A; db: app");
    world_do(&w, "report app failed");
    maintain(&w, "app", true);
    world_do(&w, "wait 500");
    check_text(world_state(&w, "app"), "Failed");
    check_verdict("app", CAUSE_IN_MAINTENANCE);
    world_teardown(&w);
}

/* -------------------------------------------------------- cannot come online */

Test(recovery, what_cannot_come_online_here_goes_elsewhere_at_once)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "online db");
    world_do(&w, "report app cannot-here");
    check_text(world_states(&w, "db"), "Pending: app Failed, log OfflinePending");
    cr_assert_eq(world_resource(&w, "app")->why.cause, CAUSE_CANNOT_ONLINE_HERE);
    check_verdict("app", CAUSE_FAILOVER);
    cr_assert_eq(world_resource(&w, "app")->refused_count, 1);
    cr_assert_eq(world_resource(&w, "app")->refused[0], world_node(&w, "A")->id);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online, log Online");
    check_text(world_owner(&w, "db"), "B");
    cr_assert_eq(world_resource(&w, "app")->refused_count, 1);
    world_teardown(&w);
}

Test(recovery, what_may_not_fail_over_stays_where_it_cannot_come_online)
{
    struct world w;

    world_setup(&w, "A B; db: app");
    world_do(&w, "set app RestartAction 1");
    world_do(&w, "online db");
    world_do(&w, "report app cannot-here");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    check_verdict("app", CAUSE_CANNOT_ONLINE_HERE);
    cr_assert_eq(world_resource(&w, "app")->restarts, 0);
    cr_assert_eq(world_resource(&w, "app")->retry_at_ms, w.now_ms + 3600000);
    world_do(&w, "set app RestartAction 0");
    cr_assert_eq(world_resource(&w, "app")->refused_count, 0, "it has been set anew");
    world_do(&w, "online db");
    world_do(&w, "report app cannot-here");
    check_verdict("app", CAUSE_RESTART_ACTION_NONE);
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(recovery, refusals_are_lifted_by_a_clients_online_and_by_a_retry)
{
    static const char *const words[] = {"online db", "bring app", "wait 3600000"};

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct world w;

        world_setup(&w, "A B; db: app");
        world_do(&w, "online db");
        world_do(&w, "report app cannot-here");
        world_do(&w, "report app cannot-here");
        check_text(world_states(&w, "db"), "Failed: app Failed");
        cr_assert_eq(world_resource(&w, "app")->refused_count, 2);
        cr_assert_lt(world_resource(&w, "app")->refused[0], world_resource(&w, "app")->refused[1]);
        world_do(&w, "%s", words[i]);
        check_text(world_state(&w, "app"), "OnlinePending");
        cr_assert_eq(world_resource(&w, "app")->refused_count, 0);
        world_teardown(&w);
    }
}

Test(recovery, what_cannot_come_online_anywhere_is_only_retried)
{
    struct world w;

    world_setup(&w, "A B; db: app log");
    world_do(&w, "online db");
    world_do(&w, "report app cannot-anywhere");
    check_verdict("app", CAUSE_CANNOT_ONLINE_ANYWHERE);
    cr_assert_eq(world_resource(&w, "app")->refused_count, 0);
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: app Failed, log Online");
    check_text(world_owner(&w, "db"), "A");
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 3600000);
    world_do(&w, "wait 3600000");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}
