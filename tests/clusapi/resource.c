#include <criterion/criterion.h>
#include <wchar.h>

#include "base/error.h"
#include "tests/clusapi/fake.h"

#include <ClusAPI.h>

static struct place place;
static struct fake *n1;
static HCLUSTER cluster;
static HRESOURCE web;

static void setup(void)
{
    place_make(&place);
    n1 = fake_start(place.n1, NULL);
    cluster = OpenCluster(NULL);
    web = OpenClusterResource(cluster, L"Web");
    cr_assert_not_null(web);
}

static void teardown(void)
{
    CloseClusterResource(web);
    CloseCluster(cluster);
    fake_stop(n1);
    place_remove(&place);
}

TestSuite(resource, .init = setup, .fini = teardown);

static struct fake_call last_call(void)
{
    return fake_call(n1, fake_call_count(n1) - 1);
}

Test(resource, state_comes_with_owner_and_group)
{
    WCHAR owner[8], group[16];
    DWORD owner_count = ARRAYSIZE(owner), group_count = ARRAYSIZE(group);
    fake_lock(n1)->state = ClusterResourceOfflinePending;
    fake_unlock(n1);
    cr_expect_eq(GetClusterResourceState(web, owner, &owner_count, group, &group_count),
                 ClusterResourceOfflinePending);
    cr_expect_eq(wcscmp(owner, L"n1"), 0);
    cr_expect_eq(wcscmp(group, L"DemoGroup"), 0);

    owner_count = 1, group_count = 1;
    cr_expect_eq(GetClusterResourceState(web, owner, &owner_count, group, &group_count),
                 ClusterResourceStateUnknown);
    cr_expect_eq(GetLastError(), ERROR_MORE_DATA);
    cr_expect_eq(owner_count, 2);
    cr_expect_eq(group_count, 9);
}

Test(resource, changes_name_their_method)
{
    cr_expect_eq(OnlineClusterResource(web), ERROR_SUCCESS);
    cr_expect_str_eq(last_call().method, "resource.online");
    cr_expect_eq(
        OfflineClusterResourceEx(web, CLUSAPI_RESOURCE_OFFLINE_FORCE_WITH_TERMINATION, NULL, 0),
        ERROR_SUCCESS);
    cr_expect_str_eq(last_call().method, "resource.offline");
    cr_expect_eq(last_call().flags, 2);
    cr_expect_eq(FailClusterResource(web), ERROR_SUCCESS);
    cr_expect_str_eq(last_call().method, "resource.fail");
    cr_expect_eq(DeleteClusterResource(web), ERROR_SUCCESS);
    cr_expect_str_eq(last_call().method, "resource.delete");
    cr_expect_str_eq(last_call().name, "Web");
}

Test(resource, creation_and_dependencies_name_what_they_are_about)
{
    HGROUP group = OpenClusterGroup(cluster, L"DemoGroup");
    unsigned first = fake_call_count(n1);
    HRESOURCE made = CreateClusterResource(group, L"Web", L"dummy", 0);
    cr_assert_not_null(made);
    cr_expect_str_eq(fake_call(n1, first).method, "resource.create");
    cr_expect_str_eq(fake_call(n1, first).group, "DemoGroup");
    cr_expect_str_eq(fake_call(n1, first).type, "dummy");
    cr_expect_eq(GetClusterFromResource(made), cluster);
    cr_expect_null(CreateClusterResource(group, L"Web", L"dummy", 2));
    cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);

    cr_expect_eq(AddClusterResourceDependency(web, made), ERROR_SUCCESS);
    cr_expect_str_eq(last_call().method, "resource.depend");
    cr_expect_str_eq(last_call().on, "Web");
    cr_expect_eq(RemoveClusterResourceDependency(web, made), ERROR_SUCCESS);
    cr_expect_str_eq(last_call().method, "resource.undepend");
    cr_expect_eq(AddClusterResourceDependency(web, NULL), ERROR_INVALID_HANDLE);
    CloseClusterResource(made);
    CloseClusterGroup(group);
}
