#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>

#include "base/error.h"
#include "tests/clusapi/fake.h"

#include <ClusAPI.h>

static struct place place;
static struct fake *node;

static void setup(void)
{
    place_make(&place);
    node = fake_start(place.n1, NULL);
}

static void teardown(void)
{
    fake_stop(node);
    place_remove(&place);
}

TestSuite(handle, .init = setup, .fini = teardown);

Test(handle, one_that_was_closed_is_refused_everywhere)
{
    HCLUSTER cluster = OpenCluster(NULL);
    HGROUP group = OpenClusterGroup(cluster, L"DemoGroup");
    cr_expect(CloseClusterGroup(group));
    unsigned calls = fake_call_count(node);
    cr_expect_eq(OfflineClusterGroup(group), ERROR_INVALID_HANDLE);
    cr_expect_eq(OnlineClusterGroup(group, NULL), ERROR_INVALID_HANDLE);
    cr_expect_eq(GetClusterGroupState(group, NULL, NULL), ClusterGroupStateUnknown);
    cr_expect_eq(GetLastError(), ERROR_INVALID_HANDLE);
    SetLastError(0);
    cr_expect_not(CloseClusterGroup(group));
    cr_expect_eq(GetLastError(), ERROR_INVALID_HANDLE);
    cr_expect_null(GetClusterFromGroup(group));
    cr_expect(CloseCluster(cluster));
    cr_expect_not(CloseCluster(cluster));
    cr_expect_null(OpenClusterGroup(cluster, L"DemoGroup"));
    cr_expect_eq(GetLastError(), ERROR_INVALID_HANDLE);
    cr_expect_eq(fake_call_count(node), calls);
}

Test(handle, one_of_another_kind_is_refused)
{
    HCLUSTER cluster = OpenCluster(NULL);
    HNODE n1 = OpenClusterNode(cluster, L"n1");
    cr_assert_not_null(n1);
    cr_expect_eq(OfflineClusterGroup((HGROUP)n1), ERROR_INVALID_HANDLE);
    cr_expect_eq(OfflineClusterGroup((HGROUP)cluster), ERROR_INVALID_HANDLE);
    cr_expect_not(CloseCluster((HCLUSTER)n1));
    cr_expect_null(OpenClusterGroup((HCLUSTER)n1, L"DemoGroup"));
    cr_expect(CloseClusterNode(n1));
    cr_expect(CloseCluster(cluster));
}

Test(handle, pointers_and_made_up_numbers_are_refused)
{
    int here = 0;
    void *const none[] = {NULL,
                          INVALID_HANDLE_VALUE,
                          &here,
                          (void *)(uintptr_t)1,
                          (void *)UINTPTR_MAX,
                          (void *)((uintptr_t)1 << 32)};
    HCLUSTER cluster = OpenCluster(NULL);
    for (unsigned i = 0; i < ARRAYSIZE(none); i++) {
        cr_expect_eq(OfflineClusterGroup(none[i]), ERROR_INVALID_HANDLE);
        cr_expect_not(CloseCluster(none[i]));
        cr_expect_eq(GetClusterNodeState(none[i]), ClusterNodeStateUnknown);
    }
    cr_expect(CloseCluster(cluster));
}

Test(handle, one_that_was_closed_never_means_what_was_opened_later)
{
    HCLUSTER cluster = OpenCluster(NULL);
    HGROUP old = OpenClusterGroup(cluster, L"DemoGroup");
    CloseClusterGroup(old);
    HGROUP fresh = OpenClusterGroup(cluster, L"DemoGroup");
    cr_expect_neq(old, fresh);
    cr_expect_eq(OfflineClusterGroup(old), ERROR_INVALID_HANDLE);
    cr_expect_eq(OfflineClusterGroup(fresh), ERROR_SUCCESS);
    CloseClusterGroup(fresh);
    CloseCluster(cluster);
}

Test(handle, a_group_outlives_the_handle_of_its_cluster)
{
    HCLUSTER cluster = OpenCluster(NULL);
    HGROUP group = OpenClusterGroup(cluster, L"DemoGroup");
    cr_expect_eq(GetClusterFromGroup(group), cluster);
    cr_expect(CloseCluster(cluster));
    cr_expect_eq(OfflineClusterGroup(group), ERROR_SUCCESS);
    cr_expect_null(GetClusterFromGroup(group));
    cr_expect_eq(GetLastError(), ERROR_INVALID_HANDLE);
    cr_expect(CloseClusterGroup(group));
}

Test(handle, the_table_grows)
{
    enum { MANY = 500 };
    HGROUP groups[MANY];
    HCLUSTER cluster = OpenCluster(NULL);
    for (unsigned i = 0; i < MANY; i++) {
        groups[i] = OpenClusterGroup(cluster, L"DemoGroup");
        cr_assert_not_null(groups[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        cr_expect_eq(GetClusterFromGroup(groups[i]), cluster);
        cr_expect(CloseClusterGroup(groups[i]));
    }
    CloseCluster(cluster);
}

struct user {
    HCLUSTER cluster;
    HGROUP group;
    unsigned wrong;
};

/* Calls until the handle is closed under it. */
static void *user_run(void *arg)
{
    struct user *u = arg;
    DWORD code;
    while ((code = OfflineClusterGroup(u->group)) == ERROR_SUCCESS)
        ;
    u->wrong += code != ERROR_INVALID_HANDLE;
    return NULL;
}

Test(handle, one_may_be_closed_while_other_threads_use_it)
{
    HCLUSTER cluster = OpenCluster(NULL);
    struct user users[4];
    pthread_t threads[4];
    HGROUP group = OpenClusterGroup(cluster, L"DemoGroup");
    for (unsigned i = 0; i < 4; i++) {
        users[i] = (struct user){.group = group};
        pthread_create(&threads[i], NULL, user_run, &users[i]);
    }
    while (fake_call_count(node) < 50)
        Sleep(1);
    cr_expect(CloseCluster(cluster));
    cr_expect(CloseClusterGroup(group));
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(users[i].wrong, 0);
    }
}
