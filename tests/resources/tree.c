/* Finding descendants. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "resources/tree.h"

/* A child with a child, each asleep; the pids through a pipe, of which the
 * first comes when both are there. */
static void make_family(pid_t *ret_child, pid_t *ret_grandchild)
{
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    *ret_child = fork();
    if (*ret_child == 0) {
        pid_t grandchild = fork();
        if (grandchild > 0 && write(fds[1], &grandchild, sizeof(grandchild)) < 0)
            _exit(1);
        pause();
        _exit(0);
    }
    cr_assert_eq(read(fds[0], ret_grandchild, sizeof(*ret_grandchild)), sizeof(pid_t));
    close(fds[0]);
    close(fds[1]);
}

static bool is_marked(const struct tree *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->processes[i].pid == pid)
            return t->processes[i].below;
    }
    return false;
}

static void end_all(void)
{
    struct tree tree = {0};

    while (tree_kill(&tree, getpid(), NULL, 0) > 0) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
    tree_release(&tree);
}

Test(tree, marks_descendants_and_nothing_else)
{
    pid_t child, grandchild;
    struct tree t = {0};

    make_family(&child, &grandchild);
    tree_scan(&t);
    tree_mark(&t, getpid(), NULL, 0);
    cr_assert(is_marked(&t, child));
    cr_assert(is_marked(&t, grandchild));
    cr_assert(!is_marked(&t, getpid()));
    cr_assert(!is_marked(&t, getppid()));
    cr_assert_eq(tree_mark(&t, child, NULL, 0), 1);
    cr_assert(!is_marked(&t, child));
    tree_release(&t);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    end_all();
}

Test(tree, leaves_out_what_is_cut_and_all_below)
{
    pid_t child, grandchild, other_child, other_grandchild;
    struct tree t = {0};

    make_family(&child, &grandchild);
    make_family(&other_child, &other_grandchild);
    tree_scan(&t);
    tree_mark(&t, getpid(), &child, 1);
    cr_assert(!is_marked(&t, child));
    cr_assert(!is_marked(&t, grandchild));
    cr_assert(is_marked(&t, other_child));
    cr_assert(is_marked(&t, other_grandchild));
    tree_release(&t);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    end_all();
}

Test(tree, finds_what_a_scan_of_all_processes_finds)
{
    pid_t child, grandchild, other_child, other_grandchild;
    struct tree t = {0};

    make_family(&child, &grandchild);
    make_family(&other_child, &other_grandchild);
    cr_assert_eq(tree_find(&t, getpid(), NULL, 0), 4);
    cr_assert(is_marked(&t, child) && is_marked(&t, grandchild));
    cr_assert(is_marked(&t, other_child) && is_marked(&t, other_grandchild));
    cr_assert_eq(tree_find(&t, getpid(), &child, 1), 2);
    cr_assert(!is_marked(&t, child) && !is_marked(&t, grandchild));
    cr_assert_eq(tree_find(&t, child, NULL, 0), 1);
    cr_assert(is_marked(&t, grandchild));
    cr_assert_eq(tree_find(&t, grandchild, NULL, 0), 0);
    tree_release(&t);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    end_all();
}

static void *fork_in_a_thread(void *data)
{
    make_family(data, (pid_t *)data + 1);
    pause();
    return NULL;
}

Test(tree, finds_children_of_any_thread)
{
    _Atomic pid_t pids[2] = {0};
    struct tree t = {0};
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, fork_in_a_thread, (void *)(uintptr_t)pids), 0);
    while (pids[1] == 0)
        usleep(1000);
    cr_assert_eq(tree_find(&t, getpid(), NULL, 0), 2);
    cr_assert(is_marked(&t, pids[0]) && is_marked(&t, pids[1]));
    tree_release(&t);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    end_all();
}

Test(tree, kills_to_the_last_one)
{
    pid_t child, grandchild;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    make_family(&child, &grandchild);
    end_all();
    cr_assert_eq(waitpid(-1, NULL, 0), -1);
    cr_assert_neq(kill(grandchild, 0), 0);
}
