#include "node/fence.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "node/pulse_private.h"
#include "tests/node/world.h"

TestSuite(fence, .timeout = 90);

/* n1, which leads, and a fence device. */
struct site {
    struct world w;
    struct fence *fence;
    uint64_t seq;
};

static void on_changed(uint32_t code, const struct reply *reply, void *data)
{
    cr_assert_eq(code, 0);
    cr_assert_eq(reply->code, 0, "%u %s", reply->code, reply->detail);
    *(unsigned *)data += 1;
}

static void change(struct site *s, struct command cmd)
{
    unsigned done = 0;

    cmd.client = 1;
    cmd.seq = ++s->seq;
    world_change(&s->w, &cmd, 60000, on_changed, &done);
    RUN_UNTIL(&s->w, done > 0);
}

static void device_fails(struct site *s, bool fails)
{
    static char fail[] = "fail", always[] = "999", never[] = "0";
    char *calls = fails ? always : never;
    struct property p = {
        .name = fail, .type = PROPERTY_SZ, .text = calls, .text_len = strlen(calls)};

    change(s,
           (struct command){
               .kind = COMMAND_FENCE_CREATE, .name = "pdu", .properties = &p, .property_count = 1});
}

static void device(struct site *s)
{
    static char agent[] = "agent", dir[] = "dir";
    char *program = realpath("tests/resources/fake_agent", NULL);
    struct property properties[] = {
        {.name = agent, .type = PROPERTY_SZ, .text = program, .text_len = strlen(program)},
        {.name = dir, .type = PROPERTY_SZ, .text = s->w.dir, .text_len = strlen(s->w.dir)}};

    change(s, (struct command){.kind = COMMAND_FENCE_CREATE,
                               .name = "pdu",
                               .properties = properties,
                               .property_count = 2});
    free(program);
}

static void setup(struct site *s)
{
    memset(s, 0, sizeof *s);
    world_setup(&s->w);
    world_pulse(&s->w);
    s->fence = fence_open(&s->w.loop, s->w.replica, s->w.calls, s->w.pulse, 1);
    world_start(&s->w);
    pulse_join(s->w.pulse, 0);
    RUN_UNTIL(&s->w, s->w.joined > 0);
    s->w.config.timing.lease_ms = 600000; /* However slow this machine is. */
    fence_start(s->fence, s->w.consensus);
    device(s);
}

static void teardown(struct site *s)
{
    fence_close(s->fence);
    world_teardown(&s->w);
    fence_free(s->fence);
}

static const struct node *node_of(const struct site *s, uint32_t id)
{
    return cluster_node(replica_cluster(s->w.replica), id);
}

/* A member that says nothing ever after. */
static void node_up(struct site *s, uint32_t id, const char *name)
{
    change(s, (struct command){.kind = COMMAND_NODE_UP,
                               .node = id,
                               .name = name,
                               .address = "x:1",
                               .disk = name,
                               .level = LEVEL_MAX});
}

static void give_device(struct site *s, const char *name)
{
    const char *devices[] = {"pdu"};

    change(s, (struct command){.kind = COMMAND_FENCE_LEVEL,
                               .name = name,
                               .level = 1,
                               .names = devices,
                               .name_count = 1});
}

static void node_set(struct site *s, const char *name, char *property, uint32_t value)
{
    struct property p = {.name = property, .type = PROPERTY_DWORD, .dword = value};

    change(s, (struct command){
                  .kind = COMMAND_NODE_SET, .name = name, .properties = &p, .property_count = 1});
}

static void fence_after(struct site *s, const char *name, uint32_t ms)
{
    static char after[] = "FencingAfter";

    node_set(s, name, after, ms);
}

static void lose(struct site *s, uint32_t id)
{
    change(s, (struct command){.kind = COMMAND_NODE_DOWN,
                               .node = id,
                               .incarnation = node_of(s, id)->incarnation,
                               .node_seq = UINT64_MAX,
                               .cause = CAUSE_NODE_LEASE_EXPIRED});
}

/* Off, and on again. */
static bool is_fenced(const struct site *s, uint32_t id)
{
    const struct fencing *f = &node_of(s, id)->fencing;

    return f->state == FENCING_CONFIRMED && !f->power_on;
}

Test(fence, a_lost_node_is_fenced_however_many_were_members_before_it)
{
    enum { LAST = NODES_MAX + 3 };
    struct site s;
    char name[16];

    setup(&s);
    for (uint32_t id = 2; id < LAST; id++) {
        snprintf(name, sizeof name, "n%u", id);
        node_up(&s, id, name);
        fence_look(s.fence);
        change(&s, (struct command){.kind = COMMAND_NODE_EVICT, .name = name});
    }
    node_up(&s, LAST, "last");
    give_device(&s, "last");
    lose(&s, LAST);
    RUN_UNTIL(&s.w, is_fenced(&s, LAST));
    teardown(&s);
}

/* n3 was heard of before n2. */
Test(fence, a_node_that_is_silent_for_its_FencingAfter_is_fenced_before_its_lease_is_over)
{
    struct site s;

    setup(&s);
    node_up(&s, 3, "n3");
    node_up(&s, 2, "n2");
    give_device(&s, "n3");
    give_device(&s, "n2");
    fence_after(&s, "n3", 200);
    RUN_UNTIL(&s.w, is_fenced(&s, 3));
    cr_assert_eq(node_of(&s, 3)->why.cause, CAUSE_FENCED, "and not by its lease");
    cr_assert_eq(node_of(&s, 2)->state, NODE_UP, "it has none");
    teardown(&s);
}

/* n3 with a device and a FencingAfter of 400 ms. */
static void watched(struct site *s)
{
    setup(s);
    node_up(s, 3, "n3");
    give_device(s, "n3");
    fence_after(s, "n3", 400);
}

static void assert_left_alone(struct site *s)
{
    node_up(s, 9, "n9"); /* Behind whatever was proposed. */
    cr_assert_eq(node_of(s, 3)->fencing.state, FENCING_NONE);
    cr_assert_eq(node_of(s, 3)->state, NODE_UP);
}

/* Frozen, or starved: what the others said meanwhile lies in its sockets. */
Test(fence, a_leader_that_stood_still_takes_nobody_for_silent)
{
    struct timespec still = {.tv_nsec = 900000000};
    struct site s;

    watched(&s);
    for (unsigned i = 1; i <= 3; i++) {
        world_renew(&s.w, 3, i);
        RUN_UNTIL(&s.w, node_of(&s, 3)->renewed_seq == i);
        nanosleep(&still, NULL);
        uv_run(&s.w.loop, UV_RUN_NOWAIT); /* Timers come first. */
    }
    assert_left_alone(&s);
    teardown(&s);
}

/* Its disk may be slow; the renewals are gathered, and wait. */
Test(fence, a_node_that_asks_is_not_silent_though_nothing_is_applied)
{
    struct site s;

    watched(&s);
    world_renew(&s.w, 3, 5);
    RUN_UNTIL(&s.w, node_of(&s, 3)->renewed_seq == 5);
    s.w.pulse->tick_under_way = true; /* A pulse that is being written. */
    for (uint64_t end_ms = clock_boot_ms() + 1500; clock_boot_ms() < end_ms; world_step(&s.w))
        world_renew(&s.w, 3, 6);
    s.w.pulse->tick_under_way = false;
    assert_left_alone(&s);
    teardown(&s);
}

/* The leader before had a wall clock an hour ahead of this one's. */
Test(fence, a_failed_fencing_is_tried_again_though_the_wall_clock_is_behind)
{
    static char required[] = "FencingRequired";
    struct site s;

    setup(&s);
    s.w.ahead_ms = 3600000;
    node_up(&s, 3, "n3");
    give_device(&s, "n3");
    node_set(&s, "n3", required, 1);
    device_fails(&s, true);
    lose(&s, 3);
    RUN_UNTIL(&s.w, node_of(&s, 3)->fencing.state == FENCING_FAILED);
    device_fails(&s, false);
    fence_look(s.fence);
    node_up(&s, 9, "n9"); /* Behind whatever was proposed. */
    cr_assert_eq(node_of(&s, 3)->fencing.state, FENCING_FAILED, "not at once");
    s.w.ahead_ms += 31000; /* With the next pulse. */
    RUN_UNTIL(&s.w, is_fenced(&s, 3));
    teardown(&s);
}
