/* The verbs of the policy: what they ask for, and how they tell what came. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/cli.h"
#include "net/msgpack.h"
#include "tests/cli/fake.h"

/* Parameters of the last call of `method`, of which there was one. */
static const struct value *asked(const struct fake *f, const char *method, struct arena *a)
{
    const struct bytes *params = fake_seen(f, method, 0);
    const struct value *v;

    cr_assert_not_null(params, "%s was not called", method);
    cr_assert_eq(msgpack_read(params->data, params->len, a, &v), 0);
    return v;
}

static void expect_flags(const char *method, uint32_t flags, const char *const words[])
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = run_words(f, words);
    struct arena a = {0};
    uint32_t got = 0;

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    value_get_u32(asked(f, method, &a), "flags", &got);
    cr_expect_eq(got, flags, "%s %s: 0x%x", words[0], words[1], got);
    arena_release(&a);
    run_release(&r);
    fake_stop(f);
}
#define FLAGS(method, flags, ...) \
    expect_flags(method, flags, (const char *const[]){__VA_ARGS__, NULL})

Test(policy, options_are_the_flags_of_windows)
{
    FLAGS("group.online", 0x4, "group", "online", "g", "--best-node");
    FLAGS("group.online", 0x9, "group", "online", "g", "--ignore-affinity", "--ignore-locked");
    FLAGS("group.move", 0x2, "group", "move", "g", "--return-on-error");
    FLAGS("group.move", 0xc, "group", "move", "g", "--queue", "--high-priority");
    FLAGS("group.move", 0x20, "group", "move", "g", "--ignore-affinity");
    FLAGS("resource.offline", 0x2, "resource", "offline", "db", "--force");
    FLAGS("resource.offline", 0x4, "resource", "offline", "db", "--temporary");
    FLAGS("resource.online", 0x2, "resource", "online", "db", "--temporary");
    FLAGS("resource.online", 0x28, "resource", "online", "db", "--best-node", "--ignore-affinity");
    FLAGS("resource.restart", 0x1, "resource", "restart", "db", "--ignore-locked");
    FLAGS("node.pause", 0x7, "node", "pause", "n1", "--drain", "--remain", "--avoid", "--retry");
    FLAGS("node.resume", 0, "node", "resume", "n1", "--failback", "none");
    FLAGS("node.resume", 1, "node", "resume", "n1", "--failback", "now");
    FLAGS("node.resume", 2, "node", "resume", "n1", "--failback", "policy");
    FLAGS("node.evict", 1, "node", "evict", "n1", "--force");
}

Test(policy, a_drain_names_its_target)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "node", "pause", "n1", "--drain", "--target", "n2");
    struct arena a = {0};
    const struct value *params = asked(f, "node.pause", &a);
    bool drain = false;

    cr_expect_str_eq(r.out, "node n1: paused\n");
    cr_expect(value_get_bool(params, "drain", &drain) && drain);
    cr_expect(value_is_str(value_get(params, "target"), "n2"));
    cr_expect(value_is_str(value_get(params, "name"), "n1"));
    arena_release(&a);
    run_release(&r);
    fake_stop(f);
}

/* A drain that is in progress at two looks and then as `data` says. */
static void draining(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    answer->json = "{\"code\":997,\"index\":42,\"detail\":\"\"}";
    if (strcmp(request->method, "node.get") == 0)
        answer->json =
            request->seen < 2 ? "{\"state\":\"Paused\",\"drain\":\"in-progress\"}" : data;
}

Test(policy, waiting_for_a_drain_ends_with_it)
{
    char done[] = "{\"state\":\"Paused\",\"drain\":\"completed\",\"groups\":0}";
    char failed[] = "{\"state\":\"Paused\",\"drain\":\"failed\",\"groups\":2}";
    char never[] = "{\"state\":\"Paused\",\"drain\":\"in-progress\"}";
    struct fake *f = fake_start(draining, done);
    struct run r = RUN(f, "node", "pause", "n1", "--drain", "--wait");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_eq(strncmp(r.out, "node n1: Paused and drained after ", 34), 0, "%s", r.out);
    cr_expect_not_null(fake_seen(f, "node.get", 2));
    run_release(&r);
    fake_stop(f);

    f = fake_start(draining, failed);
    r = RUN(f, "node", "pause", "n1", "--drain", "--wait");
    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect(strstr(r.err, "it owns 2 groups"), "%s", r.err);
    run_release(&r);
    fake_stop(f);

    f = fake_start(draining, never);
    r = RUN(f, "node", "pause", "n1", "--drain", "--wait", "--timeout", "0.4");
    cr_expect_eq(r.status, CLI_TIMED_OUT, "%s", r.err);
    run_release(&r);
    fake_stop(f);
}

/* A move that is queued, then runs, then has ended. */
static void queued(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    static const char *const looks[] = {
        "{\"name\":\"g\",\"state\":\"Online\",\"operation\":{\"id\":42,\"queued\":true}}",
        "{\"name\":\"g\",\"state\":\"Pending\",\"owner\":\"n1\",\"operation\":{\"id\":42}}",
        "{\"name\":\"g\",\"state\":\"Online\",\"owner\":\"n2\",\"operation\":null}"};

    (void)data;
    answer->json = "{\"code\":5959,\"index\":42,\"detail\":\"\"}";
    if (strcmp(request->method, "group.get") == 0)
        answer->json = looks[request->seen < 2 ? request->seen : 2];
}

Test(policy, queued_is_accepted_and_can_be_waited_for)
{
    struct fake *f = fake_start(queued, NULL);
    struct run r = RUN(f, "group", "move", "g", "--to", "n2", "--queue");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_str_eq(r.out, "group g: queued (operation 42)\n");
    run_release(&r);
    r = RUN(f, "group", "move", "g", "--to", "n2", "--queue", "--wait");
    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_eq(strncmp(r.out, "group g: Online on n2 after ", 28), 0, "%s", r.out);
    run_release(&r);
    fake_stop(f);
}

Test(policy, dependencies_are_names_or_an_expression)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "resource", "depend", "web", "--on", "([db] and [ip]) or [x]");
    struct arena a = {0};
    const struct value *params = asked(f, "resource.dependencies", &a);

    cr_expect_str_eq(r.out, "resource web: needs ([db] and [ip]) or [x]\n");
    cr_expect(value_is_str(value_get(params, "expression"), "([db] and [ip]) or [x]"));
    run_release(&r);
    r = RUN(f, "resource", "depend", "web", "--on", "db");
    cr_expect(value_is_str(value_get(asked(f, "resource.depend", &a), "on"), "db"));
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(policy, an_empty_expression_takes_all_away)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "resource", "depend", "web", "--on", "[]");
    struct arena a = {0};

    cr_expect(value_is_str(value_get(asked(f, "resource.dependencies", &a), "expression"), ""));
    cr_expect_str_eq(r.out, "resource web: needs nothing\n");
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(policy, possible_owners_are_added_removed_and_set)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "resource", "owners", "DemoGroup/web", "add", "n1", "n2");
    struct arena a = {0};

    cr_expect_str_eq(r.out, "resource web: may now run on n1\nresource web: may now run on n2\n");
    cr_expect_not_null(fake_seen(f, "resource.add_owner", 1));
    run_release(&r);
    r = RUN(f, "resource", "owners", "web", "remove", "n1");
    cr_expect(value_is_str(value_get(asked(f, "resource.remove_owner", &a), "node"), "n1"));
    run_release(&r);
    r = RUN(f, "resource", "owners", "web", "set", "n2", "n3");
    cr_expect_eq(value_get_array(asked(f, "resource.set", &a), "possible")->len, 2u);
    cr_expect_str_eq(r.out, "resource web: may run on n2, n3\n");
    run_release(&r);
    r = RUN(f, "resource", "owners", "web");
    cr_expect_str_eq(r.out, "all nodes\n");
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(policy, properties_of_cluster_and_nodes)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "cluster", "get", "UtcOffset");
    struct arena a = {0};
    const struct value *set;
    uint32_t number = 0;

    cr_expect_str_eq(r.out, "-60\n");
    run_release(&r);
    r = RUN(f, "cluster", "set", "QuarantineThreshold=5");
    set = value_get_map(asked(f, "cluster.set", &a), "properties");
    cr_expect(value_get_u32(set, "QuarantineThreshold", &number) && number == 5);
    run_release(&r);
    r = RUN(f, "cluster", "get", "Nonsense");
    cr_expect_eq(r.status, CLI_FAILED);
    cr_expect(strstr(r.err, "try: holdfast cluster get\n"), "%s", r.err);
    run_release(&r);
    r = RUN(f, "node", "set", "n1", "Capacities=memory=65536");
    set = value_get_map(asked(f, "node.set", &a), "properties");
    cr_expect(value_is_str(value_get(set, "Capacities"), "memory=65536"));
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

/* ------------------------------------------------------------------ operations */

Test(policy, operations_are_found_cancelled_and_waited_for)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "operation", "list");
    struct arena a = {0};

    cr_expect(strstr(r.out, "no node can take it now"), "%s", r.out);
    run_release(&r);
    r = RUN(f, "operation", "cancel", "42");
    cr_expect_str_eq(r.out, "operation 42: cancelled\n");
    cr_expect(value_is_str(value_get(asked(f, "group.cancel", &a), "name"), "DemoGroup"));
    run_release(&r);
    r = RUN(f, "operation", "wait", "42");
    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    cr_expect_eq(strncmp(r.out, "resource db: Online on n1 after ", 32), 0, "%s", r.out);
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

/* ------------------------------------------------------------- why and what if */

static void expect_lines(const char *out, const char *const lines[])
{
    const char *at = out;

    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *found = strstr(at, lines[i]);
        cr_expect(found, "\"%s\" is not there, or not in this order:\n%s", lines[i], out);
        at = found == NULL ? at : found + strlen(lines[i]);
    }
}

Test(policy, why_tells_the_command_the_rule_the_nodes_and_what_comes)
{
    static const char *const lines[] = {
        "group DemoGroup: Failed on n1; wanted Online\n",
        "It is on n1 because its node was not heard of for a lease,\n  by command 42 (node-down) "
        "at ",
        "    n22  was chosen\n",
        "    n1   has more groups (5 against 3)\n",
        "    n3   is down\n",
        "  No other node can take it, by command 42 (tick) at ",
        "    n3   is down\n",
        "It is Failed because it failed,\n  by command 42 (report) at ",
        "A resource of it is locked",
        "Operation 43, move to n2, waits since ",
        "  It waits: it waits until a resource is unlocked.\n",
        "  db: Failed, wanted Online: disk is gone (1117 ERROR_IO_DEVICE)\n    because it "
        "failed,\n",
        "What was done about it: its restarts are used up (3 restarts in this period),\n",
        "It cannot come online on n3",
        "What comes next:\n",
        "in 30 s, at ",
        "resource db is tried again",
        "in 60 s, at ",
        "it may go back to a node that it prefers\n",
        "the move that waits begins when that has changed",
        NULL};
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "why", "DemoGroup");
    struct arena a = {0};

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    expect_lines(r.out, lines);
    cr_expect_null(strstr(r.out, "  ip:"), "ip is as wanted");
    cr_expect_null(value_get(asked(f, "why.get", &a), "kind"));
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(policy, why_of_a_resource_may_name_its_group)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "why", "DemoGroup/db");
    struct arena a = {0};
    const struct value *params = asked(f, "why.get", &a);

    cr_expect(value_is_str(value_get(params, "kind"), "resource"));
    cr_expect(value_is_str(value_get(params, "name"), "db"));
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(policy, what_if_tells_changes_refusals_and_the_end)
{
    static const char *const lines[] = {
        "it would be refused: it cannot: n9 (5071 ERROR_NODE_CANT_HOST_RESOURCE)\n",
        "at once\n  group DemoGroup  Online on n22  its node is about to stop\n",
        "      n22  was chosen\n",
        "+0.5 s\n  group DemoGroup  Online -> Failed on n22  it failed",
        "in the end (+0.5 s)\n",
        "DemoGroup  Online on n1  Failed on n22\n",
        "the next thing would fall due after 60 min\n",
        NULL};
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "what-if", "node-down", "n1", "n2", "--verbose", "--horizon", "1.5");
    struct arena a = {0};
    const struct value *params = asked(f, "whatif.run", &a), *steps;
    uint32_t horizon_ms = 0;

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    expect_lines(r.out, lines);
    steps = value_get_array(params, "steps");
    cr_assert(steps != NULL && steps->len == 2);
    cr_expect(value_is_str(value_get(&steps->items[1], "method"), "node.down"));
    cr_expect(value_is_str(value_get(&steps->items[1], "name"), "n2"));
    cr_expect(value_get_u32(params, "horizon_ms", &horizon_ms) && horizon_ms == 1500);
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

Test(policy, what_if_takes_the_parameters_of_the_real_call)
{
    struct fake *f = fake_start(NULL, NULL);
    struct run r = RUN(f, "what-if", "move", "g", "n2", "--queue");
    struct arena a = {0};
    const struct value *step;
    uint32_t flags = 0;

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    step = &value_get_array(asked(f, "whatif.run", &a), "steps")->items[0];
    cr_expect(value_is_str(value_get(step, "method"), "group.move"));
    cr_expect(value_is_str(value_get(step, "node"), "n2"));
    cr_expect(value_get_u32(step, "flags", &flags) && flags == 4);
    cr_expect_null(fake_seen(f, "group.move", 0), "nothing is changed");
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

/* ---------------------------------------------------------------------- events */

static void placements(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)data;
    (void)request;
    answer->json = "[{\"index\":42,\"stamp_ms\":1700000000123,\"command\":\"node-down\",\"object\":"
                   "\"group\",\"name\":\"g\",\"node\":\"n2\",\"from\":\"Online\",\"to\":\"Online\","
                   "\"cause_text\":\"x\",\"candidates\":[{\"node\":\"n1\",\"rule\":\"down\","
                   "\"text\":\"is down\"}]}]";
}

Test(policy, events_name_commands_and_candidates_on_demand)
{
    struct fake *f = fake_start(placements, NULL);
    struct run r = RUN(f, "events");
    struct arena a = {0};
    bool candidates = false;

    cr_expect_null(strstr(r.out, "is down"));
    cr_expect_null(value_get(asked(f, "events.list", &a), "candidates"));
    run_release(&r);
    fake_stop(f);

    f = fake_start(placements, NULL);
    r = RUN(f, "events", "--verbose");
    cr_expect(strstr(r.out, "    by command 42, node-down\n    n1  is down\n"), "%s", r.out);
    cr_expect(value_get_bool(asked(f, "events.list", &a), "candidates", &candidates) && candidates);
    run_release(&r);
    arena_release(&a);
    fake_stop(f);
}

static void quiet_stream(const struct fake_request *request, struct fake_answer *answer, void *data)
{
    (void)data;
    answer->json = strcmp(request->method, "events.list") == 0 ? "[]" : "{}";
}

Test(policy, following_ends_when_its_time_is_over, .timeout = 20)
{
    struct fake *f = fake_start(quiet_stream, NULL);
    struct run r = RUN(f, "events", "--follow", "--timeout", "0.3");

    cr_expect_eq(r.status, CLI_TIMED_OUT, "%s", r.err);
    cr_expect_str_empty(r.out);
    run_release(&r);
    fake_stop(f);
}

static void a_paused_node(const struct fake_request *request, struct fake_answer *answer,
                          void *data)
{
    (void)data;
    (void)request;
    answer->json =
        "{\"kind\":\"node\",\"now_ms\":1700000001000,\"node\":{\"name\":\"n1\",\"state\":"
        "\"Paused\","
        "\"why\":{\"index\":7,\"stamp_ms\":1,\"command\":\"node-pause\",\"cause_text\":"
        "\"a client paused the node\"},\"paused\":true,\"drain\":\"failed\",\"groups\":1,"
        "\"departures\":4,\"quarantined_until_ms\":1700000061000},"
        "\"groups\":[{\"name\":\"web\",\"state\":\"Online\",\"owner\":\"n1\",\"placed\":null},"
        "{\"name\":\"db\",\"state\":\"Online\",\"owner\":\"n2\",\"placed\":{\"cause_text\":"
        "\"its node is being drained\"}}]}";
}

Test(policy, why_of_a_node_tells_its_drain_and_its_groups)
{
    static const char *const lines[] = {"node n1: Paused\n",
                                        "It is Paused because a client paused the node,\n",
                                        "by command 7 (node-pause) at ",
                                        "It receives no groups until it is resumed.\n",
                                        "Its drain is failed: some groups could not move away; it "
                                        "owns 1 groups.\n",
                                        "It left 4 times, and is in quarantine: that ends in 60 s",
                                        "  web    Online  n1  -\n",
                                        "  db     Online  n2  its node is being drained\n",
                                        NULL};
    struct fake *f = fake_start(a_paused_node, NULL);
    struct run r = RUN(f, "why", "n1");

    cr_expect_eq(r.status, CLI_DONE, "%s", r.err);
    expect_lines(r.out, lines);
    run_release(&r);
    fake_stop(f);
}
