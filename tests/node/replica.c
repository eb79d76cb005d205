#include "node/replica.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/value.h"
#include "net/msgpack.h"

enum { DIVERGED = 71 };

static void on_command(const struct command *cmd, const struct reply *reply, void *data)
{
    (void)cmd;
    (void)reply;
    (void)data;
}

static void on_event(void *data)
{
    (void)data;
}

static void on_diverged(const char *message, void *data) __attribute__((noreturn));
static void on_diverged(const char *message, void *data)
{
    (void)message;
    (void)data;
    _exit(DIVERGED);
}

static struct replica *make(void)
{
    const struct replica_listener listener = {
        .command = on_command, .applied = on_event, .restored = on_event, .diverged = on_diverged};
    return replica_new("n1", &listener);
}

/* An entry with one command. */
static void apply(struct replica *r, uint64_t position, const struct command *cmd)
{
    struct bytes b = BYTES_INIT;
    struct msgpack_sink m;

    msgpack_sink_init(&m, &b);
    command_write(cmd, &m.sink);
    replica_apply(r, position, 1000 * position, b.data, b.len, NULL);
    replica_applied(r, position);
    bytes_release(&b);
}

static void live(struct replica *r, const char *name)
{
    apply(r, 1, &(struct command){.kind = COMMAND_CLUSTER_INIT, .name = name});
    apply(r, 2, &(struct command){.kind = COMMAND_PULSE});
}

/* What the leader says of its state, as `r` reads it; true if `r` went on. */
static bool agrees(struct replica *r, const struct bytes *check)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        replica_apply(r, 3, 3000, check->data, check->len, NULL);
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    cr_assert(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DIVERGED);
    return WEXITSTATUS(status) == 0;
}

Test(replica, equal_copies_agree_and_one_that_differs_stops)
{
    struct replica *leader = make(), *same = make(), *other = make();
    struct bytes check = BYTES_INIT;

    cr_assert_not(replica_write_check(leader, &check), "nothing to compare yet");
    live(leader, "test");
    live(same, "test");
    live(other, "tesu");
    cr_assert(replica_write_check(leader, &check));
    cr_assert(agrees(same, &check));
    cr_assert_not(agrees(other, &check));
    bytes_release(&check);
    replica_free(leader);
    replica_free(same);
    replica_free(other);
}

Test(replica, a_position_that_is_not_remembered_is_not_compared)
{
    struct replica *leader = make(), *behind = make();
    struct bytes check = BYTES_INIT;

    live(leader, "test");
    cr_assert(replica_write_check(leader, &check));
    cr_assert(agrees(behind, &check));
    bytes_release(&check);
    replica_free(leader);
    replica_free(behind);
}

Test(replica, a_snapshot_carries_the_state_and_forgets_the_marks)
{
    struct replica *leader = make(), *joined = make();
    struct bytes image = BYTES_INIT, again = BYTES_INIT, check = BYTES_INIT;

    live(leader, "test");
    live(joined, "another past");
    replica_snapshot(leader, &image);
    cr_assert_eq(replica_restore(joined, image.data, image.len), 0);
    replica_snapshot(joined, &again);
    cr_assert_eq(image.len, again.len);
    cr_assert_arr_eq(image.data, again.data, image.len);
    cr_assert(replica_write_check(leader, &check));
    cr_assert(agrees(joined, &check), "what it was before is not compared");
    cr_assert_neq(replica_restore(joined, image.data, image.len - 1), 0);
    cr_assert_str_eq(cluster_name(replica_cluster(joined)), "test", "a bad one changes nothing");
    bytes_release(&image);
    bytes_release(&again);
    bytes_release(&check);
    replica_free(leader);
    replica_free(joined);
}
