/* The Dummy type, and the rules of orders and states that it lets one see,
 * through a real monitor. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/proplist.h"
#include "resources/dummy.h"
#include "tests/resources/world.h"

enum { RES = 7, OTHER = 8 };

static void assert_text(struct world *w, const char *contains)
{
    const char *text = world_resource(w, RES)->text;

    cr_assert_not_null(strstr(text, contains), "\"%s\" lacks \"%s\"", text, contains);
}

static bool was(const struct world *w, uint64_t operation, enum monitor_resource_state state)
{
    char *line = xasprintf("%d:%" PRIu64 ":%d\n", RES, operation, (int)state);
    bool found = strstr(w->link.history, line) != NULL;

    free(line);
    return found;
}

/* Controls are answered in order after everything ordered before. */
static uint32_t control_code;

static void on_control(uint32_t code, void *data)
{
    control_code = code;
    *(bool *)data = true;
}

static bool is_true(void *data)
{
    return *(bool *)data;
}

static uint32_t control(struct world *w, uint32_t code)
{
    bool done = false;

    cr_assert_eq(monitor_control(w->link.monitor, RES, code, NULL, 0, on_control, &done), 0);
    world_wait(w, is_true, &done, "control");
    return control_code;
}

Test(dummy, goes_online_and_offline_through_the_pending_states)
{
    struct world w;
    uint64_t up, down;

    world_setup(&w);
    up = world_online(&w, RES, "Dummy", NULL);
    world_wait_life(&w, RES, up, MONITOR_ONLINE);
    cr_assert(was(&w, up, MONITOR_ONLINE_PENDING));
    down = world_offline(&w, RES);
    world_wait_life(&w, RES, down, MONITOR_OFFLINE);
    cr_assert(was(&w, down, MONITOR_OFFLINE_PENDING));
    world_teardown(&w);
}

Test(dummy, fails_on_demand_with_the_code_asked_for)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "dummy", "FailOnline", "1234", NULL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, 1234);
    world_online(&w, RES, "dummy", "FailOffline", "4321", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, 4321);
    world_teardown(&w);
}

Test(dummy, fails_by_itself_after_fail_after)
{
    struct world w;
    uint64_t up;

    world_setup(&w);
    up = world_online(&w, RES, "dummy", "FailAfter", "30", NULL);
    world_wait_life(&w, RES, up, MONITOR_FAILED);
    cr_assert(was(&w, up, MONITOR_ONLINE));
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_FAILED);
    world_teardown(&w);
}

Test(dummy, an_offline_instruction_is_recorded_in_file_and_text)
{
    struct world w;
    struct proplist_builder b;

    world_setup(&w);
    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline_dword(&w, RES, "DUMMY", 2);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    assert_text(&w, "instruction Dummy=2");
    world_wait_file(&w, "res.instructions", "Dummy=2\n");

    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    proplist_builder_init(&b, PROPLIST_UTF16);
    proplist_add_dword(&b, "Virtual Machine", 1);
    proplist_add_sz(&b, "Dummy", "save");
    world_offline_bytes(&w, RES, b.bytes.data, b.bytes.len);
    proplist_builder_release(&b);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    assert_text(&w, "instruction Dummy=save");
    world_wait_file(&w, "res.instructions", "Dummy=2\nDummy=save\n");
    world_teardown(&w);
}

Test(dummy, an_instruction_of_another_type_is_no_business_of_its)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline_dword(&w, RES, "Virtual Machine", 1);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    cr_assert_str_eq(world_resource(&w, RES)->text, "offline");
    cr_assert_null(world_read(&w, "res.instructions"));
    world_teardown(&w);
}

Test(dummy, a_malformed_list_fails_the_offline)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    world_offline_bytes(&w, RES, "\1\0\0\0junk", 8);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_INVALID_DATA);
    world_teardown(&w);
}

Test(dummy, locked_mode_is_raised_when_online_and_falls_with_the_life)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "dummy", "Locked", "1", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    cr_assert(world_resource(&w, RES)->locked);
    cr_assert_eq(control(&w, DUMMY_CONTROL_UNLOCK), 0);
    cr_assert(!world_resource(&w, RES)->locked);
    cr_assert_eq(control(&w, DUMMY_CONTROL_LOCK), 0);
    cr_assert(world_resource(&w, RES)->locked);
    world_offline(&w, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    cr_assert(!world_resource(&w, RES)->locked);
    world_teardown(&w);
}

Test(dummy, control_fails_it_or_says_why_not)
{
    struct world w;

    world_setup(&w);
    cr_assert_eq(control(&w, DUMMY_CONTROL_FAIL), ERROR_RESOURCE_NOT_ONLINE);
    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    cr_assert_eq(control(&w, 99), ERROR_INVALID_FUNCTION);
    cr_assert_eq(control(&w, DUMMY_CONTROL_FAIL), 0);
    world_wait_state(&w, RES, MONITOR_FAILED);
    world_teardown(&w);
}

/* ------------------------------------------------------------- pending time-outs */

Test(pending, silence_for_the_time_out_is_failure_with_a_text_that_says_so)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.pending_timeout_ms = 120;
    world_order(&w, order, "HangOnline", "1", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_CALL_TIMED_OUT);
    assert_text(&w, "res: no sign of life for 120 ms");
    cr_assert(was(&w, order.operation, MONITOR_TERMINATING));
    world_teardown(&w);
}

Test(pending, a_hanging_offline_fails_under_its_own_operation)
{
    struct world w;
    uint64_t down;

    world_setup(&w);
    world_online(&w, RES, "dummy", "HangOffline", "1", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    down = ++w.next_operation;
    monitor_offline(w.link.monitor, RES, down, 120, NULL, 0);
    world_wait_life(&w, RES, down, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_CALL_TIMED_OUT);
    world_teardown(&w);
}

Test(pending, checkpoints_keep_a_slow_one_alive)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.pending_timeout_ms = 700; /* Checkpoints come every 100. */
    world_order(&w, order, "OnlineDelay", "1500", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_ONLINE);
    cr_assert_gt(world_resource(&w, RES)->checkpoint, 0);
    world_teardown(&w);
}

Test(pending, without_checkpoints_the_same_one_fails)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.pending_timeout_ms = 200;
    world_order(&w, order, "OnlineDelay", "30000", "Silent", "1", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_CALL_TIMED_OUT);
    world_teardown(&w);
}

Test(pending, offline_takes_over_from_an_online_that_is_going_on)
{
    struct world w;
    uint64_t down;

    world_setup(&w);
    world_online(&w, RES, "dummy", "HangOnline", "1", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE_PENDING);
    down = world_offline(&w, RES);
    world_wait_life(&w, RES, down, MONITOR_OFFLINE);
    world_teardown(&w);
}

/* ------------------------------------------------------------------------ checks */

Test(checks, a_resource_that_no_longer_looks_alive_fails)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.looks_alive_ms = 20;
    world_order(&w, order, "SickAfter", "60", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_FAILED);
    assert_text(&w, "no longer alive");
    world_teardown(&w);
}

Test(checks, is_alive_finds_it_when_looks_alive_is_not_asked)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.looks_alive_ms = 3600000;
    order.is_alive_ms = 20;
    world_order(&w, order, "SickAfter", "60", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_FAILED);
    world_teardown(&w);
}

static bool is_unwatched(void *data)
{
    return world_resource(data, RES)->unwatched;
}

static bool is_watched(void *data)
{
    return !world_resource(data, RES)->unwatched;
}

Test(checks, a_resource_that_is_not_watched_is_not_asked_until_it_is_watched_again)
{
    struct world w;
    struct monitor_order order;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    order.looks_alive_ms = 20;
    world_order(&w, order, "SickAfter", "300", NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_ONLINE);
    monitor_watch(w.link.monitor, RES, order.operation + 1, false); /* Of another life. */
    monitor_watch(w.link.monitor, RES, order.operation, false);
    world_wait(&w, is_unwatched, &w, "unwatched");
    world_run_for(&w, 600);
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_ONLINE);
    monitor_watch(w.link.monitor, RES, order.operation, true);
    world_wait_life(&w, RES, order.operation, MONITOR_FAILED);
    assert_text(&w, "no longer alive");
    world_teardown(&w);
}

Test(checks, a_new_life_is_watched)
{
    struct world w;
    uint64_t life;

    world_setup(&w);
    life = world_online(&w, RES, "dummy", NULL);
    world_wait_life(&w, RES, life, MONITOR_ONLINE);
    monitor_watch(w.link.monitor, RES, life, false);
    world_wait(&w, is_unwatched, &w, "unwatched");
    life = world_online(&w, RES, "dummy", NULL);
    world_wait_life(&w, RES, life, MONITOR_ONLINE);
    world_wait(&w, is_watched, &w, "watched");
    world_teardown(&w);
}

/* ------------------------------------------------- what a handler says of itself */

Test(words, that_it_cannot_come_online_here_is_passed_on)
{
    struct world w;
    uint64_t life;

    world_setup(&w);
    life = world_online(&w, RES, "dummy", "CannotOnlineOn", "n1", NULL);
    world_wait_life(&w, RES, life, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->refusal, MONITOR_REFUSES_NODE);
    life = world_online(&w, RES, "dummy", "CannotOnlineOn", "*", NULL);
    world_wait_life(&w, RES, life, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->refusal, MONITOR_REFUSES_NODES);
    life = world_online(&w, RES, "dummy", "CannotOnlineOn", "elsewhere", NULL);
    world_wait_life(&w, RES, life, MONITOR_ONLINE);
    cr_assert_eq(world_resource(&w, RES)->refusal, MONITOR_REFUSES_NOTHING);
    world_teardown(&w);
}

static bool guest_has_failed(void *data)
{
    const struct world *w = data;

    return w->link.embedded_failure[0] != '\0';
}

static bool guest_is_well(void *data)
{
    return !world_resource(data, RES)->embedded_failure;
}

Test(words, a_failure_within_it_leaves_it_online_and_may_pass)
{
    struct world w;
    uint64_t life;

    world_setup(&w);
    life = world_online(&w, RES, "dummy", "GuestFailAfter", "50", "GuestRecoverAfter", "50", NULL);
    world_wait_life(&w, RES, life, MONITOR_ONLINE);
    world_wait(&w, guest_has_failed, &w, "the guest's failure");
    cr_assert_not_null(strstr(w.link.embedded_failure, "the guest failed"));
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_ONLINE);
    world_wait(&w, guest_is_well, &w, "its recovery");
    world_teardown(&w);
}

/* ------------------------------------------------------------------------ orders */

Test(orders, repeated_ones_change_nothing)
{
    struct world w;
    struct monitor_order order;
    char *before;

    world_setup(&w);
    order = world_default_order(&w, RES, "dummy");
    world_order(&w, order, NULL);
    world_order(&w, order, NULL);
    world_wait_life(&w, RES, order.operation, MONITOR_ONLINE);
    before = xstrdup(w.link.history);
    world_order(&w, order, NULL);
    world_settle(&w);
    cr_assert_str_eq(w.link.history, before);
    free(before);

    w.next_operation++;
    for (int i = 0; i < 3; i++)
        monitor_offline(w.link.monitor, RES, w.next_operation, 60000, NULL, 0);
    world_wait_life(&w, RES, w.next_operation, MONITOR_OFFLINE);
    before = xstrdup(w.link.history);
    monitor_offline(w.link.monitor, RES, w.next_operation, 60000, NULL, 0);
    world_order(&w, order, NULL); /* Of a life that is over. */
    world_settle(&w);
    cr_assert_str_eq(w.link.history, before);
    free(before);
    world_teardown(&w);
}

Test(orders, offline_of_what_is_not_there_is_reported_at_once)
{
    struct world w;
    uint64_t down;

    world_setup(&w);
    down = world_offline(&w, RES);
    world_wait_life(&w, RES, down, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(orders, terminate_of_what_is_not_there_is_answered_with_offline)
{
    struct world w;

    world_setup(&w);
    monitor_terminate(w.link.monitor, RES);
    world_wait_life(&w, RES, 0, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(orders, a_newer_online_ends_the_old_life_first)
{
    struct world w;
    uint64_t first, second;

    world_setup(&w);
    first = world_online(&w, RES, "dummy", NULL);
    world_wait_life(&w, RES, first, MONITOR_ONLINE);
    second = world_online(&w, RES, "dummy", NULL);
    world_wait_life(&w, RES, second, MONITOR_ONLINE);
    cr_assert(was(&w, first, MONITOR_TERMINATING));
    cr_assert(was(&w, first, MONITOR_OFFLINE));
    world_teardown(&w);
}

Test(orders, an_offline_overtakes_an_online_that_waits)
{
    struct world w;
    uint64_t down, waiting;

    world_setup(&w);
    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    waiting = world_online(&w, RES, "dummy", NULL);
    down = world_offline(&w, RES);
    world_wait_life(&w, RES, down, MONITOR_OFFLINE);
    world_settle(&w);
    cr_assert(!was(&w, waiting, MONITOR_ONLINE_PENDING));
    world_teardown(&w);
}

Test(orders, fail_takes_only_the_life_that_it_names)
{
    struct world w;
    uint64_t up;

    world_setup(&w);
    up = world_online(&w, RES, "dummy", NULL);
    world_wait_life(&w, RES, up, MONITOR_ONLINE);
    monitor_fail(w.link.monitor, RES, up - 1);
    world_settle(&w);
    cr_assert_eq(world_resource(&w, RES)->state, MONITOR_ONLINE);
    monitor_fail(w.link.monitor, RES, up);
    world_wait_life(&w, RES, up, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_RESOURCE_FAILED);
    world_teardown(&w);
}

Test(orders, a_failed_resource_goes_offline_under_the_next_operation)
{
    struct world w;
    uint64_t down;

    world_setup(&w);
    world_online(&w, RES, "dummy", "FailOnline", "5", NULL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    down = world_offline(&w, RES);
    world_wait_life(&w, RES, down, MONITOR_OFFLINE);
    world_teardown(&w);
}

Test(orders, a_terminated_resource_is_forgotten)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "dummy", NULL);
    world_wait_state(&w, RES, MONITOR_ONLINE);
    monitor_terminate(w.link.monitor, RES);
    world_wait_state(&w, RES, MONITOR_OFFLINE);
    world_link_close(&w, &w.link);
    world_link_open(&w, &w.link);
    cr_assert_eq(w.link.inventory, 0);
    world_teardown(&w);
}

Test(orders, what_cannot_begin_fails_with_the_reason)
{
    struct world w;

    world_setup(&w);
    world_online(&w, RES, "vm", NULL);
    world_wait_state(&w, RES, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, RES)->code, ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND);
    assert_text(&w, "\"vm\"");
    world_online(&w, OTHER, "process", NULL);
    world_wait_state(&w, OTHER, MONITOR_FAILED);
    cr_assert_eq(world_resource(&w, OTHER)->code, ERROR_CLUSTER_RESOURCE_CONFIGURATION_ERROR);
    cr_assert_not_null(strstr(world_resource(&w, OTHER)->text, "CommandLine"));
    world_teardown(&w);
}
