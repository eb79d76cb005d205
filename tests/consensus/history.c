/* What is read of the past is what was applied then, beside a running raft. */
#include "consensus/history.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "tests/consensus/world.h"

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

TestSuite(history, .init = setup, .fini = teardown, .timeout = 120);

/* A state as world.c keeps it, up to `until` entries. */
struct replay {
    uint64_t until, position;
    struct bytes state;
    unsigned snapshots, empties, commands;
};

static bool on_snapshot(uint64_t position, const uint8_t *state, size_t len, void *data)
{
    struct replay *r = data;

    r->snapshots++;
    if (position > r->until)
        return false;
    r->position = position;
    bytes_clear(&r->state);
    bytes_append(&r->state, state + sizeof(uint64_t), len - sizeof(uint64_t));
    return true;
}

static void on_empty(void *data)
{
    struct replay *r = data;

    r->empties++;
    r->position = 0;
    bytes_clear(&r->state);
}

static bool on_command(uint64_t position, uint64_t stamp_ms, const uint8_t *command, size_t len,
                       void *data)
{
    struct replay *r = data;
    uint32_t prefix = (uint32_t)len;

    (void)stamp_ms;
    if (position > r->until)
        return false;
    cr_assert_eq(position, r->position + 1, "no entry twice, none left out");
    r->position = position;
    r->commands++;
    bytes_append(&r->state, &prefix, sizeof prefix);
    bytes_append(&r->state, command, len);
    return true;
}

static uint32_t replay(struct replay *r, uint64_t until, char **ret_why)
{
    struct history_reader reader = {
        .snapshot = on_snapshot, .empty = on_empty, .command = on_command, .data = r};

    bytes_release(&r->state);
    *r = (struct replay){.until = until};
    return history_read(n->dir, &reader, ret_why);
}

/* Commit `count` commands; the length of the state after each is kept. */
static void commit(unsigned count, size_t *lengths, uint64_t *positions)
{
    for (unsigned i = 0; i < count; i++) {
        char command[32];

        snprintf(command, sizeof command, "the command numbered %u", i);
        node_commit(n, command);
        lengths[i] = n->state.len;
        positions[i] = n->applied_position;
    }
}

Test(history, every_moment_of_a_young_log_can_be_read_while_it_is_written)
{
    enum { COUNT = 20 };
    size_t lengths[COUNT];
    uint64_t positions[COUNT];
    struct replay r = {0};
    char *why;

    node_open(n);
    world_elect(&w);
    commit(COUNT, lengths, positions);
    for (unsigned i = 0; i < COUNT; i++) {
        cr_assert_eq(replay(&r, positions[i], &why), 0);
        cr_assert_eq(r.empties, 1);
        cr_assert_eq(r.position, positions[i]);
        cr_assert_eq(r.state.len, lengths[i]);
        cr_assert_arr_eq(r.state.data, n->state.data, lengths[i]);
    }
    bytes_release(&r.state);
}

Test(history, behind_snapshots_the_newest_that_is_not_too_new_is_taken)
{
    enum { COUNT = 60, BATCH = 12 };
    size_t lengths[COUNT];
    uint64_t positions[COUNT];
    struct replay r = {0};
    unsigned readable = 0, from_snapshot = 0;
    bool reached = false;
    char *why;

    w.threshold = 8;
    w.trailing = 4;
    node_open(n);
    world_elect(&w);
    for (unsigned i = 0; i < COUNT; i += BATCH) { /* Each is enough for one. */
        commit(BATCH, lengths + i, positions + i);
        RUN_UNTIL(&w, consensus_snapshots(n->consensus) > i / BATCH);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        uint32_t code = replay(&r, positions[i], &why);

        if (code != 0) {
            cr_assert_eq(code, ERROR_NOT_FOUND);
            cr_assert(strstr(why, "begins with entry"), "%s", why);
            cr_assert_not(reached, "what is kept has no holes");
            free(why);
            continue;
        }
        reached = true;
        readable++;
        from_snapshot += r.empties == 0;
        cr_assert_eq(r.state.len, lengths[i]);
        cr_assert_arr_eq(r.state.data, n->state.data, lengths[i]);
    }
    cr_assert_lt(readable, COUNT, "the oldest entries are compacted away");
    cr_assert_gt(from_snapshot, 0);
    bytes_release(&r.state);
}

Test(history, after_a_restart_the_same_is_read)
{
    enum { COUNT = 10 };
    size_t lengths[2 * COUNT];
    uint64_t positions[2 * COUNT];
    struct replay r = {0};
    char *why;

    node_open(n);
    world_elect(&w);
    commit(COUNT, lengths, positions);
    node_close(n);
    node_open(n);
    world_elect(&w);
    commit(COUNT, lengths + COUNT, positions + COUNT);
    for (unsigned i = 0; i < 2 * COUNT; i++) {
        cr_assert_eq(replay(&r, positions[i], &why), 0);
        cr_assert_eq(r.state.len, lengths[i]);
        cr_assert_arr_eq(r.state.data, n->state.data, lengths[i]);
    }
    bytes_release(&r.state);
}

Test(history, a_folder_that_is_not_there_is_named)
{
    struct replay r = {0};
    struct history_reader reader = {
        .snapshot = on_snapshot, .empty = on_empty, .command = on_command, .data = &r};
    char *why;

    cr_assert_eq(history_read("/nonexistent/raft", &reader, &why), ERROR_FILE_NOT_FOUND);
    cr_assert(strstr(why, "/nonexistent/raft") != NULL);
    free(why);
}
