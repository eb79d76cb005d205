/* Restart, failover, and when it stays Failed. */
#include <stdio.h>
#include <string.h>

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

Test(failure, resource_is_restarted_after_its_delay)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "report app failed");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    cr_assert_eq(cluster_next_deadline(w.cluster), w.now_ms + 500);
    world_do(&w, "wait 499");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    world_do(&w, "wait 1");
    check_text(world_states(&w, "db"), "Pending: app OnlinePending");
    cr_assert_eq(world_resource(&w, "app")->why.cause, CAUSE_RESTART);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online");
    check_text(world_owner(&w, "db"), "A");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(failure, due_restart_happens_with_whatever_command_comes)
{
    struct world w;

    ONLINE("A; db: app");
    world_do(&w, "report app failed");
    w.now_ms += 500;
    check_code(world_do(&w, "offline none"), ERROR_GROUP_NOT_FOUND);
    check_text(world_states(&w, "db"), "Pending: app OnlinePending");
    world_teardown(&w);
}

Test(failure, dependents_stop_and_come_back_after_it)
{
    struct world w;

    ONLINE("A; db: disk app>disk top>app");
    world_do(&w, "report disk failed");
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Online, top OfflinePending");
    cr_assert_eq(world_resource(&w, "top")->why.cause, CAUSE_PROVIDER_FAILED);
    /* The disk's time has come, but app still runs: it waits. */
    world_do(&w, "wait 500");
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Online, top OfflinePending");
    world_step(&w);
    check_text(world_states(&w, "db"), "Failed: disk Failed, app OfflinePending, top Offline");
    world_step(&w);
    check_text(world_states(&w, "db"), "Pending: disk OnlinePending, app Offline, top Offline");
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online, top Online");
    world_teardown(&w);
}

Test(failure, group_fails_over_when_restarts_are_used_up)
{
    struct world w;
    uint64_t token;

    ONLINE("A B; db: disk app");
    token = world_group(&w, "db")->token;
    world_do(&w, "report app failed");
    world_do(&w, "wait 500");
    world_run(&w);
    check_code(world_do(&w, "report app failed"), 0);
    check_text(world_states(&w, "db"), "Pending: disk OfflinePending, app Failed");
    cr_assert_eq(world_group(&w, "db")->operation.kind, OPERATION_FAILOVER);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: disk Online, app Online");
    check_text(world_owner(&w, "db"), "B");
    cr_assert_gt(world_group(&w, "db")->token, token);
    cr_assert_eq(world_group(&w, "db")->failovers, 1);
    cr_assert_eq(world_resource(&w, "app")->restarts, 0, "counted per stay on a node");
    world_teardown(&w);
}

Test(failure, broken_resource_visits_every_node_and_stays_failed)
{
    struct world w;

    ONLINE("A B C; db prefers A B C: app");
    world_break(&w, "app");
    world_story(&w);
    world_do(&w, "report app failed");
    for (unsigned i = 0; i < 10; i++) {
        world_do(&w, "wait 500");
        world_run(&w);
    }
    check_text(world_states(&w, "db"), "Failed: app Failed");
    check_text(world_owner(&w, "db"), "C");
    cr_assert_eq(world_group(&w, "db")->failovers, 2, "number of nodes - 1");
    cr_assert_eq(world_resource(&w, "app")->restart_at_ms, 0);
    /* Online by hand counts from the beginning. */
    world_mend(&w, "app");
    world_do(&w, "online db");
    world_run(&w);
    check_text(world_state(&w, "db"), "Online");
    cr_assert_eq(world_group(&w, "db")->failovers, 0);
    world_teardown(&w);
}

Test(failure, failovers_are_counted_anew_after_their_period)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "set db FailoverPeriod 1");
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_do(&w, "wait 3599999");
    world_do(&w, "report app failed");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    world_do(&w, "online db");
    world_run(&w);
    world_do(&w, "report app failed");
    world_run(&w);
    world_do(&w, "wait 3600000");
    world_do(&w, "report app failed");
    world_run(&w);
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(failure, restarts_are_counted_anew_after_their_period)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartPeriod 10000");
    world_do(&w, "report app failed");
    world_do(&w, "wait 10000");
    world_run(&w);
    world_do(&w, "report app failed");
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_owner(&w, "db"), "A");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}

Test(failure, action_0_never_restarts)
{
    struct world w;

    ONLINE("A B; db: app log");
    world_do(&w, "set app RestartAction 0");
    world_do(&w, "report app failed");
    world_do(&w, "wait 100000");
    check_text(world_states(&w, "db"), "Failed: app Failed, log Online");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failure, action_1_restarts_and_never_fails_over)
{
    struct world w;

    ONLINE("A B; db: app log");
    world_do(&w, "set app RestartAction 1");
    world_break(&w, "app");
    world_do(&w, "report app failed");
    world_do(&w, "wait 500");
    world_run(&w);
    world_do(&w, "wait 100000");
    check_text(world_states(&w, "db"), "Failed: app Failed, log Online");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failure, no_failover_without_another_node)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "down B");
    world_do(&w, "report app failed");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    cr_assert_eq(world_group(&w, "db")->failovers, 0, "one that could not be is not counted");
    world_teardown(&w);
}

Test(failure, restart_without_delay_is_at_once)
{
    struct world w;

    ONLINE("A; db: app");
    world_do(&w, "set app RestartDelay 0");
    world_do(&w, "report app failed");
    check_text(world_states(&w, "db"), "Pending: app OnlinePending");
    world_teardown(&w);
}

Test(failure, requested_failure_is_the_owners_to_report)
{
    struct world w;

    ONLINE("A; db: app");
    check_code(world_do(&w, "fail app"), 0);
    cr_assert(world_resource(&w, "app")->fail_requested);
    check_text(world_state(&w, "app"), "Online");
    check_code(world_do(&w, "fail app"), 0);
    world_step(&w);
    check_text(world_state(&w, "app"), "Failed");
    cr_assert_not(world_resource(&w, "app")->fail_requested);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_state(&w, "app"), "Online");
    world_teardown(&w);
}

Test(failure, resource_that_fails_while_it_waits_to_stop_is_not_recovered)
{
    struct world w;

    ONLINE("A B; db: disk app>disk");
    world_do(&w, "offline db");
    world_do(&w, "report disk failed");
    check_text(world_states(&w, "db"), "Pending: disk Failed, app OfflinePending");
    world_run(&w);
    check_text(world_states(&w, "db"), "Failed: disk Failed, app Offline");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(failure, failure_of_one_nobody_wants_is_final)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "stop app");
    world_run(&w);
    check_code(world_do(&w, "bring app flags 2"), ERROR_IO_PENDING);
    cr_assert_eq(world_resource(&w, "app")->persistent, 0);
    world_run(&w);
    world_do(&w, "report app failed");
    world_do(&w, "wait 100000");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    check_text(world_owner(&w, "db"), "A");
    world_teardown(&w);
}

Test(failure, reason_is_kept_and_told)
{
    struct world w;
    struct report report = {
        .event = REPORT_FAILED, .code = ERROR_PROCESS_ABORTED, .text = "exit status 7"};
    struct command cmd = {.kind = COMMAND_REPORT, .node = 1, .reports = &report, .report_count = 1};
    const struct event *e;

    ONLINE("A; db: app");
    report.resource = world_resource(&w, "app")->id;
    report.operation = world_resource(&w, "app")->operation;
    cmd.incarnation = world_node(&w, "A")->incarnation;
    world_apply(&w, &cmd);
    cr_assert_eq(world_resource(&w, "app")->status_code, (uint32_t)ERROR_PROCESS_ABORTED);
    check_text(world_resource(&w, "app")->status_text, "exit status 7");
    e = cluster_event(w.cluster, cluster_event_count(w.cluster) - 2);
    check_text(e->name, "app");
    check_text(e->text, "exit status 7");
    cr_assert_eq(e->code, (uint32_t)ERROR_PROCESS_ABORTED);
    world_do(&w, "wait 500");
    world_run(&w);
    cr_assert_eq(world_resource(&w, "app")->status_code, 0);
    cr_assert_null(world_resource(&w, "app")->status_text);
    world_teardown(&w);
}

Test(failure, restarts_fall_due_in_their_order)
{
    struct world w;

    world_setup(&w, "A; db");
    for (unsigned i = 0; i < 20; i++) {
        world_do(&w, "add r%u to db", i);
        world_do(&w, "set r%u RestartDelay %u", i, 100 * (7 * i % 20 + 1));
    }
    world_do(&w, "online db");
    world_run(&w);
    for (unsigned i = 0; i < 20; i++)
        world_do(&w, "report r%u failed", i);
    /* One in the middle is taken out again. */
    check_code(world_do(&w, "stop r5"), 0);
    for (unsigned due = 1; due <= 20; due++) {
        unsigned i = 3 * (due - 1) % 20; /* 3 * 7 = 1 modulo 20. */
        char name[8];

        snprintf(name, sizeof(name), "r%u", i);
        world_do(&w, "wait 100");
        check_text(world_state(&w, name), i == 5 ? "Offline" : "OnlinePending");
    }
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX);
    world_teardown(&w);
}

Test(failure, clock_gone_mad_does_not_wrap_round)
{
    struct world w;

    ONLINE("A; db: app");
    w.now_ms = UINT64_MAX - 10;
    world_do(&w, "report app failed");
    cr_assert_eq(cluster_next_deadline(w.cluster), UINT64_MAX - 1);
    world_teardown(&w);
}

Test(failure, restart_taken_out_of_the_middle_leaves_the_others_in_order)
{
    static const unsigned delays[] = {100, 1000, 200, 1100, 1200, 300, 400};
    struct world w;

    world_setup(&w, "A; db");
    for (unsigned i = 0; i < 7; i++) {
        world_do(&w, "add r%u to db", i);
        world_do(&w, "set r%u RestartDelay %u", i, delays[i]);
    }
    world_do(&w, "online db");
    world_run(&w);
    for (unsigned i = 0; i < 7; i++)
        world_do(&w, "report r%u failed", i);
    /* The last one of the heap takes the place of r3, under r1: it must rise. */
    check_code(world_do(&w, "stop r3"), 0);
    world_do(&w, "wait 400");
    check_text(world_state(&w, "r6"), "OnlinePending");
    check_text(world_state(&w, "r1"), "Failed");
    world_teardown(&w);
}

Test(failure, words_of_a_handler_are_cut_at_a_letter)
{
    struct world w;
    char text[2048] = "x";
    struct report report = {.event = REPORT_FAILED, .text = text};
    struct command cmd = {.kind = COMMAND_REPORT, .node = 1, .reports = &report, .report_count = 1};

    ONLINE("A; db: app");
    for (unsigned i = 1; i + 3 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 3);
    report.resource = world_resource(&w, "app")->id;
    report.operation = world_resource(&w, "app")->operation;
    cmd.incarnation = world_node(&w, "A")->incarnation;
    world_apply(&w, &cmd);
    cr_assert_eq(strlen(world_resource(&w, "app")->status_text), 1023);
    world_teardown(&w);
}

/* ----------------------------------------------------------------- failover */

Test(failure, failover_threshold_0_is_never)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "set db FailoverThreshold 0");
    world_do(&w, "report app failed");
    check_text(world_states(&w, "db"), "Failed: app Failed");
    check_verdict("app", CAUSE_FAILOVERS_USED_UP);
    world_teardown(&w);
}

Test(failure, failover_period_0_begins_anew_with_each)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "set db FailoverThreshold 1");
    world_do(&w, "set db FailoverPeriod 0");
    for (unsigned i = 0; i < 5; i++) {
        world_do(&w, "report app failed");
        world_run(&w);
        check_text(world_states(&w, "db"), "Online: app Online");
        check_text(world_owner(&w, "db"), i % 2 == 0 ? "B" : "A");
        cr_assert_eq(world_group(&w, "db")->failovers, 1);
    }
    world_teardown(&w);
}

Test(failure, as_many_failovers_as_the_threshold_says)
{
    struct world w;

    ONLINE("A B; db: app");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "set db FailoverThreshold 5");
    world_do(&w, "set db FailoverPeriod 3");
    for (unsigned i = 0; i < 5; i++) {
        world_do(&w, "report app failed");
        world_run(&w);
        check_text(world_state(&w, "db"), "Online");
        world_do(&w, "wait 1000");
    }
    world_do(&w, "report app failed");
    check_text(world_state(&w, "db"), "Failed");
    check_text(world_owner(&w, "db"), "B");
    world_teardown(&w);
}

Test(failure, second_failure_while_the_group_stops_changes_nothing)
{
    struct world w;
    uint64_t operation;

    ONLINE("A B C; db: app log");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "set log RestartThreshold 0");
    world_do(&w, "report app failed");
    operation = world_group(&w, "db")->operation.id;
    world_do(&w, "report log failed");
    check_verdict("log", CAUSE_WAS_STOPPING);
    cr_assert_eq(world_group(&w, "db")->failovers, 1);
    cr_assert_eq(world_group(&w, "db")->operation.id, operation);
    world_run(&w);
    check_text(world_states(&w, "db"), "Online: app Online, log Online");
    world_do(&w, "report log failed");
    cr_assert_eq(world_group(&w, "db")->failovers, 2);
    world_teardown(&w);
}

Test(failure, failure_at_the_target_is_the_next_one)
{
    struct world w;

    ONLINE("A B C; db prefers A B C: app log");
    world_do(&w, "set app RestartThreshold 0");
    world_do(&w, "report app failed");
    world_do(&w, "report log offline");
    check_text(world_owner(&w, "db"), "B");
    check_text(world_states(&w, "db"), "Pending: app OnlinePending, log OnlinePending");
    world_do(&w, "report app failed");
    cr_assert_eq(world_group(&w, "db")->failovers, 2);
    world_run(&w);
    check_text(world_owner(&w, "db"), "C");
    check_text(world_state(&w, "db"), "Online");
    world_teardown(&w);
}
