#include <criterion/criterion.h>
#include <string.h>
#include <wchar.h>

#include "base/error.h"
#include "tests/clusapi/fake.h"

#include <ClusAPI.h>
#include <resapi.h>

/* A cluster with one group, opened. */
struct world {
    struct place place;
    struct fake *node;
    HCLUSTER cluster;
    HGROUP group;
};

static void world_open(struct world *w, const struct fake_behaviour *behaviour)
{
    place_make(&w->place);
    w->node = fake_start(w->place.n1, behaviour);
    w->cluster = OpenCluster(NULL);
    cr_assert_not_null(w->cluster, "error %u", GetLastError());
    w->group = OpenClusterGroup(w->cluster, L"DemoGroup");
    cr_assert_not_null(w->group, "error %u", GetLastError());
}

static void world_close(struct world *w)
{
    cr_expect(CloseClusterGroup(w->group));
    cr_expect(CloseCluster(w->cluster));
    fake_stop(w->node);
    place_remove(&w->place);
}

static struct fake_call last_call(struct world *w)
{
    return fake_call(w->node, fake_call_count(w->node) - 1);
}

Test(group, an_unknown_one_is_not_found)
{
    struct world w;
    world_open(&w, NULL);
    SetLastError(0);
    cr_expect_null(OpenClusterGroup(w.cluster, L"Nobody"));
    cr_expect_eq(GetLastError(), ERROR_GROUP_NOT_FOUND);
    cr_expect_null(OpenClusterGroup(w.cluster, NULL));
    cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    world_close(&w);
}

Test(group, a_name_that_no_group_can_have_is_not_sent)
{
    wchar_t long_name[300];
    struct world w;
    world_open(&w, NULL);
    unsigned calls = fake_call_count(w.node);
    for (unsigned i = 0; i < 299; i++)
        long_name[i] = L'x';
    long_name[299] = L'\0';
    cr_expect_null(OpenClusterGroup(w.cluster, long_name));
    cr_expect_eq(GetLastError(), ERROR_INVALID_NAME);
    const wchar_t half[] = {0xD800, 0};
    cr_expect_null(OpenClusterGroup(w.cluster, half));
    cr_expect_eq(GetLastError(), ERROR_INVALID_NAME);
    cr_expect_eq(fake_call_count(w.node), calls);
    world_close(&w);
}

Test(group, state_is_the_clusters_number_and_leaves_the_last_error_alone)
{
    struct world w;
    world_open(&w, NULL);
    for (int state = ClusterGroupOnline; state <= ClusterGroupPending; state++) {
        fake_lock(w.node)->state = state;
        fake_unlock(w.node);
        SetLastError(4711);
        cr_expect_eq((int)GetClusterGroupState(w.group, NULL, NULL), state);
        cr_expect_eq(GetLastError(), 4711);
    }
    world_close(&w);
}

Test(group, owner_is_handed_out_by_the_rule_of_lengths)
{
    const struct fake_behaviour behaviour = {.owner = "nöde"};
    WCHAR owner[8];
    DWORD count;
    struct world w;
    world_open(&w, &behaviour);

    count = 5;
    cr_expect_eq(GetClusterGroupState(w.group, owner, &count), ClusterGroupOnline);
    cr_expect_eq(count, 4);
    cr_expect_eq(wcscmp(owner, L"nöde"), 0);

    count = 4;
    wmemset(owner, L'#', 8);
    cr_expect_eq(GetClusterGroupState(w.group, owner, &count), ClusterGroupStateUnknown);
    cr_expect_eq(GetLastError(), ERROR_MORE_DATA);
    cr_expect_eq(count, 4);
    cr_expect_eq(owner[3], L'\0');
    cr_expect_eq(owner[4], L'#', "written past the end");

    count = 0;
    cr_expect_eq(GetClusterGroupState(w.group, owner, &count), ClusterGroupStateUnknown);
    cr_expect_eq(count, 4);

    count = 99;
    cr_expect_eq(GetClusterGroupState(w.group, NULL, &count), ClusterGroupOnline);
    cr_expect_eq(count, 4);

    cr_expect_eq(GetClusterGroupState(w.group, owner, NULL), ClusterGroupStateUnknown);
    cr_expect_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    world_close(&w);
}

Test(group, changes_return_the_clusters_word)
{
    const struct fake_behaviour behaviour = {.word = ERROR_IO_PENDING};
    struct world w;
    world_open(&w, &behaviour);
    SetLastError(4711);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_IO_PENDING);
    cr_expect_str_eq(last_call(&w).method, "group.offline");
    cr_expect_str_eq(last_call(&w).name, "DemoGroup");
    fake_lock(w.node)->word = 0;
    fake_unlock(w.node);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    fake_lock(w.node)->refuse = ERROR_CLUSTER_RESOURCE_LOCKED_STATUS;
    fake_unlock(w.node);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    cr_expect_eq(OnlineClusterGroup(w.group, NULL), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    cr_expect_eq(MoveClusterGroup(w.group, NULL), ERROR_CLUSTER_RESOURCE_LOCKED_STATUS);
    cr_expect_eq(GetLastError(), 4711);
    world_close(&w);
}

Test(group, changes_carry_one_client_and_rising_sequences)
{
    struct world w;
    world_open(&w, NULL);
    unsigned first = fake_call_count(w.node);
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    cr_expect_neq(fake_call(w.node, first).client, 0);
    for (unsigned i = 0; i < 3; i++) {
        struct fake_call c = fake_call(w.node, first + i);
        cr_expect_eq(c.client, fake_call(w.node, first).client);
        cr_expect_eq(c.seq, i + 1);
    }
    cr_expect_eq(fake_call(w.node, 0).client, 0, "a read carries a client");
    world_close(&w);
}

Test(group, flags_are_sent_as_they_are)
{
    struct world w;
    world_open(&w, NULL);
    OfflineClusterGroupEx(w.group, CLUSAPI_GROUP_OFFLINE_IGNORE_RESOURCE_STATUS, NULL, 0);
    cr_expect_eq(last_call(&w).flags, 1);
    OfflineClusterGroupEx(w.group, 0x80000000U, NULL, 0);
    cr_expect_eq(last_call(&w).flags, 0x80000000U);
    OfflineClusterGroupEx(w.group, 0, NULL, 0);
    cr_expect_not(last_call(&w).has_flags);
    cr_expect_eq(last_call(&w).instructions_len, 0);
    world_close(&w);
}

Test(group, a_destination_goes_by_its_name)
{
    struct world w;
    world_open(&w, NULL);
    HNODE node = OpenClusterNode(w.cluster, L"N1");
    cr_assert_not_null(node);
    cr_expect_eq(MoveClusterGroupEx(w.group, node, CLUSAPI_GROUP_MOVE_QUEUE_ENABLED, NULL, 0), 0);
    cr_expect_str_eq(last_call(&w).method, "group.move");
    cr_expect_str_eq(last_call(&w).node, "N1");
    cr_expect_eq(last_call(&w).flags, CLUSAPI_GROUP_MOVE_QUEUE_ENABLED);
    cr_expect_eq(OnlineClusterGroup(w.group, node), 0);
    cr_expect_str_eq(last_call(&w).node, "N1");
    cr_expect_eq(OnlineClusterGroup(w.group, NULL), 0);
    cr_expect_str_eq(last_call(&w).node, "");
    CloseClusterNode(node);
    unsigned calls = fake_call_count(w.node);
    cr_expect_eq(OnlineClusterGroup(w.group, node), ERROR_INVALID_HANDLE);
    cr_expect_eq(fake_call_count(w.node), calls);
    world_close(&w);
}

/* "Virtual Machine" = 2, as a program here has it in memory. */
struct vm_list {
    DWORD count;
    CLUSPROP_PROPERTY_NAME_DECLARE(name, 16);
    CLUSPROP_DWORD value;
    CLUSPROP_SYNTAX end;
};

static struct vm_list vm_list_make(void)
{
    struct vm_list list = {.count = 1};
    list.name.Syntax.dw = CLUSPROP_SYNTAX_NAME;
    list.name.cbLength = 16 * sizeof(WCHAR);
    wmemcpy(list.name.sz, CLUS_RESTYPE_NAME_VM, 16);
    list.value.Syntax.dw = CLUSPROP_SYNTAX_LIST_VALUE_DWORD;
    list.value.cbLength = 4;
    list.value.dw = VmResdllContextShutdown;
    return list;
}

Test(group, instructions_arrive_in_the_layout_of_windows_byte_for_byte)
{
    static const uint8_t wanted[60] = {
        0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x20, 0x00, 0x00, 0x00, 0x56, 0x00, 0x69,
        0x00, 0x72, 0x00, 0x74, 0x00, 0x75, 0x00, 0x61, 0x00, 0x6C, 0x00, 0x20, 0x00, 0x4D, 0x00,
        0x61, 0x00, 0x63, 0x00, 0x68, 0x00, 0x69, 0x00, 0x6E, 0x00, 0x65, 0x00, 0x00, 0x00, 0x02,
        0x00, 0x01, 0x00, 0x04, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    struct vm_list list = vm_list_make();
    struct world w;
    world_open(&w, NULL);
    PBYTE buffer = (PBYTE)&list;
    cr_expect_eq(OfflineClusterGroupEx(w.group, 0, buffer, sizeof(list)), 0);
    struct fake_call c = last_call(&w);
    cr_expect_eq(c.instructions_len, sizeof(wanted));
    cr_expect_eq(memcmp(c.instructions, wanted, sizeof(wanted)), 0);
    cr_expect_eq(OnlineClusterGroupEx(w.group, NULL, 0, buffer, sizeof(list)), 0);
    cr_expect_eq(last_call(&w).instructions_len, sizeof(wanted));
    cr_expect_eq(MoveClusterGroupEx(w.group, NULL, 0, buffer, sizeof(list)), 0);
    cr_expect_eq(last_call(&w).instructions_len, sizeof(wanted));
    world_close(&w);
}

Test(group, malformed_instructions_are_refused_before_anything_is_sent)
{
    struct vm_list list = vm_list_make();
    struct world w;
    world_open(&w, NULL);
    PBYTE buffer = (PBYTE)&list;
    unsigned calls = fake_call_count(w.node);

    cr_expect_eq(OfflineClusterGroupEx(w.group, 0, NULL, 4), ERROR_INVALID_PARAMETER);
    cr_expect_eq(OfflineClusterGroupEx(w.group, 0, buffer, 3), ERROR_INVALID_PARAMETER);
    for (DWORD size = 4; size < sizeof(list); size++)
        cr_expect_eq(OfflineClusterGroupEx(w.group, 0, buffer, size), ERROR_INVALID_DATA);
    list.name.sz[15] = L'!';
    cr_expect_eq(OfflineClusterGroupEx(w.group, 0, buffer, sizeof(list)), ERROR_INVALID_DATA);
    cr_expect_eq(fake_call_count(w.node), calls);
    world_close(&w);
}

Test(group, instructions_longer_than_the_cluster_takes_are_refused_here)
{
    enum { BLOB = 70000 };
    static struct {
        DWORD count;
        CLUSPROP_PROPERTY_NAME_DECLARE(name, 2);
        CLUSPROP_BINARY_DECLARE(value, BLOB);
        CLUSPROP_SYNTAX end;
    } list = {.count = 1,
              .name = {{CLUSPROP_SYNTAX_NAME}, 2 * sizeof(WCHAR), L"x"},
              .value = {{CLUSPROP_SYNTAX_LIST_VALUE_BINARY}, BLOB, {0}}};
    struct world w;
    world_open(&w, NULL);
    unsigned calls = fake_call_count(w.node);
    cr_expect_eq(OfflineClusterGroupEx(w.group, 0, (PBYTE)&list, sizeof(list)),
                 ERROR_INVALID_PARAMETER);
    cr_expect_eq(fake_call_count(w.node), calls);
    world_close(&w);
}

Test(group, a_synchronous_online_returns_when_the_attempt_has_ended)
{
    static const struct {
        int end;
        DWORD code;
    } cases[] = {{ClusterGroupOnline, ERROR_SUCCESS},
                 {ClusterGroupFailed, ERROR_RESOURCE_FAILED},
                 {ClusterGroupPartialOnline, ERROR_GROUP_NOT_ONLINE},
                 {ClusterGroupOffline, ERROR_GROUP_NOT_ONLINE}};
    const struct fake_behaviour behaviour = {.word = ERROR_IO_PENDING};
    struct world w;
    world_open(&w, &behaviour);
    for (unsigned i = 0; i < ARRAYSIZE(cases); i++) {
        struct fake_behaviour *b = fake_lock(w.node);
        b->pending = 2;
        b->state = cases[i].end;
        fake_unlock(w.node);
        cr_expect_eq(OnlineClusterGroupEx(w.group, NULL, CLUSAPI_GROUP_ONLINE_SYNCHRONOUS, NULL, 0),
                     cases[i].code);
        cr_expect_eq(fake_lock(w.node)->pending, 0, "did not wait");
        fake_unlock(w.node);
    }
    world_close(&w);
}

Test(group, a_handle_opened_for_reading_changes_nothing)
{
    DWORD granted = 0;
    struct world w;
    world_open(&w, NULL);
    HGROUP reader = OpenClusterGroupEx(w.cluster, L"DemoGroup", GENERIC_READ, &granted);
    cr_assert_not_null(reader);
    cr_expect_eq(granted, CLUSAPI_READ_ACCESS);
    unsigned calls = fake_call_count(w.node);
    cr_expect_eq(OfflineClusterGroup(reader), ERROR_ACCESS_DENIED);
    cr_expect_eq(OnlineClusterGroup(reader, NULL), ERROR_ACCESS_DENIED);
    cr_expect_eq(MoveClusterGroup(reader, NULL), ERROR_ACCESS_DENIED);
    cr_expect_eq(DeleteClusterGroup(reader), ERROR_ACCESS_DENIED);
    cr_expect_eq(fake_call_count(w.node), calls);
    cr_expect_eq(GetClusterGroupState(reader, NULL, NULL), ClusterGroupOnline);
    cr_expect(CloseClusterGroup(reader));
    world_close(&w);
}

Test(group, creation_gives_a_handle_and_needs_full_access)
{
    struct world w;
    world_open(&w, NULL);
    unsigned first = fake_call_count(w.node);
    HGROUP made = CreateClusterGroup(w.cluster, L"DemoGroup");
    cr_assert_not_null(made);
    cr_expect_str_eq(fake_call(w.node, first).method, "group.create");
    cr_expect_neq(fake_call(w.node, first).client, 0);
    cr_expect_eq(DeleteClusterGroup(made), ERROR_SUCCESS);
    cr_expect_str_eq(last_call(&w).method, "group.delete");
    cr_expect(CloseClusterGroup(made));

    fake_lock(w.node)->refuse = ERROR_OBJECT_ALREADY_EXISTS;
    fake_unlock(w.node);
    cr_expect_null(CreateClusterGroup(w.cluster, L"DemoGroup"));
    cr_expect_eq(GetLastError(), ERROR_OBJECT_ALREADY_EXISTS);

    HCLUSTER reader = OpenClusterEx(NULL, GENERIC_READ, NULL);
    unsigned calls = fake_call_count(w.node);
    cr_expect_null(CreateClusterGroup(reader, L"DemoGroup"));
    cr_expect_eq(GetLastError(), ERROR_ACCESS_DENIED);
    cr_expect_eq(fake_call_count(w.node), calls);
    CloseCluster(reader);
    world_close(&w);
}

Test(group, one_that_was_made_anew_under_its_name_is_not_taken_for_it)
{
    struct world w;
    world_open(&w, NULL);
    fake_lock(w.node)->id = 8;
    fake_unlock(w.node);
    cr_expect_eq(GetClusterGroupState(w.group, NULL, NULL), ClusterGroupStateUnknown);
    cr_expect_eq(GetLastError(), ERROR_GROUP_NOT_AVAILABLE);
    world_close(&w);
}

Test(group, an_answer_without_what_belongs_in_it_is_a_failed_call)
{
    struct world w;
    world_open(&w, NULL);
    fake_lock(w.node)->bare = true;
    fake_unlock(w.node);
    cr_expect_eq(GetClusterGroupState(w.group, NULL, NULL), ClusterGroupStateUnknown);
    cr_expect_eq(GetLastError(), RPC_S_CALL_FAILED);
    cr_expect_eq(OfflineClusterGroup(w.group), RPC_S_CALL_FAILED);
    cr_expect_null(OpenClusterGroup(w.cluster, L"DemoGroup"));
    world_close(&w);
}
