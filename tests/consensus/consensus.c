/* One voter on real libraft: batches, answers, restart, snapshots, failures. */
#include "consensus/consensus.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/consensus/world.h"

enum { MANY = 300 };

static struct world w;
static struct node *n;

static void setup(void)
{
    world_setup(&w, 1, NULL);
    n = &w.nodes[0];
}

static void teardown(void)
{
    world_teardown(&w);
}

TestSuite(consensus, .init = setup, .fini = teardown, .timeout = 120);

static void copy_state(struct node *to, const struct node *from)
{
    memset(to, 0, sizeof *to);
    to->applied_position = from->applied_position;
    bytes_append(&to->state, from->state.data, from->state.len);
}

Test(consensus, all_proposals_of_a_turn_share_one_entry_and_each_is_answered)
{
    struct ask asks[MANY] = {0}, barriers[2] = {0};
    struct bytes expected = BYTES_INIT;
    char command[16];

    node_open(n);
    world_elect(&w);
    uint64_t before = consensus_position(n->consensus);
    for (unsigned i = 0; i < MANY; i++) {
        uint32_t len = (uint32_t)snprintf(command, sizeof command, "command %u", i);
        bytes_append(&expected, &len, sizeof len);
        bytes_append(&expected, command, len);
        node_propose(n, command, i % 3 == 0 ? NULL : &asks[i]);
        if (i == 7 || i == 100)
            node_barrier(n, &barriers[i == 100]);
    }
    cr_assert_eq(w.finished, 0, "never from inside consensus_propose()");
    RUN_UNTIL(&w, w.finished == MANY - MANY / 3 + 2);

    cr_assert_eq(consensus_position(n->consensus), before + 1);
    cr_assert_eq(n->entries, 1);
    cr_assert_eq(n->state.len, expected.len);
    cr_assert_arr_eq(n->state.data, expected.data, expected.len);
    for (unsigned i = 0, order = 0; i < MANY; i++) {
        cr_assert_eq(asks[i].finished, i % 3 != 0);
        cr_assert_eq(asks[i].applied, i % 3 != 0);
        cr_assert_eq(asks[i].code, 0);
        if (i % 3 != 0) {
            cr_assert_eq(asks[i].position, before + 1);
            cr_assert_eq(asks[i].order, ++order);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(barriers[i].finished, 1);
        cr_assert_eq(barriers[i].code, 0);
        cr_assert_eq(barriers[i].entries_at_finish, 1, "its entry was applied before");
    }
    bytes_release(&expected);
}

Test(consensus, a_barrier_alone_is_an_entry_without_commands)
{
    struct ask barrier = {0};

    node_open(n);
    world_elect(&w);
    node_barrier(n, &barrier);
    RUN_UNTIL(&w, barrier.finished > 0);
    cr_assert_eq(barrier.code, 0);
    cr_assert_eq(barrier.applied, 0);
    cr_assert_eq(n->entries, 1);
    cr_assert_eq(barrier.entries_at_finish, 1);
    cr_assert_eq(n->commands, 0);
}

Test(consensus, what_does_not_fit_into_one_entry_goes_into_the_next)
{
    struct ask asks[3] = {0};
    char *large = malloc(COMMAND_BYTES_MAX + 1);

    memset(large, 'x', COMMAND_BYTES_MAX);
    large[COMMAND_BYTES_MAX] = '\0';
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < 3; i++)
        node_propose(n, large, &asks[i]);
    RUN_UNTIL(&w, w.finished == 3);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(asks[i].code, 0);
        cr_assert_eq(asks[i].applied, 1);
        cr_assert_eq(asks[i].position, i + 1);
    }
    free(large);
}

Test(consensus, before_it_leads_it_proposes_nothing)
{
    struct ask command = {0}, barrier = {0};

    node_open(n);
    if (!consensus_is_leader(n->consensus)) {
        node_propose(n, "early", &command);
        node_barrier(n, &barrier);
        RUN_UNTIL(&w, w.finished == 2);
        /* It may have been elected on the way, never both refused and applied. */
        cr_assert_eq(command.applied, command.code == 0);
        cr_assert_eq(command.code, barrier.code);
    }
}

Test(consensus, a_restart_applies_the_same_again)
{
    struct node before;
    char command[16];

    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(command, sizeof command, "command %u", i);
        node_commit(n, command);
    }
    copy_state(&before, n);
    node_close(n);

    node_open(n);
    RUN_UNTIL(&w, n->applied_position >= 20);
    cr_assert(node_equal(n, &before));
    cr_assert_eq(consensus_position(n->consensus), 20);
    cr_assert_eq(n->restores, 0);
    node_commit(n, "and on");
    bytes_release(&before.state);
}

Test(consensus, it_says_when_clients_are_to_hold_back_and_goes_on_for_others)
{
    struct ask within = {0}, beyond = {0};

    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i + 1 < PROPOSALS_MAX; i++)
        node_propose(n, "c", NULL);
    cr_assert_not(consensus_is_full(n->consensus));
    node_propose(n, "last", &within);
    cr_assert(consensus_is_full(n->consensus));
    node_propose(n, "a pulse", &beyond);
    RUN_UNTIL(&w, within.finished && beyond.finished);
    cr_assert_eq(within.code, 0);
    cr_assert_eq(beyond.code, 0);
    cr_assert_not(consensus_is_full(n->consensus));
}

Test(consensus, every_entry_survives_a_kill)
{
    node_run_and_die(n, 30, 100);
    node_run_and_die(n, 0, 1);
    node_open(n);
    RUN_UNTIL(&w, n->commands == 30);
}

Test(consensus, snapshots_are_taken_and_the_log_behind_them_goes)
{
    struct node before;
    char path[128], command[64];
    unsigned closed = 0;

    w.threshold = 8;
    w.trailing = 4;
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(command, sizeof command, "command %u", i);
        node_commit(n, command);
    }
    RUN_UNTIL(&w, !file_find(n->dir, "0000000000000001-", "", 0, path, sizeof path));
    cr_assert_geq(consensus_snapshots(n->consensus), 1); /* How many depends on the disk. */
    while (file_find(n->dir, "0", "", closed, path, sizeof path))
        closed++;
    cr_assert_lt(closed, 5, "old segments are removed");
    copy_state(&before, n);
    node_close(n);

    node_open(n);
    cr_assert_eq(n->restores, 1, "from a snapshot");
    cr_assert_gt(n->applied_position, 20);
    RUN_UNTIL(&w, n->applied_position >= 60);
    cr_assert(node_equal(n, &before), "and the log behind it");
    cr_assert_eq(consensus_position(n->consensus), 60);
    node_commit(n, "and on");
    cr_assert_eq(n->applied_position, 61);
    bytes_release(&before.state);
}

Test(consensus, many_bytes_cause_a_snapshot_before_many_entries_do)
{
    char *large = malloc(COMMAND_BYTES_MAX + 1);

    memset(large, 'x', COMMAND_BYTES_MAX);
    large[COMMAND_BYTES_MAX] = '\0';
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < 16; i++)
        node_commit(n, large);
    /* The first that is due waits for a segment that is just being closed. */
    while (consensus_snapshots(n->consensus) == 0 && n->commands < 30)
        node_commit(n, large);
    cr_assert_eq(consensus_snapshots(n->consensus), 1);
    free(large);
}

Test(consensus, what_is_under_way_at_close_is_answered_with_retry)
{
    struct ask asks[4] = {0};

    node_open(n);
    world_elect(&w);
    node_propose(n, "on its way", &asks[0]);
    uv_run(&w.loop, UV_RUN_NOWAIT);
    node_propose(n, "gathered", &asks[1]);
    node_barrier(n, &asks[2]);
    consensus_transfer(n->consensus); /* There is nobody: nothing comes of it. */
    node_close(n);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(asks[i].finished, 1, "ask %u", i);
    cr_assert(asks[0].code == 0 || asks[0].code == ERROR_RETRY);
    cr_assert(asks[1].code == ERROR_RETRY || asks[1].code == ERROR_NOT_READY);
    cr_assert_eq(asks[2].code, asks[1].code);
}

/* ----------------------------------------------------------- finding corruption */

struct opening {
    struct node *node;
    int fd; /* Gets the code and the text. */
};

static int try_open(void *data)
{
    struct opening *o = data;
    char *why = NULL;

    uv_loop_fork(&w.loop);
    uint32_t code = node_try_open(o->node, &why);
    char text[1000];
    int len = snprintf(text, sizeof text, "%u %s", code, why != NULL ? why : "");
    return write(o->fd, text, (size_t)len) == len ? 0 : 1;
}

/* Opens `n` in a process of its own, since a raft that did not start cannot be
 * closed. Returns the code; the text goes to `why`. */
static unsigned open_apart(char why[1000])
{
    int fds[2];
    struct opening o = {n, -1};
    unsigned code = 0;
    int used = 0;

    cr_assert_eq(pipe(fds), 0);
    o.fd = fds[1];
    cr_assert_eq(in_child(try_open, &o), 0);
    close(fds[1]);
    ssize_t len = read(fds[0], why, 999);
    close(fds[0]);
    cr_assert_gt(len, 0);
    why[len] = '\0';
    cr_assert_eq(sscanf(why, "%u %n", &code, &used), 1);
    memmove(why, why + used, strlen(why + used) + 1);
    return code;
}

Test(consensus, a_missing_newest_segment_is_noticed)
{
    char path[128], why[1000];

    node_run_and_die(n, 10, 20); /* Its entries are closed by the next life. */
    node_run_and_die(n, 5, 20);
    node_open(n);
    node_close(n);
    unsigned last = 0;
    while (file_find(n->dir, "0", "", last + 1, path, sizeof path))
        last++;
    cr_assert_gt(last, 0);
    cr_assert_eq(open_apart(why), 0, "%s", why);

    file_find(n->dir, "0", "", last, path, sizeof path);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(open_apart(why), ERROR_FILE_CORRUPT, "%s", why);
    cr_assert_not_null(strstr(why, "the log ends at entry "), "%s", why);
    cr_assert_not_null(strstr(why, "acknowledged "), "%s", why);
    cr_assert_not_null(strstr(why, n->dir), "%s", why);
}

Test(consensus, a_folder_that_is_not_there_is_an_error_with_a_name)
{
    char why[1000];

    strcat(n->dir, "-absent");
    cr_assert_neq(open_apart(why), 0);
    cr_assert_not_null(strstr(why, n->dir), "%s", why);
}

/* --------------------------------------------------------------- a failing disk */

static int write_beyond_the_limit(void *data)
{
    struct rlimit limit = {4096, 4096};
    char *large = malloc(100001);

    (void)data;
    memset(large, 'x', 100000);
    large[100000] = '\0';
    uv_loop_fork(&w.loop);
    node_open(n);
    world_elect(&w);
    node_commit(n, "good");
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    node_commit(n, large);
    return 0;
}

/* libraft would repeat the write through a struct of another type. */
Test(consensus, a_failed_write_of_the_log_ends_the_process_at_once)
{
    cr_assert_eq(in_child(write_beyond_the_limit, NULL), WORLD_FATAL);
    node_open(n);
    RUN_UNTIL(&w, n->commands >= 1);
    cr_assert_eq(n->state.len, 4 + strlen("good"), "and what was acknowledged is there");
}

/* The names that the first open segment would get are taken by folders. */
enum { NAMES_TAKEN = 64, LONG = 4000 }; /* So long are commands: a segment is soon full. */

static void name_taken(unsigned i, char path[128])
{
    snprintf(path, 128, "%s/%016u-%016u", n->dir, 2u, 2 + i);
}

static int go_on_though_it_cannot_be_closed(void *data)
{
    char path[128], command[LONG + 1];

    (void)data;
    uv_loop_fork(&w.loop);
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < NAMES_TAKEN; i++) {
        name_taken(i, path);
        if (mkdir(path, 0700) != 0)
            return 1;
    }
    for (unsigned i = 0; consensus_snapshots(n->consensus) < 2; i++) {
        snprintf(command, sizeof command, "%0*u", LONG, i);
        node_commit(n, command);
    }
    return 0;
}

static void assert_counts_up(const struct bytes *state)
{
    size_t at = 0;

    for (unsigned i = 0; at < state->len; i++) {
        char command[LONG + 1];
        uint32_t len = (uint32_t)snprintf(command, sizeof command, "%0*u", LONG, i);
        cr_assert_leq(at + sizeof len + len, state->len);
        cr_assert_eq(memcmp(state->data + at, &len, sizeof len), 0, "command %u", i);
        cr_assert_eq(memcmp(state->data + at + sizeof len, command, len), 0, "command %u", i);
        at += sizeof len + len;
    }
}

/* With another snapshot, that would be the log of the next start, all in another order; with
 * another segment full and closed behind it, there would be a gap in it. */
Test(consensus, a_segment_that_cannot_be_closed_ends_the_process_while_all_can_be_read_in_order)
{
    char path[128];

    w.threshold = 8;
    w.trailing = 100;
    cr_assert_eq(in_child(go_on_though_it_cannot_be_closed, NULL), WORLD_FATAL);
    for (unsigned i = 0; i < NAMES_TAKEN; i++) {
        name_taken(i, path);
        rmdir(path);
    }
    node_open(n);
    RUN_UNTIL(&w, n->commands > 20);
    node_commit(n, "end");
    n->state.len -= sizeof(uint32_t) + strlen("end");
    assert_counts_up(&n->state);
}
