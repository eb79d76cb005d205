/* The state as a tree, and trees that are no state. */
#include <string.h>

#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

/* A state with something of everything in it. */
static void busy_world(struct world *w)
{
    struct property property = {
        .name = "Command", .type = PROPERTY_MULTI_SZ, .text = "run\0it\0", .text_len = 7};
    struct command set = {.kind = COMMAND_RESOURCE_SET,
                          .name = "app",
                          .client = 7,
                          .seq = 1,
                          .properties = &property,
                          .property_count = 1};
    const uint8_t list[] = {9, 8, 7};
    struct command offline = {.kind = COMMAND_GROUP_OFFLINE,
                              .name = "db",
                              .client = 8,
                              .seq = 1,
                              .instructions = list,
                              .instructions_len = sizeof(list)};

    world_setup(w, "A B C; db prefers A C: disk app>disk; web: page; empty");
    check_code(world_apply(w, &set), 0);
    world_do(w, "set web Description pages");
    world_do(w, "online db");
    world_do(w, "online web");
    world_run(w);
    world_do(w, "report page failed");
    world_do(w, "report app locked");
    offline.flags = 1;
    check_code(world_apply(w, &offline), ERROR_IO_PENDING);
    offline.seq = 2;
    check_code(world_apply(w, &offline), ERROR_INVALID_STATE);
}

Test(snapshot, what_is_read_is_what_was_written)
{
    struct world w;
    struct arena a = {0};
    struct cluster *again = NULL;
    struct bytes left = BYTES_INIT, right = BYTES_INIT;
    struct value *tree;

    busy_world(&w);
    tree = tree_of_cluster(w.cluster, &a);
    check_code(cluster_read(tree, &again), 0);
    cluster_check(again);
    cr_assert_eq(cluster_digest(again), cluster_digest(w.cluster));
    cr_assert_eq(cluster_objects_digest(again), cluster_objects_digest(w.cluster));
    tree_bytes(tree, &left);
    tree_bytes(tree_of_cluster(again, &a), &right);
    cr_assert_eq(left.len, right.len);
    cr_assert_eq(memcmp(left.data, right.data, left.len), 0);
    cr_assert_eq(cluster_event_count(again), cluster_event_count(w.cluster));
    cr_assert_eq(cluster_next_deadline(again), cluster_next_deadline(w.cluster));

    bytes_release(&left);
    bytes_release(&right);
    arena_release(&a);
    cluster_free(again);
    world_teardown(&w);
}

Test(snapshot, life_goes_on_after_it)
{
    struct world w;
    struct arena a = {0};
    struct cluster *again = NULL;

    busy_world(&w);
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
    cluster_free(w.cluster);
    w.cluster = again;
    cr_assert_eq(world_group(&w, "db")->operation.instructions_len, 3);
    world_run(&w);
    world_do(&w, "wait 500");
    world_run(&w);
    check_text(world_state(&w, "db"), "Offline");
    check_text(world_state(&w, "web"), "Online");
    arena_release(&a);
    world_teardown(&w);
}

Test(snapshot, repeated_call_is_known_after_it)
{
    struct world w;
    struct arena a = {0};
    struct cluster *again = NULL;
    struct command offline = {.kind = COMMAND_GROUP_OFFLINE, .name = "db", .client = 8, .seq = 2};

    busy_world(&w);
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
    cluster_free(w.cluster);
    w.cluster = again;
    world_run(&w);
    check_code(world_apply(&w, &offline), ERROR_INVALID_STATE);
    check_text(w.reply.detail, "db: offline under way");
    arena_release(&a);
    world_teardown(&w);
}

/* Whatever one node of the tree is turned into: an error, or a state that holds
 * together and can be worked with. */
static void check_reads_or_refuses(const struct value *tree)
{
    struct cluster *c = NULL;
    struct reply reply;
    uint32_t code = cluster_read(tree, &c);

    cr_assert(code == 0 || (c == NULL && (code == ERROR_INVALID_DATA ||
                                          code == ERROR_CLUSTER_INCOMPATIBLE_VERSIONS)));
    if (code != 0)
        return;
    cluster_check(c);
    cluster_digest(c);
    cluster_apply(c, UINT64_MAX, &(struct command){.kind = COMMAND_TICK}, &reply);
    cluster_check(c);
    cluster_apply(c, 0, &(struct command){.kind = COMMAND_GROUP_ONLINE, .name = "db"}, &reply);
    cluster_check(c);
    cluster_free(c);
}

static const struct value oddities[] = {
    {.type = VALUE_NIL},
    {.type = VALUE_BOOL, .boolean = true},
    {.type = VALUE_UINT, .uint = 0},
    {.type = VALUE_UINT, .uint = 1},
    {.type = VALUE_UINT, .uint = 2},
    {.type = VALUE_UINT, .uint = 3},
    {.type = VALUE_UINT, .uint = 0x82},
    {.type = VALUE_UINT, .uint = UINT32_MAX},
    {.type = VALUE_UINT, .uint = UINT64_MAX},
    {.type = VALUE_INT, .integer = -1},
    {.type = VALUE_REAL, .real = 0.5},
    {.type = VALUE_STR, .len = 0, .str = ""},
    {.type = VALUE_STR, .len = 2, .str = "db"},
    {.type = VALUE_STR, .len = 3, .str = "a\0b"},
    {.type = VALUE_BIN, .len = 3, .bin = (const uint8_t *)"a\0b"},
    {.type = VALUE_ARRAY, .len = 0},
    {.type = VALUE_MAP, .len = 0},
};

Test(snapshot, altered_tree_is_refused_or_sound, .timeout = 120)
{
    struct world w;
    struct arena a = {0};
    struct value *tree;
    unsigned size;

    busy_world(&w);
    tree = tree_of_cluster(w.cluster, &a);
    size = tree_size(tree);
    for (unsigned n = 0; n < size; n++) {
        struct value *node = tree_node(tree, n);
        struct value kept = *node;

        for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
            *node = oddities[i];
            check_reads_or_refuses(tree);
        }
        *node = kept;
        if (kept.type == VALUE_ARRAY || kept.type == VALUE_MAP) {
            node->len--;
            check_reads_or_refuses(tree);
        }
        *node = kept;
    }
    check_reads_or_refuses(tree);
    arena_release(&a);
    world_teardown(&w);
}

/* A pair of a map that this version does not know may be what a newer one
 * decides by: to drop it in silence would part this replica from the others. */
Test(snapshot, field_that_nobody_knows_is_refused)
{
    struct world w;
    struct arena a = {0};
    struct value *tree;
    struct value_pair pairs[32];
    struct cluster *c = NULL;

    world_setup(&w, "A; db");
    tree = tree_of_cluster(w.cluster, &a);
    check_code(cluster_read(tree, &c), 0);
    cluster_free(c);
    memcpy(pairs, tree->pairs, tree->len * sizeof(*pairs));
    pairs[tree->len].key = (struct value){.type = VALUE_STR, .len = 3, .str = "new"};
    pairs[tree->len].value = (struct value){.type = VALUE_UINT, .uint = 1};
    tree->len++;
    tree->pairs = pairs;
    check_code(cluster_read(tree, &c), ERROR_INVALID_DATA);
    arena_release(&a);
    world_teardown(&w);
}

static struct value *find(const struct value *map, const char *key)
{
    return (struct value *)value_get(map, key);
}

/* Dependencies that no sequence of commands can make. */
Test(snapshot, circle_is_refused)
{
    struct world w;
    struct arena a = {0};
    struct value *tree, *items;
    struct cluster *c = NULL;

    world_setup(&w, "A; db: one two>one three>two");
    tree = tree_of_cluster(w.cluster, &a);
    items = (struct value *)find(tree, "resources")->items;
    /* two depends on three, and three on two. */
    ((struct value *)find(&items[1], "providers")->items)[0].uint = find(&items[2], "id")->uint;
    check_code(cluster_read(tree, &c), ERROR_INVALID_DATA);
    /* On itself. */
    ((struct value *)find(&items[1], "providers")->items)[0].uint = find(&items[1], "id")->uint;
    check_code(cluster_read(tree, &c), ERROR_INVALID_DATA);
    arena_release(&a);
    world_teardown(&w);
}

Test(snapshot, chain_beyond_the_maximum_is_refused)
{
    struct world w;
    struct arena a = {0};
    struct value *tree, *items, *providers;
    struct cluster *c = NULL;

    world_setup(&w, "A; db: r0 s0 s1>s0 s2>s1");
    for (unsigned i = 1; i < DEPENDENCY_DEPTH_MAX - 1; i++) {
        world_do(&w, "add r%u to db", i);
        check_code(world_do(&w, "depend r%u r%u", i, i - 1), 0);
    }
    tree = tree_of_cluster(w.cluster, &a);
    items = (struct value *)find(tree, "resources")->items;
    providers = (struct value *)find(&items[2], "providers")->items; /* Of s1. */
    providers[0].uint = world_resource(&w, "r97")->id;               /* s2 is the 100th. */
    check_code(cluster_read(tree, &c), 0);
    cluster_free(c);
    providers[0].uint = world_resource(&w, "r98")->id;
    check_code(cluster_read(tree, &c), ERROR_INVALID_DATA);
    arena_release(&a);
    world_teardown(&w);
}
