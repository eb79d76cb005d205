/* Every view is one well-formed tree, and says what the state says. */
#include "node/views.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/value.h"
#include "net/msgpack.h"

struct stage {
    struct cluster *cluster;
    struct view view;
    struct bytes bytes;
    struct msgpack_sink to;
    struct arena arena;
    uint64_t now_ms;
};

static uint32_t apply(struct stage *t, const struct command *cmd)
{
    struct reply reply;

    cluster_apply(t->cluster, t->now_ms += 10, cmd, &reply);
    return reply.code;
}

static void report(struct stage *t, const char *name, enum report_event event)
{
    const struct resource *r = cluster_resource_by_name(t->cluster, name);
    const struct node *owner = cluster_node(t->cluster, r->group->owner);
    struct report report = {.resource = r->id, .operation = r->operation, .event = event};

    apply(t, &(struct command){.kind = COMMAND_REPORT,
                               .node = owner->id,
                               .incarnation = owner->incarnation,
                               .reports = &report,
                               .report_count = 1});
}

/* Two nodes; a group with `ip` and `db`, which needs it, online on the first. */
static void stage_setup(struct stage *t)
{
    *t = (struct stage){.cluster = cluster_new(), .now_ms = 1000};
    t->view = (struct view){.cluster = t->cluster, .self = 1};
    apply(t, &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "stage"});
    apply(t, &(struct command){.kind = COMMAND_NODE_UP, .name = "a", .node = 1});
    apply(t, &(struct command){.kind = COMMAND_NODE_UP, .name = "b", .node = 2});
    apply(t, &(struct command){.kind = COMMAND_GROUP_CREATE, .name = "g"});
    apply(t, &(struct command){
                 .kind = COMMAND_RESOURCE_CREATE, .name = "ip", .other = "g", .type = "Dummy"});
    apply(t, &(struct command){
                 .kind = COMMAND_RESOURCE_CREATE, .name = "db", .other = "g", .type = "Dummy"});
    apply(t, &(struct command){.kind = COMMAND_RESOURCE_DEPEND, .name = "db", .other = "ip"});
    apply(t, &(struct command){.kind = COMMAND_GROUP_ONLINE, .name = "g"});
    report(t, "ip", REPORT_ONLINE);
    report(t, "db", REPORT_ONLINE);
    msgpack_sink_init(&t->to, &t->bytes);
}

static void stage_teardown(struct stage *t)
{
    cluster_free(t->cluster);
    bytes_release(&t->bytes);
    arena_release(&t->arena);
}

/* What was written since the last call. */
static const struct value *written(struct stage *t)
{
    const struct value *v;

    cr_assert_eq(msgpack_read(t->bytes.data, t->bytes.len, &t->arena, &v), 0,
                 "one object, with as many pairs as announced");
    bytes_clear(&t->bytes);
    return v;
}

static const struct group *the_group(const struct stage *t)
{
    return cluster_group_by_name(t->cluster, "g");
}

static void expect_str(const struct value *v, const char *key, const char *text)
{
    cr_expect(value_is_str(value_get(v, key), text), "%s is not %s", key, text);
}

Test(views, a_group_has_all_common_properties_and_its_reasons)
{
    struct stage t;
    const struct value *v, *properties, *why;
    uint64_t index = 0;

    stage_setup(&t);
    view_group(&t.view, the_group(&t), true, &t.to.sink);
    v = written(&t);
    properties = value_get_map(v, "properties");
    for (unsigned i = 0; common_property(OBJECT_GROUP, i) != NULL; i++)
        cr_expect_not_null(value_get(properties, common_property(OBJECT_GROUP, i)->name));
    expect_str(v, "state", "Online");
    why = value_get_map(v, "why");
    expect_str(why, "command", "report");
    expect_str(why, "cause", "operation-ended");
    cr_expect(value_get_uint(why, "index", &index) && index == 10);
    cr_expect_eq(value_get(v, "operation")->type, VALUE_NIL);
    cr_expect_not_null(value_get_map(v, "placement"));
    cr_expect_eq(value_get(value_get_map(v, "nowhere"), "why")->type, VALUE_NIL);
    cr_expect_eq(value_get_array(v, "resources")->len, 2u);
    stage_teardown(&t);
}

Test(views, a_group_in_a_list_is_short)
{
    struct stage t;
    const struct value *v;

    stage_setup(&t);
    view_groups(&t.view, &t.to.sink);
    cr_expect_lt(t.bytes.len, 400u, "%zu bytes: there may be 8192 of them", t.bytes.len);
    v = written(&t);
    cr_expect_null(value_get(&v->items[0], "properties"));
    stage_teardown(&t);
}

Test(views, an_operation_tells_where_from_and_where_to)
{
    struct stage t;
    const struct value *v;

    stage_setup(&t);
    view_operations(&t.view, &t.to.sink);
    cr_expect_eq(written(&t)->len, 0u);
    apply(&t, &(struct command){.kind = COMMAND_GROUP_MOVE, .name = "g", .other = "b"});
    view_operations(&t.view, &t.to.sink);
    v = written(&t);
    cr_assert_eq(v->len, 1u);
    expect_str(&v->items[0], "group", "g");
    expect_str(&v->items[0], "kind", "move");
    expect_str(&v->items[0], "source", "a");
    expect_str(&v->items[0], "target", "b");
    expect_str(&v->items[0], "cause", "requested-move");
    view_group(&t.view, the_group(&t), false, &t.to.sink);
    v = written(&t);
    expect_str(value_get_map(v, "operation"), "target", "b");
    stage_teardown(&t);
}

Test(views, a_resource_tells_what_it_needs_and_where_it_may_run)
{
    static const char *const owners[] = {"b"};
    struct stage t;
    const struct value *v;

    stage_setup(&t);
    view_resource(&t.view, cluster_resource_by_name(t.cluster, "db"), &t.to.sink);
    v = written(&t);
    expect_str(v, "expression", "[ip]");
    cr_expect_eq(value_get(v, "possible")->type, VALUE_NIL, "all nodes");
    for (unsigned i = 0; common_property(OBJECT_RESOURCE, i) != NULL; i++)
        cr_expect_not_null(
            value_get(value_get_map(v, "properties"), common_property(OBJECT_RESOURCE, i)->name));
    if (apply(&t, &(struct command){.kind = COMMAND_RESOURCE_SET,
                                    .name = "ip",
                                    .names = owners,
                                    .name_count = 1,
                                    .has_names = true}) == 0) {
        view_resource(&t.view, cluster_resource_by_name(t.cluster, "ip"), &t.to.sink);
        v = written(&t);
        cr_expect_eq(value_get(v, "expression")->type, VALUE_NIL);
    }
    stage_teardown(&t);
}

Test(views, nodes_and_the_cluster_have_all_common_properties)
{
    struct property offset = {
        .name = (char *)"UtcOffset", .type = PROPERTY_DWORD, .dword = (uint32_t)-60};
    struct stage t;
    const struct value *v, *p;

    stage_setup(&t);
    view_nodes(&t.view, &t.to.sink);
    v = written(&t);
    cr_assert_eq(v->len, 2u);
    for (unsigned i = 0; common_property(OBJECT_NODE, i) != NULL; i++)
        cr_expect_not_null(value_get(value_get_map(&v->items[0], "properties"),
                                     common_property(OBJECT_NODE, i)->name));
    expect_str(&v->items[0], "drain", "not-initiated");
    cr_assert_eq(apply(&t, &(struct command){.kind = COMMAND_CLUSTER_SET,
                                             .properties = &offset,
                                             .property_count = 1}),
                 0u);
    view_settings(&t.view, &t.to.sink);
    p = value_get(value_get_map(written(&t), "properties"), "UtcOffset");
    cr_assert(p->type == VALUE_INT && p->integer == -60, "signed, as people write it");
    stage_teardown(&t);
}

Test(views, why_has_everything_in_one_answer)
{
    struct stage t;
    const struct value *v;

    stage_setup(&t);
    view_why_group(&t.view, the_group(&t), NULL, &t.to.sink);
    v = written(&t);
    expect_str(v, "kind", "group");
    expect_str(value_get_map(v, "node"), "name", "a");
    cr_expect_not_null(value_get_array(value_get_map(v, "group"), "resources"));
    view_why_group(&t.view, the_group(&t), cluster_resource_by_name(t.cluster, "db"), &t.to.sink);
    v = written(&t);
    expect_str(v, "kind", "resource");
    expect_str(v, "resource", "db");
    view_why_node(&t.view, cluster_node(t.cluster, 1), &t.to.sink);
    v = written(&t);
    expect_str(v, "kind", "node");
    cr_assert_eq(value_get_array(v, "groups")->len, 1u);
    expect_str(&value_get_array(v, "groups")->items[0], "name", "g");
    view_why_node(&t.view, cluster_node(t.cluster, 2), &t.to.sink);
    cr_expect_eq(value_get_array(written(&t), "groups")->len, 0u);
    stage_teardown(&t);
}

Test(views, events_name_their_command)
{
    struct stage t;
    const struct value *v;

    stage_setup(&t);
    view_events(&t.view, 0, 100, true, &t.to.sink);
    v = written(&t);
    cr_assert_gt(v->len, 5u);
    expect_str(&v->items[v->len - 1], "command", "report");
    expect_str(&v->items[v->len - 1], "name", "g");
    view_change(&t.view, cluster_event(t.cluster, 0), 77, &t.to.sink);
    v = written(&t);
    cr_expect_not_null(value_get(v, "after_ms"));
    stage_teardown(&t);
}
