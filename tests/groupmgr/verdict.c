/* What is said of a failure, and what is done when nothing is left to do. */
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

/* ----------------------------------------------------------------- verdicts */

Test(verdict, verdict_says_what_was_done_or_why_nothing)
{
    struct world w;

    ONLINE("A B; db: app");
    world_story(&w);
    world_do(&w, "report app failed");
    check_text(world_story(&w), "app@A Online -> Failed, failed\n"
                                "app@A restart\n"
                                "db@A Online -> Failed, failed\n");
    check_verdict("app", CAUSE_RESTART);
    cr_assert_eq(world_resource(&w, "app")->verdict.index, cluster_index(w.cluster));
    world_do(&w, "wait 500");
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_FAILOVER);
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_RESTART);
    world_do(&w, "wait 500");
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_FAILOVERS_USED_UP);
    world_teardown(&w);
}

Test(verdict, verdict_of_what_was_to_stop_or_is_not_wanted)
{
    struct world w;

    ONLINE("A B; db: app log");
    world_break(&w, "app");
    world_do(&w, "offline db");
    world_run(&w);
    check_verdict("app", CAUSE_WAS_STOPPING);
    world_mend(&w, "app");
    world_do(&w, "offline db");
    world_do(&w, "bring app flags 2");
    world_run(&w);
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_NOT_WANTED);
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(verdict, verdicts_of_the_restart_actions)
{
    struct world w;

    ONLINE("A; db: app log");
    world_do(&w, "set app RestartAction 0");
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_RESTART_ACTION_NONE);
    cr_assert_eq(world_resource(&w, "app")->retry_at_ms, 0, "never means never");
    world_do(&w, "set log RestartAction 1");
    world_do(&w, "set log RestartThreshold 0");
    world_do(&w, "report log failed");
    check_verdict("log", CAUSE_RESTARTS_USED_UP);
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "set app RestartAction 2");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "set db FailoverThreshold 1");
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_NO_OTHER_NODE);
    cr_assert_eq(world_group(&w, "db")->failovers, 0);
    world_teardown(&w);
}

/* -------------------------------------------------------------------- retry */

Test(verdict, all_begins_anew_after_the_retry_period)
{
    struct world w;

    ONLINE("A; db: disk app>disk");
    world_break(&w, "disk");
    world_do(&w, "report disk failed");
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Offline");
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 3600000);
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_NONE);
    world_do(&w, "wait 3600000");
    check_text(world_states(&w, "db"), "Pending: disk OnlinePending, app Offline");
    cr_assert_eq(world_resource(&w, "disk")->why.cause, CAUSE_RETRY);
    cr_assert_eq(world_resource(&w, "disk")->restarts, 0);
    world_run(&w);
    /* It has its restart again, and fails again, and waits again. */
    check_verdict("disk", CAUSE_RESTART);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Offline");
    world_mend(&w, "disk");
    world_do(&w, "wait 3600000");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(verdict, retry_gives_the_group_its_failovers_again)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "report app failed");
    world_run(&w);
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_FAILOVERS_USED_UP);
    world_do(&w, "wait 3600000");
    cr_assert_eq(world_group(&w, "db")->failovers, 0);
    world_do(&w, "report app failed");
    check_verdict("app", CAUSE_FAILOVER);
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(verdict, retry_period_has_its_edges)
{
    struct world w;

    ONLINE("A; db: never soon");
    world_do(&w, "set never RestartThreshold 0");
    world_do(&w, "set never RetryPeriodOnFailure 4294967295");
    world_do(&w, "report never failed");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    /* Sooner than the restarts count anew there would be none. */
    world_do(&w, "set soon RestartThreshold 0");
    world_do(&w, "set soon RestartPeriod 5000");
    world_do(&w, "set soon RetryPeriodOnFailure 0");
    world_do(&w, "report soon failed");
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 5000);
    /* What is set meanwhile counts. */
    world_do(&w, "set soon RetryPeriodOnFailure 4294967295");
    world_do(&w, "wait 5000");
    check_text(world_states(&w, "db"), "Failed: never Failed, soon Failed");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(verdict, retry_is_moot_once_something_else_is_said)
{
    static const char *const words[] = {"stop app",  "bring app", "offline db",
                                        "online db", "move db",   "down A"};

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct world w;

        ONLINE("A B; db: app log");
        world_do(&w, "set app RestartThreshold 0");
        world_do(&w, "set db FailoverThreshold 0");
        world_do(&w, "report app failed");
        cr_assert_neq(world_resource(&w, "app")->retry_at_ms, 0);
        world_do(&w, "%s", words[i]);
        cr_assert_eq(world_resource(&w, "app")->retry_at_ms, 0, "%s", words[i]);
        cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
        world_teardown(&w);
    }
}

Test(verdict, several_are_retried_at_once)
{
    struct world w;

    ONLINE("A; db: top disk");
    world_do(&w, "depend top disk");
    world_do(&w, "set top RestartThreshold 0");
    world_do(&w, "set disk RestartThreshold 0");
    world_do(&w, "report top failed");
    world_do(&w, "report disk failed");
    check_text(world_states(&w, "db"), "Failed: top Failed, disk Failed");
    cr_assert_eq(world_resource(&w, "top")->retry_at_ms, world_resource(&w, "disk")->retry_at_ms);
    world_do(&w, "wait 3600000");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: top Online, disk Online");
    world_teardown(&w);
}
