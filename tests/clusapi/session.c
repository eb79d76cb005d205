#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "tests/clusapi/fake.h"

#include <ClusAPI.h>

/* Two nodes of one cluster; the program knows the first. */
struct world {
    struct place place;
    char peer[112];
    struct fake *n1, *n2;
    HCLUSTER cluster;
    HGROUP group;
};

static void world_open(struct world *w)
{
    struct fake_behaviour behaviour = {.peer = w->peer};
    place_make(&w->place);
    snprintf(w->peer, sizeof(w->peer), "unix:%s", w->place.n2);
    w->n1 = fake_start(w->place.n1, &behaviour);
    w->n2 = fake_start(w->place.n2, NULL);
    w->cluster = OpenCluster(NULL);
    w->group = OpenClusterGroup(w->cluster, L"DemoGroup");
    cr_assert_not_null(w->group, "error %u", GetLastError());
}

static void world_close(struct world *w)
{
    CloseClusterGroup(w->group);
    CloseCluster(w->cluster);
    if (w->n1 != NULL)
        fake_stop(w->n1);
    if (w->n2 != NULL)
        fake_stop(w->n2);
    place_remove(&w->place);
}

Test(session, a_change_whose_connection_breaks_is_repeated_under_the_same_sequence)
{
    struct world w;
    world_open(&w);
    unsigned first = fake_call_count(w.n1);
    struct fake_behaviour *b = fake_lock(w.n1);
    b->hang_ups = 1;
    b->word = ERROR_IO_PENDING;
    fake_unlock(w.n1);

    cr_expect_eq(OfflineClusterGroupEx(w.group, 1, NULL, 0), ERROR_IO_PENDING);
    cr_assert_eq(fake_call_count(w.n1), first + 2, "the same node is asked first");
    struct fake_call lost = fake_call(w.n1, first), again = fake_call(w.n1, first + 1);
    cr_expect_neq(lost.client, 0);
    cr_expect_eq(again.client, lost.client);
    cr_expect_eq(again.seq, lost.seq);
    cr_expect_eq(again.flags, lost.flags);
    cr_expect_neq(again.connection, lost.connection);
    cr_expect_eq(fake_call_count(w.n2), 0);
    world_close(&w);
}

Test(session, a_change_goes_to_another_node_when_its_own_dies_in_mid_call)
{
    struct world w;
    world_open(&w);
    unsigned first = fake_call_count(w.n1);
    fake_lock(w.n1)->hang_ups = 1000;
    fake_unlock(w.n1);

    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    struct fake_call lost = fake_call(w.n1, first), again = fake_call(w.n2, 0);
    cr_expect_str_eq(again.method, "group.offline");
    cr_expect_eq(again.client, lost.client);
    cr_expect_eq(again.seq, lost.seq);
    world_close(&w);
}

Test(session, the_next_change_after_a_repeated_one_has_the_next_sequence)
{
    struct world w;
    world_open(&w);
    fake_lock(w.n1)->hang_ups = 1;
    fake_unlock(w.n1);
    unsigned first = fake_call_count(w.n1);
    OfflineClusterGroup(w.group);
    OnlineClusterGroup(w.group, NULL);
    cr_assert_eq(fake_call_count(w.n1), first + 3);
    cr_expect_eq(fake_call(w.n1, first + 2).seq, fake_call(w.n1, first).seq + 1);
    world_close(&w);
}

Test(session, reads_go_on_at_another_node)
{
    struct world w;
    world_open(&w);
    fake_lock(w.n2)->state = ClusterGroupFailed;
    fake_unlock(w.n2);
    fake_stop(w.n1);
    w.n1 = NULL;
    cr_expect_eq(GetClusterGroupState(w.group, NULL, NULL), ClusterGroupFailed);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    world_close(&w);
}

Test(session, a_node_that_cannot_serve_is_left_for_another)
{
    static const uint32_t codes[] = {ERROR_CLUSTER_NODE_SHUTTING_DOWN,
                                     ERROR_CLUSTER_NODE_NOT_READY,
                                     ERROR_NOT_READY,
                                     ERROR_CLUSTER_NO_QUORUM,
                                     ERROR_TIMEOUT,
                                     RPC_S_SERVER_UNAVAILABLE};
    for (unsigned i = 0; i < ARRAYSIZE(codes); i++) {
        struct world w;
        world_open(&w);
        fake_lock(w.n1)->refuse_all = codes[i];
        fake_unlock(w.n1);
        cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS, "code %u", codes[i]);
        cr_expect_eq(fake_call_count(w.n2), 1);
        world_close(&w);
    }
}

Test(session, a_refusal_is_not_taken_elsewhere)
{
    struct world w;
    world_open(&w);
    fake_lock(w.n1)->refuse = ERROR_INVALID_STATE;
    fake_unlock(w.n1);
    unsigned calls = fake_call_count(w.n1);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_INVALID_STATE);
    cr_expect_eq(fake_call_count(w.n1), calls + 1);
    cr_expect_eq(fake_call_count(w.n2), 0);
    world_close(&w);
}

Test(session, a_node_of_another_cluster_is_not_asked)
{
    struct world w;
    setenv("HOLDFAST_TIMEOUT_MS", "300", 1);
    world_open(&w);
    fake_lock(w.n2)->cluster = "other";
    fake_unlock(w.n2);
    fake_stop(w.n1);
    w.n1 = NULL;
    cr_expect_eq(OfflineClusterGroup(w.group), RPC_S_SERVER_UNAVAILABLE);
    cr_expect_eq(fake_call_count(w.n2), 0);
    world_close(&w);
}

Test(session, when_nobody_answers_the_call_fails_in_the_end)
{
    struct world w;
    setenv("HOLDFAST_TIMEOUT_MS", "300", 1);
    world_open(&w);
    fake_stop(w.n1);
    fake_stop(w.n2);
    w.n1 = w.n2 = NULL;
    cr_expect_eq(OfflineClusterGroup(w.group), RPC_S_SERVER_UNAVAILABLE);
    cr_expect_eq(GetClusterGroupState(w.group, NULL, NULL), ClusterGroupStateUnknown);
    cr_expect_eq(GetLastError(), RPC_S_SERVER_UNAVAILABLE);
    world_close(&w);
}

Test(session, a_node_that_was_restarted_is_found_again)
{
    struct world w;
    world_open(&w);
    fake_stop(w.n2);
    w.n2 = NULL;
    fake_stop(w.n1);
    w.n1 = fake_start(w.place.n1, NULL);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    world_close(&w);
}

Test(session, an_answer_that_is_no_answer_is_not_believed)
{
    struct world w;
    world_open(&w);
    fake_lock(w.n1)->garbage = true;
    fake_unlock(w.n1);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    cr_expect_eq(fake_call_count(w.n2), 1);
    world_close(&w);
}

Test(session, nodes_once_learned_are_not_forgotten)
{
    struct world w;
    world_open(&w);
    struct fake_behaviour *b = fake_lock(w.n1);
    b->peer = NULL; /* As a node that has just been started. */
    b->hang_ups = 1000;
    fake_unlock(w.n1);
    cr_expect_eq(OfflineClusterGroup(w.group), ERROR_SUCCESS);
    cr_expect_eq(fake_call_count(w.n2), 1);
    world_close(&w);
}

static void *caller_run(void *arg)
{
    return (void *)(uintptr_t)OfflineClusterGroup(arg);
}

/* The node answers nobody until both have asked: they cannot have waited for
 * each other. */
Test(session, two_threads_call_on_one_handle_at_once)
{
    struct world w;
    pthread_t threads[2];
    void *code;
    world_open(&w);
    unsigned first = fake_call_count(w.n1);
    fake_lock(w.n1)->gather = 2;
    fake_unlock(w.n1);
    for (unsigned i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, caller_run, w.group);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], &code);
        cr_expect_eq((uintptr_t)code, ERROR_SUCCESS);
    }
    cr_assert_eq(fake_call_count(w.n1), first + 2);
    cr_expect_neq(fake_call(w.n1, first).client, fake_call(w.n1, first + 1).client,
                  "one sequence for two calls at once");
    world_close(&w);
}

Test(session, more_threads_than_connections_all_get_their_turn)
{
    enum { THREADS = 24 };
    struct world w;
    pthread_t threads[THREADS];
    void *code;
    world_open(&w);
    unsigned first = fake_call_count(w.n1);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, caller_run, w.group);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &code);
        cr_expect_eq((uintptr_t)code, ERROR_SUCCESS);
    }
    cr_expect_eq(fake_call_count(w.n1), first + THREADS);
    world_close(&w);
}
