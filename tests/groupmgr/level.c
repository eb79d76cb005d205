/* The functional level: who may come up, when it is raised, what waits for it. */
#include <string.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

/* A cluster founded at level 1, with nodes A B C that know `a`, `b` and `c`. */
static struct cluster *founded(uint32_t a, uint32_t b, uint32_t c)
{
    const uint32_t levels[] = {a, b, c};
    static const char *const names[] = {"A", "B", "C"};
    struct cluster *cluster = cluster_new();
    struct reply reply;

    cluster_apply(cluster, 1000, &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "w"},
                  &reply);
    for (uint32_t i = 0; i < 3; i++) {
        cluster_apply(cluster, 1000,
                      &(struct command){.kind = COMMAND_NODE_UP,
                                        .node = i + 1,
                                        .name = names[i],
                                        .disk = names[i],
                                        .level = levels[i],
                                        .level_min = LEVEL_MIN},
                      &reply);
        cr_assert_eq(reply.code, 0, "%s", reply.detail);
    }
    return cluster;
}

static struct reply raise_to(struct cluster *c, uint32_t level)
{
    struct reply reply;

    cluster_apply(c, 2000, &(struct command){.kind = COMMAND_CLUSTER_LEVEL, .level = level},
                  &reply);
    cluster_check(c);
    return reply;
}

static struct reply node_up(struct cluster *c, uint32_t id, const char *name, uint32_t level)
{
    struct reply reply;

    cluster_apply(c, 3000,
                  &(struct command){.kind = COMMAND_NODE_UP, .node = id, .name = name,
                                    .disk = name, .level = level},
                  &reply);
    cluster_check(c);
    return reply;
}

Test(level, a_new_cluster_has_that_of_its_founder)
{
    struct world w;

    world_setup(&w, "A B; db");
    cr_assert_eq(cluster_level(w.cluster), LEVEL_MAX);
    world_teardown(&w);
    struct cluster *c = founded(2, 2, 2); /* By one that knows no levels. */
    cr_assert_eq(cluster_level(c), 1);
    cr_assert_eq(cluster_level_possible(c), 2);
    cluster_free(c);
}

Test(level, founding_waits_for_nobody_and_leaves_nobody_behind)
{
    struct cluster *c = cluster_new();
    struct reply reply;

    cr_assert_eq(node_up(c, 1, "A", 1).code, 0);
    cluster_apply(c, 1000,
                  &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = "w", .level = 2}, &reply);
    cr_assert_eq(cluster_level(c), 1);
    cluster_check(c);
    cluster_free(c);
}

Test(level, raised_only_when_all_know_it)
{
    struct cluster *c = founded(2, 1, 0);
    uint64_t before = cluster_objects_digest(c);
    struct reply reply = raise_to(c, 2);

    cr_assert_eq(reply.code, ERROR_CLUSTER_UPGRADE_INCOMPLETE);
    cr_assert_not_null(strstr(reply.detail, "B (1), C (1)"), "%s", reply.detail);
    cr_assert_null(strstr(reply.detail, "A ("));
    cr_assert_eq(cluster_objects_digest(c), before);
    cr_assert_eq(raise_to(c, 0).code, 0); /* To what all know: it is there. */
    cr_assert_eq(cluster_level(c), 1);
    cr_assert_eq(node_up(c, 2, "B", 2).code, 0);
    cr_assert_eq(node_up(c, 3, "C", 3).code, 0);
    cr_assert_eq(raise_to(c, 0).code, 0);
    cr_assert_eq(cluster_level(c), 2);
    cr_assert_neq(cluster_objects_digest(c), before);
    cr_assert_eq(raise_to(c, 2).code, 0); /* Twice is once. */
    cr_assert_eq(raise_to(c, 1).code, ERROR_INVALID_PARAMETER);
    cr_assert_eq(raise_to(c, 3).code, ERROR_CLUSTER_UPGRADE_INCOMPLETE);
    cluster_free(c);
}

Test(level, the_last_word_of_one_that_is_down_counts)
{
    struct cluster *c = founded(2, 2, 1);
    struct reply reply;

    cluster_apply(c, 2000,
                  &(struct command){.kind = COMMAND_NODE_DOWN,
                                    .node = 3,
                                    .incarnation = cluster_node(c, 3)->incarnation,
                                    .cause = CAUSE_NODE_STOPPED},
                  &reply);
    cr_assert_eq(reply.code, 0);
    reply = raise_to(c, 0);
    cr_assert_eq(cluster_level(c), 1);
    reply = raise_to(c, 2);
    cr_assert_not_null(strstr(reply.detail, "C (1, down)"), "%s", reply.detail);
    cluster_apply(c, 2000, &(struct command){.kind = COMMAND_NODE_EVICT, .name = "C"}, &reply);
    cr_assert_eq(reply.code, 0);
    cr_assert_eq(raise_to(c, 2).code, 0);
    cluster_free(c);
}

Test(level, who_does_not_know_it_can_neither_come_up_nor_join)
{
    struct cluster *c = founded(2, 2, 2);
    struct command join = {
        .kind = COMMAND_NODE_JOIN, .name = "D", .address = "d:1", .disk = "d", .level = 1};
    struct reply reply;

    raise_to(c, 2);
    reply = node_up(c, 3, "C", 1);
    cr_assert_eq(reply.code, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS);
    cr_assert_not_null(strstr(reply.detail, "knows functional level 1 at most"));
    cr_assert_eq(cluster_node(c, 3)->level_max, 2);
    cr_assert_eq(node_up(c, 3, "C", 0).code, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS);
    cluster_apply(c, 3000, &join, &reply);
    cr_assert_eq(reply.code, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS);
    cr_assert_null(cluster_node_by_name(c, "D"));
    /* One that has unlearned the old level is too new. */
    join.level = 4;
    join.level_min = 3;
    cluster_apply(c, 3000, &join, &reply);
    cr_assert_eq(reply.code, ERROR_CLUSTER_INCOMPATIBLE_VERSIONS);
    join.level_min = 5;
    cluster_apply(c, 3000, &join, &reply);
    cr_assert_eq(reply.code, ERROR_INVALID_PARAMETER);
    join.level_min = 2;
    cluster_apply(c, 3000, &join, &reply);
    cr_assert_eq(reply.code, 0);
    cr_assert_eq(cluster_node_by_name(c, "D")->level_max, 4);
    cluster_free(c);
}

Test(level, a_snapshot_of_an_unknown_level_is_told_apart_from_a_damaged_one)
{
    struct cluster *c = founded(LEVEL_MAX + 1, LEVEL_MAX + 1, LEVEL_MAX + 1), *copy;
    struct arena a = {0};

    raise_to(c, LEVEL_MAX);
    cr_assert_eq(cluster_read(tree_of_cluster(c, &a), &copy), 0);
    cr_assert_eq(cluster_level(copy), LEVEL_MAX);
    cr_assert_eq(cluster_digest(copy), cluster_digest(c));
    cluster_free(copy);
    raise_to(c, LEVEL_MAX + 1);
    cr_assert_eq(cluster_read(tree_of_cluster(c, &a), &copy), ERROR_CLUSTER_INCOMPATIBLE_VERSIONS);
    arena_release(&a);
    cluster_free(c);
}

static struct reply set_budget(struct cluster *c)
{
    struct property budget = {.name = (char *)"TerminateBudget", .type = PROPERTY_DWORD,
                              .dword = 700};
    struct command set = {
        .kind = COMMAND_RESOURCE_SET, .name = "r", .properties = &budget, .property_count = 1};
    struct reply reply;

    cluster_apply(c, 4000, &set, &reply);
    cluster_check(c);
    return reply;
}

/* As older builds take it, whatever this one knows of it: all replicas stay equal. */
Test(level, a_later_property_is_unknown_and_not_refused)
{
    struct cluster *c = founded(2, 2, 2), *copy;
    struct property budget = {.name = (char *)"TerminateBudget", .type = PROPERTY_DWORD};
    struct command set = {
        .kind = COMMAND_RESOURCE_SET, .name = "r", .properties = &budget, .property_count = 1};
    struct property now = {0};
    struct arena a = {0};
    struct reply reply;

    cluster_apply(c, 2000, &(struct command){.kind = COMMAND_GROUP_CREATE, .name = "g"}, &reply);
    cluster_apply(c, 2000,
                  &(struct command){.kind = COMMAND_RESOURCE_CREATE, .name = "r", .other = "g",
                                    .type = "dummy"},
                  &reply);
    cr_assert_eq(cluster_level_check(c, &set, &reply), ERROR_CLUSTER_INCOMPATIBLE_VERSIONS);
    cr_assert_not_null(strstr(reply.detail, "TerminateBudget needs functional level 2"));
    cr_assert_eq(set_budget(c).code, 0);
    const struct resource *r = cluster_resource_by_name(c, "r");
    cr_assert_eq(r->property_count, 1);
    cr_assert_eq(cluster_read(tree_of_cluster(c, &a), &copy), 0);
    cr_assert_eq(cluster_digest(copy), cluster_digest(c));
    cluster_free(copy);

    cr_assert_eq(raise_to(c, 2).code, 0);
    cr_assert_eq(cluster_level_check(c, &set, &reply), 0);
    cr_assert_eq(set_budget(c).code, 0);
    r = cluster_resource_by_name(c, "r");
    if (property_is_common("TerminateBudget")) {
        cr_assert_eq(r->property_count, 0); /* What was taken for a private one is gone. */
        cr_assert(common_property_value(OBJECT_RESOURCE, r, "TerminateBudget", &now));
        cr_assert_eq(now.dword, 700);
    }
    arena_release(&a);
    cluster_free(c);
}
