/* Nodes on which a resource cannot come online. */
#include "groupmgr/rules.h"
#include "tests/groupmgr/tree.h"
#include "tests/groupmgr/world.h"

/* Each of the three refused by one, two and three nodes. */
static void refused(struct world *w)
{
    world_setup(w, "A B C; db: one two three");
    for (unsigned i = 0; i < 3; i++)
        for (unsigned n = 3; n >= 3 - i; n--)
            refusal_add(w->cluster, resource_record(world_group(w, "db")->resources[i]), n);
}

static void check_refused(struct world *w, const char *expected)
{
    bytes_clear(&w->text);
    for (unsigned i = 0; i < 3; i++) {
        const struct resource *r = world_group(w, "db")->resources[i];

        bytes_printf(&w->text, i == 0 ? "" : " ");
        for (unsigned j = 0; j < r->refused_count; j++)
            bytes_printf(&w->text, "%u", r->refused[j]);
    }
    bytes_append(&w->text, "", 1);
    check_text((const char *)w->text.data, expected);
    cluster_check(w->cluster);
}

Test(refusal, is_kept_in_order_and_once)
{
    struct world w;

    refused(&w);
    check_refused(&w, "3 23 123");
    refusal_add(w.cluster, resource_record(world_resource(&w, "two")), 2);
    check_refused(&w, "3 23 123");
    world_teardown(&w);
}

Test(refusal, of_one_node_is_forgotten_everywhere)
{
    struct world w;

    refused(&w);
    refusals_forget(w.cluster, node_record(world_node(&w, "C")));
    check_refused(&w, " 2 12");
    refusals_forget(w.cluster, node_record(world_node(&w, "C")));
    refusals_forget(w.cluster, node_record(world_node(&w, "A")));
    check_refused(&w, " 2 2");
    refusals_forget(w.cluster, node_record(world_node(&w, "B")));
    check_refused(&w, "  ");
    cr_assert_null(w.cluster->refusing);
    world_teardown(&w);
}

Test(refusal, goes_with_its_resource_and_comes_back_with_a_snapshot)
{
    struct world w;
    struct arena a = {0};
    struct cluster *again;

    refused(&w);
    check_code(cluster_read(tree_of_cluster(w.cluster, &a), &again), 0);
    arena_release(&a);
    cr_assert_eq(cluster_digest(again), cluster_digest(w.cluster));
    cluster_free(w.cluster);
    w.cluster = again;
    check_refused(&w, "3 23 123");
    check_code(world_do(&w, "remove two"), 0);
    refusals_forget(w.cluster, node_record(world_node(&w, "C")));
    cr_assert_eq(world_resource(&w, "three")->refused_count, 2);
    cr_assert_eq(world_resource(&w, "one")->refused_count, 0);
    world_teardown(&w);
}
