/* Fencing: what is kept of it, over snapshots and digests. What it decides stands in
 * tests/scenarios/fencing-*.txt. */
#include <stdlib.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

static uint32_t device(struct world *w, const char *name, const char *value)
{
    char agent[] = "agent", program[] = "fence_x", passwd[] = "passwd";
    struct property properties[] = {
        {.name = agent, .type = PROPERTY_SZ, .text = program, .text_len = strlen(program)},
        {.name = passwd,
         .type = PROPERTY_SZ,
         .text = (char *)(uintptr_t)value,
         .text_len = strlen(value)}};

    return world_apply(w, &(struct command){.kind = COMMAND_FENCE_CREATE,
                                            .name = name,
                                            .properties = properties,
                                            .property_count = 2});
}

static uint32_t level(struct world *w, unsigned number, const char *a, const char *b)
{
    const char *names[] = {a, b};

    return world_apply(w, &(struct command){.kind = COMMAND_FENCE_LEVEL,
                                            .name = "A",
                                            .level = number,
                                            .names = names,
                                            .name_count = b != NULL   ? 2
                                                          : a != NULL ? 1
                                                                      : 0});
}

Test(fencing, levels_are_kept_in_their_order)
{
    struct fence_item items[FENCE_ITEMS_MAX];
    struct world w;
    unsigned count;

    world_setup(&w, "A B");
    check_code(device(&w, "ipmi", "x"), 0);
    check_code(device(&w, "pdu", "x"), 0);
    check_code(level(&w, 3, "ipmi", NULL), 0);
    check_code(level(&w, 1, "pdu:left", "pdu:right"), 0);
    cr_assert_eq(fence_level_next(world_node(&w, "A"), 0), 1);
    cr_assert_eq(fence_level_next(world_node(&w, "A"), 1), 3);
    cr_assert_eq(fence_level_next(world_node(&w, "A"), 3), 0);
    cr_assert(fence_level_items(world_node(&w, "A"), 1, items, &count));
    cr_assert_eq(count, 2);
    check_text(items[1].device, "pdu");
    check_text(items[1].plug, "right");
    check_code(level(&w, 1, NULL, NULL), 0);
    cr_assert_not(fence_level_items(world_node(&w, "A"), 1, items, &count));
    cr_assert_eq(fence_level_next(world_node(&w, "A"), 0), 3);
    world_teardown(&w);
}

Test(fencing, a_level_has_a_most)
{
    const char *names[] = {"d", "d", "d", "d", "d", "d", "d", "d", "d"};
    struct command cmd = {.kind = COMMAND_FENCE_LEVEL, .name = "A", .level = 9, .names = names};
    struct fence_item items[FENCE_ITEMS_MAX];
    struct world w;
    unsigned count;

    world_setup(&w, "A B");
    check_code(device(&w, "d", "x"), 0);
    cmd.name_count = FENCE_ITEMS_MAX;
    check_code(world_apply(&w, &cmd), 0);
    cr_assert(fence_level_items(world_node(&w, "A"), 9, items, &count));
    cr_assert_eq(count, FENCE_ITEMS_MAX);
    cmd.name_count = FENCE_ITEMS_MAX + 1;
    check_code(world_apply(&w, &cmd), ERROR_INVALID_PARAMETER);
    cmd.level = 10;
    cmd.name_count = 1;
    check_code(world_apply(&w, &cmd), ERROR_INVALID_PARAMETER);
    world_teardown(&w);
}

Test(fencing, everything_of_it_is_in_the_digest)
{
    struct world w;
    uint64_t before;

    world_setup(&w, "A B");
    before = cluster_objects_digest(w.cluster);
    device(&w, "d", "secret");
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    before = cluster_objects_digest(w.cluster);
    device(&w, "d", "another");
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    before = cluster_objects_digest(w.cluster);
    level(&w, 1, "d", NULL);
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    before = cluster_objects_digest(w.cluster);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_FENCE_NODE, .name = "A"}), 0);
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    before = cluster_objects_digest(w.cluster);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_FENCE_ATTEMPT,
                                                 .node = 1,
                                                 .incarnation = world_node(&w, "A")->incarnation,
                                                 .level = 1,
                                                 .by = 2}),
               0);
    cr_assert_neq(cluster_objects_digest(w.cluster), before);
    world_teardown(&w);
}

Test(fencing, no_event_and_no_reply_has_a_secret)
{
    struct world w;

    world_setup(&w, "A B");
    check_code(device(&w, "d", "tr0ub4dor"), 0);
    check_code(device(&w, "d", "tr0ub4dor\nmode=lie"), ERROR_INVALID_PARAMETER);
    cr_assert_null(strstr(w.reply.detail, "tr0ub4dor"));
    for (unsigned i = 0; i < cluster_event_count(w.cluster); i++) {
        const struct event *e = cluster_event(w.cluster, i);
        cr_assert(e->text == NULL || strstr(e->text, "tr0ub4dor") == NULL);
    }
    world_teardown(&w);
}

Test(fencing, nobody_fences_himself)
{
    struct world w;

    world_setup(&w, "A B");
    device(&w, "d", "x");
    level(&w, 1, "d", NULL);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_FENCE_NODE, .name = "A"}), 0);
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_FENCE_ATTEMPT,
                                                 .node = 1,
                                                 .incarnation = world_node(&w, "A")->incarnation,
                                                 .level = 1,
                                                 .by = 1}),
               ERROR_CLUSTER_NODE_NOT_FOUND);
    world_teardown(&w);
}

Test(fencing, the_last_node_is_not_fenced)
{
    struct world w;

    world_setup(&w, "A B");
    device(&w, "d", "x");
    level(&w, 1, "d", NULL);
    world_do(&w, "down B");
    check_code(world_apply(&w, &(struct command){.kind = COMMAND_FENCE_NODE, .name = "A"}),
               ERROR_HOST_NODE_NOT_AVAILABLE);
    world_teardown(&w);
}
