#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "base/error.h"
#include "tests/clusapi/fake.h"

#include <ClusAPI.h>

Test(cluster, without_a_node_it_does_not_open)
{
    struct place place;
    place_make(&place);
    SetLastError(0);
    cr_expect_null(OpenCluster(NULL));
    cr_expect_eq(GetLastError(), RPC_S_SERVER_UNAVAILABLE);
    place_remove(&place);
}

Test(cluster, a_node_that_is_starting_is_waited_for)
{
    const struct fake_behaviour behaviour = {.starting = 3};
    struct place place;
    place_make(&place);
    struct fake *n1 = fake_start(place.n1, &behaviour);
    HCLUSTER cluster = OpenCluster(NULL);
    cr_expect_not_null(cluster);
    cr_expect_eq(fake_lock(n1)->starting, 0);
    fake_unlock(n1);
    CloseCluster(cluster);
    fake_stop(n1);
    place_remove(&place);
}

Test(cluster, opens_by_the_path_of_a_socket)
{
    struct place place;
    wchar_t path[128];
    place_make(&place);
    struct fake *n2 = fake_start(place.n2, NULL);
    unsetenv("HOLDFAST_SOCKET");

    swprintf(path, 128, L"%s", place.n2);
    HCLUSTER cluster = OpenCluster(path);
    cr_expect_not_null(cluster);
    cr_expect(CloseCluster(cluster));
    swprintf(path, 128, L"unix:%s", place.n2);
    cluster = OpenCluster(path);
    cr_expect_not_null(cluster);
    cr_expect(CloseCluster(cluster));

    fake_stop(n2);
    place_remove(&place);
}

Test(cluster, a_name_that_is_no_address_is_refused)
{
    cr_expect_null(OpenCluster(L""));
    cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    cr_expect_null(OpenCluster(L"host:port"));
    cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}

Test(cluster, access_is_granted_as_asked)
{
    static const struct {
        DWORD desired, granted; /* 0: refused. */
    } cases[] = {
        {GENERIC_READ, CLUSAPI_READ_ACCESS},
        {CLUSAPI_READ_ACCESS, CLUSAPI_READ_ACCESS},
        {GENERIC_WRITE, CLUSAPI_ALL_ACCESS},
        {GENERIC_EXECUTE, CLUSAPI_ALL_ACCESS},
        {GENERIC_ALL, CLUSAPI_ALL_ACCESS},
        {CLUSAPI_ALL_ACCESS, CLUSAPI_ALL_ACCESS},
        {MAXIMUM_ALLOWED, CLUSAPI_ALL_ACCESS},
        {GENERIC_READ | CLUSAPI_CHANGE_ACCESS, CLUSAPI_ALL_ACCESS},
        {CLUSAPI_CHANGE_ACCESS, 0},
        {CLUSAPI_NO_ACCESS, 0},
        {0, 0},
        {GENERIC_READ | 0x100, 0},
    };
    struct place place;
    place_make(&place);
    struct fake *n1 = fake_start(place.n1, NULL);
    for (unsigned i = 0; i < ARRAYSIZE(cases); i++) {
        DWORD granted = 0;
        HCLUSTER cluster = OpenClusterEx(NULL, cases[i].desired, &granted);
        cr_expect_eq(granted, cases[i].granted, "case %u", i);
        cr_expect_eq(cluster != NULL, cases[i].granted != 0, "case %u", i);
        if (cluster != NULL)
            CloseCluster(cluster);
        else
            cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    }
    fake_stop(n1);
    place_remove(&place);
}

Test(cluster, information_is_name_and_version)
{
    struct place place;
    WCHAR name[16];
    DWORD count = ARRAYSIZE(name);
    CLUSTERVERSIONINFO version = {.dwVersionInfoSize = sizeof(version)};
    place_make(&place);
    struct fake *n1 = fake_start(place.n1, NULL);
    HCLUSTER cluster = OpenCluster(NULL);

    cr_expect_eq(GetClusterInformation(cluster, name, &count, &version), ERROR_SUCCESS);
    cr_expect_eq(wcscmp(name, L"test"), 0);
    cr_expect_eq(count, 4);
    cr_expect_eq(version.dwClusterHighestVersion, CLUSTER_MAKE_VERSION(NT10_MAJOR_VERSION, 0));
    cr_expect_eq(wcscmp(version.szVendorId, L"Holdfast"), 0);
    count = 4;
    cr_expect_eq(GetClusterInformation(cluster, name, &count, NULL), ERROR_MORE_DATA);
    cr_expect_eq(count, 4);
    cr_expect_eq(GetClusterInformation(cluster, name, NULL, NULL), ERROR_INVALID_PARAMETER);
    version.dwVersionInfoSize = 1;
    count = ARRAYSIZE(name);
    cr_expect_eq(GetClusterInformation(cluster, name, &count, &version), ERROR_INVALID_PARAMETER);
    cr_expect_eq(GetClusterInformation(NULL, name, &count, NULL), ERROR_INVALID_HANDLE);

    CloseCluster(cluster);
    fake_stop(n1);
    place_remove(&place);
}

Test(cluster, the_state_of_this_machine_tells_absent_from_down_from_running)
{
    struct place place;
    DWORD state = 99;
    place_make(&place);
    cr_expect_eq(GetNodeClusterState(NULL, &state), ERROR_SUCCESS);
    cr_expect_eq(state, ClusterStateNotConfigured);

    close(open(place.n1, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); /* As a dead daemon leaves it. */
    cr_expect_eq(GetNodeClusterState(NULL, &state), ERROR_SUCCESS);
    cr_expect_eq(state, ClusterStateNotRunning);
    unlink(place.n1);

    struct fake *n1 = fake_start(place.n1, NULL);
    cr_expect_eq(GetNodeClusterState(NULL, &state), ERROR_SUCCESS);
    cr_expect_eq(state, ClusterStateRunning);
    cr_expect_eq(GetNodeClusterState(NULL, NULL), ERROR_INVALID_PARAMETER);
    fake_stop(n1);
    place_remove(&place);
}
