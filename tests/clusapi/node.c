#include <criterion/criterion.h>
#include <wchar.h>

#include "base/error.h"
#include "tests/clusapi/fake.h"

#include <ClusAPI.h>

Test(node, has_a_state_and_an_id)
{
    struct place place;
    WCHAR id[8];
    DWORD count = ARRAYSIZE(id);
    place_make(&place);
    const struct fake_behaviour behaviour = {.state = ClusterNodePaused};
    struct fake *n1 = fake_start(place.n1, &behaviour);
    HCLUSTER cluster = OpenCluster(NULL);
    HNODE node = OpenClusterNode(cluster, L"n1");
    cr_assert_not_null(node);

    cr_expect_eq(GetClusterNodeState(node), ClusterNodePaused);
    cr_expect_eq(GetClusterNodeId(node, id, &count), ERROR_SUCCESS);
    cr_expect_eq(wcscmp(id, L"7"), 0);
    count = ARRAYSIZE(id);
    cr_expect_eq(GetCurrentClusterNodeId(id, &count), ERROR_SUCCESS);
    cr_expect_eq(wcscmp(id, L"1"), 0);
    cr_expect_eq(GetClusterFromNode(node), cluster);
    cr_expect_null(OpenClusterNode(cluster, L"n9"));
    cr_expect_eq(GetLastError(), ERROR_CLUSTER_NODE_NOT_FOUND);

    fake_lock(n1)->id = 8; /* Set up anew under its name: the same node. */
    fake_unlock(n1);
    cr_expect_eq(GetClusterNodeState(node), ClusterNodePaused);

    CloseClusterNode(node);
    CloseCluster(cluster);
    fake_stop(n1);
    place_remove(&place);
}
